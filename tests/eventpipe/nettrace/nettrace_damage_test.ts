import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { FormatError } from "../../../src/base/errors.ts";
import { decodeNettrace } from "../../../src/eventpipe/nettrace/decode_nettrace.ts";
import { NettraceDecoder } from "../../../src/eventpipe/nettrace/nettrace_decoder.ts";
import { concatBytes } from "../../support/byte_stream.ts";
import {
  type NettraceRecords,
  recordNettrace,
} from "../../support/nettrace_records.ts";
import {
  type Blob,
  blob,
  blockObject,
  bytesBy,
  definition,
  eventBlock,
  eventRecord,
  metadataBlock,
  sequencePoint,
  stackBlock,
  type StreamPart,
  string6,
  tag,
  traceObject,
  tracePayload,
  utf16z,
  v1Fields,
  v4Stream,
  v6Block,
  v6Metadata,
  v6Row,
  v6Stream,
  v6Thread,
  v6Trace,
} from "../../support/nettrace_streams.ts";

const NONE = new Uint8Array(0);

/** An event of thread 7 with everything that the first of a block needs. */
function firstBlob(metadataId = 1, sequence = 1) {
  return blob({
    metadataId,
    sequence: [sequence - 1, 7, 0],
    threadId: 7,
    timeStep: 1000,
    payload: new Uint8Array([1]),
  });
}

/** A later event, by default of the same thread; the payload size is sticky. */
function nextBlob(parts: Blob = {}) {
  return blob({ payload: NONE, ...parts });
}

const NEXT_BLOB = nextBlob({ timeStep: 1 });

const ONE_KIND = metadataBlock([definition(1)]);

function eventsPart(
  blobs: readonly Uint8Array<ArrayBuffer>[] = [firstBlob(), NEXT_BLOB],
): StreamPart {
  return blockObject("EventBlock", eventBlock(blobs));
}

function statNames(records: NettraceRecords): string[] {
  return records.stats.map(({ name }) => name);
}

function checkThrown(bytes: Uint8Array, text: string, offset?: number): void {
  const { error, events } = recordNettrace(bytes);
  assertInstanceOf(error, FormatError);
  assertStringIncludes(error.message, text);
  if (offset !== undefined) assertEquals(error.offset, offset);
  assertEquals(events, []);
}

const FOREIGN: readonly (readonly [string, Uint8Array, string])[] = [
  ["text", new TextEncoder().encode("Just some text"), "looks like text"],
  ["short text", new TextEncoder().encode("abc"), "looks like text"],
  ["JSON", new TextEncoder().encode('{"a": 1}'), "looks like JSON"],
  ["gzip", Uint8Array.fromHex("1f8b080000000000"), "looks like gzip data"],
  ["zstd", Uint8Array.fromHex("28b52ffd00000000"), "looks like zstd data"],
  ["zip", Uint8Array.fromHex("504b030414000000"), "looks like a zip archive"],
  ["zeros", new Uint8Array(100), "has no known magic"],
  [
    "bytes that only begin like a trace",
    new TextEncoder().encode("Nettrace of my network"),
    'neither "!FastSerialization.1" nor the version',
  ],
];

for (const [what, bytes, text] of FOREIGN) {
  Deno.test(`NettraceDecoder refuses ${what} and says what it is`, () => {
    checkThrown(bytes, text);
  });
}

Deno.test("NettraceDecoder refuses a gcdump file and says what it is", () => {
  const bytes = v4Stream([
    () =>
      bytesBy((writer) => {
        writer.bytes(new Uint8Array([4, 4, 1]));
        writer.i32(10);
        writer.i32(8);
        writer.i32(10);
        writer.utf8("GCHeapDump");
        writer.u8(6);
        writer.zeros(100);
      }),
  ], { hasMagic: false });
  checkThrown(bytes, "stream looks like a gcdump file", 24);
});

