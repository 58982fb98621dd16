import { assertEquals, assertThrows } from "@std/assert";
import {
  FormatError,
  LimitError,
  TruncatedError,
} from "../../src/base/errors.ts";
import {
  decodeMessage,
  ProtobufReader,
} from "../../src/codec/protobuf_reader.ts";
import type { FieldTable } from "../../src/codec/protobuf_reader.ts";
import { ProtobufWriter } from "../../src/codec/protobuf_writer.ts";

function read(hex: string, maxDepth?: number): ProtobufReader {
  return new ProtobufReader(Uint8Array.fromHex(hex), {
    format: "test",
    baseOffset: 10,
    maxDepth,
  });
}

Deno.test("ProtobufWriter writes every kind of field that ProtobufReader reads", () => {
  const writer = new ProtobufWriter();
  writer.uint(1, 2n ** 64n - 1n);
  writer.int(2, -2);
  writer.sint(3, -3n);
  writer.bool(4, true);
  writer.double(5, 0.5);
  writer.fixed64(6, 2n ** 63n);
  writer.fixed32(7, 0xffff_ffff);
  writer.string(8, "é");
  writer.bytes(9, new Uint8Array([1]));
  writer.message(10, (inner) => inner.uint(1, 5));
  writer.packed(11, [1, 300, -1]);
  writer.element(12, "");
  const reader = new ProtobufReader(writer.view(), { format: "test" });
  const seen: unknown[] = [];
  const take = (value: unknown) => seen.push(value);
  const steps = [
    () => take(reader.uint64()),
    () => take(reader.int64()),
    () => take(reader.sint64()),
    () => take(reader.bool()),
    () => take(reader.double()),
    () => take(reader.fixed64()),
    () => take(reader.fixed32()),
    () => take(reader.string()),
    () => take([...reader.bytes()]),
    () => {
      const inner = reader.message();
      inner.next();
      take(inner.uint32());
    },
    () => reader.eachUint64(take),
    () => take(reader.string()),
  ];
  while (reader.next()) steps[reader.field - 1]!();
  assertEquals(seen, [
    2n ** 64n - 1n,
    -2n,
    -3n,
    true,
    0.5,
    2n ** 63n,
    0xffff_ffff,
    "é",
    [1],
    5,
    1n,
    300n,
    2n ** 64n - 1n,
    "",
  ]);
});

Deno.test("ProtobufWriter omits default values and empty packed fields", () => {
  const writer = new ProtobufWriter();
  writer.uint(1, 0);
  writer.uint(1, 0n);
  writer.int(2, 0);
  writer.bool(3, false);
  writer.double(4, 0);
  writer.string(5, "");
  writer.bytes(6, new Uint8Array(0));
  writer.packed(7, []);
  assertEquals(writer.length, 0);
  writer.double(4, -0);
  assertEquals(writer.length, 9);
});

Deno.test("ProtobufWriter writes lengths of more than one byte", () => {
  const writer = new ProtobufWriter();
  writer.message(
    1,
    (inner) => inner.message(2, (leaf) => leaf.string(3, "x".repeat(200))),
  );
  const reader = new ProtobufReader(writer.view(), { format: "test" });
  reader.next();
  const inner = reader.message();
  inner.next();
  const leaf = inner.message();
  leaf.next();
  assertEquals([leaf.string().length, reader.next()], [200, false]);
});

Deno.test("ProtobufReader takes single elements of a packed field too", () => {
  const seen: number[] = [];
  const reader = read("0805" + "0a0206ac" + "02");
  reader.next();
  reader.eachUint64AsNumber((value) => seen.push(value));
  assertThrows(
    () => {
      reader.next();
      reader.eachUint64AsNumber((value) => seen.push(value));
    },
    FormatError,
    "packed field ends inside a number",
  );
  assertEquals(seen.slice(0, 2), [5, 6]);
});

