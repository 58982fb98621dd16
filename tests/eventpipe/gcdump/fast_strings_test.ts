import { assertEquals } from "@std/assert";
import {
  decodeFastString,
  encodeFastString,
} from "../../../src/eventpipe/gcdump/fast_strings.ts";

for (
  const [text, hex] of [
    ["", ""],
    ["Node", "4e6f6465"],
    ["é€", "c3a9e282ac"],
    // Each half of the pair by itself.
    ["😀", "eda0bdedb880"],
    ["\ud83d", "eda0bd"],
  ] as const
) {
  Deno.test(`encodeFastString of ${JSON.stringify(text)} is read back`, () => {
    const bytes = encodeFastString(text);
    assertEquals(bytes.toHex(), hex);
    assertEquals(decodeFastString(bytes, 0, text.length), {
      text,
      end: bytes.length,
    });
  });
}

Deno.test("decodeFastString reads a long text from the middle", () => {
  const text = "Überlänge ".repeat(1000);
  const bytes = encodeFastString(`ab${text}c`);
  assertEquals(decodeFastString(bytes, 2, text.length)?.text, text);
});

Deno.test("decodeFastString refuses what is no text or is cut", () => {
  const refused = [[0xff], [0x80], [0xe2, 0x82], [0xc3], []];
  for (const bytes of refused) {
    assertEquals(decodeFastString(Uint8Array.from(bytes), 0, 1), undefined);
  }
});
