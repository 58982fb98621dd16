import { FormatError, LimitError, TruncatedError } from "../base/errors.ts";
import { ChunkQueue } from "../codec/chunk_queue.ts";

/** First bytes of a trace file, 16 characters of ASCII. */
export const TRACE_FILE_SIGNATURE = "tracereplay file";

/** Largest configuration or message in a trace file, in bytes. */
export const MAX_MESSAGE_BYTES = 1_048_576;

const FORMAT = "tracereplay";
const SIGNATURE_BYTES = 16;
const PREFIX_BYTES = 8;
const MAX_VERSION = 0xffff_ffff;

/** Configuration at the start of a trace file. */
export interface TraceFileConfig {
  /** Version of the wire format, as of the handshake; 0 when the file does not say. */
  readonly version: number;
}

/** One message of a trace file. */
export interface TraceRecord {
  /** Position in the file, from 1. */
  readonly seq: number;
  /** Offset in bytes of the size in front of the message. */
  readonly offset: number;
  /** The message, header included. A view of what was pushed. */
  readonly bytes: Uint8Array;
}

/** Takes what a {@linkcode TraceFileDecoder} finds. */
export interface TraceFileSink {
  /** Called once, before the first record. */
  onConfig?(config: TraceFileConfig): void;
  /** Called for every message; without it messages are passed over, not gathered. */
  onRecord?(record: TraceRecord): void;
  /** Called for every message. */
  onSize?(seq: number, sizeBytes: number): void;
}

type State = "signature" | "config" | "records";

/**
 * Takes a trace file apart, in pieces of any size. At most one unfinished
 * record is held back.
 *
 * | offset | size | content |
 * | --- | --- | --- |
 * | 0 | 16 | signature `tracereplay file` |
 * | 16 | 8 | size of the configuration, u64 little-endian |
 * | 24 | n | configuration: a JSON object with `version` |
 * | 24 + n | 8 | size of the first message, u64 little-endian |
 * | … | | the message with its header, and so on up to the end |
 *
 * @example A file without messages
 * ```ts
 * import { TraceFileDecoder } from "../../src/tracereplay/trace_file_decoder.ts";
 * import { encodeTraceFileHeader } from "../../src/tracereplay/trace_file_encoder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const versions: number[] = [];
 * const decoder = new TraceFileDecoder({
 *   onConfig: ({ version }) => versions.push(version),
 *   onRecord() {},
 * });
 * decoder.push(encodeTraceFileHeader());
 * decoder.finish();
 * assertEquals(versions, [1]);
 * ```
 */
export class TraceFileDecoder {
  readonly #sink: TraceFileSink;
  readonly #queue = new ChunkQueue();
  #state: State = "signature";
  #seq = 0;

  /** @param sink Takes configuration and messages. */
  constructor(sink: TraceFileSink) {
    this.#sink = sink;
  }

  /** Offset in bytes of the first record that is not complete. */
  get offset(): number {
    return this.#queue.offset;
  }

  /** Whether all that was pushed is complete records. */
  get isAtBoundary(): boolean {
    return this.#state === "records" && this.#queue.available === 0;
  }

