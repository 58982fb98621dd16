import { assertEquals } from "@std/assert";
import {
  readCompressedInt,
  writeCompressedInt,
} from "../../../src/eventpipe/gcdump/compressed_int.ts";

for (
  const [value, hex] of [
    [0, "00"],
    [63, "3f"],
    [-1, "7f"],
    [-64, "40"],
    [64, "8040"],
    [-65, "ff3f"],
    [8191, "bf7f"],
    [8192, "80c000"],
    [1_048_576, "80c08000"],
    [134_217_728, "80c0808000"],
    [2_147_483_647, "87ffffff7f"],
    [-2_147_483_648, "f880808000"],
  ] as const
) {
  Deno.test(`writeCompressedInt writes ${value} in ${hex.length / 2} bytes that readCompressedInt reads`, () => {
    const bytes: number[] = [];
    writeCompressedInt((byte) => bytes.push(byte), value);
    assertEquals(Uint8Array.from(bytes).toHex(), hex);
    const cursor = { bytes: Uint8Array.from([9, ...bytes, 9]), at: 1 };
    assertEquals(readCompressedInt(cursor), value);
    assertEquals(cursor.at, 1 + bytes.length);
  });
}

Deno.test("readCompressedInt takes all bits of a fifth byte", () => {
  const cursor = {
    bytes: new Uint8Array([0x80, 0x80, 0x80, 0x80, 0xff]),
    at: 0,
  };
  assertEquals(readCompressedInt(cursor), 255);
});

Deno.test("readCompressedInt tells when bytes end", () => {
  for (const bytes of [[], [0x80], [0x80, 0x80, 0x80, 0x80]]) {
    const cursor = { bytes: Uint8Array.from(bytes), at: 0 };
    assertEquals(readCompressedInt(cursor), undefined);
  }
});
