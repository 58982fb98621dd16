import { DiagnosticClient } from "../../../eventpipe/ipc/diagnostic_client.ts";
import { publishedProcesses } from "../../../eventpipe/ipc/published_processes.ts";
import type { PublishedProcess } from "../../../eventpipe/ipc/published_processes.ts";
import { connectLocal } from "../../../platform/local_connection.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { renderTable } from "./render_table.ts";
import { programName } from "./target_options.ts";

/** A process that is stopped or busy must not hold up the list. */
const ASK_TIMEOUT_MS = 5_000;
const LEAST_COLUMNS = 12;

/**
 * Lists processes.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { console, options } = context;
  const { processes, isComplete, problems } = publishedProcesses();
  for (const problem of problems) console.warn(`cannot read ${problem}`);
  if (!isComplete) {
    console.note(
      "only processes with our own folder for temporary files are listed: others cannot be looked into with these permissions",
    );
  }
  const running = isComplete ? processes : await leaveOutDead(processes);
  const sorted = running.toSorted((a, b) =>
    compare(programName(a), programName(b)) || a.pid - b.pid
  );
  const versions = options["runtime"] === true
    ? await Promise.all(sorted.map((each) => askVersion(each, context)))
    : undefined;
  if (options["json"] === true) {
    const list = sorted.map((each, at) => ({
      pid: each.pid,
      nsPid: each.innerPid,
      name: programName(each),
      path: each.executable ?? null,
      args: each.args ?? null,
      socket: each.address,
      uid: each.uid ?? null,
      ...(versions === undefined ? {} : { runtime: versions[at] ?? null }),
    }));
    await console.print(JSON.stringify(list, undefined, 2));
    return EXIT_CODE.done;
  }
  if (sorted.length === 0) {
    console.note("No supported .NET processes were found");
    return EXIT_CODE.done;
  }
  const rows = sorted.map((each, at) => [
    String(each.pid),
    programName(each),
    ...(versions === undefined ? [] : [versions[at] ?? "?"]),
    each.executable ?? "[Elevated process - cannot determine path]",
    (each.args ?? []).join(" "),
  ]);
  // The end of a path tells more than its beginning.
  const maxColumns = console.stdoutIsTerminal
    ? Math.max(LEAST_COLUMNS, Math.floor(console.columns * 0.45 - 16))
    : undefined;
  const columns = [
    { title: "PID", right: true },
    { title: "NAME", maxColumns },
    ...(versions === undefined ? [] : [{ title: "RUNTIME" }]),
    { title: "PATH", maxColumns },
    { title: "ARGUMENTS", maxColumns },
  ];
  for (const line of renderTable(columns, rows)) await console.print(line);
  return EXIT_CODE.done;
}

/** Where it is not known which processes run, a socket that nobody listens on tells. */
async function leaveOutDead(
  processes: readonly PublishedProcess[],
): Promise<PublishedProcess[]> {
  const listens = await Promise.all(processes.map(async ({ address }) => {
    try {
      (await connectLocal({ type: "unix", path: address })).close();
      return true;
    } catch (error) {
      return !(error instanceof Deno.errors.ConnectionRefused);
    }
  }));
  return processes.filter((_, at) => listens[at]);
}

async function askVersion(
  { pid }: PublishedProcess,
  { signal }: CommandContext,
): Promise<string | undefined> {
  try {
    const info = await DiagnosticClient.forPid(pid).processInfo({
      signal,
      timeoutMs: ASK_TIMEOUT_MS,
    });
    return info.clrVersion;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
