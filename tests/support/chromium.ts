import { TextLineStream } from "../../src/deps/streams.ts";
import { ChromiumPage } from "./chromium_page.ts";
import { DevtoolsConnection } from "./devtools_connection.ts";
import { findPeer, requirePeers } from "./peers.ts";
import type { Requirement } from "./requirement.ts";

const NAMES: readonly string[] = [
  "chromium",
  "chromium-browser",
  "google-chrome",
];

const FLAGS: readonly string[] = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
  // A page under test may load from this machine alone.
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
  "--remote-debugging-port=0",
  "--window-size=1280,800",
];

/** How long a browser that was asked to close may take to do so. */
const CLOSE_TIMEOUT_MS = 10_000;

/**
 * Requires a Chromium: the program that `CHROMIUM` names, or one on `PATH`.
 *
 * @returns The requirement, for `testWith`.
 */
export function requireChromium(): Requirement {
  return Deno.env.get("CHROMIUM") === undefined
    ? requirePeers(NAMES.join("|"))
    : requirePeers();
}

/**
 * Starts a headless Chromium with a new, empty profile.
 *
 * @returns The browser; it ends with the scope of `await using`.
 * @throws {Error} When there is none, or it does not start.
 */
export async function startChromium(): Promise<Chromium> {
  const program = Deno.env.get("CHROMIUM") ?? findPeer(...NAMES);
  if (program === undefined) {
    throw new Error("Cannot start Chromium: none on PATH, CHROMIUM is not set");
  }
  const profile = await Deno.makeTempDir({ prefix: "tracedeck-chromium-" });
  const child = new Deno.Command(program, {
    args: [...FLAGS, `--user-data-dir=${profile}`, "about:blank"],
    // Files that it keeps beside the profile go there too.
    env: { HOME: profile, XDG_CONFIG_HOME: profile, XDG_CACHE_HOME: profile },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const lines = child.stderr.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream()).getReader();
  const said: string[] = [];
  for (;;) {
    const { done, value } = await lines.read();
    if (done) {
      await child.status;
      await Deno.remove(profile, { recursive: true });
      throw new Error(`Cannot start Chromium: it said "${said.join("\n")}"`);
    }
    said.push(value);
    const url = /^DevTools listening on (ws:\S+)$/.exec(value)?.[1];
    if (url === undefined) continue;
    return new Chromium({
      child,
      profile,
      rest: drain(lines),
      connection: await DevtoolsConnection.connect(url),
    });
  }
}

interface ChromiumParts {
  readonly child: Deno.ChildProcess;
  readonly profile: string;
  readonly rest: Promise<void>;
  readonly connection: DevtoolsConnection;
}

/** A browser that runs. */
export class Chromium implements AsyncDisposable {
  readonly #parts: ChromiumParts;
  #closed: Promise<void> | undefined;

  /** Takes over a process; use {@linkcode startChromium}. */
  constructor(parts: ChromiumParts) {
    this.#parts = parts;
  }

  /**
   * Opens a tab.
   *
   * @param url What to show.
   * @returns The tab; it may still be loading.
   */
  open(url: string): Promise<ChromiumPage> {
    return ChromiumPage.open(this.#parts.connection, url);
  }

  /** Ends the browser and removes its profile. */
  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  /** Ends the browser. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    const { child, connection, profile, rest } = this.#parts;
    const force = setTimeout(() => child.kill("SIGKILL"), CLOSE_TIMEOUT_MS);
    // It may go away before it has answered.
    await connection.send("Browser.close").catch(() => {});
    await child.status;
    clearTimeout(force);
    await connection.close();
    await rest;
    await removeFolder(profile);
  }
}

async function drain(
  lines: ReadableStreamDefaultReader<string>,
): Promise<void> {
  while (!(await lines.read()).done);
}

/** The helpers of a browser may write into its profile for a moment longer. */
async function removeFolder(path: string): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      return await Deno.remove(path, { recursive: true });
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
