import { pumpNettrace } from "./collect_nettrace.ts";
import { CounterReader } from "./counters/counter_reader.ts";
import type { CounterSample } from "./counters/counter_reader.ts";
import { InstrumentPreference } from "./counters/prefer_instruments.ts";
import { counterFilter, planCounters } from "./ipc/counter_request.ts";
import type { CounterChoice } from "./ipc/counter_request.ts";
import type { DiagnosticClient } from "./ipc/diagnostic_client.ts";
import { isUnknownCommand } from "./ipc/diagnostic_error.ts";
import type { MetricNoteEvent } from "./nettrace/metrics_event.ts";
import type { NettraceHeader } from "./nettrace/types.ts";

/** Runtimes from this one on share a session of metrics between tools. */
const SHARED_SINCE = 8;

/** How {@linkcode watchCounters} watches. */
export interface WatchCountersOptions {
  /** Seconds between two values. @default {1} */
  readonly intervalSec?: number | undefined;
  /** Most series of a metric by tags. @default {1000} */
  readonly maxTimeSeries?: number | undefined;
  /** Most histograms. @default {10} */
  readonly maxHistograms?: number | undefined;
  /** Ends the watch in order. */
  readonly stop?: AbortSignal | undefined;
  /** Gives up before the session runs. */
  readonly signal?: AbortSignal | undefined;
  /** Called when the session runs. */
  readonly onStart?: (() => Promise<void> | void) | undefined;
  /** Gets what the source of the metrics tells beside values. */
  readonly onNote?: ((note: MetricNoteEvent) => void) | undefined;
}

/** Values of counters that came together. */
export interface CounterBatch {
  /** Header of the stream, for wall time. */
  readonly header: NettraceHeader;
  /** The values in order. */
  readonly samples: readonly CounterSample[];
}

/**
 * Watches counters of a running process.
 *
 * @param client The runtime.
 * @param choices Which counters.
 * @param options Interval, limits, and when to end.
 * @returns Values as they come, until the process ends or the watch is stopped.
 * @throws {DiagnosticError} When no session can be started.
 */
export async function* watchCounters(
  client: DiagnosticClient,
  choices: readonly CounterChoice[],
  options: WatchCountersOptions = {},
): AsyncGenerator<CounterBatch> {
  const { intervalSec = 1, stop, signal, onStart, onNote } = options;
  const isShared = await runtimeVersion(client, signal) >= SHARED_SINCE;
  const ids = {
    sessionId: isShared ? "SHARED" : crypto.randomUUID(),
    clientId: crypto.randomUUID(),
  };
  await using session = await client.collectTracing(
    planCounters(choices, {
      intervalSec,
      ...ids,
      maxTimeSeries: options.maxTimeSeries,
      maxHistograms: options.maxHistograms,
    }),
    { signal },
  );
  // A process that has ended is seen by the end of its stream.
  const end = () => void session.stop().catch(() => {});
  if (stop?.aborted === true) end();
  stop?.addEventListener("abort", end);
  try {
    await onStart?.();
    const isWanted = counterFilter(choices);
    const preference = new InstrumentPreference();
    let samples: CounterSample[] = [];
    let header: NettraceHeader | undefined;
    const reader = new CounterReader((sample) => {
      if (isWanted(sample.provider, sample.name)) {
        samples.push(...preference.add(sample));
      }
    }, { intervalSec, onNote, ...ids });
    const facts = {
      handlerOf: () => undefined,
      onHeader: (found: NettraceHeader) => void (header = found),
    };
    for await (const _ of pumpNettrace(session.stream, [facts, reader])) {
      if (samples.length === 0) continue;
      yield { header: header!, samples };
      samples = [];
    }
    samples.push(...preference.finish());
    if (samples.length > 0) yield { header: header!, samples };
  } finally {
    stop?.removeEventListener("abort", end);
  }
}

/** Major version of the runtime, 0 where it does not tell: .NET 5 and older. */
async function runtimeVersion(
  client: DiagnosticClient,
  signal: AbortSignal | undefined,
): Promise<number> {
  try {
    const { clrVersion = "" } = await client.processInfo({ signal });
    return parseInt(clrVersion) || 0;
  } catch (error) {
    if (isUnknownCommand(error)) return 0;
    throw error;
  }
}
