import { DecodeStats } from "../../base/decode_stats.ts";
import { FormatError } from "../../base/errors.ts";
import type { Limits } from "../../base/limits.ts";
import { collectNettrace } from "../collect_nettrace.ts";
import { ProcessFacts } from "../process_facts.ts";
import { HeapCollector } from "./heap_collector.ts";
import type { HeapCollectorOptions } from "./heap_collector.ts";
import type { HeapDump } from "./types.ts";

/** Options of {@linkcode readHeapDump}. */
export interface ReadHeapDumpOptions extends HeapCollectorOptions {
  /** Bounds on what is accepted. */
  readonly limits?: Partial<Limits> | undefined;
  /** Collects what was survived. */
  readonly stats?: DecodeStats | undefined;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads the heap dump that is in an event trace: the first full collection
 * during which the runtime listed its objects.
 *
 * @param source The stream in pieces of any size.
 * @param options Bounds, and where to count what is missing.
 * @returns The dump.
 * @throws {FormatError} When it is no nettrace stream, ends within its header or has no heap dump.
 * @throws {LimitError} When a limit is exceeded.
 */
export async function readHeapDump(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: ReadHeapDumpOptions = {},
): Promise<HeapDump> {
  const { stats = new DecodeStats(), limits, signal, ...bounds } = options;
  const heap = new HeapCollector(bounds);
  const process = new ProcessFacts();
  await collectNettrace(source, [heap, process], { limits, stats, signal });
  const dump = heap.finish(stats);
  if (dump === undefined) {
    throw new FormatError(
      "Cannot read a heap dump: the trace has no objects of a heap",
      { format: "nettrace", offset: 0 },
    );
  }
  const { programName } = process;
  return programName === "" ? dump : { ...dump, processName: programName };
}
