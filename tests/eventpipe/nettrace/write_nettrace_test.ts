import { assert, assertEquals, assertRejects } from "@std/assert";
import { DecodeStats } from "../../../src/base/decode_stats.ts";
import { FormatError, TruncatedError } from "../../../src/base/errors.ts";
import type {
  NettraceEventRecord,
  NettraceMetadata,
} from "../../../src/eventpipe/nettrace/types.ts";
import {
  writeNettrace,
  type WriteNettraceOptions,
} from "../../../src/eventpipe/nettrace/write_nettrace.ts";
import { bytesOf, concatBytes, streamOf } from "../../support/byte_stream.ts";
import { mutations } from "../../support/mutations.ts";
import {
  type OwnCapture,
  ownCapture,
  SHARED_CAPTURES,
  sharedCapture,
} from "../../support/nettrace_captures.ts";
import {
  type NettraceRecords,
  recordNettrace,
  summarizeNettrace,
} from "../../support/nettrace_records.ts";
import {
  blob,
  blockObject,
  definition,
  EARLY_FIRST_RECORD,
  earlyDefinition,
  earlyStream,
  eventBlock,
  eventRecord,
  metadataBlock,
  stackBlock,
  type TraceFields,
  traceObject,
  tracePayload,
  utf16z,
  v1Fields,
  v4Stream,
  v6Block,
  v6Metadata,
  v6Row,
  v6Stream,
  v6Trace,
} from "../../support/nettrace_streams.ts";
import { testWith } from "../../support/requirement.ts";
import { requireSharedData } from "../../support/shared_data.ts";

async function rewrite(
  inputs: readonly Uint8Array[],
  options: WriteNettraceOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  return await bytesOf(
    writeNettrace(inputs.map((bytes) => streamOf(bytes, 10_000)), options),
  );
}

async function rewriteToRecords(
  inputs: readonly Uint8Array[],
  options: WriteNettraceOptions = {},
): Promise<NettraceRecords> {
  const records = recordNettrace(await rewrite(inputs, options));
  assertEquals(records.error, undefined);
  assertEquals(records.outcome?.type, "complete");
  return records;
}

/** What a copy must keep of a kind of event. */
function essenceOfKind(metadata: NettraceMetadata) {
  const { providerName, eventId, eventName, fields, opcode } = metadata;
  return { providerName, eventId: eventId >>> 0, eventName, fields, opcode };
}

/** What a copy must keep of an event. */
function essenceOf(event: NettraceEventRecord) {
  return {
    kind: essenceOfKind(event.metadata),
    ticks: event.ticks,
    threadId: event.threadId,
    captureThreadId: event.captureThreadId,
    processId: event.processId,
    processor: event.processor,
    stack: event.stack.bytes.toHex(),
    activityId: event.activityId,
    relatedActivityId: event.relatedActivityId,
    keywords: event.keywords,
    level: event.level,
    version: event.version,
    payload: event.payload.toHex(),
  };
}

function essencesOf(records: NettraceRecords) {
  return records.events.map(essenceOf);
}

const COPIED = [
  "events",
  "jit",
  "v5Features",
  "gcdumpMini",
] as const satisfies OwnCapture[];

for (const name of COPIED) {
  for (const version of [4, 6] as const) {
    Deno.test(`writeNettrace keeps the events of ${name} in version ${version}`, async () => {
      const bytes = ownCapture(name);
      const original = recordNettrace(bytes, { order: "time" });
      const copy = await rewriteToRecords([bytes], { version });
      assertEquals(copy.header?.version, version);
      // Version 6 has no form for a schema that nobody understands.
      const expected = essencesOf(original).map((event) =>
        version === 6 && event.kind.fields === undefined
          ? { ...event, kind: { ...event.kind, fields: [] } }
          : event
      );
      assertEquals(essencesOf(copy), expected);
      assertEquals(
        [
          copy.header?.syncTime,
          copy.header?.frequency,
          copy.header?.pointerSize,
          copy.header?.processId,
          copy.header?.processorCount,
          copy.header?.samplingIntervalNs,
        ],
        [
          original.header?.syncTime,
          original.header?.frequency,
          original.header?.pointerSize,
          original.header?.processId,
          original.header?.processorCount,
          original.header?.samplingIntervalNs,
        ],
      );
      assertEquals(copy.lost, original.lost);
      assert(copy.events.every(({ isSorted }) => isSorted));
    });
  }
}

