import { assertEquals } from "@std/assert";
import {
  METRICS_PROVIDER,
  metricsEventOf,
} from "../../../src/eventpipe/nettrace/metrics_event.ts";
import {
  PayloadReaders,
  payloadSourceOf,
} from "../../../src/eventpipe/nettrace/payload_reader.ts";
import { ownCapture } from "../../support/nettrace_captures.ts";
import { recordNettrace } from "../../support/nettrace_records.ts";

function eventOf(
  eventId: number,
  fields: Record<string, unknown>,
  version = 2,
) {
  return metricsEventOf(
    { providerName: METRICS_PROVIDER, eventId, version },
    fields,
  );
}

function valueOf(eventId: number, fields: Record<string, unknown>) {
  const event = eventOf(eventId, fields);
  if (event?.type !== "value") throw new Error("Cannot use event: no value");
  const { rate, value, quantiles, isEnded } = event;
  return { rate, value, quantiles, isEnded };
}

Deno.test("metricsEventOf reads rate and value of a counter", () => {
  assertEquals(valueOf(4, { rate: "5", value: "1.5e3" }), {
    rate: 5,
    value: 1500,
    quantiles: [],
    isEnded: false,
  });
});

Deno.test("metricsEventOf keeps the absolute value of a counter without rate", () => {
  const { rate, value, isEnded } = valueOf(4, { rate: "", value: "41" });
  assertEquals([rate, value, isEnded], [undefined, 41, false]);
});

Deno.test("metricsEventOf takes the value of an up-down counter for a missing rate", () => {
  assertEquals(valueOf(16, { rate: "", value: "-3" }).rate, -3);
  assertEquals(eventOf(16, { rate: "1", value: "-3" }, 0), undefined);
});

for (const text of ["", "n/a", "1,5", "0x10"]) {
  Deno.test(`metricsEventOf takes the value "${text}" for the end of a series`, () => {
    const { value, isEnded } = valueOf(5, { lastValue: text });
    assertEquals([value, isEnded], [undefined, true]);
  });
}

Deno.test("metricsEventOf takes 0 for a value", () => {
  const { value, isEnded } = valueOf(5, { lastValue: "0" });
  assertEquals([value, isEnded], [0, false]);
});

Deno.test("metricsEventOf reads quantiles and leaves out malformed ones", () => {
  const { quantiles, isEnded } = valueOf(6, {
    quantiles: "0.5=0.01;x;0.9=;0.99=1.5",
  });
  assertEquals(quantiles, [[0.5, 0.01], [0.99, 1.5]]);
  assertEquals(isEnded, false);
  assertEquals(valueOf(6, { quantiles: "" }).isEnded, true);
});

Deno.test("metricsEventOf tells when a round of collection begins and ends", () => {
  const fields = {
    sessionId: "s",
    intervalStartTime: "a",
    intervalEndTime: "b",
  };
  for (const [id, phase] of [[2, "start"], [3, "stop"]] as const) {
    assertEquals(eventOf(id, fields), {
      type: "collection",
      phase,
      sessionId: "s",
      startTime: "a",
      endTime: "b",
    });
  }
});

Deno.test("metricsEventOf tells notes with what they say", () => {
  assertEquals(eventOf(9, { sessionId: "s", errorMessage: "broken" }), {
    type: "note",
    kind: "error",
    sessionId: "s",
    message: "broken",
  });
  assertEquals(eventOf(17, { clientId: "c", expected: 1, actual: 2 }), {
    type: "note",
    kind: "multipleSessionsConfiguredIncorrectly",
    sessionId: "",
    message: "clientId=c, expected=1, actual=2",
  });
});

Deno.test("metricsEventOf knows nothing of other providers and ids", () => {
  assertEquals(eventOf(99, {}), undefined);
  assertEquals(
    metricsEventOf({ providerName: "Other", eventId: 4, version: 0 }, {}),
    undefined,
  );
});

Deno.test("metricsEventOf reads all metrics of a recording", () => {
  const { events, header } = recordNettrace(ownCapture("workload"));
  const readers = new PayloadReaders(header!.pointerSize);
  const metrics = events
    .filter(({ metadata }) => metadata.providerName === METRICS_PROVIDER)
    .map((event) =>
      metricsEventOf(
        event.metadata,
        readers.of(event).read(payloadSourceOf(event.payload)).fields,
      )!
    );
  const counts: Record<string, number> = {};
  for (const metric of metrics) {
    const key = metric.type === "value" ? metric.kind : metric.type;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  assertEquals(counts, {
    note: 2,
    instrument: 14,
    collection: 4,
    counter: 6,
    gauge: 6,
    histogram: 2,
    upDownCounter: 4,
  });
  const begin = metrics.find((metric) => metric.type === "instrument");
  assertEquals(
    begin?.type === "instrument" && [
      begin.meterName,
      begin.meterVersion,
      begin.meterTags,
    ],
    ["Tracedeck.Workload", "1.2.3", "site=north"],
  );
});
