import { assertEquals } from "@std/assert";
import {
  type NettraceRecords,
  recordNettrace,
} from "../../support/nettrace_records.ts";
import {
  blob,
  blockObject,
  bytesBy,
  definition,
  eventBlock,
  metadataBlock,
  sequencePoint,
  traceObject,
  v4Stream,
  v6Block,
  v6Metadata,
  v6Row,
  v6Stream,
  v6Thread,
} from "../../support/nettrace_streams.ts";
import { concatBytes } from "../../support/byte_stream.ts";

const TRACE = traceObject();
const KIND = metadataBlock([definition(1)]);

/** Thread, number and time of events, one block each. */
type Numbered = readonly (readonly [
  thread: number,
  sequence: number,
  time: number,
])[];

function numberedBlock([thread, sequence, time]: Numbered[number]) {
  return eventBlock([
    blob({
      metadataId: 1,
      sequence: [(sequence - 1) >>> 0, thread, 0],
      threadId: thread,
      timeStep: time,
      payload: new Uint8Array(0),
    }),
  ]);
}

function v4Events(events: Numbered) {
  return events.map((event) => blockObject("EventBlock", numberedBlock(event)));
}

function v6Events(events: Numbered) {
  return events.map((event) => v6Block(2, numberedBlock(event)));
}

function lossesOf(records: NettraceRecords) {
  return records.losses.map((loss) => [
    loss.cause,
    loss.captureThreadId,
    loss.count,
    loss.lastSequenceNumber,
    loss.sequenceNumber,
    loss.afterTime,
    loss.beforeTime,
  ]);
}

Deno.test("NettraceDecoder finds a gap between the numbers of a thread and the time of it", () => {
  const records = recordNettrace(v4Stream([
    TRACE,
    KIND,
    ...v4Events([[7, 5, 2000], [8, 1, 2500], [7, 9, 3000], [8, 2, 3500]]),
  ]));
  assertEquals(lossesOf(records), [["event", 7, 3, 5, 9, 1000, 2000]]);
  assertEquals(records.lost, 3);
  assertEquals(
    records.stats.map(({ name, severity, count }) => [name, severity, count]),
    [["nettrace_events_lost", "data_loss", 3]],
  );
});

Deno.test("NettraceDecoder takes numbers modulo 2^32", () => {
  const records = recordNettrace(v4Stream([
    TRACE,
    KIND,
    ...v4Events([[7, 0xffff_fffe, 2000], [7, 0xffff_ffff, 2001], [7, 0, 2002]]),
    ...v4Events([[7, 1, 2003], [7, 3, 2004]]),
  ]));
  assertEquals(lossesOf(records), [["event", 7, 1, 1, 3, 1003, 1004]]);
});

Deno.test("NettraceDecoder counts nothing behind number 0 before version 6", () => {
  // The id of the thread may have been recycled.
  const records = recordNettrace(v4Stream([
    TRACE,
    KIND,
    ...v4Events([[7, 0, 2000], [7, 9, 2001]]),
  ]));
  assertEquals([records.lost, records.stats], [0, []]);
});

Deno.test("NettraceDecoder counts numbers that go back as out of order, not as lost", () => {
  const records = recordNettrace(v4Stream([
    TRACE,
    KIND,
    ...v4Events([[7, 57, 2000], [7, 1, 2001], [7, 2, 2002]]),
  ]));
  assertEquals(records.lost, 0);
  assertEquals(
    records.stats.map(({ name, severity }) => [name, severity]),
    [["nettrace_out_of_order", "notice"]],
  );
});

Deno.test("NettraceDecoder compares a sequence point with what it has seen", () => {
  const records = recordNettrace(v4Stream([
    TRACE,
    KIND,
    ...v4Events([[7, 1, 2000], [7, 2, 2100]]),
    blockObject("SPBlock", sequencePoint(3000n, [[7n, 6], [9n, 40]])),
    ...v4Events([[9, 43, 4000]]),
  ]));
  assertEquals(lossesOf(records), [
    ["sequencePoint", 7, 4, 2, 6, 1100, 2000],
    ["event", 9, 2, 40, 43, 2000, 3000],
  ]);
});

