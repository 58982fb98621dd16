import { assertEquals } from "@std/assert";
import { eventCounterOf } from "../../../src/eventpipe/nettrace/event_counter.ts";
import {
  PayloadReaders,
  payloadSourceOf,
} from "../../../src/eventpipe/nettrace/payload_reader.ts";
import { ownCapture } from "../../support/nettrace_captures.ts";
import { recordNettrace } from "../../support/nettrace_records.ts";

function counterOf(payload: Record<string, unknown>) {
  return eventCounterOf({ Payload: { Name: "n", ...payload } });
}

Deno.test("eventCounterOf takes what is no Sum for a Mean", () => {
  assertEquals(counterOf({ Mean: 2, Increment: 3 })?.value, 2);
  assertEquals(
    counterOf({ Mean: 2, Increment: 3, CounterType: "Sum" })?.value,
    3,
  );
});

Deno.test("eventCounterOf has no unit for a Mean without one and count for a Sum", () => {
  assertEquals(counterOf({ Mean: 2 })?.units, "");
  assertEquals(counterOf({ Increment: 2, CounterType: "Sum" })?.units, "count");
});

const SCALES: Readonly<Record<string, number>> = {
  "": 1,
  "nonsense": 1,
  "00:00:00": 1,
  "00:00:01": 1,
  "00:01:00": 60,
  "01:02:03.5000000": 3723.5,
  "2.00:00:00": 172_800,
};

for (const [text, seconds] of Object.entries(SCALES)) {
  Deno.test(`eventCounterOf takes the rate scale "${text}" for ${seconds} s`, () => {
    assertEquals(
      counterOf({ Mean: 1, DisplayRateTimeScale: text })?.rateTimeScaleSec,
      seconds,
    );
  });
}

Deno.test("eventCounterOf drops metadata with a malformed pair", () => {
  const metadata = (text: string) =>
    counterOf({ Mean: 1, Metadata: text })?.metadata;
  assertEquals(metadata(""), {});
  assertEquals(metadata("a:b,c:d:e"), { a: "b", c: "d:e" });
  assertEquals(metadata("a:b,c"), {});
});

Deno.test("eventCounterOf reads the interval of a series", () => {
  assertEquals(counterOf({ Mean: 1, Series: "Interval=500" })?.seriesMs, 500);
  assertEquals(counterOf({ Mean: 1, Series: "else" })?.seriesMs, undefined);
});

Deno.test("eventCounterOf finds no counter in other payloads", () => {
  assertEquals(eventCounterOf({}), undefined);
  assertEquals(eventCounterOf({ Payload: null }), undefined);
  assertEquals(eventCounterOf({ Payload: { Name: "n" } }), undefined);
  assertEquals(eventCounterOf({ Payload: { Mean: 1 } }), undefined);
});

Deno.test("eventCounterOf reads all counters of a recording", () => {
  const { events, header } = recordNettrace(ownCapture("workload"));
  const readers = new PayloadReaders(header!.pointerSize);
  const counters = events
    .filter(({ metadata }) => metadata.eventName === "EventCounters")
    .map((event) =>
      eventCounterOf(
        readers.of(event).read(payloadSourceOf(event.payload)).fields,
      )
    );
  assertEquals(counters.length, 93);
  assertEquals(counters.includes(undefined), false);
  assertEquals(
    counters.filter((counter) => counter!.kind === "Sum").length > 0,
    true,
  );
  assertEquals(
    new Set(counters.map((counter) => counter!.seriesMs)),
    new Set([500]),
  );
});