Deno.test("writeNettrace keeps everything of a version 6 stream in version 6", async () => {
  const bytes = ownCapture("v6Full");
  const original = recordNettrace(bytes, { order: "time" });
  const copy = await rewriteToRecords([bytes]);
  assertEquals(essencesOf(copy), essencesOf(original));
  assertEquals(
    copy.events.map(({ labels }) => ({ ...labels, index: 0 })),
    original.events.map(({ labels }) => ({ ...labels, index: 0 })),
  );
  assertEquals(copy.header?.properties, original.header?.properties);
  assertEquals(
    copy.events.map(({ metadata }) => metadata.providerGuid),
    original.events.map(({ metadata }) => metadata.providerGuid),
  );
  assertEquals(copy.lost, 5);
});

Deno.test("writeNettrace makes kinds of what version 6 labels override in version 4", async () => {
  const bytes = ownCapture("v6Full");
  const original = recordNettrace(bytes, { order: "time" });
  const stats = new DecodeStats();
  const copy = await rewriteToRecords([bytes], { version: 4, stats });
  assertEquals(
    essencesOf(copy).map(({ processId: _, ...rest }) => rest),
    essencesOf(original).map(({ processId: _, kind, ...rest }, index) => ({
      ...rest,
      kind: { ...kind, opcode: original.events[index]!.opcode },
    })).map(({ kind, ...rest }) => ({ kind, ...rest })),
  );
  assertEquals(copy.lost, 5);
  assertEquals(
    stats.entries().map(({ name }) => name).filter((name) =>
      name === "nettrace_labels_dropped" ||
      name === "nettrace_fields_of_version_6"
    ),
    ["nettrace_labels_dropped", "nettrace_fields_of_version_6"],
  );
});

Deno.test("writeNettrace gives equal bytes for equal input", async () => {
  const bytes = ownCapture("jit");
  assertEquals(await rewrite([bytes]), await rewrite([bytes]));
});

Deno.test("writeNettrace gives the same bytes when it copies its own output", async () => {
  for (const version of [4, 6] as const) {
    const once = await rewrite([ownCapture("jit")], { version });
    assertEquals(await rewrite([once], { version }), once);
  }
});

for (const version of [4, 6] as const) {
  Deno.test(`writeNettrace upgrades versions 1 to 3 to version ${version}`, async () => {
    const records = [
      eventRecord(0, { payload: earlyDefinition(utf16z("Source"), 5, "Five") }),
      eventRecord(EARLY_FIRST_RECORD, {
        time: 1500n,
        payload: new Uint8Array([1, 2]),
        stack: [0x10n, 0x20n],
      }),
      eventRecord(EARLY_FIRST_RECORD, { time: 1600n, stack: [0x10n, 0x20n] }),
    ];
    const early = earlyStream(2, records);
    const third = v4Stream([
      traceObject(tracePayload(), { version: 3, minReaderVersion: 0, tag: 4 }),
      blockObject(
        "EventBlock",
        concatBytes([
          eventRecord(0, {
            payload: definition(7, { fields: v1Fields([[9, "x"], [18, "s"]]) }),
            isPadded: true,
          }),
          eventRecord(7, { stack: [1n], payload: new Uint8Array(6) }),
        ]),
        { version: 1, minReaderVersion: 0, tag: 4 },
      ),
    ], { hasMagic: false });
    for (const bytes of [early, third]) {
      const original = recordNettrace(bytes);
      assert(original.events.length > 0);
      const copy = await rewriteToRecords([bytes], { version });
      assertEquals(essencesOf(copy), essencesOf(original));
    }
  });
}

Deno.test("writeNettrace tells the losses of its input and none for what it leaves out", async () => {
  const numbered = (sequence: number, time: number) =>
    blob({
      metadataId: sequence % 2 + 1,
      sequence: [sequence - 1, 7, 0],
      threadId: 7,
      timeStep: time,
      payload: new Uint8Array(0),
    });
  const bytes = v4Stream([
    traceObject(),
    metadataBlock([definition(1), definition(2)]),
    ...[[5, 10], [6, 20], [10, 30], [11, 40]].map(([sequence, time]) =>
      blockObject("EventBlock", eventBlock([numbered(sequence!, time!)]))
    ),
  ]);
  assertEquals(recordNettrace(bytes).lost, 3);
  for (const version of [4, 6] as const) {
    assertEquals((await rewriteToRecords([bytes], { version })).lost, 3);
    const filtered = await rewriteToRecords([bytes], {
      version,
      wants: ({ id }) => id === 1,
    });
    assertEquals([filtered.events.length, filtered.lost], [2, 3]);
    const none = await rewriteToRecords([bytes], {
      version,
      wants: () => false,
    });
    assertEquals([none.events.length, none.lost], [0, 3]);
  }
});

