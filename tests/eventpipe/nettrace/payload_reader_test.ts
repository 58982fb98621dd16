import { assertEquals } from "@std/assert";
import {
  PayloadReader,
  PayloadReaders,
  payloadSourceOf,
  valueName,
} from "../../../src/eventpipe/nettrace/payload_reader.ts";
import type {
  PayloadField,
  PayloadType,
} from "../../../src/eventpipe/nettrace/payload_types.ts";
import { concatBytes } from "../../support/byte_stream.ts";
import { ownCapture } from "../../support/nettrace_captures.ts";
import { recordNettrace } from "../../support/nettrace_records.ts";
import { bytesBy, utf16z } from "../../support/nettrace_streams.ts";

function readerOf(
  types: readonly (readonly [name: string, type: PayloadType])[],
  pointerSize: 4 | 8 = 8,
): PayloadReader {
  const fields: PayloadField[] = types.map(([name, type]) => ({ name, type }));
  return new PayloadReader({ source: "stream", fields }, pointerSize);
}

function read(reader: PayloadReader, payload: Uint8Array) {
  return reader.read(payloadSourceOf(payload));
}

/** Types, bytes in hexadecimal, and the value that they stand for. */
const VALUES: readonly (readonly [PayloadType, string, unknown])[] = [
  [{ kind: "boolean32" }, "02000000", true],
  [{ kind: "boolean32" }, "00000000", false],
  [{ kind: "boolean8" }, "01", true],
  [{ kind: "char16" }, "ac20", "€"],
  [{ kind: "char8" }, "41", "A"],
  [{ kind: "int8" }, "fb", -5],
  [{ kind: "uint8" }, "fa", 250],
  [{ kind: "int16" }, "c7cf", -12345],
  [{ kind: "uint16" }, "31d4", 54321],
  [{ kind: "int32" }, "006cca88", -2_000_000_000],
  [{ kind: "uint32" }, "00286bee", 4_000_000_000],
  [{ kind: "int64" }, "ffffffffffffdfff", -0x20_0000_0000_0001n],
  [{ kind: "uint64" }, "ffffffffffffffff", 0xffff_ffff_ffff_ffffn],
  [{ kind: "float32" }, "0000c03f", 1.5],
  [{ kind: "float64" }, "00000000000002c0", -2.25],
  [
    { kind: "decimal" },
    "39300000000000000000000000000280",
    "-123.45",
  ],
  [{ kind: "decimal" }, "05000000000000000000000000000300", "0.005"],
  [
    { kind: "decimal" },
    "ffffffffffffffffffffffff00000000",
    "79228162514264337593543950335",
  ],
  [
    { kind: "filetime" },
    "a065e019e05bdb01",
    "2025-01-01T00:00:00.2500000Z",
  ],
  [
    { kind: "guid" },
    "33221100554477668899aabbccddeeff",
    "00112233-4455-6677-8899-aabbccddeeff",
  ],
  [{ kind: "utf16z" }, "680069000000", "hi"],
  [{ kind: "utf16z" }, "00d80000", "\ud800"],
  [{ kind: "utf16z" }, "fffe41000000", "\ufeffA"],
  [{ kind: "utf8z" }, "68c3a900", "hé"],
  [{ kind: "varint" }, "05", -3n],
  [{ kind: "varuint" }, "ac02", 300n],
  [{ kind: "array", element: { kind: "int16" } }, "0200feff0300", [-2, 3]],
  [
    { kind: "array", element: { kind: "uint8" } },
    "0300010203",
    new Uint8Array([1, 2, 3]),
  ],
  [{ kind: "array", element: { kind: "char16" } }, "020068006900", "hi"],
  [{ kind: "array", element: { kind: "char8" } }, "0300c3a921", "é!"],
  [
    { kind: "array", element: { kind: "utf16z" } },
    "0200610000000000",
    ["a", ""],
  ],
  [
    { kind: "fixedArray", element: { kind: "int8" }, count: 3 },
    "07f809",
    [7, -8, 9],
  ],
  [
    {
      kind: "object",
      fields: [
        { name: "x", type: { kind: "uint8" } },
        { name: "__proto__", type: { kind: "uint8" } },
      ],
    },
    "0102",
    JSON.parse('{"x":1,"__proto__":2}'),
  ],
];

