import { compileEventFilter } from "../../../tracereplay/event_filter.ts";
import type { EventPredicate } from "../../../tracereplay/event_filter.ts";
import { parseProcfsDump } from "../../../tracereplay/procfs_dump.ts";
import type { ProcfsProcess } from "../../../tracereplay/procfs_dump.ts";
import { readTraceEvents } from "../../../tracereplay/read_trace_events.ts";
import { TraceSummary } from "../../../tracereplay/trace_summary.ts";
import type { Architecture } from "../../../tracereplay/types.ts";
import type { CommandContext } from "../../command.ts";
import type { Console } from "../../console.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { reportDamage } from "../../report_damage.ts";
import { UsageError } from "../../usage_error.ts";
import { chosenArchitecture, EventPrinter } from "./event_printer.ts";
import type { EventForm } from "./event_printer.ts";
import { openTrace } from "./open_trace.ts";
import type { TraceInput } from "./open_trace.ts";
import { summaryLines } from "./summary_lines.ts";
import { traceFilter } from "./trace_options.ts";

/**
 * Prints the events of trace files.
 *
 * @param context Arguments and the outside.
 * @returns The worst of the files' exit codes.
 */
export async function run(context: CommandContext): Promise<number> {
  const { positionals, options, console, signal } = context;
  if (options["follow"] === true && positionals.length > 1) {
    throw new UsageError("Cannot follow several files");
  }
  const isWanted = traceFilter(options) ?? compileEventFilter({});
  const processes = await readProcesses(options["procfs"]);
  let exitCode: number = EXIT_CODE.done;
  for (const path of positionals) {
    try {
      const code = await decodeFile(path, context, { isWanted, processes });
      if (exitCode !== EXIT_CODE.failed) exitCode = Math.max(exitCode, code);
    } catch (error) {
      if (
        positionals.length === 1 || signal.aborted || !(error instanceof Error)
      ) throw error;
      console.error(error.message);
      exitCode = EXIT_CODE.failed;
    }
  }
  return exitCode;
}

/** What is the same for all files. */
interface DecodeRequest {
  readonly isWanted: EventPredicate;
  readonly processes: readonly ProcfsProcess[];
}

async function decodeFile(
  path: string,
  context: CommandContext,
  { isWanted, processes }: DecodeRequest,
): Promise<number> {
  const { options, console, positionals, signal } = context;
  const follow = options["follow"] === true;
  const input = await openTrace(path, context, { follow });
  const form = options["format"] as EventForm;
  const printer = new EventPrinter(options, {
    form,
    architecture: form === "text" && options["syscall"] === undefined
      ? undefined
      : await lookAhead(input, context),
    processes,
    extra: positionals.length > 1 ? { file: path } : undefined,
  });
  const summary = new TraceSummary();
  const heading = printer.heading();
  if (heading !== undefined) await console.print(heading);

  const source = input.isStream
    ? flushing(input.open(), console)
    : input.open();
  const events = readTraceEvents(source, {
    stats: input.stats,
    isGrowing: follow,
    signal: follow ? undefined : signal,
    onConfig: ({ version }) => warnOfVersion(context, path, version),
  });
  let isUnnamed = false;
  for await (const event of events) {
    summary.add(event);
    const render = printer.add(event);
    if (!isWanted(event, printer.architecture)) continue;
    isUnnamed ||= event.type === "decoded" && event.message === "Syscall" &&
      printer.architecture === undefined;
    await console.print(render());
  }
  await console.flush();

  if (isUnnamed && form !== "text") {
    console.note(
      `${path}: nothing tells the architecture, so raw system calls have no names; name it with --arch`,
    );
  }
  if (options["stats"] === true) {
    for (const line of summaryLines(summary)) console.note(line);
  }
  return reportDamage(console, path, input.stats, {
    accept: options["accept-damage"] === true,
  });
}

/** Writes what came of a piece before the next one is waited for: somebody may watch. */
async function* flushing(
  stream: AsyncIterable<Uint8Array>,
  console: Console,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    yield chunk;
    await console.flush();
  }
}

/** A file is looked at as a whole, so that its first events have names too. */
async function lookAhead(
  input: TraceInput,
  { options, signal }: CommandContext,
): Promise<Architecture | undefined> {
  if (input.isStream || chosenArchitecture(options) !== undefined) {
    return undefined;
  }
  const summary = new TraceSummary();
  try {
    for await (const event of readTraceEvents(input.open(), { signal })) {
      summary.add(event);
    }
  } catch {
    // Said when the file is printed.
    signal.throwIfAborted();
  }
  return summary.architecture;
}

async function readProcesses(
  path: unknown,
): Promise<readonly ProcfsProcess[]> {
  return typeof path === "string"
    ? parseProcfsDump(await Deno.readTextFile(path))
    : [];
}

function warnOfVersion(
  { console }: CommandContext,
  path: string,
  version: number,
): void {
  if (version === 0) {
    console.warn(`${path}: version is missing, 0 is taken for it`);
  } else if (version !== 1) {
    console.warn(`${path}: version is ${version}, known is 1`);
  }
}
