import { assertEquals, assertThrows } from "@std/assert";
import { formatBytes, parseByteSize } from "../../src/base/byte_size.ts";
import { formatDurationNs, parseDurationNs } from "../../src/base/duration.ts";
import { toJsonText } from "../../src/base/json_text.ts";
import { nearestWord } from "../../src/base/nearest.ts";
import { escapeForTerminal } from "../../src/base/terminal_text.ts";

Deno.test("parseDurationNs reads units, sums and bare seconds", () => {
  assertEquals(
    ["500ms", "1.5s", "2m30s", "10", "3us", "7ns", "1h", "1d"].map(
      parseDurationNs,
    ),
    [5e8, 1.5e9, 150e9, 10e9, 3000, 7, 3600e9, 86_400e9],
  );
});

for (const text of ["", "s", "1x", "1s garbage", "-1s"]) {
  Deno.test(`parseDurationNs refuses "${text}"`, () => {
    assertThrows(
      () => parseDurationNs(text),
      SyntaxError,
      "Cannot read duration",
    );
  });
}

Deno.test("formatDurationNs picks a unit that reads easily", () => {
  assertEquals(
    [0, 999, 1500, 17_300_000, 1.25e9, 125e9, 7300e9, -2e9].map(
      formatDurationNs,
    ),
    [
      "0 ns",
      "999 ns",
      "1.5 µs",
      "17.3 ms",
      "1.25 s",
      "2 min 5 s",
      "2 h 1 min",
      "-2 s",
    ],
  );
});

Deno.test("parseByteSize tells binary from decimal units", () => {
  assertEquals(
    ["512", "1k", "64KiB", "10MB", "1.5M", "2GiB", "3 b"].map(parseByteSize),
    [512, 1024, 65_536, 10_000_000, 1_572_864, 2 ** 31, 3],
  );
});

Deno.test("parseByteSize refuses what is no size", () => {
  for (const text of ["", "M", "1X", "-1"]) {
    assertThrows(() => parseByteSize(text), SyntaxError, "Cannot read size");
  }
});

Deno.test("formatBytes picks a unit that reads easily", () => {
  assertEquals([0, 1023, 1536, 29_633_114, 2 ** 40, -2048].map(formatBytes), [
    "0 bytes",
    "1023 bytes",
    "1.5 KiB",
    "28.3 MiB",
    "1 TiB",
    "-2 KiB",
  ]);
});

Deno.test("toJsonText writes 64-bit integers as numbers and bytes as hex", () => {
  assertEquals(
    toJsonText({
      a: 2n ** 64n - 1n,
      b: new Uint8Array([1, 255]),
      c: NaN,
      d: [-Infinity],
      e: undefined,
    }),
    '{"a":18446744073709551615,"b":"01ff","c":"NaN","d":["-Infinity"]}',
  );
});

Deno.test("nearestWord finds a slip and stays silent otherwise", () => {
  const words = ["events", "convert", "info"];
  assertEquals(
    ["evnets", "Convrt", "inof", "zzz", "x"].map((word) =>
      nearestWord(word, words)
    ),
    ["events", "convert", "info", undefined, undefined],
  );
});

Deno.test("escapeForTerminal leaves letters and escapes what steers a terminal", () => {
  assertEquals(
    escapeForTerminal("grün 🦕\x1b[2J\t\r\n\u202e\u009b\ud800x\u2028"),
    "grün 🦕\\u001b[2J\\t\\r\\n\\u202e\\u009b\\ud800x\\u2028",
  );
});
