import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { LimitError } from "../../../src/base/errors.ts";
import type { Limits } from "../../../src/base/limits.ts";
import { NettraceDecoder } from "../../../src/eventpipe/nettrace/nettrace_decoder.ts";
import { concatBytes } from "../../support/byte_stream.ts";
import { recordNettrace } from "../../support/nettrace_records.ts";
import {
  blob,
  blockObject,
  bytesBy,
  definition,
  eventBlock,
  metadataBlock,
  sequencePoint,
  stackBlock,
  traceObject,
  v1Fields,
  v4Stream,
  v6Block,
  v6Stream,
  v6Thread,
  v6Trace,
} from "../../support/nettrace_streams.ts";

const TRACE = traceObject();

function checkLimit(
  bytes: Uint8Array,
  limits: Partial<Limits>,
  limit: string,
): void {
  const { error } = recordNettrace(bytes, { limits });
  assertInstanceOf(error, LimitError);
  assertEquals(error.limit, limit);
  assertEquals(recordNettrace(bytes).error, undefined);
}

Deno.test("NettraceDecoder refuses a block above maxRecordBytes before it is there", () => {
  const bytes = v4Stream([
    TRACE,
    blockObject("EventBlock", new Uint8Array(0), {
      size: 64 * 1024 * 1024 + 1,
    }),
  ]);
  const decoder = new NettraceDecoder({});
  const error = assertThrows(() => decoder.push(bytes), LimitError);
  assertEquals([error.limit, error.offset], ["maxRecordBytes", 102]);
  checkLimit(
    v4Stream([TRACE, blockObject("StackBlock", stackBlock(1, [[1n]]))]),
    { maxRecordBytes: 19 },
    "maxRecordBytes",
  );
  checkLimit(
    v6Stream([v6Block(5, stackBlock(1, [[1n], [1n], [1n], [1n]]))]),
    { maxRecordBytes: 40 },
    "maxRecordBytes",
  );
});

Deno.test("NettraceDecoder refuses more definitions than maxTableEntries", () => {
  checkLimit(
    v4Stream([TRACE, metadataBlock([definition(1), definition(2)])]),
    { maxTableEntries: 1 },
    "maxTableEntries",
  );
});

Deno.test("NettraceDecoder refuses more stacks than maxTableEntries", () => {
  checkLimit(
    v4Stream([TRACE, blockObject("StackBlock", stackBlock(1, [[], [], []]))]),
    { maxTableEntries: 2 },
    "maxTableEntries",
  );
});

Deno.test("NettraceDecoder refuses more threads and label lists than maxTableEntries", () => {
  checkLimit(
    v6Stream([
      v6Block(6, concatBytes([v6Thread(1, 2, 3), v6Thread(2, 2, 4)])),
    ]),
    { maxTableEntries: 1 },
    "maxTableEntries",
  );
  const labels = bytesBy((writer) => {
    writer.u32(1);
    writer.u32(2);
    for (let list = 0; list < 2; list++) {
      writer.u8(0x89);
      writer.u8(1);
    }
  });
  checkLimit(
    v6Stream([v6Block(8, labels)]),
    { maxTableEntries: 1 },
    "maxTableEntries",
  );
});

Deno.test("NettraceDecoder refuses a sequence point of more threads than maxTableEntries", () => {
  const point = sequencePoint(1n, [[1n, 1], [2n, 1], [3n, 1]]);
  checkLimit(
    v4Stream([TRACE, blockObject("SPBlock", point)]),
    { maxTableEntries: 2 },
    "maxTableEntries",
  );
});

Deno.test("NettraceDecoder refuses more properties than maxTableEntries", () => {
  checkLimit(
    v6Stream([], { trace: v6Trace([["a", "b"], ["c", "d"]]) }),
    { maxTableEntries: 1 },
    "maxTableEntries",
  );
});