for (const [type, hex, value] of VALUES) {
  Deno.test(`PayloadReader reads ${hex} as ${type.kind}`, () => {
    const payload = read(readerOf([["v", type]]), Uint8Array.fromHex(hex));
    assertEquals(payload.fields, { v: value });
    assertEquals([payload.faults, payload.extraBytes], [[], 0]);
  });
  Deno.test(`PayloadReader misses the end of ${hex} as ${type.kind}`, () => {
    const reader = readerOf([["v", type], ["after", { kind: "uint8" }]]);
    const bytes = Uint8Array.fromHex(hex);
    for (let cut = 0; cut < bytes.length; cut++) {
      const { fields, faults } = read(reader, bytes.subarray(0, cut));
      assertEquals("after" in fields, false);
      assertEquals(faults.length > 0, true);
    }
  });
}

Deno.test("PayloadReader reads addresses of the traced process's width", () => {
  const bytes = Uint8Array.fromHex("0100000000000080");
  const pointer: PayloadType = { kind: "pointer" };
  assertEquals(read(readerOf([["p", pointer]], 8), bytes).fields, {
    p: 0x8000_0000_0000_0001n,
  });
  assertEquals(
    read(readerOf([["p", pointer], ["q", pointer]], 4), bytes).fields,
    { p: 1n, q: 0x8000_0000n },
  );
});

Deno.test("PayloadReader gives the fields that fit and tells the first that does not", () => {
  const reader = readerOf([
    ["a", { kind: "uint16" }],
    ["b", { kind: "uint32" }],
    ["c", { kind: "uint8" }],
  ]);
  assertEquals(read(reader, new Uint8Array([1, 0, 2, 0])), {
    fields: { a: 1 },
    faults: [{ field: "b", type: "missing" }],
    extraBytes: 0,
  });
});

Deno.test("PayloadReader tells the bytes that a newer version appended", () => {
  const reader = readerOf([["a", { kind: "uint8" }]]);
  assertEquals(read(reader, new Uint8Array(5)).extraBytes, 4);
});

Deno.test("PayloadReader keeps the elements that an array's payload has", () => {
  const reader = readerOf([
    ["a", { kind: "array", element: { kind: "uint32" } }],
    ["b", { kind: "uint8" }],
  ]);
  const payload = bytesBy((writer) => {
    writer.u16(60_000);
    writer.u32(7);
    writer.u16(1);
  });
  assertEquals(read(reader, payload), {
    fields: { a: [7] },
    faults: [{ field: "a", type: "damaged" }],
    extraBytes: 0,
  });
  const bytesReader = readerOf([
    ["a", { kind: "array", element: { kind: "uint8" } }],
  ]);
  assertEquals(read(bytesReader, new Uint8Array([9, 0, 1, 2])).faults, [
    { field: "a", type: "damaged" },
  ]);
});

Deno.test("PayloadReader reads a text without its end up to the payload's and marks it", () => {
  const reader = readerOf([["text", { kind: "utf16z" }]]);
  assertEquals(read(reader, utf16z("abc").subarray(0, 6)), {
    fields: { text: "abc" },
    faults: [{ field: "text", type: "unterminated" }],
    extraBytes: 0,
  });
});

/** Where a reference leads, in the high half its size in bytes. */
function reference(position: number, size: number) {
  return bytesBy((writer) => writer.u32((size << 16 | position) >>> 0));
}

Deno.test("PayloadReader follows references from the payload's start and from the field's end", () => {
  const reader = readerOf([
    ["rel", { kind: "relLoc", element: { kind: "char16" } }],
    ["data", { kind: "dataLoc", element: { kind: "int16" } }],
  ]);
  const payload = concatBytes([
    reference(4, 4),
    reference(12, 4),
    new Uint8Array([0x68, 0, 0x69, 0, 1, 0, 0xff, 0xff]),
  ]);
  assertEquals(read(reader, payload), {
    fields: { rel: "hi", data: [1, -1] },
    faults: [],
    extraBytes: 0,
  });
});

Deno.test("PayloadReader leaves out a reference that leads outside and goes on", () => {
  const reader = readerOf([
    ["rel", { kind: "relLoc", element: { kind: "uint8" } }],
    ["after", { kind: "uint8" }],
  ]);
  const payload = concatBytes([reference(0, 60_000), new Uint8Array([9])]);
  assertEquals(read(reader, payload), {
    fields: { after: 9 },
    faults: [{ field: "rel", type: "damaged" }],
    extraBytes: 0,
  });
});

