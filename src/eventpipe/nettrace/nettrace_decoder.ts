import { DecodeStats } from "../../base/decode_stats.ts";
import { FormatError, TruncatedError } from "../../base/errors.ts";
import { type Limits, resolveLimits } from "../../base/limits.ts";
import { NETTRACE_FORMAT } from "./_block_damage.ts";
import { BlockStream } from "./_block_stream.ts";
import { type ByteWindow, dataViewOf } from "./_byte_window.ts";
import type { DecodeState } from "./_decode_state.ts";
import { describeForeignStream } from "./_foreign_stream.ts";
import { ObjectStream } from "./_object_stream.ts";
import { StreamDamage, type StreamFraming } from "./_stream_framing.ts";
import type { NettraceDecodeOptions } from "./nettrace_decode_options.ts";
import type { NettraceHeader, NettraceOutcome, NettraceSink } from "./types.ts";

// | at | v1 to v3                 | v4                       | v6            |
// | -- | ------------------------ | ------------------------ | ------------- |
// | 0  | u32 20                   | "Nettrace"               | "Nettrace"    |
// | 4  | "!FastSerialization.1"   |                          |               |
// | 8  |                          | u32 20                   | u32 0         |
// | 12 |                          | "!FastSerialization.1"   | u32 6         |
// | 16 |                          |                          | u32 minor     |
// | 20 |                          |                          | blocks        |
// | 24 | objects                  |                          |               |
// | 32 |                          | objects                  |               |
const MAGIC = new TextEncoder().encode("Nettrace");
const SERIALIZATION_HEADER = new TextEncoder().encode(
  "\x14\0\0\0!FastSerialization.1",
);
const V6_HEADER_BYTES = 20;
const V6_MAJOR = 6;
const TRAILING_HEAD_BYTES = 8;

/**
 * Decodes `.nettrace` and `.netperf` streams of all versions, pushed in pieces of
 * any size; whole, chunked and live input take the same way.
 *
 * At most one unfinished block is kept, and events that wait for their turn when
 * order by time is asked for. Faults within a block are counted in `stats` and
 * the rest is decoded. Chunks are not kept: their memory may be reused after
 * each call.
 *
 * @example Counting events
 * ```ts
 * import { NettraceDecoder } from "@tracedeck/tracedeck/eventpipe";
 * import { assertEquals } from "@std/assert";
 *
 * let version = 0;
 * const decoder = new NettraceDecoder({
 *   onHeader: (header) => {
 *     version = header.version;
 *   },
 * });
 * decoder.push(new TextEncoder().encode("Nettrace"));
 * decoder.push(
 *   Uint8Array.fromHex(
 *     "00000000060000000000000028000001e907020001000300040005000600000000000000" +
 *       "00000000e8030000000000000800000000000000" + "00000000",
 *   ),
 * );
 * assertEquals([decoder.finish().type, version], ["complete", 6]);
 * ```
 */
export class NettraceDecoder {
  readonly #sink: NettraceSink;
  readonly #options: NettraceDecodeOptions;
  readonly #stats: DecodeStats;
  readonly #limits: Limits;
  #stream: StreamFraming | undefined;
  #damage: StreamDamage | undefined;
  #outcome: NettraceOutcome | undefined;

  /** Bytes of an unfinished record. */
  #carry = new Uint8Array(64);
  #carryView = dataViewOf(this.#carry);
  #carryLength = 0;
  /** Absolute offset of the next record. */
  #offset = 0;
  #pushedBytes = 0;
  #headNeeded = TRAILING_HEAD_BYTES;
  #trailingHead: number[] = [];

  /**
   * @param sink Takes what is found.
   * @param options Order, filter, limits.
   * @throws {RangeError} When a limit is no positive integer.
   */
  constructor(sink: NettraceSink, options: NettraceDecodeOptions = {}) {
    this.#sink = sink;
    this.#options = options;
    this.#stats = options.stats ?? new DecodeStats();
    this.#limits = resolveLimits(options.limits);
  }

  /** The header, once it was met. */
  get header(): NettraceHeader | undefined {
    return this.#state?.header;
  }

