import { assertEquals } from "@std/assert";
import {
  formatId128,
  formatId128AsBase64,
  parseId128,
} from "../../src/codec/id128.ts";
import { hashFrames, hashTrace } from "../../src/profile/trace_hash.ts";

const FILE = "0123456789abcdeffedcba9876543210";

const VECTORS: readonly [
  name: string,
  frames: readonly (readonly [file: string, address: bigint])[],
  hash: string,
  base64: string,
][] = [
  [
    "no frame",
    [],
    "6c62272e07bb014262b821756295c58d",
    "bGInLge7AUJiuCF1YpXFjQ",
  ],
  [
    "address 0",
    [[FILE, 0n]],
    "d114c3c60a8eb49a88a27bf1e9c07b1f",
    "0RTDxgqOtJqIonvx6cB7Hw",
  ],
  [
    "two frames",
    [[FILE, 4096n], [FILE, 65535n]],
    "d5cde22abf1474b8e752b4472a790692",
    "1c3iKr8UdLjnUrRHKnkGkg",
  ],
  [
    "an error",
    [["f".repeat(32), 4014n]],
    "19a45d58a57660e216bb9b5477b0941c",
    "GaRdWKV2YOIWu5tUd7CUHA",
  ],
  [
    "two frames without file",
    [["0".repeat(32), 0n], ["0".repeat(32), 0n]],
    "3565a9af571ec2883309e61706049985",
    "NWWpr1cewogzCeYXBgSZhQ",
  ],
  [
    "the highest address",
    [["00000000000000010000000000000002", 2n ** 64n - 1n]],
    "a4213773f3640e29fe9e00d06bba129d",
    "pCE3c_NkDin-ngDQa7oSnQ",
  ],
];

for (const [name, frames, hash, base64] of VECTORS) {
  Deno.test(`hashFrames gives the known hash of ${name}`, () => {
    const id = hashFrames(
      frames.map(([file, addressOrLine]) => ({
        fileId: parseId128(file),
        addressOrLine,
      })),
    );
    assertEquals(formatId128(id), hash);
    assertEquals(formatId128AsBase64(id), base64);
  });
}

Deno.test("hashTrace takes the file of the mapping, or none", () => {
  const frame = {
    type: 3,
    functionName: "f",
    functionOffset: 0,
    sourceFile: "",
    sourceLine: 0,
    sourceColumn: 0,
    address: 0n,
    mapping: undefined,
  };
  const mapping = {
    start: 0n,
    end: 0n,
    fileOffset: 0n,
    fileName: "a",
    buildId: "",
    fileId: FILE,
  };
  assertEquals(
    formatId128(hashTrace({ frames: [{ ...frame, mapping }] })),
    "d114c3c60a8eb49a88a27bf1e9c07b1f",
  );
  assertEquals(
    formatId128(hashTrace({ frames: [frame, frame] })),
    "3565a9af571ec2883309e61706049985",
  );
  const hash = { hi: 1n, lo: 2n };
  assertEquals(hashTrace({ frames: [frame], hash }), hash);
});
