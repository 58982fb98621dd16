import { assert, assertEquals } from "@std/assert";
import { decodeNettrace } from "../../../src/eventpipe/nettrace/decode_nettrace.ts";
import { seededRandom } from "../../support/mutations.ts";
import {
  ownCapture,
  SHARED_CAPTURES,
  sharedCapture,
} from "../../support/nettrace_captures.ts";
import { recordNettrace } from "../../support/nettrace_records.ts";
import {
  blob,
  blockObject,
  definition,
  eventBlock,
  metadataBlock,
  sequencePoint,
  stackBlock,
  traceObject,
  v4Stream,
} from "../../support/nettrace_streams.ts";
import { testWith } from "../../support/requirement.ts";
import { requireSharedData } from "../../support/shared_data.ts";

const TRACE = traceObject();
const KIND = metadataBlock([definition(1)]);

interface TestEvent {
  readonly thread: number;
  readonly sequence: number;
  readonly time: number;
  readonly isSorted?: boolean;
  readonly stackId?: number;
}

/** A block of these events; the number of each is written as its payload too. */
function block(events: readonly TestEvent[]) {
  let lastSequence = 0;
  let lastTime = 0;
  const blobs = events.map((event) => {
    const bytes = blob({
      metadataId: 1,
      sequence: [
        (event.sequence - lastSequence - 1) >>> 0,
        event.thread,
        0,
      ],
      threadId: event.thread,
      stackId: event.stackId ?? 0,
      timeStep: BigInt.asUintN(64, BigInt(event.time - lastTime)),
      isSorted: event.isSorted ?? false,
      payload: new Uint8Array([event.thread, event.sequence]),
    });
    lastSequence = event.sequence;
    lastTime = event.time;
    return bytes;
  });
  return blockObject("EventBlock", eventBlock(blobs));
}

function deliveredBy(bytes: Uint8Array): string[] {
  return recordNettrace(bytes, { order: "time" }).events.map(
    ({ captureThreadId, sequenceNumber, payload }) => {
      assertEquals([...payload], [captureThreadId, sequenceNumber]);
      return `${captureThreadId}:${sequenceNumber}`;
    },
  );
}

Deno.test("NettraceDecoder merges threads by time up to an event that is sorted", () => {
  const bytes = v4Stream([
    TRACE,
    KIND,
    block([
      { thread: 1, sequence: 1, time: 10 },
      { thread: 1, sequence: 2, time: 40 },
      { thread: 2, sequence: 1, time: 20 },
      { thread: 2, sequence: 2, time: 50 },
      { thread: 3, sequence: 1, time: 30, isSorted: true },
    ]),
    block([{ thread: 4, sequence: 1, time: 45 }]),
  ]);
  assertEquals(deliveredBy(bytes), ["1:1", "2:1", "3:1", "1:2", "4:1", "2:2"]);
});

Deno.test("NettraceDecoder delivers everything before a sequence point", () => {
  const bytes = v4Stream([
    TRACE,
    KIND,
    block([
      { thread: 1, sequence: 1, time: 900 },
      { thread: 2, sequence: 1, time: 800 },
    ]),
    blockObject("SPBlock", sequencePoint(950n, [[1n, 1], [2n, 1]])),
    block([{ thread: 2, sequence: 2, time: 100 }]),
  ]);
  assertEquals(deliveredBy(bytes), ["2:1", "1:1", "2:2"]);
});

Deno.test("NettraceDecoder keeps the order of the stream between events of equal time", () => {
  const bytes = v4Stream([
    TRACE,
    KIND,
    block([
      { thread: 9, sequence: 1, time: 10 },
      { thread: 2, sequence: 1, time: 10 },
      { thread: 5, sequence: 1, time: 10 },
      { thread: 2, sequence: 2, time: 10 },
    ]),
  ]);
  assertEquals(deliveredBy(bytes), ["9:1", "2:1", "5:1", "2:2"]);
});

Deno.test("NettraceDecoder delivers a sorted event before waiting ones of equal time", () => {
  const bytes = v4Stream([
    TRACE,
    KIND,
    block([
      { thread: 1, sequence: 1, time: 30 },
      { thread: 3, sequence: 1, time: 30, isSorted: true },
    ]),
  ]);
  assertEquals(deliveredBy(bytes), ["3:1", "1:1"]);
});

Deno.test("NettraceDecoder gives waiting events the stack that their id stood for", () => {
  const bytes = v4Stream([
    TRACE,
    KIND,
    blockObject("StackBlock", stackBlock(1, [[0x11n]])),
    block([{ thread: 1, sequence: 1, time: 10, stackId: 1 }]),
    blockObject("SPBlock", sequencePoint(20n, [[1n, 1]])),
    blockObject("StackBlock", stackBlock(1, [[0x22n]])),
    block([{ thread: 1, sequence: 2, time: 30, stackId: 1 }]),
  ]);
  const { events } = recordNettrace(bytes, { order: "time" });
  assertEquals(events.map(({ stack }) => stack.bytes[0]), [0x11, 0x22]);
});

Deno.test("NettraceDecoder orders any number of threads as a sort would", () => {
  const random = seededRandom(7);
  const last = new Map<number, TestEvent>();
  const events: TestEvent[] = [];
  for (let count = 0; count < 250; count++) {
    const thread = 1 + random(20);
    const before = last.get(thread);
    const event = {
      thread,
      sequence: (before?.sequence ?? 0) + 1,
      time: (before?.time ?? 1000) + random(40),
    };
    last.set(thread, event);
    events.push(event);
  }
  const bytes = v4Stream([
    TRACE,
    KIND,
    block(events.slice(0, 100)),
    block(events.slice(100)),
  ]);
  const expected = events
    .map((event, index) => ({ ...event, index }))
    .toSorted((a, b) => a.time - b.time || a.index - b.index);
  assertEquals(
    deliveredBy(bytes),
    expected.map(({ thread, sequence }) => `${thread}:${sequence}`),
  );
});

Deno.test("NettraceDecoder asks once for each kind which events are wanted", () => {
  const bytes = ownCapture("workload");
  const all = recordNettrace(bytes);
  const asked: number[] = [];
  const records = recordNettrace(bytes, {
    wants: (metadata) => {
      asked.push(metadata.index);
      return metadata.eventId === 80;
    },
  });
  assertEquals(asked, all.metadata.map(({ index }) => index));
  assertEquals(
    records.events,
    all.events.filter(({ metadata }) => metadata.eventId === 80),
  );
});

function checkTimeOrder(bytes: Uint8Array): void {
  const file: string[] = [];
  const ordered: string[] = [];
  let time = -Infinity;
  let events = 0;
  decodeNettrace(bytes, {
    onEvent: (event) => {
      file.push(`${event.index} ${event.payload().toHex()} ${event.stackId}`);
    },
  });
  decodeNettrace(bytes, {
    onEvent: (event) => {
      assert(event.time >= time);
      time = event.time;
      events++;
      ordered[event.index] =
        `${event.index} ${event.payload().toHex()} ${event.stackId}`;
    },
  }, { order: "time" });
  assertEquals(events, file.length);
  assert(ordered.every((line, index) => line === file[index]));
}

Deno.test("NettraceDecoder delivers a recording in order of time with the same content", () => {
  checkTimeOrder(ownCapture("workload"));
});

for (const name of ["mixed", "objver4"] as const) {
  testWith(
    `NettraceDecoder delivers ${name} in order of time with the same content`,
    [requireSharedData(SHARED_CAPTURES[name])],
    async () => checkTimeOrder(await sharedCapture(name)),
  );
}