const BAD_HEADERS: readonly (readonly [string, Uint8Array, string])[] = [
  [
    "a newer object stream",
    v4Stream([traceObject(tracePayload(), { version: 5 })]),
    "version 5 needs a newer reader",
  ],
  [
    "an object stream for newer readers",
    v4Stream([
      traceObject(tracePayload(), { version: 4, minReaderVersion: 9 }),
    ]),
    "version 9 needs a newer reader",
  ],
  [
    "version 3 with magic",
    v4Stream([traceObject(tracePayload(), { version: 3 })]),
    "version is 3, expected 4 in a stream with magic",
  ],
  [
    "version 4 without magic",
    v4Stream([traceObject(tracePayload(), { version: 4, tag: 4 })], {
      hasMagic: false,
    }),
    "version is 4, expected 3 in a stream without magic",
  ],
  [
    "a newer block stream",
    v6Stream([], { major: 7 }),
    "version 7 needs a newer reader",
  ],
  [
    "a block stream of an impossible version",
    v6Stream([], { major: 5 }),
    "version 5 is none of a block stream",
  ],
  [
    "a pointer size of 5",
    v4Stream([traceObject(tracePayload({ pointerSize: 5 }))]),
    "pointer size is 5, expected 4 or 8",
  ],
  [
    "a frequency of 0",
    v4Stream([traceObject(tracePayload({ frequency: 0n }))]),
    "frequency is 0 ticks per second",
  ],
  [
    "a negative frequency in version 6",
    v6Stream([], { trace: v6Trace([], { frequency: -1n }) }),
    "frequency is -1 ticks per second",
  ],
  [
    "more properties than the block can hold",
    v6Stream([], {
      trace: concatBytes([
        tracePayload({}, 36),
        bytesBy((writer) => writer.i32(1_000_000)),
      ]),
    }),
    "1000000 properties in 0 bytes",
  ],
  ["a block before the Trace", v4Stream([ONE_KIND]), 'of type "MetadataBlock"'],
  ["an end before the Trace", v4Stream([]), "stream ends without it"],
];

for (const [what, bytes, text] of BAD_HEADERS) {
  Deno.test(`NettraceDecoder refuses ${what}`, () => checkThrown(bytes, text));
}

Deno.test("NettraceDecoder refuses a version 6 block before the Trace", () => {
  const bytes = concatBytes([
    v6Stream([]).subarray(0, 20),
    v6Block(3, v6Metadata([])),
  ]);
  checkThrown(bytes, "MetadataBlock at byte 20: it precedes the Trace", 20);
});

Deno.test("NettraceDecoder goes without a wall time that no calendar has", () => {
  const systemTime = [2024, 13, 4, 29, 12, 30, 45, 678];
  const records = recordNettrace(
    v4Stream([
      traceObject(tracePayload({ systemTime })),
      ONE_KIND,
      eventsPart(),
    ]),
  );
  assertEquals(records.header?.syncTime, undefined);
  assertEquals(records.header?.systemTime, systemTime);
  assertEquals(records.events.length, 2);
  assertEquals(statNames(records), ["nettrace_start_time_invalid"]);
});

const TRACE = traceObject();

/** What breaks the framing, and what is said of it. */
const BROKEN: readonly (readonly [string, StreamPart, string])[] = [
  [
    "an unknown object",
    blockObject("Sur\x1bprise", NONE),
    'type "Sur\\u001bprise" is unknown',
  ],
  ["a second Trace", TRACE, "a second Trace follows"],
  [
    "a wrong tag",
    () => new Uint8Array([7]),
    "tag is 7, expected 5 or 1",
  ],
  [
    "a name that is too long",
    blockObject("x".repeat(39), NONE),
    "name of its type is 39 bytes long",
  ],
  [
    "a negative name length",
    () =>
      bytesBy((writer) => {
        writer.bytes(new Uint8Array([5, 5, 1]));
        writer.i32(2);
        writer.i32(2);
        writer.i32(-1);
      }),
    "name of its type is -1 bytes long",
  ],
  [
    "a newer block",
    blockObject("EventBlock", NONE, { version: 3 }),
    "version 3 needs a newer reader",
  ],
  [
    "a negative block size",
    blockObject("EventBlock", NONE, { size: -4 }),
    "block of -4 bytes",
  ],
  [
    "a wrong tag behind a block",
    blockObject("EventBlock", eventBlock([]), { endTag: 9 }),
    "tag is 9, expected 6",
  ],
];

