import { assertEquals } from "@std/assert";
import {
  CaptureClock,
  formatGoTime,
  parseCaptureTime,
  ZERO_TIME,
  ZERO_TIME_NS,
} from "../../src/kcap/capture_time.ts";

const TEXTS = [
  ["1970-01-01T00:00:00Z", 0n],
  ["1970-01-01T00:00:00.000000001Z", 1n],
  ["1970-01-01T01:00:00.5+01:00", 500_000_000n],
  ["1969-12-31T23:59:59.9Z", -100_000_000n],
  ["2024-02-29T12:00:00-07:30", 1_709_235_000_000_000_000n],
  [ZERO_TIME, ZERO_TIME_NS],
] as const;

for (const [text, ns] of TEXTS) {
  Deno.test(`parseCaptureTime reads ${text}`, () => {
    assertEquals(parseCaptureTime(text)?.timeNs as bigint, ns);
  });
}

for (
  const text of [
    "",
    "2024-02-30T00:00:00Z",
    "2024-13-01T00:00:00Z",
    "2024-01-01T24:00:00Z",
    "2024-01-01T00:00:60Z",
    "2024-01-01 00:00:00Z",
    "2024-01-01T00:00:00",
    "2024-01-01T00:00:00.Z",
    "2024-01-01T00:00:00.1234567890Z",
    "2024-01-01T00:00:00+24:00",
    "x024-01-01T00:00:00Z",
  ]
) {
  Deno.test(`parseCaptureTime refuses "${text}"`, () => {
    assertEquals(parseCaptureTime(text), undefined);
  });
}

Deno.test("CaptureClock gives what parsing each text gives, whatever came before", () => {
  const seconds = [
    "2024-01-01T00:00:00",
    "2024-01-01T00:00:01",
    // At and beyond what 64 bits of nanoseconds reach, and where a half overflows.
    "0001-01-01T00:00:00",
    "1677-09-21T00:12:43",
    "2262-04-11T23:47:15",
    "2262-04-11T23:47:16",
    "9999-12-31T23:59:59",
    "1969-12-31T23:59:59",
    "1970-01-01T00:00:03",
    "1970-01-01T00:00:04",
  ];
  const fractions = [
    "",
    ".5",
    ".1234567",
    ".123456789",
    ".",
    ".x",
    ".12345678901",
    ".294967295",
    ".294967296",
    ".999999999",
  ];
  const zones = [
    "Z",
    "+02:00",
    "-02:00",
    "+02:30",
    "",
    "+2:00",
  ];
  const clock = new CaptureClock();
  const encoder = new TextEncoder();
  for (let round = 0; round < 3; round++) {
    for (const second of seconds) {
      for (const zone of zones) {
        // Innermost: this is what changes between neighbouring events.
        for (const fraction of fractions) {
          const text = second + fraction + zone;
          const bytes = encoder.encode(text);
          const view = new DataView(bytes.buffer);
          assertEquals(
            clock.read(bytes, view, 0, bytes.length),
            parseCaptureTime(text)?.timeNs,
            text,
          );
          assertEquals(clock.text, text);
        }
      }
    }
  }
});

Deno.test("CaptureClock knows no second before the first", () => {
  const bytes = new Uint8Array(27); // like a clock that has read nothing
  bytes[20] = 0x35;
  const clock = new CaptureClock();
  const view = new DataView(bytes.buffer);
  assertEquals(clock.read(bytes, view, 0, bytes.length), undefined);
  assertEquals(clock.text.length, bytes.length);
});

Deno.test("formatGoTime prints as Go does", () => {
  assertEquals(
    formatGoTime("2024-10-10T08:00:01+02:00"),
    "2024-10-10 08:00:01 +0200 +0200",
  );
  assertEquals(
    formatGoTime("2024-10-10T08:00:01.500Z"),
    "2024-10-10 08:00:01.5 +0000 UTC",
  );
  for (
    const [text, shown] of [
      ["2024-02-28T23:59:59.1234567Z", "2024-02-28 23:59:59.1234567 +0000 UTC"],
      ["2024-02-29T23:59:59.1234567Z", "2024-02-29 23:59:59.1234567 +0000 UTC"],
      ["2024-02-30T23:59:59.1234567Z", "2024-02-30T23:59:59.1234567Z"],
      ["2024-10-10T24:00:00.5Z", "2024-10-10T24:00:00.5Z"],
    ] as const
  ) assertEquals(formatGoTime(text), shown);
  assertEquals(
    formatGoTime("2024-10-10T08:00:01-03:30"),
    "2024-10-10 08:00:01 -0330 -0330",
  );
});
