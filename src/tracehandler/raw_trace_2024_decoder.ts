import { FormatError, TruncatedError } from "../base/errors.ts";
import type { KTime } from "../base/time.ts";
import { ByteReader } from "../codec/byte_reader.ts";
import { xxh3Hash128 } from "../codec/xxh3.ts";
import {
  ABORT_FRAME_2024,
  ERROR_FRAME_BIT,
  FRAME_TYPE,
} from "../profile/frame_type_table.ts";
import { encodeRawFrames } from "../profile/raw_frames.ts";
import type { RawFrame, RawTrace } from "../profile/raw_trace.ts";

// Header: u32 pid, u32 tid, u64 ktime, comm (16), transaction id (8), trace id
// (16), s32 kernel stack, u32 frames. A frame: u64 file, u64 address or line,
// u8 kind, u8 return address, 6 bytes of padding. All little-endian.
const HEADER_BYTES = 64;
const FRAME_BYTES = 24;
const MAX_FRAMES = 128;
const MAX_KERNEL_FRAMES = 127;
const FORMAT = "raw trace of 2024-10";
/** What does not count for the hash: time, name of the thread, ids of the agent. */
const UNHASHED: readonly (readonly [start: number, end: number])[] = [
  [8, 56],
];
const MAX_DATA = 2 ** 52;
/** Stands for types that the four bits of a raw frame cannot hold; no type has it. */
const INVALID_TYPE = 15;

/** A frame of a {@linkcode RawTrace2024}. */
export interface RawFrame2024 {
  /** The file, 0 where there is none. */
  readonly file: bigint;
  /** Address in the file, line, or number of an error. */
  readonly lineno: bigint;
  /** Type, one of `FRAME_TYPE`, with the error bit; 0xff where unwinding was given up. */
  readonly type: number;
  /** Whether the address is one to return to. */
  readonly returnAddress: boolean;
}

/** A record of the profiler of October 2024. */
export interface RawTrace2024 {
  /** Process. */
  readonly pid: number;
  /** Thread. */
  readonly tid: number;
  /** When, in ns of the kernel's monotonic clock. */
  readonly ktime: KTime;
  /** Name of the thread. */
  readonly comm: string;
  /** Transaction of the monitoring agent, 16 hexadecimal digits. */
  readonly apmTransactionId: string;
  /** Trace of the monitoring agent, 32 hexadecimal digits. */
  readonly apmTraceId: string;
  /** Number of the stack that the kernel keeps, negative where there is none. */
  readonly kernelStackId: number;
  /** Frames of the program, leaf first. */
  readonly frames: readonly RawFrame2024[];
  /** Hash by which equal stacks of one thread are recognised. */
  readonly hash: bigint;
}

/** Where a record was found, for errors. */
export interface RawRecordPlace {
  /** Absolute offset of its first byte. @default {0} */
  readonly offset?: number | undefined;
  /** Which record it is, from 0. */
  readonly index?: number | undefined;
}

/**
 * Decodes a record of the profiler of October 2024. Bytes behind its frames are
 * padding and count for nothing, not even for the hash.
 *
 * @param bytes One record.
 * @param place Where it was found.
 * @returns The record.
 * @throws {TruncatedError} When it ends within its header or its frames.
 * @throws {FormatError} When it has more than 128 frames.
 */
export function decodeRawTrace2024(
  bytes: Uint8Array,
  place: RawRecordPlace = {},
): RawTrace2024 {
  const { offset = 0 } = place;
  checkSize(bytes, HEADER_BYTES, place);
  const reader = new ByteReader(bytes, {
    littleEndian: true,
    format: FORMAT,
    baseOffset: offset,
  });
  const pid = reader.u32();
  const tid = reader.u32();
  const ktime = reader.u64() as KTime;
  const comm = textUntilNul(reader.bytes(16));
  const apmTransactionId = reader.bytes(8).toHex();
  const apmTraceId = reader.bytes(16).toHex();
  const kernelStackId = reader.i32();
  const count = reader.u32();
  if (count > MAX_FRAMES) {
    throw new FormatError(
      `Cannot read ${
        describe(place)
      }: it has ${count} frames, limit is ${MAX_FRAMES}`,
      { format: FORMAT, offset: offset + 60, record: recordOf(place) },
    );
  }
  const size = HEADER_BYTES + count * FRAME_BYTES;
  checkSize(bytes, size, place);
  const frames: RawFrame2024[] = [];
  for (let index = 0; index < count; index++) {
    const file = reader.u64();
    const lineno = reader.u64();
    const type = reader.u8();
    const returnAddress = reader.u8() !== 0;
    reader.skip(6);
    frames.push({ file, lineno, type, returnAddress });
  }
  return {
    pid,
    tid,
    ktime,
    comm,
    apmTransactionId,
    apmTraceId,
    kernelStackId,
    frames,
    hash: hashRawTrace2024(bytes.subarray(0, size)),
  };
}

