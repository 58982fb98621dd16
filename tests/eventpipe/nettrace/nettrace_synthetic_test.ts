import { assertEquals } from "@std/assert";
import {
  filetimeFromUnixNs,
  formatUnixNs,
  parseUnixNs,
} from "../../../src/base/time.ts";
import { eventCounterOf } from "../../../src/eventpipe/nettrace/event_counter.ts";
import { metricsEventOf } from "../../../src/eventpipe/nettrace/metrics_event.ts";
import {
  PayloadReaders,
  payloadSourceOf,
} from "../../../src/eventpipe/nettrace/payload_reader.ts";
import type { NettraceEventRecord } from "../../../src/eventpipe/nettrace/types.ts";
import { expectedOf, ownCapture } from "../../support/nettrace_captures.ts";
import {
  type NettraceRecords,
  recordNettrace,
} from "../../support/nettrace_records.ts";

/** One event of an expected file; what is absent is not checked. */
interface ExpectedEvent {
  readonly provider: string;
  readonly id: number;
  readonly name?: string;
  readonly timestamp: number;
  readonly tid: number;
  readonly pid?: number;
  readonly proc?: number;
  readonly seq?: number;
  readonly sorted?: boolean;
  readonly captureThreadIndex?: number;
  readonly stack?: readonly string[];
  readonly opcode?: number;
  readonly opcodeOverride?: number;
  readonly keywords?: string;
  readonly keywordsOverride?: string;
  readonly level?: number;
  readonly levelOverride?: number;
  readonly version?: number;
  readonly versionOverride?: number;
  readonly providerGuid?: string;
  readonly activityId?: string;
  readonly relatedActivityId?: string;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly labels?: Readonly<Record<string, unknown>>;
  readonly payloadHex?: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly counter?: Readonly<Record<string, unknown>>;
  readonly metric?: Readonly<Record<string, unknown>>;
  readonly instrument?: Readonly<Record<string, unknown>>;
}

interface ExpectedFile {
  readonly header: Readonly<Record<string, unknown>>;
  readonly metadata?: Readonly<Record<string, Record<string, unknown>>>;
  readonly dispatchOrder: readonly ExpectedEvent[];
  readonly eventsLost: { readonly total: number };
}

function addressesOf(record: NettraceEventRecord): string[] {
  const { bytes, pointerSize, depth } = record.stack;
  return Array.from(
    { length: depth },
    (_, index) =>
      bytes.slice(index * pointerSize, (index + 1) * pointerSize).reverse()
        .toHex().replace(/^0+/, ""),
  );
}

function fieldsOf(records: NettraceRecords, record: NettraceEventRecord) {
  const readers = new PayloadReaders(records.header!.pointerSize);
  return readers.of(record).read(payloadSourceOf(record.payload));
}

/** Gives a value the form that the expected file has it in. */
function likeExpected(value: unknown, expected: unknown): unknown {
  if (Array.isArray(expected) && Array.isArray(value)) {
    return value.map((each, index) => likeExpected(each, expected[index]));
  }
  if (typeof expected === "object" && expected !== null) {
    if ("fileTime" in expected) {
      return {
        fileTime: String(filetimeFromUnixNs(parseUnixNs(String(value)))),
      };
    }
    const members = expected as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(value as Record<string, unknown>).map(([name, each]) =>
        [name, likeExpected(each, members[name])] as const
      ),
    );
  }
  if (typeof value === "bigint") {
    if (typeof expected === "number") return Number(value);
    return String(expected).startsWith("0x")
      ? `0x${value.toString(16)}`
      : String(value);
  }
  if (typeof value === "number" && String(expected).startsWith("0x")) {
    return `0x${value.toString(16)}`;
  }
  return value;
}