  /** Counts of what was survived. */
  get stats(): DecodeStats {
    return this.#stats;
  }

  /** Events met so far, wanted or not. */
  get eventCount(): number {
    return this.#state?.eventCount ?? 0;
  }

  /** Events that the writer dropped, as far as their numbers tell. */
  get lostEventCount(): number {
    return this.#state?.tracker.lost ?? 0;
  }

  /** Offset of the next record: everything before it was decoded. */
  get offset(): number {
    return this.#offset;
  }

  /** Whether no further input is of use: the end mark was met, or the framing is broken. */
  get isEnded(): boolean {
    return this.#damage !== undefined || (this.#stream?.isComplete ?? false);
  }

  /** Whether the framing is broken, so that nothing more can be decoded. */
  get isDamaged(): boolean {
    return this.#damage !== undefined;
  }

  /**
   * Decodes the next bytes.
   *
   * @param chunk Bytes that follow those of the call before; not kept.
   * @throws {FormatError} When this is no nettrace stream or one of an unknown
   * version, its header makes no sense, or with `strict` anything is damaged.
   * @throws {LimitError} When a limit is exceeded.
   */
  push(chunk: Uint8Array): void {
    if (this.#outcome !== undefined) {
      throw new TypeError("Cannot push to a nettrace decoder: it is finished");
    }
    this.#pushedBytes += chunk.length;
    let from = 0;
    while (this.#carryLength > 0 && !this.isEnded) {
      const needed = this.#neededBytes;
      const count = Math.min(needed - this.#carryLength, chunk.length - from);
      this.#appendToCarry(chunk.subarray(from, from + count));
      from += count;
      if (this.#carryLength < needed) return;
      const used = this.#decode(
        this.#carry,
        this.#carryView,
        0,
        this.#carryLength,
      );
      // It holds just what one record was known to need: that is all of it or not enough.
      if (used > 0) this.#carryLength = 0;
    }
    if (!this.isEnded && from < chunk.length) {
      from = this.#decode(chunk, dataViewOf(chunk), from, chunk.length);
      if (!this.isEnded) {
        this.#appendToCarry(chunk.subarray(from));
        return;
      }
    }
    if (this.#stream?.isComplete) this.#noteTrailing(chunk.subarray(from));
  }

  /**
   * Ends the input; everything complete has been delivered then.
   *
   * @returns How the stream ended.
   * @throws {TruncatedError} When it ends before its header is complete, or with
   * `strict` before its end mark.
   * @throws {FormatError} When it is too short to be a nettrace stream, or with
   * `strict` the framing is broken.
   */
  finish(): NettraceOutcome {
    if (this.#outcome !== undefined) return this.#outcome;
    if (this.#stream?.state === undefined) {
      throw this.#headerTruncation();
    }
    const window = this.#carryWindow();
    if (!this.isEnded && this.#options.salvage && this.#carryLength > 0) {
      this.#stream.salvage(window);
    }
    this.#stream.state.finish();
    this.#outcome = this.#conclude(this.#stream, window);
    const { type, offset, message } = this.#outcome;
    if (type === "truncated") {
      if (this.#options.strict) throw this.#truncation(this.#outcome);
      this.#stats.count("nettrace_truncated", "data_loss", {
        offset,
        detail: message,
      });
    } else if (type === "damaged") {
      if (this.#options.strict) throw damageError(this.#outcome);
      this.#stats.count("nettrace_damaged", "error", {
        offset,
        detail: message,
      });
    }
    return this.#outcome;
  }

  get #state(): DecodeState | undefined {
    return this.#stream?.state;
  }