/**
 * Makes the hash by which the profiler of October 2024 recognises a stack. Time,
 * thread name and ids of the monitoring agent do not count; process, thread and
 * frames do.
 *
 * @param record A record without padding.
 * @returns The hash.
 */
export function hashRawTrace2024(record: Uint8Array): bigint {
  const copy = record.slice();
  for (const [start, end] of UNHASHED) copy.fill(0, start, end);
  return xxh3Hash128(copy).lo;
}

/** How {@linkcode rawTraceFrom2024} makes a trace. */
export interface RawTraceFrom2024Options {
  /**
   * Looks up a stack of the kernel.
   *
   * @param id Its number.
   * @returns Addresses, leaf first, up to the first 0; `undefined` when it is not known.
   */
  readonly kernelStack?:
    | ((id: number) => readonly bigint[] | undefined)
    | undefined;
}

/**
 * Makes the neutral form of a record.
 *
 * @param record The record.
 * @param options Where stacks of the kernel come from.
 * @returns The trace.
 */
export function rawTraceFrom2024(
  record: RawTrace2024,
  options: RawTraceFrom2024Options = {},
): RawTrace {
  const { kernelStackId } = record;
  const found = kernelStackId < 0
    ? undefined
    : options.kernelStack?.(kernelStackId);
  const kernel = (found ?? []).slice(0, MAX_KERNEL_FRAMES);
  const end = kernel.indexOf(0n);
  const addresses = end < 0 ? kernel : kernel.slice(0, end);
  return {
    ktime: record.ktime,
    pid: record.pid,
    tid: record.tid,
    comm: record.comm,
    cpu: -1,
    origin: "sampling",
    value: 0,
    frameData: encodeRawFrames(record.frames.map(rawFrameFrom2024), addresses),
    kernelFrameCount: addresses.length,
    labels: [],
    traceId: withoutZeros(record.apmTraceId),
    spanId: withoutZeros(record.apmTransactionId),
    hash: record.hash,
  };
}

/** Native frames keep their address in the header, as newer records have it; of others all bits are kept in words. */
function rawFrameFrom2024(frame: RawFrame2024): RawFrame {
  const isAbort = frame.type === ABORT_FRAME_2024;
  const isError = isAbort ||
    ((frame.type & ERROR_FRAME_BIT) !== 0 && frame.type < 0x100);
  const plain = isAbort
    ? FRAME_TYPE.unknown
    : isError
    ? frame.type & ~ERROR_FRAME_BIT
    : frame.type;
  const type = plain < INVALID_TYPE ? plain : INVALID_TYPE;
  const shared = {
    type,
    isError,
    isReturnAddress: frame.returnAddress,
    isPidSpecific: false,
  };
  const fits = frame.lineno < MAX_DATA;
  if (isError && fits) {
    return { ...shared, data: Number(frame.lineno), words: [] };
  }
  if (type === FRAME_TYPE.native && fits) {
    return { ...shared, data: Number(frame.lineno), words: [frame.file] };
  }
  return { ...shared, data: 0, words: [frame.file, frame.lineno] };
}

/** @param id Hexadecimal digits. @returns The same, or nothing when all are zero. */
export function withoutZeros(id: string): string {
  return /^0*$/.test(id) ? "" : id;
}

/** @param bytes A text of fixed size. @returns What stands before the first NUL. */
export function textUntilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return utf8.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

function checkSize(
  bytes: Uint8Array,
  needed: number,
  place: RawRecordPlace,
): void {
  if (bytes.length >= needed) return;
  throw new TruncatedError(
    `Cannot read ${
      describe(place)
    }: it has ${bytes.length} bytes, expected at least ${needed}`,
    {
      format: FORMAT,
      offset: place.offset ?? 0,
      missingBytes: needed - bytes.length,
      record: recordOf(place),
    },
  );
}

function describe({ index, offset = 0 }: RawRecordPlace): string {
  return index === undefined
    ? `${FORMAT} at byte ${offset}`
    : `${FORMAT} ${index} at byte ${offset}`;
}

function recordOf({ index }: RawRecordPlace): string | undefined {
  return index === undefined ? undefined : `record ${index}`;
}
