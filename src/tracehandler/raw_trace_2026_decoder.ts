import { FormatError, TruncatedError } from "../base/errors.ts";
import type { KTime } from "../base/time.ts";
import { ByteReader } from "../codec/byte_reader.ts";
import { findRawFrameFault } from "../profile/raw_frames.ts";
import type { RawTrace, TraceOrigin } from "../profile/raw_trace.ts";
import type { Label } from "../profile/types.ts";
import {
  type RawRecordPlace,
  textUntilNul,
  withoutZeros,
} from "./raw_trace_2024_decoder.ts";

// u32 pid, u32 tid, u64 ktime, comm (16), transaction id (8), trace id (16),
// u32 labels, 10 labels of 16 bytes of key and 48 of value, u16 words, u16
// frames of the program, u16 frames of the kernel, u16 origin, 4 bytes of
// padding, u64 value, u32 processor, 4 bytes of padding, then the words.
const HEADER_BYTES = 728;
const MAX_LABELS = 10;
const KEY_BYTES = 16;
const VALUE_BYTES = 48;
const MAX_WORDS = 3072;
const FORMAT = "raw trace of 2026-08";

/** Origins by the number under which the profiler registers them. */
const ORIGINS: Readonly<Record<number, TraceOrigin>> = {
  1: "sampling",
  2: "off_cpu",
};

/** Labels that were left out, by reason. */
export interface DroppedLabels {
  /** The key is empty or no UTF-8. */
  readonly invalidName: number;
  /** The value begins with bytes that are no UTF-8. */
  readonly invalidValue: number;
}

/** A record of the profiler of August 2026. */
export interface RawTrace2026 {
  /** Process. */
  readonly pid: number;
  /** Thread. */
  readonly tid: number;
  /** When, in ns of the kernel's monotonic clock. */
  readonly ktime: KTime;
  /** Name of the thread. */
  readonly comm: string;
  /** Transaction of the monitoring agent, or span, 16 hexadecimal digits. */
  readonly apmTransactionId: string;
  /** Trace, 32 hexadecimal digits. */
  readonly apmTraceId: string;
  /** Labels in the order of the record. */
  readonly labels: readonly Label[];
  /** Labels that were left out. */
  readonly droppedLabels: DroppedLabels;
  /** Number of the kind of profile: 1 sampling, 2 off the processor; others are not known. */
  readonly origin: number;
  /** Nanoseconds off the processor, else 0. */
  readonly value: bigint;
  /** Processor. */
  readonly cpu: number;
  /** Words at the start of `frameData` that are kernel addresses. */
  readonly kernelFrameCount: number;
  /** Frames of the program as the record counts them. */
  readonly frameCount: number;
  /** The words, in pairs of 32-bit halves, lower half first. */
  readonly frameData: Uint32Array<ArrayBuffer>;
}

/**
 * Decodes a record of the profiler of August 2026. Unlike there, a frame whose
 * length cannot be right makes the record be refused.
 *
 * @param bytes One record; bytes behind its words are padding.
 * @param place Where it was found.
 * @returns The record.
 * @throws {TruncatedError} When it ends within its header or its words.
 * @throws {FormatError} When counts or a frame's length cannot be right.
 */
export function decodeRawTrace2026(
  bytes: Uint8Array,
  place: RawRecordPlace = {},
): RawTrace2026 {
  const { offset = 0, index } = place;
  const record = index === undefined ? undefined : `record ${index}`;
  const name = index === undefined
    ? `${FORMAT} at byte ${offset}`
    : `${FORMAT} ${index} at byte ${offset}`;
  const checkSize = (needed: number) => {
    if (bytes.length >= needed) return;
    throw new TruncatedError(
      `Cannot read ${name}: it has ${bytes.length} bytes, expected at least ${needed}`,
      {
        format: FORMAT,
        offset,
        missingBytes: needed - bytes.length,
        record,
      },
    );
  };
  const refuse = (state: string, at: number): FormatError =>
    new FormatError(`Cannot read ${name}: ${state}`, {
      format: FORMAT,
      offset: offset + at,
      record,
    });

  checkSize(HEADER_BYTES);
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
  const labelCount = reader.u32();
  if (labelCount > MAX_LABELS) {
    throw refuse(`it has ${labelCount} labels, limit is ${MAX_LABELS}`, 56);
  }
  const { labels, droppedLabels } = readLabels(
    reader.sub(MAX_LABELS * (KEY_BYTES + VALUE_BYTES)),
    labelCount,
  );
  const wordCount = reader.u16();
  const frameCount = reader.u16();
  const kernelFrameCount = reader.u16();
  const origin = reader.u16();
  reader.skip(4);
  const value = reader.u64();
  const cpu = reader.u32();
  reader.skip(4);
  if (wordCount > MAX_WORDS) {
    throw refuse(`it has ${wordCount} words, limit is ${MAX_WORDS}`, 700);
  }
  if (kernelFrameCount > wordCount) {
    throw refuse(
      `${kernelFrameCount} kernel frames do not fit ${wordCount} words`,
      704,
    );
  }
  checkSize(HEADER_BYTES + wordCount * 8);
  const frameData = new Uint32Array(wordCount * 2);
  for (let half = 0; half < frameData.length; half++) {
    frameData[half] = reader.u32();
  }
  const fault = findRawFrameFault(frameData, kernelFrameCount);
  if (fault !== undefined) throw refuse(fault, HEADER_BYTES);
  return {
    pid,
    tid,
    ktime,
    comm,
    apmTransactionId,
    apmTraceId,
    labels,
    droppedLabels,
    origin,
    value,
    cpu,
    kernelFrameCount,
    frameCount,
    frameData,
  };
}

/**
 * Makes the neutral form of a record.
 *
 * @param record The record.
 * @returns The trace; `undefined` when its origin is not known, so that nobody
 * knows what it means.
 */
export function rawTraceFrom2026(record: RawTrace2026): RawTrace | undefined {
  const origin = ORIGINS[record.origin];
  if (origin === undefined) return undefined;
  return {
    ktime: record.ktime,
    pid: record.pid,
    tid: record.tid,
    comm: record.comm,
    cpu: record.cpu,
    origin,
    value: Number(record.value),
    frameData: record.frameData,
    kernelFrameCount: record.kernelFrameCount,
    labels: record.labels,
    traceId: withoutZeros(record.apmTraceId),
    spanId: withoutZeros(record.apmTransactionId),
  };
}

function readLabels(
  reader: ByteReader,
  count: number,
): { labels: Label[]; droppedLabels: DroppedLabels } {
  const labels: Label[] = [];
  let invalidName = 0;
  let invalidValue = 0;
  for (let index = 0; index < count; index++) {
    const key = decodeStrictly(untilNul(reader.bytes(KEY_BYTES)));
    const bytes = untilNul(reader.bytes(VALUE_BYTES));
    if (!key) {
      invalidName++;
      continue;
    }
    const value = decodePrefix(bytes);
    if (value === "" && bytes.length > 0) invalidValue++;
    else labels.push({ key, value, unit: "" });
  }
  return { labels, droppedLabels: { invalidName, invalidValue } };
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeStrictly(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The longest start that is UTF-8: a value may have been cut within a character. */
function decodePrefix(bytes: Uint8Array): string {
  for (let end = bytes.length; end > 0; end--) {
    const text = decodeStrictly(bytes.subarray(0, end));
    if (text !== undefined) return text;
  }
  return "";
}

function untilNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}