Deno.test("PayloadReader tells fields of one name apart", () => {
  const reader = readerOf([
    ["x", { kind: "uint8" }],
    ["x", { kind: "uint8" }],
    ["", { kind: "uint8" }],
  ]);
  assertEquals(read(reader, new Uint8Array([1, 2, 3])).fields, {
    x: 1,
    "x#2": 2,
    "": 3,
  });
});

Deno.test("PayloadReader counts elements by an earlier field", () => {
  const reader = readerOf([
    ["n", { kind: "uint8" }],
    ["list", {
      kind: "countedArray",
      countField: "n",
      element: {
        kind: "struct",
        fields: [
          { name: "m", type: { kind: "uint8" } },
          {
            name: "bytes",
            type: {
              kind: "countedArray",
              countField: "m",
              element: { kind: "uint8" },
            },
          },
        ],
      },
    }],
  ]);
  const { fields, faults } = read(
    reader,
    new Uint8Array([2, 1, 0xaa, 2, 0xbb, 0xcc]),
  );
  assertEquals(faults, []);
  assertEquals(fields.list, [
    { m: 1, bytes: new Uint8Array([0xaa]) },
    { m: 2, bytes: new Uint8Array([0xbb, 0xcc]) },
  ]);
});

Deno.test("PayloadReader reads one field without the rest", () => {
  const reader = readerOf([
    ["a", { kind: "utf16z" }],
    ["b", { kind: "uint16" }],
    ["c", { kind: "uint32" }],
  ]);
  const source = payloadSourceOf(
    concatBytes([utf16z("x"), new Uint8Array([5, 0, 1])]),
  );
  assertEquals(reader.readField(source, "b"), 5);
  assertEquals(reader.readField(source, "c"), undefined);
  assertEquals(reader.readField(source, "unknown"), undefined);
});

Deno.test("PayloadReader gives names of values instead of numbers when asked", () => {
  const records = recordNettrace(ownCapture("workload"));
  const readers = new PayloadReaders(8);
  const start = records.events.find(({ metadata }) =>
    metadata.eventId === 1 &&
    metadata.providerName === "Microsoft-Windows-DotNETRuntime"
  )!;
  const source = payloadSourceOf(start.payload);
  const reader = readers.of(start);
  assertEquals(reader.schema.source, "table");
  const { Reason } = reader.read(source).fields;
  assertEquals(typeof Reason, "number");
  assertEquals(
    reader.read(source, { useValueNames: true }).fields.Reason,
    ["AllocSmall", "Induced", "LowMemory", "Empty"][Number(Reason)],
  );
});

Deno.test("PayloadReaders follows an event's own version", () => {
  const records = recordNettrace(ownCapture("workload"));
  const readers = new PayloadReaders(8);
  const start = records.events.find(({ metadata }) =>
    metadata.eventId === 1 &&
    metadata.providerName === "Microsoft-Windows-DotNETRuntime"
  )!;
  const first = readers.of({ metadata: start.metadata, version: 0 });
  assertEquals(first.schema.fields.map(({ name }) => name), [
    "Count",
    "Reason",
  ]);
  assertEquals(
    readers.of({ metadata: start.metadata, version: 0 }),
    first,
  );
});

Deno.test("PayloadReader reads every payload of a recording", () => {
  const { events, header } = recordNettrace(ownCapture("workload"));
  const readers = new PayloadReaders(header!.pointerSize);
  const sources: Record<string, number> = {};
  for (const event of events) {
    const reader = readers.of(event);
    const { faults } = reader.read(payloadSourceOf(event.payload));
    assertEquals(faults, []);
    const { source } = reader.schema;
    sources[source] = (sources[source] ?? 0) + 1;
  }
  assertEquals(Object.values(sources).reduce((a, b) => a + b), events.length);
  assertEquals("unknown" in sources, false);
});

Deno.test("valueName names bits, parts of bits and what is unknown", () => {
  const map = {
    name: "Flags",
    isFlags: true,
    values: new Map([[1, "One"], [2, "Two"]]),
    parts: [{ mask: 0xf0, values: new Map([[0x20, "Second"]]) }],
  };
  assertEquals(valueName(map, 0), "None");
  assertEquals(valueName(map, 3), "One, Two");
  assertEquals(valueName(map, 0x21), "One, Second");
  assertEquals(valueName(map, 0x31), "One, 0x30");
  assertEquals(valueName(map, -0x8000_0000), "0x80000000");
  const values = { name: "V", isFlags: false, values: new Map([[0, "Zero"]]) };
  assertEquals([valueName(values, 0), valueName(values, 7)], ["Zero", "7"]);
});