for (const [what, part, text] of BROKEN) {
  Deno.test(`NettraceDecoder delivers what precedes ${what} and stops`, () => {
    const before = v4Stream([TRACE, ONE_KIND, eventsPart()], { hasEnd: false });
    const bytes = v4Stream([TRACE, ONE_KIND, eventsPart(), part, eventsPart()]);
    const records = recordNettrace(bytes);
    assertEquals(records.error, undefined);
    assertEquals(records.events.length, 2);
    assertEquals(records.outcome?.type, "damaged");
    assertEquals(records.outcome?.offset, before.length);
    assertEquals(
      records.outcome?.availableBytes,
      bytes.length - before.length,
    );
    assertStringIncludes(records.outcome!.message, text);
    assertEquals(statNames(records), ["nettrace_damaged"]);
    assertThrows(
      () => decodeNettrace(bytes, {}, { strict: true }),
      FormatError,
    );
    assertEquals(recordNettrace(bytes, { chunkBytes: 1 }), records);
  });
}

Deno.test("NettraceDecoder stops at a second Trace of version 6", () => {
  const records = recordNettrace(v6Stream([v6Block(1, v6Trace())]));
  assertEquals(records.outcome?.type, "damaged");
  assertStringIncludes(records.outcome!.message, "a second Trace follows");
});

Deno.test("NettraceDecoder ignores what follows the end mark and counts it", () => {
  const stream = v4Stream([TRACE, ONE_KIND, eventsPart()]);
  const records = recordNettrace(concatBytes([stream, stream]));
  assertEquals(records.events.length, 2);
  assertEquals(records.outcome?.type, "complete");
  assertEquals(records.outcome?.offset, stream.length);
  const [stat] = records.stats;
  assertEquals(
    [stat?.name, stat?.severity, stat?.count, stat?.firstOffset],
    ["nettrace_trailing_bytes", "info", stream.length, stream.length],
  );
  assertStringIncludes(stat!.firstDetail!, "another nettrace stream");
  assertEquals(
    recordNettrace(concatBytes([stream, stream]), { chunkBytes: 3 }),
    records,
  );
});

Deno.test("NettraceDecoder accepts padding that is not zero", () => {
  const records = recordNettrace(
    v4Stream([
      TRACE,
      blockObject("SPBlock", sequencePoint(0n, []), { padding: 0xee }),
    ]),
  );
  assertEquals(records.sequencePoints.length, 1);
  assertEquals(records.outcome?.type, "complete");
  assertEquals(statNames(records), ["nettrace_padding"]);
});

Deno.test("NettraceDecoder ignores unknown flags of a block and bytes of a longer header", () => {
  const records = recordNettrace(v4Stream([
    TRACE,
    ONE_KIND,
    blockObject("EventBlock", eventBlock([firstBlob()], 0xff01, 32)),
  ]));
  assertEquals(records.events.length, 1);
  assertEquals(statNames(records), ["nettrace_block_flags_unknown"]);
});

/** Contents of event blocks that are damaged behind the first event. */
const DAMAGED_EVENTS: readonly (readonly [string, Uint8Array<ArrayBuffer>])[] =
  [
    [
      "a number of more than 32 bits",
      concatBytes([
        new Uint8Array([1, 0xff, 0xff, 0xff, 0xff, 0x7f]),
        NEXT_BLOB,
      ]),
    ],
    [
      "a number of more than 64 bits",
      concatBytes([
        new Uint8Array([0, ...new Uint8Array(9).fill(0xff), 2]),
        NEXT_BLOB,
      ]),
    ],
    ["a number that the block cuts", new Uint8Array([0, 0x80])],
    ["flags without anything", new Uint8Array([0xff])],
    ["a payload beyond the block", blob({ payloadSize: 1000 })],
    ["a GUID beyond the block", new Uint8Array([0x10, 0, 1, 2, 3])],
  ];

