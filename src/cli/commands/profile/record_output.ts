import { findTarget, guessTarget } from "../../../formats/plan_conversion.ts";
import type { TargetEntry, TargetWriter } from "../../../formats/types.ts";
import { processTable } from "../../../platform/running_process.ts";
import type { PerfTarget } from "../../../tracehandler/open_perf_events.ts";
import type { CommandContext } from "../../command.ts";
import { UsageError } from "../../usage_error.ts";
import { refuseBinaryToTerminal } from "../../write_output.ts";
import { timeStamp } from "../eventpipe/collect.ts";

const DEFAULT_TARGET = "speedscope";

/** Where a recorded profile goes. */
export interface RecordOutput {
  /** File, or `-` for standard output. */
  readonly path: string;
  readonly target: TargetEntry;
  readonly writer: TargetWriter;
  /** Who is sampled, for people. */
  readonly subject: string;
}

/**
 * Reads where the profile is to go, before anything is recorded.
 *
 * @param context The running command.
 * @param who Who is sampled.
 * @returns The output.
 * @throws {UsageError} When a profile cannot be written so.
 */
export async function readRecordOutput(
  context: CommandContext,
  who: PerfTarget,
): Promise<RecordOutput> {
  const { options, console, passthrough } = context;
  const subject = subjectOf(who, passthrough);
  const named = options["output"] as string | undefined;
  const target = chooseTarget(options["to"] as string | undefined, named);
  const writer = await target.load?.();
  if (writer?.writeProfile === undefined) {
    throw new UsageError(
      `Cannot record to ${target.name}: ${target.title} cannot hold a profile`,
      "name another target with --to",
    );
  }
  const path = named ??
    `${fileWord(subject)}_${timeStamp(new Date())}${target.extensions[0]}`;
  if (path === "-") {
    refuseBinaryToTerminal(console, target.binary);
    const other = ["top", "stats"].find((name) => options[name] !== undefined);
    if (other !== undefined) {
      throw new UsageError(
        `Cannot write the profile and --${other} to standard output at once`,
      );
    }
  }
  return { path, target, writer, subject };
}

function chooseTarget(
  name: string | undefined,
  output: string | undefined,
): TargetEntry {
  if (name !== undefined) return findTarget(name);
  if (output === undefined || output === "-") return findTarget(DEFAULT_TARGET);
  const guessed = guessTarget(output);
  if (guessed !== undefined) return guessed;
  throw new UsageError(
    `Cannot record to ${output}: its ending tells no target`,
    "name a target with --to",
  );
}

function subjectOf(who: PerfTarget, command: readonly string[]): string {
  switch (who.type) {
    case "next-program":
      return command[0]!.split("/").at(-1)!;
    case "processes": {
      const [pid] = who.pids;
      const name = processTable().executable(pid!)?.split("/").at(-1)
        ?.replace(/ \(deleted\)$/, "");
      const what = name === undefined ? `process ${pid}` : `${name} ${pid}`;
      return who.pids.length === 1
        ? what
        : `${what} and ${who.pids.length - 1} more`;
    }
    case "threads":
      return `thread ${who.tids.join(", ")}`;
    case "cgroup":
      return who.path.split("/").at(-1)!;
    case "all":
      return "all processes";
  }
}

function fileWord(subject: string): string {
  return subject.replaceAll(/[^A-Za-z0-9._-]+/g, "_");
}
