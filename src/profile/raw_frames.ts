import type { RawFrame, RawTrace } from "./raw_trace.ts";

// Header word of a frame: bits 63..60 type, 59..56 flags (1 error, 2 return
// address, 4 of one process), 55..52 length in words with the header, 51..0
// data. In the upper 32-bit half all but the data start at bit 20.
const FLAG_ERROR = 1;
const FLAG_RETURN_ADDRESS = 2;
const FLAG_PID_SPECIFIC = 4;
const BIT_32 = 2 ** 32;
/** Most words of one frame. */
export const MAX_RAW_FRAME_WORDS = 15;

/** @param half Upper half of a header word. @returns Type of the frame. */
export function rawFrameType(half: number): number {
  return half >>> 28;
}

/** @param half Upper half of a header word. @returns Words of the frame, the header included. */
export function rawFrameLength(half: number): number {
  return (half >>> 20) & 15;
}

/** @param half Upper half of a header word. @returns Whether the frame is an error. */
export function isRawErrorFrame(half: number): boolean {
  return ((half >>> 24) & FLAG_ERROR) !== 0;
}

/** @param half Upper half of a header word. @returns Whether the frame belongs to one process. */
export function isRawPidSpecific(half: number): boolean {
  return ((half >>> 24) & FLAG_PID_SPECIFIC) !== 0;
}

/**
 * @param words Words of a trace.
 * @param at Index of a header word; the frame lies within the words.
 * @returns The frame.
 */
export function rawFrameAt(words: Uint32Array, at: number): RawFrame {
  const half = words[at * 2 + 1]!;
  const flags = (half >>> 24) & 15;
  const length = rawFrameLength(half);
  const rest: bigint[] = [];
  for (let word = at + 1; word < at + length; word++) {
    rest.push(rawWordAt(words, word));
  }
  return {
    type: rawFrameType(half),
    isError: (flags & FLAG_ERROR) !== 0,
    isReturnAddress: (flags & FLAG_RETURN_ADDRESS) !== 0,
    isPidSpecific: (flags & FLAG_PID_SPECIFIC) !== 0,
    data: (half & 0xfffff) * BIT_32 + words[at * 2]!,
    words: rest,
  };
}

/** @param words Words of a trace. @param at Index of a word. @returns The word. */
export function rawWordAt(words: Uint32Array, at: number): bigint {
  return (BigInt(words[at * 2 + 1]!) << 32n) | BigInt(words[at * 2]!);
}

/**
 * Takes the words of a trace apart.
 *
 * @param trace A trace.
 * @returns Addresses of the kernel and frames, leaf first.
 * @throws {RangeError} When a frame has no length or reaches behind the words.
 *
 * @example Words and back
 * ```ts
 * import {
 *   decodeRawFrames,
 *   encodeRawFrames,
 * } from "../../src/profile/raw_frames.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const frames = [{
 *   type: 3,
 *   isError: false,
 *   isReturnAddress: true,
 *   isPidSpecific: false,
 *   data: 0x1234,
 *   words: [7n],
 * }];
 * const frameData = encodeRawFrames(frames, [0xffffffff81000000n]);
 * const decoded = decodeRawFrames({ frameData, kernelFrameCount: 1 });
 * assertEquals(decoded.frames, frames);
 * assertEquals(decoded.kernelAddresses, [0xffffffff81000000n]);
 * ```
 */
export function decodeRawFrames(
  trace: Pick<RawTrace, "frameData" | "kernelFrameCount">,
): { kernelAddresses: readonly bigint[]; frames: readonly RawFrame[] } {
  const { frameData: words, kernelFrameCount } = trace;
  const fault = findRawFrameFault(words, kernelFrameCount);
  if (fault !== undefined) {
    throw new RangeError(`Cannot read raw frames: ${fault}`);
  }
  const kernelAddresses: bigint[] = [];
  for (let at = 0; at < kernelFrameCount; at++) {
    kernelAddresses.push(rawWordAt(words, at));
  }
  const frames: RawFrame[] = [];
  for (let at = kernelFrameCount; at < words.length / 2;) {
    frames.push(rawFrameAt(words, at));
    at += rawFrameLength(words[at * 2 + 1]!);
  }
  return { kernelAddresses, frames };
}

/**
 * Looks for what would make a reader of the words go wrong.
 *
 * @param words Words of a trace.
 * @param kernelFrameCount Words at their start that are addresses.
 * @returns What is wrong with which word, or `undefined`.
 */
export function findRawFrameFault(
  words: Uint32Array,
  kernelFrameCount: number,
): string | undefined {
  const count = words.length / 2;
  if (kernelFrameCount > count) {
    return `${kernelFrameCount} kernel frames do not fit ${count} words`;
  }
  for (let at = kernelFrameCount; at < count;) {
    const length = rawFrameLength(words[at * 2 + 1]!);
    if (length === 0) return `frame at word ${at} has length 0`;
    if (at + length > count) {
      return `frame at word ${at} has ${length} words, ${count - at} are left`;
    }
    at += length;
  }
  return undefined;
}

/**
 * Makes the words of a trace.
 *
 * @param frames Frames, leaf first; the data of each is cut to 52 bits.
 * @param kernelAddresses Addresses of the kernel, leaf first.
 * @returns The words.
 * @throws {RangeError} When a frame has more than 14 words beside its header.
 */
export function encodeRawFrames(
  frames: readonly RawFrame[],
  kernelAddresses: readonly bigint[] = [],
): Uint32Array<ArrayBuffer> {
  let count = kernelAddresses.length;
  for (const { words } of frames) {
    if (words.length >= MAX_RAW_FRAME_WORDS) {
      throw new RangeError(
        `Cannot make raw frame: it has ${words.length} words, expected at most ${
          MAX_RAW_FRAME_WORDS - 1
        }`,
      );
    }
    count += 1 + words.length;
  }
  const data = new Uint32Array(count * 2);
  let at = 0;
  const addWord = (word: bigint) => {
    data[at++] = Number(word & 0xffffffffn);
    data[at++] = Number((word >> 32n) & 0xffffffffn);
  };
  for (const address of kernelAddresses) addWord(address);
  for (const frame of frames) {
    data[at++] = frame.data % BIT_32;
    data[at++] = rawFrameHeader(
      frame.type,
      rawFrameFlags(frame),
      1 + frame.words.length,
    ) | (Math.floor(frame.data / BIT_32) & 0xfffff);
    for (const word of frame.words) addWord(word);
  }
  return data;
}

/**
 * @param type Type of a frame, from 0 to 15.
 * @param flags What {@linkcode rawFrameFlags} gives.
 * @param length Words of the frame, the header included.
 * @returns Upper half of its header word, without data.
 */
export function rawFrameHeader(
  type: number,
  flags: number,
  length: number,
): number {
  return ((type << 28) | (flags << 24) | (length << 20)) >>> 0;
}

/** @param frame A frame. @returns The flags of its header. */
export function rawFrameFlags(
  frame: Pick<RawFrame, "isError" | "isReturnAddress" | "isPidSpecific">,
): number {
  return (frame.isError ? FLAG_ERROR : 0) |
    (frame.isReturnAddress ? FLAG_RETURN_ADDRESS : 0) |
    (frame.isPidSpecific ? FLAG_PID_SPECIFIC : 0);
}
