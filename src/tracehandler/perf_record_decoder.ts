import { PerfFrameList } from "./_perf_frame_list.ts";
import { type PerfEventAttr, perfSampleIdBytes } from "./perf_attr_decoder.ts";
import { PERF_MISC, PERF_RECORD, PERF_SAMPLE } from "./perf_event_table.ts";
import type {
  PerfCommRecord,
  PerfKernelSymbolRecord,
  PerfLostRecord,
  PerfMmapRecord,
  PerfRecord,
  PerfSampleRecord,
  PerfTaskRecord,
} from "./perf_record_types.ts";

// Header: u32 type, u16 misc, u16 size with the header.
const HEADER_BYTES = 8;
const BIT_32 = 2 ** 32;
const NO_PID = 0xffff_ffff;
const BRANCH_BYTES = 24;

/** Why a record cannot be decoded. */
export interface PerfRecordFault {
  readonly type: "fault";
  readonly detail: string;
}

/** Where records lie. */
export interface PerfRecordBytes {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  /** Offset of the record's header in them. */
  readonly at: number;
  /** Its size with the header; it lies within the bytes. */
  readonly size: number;
}

/** Fields of a sample before the call chain that always have 8 bytes. */
const FIXED_SAMPLE_BITS = PERF_SAMPLE.identifier | PERF_SAMPLE.ip |
  PERF_SAMPLE.tid | PERF_SAMPLE.time | PERF_SAMPLE.addr | PERF_SAMPLE.id |
  PERF_SAMPLE.streamId | PERF_SAMPLE.cpu | PERF_SAMPLE.period;

/**
 * Decodes the kernel's records of one event, of a file or of a ring buffer.
 *
 * Samples get the frames of their call chain. Where the recorder left the stack
 * of the program to the processor, its branches that are calls are the rest of
 * the frames; where it left it to the reader, as a copy of memory, just the
 * place where the program was is.
 */
export class PerfRecordDecoder {
  readonly #attr: PerfEventAttr;
  readonly #sampleType: number;
  readonly #sampleIdBytes: number;
  readonly #littleEndian: boolean;
  /** What every sample stands for where they do not say. */
  readonly #fixedPeriod: number;
  /** Index of the instruction's address among the registers, -1 where unknown. */
  readonly #instructionIndex: number;
  readonly #frames = new PerfFrameList();

  /**
   * @param attr The event.
   * @param littleEndian Byte order.
   */
  constructor(attr: PerfEventAttr, littleEndian: boolean) {
    this.#attr = attr;
    this.#sampleType = attr.sampleType;
    this.#sampleIdBytes = attr.hasSampleId
      ? perfSampleIdBytes(attr.sampleType)
      : 0;
    this.#littleEndian = littleEndian;
    this.#fixedPeriod = attr.isFrequency ? 0 : Number(attr.periodOrFrequency);
    this.#instructionIndex = indexOfInstruction(attr.userRegisters);
  }