function checkEvent(
  records: NettraceRecords,
  record: NettraceEventRecord,
  expected: ExpectedEvent,
): void {
  const { metadata } = record;
  const found: Record<keyof ExpectedEvent, unknown> = {
    provider: metadata.providerName,
    id: metadata.eventId,
    name: metadata.eventName,
    timestamp: Number(record.ticks),
    tid: record.threadId,
    pid: record.processId,
    proc: record.processor,
    seq: record.sequenceNumber,
    sorted: record.isSorted,
    captureThreadIndex: Number(record.captureThreadKey),
    stack: addressesOf(record),
    opcode: record.opcode,
    opcodeOverride: record.opcode,
    keywords: `0x${record.keywords.toString(16)}`,
    keywordsOverride: `0x${record.keywords.toString(16)}`,
    level: record.level,
    levelOverride: record.level,
    version: record.version,
    versionOverride: record.version,
    providerGuid: metadata.providerGuid,
    activityId: record.activityId,
    relatedActivityId: record.relatedActivityId,
    traceId: record.labels.traceId,
    spanId: record.labels.spanId?.toString(16),
    labels: Object.fromEntries(
      record.labels.entries.map(([key, value]) =>
        [key, typeof value === "bigint" ? Number(value) : value] as const
      ),
    ),
    payloadHex: record.payload.toHex(),
    fields: expected.fields === undefined
      ? undefined
      : likeExpected(fieldsOf(records, record).fields, expected.fields),
    counter: expected.counter,
    metric: expected.metric,
    instrument: expected.instrument,
  };
  for (const [key, value] of Object.entries(expected)) {
    if (!(key in found)) continue;
    assertEquals(
      [key, found[key as keyof ExpectedEvent]],
      [key, value],
      `${expected.provider} ${expected.id} at ${expected.timestamp}`,
    );
  }
  const { counter, metric, instrument } = expected;
  const { fields } = fieldsOf(records, record);
  if (counter !== undefined) checkCounter(fields, counter);
  if (metric !== undefined) checkMetric(record, fields, metric);
  if (instrument !== undefined) checkInstrument(record, fields, instrument);
}

function checkCounter(
  fields: Readonly<Record<string, unknown>>,
  expected: Readonly<Record<string, unknown>>,
): void {
  const counter = eventCounterOf(fields)!;
  const found: Record<string, unknown> = {
    ...counter,
    rateTimeScale: `00:00:0${counter.rateTimeScaleSec}`,
  };
  assertEquals(pick(found, expected), expected);
}

function checkMetric(
  record: NettraceEventRecord,
  fields: Readonly<Record<string, unknown>>,
  expected: Readonly<Record<string, unknown>>,
): void {
  const metric = metricsEventOf(record.metadata, fields);
  assertEquals(metric?.type, "value");
  if (metric?.type !== "value") return;
  const { csvLineTail: _, ...values } = expected;
  const found: Record<string, unknown> = {
    ...metric,
    name: metric.instrumentName,
    ended: metric.isEnded,
    value: metric.value,
  };
  assertEquals(pick(found, values), values);
}

function checkInstrument(
  record: NettraceEventRecord,
  fields: Readonly<Record<string, unknown>>,
  expected: Readonly<Record<string, unknown>>,
): void {
  const event = metricsEventOf(record.metadata, fields);
  assertEquals(event?.type, "instrument");
  if (event?.type !== "instrument") return;
  assertEquals(event.phase, "begin");
  const found = {
    ...event,
    meter: event.meterName,
    name: event.instrumentName,
    type: event.instrumentType,
    scopeHash: event.meterScopeHash,
  };
  assertEquals(pick(found, expected), expected);
}

function pick(
  found: Readonly<Record<string, unknown>>,
  expected: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.keys(expected).map((key) => [key, found[key]]),
  );
}

function checkEvents(records: NettraceRecords, expected: ExpectedFile): void {
  assertEquals(records.error, undefined);
  assertEquals(records.outcome?.type, "complete");
  assertEquals(records.events.length, expected.dispatchOrder.length);
  expected.dispatchOrder.forEach((event, index) =>
    checkEvent(records, records.events[index]!, event)
  );
  assertEquals(records.lost, expected.eventsLost.total);
}

