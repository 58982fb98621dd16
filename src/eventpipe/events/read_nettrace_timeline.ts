import { DecodeStats } from "../../base/decode_stats.ts";
import type { Limits } from "../../base/limits.ts";
import type { TimelineEvent } from "../../timeline/types.ts";
import { collectNettrace, pumpNettrace } from "../collect_nettrace.ts";
import { CodeNames } from "../symbols/code_names.ts";
import type { FrameNameOptions } from "../symbols/name_method.ts";
import { SymbolCollector } from "../symbols/symbol_collector.ts";
import { StackReader } from "./stack_reader.ts";
import { TimelineMaker } from "./timeline_maker.ts";

/** Options of {@linkcode readNettraceTimeline}. */
export interface ReadNettraceTimelineOptions extends FrameNameOptions {
  /**
   * Whether records have their stacks. The stream is then read twice, because
   * the names of methods come last.
   *
   * @default {false}
   */
  readonly stacks?: boolean | undefined;
  /**
   * Whether id, version, opcode, keywords and capturing thread of each event
   * stand among its fields, as `$id` and so on.
   *
   * @default {false}
   */
  readonly full?: boolean | undefined;
  /** Interval in s whose counter values are taken. @default {the first one that occurs} */
  readonly counterIntervalSec?: number | undefined;
  /** Whether events of a provider and name are wanted; counters always come. @default {all are} */
  readonly isWanted?:
    | ((provider: string, name: string) => boolean)
    | undefined;
  /** Bounds on what is accepted. */
  readonly limits?: Partial<Limits> | undefined;
  /** Collects what was survived. */
  readonly stats?: DecodeStats | undefined;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
}

/** Where a stream comes from. */
export interface TimelineSource {
  /** Opens the stream from its start. */
  open(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** Whether it can be opened a second time. */
  readonly isRepeatable: boolean;
}

/**
 * Reads the events of a trace in order of time: payloads as fields with the
 * stream's own names, values of counters as counters.
 *
 * Memory does not grow with the length of the trace. With `stacks` it grows
 * with the number of methods and of distinct stacks; a stream that can be read
 * only once then has names of methods that were compiled while it ran, and
 * addresses.
 *
 * @param source The stream.
 * @param options Stacks, details, limits.
 * @returns Records in batches.
 * @throws {FormatError} When it is no nettrace stream or ends within its header.
 * @throws {LimitError} When a limit is exceeded.
 */
export async function* readNettraceTimeline(
  source: TimelineSource,
  options: ReadNettraceTimelineOptions = {},
): AsyncGenerator<readonly TimelineEvent[], void, void> {
  const { stacks = false, limits, signal, stats = new DecodeStats() } = options;
  const shared = { order: "time", limits, signal } as const;
  let reader: StackReader | undefined;
  if (stacks) {
    const symbols = new SymbolCollector();
    if (source.isRepeatable) {
      const first = new StackReader(symbols);
      await collectNettrace(source.open(), [first, symbols], {
        ...shared,
        // The second pass counts the same faults again.
        stats: new DecodeStats(),
      });
      const names = new CodeNames(symbols, options);
      reader = new StackReader(new SymbolCollector(), names);
    } else {
      reader = new StackReader(symbols, undefined, options);
      stats.count("nettrace_names_incomplete", "notice", {
        detail: "the stream can be read only once, and most names come last",
      });
    }
  }
  const maker = new TimelineMaker({
    stackOf: reader === undefined
      ? undefined
      : (event) => reader.stackOf(event),
    full: options.full,
    counterIntervalSec: options.counterIntervalSec,
    isWanted: options.isWanted,
    stats,
  });
  const collectors = reader === undefined
    ? [maker]
    : [reader, maker, reader.symbols];
  for await (
    const _ of pumpNettrace(source.open(), collectors, { ...shared, stats })
  ) {
    const batch = maker.take();
    if (batch.length > 0) yield batch;
  }
  // The end of the stream releases events that waited for their turn.
  const rest = maker.take();
  if (rest.length > 0) yield rest;
}
