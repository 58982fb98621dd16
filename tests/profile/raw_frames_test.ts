import { assertEquals, assertThrows } from "@std/assert";
import {
  decodeRawFrames,
  encodeRawFrames,
  findRawFrameFault,
} from "../../src/profile/raw_frames.ts";

const FRAME = {
  type: 3,
  isError: false,
  isReturnAddress: true,
  isPidSpecific: true,
  data: 2 ** 52 - 1,
  words: [2n ** 64n - 1n, 0n],
};

Deno.test("encodeRawFrames and decodeRawFrames keep every bit", () => {
  const error = { ...FRAME, type: 15, isError: true, data: 0, words: [] };
  const kernel = [0xffffffff81000000n, 1n];
  const frameData = encodeRawFrames([FRAME, error], kernel);
  const decoded = decodeRawFrames({ frameData, kernelFrameCount: 2 });
  assertEquals(decoded, { kernelAddresses: kernel, frames: [FRAME, error] });
});

Deno.test("encodeRawFrames makes the header that the layout asks for", () => {
  const [low, high] = encodeRawFrames([
    { ...FRAME, isPidSpecific: false, data: 22136, words: [7n] },
  ]);
  assertEquals(low, 22136);
  assertEquals(high! >>> 0, 0x32200000);
});

Deno.test("encodeRawFrames refuses a frame of more than 15 words", () => {
  const words = new Array<bigint>(15).fill(0n);
  assertThrows(() => encodeRawFrames([{ ...FRAME, words }]), RangeError);
});

Deno.test("findRawFrameFault names the word that cannot be right", () => {
  assertEquals(
    findRawFrameFault(Uint32Array.of(0, 0x30000000), 0),
    "frame at word 0 has length 0",
  );
  assertEquals(
    findRawFrameFault(Uint32Array.of(0, 0x30100000, 0, 0x30200000), 0),
    "frame at word 1 has 2 words, 1 are left",
  );
  assertEquals(
    findRawFrameFault(new Uint32Array(2), 2),
    "2 kernel frames do not fit 1 words",
  );
  assertThrows(
    () =>
      decodeRawFrames({ frameData: new Uint32Array(2), kernelFrameCount: 0 }),
    RangeError,
  );
});