Deno.test("NettraceDecoder forgets a thread that a sequence point does not list", () => {
  const records = recordNettrace(v4Stream([
    TRACE,
    KIND,
    ...v4Events([[7, 10, 2000]]),
    blockObject("SPBlock", sequencePoint(3000n, [])),
    ...v4Events([[7, 1, 4000], [7, 2, 4001]]),
  ]));
  assertEquals([records.lost, records.stats], [0, []]);
});

Deno.test("NettraceDecoder keeps the 5000 threads that were used last", () => {
  const many: [number, number, number][] = [];
  for (let thread = 1; thread <= 5001; thread++) many.push([thread, 10, 2000]);
  const records = recordNettrace(v4Stream([
    TRACE,
    KIND,
    blockObject(
      "EventBlock",
      eventBlock(
        [...many, [1, 20, 2001], [3, 20, 2001]].map(([thread, sequence]) =>
          blob({
            metadataId: 1,
            sequence: [0, thread!, 0],
            payload: new Uint8Array([sequence!]),
          })
        ),
      ),
    ),
    // Thread 2 was pushed out by thread 1, which came back.
    ...v4Events([[3, 60_000, 9000], [2, 70_000, 9000]]),
  ]));
  assertEquals(records.losses.map(({ captureThreadId }) => captureThreadId), [
    3,
    3,
  ]);
});

const V6_HEAD = [
  v6Block(3, v6Metadata([v6Row(1)])),
  v6Block(6, concatBytes([v6Thread(1, 10, 101), v6Thread(2, 10, 102)])),
];

Deno.test("NettraceDecoder expects version 6 threads to begin with number 1", () => {
  const records = recordNettrace(v6Stream([
    ...V6_HEAD,
    ...v6Events([[1, 3, 2000], [2, 1, 2000]]),
    v6Block(
      7,
      bytesBy((writer) => {
        writer.varuint(2);
        writer.varuint(4);
      }),
    ),
  ]));
  assertEquals(lossesOf(records), [
    ["event", 101, 2, 0, 3, undefined, 1000],
    ["removeThread", 102, 3, 1, 4, 1000, undefined],
  ]);
});

Deno.test("NettraceDecoder forgets label lists at a version 6 sequence point", () => {
  const labels = v6Block(
    8,
    bytesBy((writer) => {
      writer.u32(1);
      writer.u32(1);
      writer.u8(0x89);
      writer.u8(2);
    }),
  );
  const point = v6Block(4, new Uint8Array(16));
  const labelled = (sequence: number) =>
    v6Block(
      2,
      eventBlock([
        blob({
          metadataId: 1,
          sequence: [sequence - 1, 1, 0],
          threadId: 1,
          labels: 1,
          payload: new Uint8Array(0),
        }),
      ]),
    );
  const records = recordNettrace(
    v6Stream([...V6_HEAD, labels, labelled(1), point, labelled(2)]),
  );
  assertEquals(records.events.map(({ level }) => level), [2, 0]);
  assertEquals(
    records.stats.map(({ name }) => name),
    ["nettrace_labels_unknown"],
  );
});

Deno.test("NettraceDecoder forgets threads and kinds where a version 6 sequence point says so", () => {
  const point = (flags: number) =>
    v6Block(
      4,
      bytesBy((writer) => {
        writer.u64(5000n);
        writer.u32(flags);
        writer.u32(1);
        writer.varuint(1);
        writer.varuint(1);
      }),
    );
  const stream = (flags: number) =>
    recordNettrace(v6Stream([
      ...V6_HEAD,
      ...v6Events([[1, 1, 2000]]),
      point(flags),
      ...v6Events([[1, 2, 6000]]),
    ]));
  const kept = stream(0);
  assertEquals(kept.events.map(({ threadId }) => threadId), [101, 101]);
  assertEquals(kept.stats, []);
  const undefinedThread = recordNettrace(v6Stream([point(0)]));
  assertEquals(
    undefinedThread.stats.map(({ name }) => name),
    ["nettrace_thread_unknown", "nettrace_events_lost"],
  );
  const withoutThreads = stream(1);
  assertEquals(withoutThreads.events[1]!.thread, undefined);
  assertEquals(withoutThreads.sequencePoints[0]!.clearsThreads, true);
  const withoutKinds = stream(2);
  assertEquals(withoutKinds.events.length, 1);
  assertEquals(
    withoutKinds.stats.map(({ name }) => name),
    ["nettrace_event_unknown_metadata"],
  );
});
