import { assertEquals } from "@std/assert";
import { decodeTextBytes, encodeTextBytes } from "../../src/kcap/text_bytes.ts";
import { equalBytes, TextCache } from "../../src/kcap/_text_cache.ts";
import { compareUtf8 } from "../../src/kcap/compare_utf8.ts";
import { seededRandom } from "../support/mutations.ts";

const SAMPLES = [
  "",
  "61",
  "c3bc",
  "f09f9880",
  "a0",
  "61a062",
  "c3",
  "c080",
  "eda080",
  "f4908080",
  "e282",
  "efbbbf61",
  "fffe",
  "e0808061",
  "f0808080",
];

for (const hex of SAMPLES) {
  Deno.test(`decodeTextBytes keeps the bytes ${hex || "of nothing"}`, () => {
    const bytes = Uint8Array.fromHex(hex);
    assertEquals(encodeTextBytes(decodeTextBytes(bytes)), bytes);
  });
}

Deno.test("decodeTextBytes keeps 5,000 random byte strings", () => {
  const random = seededRandom(3);
  for (let round = 0; round < 5000; round++) {
    const bytes = Uint8Array.from(
      { length: random(12) },
      () => [random(256), 0x80 + random(128), 0x61, 0xf0, 0x9f][random(5)]!,
    );
    const text = decodeTextBytes(bytes);
    assertEquals(encodeTextBytes(text), bytes);
    let isValid = true;
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      isValid = false;
    }
    assertEquals(text.isWellFormed(), isValid);
  }
});

Deno.test("encodeTextBytes replaces surrogates that stand for no byte", () => {
  assertEquals(
    encodeTextBytes("a\ud800b\udc00"),
    new TextEncoder().encode("a\ufffdb\ufffd"),
  );
});

Deno.test("TextCache gives what decoding gives, again and again", () => {
  const random = seededRandom(5);
  const cache = new TextCache();
  const words = Array.from({ length: 200 }, () =>
    Uint8Array.from(
      { length: random(300) },
      () => random(20) === 0 ? random(256) : 97 + random(3),
    ));
  const all = new Uint8Array(600);
  for (let round = 0; round < 20_000; round++) {
    const word = words[random(words.length)]!;
    const at = random(200);
    all.set(word, at);
    const view = new DataView(all.buffer);
    assertEquals(
      cache.decode(all, view, at, at + word.length) ===
        decodeTextBytes(word),
      true,
    );
  }
});

Deno.test("TextCache keeps apart texts that have the same place in it", () => {
  const cache = new TextCache();
  const encoder = new TextEncoder();
  const texts = Array.from(
    { length: 50_000 },
    (_, index) => [
      `\\Device\\${index}\\the same end of all`,
      `${index % 1200}`,
      `${index}.exe`,
    ],
  ).flat();
  for (let round = 0; round < 2; round++) {
    for (const text of texts) {
      const bytes = encoder.encode(text);
      const view = new DataView(bytes.buffer);
      if (cache.decode(bytes, view, 0, bytes.length) !== text) {
        throw new Error(`wrong text for ${text}`);
      }
    }
  }
});

Deno.test("decodeTextBytes takes long damaged text in one go", () => {
  const bytes = new Uint8Array(65_535).fill(0x61);
  bytes[0] = bytes[40_000] = bytes[65_534] = 0xa0;
  const text = decodeTextBytes(bytes);
  assertEquals(text.length, bytes.length);
  assertEquals(
    [0, 1, 40_000, 65_534].map((at) => text.charCodeAt(at)),
    [0xdca0, 0x61, 0xdca0, 0xdca0],
  );
});

Deno.test("compareUtf8 orders as the bytes do", () => {
  const texts = [
    "",
    "a",
    "aa",
    "b",
    "\u00fc",
    "\uffff",
    "\u{10000}",
    "\u{1f600}",
    "\ue000",
  ];
  const encoder = new TextEncoder();
  const hex = (text: string) => encoder.encode(text).toHex();
  for (const a of texts) {
    for (const b of texts) {
      const bytes = hex(a) < hex(b) ? -1 : hex(a) > hex(b) ? 1 : 0;
      assertEquals(Math.sign(compareUtf8(a, b)), bytes, `${hex(a)} ${hex(b)}`);
    }
  }
});

Deno.test("equalBytes looks at every byte", () => {
  const random = seededRandom(8);
  const special = [0, 0x80, 0x7f, 0xff, 0xf0, 0xf8, 1];
  for (let round = 0; round < 20_000; round++) {
    const length = 4 + random(20);
    const a = Uint8Array.from(
      { length },
      () => random(3) === 0 ? special[random(special.length)]! : 0,
    );
    const b = a.slice();
    if (random(2) === 0) b[random(length)] = special[random(special.length)]!;
    assertEquals(
      equalBytes(new DataView(a.buffer), 0, new DataView(b.buffer), 0, length),
      a.toHex() === b.toHex(),
    );
  }
});
