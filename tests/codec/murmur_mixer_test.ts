import { assertEquals } from "@std/assert";
import { mixUint32, mixUint64 } from "../../src/codec/murmur_mixer.ts";

Deno.test("mixUint32 and mixUint64 give the known results", () => {
  assertEquals(mixUint32(2), 821347078);
  assertEquals(mixUint32(0x12345678), 3816608188);
  assertEquals(mixUint64(2n), 4233148493373801447n);
  assertEquals(mixUint64(0x123456789abcdef0n), 1781385183907554200n);
});
