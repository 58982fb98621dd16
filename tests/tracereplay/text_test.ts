import { assertEquals, assertThrows } from "@std/assert";
import { parseEndpoint } from "../../src/tracereplay/endpoint.ts";
import {
  formatGoDuration,
  parseGoDuration,
} from "../../src/tracereplay/go_duration.ts";
import { quoteGo } from "../../src/tracereplay/go_quote.ts";

for (
  const [text, ns] of [
    ["0", 0n],
    ["25us", 25_000n],
    ["25µs", 25_000n],
    ["25μs", 25_000n],
    ["1.5s", 1_500_000_000n],
    [".5s", 500_000_000n],
    ["1.s", 1_000_000_000n],
    ["1h2m3s4ms5us6ns", 3_723_004_005_006n],
    ["-10ms", -10_000_000n],
    ["+1ns", 1n],
    ["0.1234567899s", 123_456_789n],
    ["9223372036854775807ns", 2n ** 63n - 1n],
  ] as const
) {
  Deno.test(`parseGoDuration reads ${text}`, () => {
    assertEquals(parseGoDuration(text), ns);
  });
}

for (
  const text of [
    "",
    "-",
    "1",
    "s",
    ".s",
    "1x",
    "1s2",
    "1 s",
    "9223372036854775808ns",
  ]
) {
  Deno.test(`parseGoDuration refuses "${text}"`, () => {
    assertThrows(() => parseGoDuration(text), SyntaxError);
  });
}

for (
  const [ns, text] of [
    [0n, "0s"],
    [25_000n, "25µs"],
    [10_000_000n, "10ms"],
    [2_000_000_000n, "2s"],
    [1_500n, "1500ns"],
  ] as const
) {
  Deno.test(`formatGoDuration writes ${text}`, () => {
    assertEquals(formatGoDuration(ns), text);
  });
}

for (
  const [text, quoted] of [
    ["/tmp/a b", '"/tmp/a b"'],
    ['a"b\\c', '"a\\"b\\\\c"'],
    ["\x07\b\f\n\r\t\v", '"\\a\\b\\f\\n\\r\\t\\v"'],
    ["\x1b\x7f", '"\\x1b\\x7f"'],
    ["é漢😀", '"é漢😀"'],
    ["\u00a0\u200b\u2028", '"\\u00a0\\u200b\\u2028"'],
    ["\u{e0001}", '"\\U000e0001"'],
  ] as const
) {
  Deno.test(`quoteGo quotes ${JSON.stringify(text)}`, () => {
    assertEquals(quoteGo(text), quoted);
  });
}

for (
  const [text, endpoint] of [
    ["/run/x.sock", { type: "seqpacket", path: "/run/x.sock" }],
    ["@name", { type: "seqpacket", path: "@name" }],
    ["seqpacket:tcp:1:2", { type: "seqpacket", path: "tcp:1:2" }],
    ["unix-stream:/x", { type: "unix-stream", path: "/x" }],
    ["tcp:localhost:80", { type: "tcp", hostname: "localhost", port: 80 }],
    ["tcp:[::1]:80", { type: "tcp", hostname: "::1", port: 80 }],
    ["-", { type: "stdio" }],
  ] as const
) {
  Deno.test(`parseEndpoint reads ${text}`, () => {
    assertEquals(parseEndpoint(text), endpoint);
  });
}

for (
  const text of ["", "tcp:", "tcp:localhost", "tcp:x:99999", "unix-stream:"]
) {
  Deno.test(`parseEndpoint refuses "${text}"`, () => {
    assertThrows(() => parseEndpoint(text), RangeError, "Cannot use endpoint");
  });
}
