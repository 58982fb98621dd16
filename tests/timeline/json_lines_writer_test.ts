import { assertEquals } from "@std/assert";
import { toJsonText } from "../../src/base/json_text.ts";
import { formatUnixNs } from "../../src/base/time.ts";
import type { UnixNs } from "../../src/base/time.ts";
import {
  timelineEventToJson,
  writeJsonLines,
} from "../../src/timeline/json_lines_writer.ts";
import type { TimelineEvent } from "../../src/timeline/types.ts";

const RECORD = {
  timestamp: 1_700_000_000_123_456_789n as UnixNs,
  relativeNs: 12.5,
  provider: 'P "quoted"',
  name: "n\u2028\ud800",
} as const;

const EVENTS: readonly TimelineEvent[] = [
  { ...RECORD, type: "event", fields: {} },
  {
    ...RECORD,
    type: "event",
    level: "Error",
    pid: 0,
    tid: 2 ** 40,
    processName: "",
    threadName: "t\n",
    cpu: 3,
    fields: {
      text: "a\u0000b",
      plain: -0,
      small: 1e-7,
      large: 1e21,
      wide: 0xffff_ffff_ffff_ffffn,
      yes: true,
      nothing: undefined,
      not: NaN,
      endless: -Infinity,
    },
    stack: ["leaf", "root"],
  },
  {
    ...RECORD,
    timestamp: undefined,
    relativeNs: undefined,
    type: "event",
    fields: {
      null: null,
      bytes: new Uint8Array([0, 255]),
      deep: { list: [1n, NaN, { a: new Uint8Array([1]) }] },
      wide: 1n,
    },
  },
  { ...RECORD, type: "span", durationNs: Infinity, fields: { a: 1 } },
  { ...RECORD, type: "counter", value: NaN, unit: "B", fields: { a: 1n } },
  { ...RECORD, type: "counter", value: 1.25, unit: "", fields: { a: 1n } },
];

Deno.test("writeJsonLines writes what toJsonText gives, whatever the values are", async () => {
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of writeJsonLines(ReadableStream.from([EVENTS]))) {
    text += decoder.decode(bytes);
  }
  assertEquals(
    text,
    EVENTS.map((event) => `${toJsonText(timelineEventToJson(event))}\n`)
      .join(""),
  );
  assertEquals(text.split("\n").length, EVENTS.length + 1);
});

Deno.test("formatUnixNs does not depend on what was formatted before", () => {
  const cases = [
    [1_700_000_000_123_456_789n, "2023-11-14T22:13:20.123456789Z"],
    [1_700_000_000_999_999_999n, "2023-11-14T22:13:20.999999999Z"],
    [1_700_000_001_000_000_000n, "2023-11-14T22:13:21.000000000Z"],
    [1_699_999_999_999_999_999n, "2023-11-14T22:13:19.999999999Z"],
    [-1n, "1969-12-31T23:59:59.999999999Z"],
    [0n, "1970-01-01T00:00:00.000000000Z"],
    [10n ** 30n, `${10n ** 30n}ns`],
    [5n, "1970-01-01T00:00:00.000000005Z"],
  ] as const;
  for (const [ns, text] of [...cases, ...cases.toReversed()]) {
    assertEquals(formatUnixNs(ns as UnixNs), text);
  }
});