for (const [what, damage] of DAMAGED_EVENTS) {
  Deno.test(`NettraceDecoder keeps the events before ${what} and the blocks behind it`, () => {
    const bytes = v4Stream([
      TRACE,
      ONE_KIND,
      eventsPart([firstBlob(), damage]),
      eventsPart([firstBlob(1, 2)]),
    ]);
    const records = recordNettrace(bytes);
    assertEquals(records.events.map(({ sequenceNumber }) => sequenceNumber), [
      1,
      2,
    ]);
    assertEquals(records.outcome?.type, "complete");
    assertEquals(statNames(records), [
      "nettrace_block_damaged",
      "nettrace_bytes_skipped",
    ]);
    // From the number or event on that could not be read.
    assert(damage.length - records.stats[1]!.count <= 1);
    assertThrows(
      () => decodeNettrace(bytes, {}, { strict: true }),
      FormatError,
    );
  });
}

for (const headerSize of [0, 19, 500]) {
  Deno.test(`NettraceDecoder leaves out an event block with a header of ${headerSize} bytes`, () => {
    const block = eventBlock([firstBlob()]);
    new DataView(block.buffer).setUint16(0, headerSize, true);
    const records = recordNettrace(v4Stream([
      TRACE,
      ONE_KIND,
      blockObject("EventBlock", block),
      eventsPart(),
    ]));
    assertEquals(records.events.length, 2);
    assertEquals(statNames(records)[0], "nettrace_block_damaged");
  });
}

Deno.test("NettraceDecoder keeps the events before damage in a block of version 3", () => {
  const trace = traceObject(tracePayload(), {
    version: 3,
    minReaderVersion: 0,
    tag: 4,
  });
  const part = (content: Uint8Array<ArrayBuffer>) =>
    blockObject("EventBlock", content, {
      version: 1,
      minReaderVersion: 0,
      tag: 4,
    });
  const defined = eventRecord(0, { payload: definition(1), isPadded: true });
  const good = eventRecord(1, { stack: [1n, 2n], isPadded: true });
  const damages: [at: number, value: number][] = [
    [0, 1_000_000],
    [0, -1],
    [0, 20],
    [52, -1],
    [52, 1000],
    [56, -8],
    [56, 70_000],
  ];
  for (const [at, value] of damages) {
    const bad = eventRecord(1, { stack: [3n] });
    new DataView(bad.buffer).setInt32(at, value, true);
    const records = recordNettrace(v4Stream([
      trace,
      part(concatBytes([defined, good, bad, good])),
      part(good),
    ], { hasMagic: false }));
    assertEquals(records.events.length, 2, `${value} at ${at}`);
    assertEquals(records.events[0]!.stack.depth, 2);
    assertEquals(statNames(records)[0], "nettrace_block_damaged");
    assertEquals(records.outcome?.type, "complete");
  }
});

Deno.test("NettraceDecoder skips events of a kind that is not defined and counts them", () => {
  const records = recordNettrace(v4Stream([
    TRACE,
    ONE_KIND,
    eventsPart([
      firstBlob(),
      nextBlob({ metadataId: 99 }),
      nextBlob({ metadataId: 1 }),
    ]),
  ]));
  assertEquals(records.events.map(({ index }) => index), [0, 2]);
  assertEquals(
    records.stats.map(({ name, count, severity }) => [name, count, severity]),
    [["nettrace_event_unknown_metadata", 1, "data_loss"]],
  );
  assertEquals(records.lost, 0);
});

Deno.test("NettraceDecoder skips a definition in an event block and an event in a metadata block", () => {
  const misplaced = blockObject(
    "MetadataBlock",
    eventBlock([firstBlob(1), blob({ metadataId: 0, payload: definition(2) })]),
  );
  const records = recordNettrace(v4Stream([
    TRACE,
    ONE_KIND,
    misplaced,
    eventsPart([firstBlob(), nextBlob({ metadataId: 0 })]),
  ]));
  assertEquals(records.events.length, 1);
  assertEquals(records.metadata.map(({ id }) => id), [1, 2]);
  assertEquals(statNames(records), [
    "nettrace_event_misplaced",
    "nettrace_event_unknown_metadata",
  ]);
});

