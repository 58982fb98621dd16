import { FormatError, LimitError } from "../../../base/errors.ts";
import { escapeForTerminal } from "../../../base/terminal_text.ts";
import { faultStat } from "../../../kcap/fault_severity.ts";
import { openKcap } from "../../../kcap/kcap_reader.ts";
import type { KcapFault } from "../../../kcap/types.ts";
import type { CommandContext } from "../../command.ts";
import { UsageError } from "../../usage_error.ts";
import { checkFiles, type FileVerdict } from "../../verbs/check_files.ts";
import { openCaptureSource } from "./capture_source.ts";
import { countOf } from "./count_of.ts";

/** Problems that are listed one by one. */
const MAX_PROBLEMS = 20;

/** What was found in one capture. */
interface CheckResult extends FileVerdict {
  readonly dialect: string | undefined;
  readonly events: number;
  readonly stateEvents: number;
  readonly handles: number;
  readonly problemCount: number;
  /** The first ones. */
  readonly problems: readonly KcapFault[];
  readonly remarks: readonly string[];
}

/**
 * Checks captures.
 *
 * @param context Arguments and the outside.
 * @returns The exit code of the worst.
 */
export function run(context: CommandContext): Promise<number> {
  return checkFiles(context, { check: checkFile, describe });
}

async function checkFile(
  path: string,
  context: CommandContext,
): Promise<CheckResult> {
  const { options, signal } = context;
  const problems: KcapFault[] = [];
  let problemCount = 0;
  const empty = {
    file: path,
    dialect: undefined,
    events: 0,
    stateEvents: 0,
    handles: 0,
    problemCount: 0,
    problems: [],
    remarks: [],
  };
  try {
    await using source = await openCaptureSource(path, context, true);
    await using reader = await openKcap(source.bytes, {
      strict: options["strict"] === true,
      force: options["force"] === true,
      legacyNames: options["raw-names"] === true ? "keep" : "normalize",
      includeState: true,
      tracksHandles: false,
      onFault: (fault) => {
        if (faultStat(fault.kind).severity === "notice") return;
        problemCount++;
        if (problems.length < MAX_PROBLEMS) problems.push(fault);
      },
      signal,
    });
    let rundowns = 0;
    let latest: bigint | undefined;
    let unordered = 0;
    await reader.forEach((item) => {
      if (item.type !== "event") return;
      if (item.eventType.known?.isState === true) {
        if (item.name === "ProcessRundown") rundowns++;
      } else {
        if (latest !== undefined && item.timeNs < latest) unordered++;
        else latest = item.timeNs;
      }
    });
    const { events, stateEvents, stateWarnings, badTimestamps } =
      reader.counters;
    return {
      file: path,
      isOk: problemCount === 0,
      error: undefined,
      dialect: reader.dialect?.name,
      events,
      stateEvents,
      handles: reader.handles.length,
      problemCount,
      problems,
      remarks: [
        rundowns === 0 && events > 0
          ? "no events list the running processes: names of processes will be missing"
          : "",
        stateWarnings > 0
          ? `${
            countOf(stateWarnings, "event")
          } whose effect on the state is not known`
          : "",
        badTimestamps > 0 ? `${badTimestamps} events without a valid time` : "",
        unordered > 0
          ? `${
            countOf(unordered, "event")
          } of an earlier time than one before, as is usual`
          : "",
      ].filter((remark) => remark !== ""),
    };
  } catch (error) {
    signal.throwIfAborted();
    const isTold = error instanceof FormatError ||
      error instanceof LimitError || error instanceof UsageError ||
      error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.PermissionDenied;
    if (!isTold) throw error;
    return { ...empty, isOk: false, error: error.message };
  }
}

function* describe(result: CheckResult): Generator<string, void, undefined> {
  const file = escapeForTerminal(result.file);
  if (result.error !== undefined) {
    yield `${file}: ${escapeForTerminal(result.error)}`;
    return;
  }
  yield `${file}: ${
    result.isOk ? "ok" : countOf(result.problemCount, "problem")
  }, dialect ${result.dialect ?? "unknown"}, ${
    countOf(result.events, "event")
  }, ${countOf(result.stateEvents, "state event")}, ${
    countOf(result.handles, "handle")
  }`;
  for (const { offset, message } of result.problems) {
    yield `  at byte ${offset}: ${escapeForTerminal(message)}`;
  }
  const more = result.problemCount - result.problems.length;
  if (more > 0) yield `  ${more} more`;
  for (const remark of result.remarks) yield `  note: ${remark}`;
}
