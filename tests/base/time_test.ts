import { assertEquals, assertThrows } from "@std/assert";
import {
  filetimeFromUnixNs,
  floorDiv,
  formatUnixNs,
  parseUnixNs,
  unixMsFromNs,
  unixNsFromFiletime,
  unixNsFromMs,
  unixNsFromTicks,
} from "../../src/base/time.ts";
import type {
  Filetime,
  FractionDigits,
  QpcTicks,
  UnixNs,
} from "../../src/base/time.ts";

Deno.test("unixNsFromFiletime and back is exact to 100 ns", () => {
  const filetime = 132_677_057_059_020_001n as Filetime;
  const ns = unixNsFromFiletime(filetime);
  assertEquals(formatUnixNs(ns, 7), "2021-06-09T09:48:25.9020001Z");
  assertEquals(filetimeFromUnixNs((ns + 99n) as UnixNs), filetime);
});

Deno.test("filetimeFromUnixNs rounds down before 1970 too", () => {
  assertEquals(
    filetimeFromUnixNs(-1n as UnixNs),
    filetimeFromUnixNs(-100n as UnixNs),
  );
});

Deno.test("unixNsFromMs and unixMsFromNs convert whole milliseconds", () => {
  assertEquals(unixNsFromMs(1.9), 1_000_000n);
  assertEquals(unixMsFromNs(-1n as UnixNs), -1);
});

Deno.test("unixNsFromTicks scales exactly and rounds down", () => {
  const clock = {
    syncTicks: 10n as QpcTicks,
    syncTime: 0n as UnixNs,
    frequency: 3n,
  };
  assertEquals(unixNsFromTicks(11n as QpcTicks, clock), 333_333_333n);
  assertEquals(unixNsFromTicks(9n as QpcTicks, clock), -333_333_334n);
});

Deno.test("floorDiv rounds toward negative infinity", () => {
  assertEquals([floorDiv(7n, 2n), floorDiv(-7n, 2n), floorDiv(-8n, 2n)], [
    3n,
    -4n,
    -4n,
  ]);
});

for (
  const [digits, expected] of [
    [0, "1969-12-31T23:59:59Z"],
    [3, "1969-12-31T23:59:59.999Z"],
    [6, "1969-12-31T23:59:59.999999Z"],
    [9, "1969-12-31T23:59:59.999999999Z"],
  ] as readonly (readonly [FractionDigits, string])[]
) {
  Deno.test(`formatUnixNs cuts to ${digits} digits`, () => {
    assertEquals(formatUnixNs(-1n as UnixNs, digits), expected);
  });
}

Deno.test("formatUnixNs gives plain nanoseconds beyond the calendar", () => {
  assertEquals(
    formatUnixNs(10n ** 25n as UnixNs),
    "10000000000000000000000000ns",
  );
});

for (
  const [text, expected] of [
    ["1970-01-01", 0n],
    ["1970-01-01T00:00:01.5Z", 1_500_000_000n],
    ["1970-01-01 00:00:01,000000001", 1_000_000_001n],
    ["1970-01-01T01:00+01:00", 0n],
    ["1970-01-01T01:00:00+0100", 0n],
  ] as const
) {
  Deno.test(`parseUnixNs reads ${text}`, () => {
    assertEquals(parseUnixNs(text), expected as UnixNs);
  });
}

for (
  const text of ["", "yesterday", "2026-13-01", "2026-01-01T25:00:00Z", "12:00"]
) {
  Deno.test(`parseUnixNs refuses "${text}"`, () => {
    assertThrows(
      () => parseUnixNs(text),
      SyntaxError,
      `Cannot read time "${text}"`,
    );
  });
}
