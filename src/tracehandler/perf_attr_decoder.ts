import { FormatError } from "../base/errors.ts";
import { ByteReader } from "../codec/byte_reader.ts";
import {
  PERF_ATTR_FLAG,
  PERF_BRANCH,
  PERF_SAMPLE,
  perfEventName,
} from "./perf_event_table.ts";

// u32 type, u32 size, u64 config, u64 period or frequency, u64 sample_type, u64
// read_format, u64 flags, u32 wakeup, u32 breakpoint type, ... at 72 u64 kinds
// of branches, at 80 u64 registers of the program, at 92 s32 clock. Each version
// of the kernel has added to the end.
const MIN_ATTR_BYTES = 64;
const BRANCH_TYPE_AT = 72;
const USER_REGISTERS_AT = 80;
const CLOCK_ID_AT = 92;

/**
 * How the stack of the program was recorded: by the kernel, along the frame
 * pointers; as a copy of its memory, for a reader to unwind; by the processor,
 * as branches; or not at all.
 */
export type PerfCallGraph = "frame-pointers" | "dwarf" | "branches" | "none";

/** An event that was recorded. */
export interface PerfEventAttr {
  /** Kind of event: 0 hardware, 1 software, 2 tracepoint … */
  readonly type: number;
  /** Which one of its kind. */
  readonly config: bigint;
  /** Samples per second if `isFrequency`, else events between two samples. */
  readonly periodOrFrequency: bigint;
  readonly isFrequency: boolean;
  /** What samples hold, see `PERF_SAMPLE`. */
  readonly sampleType: number;
  /** What values that samples read hold. */
  readonly readFormat: number;
  /** Flags, the first one in the lowest bit. */
  readonly flags: bigint;
  /** Whether other records end with thread and time. */
  readonly hasSampleId: boolean;
  /** How samples hold the stack of the program. */
  readonly callGraph: PerfCallGraph;
  /** Whether an index precedes the branches of a sample. */
  readonly hasBranchIndex: boolean;
  /** Which registers of the program samples hold, the first one in the lowest bit. */
  readonly userRegisters: bigint;
  /** Clock of the times, or `undefined` for the kernel's own. */
  readonly clockId: number | undefined;
  /** Name of the event where the file has none for it. */
  readonly name: string;
}

/**
 * Decodes the description of an event.
 *
 * @param bytes It, as long as the recorder made it.
 * @param littleEndian Byte order.
 * @param offset Absolute offset, for errors.
 * @returns The event.
 * @throws {FormatError} When it is shorter than the first kernels' ones.
 */
export function decodePerfAttr(
  bytes: Uint8Array,
  littleEndian: boolean,
  offset = 0,
): PerfEventAttr {
  if (bytes.length < MIN_ATTR_BYTES) {
    throw new FormatError(
      `Cannot read perf event at byte ${offset}: it has ${bytes.length} bytes, expected at least ${MIN_ATTR_BYTES}`,
      { format: "perf.data", offset },
    );
  }
  const reader = new ByteReader(bytes, {
    littleEndian,
    format: "perf.data",
    baseOffset: offset,
  });
  const type = reader.u32();
  reader.skip(4);
  const config = reader.u64();
  const periodOrFrequency = reader.u64();
  const sampleType = Number(reader.u64() & 0xffff_ffffn);
  const readFormat = Number(reader.u64() & 0xffff_ffffn);
  const rawFlags = reader.u64();
  // Bit fields begin at the other end where the highest byte comes first.
  const flags = littleEndian ? rawFlags : reverseBits(rawFlags);
  const has = (bit: number) => (flags >> BigInt(bit) & 1n) === 1n;
  const u64At = (at: number) => {
    if (bytes.length < at + 8) return 0n;
    reader.seek(at);
    return reader.u64();
  };
  const branchType = Number(u64At(BRANCH_TYPE_AT) & 0xffff_ffffn);
  const userRegisters = u64At(USER_REGISTERS_AT);
  let clockId: number | undefined;
  if (has(PERF_ATTR_FLAG.useClockId) && bytes.length >= CLOCK_ID_AT + 4) {
    reader.seek(CLOCK_ID_AT);
    clockId = reader.i32();
  }
  return {
    type,
    config,
    periodOrFrequency,
    isFrequency: has(PERF_ATTR_FLAG.freq),
    sampleType,
    readFormat,
    flags,
    hasSampleId: has(PERF_ATTR_FLAG.sampleIdAll),
    callGraph: callGraphOf(
      sampleType,
      has(PERF_ATTR_FLAG.excludeUserCallchain),
      branchType,
    ),
    hasBranchIndex: (branchType & PERF_BRANCH.hardwareIndex) !== 0,
    userRegisters,
    clockId,
    name: perfEventName(type, config),
  };
}

/**
 * @param sampleType What samples hold.
 * @returns Bytes of the thread, time and so on at the end of other records.
 */
export function perfSampleIdBytes(sampleType: number): number {
  let fields = 0;
  for (
    const bit of [
      PERF_SAMPLE.tid,
      PERF_SAMPLE.time,
      PERF_SAMPLE.id,
      PERF_SAMPLE.streamId,
      PERF_SAMPLE.cpu,
      PERF_SAMPLE.identifier,
    ]
  ) if ((sampleType & bit) !== 0) fields++;
  return fields * 8;
}

function callGraphOf(
  sampleType: number,
  excludesUser: boolean,
  branchType: number,
): PerfCallGraph {
  if ((sampleType & PERF_SAMPLE.callchain) === 0) return "none";
  if (!excludesUser) return "frame-pointers";
  if (
    (sampleType & PERF_SAMPLE.branchStack) !== 0 &&
    (branchType & PERF_BRANCH.callStack) !== 0
  ) return "branches";
  return (sampleType & PERF_SAMPLE.userStack) !== 0 ? "dwarf" : "none";
}

function reverseBits(value: bigint): bigint {
  let reversed = 0n;
  for (let bit = 0n; bit < 64n; bit++) {
    if ((value >> bit & 1n) === 1n) reversed |= 1n << (63n - bit);
  }
  return reversed;
}
