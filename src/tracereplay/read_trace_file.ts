import type { DecodeStats } from "../base/decode_stats.ts";
import { TraceFileDecoder } from "./trace_file_decoder.ts";
import type { TraceFileConfig, TraceRecord } from "./trace_file_decoder.ts";

/** How {@linkcode readTraceFile} reads. */
export interface ReadTraceFileOptions {
  /** Told the configuration before the first record. */
  readonly onConfig?: ((config: TraceFileConfig) => void) | undefined;
  /**
   * Whether the file is being written: an unfinished record at the end is not
   * yet there, rather than missing.
   *
   * @default {false}
   */
  readonly isGrowing?: boolean | undefined;
  /** Ends the reading. */
  readonly signal?: AbortSignal | undefined;
  /** Where odd versions are counted. */
  readonly stats?: DecodeStats | undefined;
}

/**
 * Reads the messages of a trace file. What comes before a fault in the framing
 * is given out, then the fault is thrown.
 *
 * @param source The file in pieces of any size, or as a whole.
 * @param options Signal and callbacks.
 * @returns The messages, as views of the pieces.
 * @throws {FormatError} When it is not a trace file.
 * @throws {LimitError} When a record exceeds 1 MiB.
 * @throws {TruncatedError} When the file ends inside a record.
 *
 * @example Counting the messages of a file
 * ```ts
 * import { readTraceFile } from "../../src/tracereplay/read_trace_file.ts";
 * import { encodeTraceFileHeader } from "../../src/tracereplay/trace_file_encoder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * let count = 0;
 * for await (const _ of readTraceFile(encodeTraceFileHeader())) count++;
 * assertEquals(count, 0);
 * ```
 */
export async function* readTraceFile(
  source: AsyncIterable<Uint8Array> | Uint8Array,
  options: ReadTraceFileOptions = {},
): AsyncGenerator<TraceRecord> {
  for await (const records of readTraceBatches(source, options)) {
    yield* records;
  }
}

/**
 * Reads the messages of a trace file as {@linkcode readTraceFile} does, all
 * those of a piece at once: for whoever handles more than a million a second.
 *
 * @param source The file in pieces of any size, or as a whole.
 * @param options Signal and callbacks.
 * @returns The messages in batches that are not empty, as views of the pieces.
 * @throws {FormatError} When it is not a trace file.
 * @throws {LimitError} When a record exceeds 1 MiB.
 * @throws {TruncatedError} When the file ends inside a record.
 */
export async function* readTraceBatches(
  source: AsyncIterable<Uint8Array> | Uint8Array,
  options: ReadTraceFileOptions = {},
): AsyncGenerator<readonly TraceRecord[]> {
  const { onConfig, isGrowing = false, signal, stats } = options;
  let records: TraceRecord[] = [];
  const decoder = new TraceFileDecoder({
    onConfig(config) {
      countVersion(config, stats);
      onConfig?.(config);
    },
    onRecord: (record) => records.push(record),
  });
  for await (const chunk of source instanceof Uint8Array ? [source] : source) {
    signal?.throwIfAborted();
    let fault: unknown;
    try {
      decoder.push(chunk);
    } catch (error) {
      fault = error;
    }
    if (records.length > 0) {
      const ready = records;
      records = [];
      yield ready;
    }
    if (fault !== undefined) throw fault;
  }
  if (!isGrowing) decoder.finish();
}

function countVersion(
  { version }: TraceFileConfig,
  stats: DecodeStats | undefined,
): void {
  if (version === 0) {
    stats?.count("tracereplay_version_missing", "notice", {
      offset: 24,
      detail: "configuration does not tell the version",
    });
  } else if (version > 1) {
    stats?.count("tracereplay_version_newer", "notice", {
      offset: 24,
      detail: `version is ${version}, known is 1`,
    });
  }
}
