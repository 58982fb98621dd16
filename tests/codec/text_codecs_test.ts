import { assertEquals, assertThrows } from "@std/assert";
import { formatGuid, parseGuid } from "../../src/codec/guid.ts";
import { sha1 } from "../../src/codec/sha1.ts";
import { decodeUtf16le, encodeUtf16le } from "../../src/codec/utf16.ts";

Deno.test("decodeUtf16le keeps lone surrogates and byte order marks", () => {
  const text = "\ufeffa\ud800b🦕\u0000";
  assertEquals(decodeUtf16le(encodeUtf16le(text)), text);
});

Deno.test("decodeUtf16le reads at odd addresses and drops an odd last byte", () => {
  const bytes = new Uint8Array([0, 0x61, 0, 0x62, 0, 0x63]);
  assertEquals(decodeUtf16le(bytes.subarray(1)), "ab");
});

Deno.test("decodeUtf16le reads long texts", () => {
  const text = "x€".repeat(50_000);
  assertEquals(decodeUtf16le(encodeUtf16le(text)) === text, true);
});

Deno.test("formatGuid and parseGuid use .NET's byte order", () => {
  const bytes = Uint8Array.fromHex("230d3ce1bccc124e931bd9cc2eee27e4");
  const text = "e13c0d23-ccbc-4e12-931b-d9cc2eee27e4";
  assertEquals(formatGuid(bytes), text);
  assertEquals(parseGuid(`{${text.toUpperCase()}}`), bytes);
  assertThrows(() => parseGuid("e13c0d23"), SyntaxError, "Cannot read GUID");
});

for (const length of [0, 1, 55, 56, 63, 64, 65, 1000]) {
  Deno.test(`sha1 agrees with Web Crypto on ${length} bytes`, async () => {
    const message = Uint8Array.from({ length }, (_, index) => index * 7);
    const expected = new Uint8Array(
      await crypto.subtle.digest("SHA-1", message),
    );
    assertEquals(sha1(message), expected);
  });
}