Deno.test("NettraceDecoder refuses more bytes of definitions than it keeps", () => {
  const decoder = new NettraceDecoder({});
  decoder.push(v4Stream([TRACE], { hasEnd: false }));
  const fields = v1Fields([[9, "x".repeat(2_000_000)]]);
  const error = assertThrows(() => {
    for (let id = 1; id < 9; id++) {
      decoder.push(
        metadataBlock([definition(id, { fields })])(decoder.offset),
      );
    }
  }, LimitError);
  assertEquals(error.limit, "tableBytes");
});

Deno.test("NettraceDecoder refuses more bytes of stacks between two sequence points than it keeps", () => {
  // One block of 8 MiB, again and again; ids overlap, so their number does not grow.
  const stack = new Uint8Array(12 + 8 * 1024 * 1024);
  const view = new DataView(stack.buffer);
  view.setUint32(0, 1, true);
  view.setUint32(4, 1, true);
  view.setUint32(8, 8 * 1024 * 1024, true);
  const decoder = new NettraceDecoder({});
  decoder.push(v6Stream([], { hasEnd: false }));
  const error = assertThrows(() => {
    for (let count = 0; count < 9; count++) decoder.push(v6Block(5, stack));
  }, LimitError);
  assertEquals(error.limit, "tableBytes");
});

Deno.test("NettraceDecoder refuses fields nested deeper than maxDepth as a schema only", () => {
  const nested = bytesBy((writer) => {
    for (let depth = 0; depth < 3; depth++) {
      writer.i32(1);
      writer.i32(1);
    }
    writer.i32(0);
    writer.zeros(6);
  });
  const bytes = v4Stream([
    TRACE,
    metadataBlock([definition(1, { fields: nested })]),
  ]);
  const fieldsAt = (maxDepth: number) =>
    recordNettrace(bytes, { limits: { maxDepth } }).metadata[0]!.fields;
  assertEquals(fieldsAt(4)?.length, 1);
  assertEquals(fieldsAt(3), undefined);
});

/** Events of two threads by turns, never sorted, the second thread's older. */
function unsorted(count: number): Uint8Array {
  const blobs = Array.from({ length: count }, (_, index) =>
    blob({
      ...(index === 0 ? { metadataId: 1 } : {}),
      sequence: [index < 2 ? 0 : 0xffff_ffff, 7 + index % 2, 0],
      timeStep: index % 2 === 0 ? 1000 : BigInt.asUintN(64, -500n),
      payload: new Uint8Array(0),
    }));
  return v4Stream([
    TRACE,
    metadataBlock([definition(1)]),
    blockObject("EventBlock", eventBlock(blobs)),
  ]);
}

Deno.test("NettraceDecoder gives up order by time at maxQueuedRecords and says so", () => {
  const bytes = unsorted(10);
  const all = recordNettrace(bytes, { order: "time" });
  const times = all.events.map(({ time }) => time);
  assertEquals(times, times.toSorted((a, b) => a - b));
  assertEquals(
    all.stats.filter(({ name }) => name === "nettrace_order_limit"),
    [],
  );
  const limited = recordNettrace(bytes, {
    order: "time",
    limits: { maxQueuedRecords: 4 },
  });
  assertEquals(
    limited.events.map(({ index }) => index).sort((a, b) => a - b),
    all.events.map(({ index }) => index).sort((a, b) => a - b),
  );
  assertEquals(
    limited.stats.filter(({ name }) => name === "nettrace_order_limit")
      .map(({ count }) => count),
    [2],
  );
});

Deno.test("NettraceDecoder gives up order by time at maxQueuedBytes and says so", () => {
  const limited = recordNettrace(unsorted(10), {
    order: "time",
    limits: { maxQueuedBytes: 1500 },
  });
  assertEquals(limited.events.length, 10);
  assertEquals(
    limited.stats.map(({ name }) => name).includes("nettrace_order_limit"),
    true,
  );
});

Deno.test("NettraceDecoder refuses limits that are no positive integers", () => {
  assertThrows(
    () => new NettraceDecoder({}, { limits: { maxDepth: 0 } }),
    RangeError,
    'limit "maxDepth"',
  );
});