Deno.test("NettraceDecoder takes the last of two different definitions and ignores equal ones", () => {
  const same = recordNettrace(
    v4Stream([TRACE, ONE_KIND, ONE_KIND, eventsPart()]),
  );
  assertEquals(same.metadata.length, 1);
  assertEquals(same.stats, []);
  const other = metadataBlock([definition(1, { name: "Other" })]);
  const different = recordNettrace(
    v4Stream([
      TRACE,
      ONE_KIND,
      eventsPart(),
      other,
      eventsPart([firstBlob(1, 3)]),
    ]),
  );
  assertEquals(
    different.events.map((
      { metadata },
    ) => [metadata.eventName, metadata.index]),
    [["Event1", 0], ["Event1", 0], ["Other", 1]],
  );
  assertEquals(statNames(different), ["nettrace_metadata_redefined"]);
});

/** Definitions whose fields cannot be understood. */
const BAD_SCHEMAS: readonly (readonly [string, Uint8Array<ArrayBuffer>])[] = [
  ["an unknown type", definition(1, { fields: v1Fields([[99, "x"]]) })],
  [
    "an array without element type",
    definition(1, { fields: v1Fields([[19, "x"]]) }),
  ],
  [
    "a negative count",
    definition(1, { fields: bytesBy((writer) => writer.i32(-1)) }),
  ],
  [
    "an absurd count",
    definition(1, { fields: bytesBy((writer) => writer.i32(0x7fff_ffff)) }),
  ],
  [
    "fields that end early",
    definition(1, {
      fields: bytesBy((writer) => {
        writer.i32(1);
        writer.i32(9);
      }),
    }),
  ],
  [
    "a field nested 1000 levels deep",
    definition(1, {
      fields: bytesBy((writer) => {
        for (let depth = 0; depth < 1000; depth++) {
          writer.i32(1);
          writer.i32(1);
        }
        writer.i32(0);
        writer.zeros(2 * 1000);
      }),
    }),
  ],
  [
    "a V2 field that is smaller than its content",
    definition(1, {
      tags: tag(
        2,
        bytesBy((writer) => {
          writer.i32(1);
          writer.i32(6);
          writer.bytes(utf16z("field"));
          writer.i32(9);
        }),
      ),
    }),
  ],
  [
    "an array of nothing",
    definition(1, {
      tags: tag(
        2,
        bytesBy((writer) => {
          writer.i32(1);
          writer.i32(4 + 4 + 12);
          writer.bytes(utf16z("x"));
          writer.i32(19);
          writer.i32(1);
          writer.i32(0);
        }),
      ),
    }),
  ],
];

for (const [what, payload] of BAD_SCHEMAS) {
  Deno.test(`NettraceDecoder keeps events whose definition has ${what}`, () => {
    const records = recordNettrace(
      v4Stream([TRACE, metadataBlock([payload]), eventsPart()]),
    );
    assertEquals(records.metadata[0]!.fields, undefined);
    assertEquals(records.metadata[0]!.eventName, "Event1");
    assertEquals(records.events.length, 2);
    assertEquals([...records.events[0]!.payload], [1]);
    assertEquals(statNames(records), ["nettrace_schema_unknown"]);
  });
}

Deno.test("NettraceDecoder keeps what precedes damaged tags and skips unknown ones", () => {
  const fields = v1Fields([[9, "x"]]);
  const opcode = tag(1, new Uint8Array([24, 0xff]));
  for (const size of [-1, 1000]) {
    const records = recordNettrace(v4Stream([
      TRACE,
      metadataBlock([
        definition(1, {
          fields,
          tags: concatBytes([
            tag(77, new Uint8Array(3)),
            opcode,
            tag(1, NONE, size),
          ]),
        }),
      ]),
    ]));
    const [metadata] = records.metadata;
    assertEquals(metadata?.opcode, 24);
    assertEquals(metadata?.fields?.length, 1);
    assertEquals(statNames(records), ["nettrace_metadata_tags_damaged"]);
  }
});

Deno.test("NettraceDecoder leaves out a definition without a readable name", () => {
  const records = recordNettrace(v4Stream([
    TRACE,
    metadataBlock([
      new Uint8Array([1, 0, 0, 0, 65]),
      definition(2),
    ]),
  ]));
  assertEquals(records.metadata.map(({ id }) => id), [2]);
  assertEquals(statNames(records), ["nettrace_metadata_damaged"]);
});

