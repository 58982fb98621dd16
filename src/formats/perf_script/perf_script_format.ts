import { traceFrameName } from "../../profile/trace_frame_name.ts";
import type { TimelineEvent } from "../../timeline/types.ts";
import type { PerfScriptSample } from "../../tracehandler/perf_script_decoder.ts";
import {
  isPerfScriptEvent,
  profilePerfScript,
  readPerfScript,
} from "../../tracehandler/read_perf_script.ts";
import type { Format } from "../types.ts";
import { describePerfScript } from "./describe_perf_script.ts";

const PROVIDER = "perf";

/** Reads text of `perf script`. */
export const perfScriptFormat: Format = {
  info: describePerfScript,
  async *events(input, options) {
    const wanted = options["event"] as string | undefined;
    const hasStacks = options["stacks"] === true;
    let first: bigint | undefined;
    for await (const batch of readPerfScript(input.open(), input)) {
      yield batch
        .filter(({ event }) =>
          wanted === undefined || isPerfScriptEvent(event, wanted)
        )
        .map((sample) => {
          first ??= sample.timeNs;
          return eventOf(sample, first, hasStacks);
        });
    }
  },
  async profile(input, options, { timed }) {
    const { stats, limits, signal } = input;
    return await profilePerfScript(input.open(), {
      event: options["event"] as string | undefined,
      perCpu: options["per-cpu"] === true,
      timed,
      stats,
      limits,
      signal,
    });
  },
};

function eventOf(
  sample: PerfScriptSample,
  first: bigint | undefined,
  hasStacks: boolean,
): TimelineEvent {
  const { comm, pid, tid, cpu, timeNs, period, event, frames } = sample;
  return {
    type: "event",
    timestamp: undefined,
    relativeNs: timeNs === undefined || first === undefined
      ? undefined
      : Number(timeNs - first),
    provider: PROVIDER,
    name: event || "sample",
    pid,
    tid,
    threadName: comm,
    ...(cpu < 0 ? {} : { cpu }),
    fields: { period },
    ...(hasStacks ? { stack: frames.map(traceFrameName) } : {}),
  };
}