const RUNTIME = "Microsoft-Windows-DotNETRuntime";

Deno.test("writeNettrace keeps only the kinds that are wanted, and what names code", async () => {
  const bytes = ownCapture("jit");
  const isSample = ({ providerName }: NettraceMetadata) =>
    providerName === "Microsoft-DotNETCore-SampleProfiler";
  const count = (records: NettraceRecords, provider: string, id?: number) =>
    records.events.filter(({ metadata }) =>
      metadata.providerName === provider &&
      (id === undefined || metadata.eventId === id)
    ).length;
  const named = await rewriteToRecords([bytes], { wants: isSample });
  assertEquals(count(named, "Microsoft-DotNETCore-SampleProfiler"), 490);
  assertEquals(count(named, RUNTIME, 143), 53);
  assertEquals(count(named, RUNTIME, 145), 0);
  assertEquals(count(named, "Microsoft-DotNETCore-EventPipe"), 1);
  const bare = await rewriteToRecords([bytes], {
    wants: isSample,
    keepSymbols: false,
  });
  assertEquals(bare.events.length, 490);
  assertEquals(bare.metadata.length, 1);
});

Deno.test("writeNettrace cuts to a time and to threads", async () => {
  const bytes = ownCapture("events");
  const all = recordNettrace(bytes, { order: "time" }).events;
  const from = all[30]!.time;
  const to = all[80]!.time;
  const cut = await rewriteToRecords([bytes], {
    filter: ({ time }, clock) => clock.ns(time) >= from && time < to,
    keepSymbols: false,
  });
  assertEquals(
    essencesOf(cut),
    all.filter(({ time }) => time >= from && time < to).map(essenceOf),
  );
  const { threadId } = all[30]!;
  const ofThread = await rewriteToRecords([bytes], {
    filter: (event) => event.threadId === threadId,
  });
  assertEquals(
    essencesOf(ofThread),
    all.filter((event) =>
      event.threadId === threadId || event.metadata.eventName === "ProcessInfo"
    ).map(essenceOf),
  );
});

Deno.test("writeNettrace merges processes in order of time into version 6", async () => {
  const inputs = [ownCapture("events"), ownCapture("jit")];
  const originals = inputs.map((bytes) => recordNettrace(bytes));
  const merged = await rewriteToRecords(inputs);
  assertEquals(merged.header?.version, 6);
  assertEquals(merged.header?.processId, undefined);
  assertEquals(merged.events.length, 116 + 698);
  const times = merged.events.map(({ time }) => time);
  assertEquals(times, times.toSorted((a, b) => a - b));
  for (const { events, header } of originals) {
    const own = merged.events.filter(({ processId }) =>
      processId === header!.processId
    );
    // One machine, one clock: ticks stay as they are.
    assertEquals(
      own.map(({ ticks }) => ticks),
      events.map(({ ticks }) => ticks).sort((a, b) => Number(a - b)),
    );
  }
});

/** A stream of one event per time. */
function timedStream(times: readonly number[], fields: TraceFields) {
  return v4Stream([
    traceObject(tracePayload(fields)),
    metadataBlock([definition(1)]),
    blockObject(
      "EventBlock",
      eventBlock(times.map((time, index) =>
        blob({
          metadataId: 1,
          sequence: [0, 7, 0],
          timeStep: index === 0 ? time : time - times[index - 1]!,
          payload: new Uint8Array([index]),
        })
      )),
    ),
  ]);
}

