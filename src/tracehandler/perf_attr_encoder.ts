import { PERF_ATTR_FLAG } from "./perf_event_table.ts";

// u32 type, u32 size, u64 config, u64 period or frequency, u64 sample_type, u64
// read_format, u64 flags, u32 wakeup; at 92 s32 clock, at 108 u16 stack limit.
const ATTR_BYTES = 112;
const WAKEUP_AT = 48;
const CLOCK_ID_AT = 92;
const MAX_STACK_AT = 108;

/** What an event is to record. */
export interface PerfAttrRequest {
  /** Kind of event: 0 hardware, 1 software … */
  readonly type: number;
  /** Which one of its kind. */
  readonly config: bigint;
  /** Samples per second if `isFrequency`, else events between two samples. */
  readonly periodOrFrequency: number;
  readonly isFrequency: boolean;
  /** What samples hold, see `PERF_SAMPLE`. */
  readonly sampleType: number;
  /** What reading the event gives. */
  readonly readFormat: number;
  /** Numbers of the flags that are set. */
  readonly flags: readonly number[];
  /** Bytes in the ring from which on the reader is woken. */
  readonly watermarkBytes: number;
  /** Clock of the times; `useClockId` is to be among the flags. */
  readonly clockId: number;
  /** Most addresses of a call chain; 0 is the system's limit. */
  readonly maxStack: number;
}

/**
 * Encodes an event for the kernel.
 *
 * @param request What it records.
 * @returns `struct perf_event_attr`, lowest byte first.
 */
export function encodePerfAttr(
  request: PerfAttrRequest,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(ATTR_BYTES);
  const view = new DataView(bytes.buffer);
  let flags = 0n;
  for (const flag of request.flags) flags |= 1n << BigInt(flag);
  if (request.isFrequency) flags |= 1n << BigInt(PERF_ATTR_FLAG.freq);
  view.setUint32(0, request.type, true);
  view.setUint32(4, ATTR_BYTES, true);
  view.setBigUint64(8, request.config, true);
  view.setBigUint64(16, BigInt(request.periodOrFrequency), true);
  view.setBigUint64(24, BigInt(request.sampleType), true);
  view.setBigUint64(32, BigInt(request.readFormat), true);
  view.setBigUint64(40, flags, true);
  view.setUint32(WAKEUP_AT, request.watermarkBytes, true);
  view.setInt32(CLOCK_ID_AT, request.clockId, true);
  view.setUint16(MAX_STACK_AT, request.maxStack, true);
  return bytes;
}
