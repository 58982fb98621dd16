import { assertEquals } from "@std/assert";
import { Fnv1a128, fnv1a64 } from "../../src/codec/fnv1a.ts";

function hash128(text: string): string {
  return new Fnv1a128().update(new TextEncoder().encode(text)).digest().toHex();
}

Deno.test("Fnv1a128 gives the known hashes of texts", () => {
  assertEquals(hash128(""), "6c62272e07bb014262b821756295c58d");
  assertEquals(hash128("abc"), "a68d622cec8b5822836dbc7977af7f3b");
  assertEquals(hash128("brokenstack"), "b4ecf2eb7062fefb6126c197c9d9d9b0");
  assertEquals(
    hash128("ed7680c940426f1e17fc6bb108c1c4446b49c67f"),
    "8385b6675dcccdac20fc2048405aa2ef",
  );
});

Deno.test("Fnv1a128 agrees with arithmetic on 128-bit integers", () => {
  const bytes = new Uint8Array(997).map((_, index) => (index * 37 + 11) & 255);
  let expected = 0x6c62272e07bb014262b821756295c58dn;
  const prime = (1n << 88n) + 0x13bn;
  const hash = new Fnv1a128();
  for (let at = 0; at < bytes.length; at += 13) {
    const piece = bytes.subarray(at, at + 13);
    hash.update(piece);
    for (const byte of piece) {
      expected = BigInt.asUintN(128, (expected ^ BigInt(byte)) * prime);
    }
    assertEquals(
      hash.digest().toHex(),
      expected.toString(16).padStart(32, "0"),
    );
  }
});

Deno.test("fnv1a64 gives the known hashes", () => {
  const indexes = new Uint8Array(Int32Array.of(1, 2, 3).buffer);
  assertEquals(fnv1a64(indexes).toString(16), "fd1f0f4381eb0395");
  assertEquals(fnv1a64(new Uint8Array(0)).toString(16), "cbf29ce484222325");
});
