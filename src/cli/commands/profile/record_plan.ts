import type { OptionValues } from "../../../formats/option_spec.ts";
import { onlineCpus, parseCpuList } from "../../../platform/online_cpus.ts";
import { withDescendants } from "../../../tracehandler/list_running_tasks.ts";
import {
  maxSampleRate,
  type PerfTarget,
} from "../../../tracehandler/open_perf_events.ts";
import { parsePerfEvent } from "../../../tracehandler/parse_perf_event.ts";
import type { RecordProfileOptions } from "../../../tracehandler/record_profile.ts";
import { UsageError } from "../../usage_error.ts";

const CGROUP_ROOT = "/sys/fs/cgroup";
const MAX_FREQUENCY = 1_000_000;

/** What the options say is recorded. */
export type RecordPlan = Pick<
  RecordProfileOptions,
  | "target"
  | "event"
  | "frequency"
  | "period"
  | "cpus"
  | "ringPages"
  | "maxStack"
  | "includeIdle"
  | "comms"
  | "durationMs"
  | "perCpu"
>;

/**
 * Reads what is to be recorded.
 *
 * @param options Values of the options.
 * @param startsProgram Whether a program is started.
 * @returns The plan.
 * @throws {UsageError} When the options say nothing, or what cannot be.
 */
export function readRecordPlan(
  options: OptionValues,
  startsProgram: boolean,
): RecordPlan {
  const event = readEvent(options);
  const ringPages = options["ring-pages"] as number | undefined;
  if (ringPages !== undefined && (ringPages & (ringPages - 1)) !== 0) {
    throw new UsageError(
      `Cannot use ${ringPages} as --ring-pages: it is no power of two`,
    );
  }
  const duration = options["duration"] as number | undefined;
  return {
    target: readTarget(options, startsProgram),
    event,
    frequency: readFrequency(options["freq"] as string),
    // A sample for each of what happens seldom.
    period: options["period"] as number | undefined,
    cpus: readCpus(options["cpu"] as string | undefined),
    ringPages,
    maxStack: options["stacks"] === false
      ? 1
      : options["max-stack"] as number | undefined,
    includeIdle: options["idle"] === true,
    comms: wordsOf(options, "comm"),
    durationMs: duration === undefined ? undefined : duration / 1e6,
    perCpu: options["per-cpu"] === true,
  };
}

function readTarget(
  options: OptionValues,
  startsProgram: boolean,
): PerfTarget {
  const pids = numbersOf(options, "pid");
  const tids = numbersOf(options, "tid");
  const cgroup = options["cgroup"] as string | undefined;
  if (options["children"] === true && pids === undefined) {
    throw new UsageError("Cannot use --children without --pid");
  }
  if (pids !== undefined) {
    return {
      type: "processes",
      pids: options["children"] === true ? withDescendants(pids) : pids,
    };
  }
  if (tids !== undefined) return { type: "threads", tids };
  if (cgroup !== undefined) {
    return {
      type: "cgroup",
      path: cgroup.startsWith(`${CGROUP_ROOT}/`)
        ? cgroup
        : `${CGROUP_ROOT}/${cgroup.replace(/^\/+/, "")}`,
    };
  }
  if (options["all"] === true) return { type: "all" };
  if (startsProgram) return { type: "next-program" };
  throw new UsageError(
    "Cannot tell what is to be sampled",
    "name processes with -p, everything with -a, or a program behind --",
  );
}

function readEvent(options: OptionValues): RecordPlan["event"] {
  const event = usage(() => parsePerfEvent(options["event"] as string));
  return {
    ...event,
    userOnly: options["user-only"] === true || event.userOnly,
    kernelOnly: options["kernel-only"] === true || event.kernelOnly,
  };
}

function readFrequency(text: string): number {
  if (text === "max") {
    const limit = maxSampleRate();
    if (Number.isFinite(limit)) return limit;
  }
  const frequency = Number(text);
  if (
    !Number.isSafeInteger(frequency) || frequency < 1 ||
    frequency > MAX_FREQUENCY
  ) {
    throw new UsageError(
      `Cannot use "${text}" as --freq: expected 1 to ${MAX_FREQUENCY}, or max`,
    );
  }
  return frequency;
}

function readCpus(text: string | undefined): readonly number[] {
  return text === undefined ? onlineCpus() : usage(() => parseCpuList(text));
}

function usage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(error.message);
    throw error;
  }
}

function wordsOf(
  options: OptionValues,
  name: string,
): readonly string[] | undefined {
  const values = options[name] as readonly string[] | undefined;
  return values?.flatMap((text) => text.split(","))
    .map((word) => word.trim()).filter((word) => word !== "");
}

function numbersOf(
  options: OptionValues,
  name: string,
): readonly number[] | undefined {
  return wordsOf(options, name)?.map((word) => {
    if (/^[1-9]\d{0,9}$/.test(word)) return Number(word);
    throw new UsageError(
      `Cannot use "${word}" as --${name}: expected numbers`,
    );
  });
}