  /**
   * Decodes a record.
   *
   * @param record Where it lies.
   * @param type Its kind.
   * @param misc Its flags.
   * @returns The record; `undefined` for kinds that are not looked at.
   */
  decode(
    record: PerfRecordBytes,
    type: number,
    misc: number,
  ): PerfRecord | PerfRecordFault | undefined {
    switch (type) {
      case PERF_RECORD.sample:
        return this.#sample(record, misc);
      case PERF_RECORD.mmap:
      case PERF_RECORD.mmap2:
        return this.#mmap(record, type === PERF_RECORD.mmap2, misc);
      case PERF_RECORD.comm:
        return this.#comm(record, misc);
      case PERF_RECORD.fork:
      case PERF_RECORD.exit:
        return this.#task(
          record,
          type === PERF_RECORD.fork ? "fork" : "exit",
          misc,
        );
      case PERF_RECORD.lost:
        return this.#lost(record, HEADER_BYTES + 8, false);
      case PERF_RECORD.lostSamples:
        return this.#lost(record, HEADER_BYTES, true);
      case PERF_RECORD.kernelSymbol:
        return this.#kernelSymbol(record);
      case PERF_RECORD.throttle:
      case PERF_RECORD.unthrottle:
        return {
          type: type === PERF_RECORD.throttle ? "throttle" : "unthrottle",
          timeNs: record.size < HEADER_BYTES + 8
            ? this.#timeOf(record)
            : this.#u64(record.view, record.at + HEADER_BYTES),
        };
      default:
        return undefined;
    }
  }

  /**
   * Finds of which event a sample is.
   *
   * @param record Where it lies.
   * @returns The id, or `undefined` where samples have none.
   */
  idOfSample({ view, at, size }: PerfRecordBytes): bigint | undefined {
    const type = this.#sampleType;
    let place = at + HEADER_BYTES;
    if ((type & PERF_SAMPLE.identifier) === 0) {
      if ((type & PERF_SAMPLE.id) === 0) return undefined;
      for (
        const bit of [
          PERF_SAMPLE.ip,
          PERF_SAMPLE.tid,
          PERF_SAMPLE.time,
          PERF_SAMPLE.addr,
        ]
      ) if ((type & bit) !== 0) place += 8;
    }
    return place + 8 <= at + size
      ? view.getBigUint64(place, this.#littleEndian)
      : undefined;
  }

  /**
   * Finds of which event a record is that is no sample.
   *
   * @param record Where it lies.
   * @returns The id, or `undefined` where such records have none.
   */
  idOfOther({ view, at, size }: PerfRecordBytes): bigint | undefined {
    if (
      (this.#sampleType & PERF_SAMPLE.identifier) === 0 ||
      this.#sampleIdBytes === 0 || size < HEADER_BYTES + this.#sampleIdBytes
    ) return undefined;
    return view.getBigUint64(at + size - 8, this.#littleEndian);
  }

  #sample(
    record: PerfRecordBytes,
    misc: number,
  ): PerfSampleRecord | PerfRecordFault {
    const { view, at, size } = record;
    const type = this.#sampleType;
    const end = at + size;
    const order = this.#littleEndian;
    let place = at + HEADER_BYTES;
    const cut: PerfRecordFault = {
      type: "fault",
      detail: `sample of ${size} bytes is cut`,
    };
    const fixed = countBits(type & FIXED_SAMPLE_BITS) * 8;
    if (place + fixed > end) return cut;
    if ((type & PERF_SAMPLE.identifier) !== 0) place += 8;
    let ipAt = -1;
    if ((type & PERF_SAMPLE.ip) !== 0) {
      ipAt = place;
      place += 8;
    }
    let pid = 0;
    let tid = 0;
    let timeAt = -1;
    let cpu = -1;
    let period = this.#fixedPeriod;
    if ((type & PERF_SAMPLE.tid) !== 0) {
      pid = view.getInt32(place, order);
      tid = view.getInt32(place + 4, order);
      place += 8;
    }
    if ((type & PERF_SAMPLE.time) !== 0) {
      timeAt = place;
      place += 8;
    }
    for (
      const bit of [PERF_SAMPLE.addr, PERF_SAMPLE.id, PERF_SAMPLE.streamId]
    ) if ((type & bit) !== 0) place += 8;
    if ((type & PERF_SAMPLE.cpu) !== 0) {
      cpu = view.getUint32(place, order);
      place += 8;
    }
    if ((type & PERF_SAMPLE.period) !== 0) {
      period = this.#u64(view, place);
      place += 8;
    }
    if ((type & PERF_SAMPLE.read) !== 0) {
      const readBytes = this.#readBytes(view, place, end);
      if (readBytes === undefined) return cut;
      place += readBytes;
    }
    const frames = this.#frames;
    frames.clear();
    if ((type & PERF_SAMPLE.callchain) !== 0) {
      if (place + 8 > end) return cut;
      const count = this.#u64(view, place);
      place += 8;
      if (count > (end - place) / 8) {
        return {
          type: "fault",
          detail: `call chain of ${count} addresses does not fit ${
            end - place
          } bytes`,
        };
      }
      frames.addChain(view, place, count, order);
      place += count * 8;
    }
    const mode = misc & PERF_MISC.cpuModeMask;
    let lacksUserStack = false;
    if (this.#attr.callGraph === "branches") {
      lacksUserStack = !this.#addBranches(view, place, end);
    } else if (this.#attr.callGraph === "dwarf") {
      lacksUserStack = mode === PERF_MISC.user ||
        this.#addInstruction(view, place, end);
    }
    if (ipAt >= 0 && !frames.hasUserFrames) {
      const low = view.getUint32(order ? ipAt : ipAt + 4, order);
      const high = view.getUint32(order ? ipAt + 4 : ipAt, order);
      if (mode === PERF_MISC.user) frames.addUser(low, high);
      else if (mode === PERF_MISC.kernel && frames.isEmpty) {
        frames.addKernel(low, high);
      }
    }
    return {
      type: "sample",
      timeNs: timeAt < 0 ? 0 : this.#u64(view, timeAt),
      time: timeAt < 0 ? 0n : view.getBigUint64(timeAt, order),
      pid,
      tid,
      cpu,
      period,
      frameData: frames.copy(),
      lacksUserStack,
    };
  }

  /** @returns Whether there was a stack of branches. */
  #addBranches(view: DataView, start: number, end: number): boolean {
    let place = this.#skipRaw(view, start, end);
    if (place + 8 > end) return false;
    const count = this.#u64(view, place);
    place += this.#attr.hasBranchIndex ? 16 : 8;
    if (count === 0 || count > (end - place) / BRANCH_BYTES) return false;
    const order = this.#littleEndian;
    const add = (at: number) =>
      this.#frames.addUser(
        view.getUint32(order ? at : at + 4, order),
        view.getUint32(order ? at + 4 : at, order),
      );
    // Where the newest call went to, then from where each was made.
    add(place + 8);
    for (let index = 0; index < count; index++) {
      add(place + index * BRANCH_BYTES);
    }
    return true;
  }

  /** Adds where the program was. @returns Whether it was anywhere. */
  #addInstruction(view: DataView, start: number, end: number): boolean {
    let place = this.#skipRaw(view, start, end);
    if ((this.#sampleType & PERF_SAMPLE.branchStack) !== 0) {
      if (place + 8 > end) return false;
      const count = this.#u64(view, place);
      place += (this.#attr.hasBranchIndex ? 16 : 8) + count * BRANCH_BYTES;
    }
    if (
      (this.#sampleType & PERF_SAMPLE.userRegisters) === 0 || place + 8 > end ||
      this.#u64(view, place) === 0
    ) return false;
    const at = place + 8 + this.#instructionIndex * 8;
    if (this.#instructionIndex >= 0 && at + 8 <= end) {
      const order = this.#littleEndian;
      this.#frames.addUser(
        view.getUint32(order ? at : at + 4, order),
        view.getUint32(order ? at + 4 : at, order),
      );
    }
    return true;
  }

  #skipRaw(view: DataView, place: number, end: number): number {
    return (this.#sampleType & PERF_SAMPLE.raw) !== 0 && place + 4 <= end
      ? place + 4 + view.getUint32(place, this.#littleEndian)
      : place;
  }

  /** Size of the values that a sample read. */
  #readBytes(view: DataView, at: number, end: number): number | undefined {
    const format = this.#attr.readFormat;
    const isGroup = (format & 8) !== 0;
    const times = countBits(format & 3);
    const perValue = 1 + countBits(format & 0x14);
    if (!isGroup) return (times + perValue) * 8;
    if (at + 8 > end) return undefined;
    const count = this.#u64(view, at);
    const size = (1 + times + count * perValue) * 8;
    return at + size <= end ? size : undefined;
  }

  #mmap(
    record: PerfRecordBytes,
    isSecond: boolean,
    misc: number,
  ): PerfMmapRecord | PerfRecordFault {
    const { view, bytes, at, size } = record;
    const nameAt = isSecond ? 72 : 40;
    if (size < nameAt) {
      return { type: "fault", detail: `mapping of ${size} bytes is cut` };
    }
    const order = this.#littleEndian;
    const pid = view.getUint32(at + 8, order);
    let buildId = "";
    if (isSecond && (misc & PERF_MISC.mmapBuildId) !== 0) {
      const length = Math.min(bytes[at + 40]!, 20);
      buildId = bytes.subarray(at + 44, at + 44 + length).toHex();
    }
    return {
      type: "mmap",
      timeNs: this.#timeOf(record),
      pid: pid === NO_PID ? -1 : pid,
      tid: view.getUint32(at + 12, order),
      start: view.getBigUint64(at + 16, order),
      length: view.getBigUint64(at + 24, order),
      pageOffset: view.getBigUint64(at + 32, order),
      fileName: textAt(bytes, at + nameAt, at + size),
      buildId,
      isData: (misc & PERF_MISC.mmapData) !== 0,
    };
  }

  #comm(
    record: PerfRecordBytes,
    misc: number,
  ): PerfCommRecord | PerfRecordFault {
    const { view, bytes, at, size } = record;
    if (size < HEADER_BYTES + 8) {
      return { type: "fault", detail: `name of ${size} bytes is cut` };
    }
    return {
      type: "comm",
      timeNs: this.#timeOf(record),
      pid: view.getUint32(at + 8, this.#littleEndian),
      tid: view.getUint32(at + 12, this.#littleEndian),
      comm: textAt(bytes, at + 16, at + size - this.#sampleIdBytes),
      isExec: (misc & PERF_MISC.commExec) !== 0,
    };
  }

  #task(
    { view, at, size }: PerfRecordBytes,
    type: "fork" | "exit",
    misc: number,
  ): PerfTaskRecord | PerfRecordFault {
    if (size < 32) {
      return { type: "fault", detail: `task of ${size} bytes is cut` };
    }
    const order = this.#littleEndian;
    return {
      type,
      timeNs: this.#u64(view, at + 24),
      pid: view.getUint32(at + 8, order),
      parentPid: view.getUint32(at + 12, order),
      tid: view.getUint32(at + 16, order),
      parentTid: view.getUint32(at + 20, order),
      isOfRunning: type === "fork" && (misc & PERF_MISC.forkOfRunning) !== 0,
    };
  }

  #lost(
    record: PerfRecordBytes,
    countAt: number,
    isOfSamples: boolean,
  ): PerfLostRecord | PerfRecordFault {
    if (record.size < countAt + 8) {
      return { type: "fault", detail: `loss of ${record.size} bytes is cut` };
    }
    return {
      type: "lost",
      timeNs: this.#timeOf(record),
      count: this.#u64(record.view, record.at + countAt),
      isOfSamples,
    };
  }

  #kernelSymbol(
    record: PerfRecordBytes,
  ): PerfKernelSymbolRecord | PerfRecordFault {
    const { view, bytes, at, size } = record;
    if (size < 24) {
      return { type: "fault", detail: `symbol of ${size} bytes is cut` };
    }
    const order = this.#littleEndian;
    return {
      type: "kernel-symbol",
      timeNs: this.#timeOf(record),
      address: view.getBigUint64(at + 8, order),
      length: view.getUint32(at + 16, order),
      isRemoved: (view.getUint16(at + 22, order) & 1) !== 0,
      name: textAt(bytes, at + 24, at + size - this.#sampleIdBytes),
    };
  }

  /** Time at the end of a record that is no sample, 0 where it has none. */
  #timeOf({ view, at, size }: PerfRecordBytes): number {
    const type = this.#sampleType;
    if (
      this.#sampleIdBytes === 0 || (type & PERF_SAMPLE.time) === 0 ||
      size < HEADER_BYTES + this.#sampleIdBytes
    ) return 0;
    const idAt = at + size - this.#sampleIdBytes;
    return this.#u64(view, idAt + ((type & PERF_SAMPLE.tid) !== 0 ? 8 : 0));
  }

  #u64(view: DataView, at: number): number {
    const order = this.#littleEndian;
    const low = view.getUint32(order ? at : at + 4, order);
    const high = view.getUint32(order ? at + 4 : at, order);
    return high * BIT_32 + low;
  }
}

/** The x86 and aarch64 recorders ask for all general registers. */
function indexOfInstruction(registers: bigint): number {
  const place = (registers >> 32n & 1n) === 1n
    ? 32n
    : (registers & 0xff_0100n) === 0xff_0100n
    ? 8n
    : undefined;
  if (place === undefined) return -1;
  let index = 0;
  for (let bit = 0n; bit < place; bit++) {
    if ((registers >> bit & 1n) === 1n) index++;
  }
  return index;
}

function countBits(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

function textAt(bytes: Uint8Array, start: number, end: number): string {
  const limit = Math.max(start, end);
  let stop = start;
  while (stop < limit && bytes[stop] !== 0) stop++;
  return utf8.decode(bytes.subarray(start, stop));
}
