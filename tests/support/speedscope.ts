import { UntarStream } from "../../src/deps/tar.ts";
import { cachedFolder } from "./cached_folder.ts";
import type { Chromium } from "./chromium.ts";
import type { ChromiumPage } from "./chromium_page.ts";
import { findPeer } from "./peers.ts";

/** The release that the tests were written against. */
const VERSION = "1.25.0";

/** Where the page is in the package. */
const RELEASE_FOLDER = "package/dist/release/";

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  css: "text/css",
  html: "text/html",
  ico: "image/x-icon",
  js: "text/javascript",
  png: "image/png",
  wasm: "application/wasm",
  woff2: "font/woff2",
};

/** The window while a list is read: rows out of sight do not exist. */
const LIST_HEIGHT_PX = 8_000;

/** One of the views of speedscope. */
export type SpeedscopeView = "Time Order" | "Left Heavy" | "Sandwich";

/**
 * Opens a profile in speedscope, as its users do: the released page, served from
 * this machine, in a real browser. Put `requireChromium()` and
 * `requirePeers("npm")` on the tests that call it; npm gets the page once and
 * it stays in the folder for temporary files.
 *
 * @param browser The browser.
 * @param profile The content of the profile file.
 * @param name Its file name, which speedscope must not need.
 * @returns The page with the profile; it ends with the scope of `await using`.
 * @throws {Error} When speedscope refuses the profile; what it said is in it.
 */
export async function openSpeedscope(
  browser: Chromium,
  profile: Uint8Array | string,
  name: string = "profile",
): Promise<SpeedscopePage> {
  const release = await speedscopeRelease();
  const profilePath = `/profile/${encodeURIComponent(name)}`;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => {
      const { pathname } = new URL(request.url);
      const content = pathname === profilePath
        ? profile
        : release.get(pathname.slice(1) || "index.html");
      if (content === undefined) return new Response(null, { status: 404 });
      const type = MEDIA_TYPES[pathname.split(".").at(-1) ?? ""] ?? "text/html";
      return new Response(content as BodyInit, {
        headers: {
          "content-type": pathname === profilePath
            ? "application/octet-stream"
            : type,
        },
      });
    },
  );
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const hash = `profileURL=${encodeURIComponent(origin + profilePath)}`;
  let page: ChromiumPage | undefined;
  try {
    page = await browser.open(`${origin}/#${hash}`);
    const speedscope = new SpeedscopePage(page, server);
    await speedscope.loaded();
    return speedscope;
  } catch (error) {
    await page?.close();
    await server.shutdown();
    throw error;
  }
}

/** A profile that is shown in speedscope. */
export class SpeedscopePage implements AsyncDisposable {
  /** The tab, for anything else; `page.errors` has what went wrong. */
  readonly page: ChromiumPage;
  readonly #server: Deno.HttpServer;

  /** Takes over a tab; use {@linkcode openSpeedscope}. */
  constructor(page: ChromiumPage, server: Deno.HttpServer) {
    this.page = page;
    this.#server = server;
  }

  /**
   * Waits until the profile is shown.
   *
   * @throws {Error} When speedscope refuses it.
   */
  async loaded(): Promise<void> {
    const text = await this.page.waitFor(
      `/Something went wrong|Sandwich/.exec(document.body.innerText)?.[0]`,
      { failOnError: true },
    );
    if (text !== "Sandwich") {
      throw new Error(`Cannot open the profile in speedscope: ${text}`);
    }
  }

  /**
   * Changes the view.
   *
   * @param view Which.
   */
  async show(view: SpeedscopeView): Promise<void> {
    const label = JSON.stringify(view);
    await this.page.evaluate(`[...document.querySelectorAll("div")]
      .findLast((each) => each.textContent.endsWith(${label})).click()`);
    await this.#settle();
  }

  /**
   * Reads the list of functions of the profile that is shown.
   *
   * @returns One row per function, most time in itself first.
   */
  async functions(): Promise<SpeedscopeFunction[]> {
    await this.page.resize(1280, LIST_HEIGHT_PX);
    await this.show("Sandwich");
    await this.page.waitFor(`document.querySelectorAll("tr").length > 1`);
    await this.#settle();
    const rows = await this.#rows();
    await this.page.resize(1280, 800);
    return rows.filter(([total]) => /^[\d.].*%\)$/.test(total))
      .map(([total, self, name]) => ({ total, self, name }));
  }

  /**
   * Reads the list of profiles in the file.
   *
   * @returns Their names in order; none if there is only one profile.
   */
  async profiles(): Promise<string[]> {
    const rows = await this.#rows();
    return rows.filter(([index]) => /^\d+$/.test(index))
      .map(([_index, name]) => name);
  }

  /** Closes the tab and the server. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.close();
    await this.#server.shutdown();
  }

  /** The rows of all tables; each list has three columns. */
  async #rows(): Promise<[string, string, string][]> {
    return await this.page.evaluate(
      `[...document.querySelectorAll("tr")]
        .map((row) => [...row.cells].map((cell) => cell.textContent))
        .filter((cells) => cells.length === 3)`,
    ) as [string, string, string][];
  }

  /** Lets the page draw. */
  async #settle(): Promise<void> {
    await this.page.evaluate(
      `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))`,
    );
  }
}

/** A row in the list of functions. */
export interface SpeedscopeFunction {
  /** Time in it and below, as shown: `"1.50ms (75%)"`. */
  readonly total: string;
  /** Time in itself, as shown. */
  readonly self: string;
  /** Its name. */
  readonly name: string;
}

/** The files of the page by name, from npm or from an earlier run. */
async function speedscopeRelease(): Promise<Map<string, Uint8Array>> {
  const name = `speedscope-${VERSION}`;
  const folder = await cachedFolder(name, getPackage);
  using file = await Deno.open(`${folder}/${name}.tgz`);
  const entries = file.readable.pipeThrough(new DecompressionStream("gzip"))
    .pipeThrough(new UntarStream());
  const files = new Map<string, Uint8Array>();
  for await (const entry of entries) {
    if (entry.path.startsWith(RELEASE_FOLDER) && entry.readable) {
      const name = entry.path.slice(RELEASE_FOLDER.length);
      files.set(name, await new Response(entry.readable).bytes());
    } else {
      await entry.readable?.cancel();
    }
  }
  return files;
}

async function getPackage(folder: string): Promise<void> {
  const npm = findPeer("npm");
  if (npm === undefined) {
    throw new Error("Cannot get speedscope: no npm on PATH");
  }
  const { success, stderr } = await new Deno.Command(npm, {
    args: ["pack", `speedscope@${VERSION}`],
    cwd: folder,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) {
    const errors = new TextDecoder().decode(stderr).trim();
    throw new Error(`Cannot get speedscope: npm says "${errors}"`);
  }
}
