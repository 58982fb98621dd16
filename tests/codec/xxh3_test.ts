import { assertEquals } from "@std/assert";
import { xxh3, xxh3Hash128 } from "../../src/codec/xxh3.ts";

/** Length, hash of 64 bits, hash of 128 bits; byte i of the input is 7i + 3. */
const VECTORS: readonly [number, string, string][] = [
  [0, "2d06800538d394c2", "99aa06d3014798d86001c324468d497f"],
  [24, "2bc2a377db6c309d", "40ad1311a1418299aee137b13b335164"],
  [64, "287eb1fa9e4be2c1", "fed953fe6a8b2b63aa549d72c69cd267"],
  [88, "60eb7a364aa1cff1", "cf09f51ffc3945e7a63d05cbfee02ab8"],
  [128, "67425a03650261bf", "1b1962a096bac78bc580008b6c92ac53"],
  [129, "c664bf3311c6abc4", "293e4968c4619023bd91ce7ace4d385b"],
  [240, "64556dc6b462a6cf", "ad46c1021b076bc704e0b5f034bee80b"],
  [241, "8beadd3a8874fe17", "ac6c3492c3d6b45d8beadd3a8874fe17"],
  [1024, "9b81661c641c72b1", "18bc0eaca9a336369b81661c641c72b1"],
  [3136, "0f49fc5ac734d2bf", "7a1599cf81cfc67c0f49fc5ac734d2bf"],
];

function input(length: number): Uint8Array {
  return new Uint8Array(length).map((_, index) => (7 * index + 3) & 255);
}

function hex(value: bigint): string {
  return value.toString(16).padStart(16, "0");
}

for (const [length, short, long] of VECTORS) {
  Deno.test(`xxh3 gives the known hashes of ${length} bytes`, () => {
    const bytes = input(length);
    assertEquals(hex(xxh3(bytes)), short);
    const { hi, lo } = xxh3Hash128(bytes);
    assertEquals(hex(hi) + hex(lo), long);
  });
}

Deno.test("xxh3 hashes a view by what it shows", () => {
  const whole = input(400);
  const view = whole.subarray(3, 303);
  assertEquals(xxh3(view), xxh3(view.slice()));
  assertEquals(xxh3Hash128(view), xxh3Hash128(view.slice()));
});

// Every path of the algorithm, as the sum of the hashes of all lengths to 1,300;
// the sums agree with those of a hash made by the reference library.
Deno.test("xxh3 keeps its hashes over all short lengths", () => {
  let short = 0n;
  let long = 0n;
  for (let length = 0; length <= 1300; length++) {
    const bytes = input(length);
    short = BigInt.asUintN(64, short * 31n + xxh3(bytes));
    const { hi, lo } = xxh3Hash128(bytes);
    long = BigInt.asUintN(128, long * 31n + ((hi << 64n) | lo));
  }
  assertEquals(hex(short), "df5b09a364f2e942");
  assertEquals(long.toString(16), "d65ed25a4ba5f5afc55ea2d03d84b578");
});