Deno.test("NettraceDecoder cuts stacks to whole addresses and takes the last of equal ids", () => {
  const odd = bytesBy((writer) => {
    writer.u32(1);
    writer.u32(1);
    writer.u32(11);
    writer.u64(0x55n);
    writer.zeros(3);
  });
  const records = recordNettrace(v4Stream([
    TRACE,
    ONE_KIND,
    blockObject("StackBlock", stackBlock(1, [[1n, 2n], []])),
    blockObject("StackBlock", odd),
    eventsPart([concatBytes([firstBlob()]), nextBlob({ stackId: 1 })]),
  ]));
  assertEquals(records.stacks.map(({ id, depth }) => [id, depth]), [
    [1, 2],
    [2, 0],
    [1, 1],
  ]);
  assertEquals(records.events[1]!.stack.bytes.toHex(), "5500000000000000");
  assertEquals(statNames(records), [
    "nettrace_stack_remainder",
    "nettrace_stack_redefined",
  ]);
});

Deno.test("NettraceDecoder keeps the stacks before damage in their block", () => {
  const damaged = stackBlock(1, [[1n], [2n]]);
  new DataView(damaged.buffer).setUint32(4, 3, true);
  const records = recordNettrace(v4Stream([
    TRACE,
    blockObject("StackBlock", damaged),
    blockObject("StackBlock", new Uint8Array(5)),
  ]));
  assertEquals(records.stacks.length, 2);
  assertEquals(
    records.stats.map(({ name, count }) => [name, count]),
    [["nettrace_block_damaged", 2], ["nettrace_bytes_skipped", 5]],
  );
});

Deno.test("NettraceDecoder gives an event with an unknown stack id an empty stack", () => {
  const records = recordNettrace(v4Stream([
    TRACE,
    ONE_KIND,
    eventsPart([firstBlob(), nextBlob({ stackId: 5 })]),
  ]));
  const { stack } = records.events[1]!;
  assertEquals([stack.id, stack.depth], [0, 0]);
  assertEquals(statNames(records), ["nettrace_stack_unknown"]);
});

Deno.test("NettraceDecoder acts on a sequence point whose list is damaged", () => {
  const content = sequencePoint(5000n, [[7n, 9]]);
  new DataView(content.buffer).setUint32(8, 100, true);
  const records = recordNettrace(v4Stream([
    TRACE,
    ONE_KIND,
    blockObject("StackBlock", stackBlock(1, [[1n]])),
    blockObject("SPBlock", content),
    eventsPart([firstBlob(), nextBlob({ stackId: 1 })]),
  ]));
  assertEquals(
    records.sequencePoints.map(({ time, threads }) => [time, threads]),
    [[4000, [[7n, 9]]]],
  );
  assertEquals(records.events[1]!.stack.depth, 0);
  assertEquals(statNames(records), [
    "nettrace_block_damaged",
    "nettrace_bytes_skipped",
    "nettrace_out_of_order",
    "nettrace_stack_unknown",
  ]);
});

Deno.test("NettraceDecoder keeps times before the sync tick and far away from it", () => {
  const far = BigInt.asUintN(64, -(1n << 62n));
  const records = recordNettrace(v4Stream([
    traceObject(tracePayload({ syncTicks: 5000n })),
    ONE_KIND,
    eventsPart([
      firstBlob(),
      nextBlob({ timeStep: far }),
      nextBlob({ timeStep: 10 }),
      nextBlob({ timeStep: 1n << 62n }),
      nextBlob({ timeStep: BigInt.asUintN(64, -7n) }),
    ]),
  ]));
  assertEquals(records.events.map(({ ticks }) => ticks), [
    1000n,
    1000n - (1n << 62n),
    1010n - (1n << 62n),
    1010n,
    1003n,
  ] as bigint[] as typeof records.events[0]["ticks"][]);
  assertEquals(records.events.map(({ time }) => time), [
    -4000,
    Number(-4000n - (1n << 62n)),
    Number(-3990n - (1n << 62n)),
    -3990,
    -3997,
  ]);
  assertEquals(records.stats, []);
});