  /**
   * Takes the next bytes.
   *
   * @param chunk Kept until it is decoded: must not change before.
   * @throws {FormatError} When it is not a trace file.
   * @throws {LimitError} When a record exceeds 1 MiB. What came before has been given to the sink.
   */
  push(chunk: Uint8Array): void {
    this.#queue.push(chunk);
    if (this.#state === "signature" && !this.#takeSignature()) return;
    if (this.#state === "config" && !this.#takeConfig()) return;
    while (this.#takeRecord());
  }

  /**
   * Says that no bytes follow.
   *
   * @throws {FormatError} When it is not a trace file.
   * @throws {TruncatedError} When it ends inside a record.
   */
  finish(): void {
    const { available, offset } = this.#queue;
    if (this.#state === "signature") {
      throw notATraceFile(
        available === 0
          ? "file is empty"
          : `file has ${available} bytes, the signature has 16`,
      );
    }
    if (this.#state === "config" && available === 0) {
      throw truncated("configuration record missing", offset, PREFIX_BYTES);
    }
    if (available === 0) return;
    if (available < PREFIX_BYTES) {
      throw truncated(
        `truncated size prefix, ${available} of 8 bytes are there`,
        offset,
        PREFIX_BYTES - available,
      );
    }
    const size = this.#peekSize();
    const there = available - PREFIX_BYTES;
    const isConfig = this.#state === "config";
    throw truncated(
      `truncated ${
        isConfig ? "configuration" : "record"
      } (size ${size}, ${there} available)`,
      isConfig ? offset + PREFIX_BYTES : offset,
      size - there,
    );
  }

  #takeSignature(): boolean {
    const available = Math.min(this.#queue.available, SIGNATURE_BYTES);
    const head = this.#queue.peek(available)!;
    for (const [index, byte] of head.entries()) {
      if (byte !== TRACE_FILE_SIGNATURE.charCodeAt(index)) {
        throw notATraceFile(`byte ${index} of the signature differs`);
      }
    }
    if (available < SIGNATURE_BYTES) return false;
    this.#queue.consume(SIGNATURE_BYTES);
    this.#state = "config";
    return true;
  }

  #takeConfig(): boolean {
    const size = this.#readySize("configuration");
    if (size === undefined) return false;
    this.#queue.consume(PREFIX_BYTES);
    this.#state = "records";
    this.#sink.onConfig?.(parseConfig(this.#queue.take(size)!));
    return true;
  }

  #takeRecord(): boolean {
    const offset = this.#queue.offset;
    const size = this.#readySize("record");
    if (size === undefined) return false;
    this.#queue.consume(PREFIX_BYTES);
    const seq = ++this.#seq;
    if (this.#sink.onRecord === undefined) this.#queue.consume(size);
    else {
      this.#sink.onRecord({ seq, offset, bytes: this.#queue.take(size)! });
    }
    this.#sink.onSize?.(seq, size);
    return true;
  }

  /** Size of the next record, if all of it is there. */
  #readySize(what: string): number | undefined {
    if (this.#queue.available < PREFIX_BYTES) return undefined;
    const offset = this.#queue.offset;
    const size = this.#peekSize();
    if (size > MAX_MESSAGE_BYTES) {
      throw new LimitError(
        `Cannot read trace file at byte ${offset}: ${what} size ${this.#peekExactSize()} exceeds ${MAX_MESSAGE_BYTES}`,
        { limit: "maxRecordBytes", value: size, offset },
      );
    }
    return this.#queue.available < PREFIX_BYTES + size ? undefined : size;
  }

  /** Exact up to 2^53, which is far beyond the limit. */
  #peekSize(): number {
    const prefix = this.#queue.peek(PREFIX_BYTES)!;
    const view = new DataView(prefix.buffer, prefix.byteOffset, PREFIX_BYTES);
    return view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true);
  }

  #peekExactSize(): bigint {
    const prefix = this.#queue.peek(PREFIX_BYTES)!;
    const view = new DataView(prefix.buffer, prefix.byteOffset, PREFIX_BYTES);
    return view.getBigUint64(0, true);
  }
}

function parseConfig(bytes: Uint8Array): TraceFileConfig {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw badConfig("configuration is not JSON", error);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw badConfig("configuration is not a JSON object");
  }
  const version = "version" in value ? value.version : 0;
  if (
    typeof version !== "number" || !Number.isInteger(version) || version < 0 ||
    version > MAX_VERSION
  ) {
    throw badConfig(
      "configuration.version is not an unsigned 32-bit integer",
    );
  }
  return { version };
}

function badConfig(state: string, cause?: unknown): FormatError {
  return new FormatError(`Cannot read trace file at byte 24: ${state}`, {
    format: FORMAT,
    offset: 24,
    record: "configuration",
    cause,
  });
}

function notATraceFile(state: string): FormatError {
  return new FormatError(
    `Cannot read trace file: not a trace file, ${state}`,
    { format: FORMAT, offset: 0 },
  );
}

function truncated(
  state: string,
  offset: number,
  missingBytes: number,
): TruncatedError {
  return new TruncatedError(
    `Cannot read trace file at byte ${offset}: ${state}`,
    { format: FORMAT, offset, missingBytes },
  );
}
