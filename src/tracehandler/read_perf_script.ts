import { DecodeStats } from "../base/decode_stats.ts";
import { type Limits, resolveLimits } from "../base/limits.ts";
import type { UnixNs } from "../base/time.ts";
import { LineSplitter } from "../container/line_splitter.ts";
import { ProfileReporter } from "../profile/profile_reporter.ts";
import type { SamplingFacts } from "../profile/raw_trace.ts";
import type { Profile } from "../profile/types.ts";
import { isPerfClockEvent } from "./perf_event_table.ts";
import {
  PerfScriptDecoder,
  type PerfScriptSample,
} from "./perf_script_decoder.ts";

/** How {@linkcode readPerfScript} reads. */
export interface ReadPerfScriptOptions {
  /** Counts lines that are not understood. */
  readonly stats?: DecodeStats | undefined;
  /** Bounds; uses `maxStringBytes` for a line. */
  readonly limits?: Partial<Limits> | undefined;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
  /** Takes what `perf script --header` says of the recording, once it is read. */
  readonly onHeader?:
    | ((header: ReadonlyMap<string, string>) => void)
    | undefined;
}

/**
 * Reads the text that `perf script` makes of a recording.
 *
 * @param source The text as UTF-8.
 * @param options Limits, where to count, and the signal.
 * @returns Samples in the order of the text, in batches.
 * @throws {LimitError} When a line is too long.
 *
 * @example Function of the innermost frame
 * ```ts
 * import { readPerfScript } from "@tracedeck/tracedeck/tracehandler";
 * import { assertEquals } from "@std/assert";
 *
 * const text = `busy 7/8 [001]  964.871850:  10309278 cpu-clock:
 *             117c leaf+0x23 (/usr/bin/busy)
 *             1270 main+0x4e (/usr/bin/busy)
 * `;
 * for await (const batch of readPerfScript(new Blob([text]).stream())) {
 *   assertEquals([batch[0]?.tid, batch[0]?.frames[0]?.functionName], [8, "leaf"]);
 * }
 * ```
 */
export async function* readPerfScript(
  source: AsyncIterable<Uint8Array>,
  options: ReadPerfScriptOptions = {},
): AsyncGenerator<readonly PerfScriptSample[], void, undefined> {
  const { stats = new DecodeStats(), signal, onHeader } = options;
  const splitter = new LineSplitter({
    maxLineCharacters: resolveLimits(options.limits).maxStringBytes,
  });
  const decoder = new PerfScriptDecoder(stats);
  function* samplesOf(lines: readonly string[]): Generator<PerfScriptSample> {
    for (const line of lines) {
      const sample = decoder.push(line);
      if (sample !== undefined) yield sample;
    }
  }
  for await (const chunk of source) {
    signal?.throwIfAborted();
    const batch = [...samplesOf(splitter.push(chunk))];
    if (batch.length > 0) yield batch;
  }
  const batch = [...samplesOf(splitter.finish())];
  const last = decoder.finish();
  if (last !== undefined) batch.push(last);
  onHeader?.(decoder.header);
  if (batch.length > 0) yield batch;
}

/** How {@linkcode profilePerfScript} makes a profile. */
export interface ProfilePerfScriptOptions extends ReadPerfScriptOptions {
  /** Name of the event whose samples are taken, with or without modifiers. @default {that of the first sample} */
  readonly event?: string | undefined;
  /** Whether each sample keeps its time. @default {false} */
  readonly timed?: boolean | undefined;
  /** Whether samples of different processors are told apart. @default {false} */
  readonly perCpu?: boolean | undefined;
}

/**
 * Makes a profile of the text that `perf script` makes of a recording.
 *
 * @param source The text as UTF-8.
 * @param options Which event, and what is kept of the samples.
 * @returns The profile. Times count from some start, as the recorder's do.
 * @throws {RangeError} When the event is asked for and there are only others.
 */
export async function profilePerfScript(
  source: AsyncIterable<Uint8Array>,
  options: ProfilePerfScriptOptions = {},
): Promise<Profile> {
  const { timed = false, perCpu, stats } = options;
  let wanted = options.event;
  let facts: SamplingFacts = { period: 0 };
  const others = new Map<string, number>();
  let taken = 0;
  const reporter = new ProfileReporter({
    facts: () => facts,
    isWallTime: false,
    timed,
    perCpu,
  });
  for await (const batch of readPerfScript(source, options)) {
    for (const sample of batch) {
      wanted ??= sample.event;
      if (!isPerfScriptEvent(sample.event, wanted)) {
        others.set(sample.event, (others.get(sample.event) ?? 0) + 1);
        continue;
      }
      if (taken++ === 0) facts = factsOf(sample.event);
      report(reporter, sample);
    }
  }
  if (others.size > 0) {
    const names = [...others.keys()].slice(0, MAX_LISTED).join(", ");
    if (taken === 0) {
      throw new RangeError(
        `Cannot take samples of event "${wanted}": there are ${names}`,
      );
    }
    stats?.count("perf_samples_of_other_events", "notice", {
      amount: others.values().reduce((sum, count) => sum + count, 0),
      detail: `taken are those of "${wanted}"; there are also ${names}`,
    });
  }
  return reporter.build();
}

const MAX_LISTED = 20;
const MODIFIERS_REGEXP = /:[a-zA-Z]+$/;

/**
 * @param event Name of an event with its modifiers.
 * @param wanted Name that is asked for, with or without them.
 * @returns Whether it is this one.
 */
export function isPerfScriptEvent(event: string, wanted: string): boolean {
  return event === wanted || event.replace(MODIFIERS_REGEXP, "") === wanted;
}

function factsOf(event: string): SamplingFacts {
  const name = event.replace(MODIFIERS_REGEXP, "");
  const valueType = isPerfClockEvent(name)
    ? { type: "cpu", unit: "nanoseconds" }
    : { type: name || "events", unit: "count" };
  return { period: 0, periodType: valueType, valueType };
}

function report(reporter: ProfileReporter, sample: PerfScriptSample): void {
  const { comm, pid, tid, cpu, timeNs = 0n, period, frames } = sample;
  reporter.reportTraceEvent({ frames }, {
    timestamp: timeNs as UnixNs,
    comm,
    pid,
    tid,
    cpu,
    apmServiceName: "",
    origin: "sampling",
    value: period,
    labels: [],
    traceId: "",
    spanId: "",
    process: undefined,
  });
}