Deno.test("NettraceDecoder keeps thread ids beyond 2^53 apart", () => {
  const id = 0xffff_ffff_ffff_fff0n;
  const records = recordNettrace(v4Stream([
    TRACE,
    ONE_KIND,
    eventsPart([
      blob({ metadataId: 1, sequence: [0, id, 0], threadId: id }),
      blob({ sequence: [0xffff_ffff, id + 1n, 0], threadId: id + 1n }),
    ]),
    blockObject("SPBlock", sequencePoint(1n, [[id, 1], [id + 1n, 1]])),
  ]));
  assertEquals(
    records.events.map(({ threadKey, captureThreadKey }) => [
      threadKey,
      captureThreadKey,
    ]),
    [[id, id], [id + 1n, id + 1n]],
  );
  assertEquals([records.lost, records.stats], [0, []]);
});

Deno.test("NettraceDecoder reads payloads of more than 65535 bytes", () => {
  const payload = new Uint8Array(70_000).fill(3);
  const records = recordNettrace(
    v4Stream([
      TRACE,
      ONE_KIND,
      eventsPart([
        blob({ metadataId: 1, sequence: [0, 7, 0], threadId: 7, payload }),
      ]),
    ]),
    { chunkBytes: 1000 },
  );
  assertEquals(records.events[0]!.payload, payload);
});

// Version 6

const V6_KIND = v6Block(3, v6Metadata([v6Row(1)]));
const V6_THREADS = v6Block(
  6,
  concatBytes([v6Thread(0, 10, 100), v6Thread(1, 10, 101)]),
);

function v6Events(blobs: readonly Uint8Array<ArrayBuffer>[]) {
  return v6Block(2, eventBlock(blobs));
}

const V6_FIRST = blob({ metadataId: 1, sequence: [0, 1, 2], threadId: 1 });

Deno.test("NettraceDecoder reports a version 6 stream without its end", () => {
  const bytes = v6Stream([V6_THREADS, V6_KIND, v6Events([V6_FIRST])], {
    hasEnd: false,
  });
  const records = recordNettrace(bytes);
  assertEquals(records.events.length, 1);
  assertEquals(
    [records.outcome?.type, records.outcome?.offset],
    ["truncated", bytes.length],
  );
});

Deno.test("NettraceDecoder skips version 6 blocks of unknown kinds", () => {
  const records = recordNettrace(v6Stream([
    v6Block(200, new Uint8Array(9)),
    V6_THREADS,
  ]));
  assertEquals(records.threads.length, 2);
  assertEquals(statNames(records), ["nettrace_block_unknown"]);
});

Deno.test("NettraceDecoder leaves out the rest of a thread block with an unknown item", () => {
  const unknownItem = bytesBy((writer) => {
    writer.u16(3);
    writer.varuint(5);
    writer.u8(99);
    writer.u8(0);
  });
  const records = recordNettrace(v6Stream([
    v6Block(
      6,
      concatBytes([v6Thread(0, 1, 2), unknownItem, v6Thread(1, 1, 3)]),
    ),
  ]));
  assertEquals(records.threads.map(({ index }) => index), [0n]);
  assertEquals(statNames(records)[0], "nettrace_block_damaged");
});

Deno.test("NettraceDecoder leaves out the rest of a label block with an unknown label", () => {
  const labels = bytesBy((writer) => {
    writer.u32(1);
    writer.u32(3);
    writer.u8(0x80 | 9);
    writer.u8(5);
    writer.u8(77);
    writer.u8(0x80 | 9);
    writer.u8(1);
  });
  const records = recordNettrace(v6Stream([
    V6_THREADS,
    V6_KIND,
    v6Block(8, labels),
    v6Events([
      blob({ metadataId: 1, sequence: [0, 1, 2], threadId: 1, labels: 1 }),
      blob({ labels: 2 }),
    ]),
  ]));
  assertEquals(records.events.map(({ level }) => level), [5, 0]);
  assertEquals(statNames(records), [
    "nettrace_block_damaged",
    "nettrace_bytes_skipped",
    "nettrace_labels_unknown",
  ]);
});

