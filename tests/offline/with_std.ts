/**
 * Runs `deno` so that the packages of JSR are there, whatever the network: the
 * real ones where JSR answers, else the stand-ins beside this file.
 *
 *     deno run -A tests/offline/with_std.ts test -A
 *
 * `TRACEDECK_STD=jsr` or `TRACEDECK_STD=offline` decides without asking. It
 * imports built-ins alone, so it starts on every network.
 *
 * @module
 */

// deno-lint-ignore-file no-console -- a program: its words go to stderr

import { fileURLToPath } from "node:url";

/** How long to wait for an answer; JSR takes a fraction of it. */
const JSR_TIMEOUT_MS = 2_000;

/** A package that has to be there if JSR is what answers. */
const PROBE_PATH = "/@std/assert/meta.json";

/**
 * Where JSR is said to be when it is not: a port of this machine that refuses,
 * so that nobody waits, not even `deno lint`, which asks for its own purposes.
 */
const NOWHERE = "http://127.0.0.1:9/";

/** The subcommands that take an import map. */
const COMMANDS_WITH_IMPORT_MAP = new Set([
  "bench",
  "bundle",
  "cache",
  "check",
  "compile",
  "doc",
  "info",
  "run",
  "serve",
  "test",
]);

/** The child alone decides what these mean; we pass them on. */
const FORWARDED_SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];

/** Where the packages come from. */
type Source = "jsr" | "offline";

async function chooseSource(): Promise<Source> {
  const decided = Deno.env.get("TRACEDECK_STD");
  if (decided === "jsr" || decided === "offline") return decided;
  if (decided !== undefined && decided !== "") {
    console.error(
      `error: Cannot choose packages: TRACEDECK_STD is "${decided}", known are "jsr" and "offline"`,
    );
    Deno.exit(2);
  }
  return await jsrAnswers() ? "jsr" : "offline";
}

/** Whether JSR itself answers: a proxy's login page is no answer. */
async function jsrAnswers(): Promise<boolean> {
  try {
    const base = Deno.env.get("JSR_URL") || "https://jsr.io";
    const response = await fetch(new URL(PROBE_PATH, base), {
      signal: AbortSignal.timeout(JSR_TIMEOUT_MS),
    });
    const meta: unknown = await response.json();
    return response.ok && typeof meta === "object" && meta !== null &&
      "versions" in meta;
  } catch {
    return false;
  }
}

function addImportMap(args: readonly string[]): string[] {
  const [command = "", ...rest] = args;
  const map = new URL("import_map.json", import.meta.url);
  return COMMANDS_WITH_IMPORT_MAP.has(command)
    ? [command, `--import-map=${fileURLToPath(map)}`, ...rest]
    : [...args];
}

/** Ctrl-C at a terminal reaches the child without us: once is enough. */
function isFromTerminal(signal: Deno.Signal): boolean {
  return (signal === "SIGINT" || signal === "SIGQUIT") &&
    (Deno.stdin.isTerminal() || Deno.stdout.isTerminal() ||
      Deno.stderr.isTerminal());
}

/**
 * The same executable, except that `deno compile` needs one whose base binary
 * can be had: `DENO_FOR_COMPILE` names it, `DENORT_BIN` that base.
 */
function chooseDeno(args: readonly string[]): string {
  const special = args[0] === "compile" && Deno.env.get("DENO_FOR_COMPILE");
  return special || Deno.execPath();
}

async function runDeno(
  args: readonly string[],
  env: Record<string, string>,
): Promise<number> {
  const child = new Deno.Command(chooseDeno(args), {
    args: [...args],
    env,
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  for (const signal of FORWARDED_SIGNALS) {
    Deno.addSignalListener(signal, () => {
      if (isFromTerminal(signal)) return;
      try {
        child.kill(signal);
      } catch {
        // It has just ended, so there is nobody left to tell.
      }
    });
  }
  return (await child.status).code;
}

/** Prints which tests were skipped and why, as they noted it. */
async function printSkips(path: string): Promise<void> {
  const notes = (await Deno.readTextFile(path)).split("\n").filter(Boolean);
  if (notes.length === 0) return;
  console.error(`\n${notes.length} tests skipped:`);
  for (const note of notes.toSorted()) console.error(`  ${note}`);
}

async function main(): Promise<number> {
  const source = await chooseSource();
  const args = source === "jsr" ? Deno.args : addImportMap(Deno.args);
  const env: Record<string, string> = {
    TRACEDECK_STD: source,
    ...(source === "jsr" ? {} : { JSR_URL: NOWHERE }),
  };
  // A run inside of a run adds its skips to those of the outer one.
  if (Deno.args[0] !== "test" || Deno.env.get("TRACEDECK_SKIPS")) {
    return await runDeno(args, env);
  }
  const skips = await Deno.makeTempFile({ prefix: "tracedeck-skips-" });
  try {
    const code = await runDeno(args, { ...env, TRACEDECK_SKIPS: skips });
    await printSkips(skips);
    return code;
  } finally {
    await Deno.remove(skips);
  }
}

if (import.meta.main) Deno.exit(await main());