interface Point {
  x: number;
}
const POINT: FieldTable<Point> = {
  1: (point, reader) => point.x = reader.int32(),
};

Deno.test("decodeMessage keeps unknown fields byte for byte", () => {
  const unknown: string[] = [];
  const point = decodeMessage(
    read(
      "08ffffffffffffffffff01" + "120161" + "1d01000000" +
        "210000000000000000" + "2b08012c",
    ),
    POINT,
    { x: 0 },
    (field) => unknown.push(field.toHex()),
  );
  assertEquals(point, { x: -1 });
  assertEquals(unknown, [
    "120161",
    "1d01000000",
    "210000000000000000",
    "2b08012c",
  ]);
});

for (
  const [name, hex, errorClass, state] of [
    ["a tag of field 0", "00", FormatError, "field number is 0"],
    ["wire type 6", "0e", FormatError, "wire type of field 1 is 6"],
    [
      "a length beyond the end",
      "0a05",
      TruncatedError,
      "0 of 5 bytes are left",
    ],
    [
      "a number beyond the end",
      "0880",
      TruncatedError,
      "0 of 1 bytes are left",
    ],
    [
      "a number of eleven bytes",
      "08" + "ff".repeat(10) + "01",
      FormatError,
      "longer than 10 bytes",
    ],
    ["an open group", "0b", TruncatedError, "bytes are left"],
    ["a foreign group end", "0b14", FormatError, "group 2 ends inside group 1"],
    ["a group end alone", "0c", FormatError, "group ends that has not begun"],
  ] as const
) {
  Deno.test(`ProtobufReader refuses ${name}`, () => {
    assertThrows(
      () => {
        const reader = read(hex);
        while (reader.next()) reader.skip();
      },
      errorClass,
      state,
    );
  });
}

Deno.test("ProtobufReader refuses a value of another wire type", () => {
  const reader = read("0a0161");
  reader.next();
  const error = assertThrows(
    () => reader.uint64(),
    FormatError,
    "wire type of field 1 is bytes, expected varint",
  );
  assertEquals(error.offset, 10);
});

Deno.test("ProtobufReader bounds the depth of messages and groups", () => {
  const reader = read("0a020a00", 2);
  reader.next();
  const inner = reader.message();
  inner.next();
  assertThrows(() => inner.message(), LimitError, "nested too deeply");
  const groups = read("0b".repeat(50) + "0c".repeat(50));
  groups.next();
  assertThrows(() => groups.skip(), LimitError, "nested too deeply");
});

Deno.test("ProtobufReader.uint64AsNumber refuses what a double cannot hold", () => {
  const reader = read("08ffffffffffffff7f");
  reader.next();
  assertThrows(() => reader.uint64AsNumber(), LimitError, "exceeds 2^53 - 1");
});

Deno.test("ProtobufReader reads 32-bit numbers of every length", () => {
  const writer = new ProtobufWriter();
  const numbers = [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152]
    .concat([2 ** 28 - 1, 2 ** 28, 2 ** 31 - 1, -1, -(2 ** 31)]);
  writer.packed(1, numbers);
  const reader = new ProtobufReader(writer.toBytes(), { format: "test" });
  reader.next();
  const seen: number[] = [];
  reader.eachInt32((value) => seen.push(value));
  assertEquals(seen, numbers);
  for (const hex of ["08", "0880", "08808080", "0a0180"]) {
    const cut = read(hex);
    cut.next();
    assertThrows(() => cut.eachInt32(() => {}), TruncatedError);
  }
});

Deno.test("ProtobufReader cuts numbers to the width that is asked for", () => {
  const hex = "08" + "ffffffffffffffffff7f";
  const readers = [0, 1, 2].map(() => {
    const reader = read(hex);
    reader.next();
    return reader;
  });
  assertEquals(
    [readers[0]!.uint32(), readers[1]!.int32(), readers[2]!.uint64()],
    [0xffff_ffff, -1, 2n ** 64n - 1n],
  );
});