Deno.test("NettraceDecoder delivers events of unknown threads without one", () => {
  const removal = bytesBy((writer) => {
    writer.varuint(1);
    writer.varuint(1);
  });
  const records = recordNettrace(v6Stream([
    V6_THREADS,
    V6_KIND,
    v6Events([V6_FIRST]),
    v6Block(7, removal),
    v6Events([V6_FIRST]),
    v6Block(7, removal),
  ]));
  assertEquals(
    records.events.map(({ thread, threadId, processId }) => [
      thread?.index,
      threadId,
      processId,
    ]),
    [[1n, 101, 10], [undefined, -1, undefined]],
  );
  assertEquals(records.removedThreads.map(({ index }) => index), [1n]);
  assertEquals(
    records.stats.map(({ name, count }) => [name, count]),
    [["nettrace_thread_unknown", 2]],
  );
});

Deno.test("NettraceDecoder takes the last of two version 6 threads of one index", () => {
  const records = recordNettrace(v6Stream([
    V6_THREADS,
    v6Block(6, v6Thread(1, 20, 201)),
    V6_KIND,
    v6Events([V6_FIRST]),
  ]));
  assertEquals(records.events[0]!.threadId, 201);
  assertEquals(statNames(records), ["nettrace_thread_redefined"]);
});

Deno.test("NettraceDecoder keeps a version 6 definition up to an unknown option", () => {
  const options = bytesBy((writer) => {
    writer.u8(8);
    writer.u8(3);
    writer.u8(99);
    writer.u8(9);
    writer.u8(7);
  });
  const records = recordNettrace(v6Stream([
    v6Block(3, v6Metadata([v6Row(1, { options }), v6Row(2)])),
  ]));
  assertEquals(
    records.metadata.map(({ id, level, version }) => [id, level, version]),
    [[1, 3, 0], [2, 0, 0]],
  );
  assertEquals(statNames(records), ["nettrace_metadata_option_unknown"]);
});

Deno.test("NettraceDecoder leaves out a version 6 definition that is damaged", () => {
  const row = bytesBy((writer) => {
    writer.varuint(1);
    writer.varuint(1000);
  });
  const records = recordNettrace(v6Stream([
    v6Block(3, v6Metadata([row, v6Row(2)])),
    v6Block(3, new Uint8Array([0, 0, 9])),
    v6Block(3, new Uint8Array([9, 0])),
  ]));
  assertEquals(records.metadata.map(({ id }) => id), [2]);
  assertEquals(
    records.stats.map(({ name, count }) => [name, count]),
    [
      ["nettrace_metadata_damaged", 1],
      ["nettrace_block_damaged", 2],
      ["nettrace_bytes_skipped", 1],
    ],
  );
});

Deno.test("NettraceDecoder reads uncompressed events of version 6", () => {
  const event = bytesBy((writer) => {
    writer.u32(48 + 3);
    writer.u32(0x8000_0001);
    writer.u32(1);
    writer.u64(0n);
    writer.u64(1n);
    writer.u32(3);
    writer.u32(0);
    writer.u64(1500n);
    writer.u32(0);
    writer.u32(2);
    writer.bytes(new Uint8Array([8, 9, 0]));
  });
  const records = recordNettrace(v6Stream([
    V6_THREADS,
    V6_KIND,
    v6Block(2, eventBlock([event, new Uint8Array(2)], 0)),
  ]));
  const [record] = records.events;
  assertEquals(
    [
      record?.threadId,
      record?.captureThreadId,
      record?.processor,
      record?.time,
      record?.isSorted,
      [...record!.payload],
    ],
    [100, 101, 3, 500, false, [8, 9]],
  );
  assertEquals(records.stats, []);
});

Deno.test("NettraceDecoder reads the strings of a version 6 Trace", () => {
  const trace = v6Trace([["ProcessId", "77"], ["Anything", "über"], [
    "HardwareThreadCount",
    "many",
  ]]);
  const { header } = recordNettrace(v6Stream([], { trace }));
  assertEquals(
    [header?.processId, header?.processorCount, header?.properties[1]],
    [77, undefined, ["Anything", "über"]],
  );
  assertEquals(string6("ü").length, 3);
});

Deno.test("NettraceDecoder refuses input after its end", () => {
  const decoder = new NettraceDecoder({});
  decoder.push(v6Stream([]));
  const outcome = decoder.finish();
  assert(decoder.isEnded);
  assertEquals(decoder.finish(), outcome);
  assertThrows(() => decoder.push(NONE), TypeError, "it is finished");
});
