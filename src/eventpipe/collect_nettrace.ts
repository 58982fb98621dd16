import { DecodeStats } from "../base/decode_stats.ts";
import type { Limits } from "../base/limits.ts";
import { shareStream } from "./event_collector.ts";
import type { EventCollector } from "./event_collector.ts";
import { NettraceDecoder } from "./nettrace/nettrace_decoder.ts";
import type { NettraceHeader, NettraceOutcome } from "./nettrace/types.ts";

/** Options of {@linkcode collectNettrace}. */
export interface CollectNettraceOptions {
  /** Order in which collectors get events. @default {"file"} */
  readonly order?: "file" | "time" | undefined;
  /** Whether a damaged stream throws instead of being counted. @default {false} */
  readonly strict?: boolean | undefined;
  /** Whether complete events of a block that the end cuts are delivered too. @default {false} */
  readonly salvage?: boolean | undefined;
  /** Bounds on what is accepted. */
  readonly limits?: Partial<Limits> | undefined;
  /** Collects what was survived. */
  readonly stats?: DecodeStats | undefined;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
}

/** How a pass over a stream went. */
export interface CollectNettraceResult {
  /** The header. */
  readonly header: NettraceHeader;
  /** How the stream ended. */
  readonly outcome: NettraceOutcome;
  /** Events in the stream, wanted or not. */
  readonly eventCount: number;
  /** Events that the writer dropped, as far as their numbers tell. */
  readonly lostEventCount: number;
  /** Counts of what was survived. */
  readonly stats: DecodeStats;
}

/**
 * Reads a stream once and lets collectors take from it what they want.
 *
 * @param source The stream in pieces of any size.
 * @param collectors Who takes what.
 * @param options Order, limits, and where to count faults.
 * @returns How the stream ended.
 * @throws {FormatError} When it is no nettrace stream or ends within its header.
 * @throws {LimitError} When a limit is exceeded.
 */
export async function collectNettrace(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  collectors: readonly EventCollector[],
  options: CollectNettraceOptions = {},
): Promise<CollectNettraceResult> {
  const pump = pumpNettrace(source, collectors, options);
  for (;;) {
    const { done, value } = await pump.next();
    if (done) return value;
  }
}

/**
 * Does what {@linkcode collectNettrace} does and stops after each piece of the
 * source, so that what collectors took can be handed on before more is read.
 *
 * @param source The stream in pieces of any size.
 * @param collectors Who takes what.
 * @param options Order, limits, and where to count faults.
 * @returns A generator of nothing that returns how the stream ended.
 * @throws {FormatError} When it is no nettrace stream or ends within its header.
 * @throws {LimitError} When a limit is exceeded.
 */
export async function* pumpNettrace(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  collectors: readonly EventCollector[],
  options: CollectNettraceOptions = {},
): AsyncGenerator<void, CollectNettraceResult, void> {
  const { signal, stats = new DecodeStats(), ...rest } = options;
  const { sink, wants } = shareStream(collectors);
  const decoder = new NettraceDecoder(sink, { ...rest, stats, wants });
  signal?.throwIfAborted();
  for await (const chunk of source) {
    signal?.throwIfAborted();
    decoder.push(chunk);
    yield;
    if (decoder.isDamaged) break;
  }
  const outcome = decoder.finish();
  return {
    header: decoder.header!,
    outcome,
    eventCount: decoder.eventCount,
    lostEventCount: decoder.lostEventCount,
    stats,
  };
}
