import { assertEquals, assertThrows } from "@std/assert";
import {
  absoluteTime,
  formatTraceTime,
  parseTraceTime,
  relativeTime,
  traceTimeToMs,
} from "../../../src/netdump/nettrace_time.ts";

Deno.test("relativeTime cuts to milliseconds and wraps at 32 bits", () => {
  const text = (ms: number) => formatTraceTime(relativeTime(ms));
  assertEquals(text(1.999), "+1ms");
  assertEquals(text(-3), "+0ms");
  assertEquals(text(4_294_967_295.9), "+4294967295ms");
  assertEquals(text(4_294_967_297), "+1ms");
});

Deno.test("absoluteTime leaves zeros at the end of a fraction out", () => {
  const text = (ms: number) => formatTraceTime(absoluteTime(ms));
  assertEquals(text(1_767_225_600_120), "2026-01-01T00:00:00.12Z");
  assertEquals(text(1_767_225_600_000), "2026-01-01T00:00:00Z");
});

for (
  const [text, expected] of [
    ["+12ms", "+12ms"],
    ["-12ms", "+12ms"],
    ["", "undefined"],
    ["undefined", "undefined"],
    [
      "2026-11-21T00:34:24.721610123+01:00",
      "2026-11-21T00:34:24.721610123+01:00",
    ],
  ] as const
) {
  Deno.test(`parseTraceTime reads ${JSON.stringify(text)}`, () => {
    assertEquals(formatTraceTime(parseTraceTime(text)), expected);
  });
}

Deno.test("parseTraceTime refuses other texts", () => {
  for (
    const text of [
      "+5us",
      "5ms",
      "+ms",
      "+4294967296ms",
      "2026-13-01T00:00:00Z",
      "2026-01-01",
      "2026-01-01T00:00:00.1234567890Z",
    ]
  ) {
    assertThrows(() => parseTraceTime(text), SyntaxError, "Cannot read time");
  }
});

Deno.test("traceTimeToMs tells what was before the trace as below 0", () => {
  const begin = parseTraceTime("2026-01-01T00:00:01Z");
  assertEquals(
    traceTimeToMs(parseTraceTime("2026-01-01T00:00:00.75Z"), begin),
    -250,
  );
  assertEquals(traceTimeToMs(parseTraceTime("+7ms"), begin), 7);
  assertEquals(traceTimeToMs(parseTraceTime(""), begin), undefined);
});