Deno.test("NettraceDecoder reads the smallest version 6 stream", () => {
  const records = recordNettrace(ownCapture("v6Minimal"));
  const { header } = records;
  assertEquals(header?.version, 6);
  assertEquals(formatUnixNs(header!.syncTime!, 3), "2025-02-03T04:05:06.000Z");
  assertEquals(
    [header!.syncTicks, header!.frequency, header!.pointerSize],
    [0n, 1000n, 8],
  );
  assertEquals(header!.properties, []);
  assertEquals(header!.processId, undefined);
  assertEquals(records.events, []);
  assertEquals(records.outcome?.type, "complete");
  assertEquals(records.stats, []);
});

Deno.test("NettraceDecoder delivers v6-full in order of time as expected", () => {
  const expected = expectedOf("v6Full") as ExpectedFile & {
    readonly unknownBlocksSkipped: readonly number[];
  };
  const records = recordNettrace(ownCapture("v6Full"), { order: "time" });
  checkEvents(records, expected);
  const { header } = records;
  assertEquals({
    major: header!.version,
    minor: header!.minorVersion,
    syncTimeUtc: formatUnixNs(header!.syncTime!, 3),
    syncTicks: Number(header!.syncTicks),
    frequency: Number(header!.frequency),
    pointerSize: header!.pointerSize,
    keyValues: Object.fromEntries(header!.properties),
  }, expected.header);
  assertEquals(
    [header!.processId, header!.processorCount, header!.samplingIntervalNs],
    [4242, 8, 1_000_000],
  );
  assertEquals(
    records.losses.map(({ cause, count, captureThreadKey }) => [
      cause,
      count,
      captureThreadKey,
    ]),
    [
      ["event", 2, 2n],
      ["sequencePoint", 1, 1n],
      ["removeThread", 2, 3n],
    ],
  );
  assertEquals(
    records.blocks.filter(({ kind }) => kind === "unknown")
      .map(({ kindCode }) => kindCode),
    expected.unknownBlocksSkipped,
  );
  assertEquals(records.stats.map(({ name, count }) => [name, count]), [
    ["nettrace_block_unknown", 1],
    ["nettrace_events_lost", 5],
  ]);
});

Deno.test("NettraceDecoder delivers v5-features in order of time as expected", () => {
  const expected = expectedOf("v5Features") as ExpectedFile;
  const records = recordNettrace(ownCapture("v5Features"), { order: "time" });
  checkEvents(records, expected);
  const { header } = records;
  assertEquals({
    objectVersion: header!.version,
    syncTimeUtc: formatUnixNs(header!.syncTime!, 3),
    syncQpc: Number(header!.syncTicks),
    frequency: Number(header!.frequency),
    pointerSize: header!.pointerSize,
    processId: header!.processId,
    processors: header!.processorCount,
    samplingRateNs: header!.samplingIntervalNs,
  }, expected.header);
  assertEquals(records.metadata.length, 14);
  const byId = new Map(records.metadata.map((each) => [each.id, each]));
  assertEquals([byId.get(1)!.hasV2Fields, byId.get(1)!.level], [true, 5]);
  assertEquals(
    [
      byId.get(2)!.opcode,
      byId.get(2)!.keywords,
      byId.get(2)!.version,
      byId.get(2)!.level,
    ],
    [24, 0x10n, 2, 2],
  );
  assertEquals(byId.get(14)!.fields, undefined);
  assertEquals(
    records.losses.map(({ cause, count, captureThreadId }) => [
      cause,
      count,
      captureThreadId,
    ]),
    [["sequencePoint", 2, 9002]],
  );
});

Deno.test("NettraceDecoder finds the events of a heap dump", () => {
  const records = recordNettrace(ownCapture("gcdumpMini"));
  assertEquals(records.outcome?.type, "complete");
  assertEquals(records.events.length, 13);
  assertEquals(records.stats, []);
  const nodes = records.events.filter(({ metadata }) => metadata.eventId === 18)
    .flatMap((event) => {
      const { fields, faults, extraBytes } = fieldsOf(records, event);
      assertEquals([faults, extraBytes], [[], 0]);
      return fields.Values as { Address: bigint; Size: bigint }[];
    });
  assertEquals(nodes.map(({ Address, Size }) => [Address, Size]), [
    [0x1000n, 56n],
    [0x2000n, 40n],
    [0x3000n, 5024n],
    [0x4000n, 26n],
  ]);
});