Deno.test("writeNettrace puts clocks that do not agree beside each other by wall time", async () => {
  const first = timedStream([1_000_000_000, 2_000_000_000], {
    syncTicks: 1_000_000_000n,
    frequency: 1_000_000_000n,
  });
  // Half a second later, on a slower clock with other ticks.
  const second = timedStream([500, 1500], {
    systemTime: [2024, 2, 4, 29, 12, 30, 46, 178],
    syncTicks: 500n,
    frequency: 1000n,
  });
  const merged = await rewriteToRecords([first, second], { version: 4 });
  assertEquals(merged.header?.frequency, 1_000_000_000n);
  assertEquals(merged.events.map(({ time }) => time), [
    0,
    500_000_000,
    1_000_000_000,
    1_500_000_000,
  ]);
  // Equal frequencies, but ticks that the wall times contradict.
  const third = timedStream([77_000_000_000], {
    systemTime: [2024, 2, 4, 29, 12, 30, 46, 178],
    syncTicks: 77_000_000_000n,
    frequency: 1_000_000_000n,
  });
  const other = await rewriteToRecords([first, third], { version: 4 });
  assertEquals(other.events.map(({ time }) => time), [
    0,
    500_000_000,
    1_000_000_000,
  ]);
});

Deno.test("writeNettrace gives what is complete of a cut input and counts the cut", async () => {
  const stats = new DecodeStats();
  const bytes = ownCapture("jit").subarray(0, -100);
  const expected = recordNettrace(bytes).events.length;
  assert(expected > 100 && expected < 698);
  const copy = await rewriteToRecords([bytes], { stats });
  assertEquals(copy.events.length, expected);
  assertEquals(stats.get("nettrace_truncated"), 1);
  const inputStats = [new DecodeStats(), new DecodeStats()];
  await rewrite([ownCapture("jit"), bytes], { inputStats });
  assertEquals(
    inputStats.map((each) => each.get("nettrace_truncated")),
    [0, 1],
  );
});

Deno.test("writeNettrace refuses what it cannot write", async () => {
  await assertRejects(() => rewrite([]), RangeError, "there is no input");
  await assertRejects(
    () => rewrite([new Uint8Array(50)]),
    FormatError,
    "has no known magic",
  );
  await assertRejects(
    () => rewrite([ownCapture("jit").subarray(0, 50)]),
    TruncatedError,
  );
  const narrow = timedStream([1], { pointerSize: 4 });
  await assertRejects(
    () => rewrite([ownCapture("jit"), narrow]),
    RangeError,
    "addresses have 8 and 4 bytes",
  );
});

Deno.test("writeNettrace closes its inputs when it is left", async () => {
  let closed = 0;
  async function* source() {
    try {
      yield ownCapture("jit").subarray(0, 30_000);
      await Promise.resolve();
      yield ownCapture("jit").subarray(30_000);
    } finally {
      closed++;
    }
  }
  for await (const _ of writeNettrace([source(), source()])) break;
  assertEquals(closed, 2);
});

Deno.test("writeNettrace rejects with the reason of its signal", async () => {
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  const error = await assertRejects(() =>
    rewrite([ownCapture("jit")], { signal })
  );
  assertEquals(error, reason);
});

Deno.test("writeNettrace keeps the processor and thread of each event", async () => {
  const bytes = v4Stream([
    traceObject(),
    metadataBlock([definition(1)]),
    blockObject(
      "EventBlock",
      eventBlock([[7, 0, 7], [7, 3, 7], [7, 0xffff_ffff, 8], [9, 3, 8]].map(
        ([capture, processor, threadId], index) =>
          blob({
            metadataId: 1,
            sequence: [0, capture!, processor!],
            threadId: threadId!,
            timeStep: index,
            payload: new Uint8Array(0),
          }),
      )),
    ),
  ]);
  for (const version of [4, 6] as const) {
    const { events } = await rewriteToRecords([bytes], { version });
    assertEquals(
      events.map(({ captureThreadId, processor, threadId }) => [
        captureThreadId,
        processor,
        threadId,
      ]),
      [[7, 0, 7], [7, 3, 7], [7, -1, 8], [9, 3, 8]],
    );
  }
});

Deno.test("writeNettrace keeps unsorted events as such", async () => {
  // Version 2 is delivered as it lies there, whatever the times are.
  const bytes = earlyStream(2, [
    eventRecord(0, { payload: earlyDefinition(utf16z("Source"), 5, "Five") }),
    ...[1500n, 1400n, 1600n].map((time) =>
      eventRecord(EARLY_FIRST_RECORD, { time })
    ),
  ]);
  const copy = await rewriteToRecords([bytes]);
  assertEquals(
    copy.events.map(({ time, isSorted }) => [time, isSorted]),
    [[500, true], [400, false], [600, true]],
  );
});

