import { DecodeStats } from "../../base/decode_stats.ts";
import type { Limits } from "../../base/limits.ts";
import type { QpcTicks } from "../../base/time.ts";
import {
  InputClock,
  mergedFrequency,
  type MergedHeader,
} from "./_input_clock.ts";
import { NettraceInput } from "./_nettrace_input.ts";
import { isSymbolKind } from "./_symbol_kind_table.ts";
import { NettraceEncoder } from "./nettrace_encoder.ts";
import { NettraceClock } from "./nettrace_time.ts";
import type {
  NettraceEventRecord,
  NettraceHeader,
  NettraceMetadata,
} from "./types.ts";

/** How {@linkcode writeNettrace} selects and writes. */
export interface WriteNettraceOptions {
  /**
   * Version to write. Version 6 holds several processes and labels, version 4 is
   * what all tools read.
   *
   * @default {6 if an input is of version 6 or the inputs are of several processes, else 4}
   */
  readonly version?: 4 | 6 | undefined;
  /**
   * Which kinds of events to write; asked once for each kind.
   *
   * @default {all}
   */
  readonly wants?: ((metadata: NettraceMetadata) => boolean) | undefined;
  /**
   * Which events to write; asked for every event of the wanted kinds, with the
   * clock of its input.
   *
   * @default {all}
   */
  readonly filter?:
    | ((event: NettraceEventRecord, clock: NettraceClock) => boolean)
    | undefined;
  /**
   * Whether events that name code, modules and processes are written whatever
   * `wants` and `filter` say, so that stacks keep their names.
   *
   * @default {true}
   */
  readonly keepSymbols?: boolean | undefined;
  /** Bounds for the decoders. */
  readonly limits?: Partial<Limits> | undefined;
  /** Collects what the version cannot hold. */
  readonly stats?: DecodeStats | undefined;
  /** Collects what each input lost. @default {`stats` for all} */
  readonly inputStats?: readonly DecodeStats[] | undefined;
  /** Ends the work; the generator then throws its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes one stream from others: filtered, cut to a time, merged in order of
 * time, and upgraded from any older version.
 *
 * Inputs whose clocks agree (same frequency, and wall times that fit the ticks)
 * keep their ticks; others are put beside each other by wall time. An input
 * that is cut or damaged gives what is complete. Memory is bounded by one piece
 * of each input and what its order of time holds back.
 *
 * @param inputs The streams, in pieces of any size.
 * @param options What to write and how.
 * @returns Pieces of the new stream.
 * @throws {FormatError} When an input is no nettrace stream.
 * @throws {TruncatedError} When an input ends before its header is complete.
 * @throws {RangeError} When there is no input, or addresses are of different width.
 * @throws {LimitError} When a limit is exceeded.
 *
 * @example Keeping the exceptions of a trace
 * ```ts ignore
 * const input = await Deno.open("app.nettrace");
 * const output = await Deno.create("exceptions.nettrace");
 * await ReadableStream.from(writeNettrace([input.readable], {
 *   wants: (metadata) => metadata.eventId === 80,
 * })).pipeTo(output.writable);
 * ```
 */
export async function* writeNettrace(
  inputs: readonly AsyncIterable<Uint8Array>[],
  options: WriteNettraceOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const { stats = new DecodeStats(), signal } = options;
  if (inputs.length === 0) {
    throw new RangeError("Cannot write nettrace stream: there is no input");
  }
  const sources = inputs.map((source, index) =>
    new NettraceInput(source, {
      order: "time",
      limits: options.limits,
      stats: options.inputStats?.[index] ?? stats,
      wants: kindFilter(options),
    })
  );
  try {
    const headers: NettraceHeader[] = [];
    for (const source of sources) headers.push(await source.header(signal));
    const target = mergeHeaders(headers);
    const clocks = headers.map((header) => new InputClock(header, target));
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    const encoder = new NettraceEncoder(target, {
      version: options.version ?? defaultVersion(headers),
      onBytes: (bytes) => chunks.push(bytes.slice()),
      stats,
    });
    const ownClocks = headers.map((header) => new NettraceClock(header));
    const accepts = eventFilter(options);
    while (true) {
      for (const source of sources) {
        // Waiting only where it is needed: a promise per event costs more than the event.
        if (source.isEmpty) await source.fill(signal);
      }
      const index = earliest(sources, clocks);
      if (index === undefined) break;
      const queued = sources[index]!.next()!;
      if (queued.type === "loss") encoder.noteLoss(queued.thread, queued.count);
      else {
        const time = clocks[index]!.convert(queued.event);
        if (accepts(queued.event, ownClocks[index]!)) {
          encoder.write(queued.event, queued.payload, time);
        }
      }
      while (chunks.length > 0) yield chunks.shift()!;
    }
    encoder.finish();
    yield* chunks;
  } finally {
    for (const source of sources) await source.close();
  }
}

/** Index of the input whose next entry is the oldest. */
function earliest(
  sources: readonly NettraceInput[],
  clocks: readonly InputClock[],
): number | undefined {
  let first: number | undefined;
  let firstTime = Infinity;
  for (let index = 0; index < sources.length; index++) {
    const queued = sources[index]!.peek();
    if (queued === undefined) continue;
    // A loss belongs to the event behind it, so it goes at once.
    if (queued.type === "loss" || sources.length === 1) return index;
    const time = clocks[index]!.convert(queued.event);
    if (first === undefined || time < firstTime) {
      first = index;
      firstTime = time;
    }
  }
  return first;
}

function kindFilter(
  options: WriteNettraceOptions,
): ((metadata: NettraceMetadata) => boolean) | undefined {
  const { wants, keepSymbols = true } = options;
  if (wants === undefined) return undefined;
  return (metadata) =>
    wants(metadata) || (keepSymbols && isSymbolKind(metadata));
}

function eventFilter(
  options: WriteNettraceOptions,
): (event: NettraceEventRecord, clock: NettraceClock) => boolean {
  const { filter, keepSymbols = true } = options;
  if (filter === undefined) return () => true;
  return (event, clock) =>
    (keepSymbols && isSymbolKind(event.metadata)) || filter(event, clock);
}

function defaultVersion(headers: readonly NettraceHeader[]): 4 | 6 {
  const processes = new Set(headers.map(({ processId }) => processId));
  return processes.size > 1 || headers.some(({ version }) => version === 6)
    ? 6
    : 4;
}

/** What the output says about the trace: what the first input says, as far as the others agree. */
function mergeHeaders(headers: readonly NettraceHeader[]): MergedHeader {
  const [first, ...others] = headers as [NettraceHeader, ...NettraceHeader[]];
  for (const { pointerSize } of others) {
    if (pointerSize !== first.pointerSize) {
      throw new RangeError(
        `Cannot merge nettrace streams: addresses have ${first.pointerSize} and ${pointerSize} bytes`,
      );
    }
  }
  if (others.length === 0) return first;
  const isOneProcess = others.every(({ processId }) =>
    processId === first.processId
  );
  const frequency = mergedFrequency(headers);
  return {
    ...first,
    frequency,
    syncTicks: frequency === first.frequency ? first.syncTicks : 0n as QpcTicks,
    processId: isOneProcess ? first.processId : undefined,
    properties: isOneProcess
      ? first.properties
      : first.properties.filter(([key]) => key !== "ProcessId"),
  };
}