  get #neededBytes(): number {
    return this.#stream?.neededBytes ?? this.#headNeeded;
  }

  /** Decodes all complete records. @returns Index behind them. */
  #decode(
    bytes: Uint8Array,
    view: DataView,
    start: number,
    end: number,
  ): number {
    const base = this.#offset - start;
    let at = start;
    while (!this.isEnded) {
      const window = { bytes, view, start: at, end, base };
      const used = this.#stream === undefined
        ? this.#readHead(window)
        : this.#step(this.#stream, window);
      if (used === 0) break;
      at += used;
      this.#offset = base + at;
    }
    return at;
  }

  #step(stream: StreamFraming, window: ByteWindow): number {
    try {
      return stream.step(window);
    } catch (error) {
      if (!(error instanceof StreamDamage) || stream.state === undefined) {
        throw error;
      }
      if (this.#options.strict) throw error;
      this.#damage = error;
      return 0;
    }
  }

  #readHead(window: ByteWindow): number {
    const { bytes, view, start, end } = window;
    const available = end - start;
    if (available < MAGIC.length) {
      this.#headNeeded = MAGIC.length;
      return 0;
    }
    const hasMagic = startsWith(bytes, start, MAGIC, MAGIC.length);
    if (!hasMagic && !startsWith(bytes, start, SERIALIZATION_HEADER, 8)) {
      throw notNettrace(bytes.subarray(start, end));
    }
    const serializationAt = hasMagic ? MAGIC.length : 0;
    if (hasMagic) {
      if (available < MAGIC.length + 4) {
        this.#headNeeded = MAGIC.length + 4;
        return 0;
      }
      if (view.getUint32(start + MAGIC.length, true) === 0) {
        return this.#readV6Head(window);
      }
    }
    const size = serializationAt + SERIALIZATION_HEADER.length;
    const at = start + serializationAt;
    const present = Math.min(SERIALIZATION_HEADER.length, end - at);
    if (!startsWith(bytes, at, SERIALIZATION_HEADER, present)) {
      throw new FormatError(
        `Cannot read nettrace header at byte ${serializationAt}: neither "!FastSerialization.1" nor the version of a block stream follows`,
        { format: NETTRACE_FORMAT, offset: serializationAt, record: "header" },
      );
    }
    if (available < size) {
      this.#headNeeded = size;
      return 0;
    }
    this.#stream = new ObjectStream(
      hasMagic,
      this.#sink,
      this.#stats,
      this.#options,
    );
    return size;
  }

  #readV6Head(window: ByteWindow): number {
    const { view, start, end } = window;
    if (end - start < V6_HEADER_BYTES) {
      this.#headNeeded = V6_HEADER_BYTES;
      return 0;
    }
    const major = view.getUint32(start + 12, true);
    if (major !== V6_MAJOR) {
      throw new FormatError(
        `Cannot read nettrace header at byte 12: version ${major} ${
          major > V6_MAJOR
            ? "needs a newer reader"
            : "is none of a block stream"
        }, supported are 1 to 4 and 6`,
        { format: NETTRACE_FORMAT, offset: 12, record: "header" },
      );
    }
    this.#stream = new BlockStream(
      view.getUint32(start + 16, true),
      this.#sink,
      this.#stats,
      this.#options,
      this.#limits,
    );
    return V6_HEADER_BYTES;
  }

  #conclude(
    stream: StreamFraming,
    rest: ByteWindow,
  ): NettraceOutcome {
    const availableBytes = this.#pushedBytes - this.#offset;
    const common = { offset: this.#offset, availableBytes };
    if (stream.isComplete) {
      this.#reportTrailing(availableBytes);
      return {
        type: "complete",
        record: undefined,
        neededBytes: undefined,
        message: "",
        ...common,
      };
    }
    if (this.#damage !== undefined) {
      return {
        type: "damaged",
        record: this.#damage.record,
        neededBytes: undefined,
        message: this.#damage.message,
        ...common,
      };
    }
    if (availableBytes === 0) {
      return {
        type: "truncated",
        record: undefined,
        neededBytes: undefined,
        message:
          `Cannot find the end of the nettrace stream: end mark is missing at byte ${this.#offset}`,
        ...common,
      };
    }
    const wrong = stream.describeRest(rest);
    if (wrong !== undefined) {
      return {
        type: "damaged",
        record: "reference table",
        neededBytes: undefined,
        message:
          `Cannot read nettrace reference table at byte ${this.#offset}: ${wrong}`,
        ...common,
      };
    }
    const neededBytes = stream.isSizeKnown ? stream.neededBytes : undefined;
    return {
      type: "truncated",
      record: stream.record,
      neededBytes,
      message:
        `Cannot read nettrace ${stream.record} at byte ${this.#offset}: ${availableBytes} of ${
          neededBytes === undefined
            ? `at least ${stream.neededBytes}`
            : neededBytes
        } bytes are there`,
      ...common,
    };
  }

  #headerTruncation(): FormatError {
    const head = this.#carry.subarray(0, this.#carryLength);
    if (this.#pushedBytes === 0) {
      return new TruncatedError(
        "Cannot read nettrace header: input is empty",
        {
          format: NETTRACE_FORMAT,
          offset: 0,
          record: "header",
          missingBytes: MAGIC.length,
        },
      );
    }
    if (
      this.#stream === undefined && head.length < MAGIC.length &&
      !startsWith(head, 0, MAGIC, head.length) &&
      !startsWith(head, 0, SERIALIZATION_HEADER, head.length)
    ) return notNettrace(head);
    const record = this.#stream?.record ?? "header";
    const missingBytes = this.#neededBytes - this.#carryLength;
    return new TruncatedError(
      `Cannot read nettrace ${record} at byte ${this.#offset}: stream ends after ${this.#carryLength} of ${
        this.#stream?.isSizeKnown ? "" : "at least "
      }${this.#neededBytes} bytes`,
      {
        format: NETTRACE_FORMAT,
        offset: this.#offset,
        record,
        missingBytes,
      },
    );
  }

  #truncation(outcome: NettraceOutcome): TruncatedError {
    return new TruncatedError(outcome.message, {
      format: NETTRACE_FORMAT,
      offset: outcome.offset,
      record: outcome.record,
      missingBytes: Math.max(1, this.#neededBytes - this.#carryLength),
    });
  }

  #carryWindow(): ByteWindow {
    return {
      bytes: this.#carry,
      view: this.#carryView,
      start: 0,
      end: this.#carryLength,
      base: this.#offset,
    };
  }

  #appendToCarry(part: Uint8Array): void {
    const length = this.#carryLength + part.length;
    if (length > this.#carry.length) {
      // By doubling, not by the declared size: it may be a lie.
      const bytes = new Uint8Array(Math.max(length, 2 * this.#carry.length));
      bytes.set(this.#carry.subarray(0, this.#carryLength));
      this.#carry = bytes;
      this.#carryView = dataViewOf(bytes);
    }
    this.#carry.set(part, this.#carryLength);
    this.#carryLength = length;
  }

  #noteTrailing(part: Uint8Array): void {
    const missing = TRAILING_HEAD_BYTES - this.#trailingHead.length;
    if (missing > 0) this.#trailingHead.push(...part.subarray(0, missing));
  }

  #reportTrailing(count: number): void {
    if (count === 0) return;
    const head = new Uint8Array(this.#trailingHead);
    this.#stats.count("nettrace_trailing_bytes", "info", {
      amount: count,
      offset: this.#offset,
      detail: head.length === MAGIC.length &&
          startsWith(head, 0, MAGIC, MAGIC.length)
        ? "another nettrace stream begins behind the end mark"
        : "bytes behind the end mark",
    });
  }
}

function damageError(outcome: NettraceOutcome): FormatError {
  return new FormatError(outcome.message, {
    format: NETTRACE_FORMAT,
    offset: outcome.offset,
    record: outcome.record,
  });
}

function notNettrace(head: Uint8Array): FormatError {
  const looks = describeForeignStream(head);
  return new FormatError(
    `Cannot read nettrace header at byte 0: stream ${
      looks === undefined ? "has no known magic" : `looks like ${looks}`
    }`,
    { format: NETTRACE_FORMAT, offset: 0, record: "header" },
  );
}

function startsWith(
  bytes: Uint8Array,
  start: number,
  prefix: Uint8Array,
  count: number,
): boolean {
  for (let index = 0; index < count; index++) {
    if (bytes[start + index] !== prefix[index]) return false;
  }
  return true;
}
