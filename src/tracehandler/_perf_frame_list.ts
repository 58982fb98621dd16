import { FRAME_TYPE } from "../profile/frame_type_table.ts";
import { rawFrameHeader } from "../profile/raw_frames.ts";
import { PERF_CONTEXT } from "./perf_event_table.ts";

const FLAG_RETURN_ADDRESS = 2;
const FLAG_PID_SPECIFIC = 4;
const KERNEL_HEADER = rawFrameHeader(FRAME_TYPE.kernel, 0, 2);
const USER_HEADER = rawFrameHeader(FRAME_TYPE.native, FLAG_PID_SPECIFIC, 2);
const WIDE_USER_HEADER = rawFrameHeader(
  FRAME_TYPE.native,
  FLAG_PID_SPECIFIC,
  3,
);
const OTHER_HEADER = rawFrameHeader(FRAME_TYPE.unknown, 0, 2);
const RETURN_ADDRESS = rawFrameHeader(0, FLAG_RETURN_ADDRESS, 0);
/** Upper half from which on an address does not fit the 52 bits of a header. */
const WIDE_HIGH = 1 << 20;
/** Upper half from which on addresses are the kernel's. */
const KERNEL_HIGH = 0x8000_0000;
/** Halves of the words of the longest frame. */
const MAX_FRAME_HALVES = 6;

/**
 * Gathers the frames of a sample, leaf first, as `encodeRawFrames` makes them:
 * of the kernel with the address in a word of its own, of the program with the
 * address in the header and a word that is 0.
 */
export class PerfFrameList {
  #halves = new Uint32Array(128 * MAX_FRAME_HALVES);
  #used = 0;
  #hasUserFrames = false;

  /** Whether no frame was added. */
  get isEmpty(): boolean {
    return this.#used === 0;
  }

  /** Whether a frame of the program was added. */
  get hasUserFrames(): boolean {
    return this.#hasUserFrames;
  }

  /** Forgets all frames. */
  clear(): void {
    this.#used = 0;
    this.#hasUserFrames = false;
  }

  /** @returns A copy of the words, in halves. */
  copy(): Uint32Array<ArrayBuffer> {
    return this.#halves.slice(0, this.#used);
  }

  /**
   * Adds a call chain. The first address behind a mark of context is exact, all
   * others are to be returned to.
   *
   * @param view Where it lies.
   * @param start Offset of its first address.
   * @param count How many addresses and marks there are.
   * @param littleEndian Byte order.
   */
  addChain(
    view: DataView,
    start: number,
    count: number,
    littleEndian: boolean,
  ): void {
    this.#reserve(count);
    const lowAt = littleEndian ? 0 : 4;
    // Chains of old recorders have no marks: then the kernel's addresses tell.
    let context = 0;
    let isFirst = true;
    for (let index = 0; index < count; index++) {
      const at = start + index * 8;
      const low = view.getUint32(at + lowAt, littleEndian);
      const high = view.getUint32(at + 4 - lowAt, littleEndian);
      if (high === 0xffff_ffff && low >= PERF_CONTEXT.first) {
        context = low;
        isFirst = true;
        continue;
      }
      if (context === PERF_CONTEXT.userDeferred) continue;
      const flag = isFirst ? 0 : RETURN_ADDRESS;
      isFirst = false;
      if (context === PERF_CONTEXT.user) this.#addUser(low, high, flag);
      else if (context === PERF_CONTEXT.kernel) {
        this.#add(KERNEL_HEADER | flag, low, high);
      } else if (context !== 0) this.#add(OTHER_HEADER | flag, low, high);
      else if (high >= KERNEL_HIGH) this.#add(KERNEL_HEADER | flag, low, high);
      else this.#addUser(low, high, flag);
    }
  }

  /**
   * Adds a frame of the program at an exact address.
   *
   * @param low Lower half of the address.
   * @param high Upper half.
   */
  addUser(low: number, high: number): void {
    this.#reserve(1);
    this.#addUser(low, high, 0);
  }

  /**
   * Adds a frame of the kernel at an exact address.
   *
   * @param low Lower half of the address.
   * @param high Upper half.
   */
  addKernel(low: number, high: number): void {
    this.#reserve(1);
    this.#add(KERNEL_HEADER, low, high);
  }

  #addUser(low: number, high: number, flag: number): void {
    this.#hasUserFrames = true;
    const halves = this.#halves;
    if (high < WIDE_HIGH) {
      halves[this.#used++] = low;
      halves[this.#used++] = (USER_HEADER | flag | high) >>> 0;
      halves[this.#used++] = 0;
      halves[this.#used++] = 0;
      return;
    }
    halves[this.#used++] = 0;
    halves[this.#used++] = (WIDE_USER_HEADER | flag) >>> 0;
    halves[this.#used++] = 0;
    halves[this.#used++] = 0;
    halves[this.#used++] = low;
    halves[this.#used++] = high;
  }

  #add(header: number, low: number, high: number): void {
    const halves = this.#halves;
    halves[this.#used++] = 0;
    halves[this.#used++] = header >>> 0;
    halves[this.#used++] = low;
    halves[this.#used++] = high;
  }

  #reserve(frames: number): void {
    const needed = this.#used + frames * MAX_FRAME_HALVES;
    if (needed <= this.#halves.length) return;
    const larger = new Uint32Array(needed * 2);
    larger.set(this.#halves.subarray(0, this.#used));
    this.#halves = larger;
  }
}