Deno.test("writeNettrace leaves out a payload that no version 6 block can hold", async () => {
  const payload = new Uint8Array(17 * 1024 * 1024);
  const bytes = v4Stream([
    traceObject(),
    metadataBlock([definition(1)]),
    blockObject(
      "EventBlock",
      eventBlock([
        blob({ metadataId: 1, sequence: [0, 7, 0], payload }),
        blob({ payload: new Uint8Array(3) }),
      ]),
    ),
  ]);
  const stats = new DecodeStats();
  const copy = await rewriteToRecords([bytes], { version: 6, stats });
  assertEquals(copy.events.map((event) => event.payload.length), [3]);
  assertEquals(stats.get("nettrace_event_too_large"), 1);
  const whole = await rewriteToRecords([bytes], { version: 4 });
  assertEquals(whole.events[0]!.payload.length, payload.length);
});

Deno.test("writeNettrace declares fields in version 6 only as far as their sizes fit", async () => {
  const bytes = v4Stream([
    traceObject(),
    metadataBlock([
      definition(1, { fields: v1Fields([[9, "x".repeat(70_000)]]) }),
    ]),
    blockObject(
      "EventBlock",
      eventBlock([
        blob({
          metadataId: 1,
          sequence: [0, 7, 0],
          payload: new Uint8Array(4),
        }),
      ]),
    ),
  ]);
  const stats = new DecodeStats();
  const copy = await rewriteToRecords([bytes], { version: 6, stats });
  assertEquals(copy.metadata[0]!.fields, []);
  assertEquals(copy.events[0]!.payload.length, 4);
  assertEquals(stats.get("nettrace_fields_too_large"), 1);
});

Deno.test("writeNettrace keeps events of threads that no version 6 stream defined", async () => {
  const bytes = v6Stream([
    v6Block(3, v6Metadata([v6Row(1)])),
    v6Block(5, stackBlock(1, [[0x77n]])),
    v6Block(
      2,
      eventBlock([
        blob({
          metadataId: 1,
          sequence: [0, 3, 0],
          threadId: 3,
          stackId: 1,
          payload: new Uint8Array(0),
        }),
      ]),
    ),
  ], { trace: v6Trace([["ProcessId", "9"]]) });
  const six = await rewriteToRecords([bytes]);
  assertEquals(
    six.events.map(({ threadId, processId, stack }) => [
      threadId,
      processId,
      stack.depth,
    ]),
    [[-1, 9, 1]],
  );
  const four = await rewriteToRecords([bytes], { version: 4 });
  assertEquals(four.events[0]!.threadId, 3);
});

Deno.test("writeNettrace writes a valid stream from whatever it can read", async () => {
  for (const bytes of mutations([ownCapture("v5Features")], 300, 5)) {
    for (const version of [4, 6] as const) {
      let output: Uint8Array;
      try {
        output = await rewrite([bytes], { version });
      } catch (error) {
        assert(error instanceof FormatError, String(error));
        continue;
      }
      const copy = recordNettrace(output);
      assertEquals(copy.outcome?.type, "complete");
      assertEquals(
        copy.stats.filter(({ name }) =>
          name !== "nettrace_events_lost" && name !== "nettrace_schema_unknown"
        ),
        [],
      );
    }
  }
});

for (const version of [4, 6] as const) {
  testWith(
    `writeNettrace copies a large trace to version ${version} with its sequence points`,
    [requireSharedData(SHARED_CAPTURES.heartRateMonitor)],
    async () => {
      const bytes = await sharedCapture("heartRateMonitor");
      const original = summarizeNettrace(bytes);
      const copy = summarizeNettrace(await rewrite([bytes], { version }));
      assertEquals(copy.kinds, original.kinds);
      assertEquals(copy.threads, original.threads);
      assertEquals(copy.timeDigest, original.timeDigest);
      assertEquals([copy.lost, copy.stats], [0, []]);
      assert(copy.blockCounts.SPBlock! > 5);
    },
  );
  testWith(
    `writeNettrace upgrades version 2 to version ${version}`,
    [requireSharedData(SHARED_CAPTURES.objver2)],
    async () => {
      const bytes = (await sharedCapture("objver2")).subarray(0, 5_000_000);
      const original = summarizeNettrace(bytes);
      const copy = summarizeNettrace(await rewrite([bytes], { version }));
      assertEquals(copy.kinds, original.kinds);
      assertEquals(copy.threads, original.threads);
      assertEquals(copy.timeDigest, original.timeDigest);
      assertEquals(copy.outcome.type, "complete");
    },
  );
}
