import { assertEquals, assertThrows } from "@std/assert";
import {
  FormatError,
  LimitError,
  TruncatedError,
} from "../../src/base/errors.ts";
import { ByteReader } from "../../src/codec/byte_reader.ts";

function reader(hex: string, littleEndian = true): ByteReader {
  // A view into a larger buffer: offsets of the buffer must not leak in.
  const bytes = Uint8Array.fromHex("ee" + hex + "ee").subarray(1, -1);
  return new ByteReader(bytes, {
    littleEndian,
    format: "test",
    baseOffset: 100,
  });
}

Deno.test("ByteReader reads numbers of both byte orders", () => {
  const hex = "01" + "ff" + "0102" + "fffe" + "01020304" + "fffffffe" +
    "0000000000000001";
  const read = (
    r: ByteReader,
  ) => [r.u8(), r.i8(), r.u16(), r.i16(), r.u32(), r.i32(), r.u64()];
  assertEquals(read(reader(hex)), [
    1,
    -1,
    0x201,
    -257,
    0x4030201,
    -16777217,
    1n << 56n,
  ]);
  assertEquals(read(reader(hex, false)), [1, -1, 0x102, -2, 0x1020304, -2, 1n]);
});

Deno.test("ByteReader reads signed 64-bit numbers and floats", () => {
  const r = reader("ffffffffffffffff" + "0000803f" + "000000000000f03f");
  assertEquals([r.i64(), r.f32(), r.f64(), r.remaining], [-1n, 1, 1, 0]);
});

Deno.test("ByteReader.u64AsNumber takes what a double holds exactly", () => {
  assertEquals(
    reader("ffffffffffff1f00").u64AsNumber(),
    Number.MAX_SAFE_INTEGER,
  );
  assertEquals(
    reader("001fffffffffffff", false).u64AsNumber(),
    Number.MAX_SAFE_INTEGER,
  );
  const error = assertThrows(
    () => reader("0000000000002000").u64AsNumber(),
    LimitError,
  );
  assertEquals(error.offset, 100);
});

Deno.test("ByteReader tells where the input ends and how much is missing", () => {
  const r = reader("0102");
  r.u8();
  const error = assertThrows(
    () => r.u32(),
    TruncatedError,
    "1 of 4 bytes are left",
  );
  assertEquals([error.offset, error.missingBytes, r.position], [101, 3, 1]);
});

Deno.test("ByteReader refuses negative lengths and NaN", () => {
  assertThrows(() => reader("01").bytes(-1), FormatError, "length is -1");
  assertThrows(() => reader("01").skip(NaN), FormatError, "length is NaN");
});

for (
  const [hex, expected] of [
    ["00", 0],
    ["7f", 127],
    ["8001", 128],
    ["ffffffff0f", 0xffff_ffff],
    ["8080808000", 0],
  ] as const
) {
  Deno.test(`ByteReader.varuint32 reads ${hex}`, () => {
    const r = reader(hex);
    assertEquals([r.varuint32(), r.remaining], [expected, 0]);
  });
}

Deno.test("ByteReader.varuint32 refuses more than 32 bits", () => {
  assertThrows(
    () => reader("ffffffff1f").varuint32(),
    FormatError,
    "exceeds 32 bits",
  );
  assertThrows(
    () => reader("808080808001").varuint32(),
    FormatError,
    "exceeds 32 bits",
  );
  assertThrows(() => reader("80").varuint32(), TruncatedError);
});

for (
  const [hex, expected] of [
    ["7f", 127n],
    ["ffffffffffffff7f", 2n ** 56n - 1n],
    ["ffffffffffffffffff01", 2n ** 64n - 1n],
    ["80808080808080808001", 2n ** 63n],
  ] as const
) {
  Deno.test(`ByteReader.varuint64 reads ${hex}`, () => {
    assertEquals(reader(hex).varuint64(), expected);
  });
}

Deno.test("ByteReader.varuint64 refuses more than 64 bits", () => {
  assertThrows(
    () => reader("ffffffffffffffffff02").varuint64(),
    FormatError,
    "exceeds 64 bits",
  );
  assertThrows(() => reader("8080808080808080808001").varuint64(), FormatError);
});

Deno.test("ByteReader.varint64 undoes zigzag", () => {
  assertEquals(
    ["00", "01", "02", "ffffffffffffffffff01"].map((hex) =>
      reader(hex).varint64()
    ),
    [0n, -1n, 1n, -(2n ** 63n)],
  );
});

Deno.test("ByteReader.sub keeps a record from reading its neighbour", () => {
  const r = reader("0102030405");
  r.u8();
  const inner = r.sub(2);
  assertEquals([inner.u16(), inner.offset, inner.remaining], [0x302, 103, 0]);
  assertThrows(() => inner.u8(), TruncatedError);
  assertEquals(r.u16(), 0x504);
});

Deno.test("ByteReader.align goes by the absolute offset", () => {
  const r = new ByteReader(new Uint8Array(8), {
    littleEndian: true,
    format: "test",
    baseOffset: 3,
  });
  r.align(4);
  assertEquals([r.position, r.offset], [1, 4]);
  r.align(4);
  assertEquals(r.position, 1);
});

Deno.test("ByteReader.bytes gives a view, rest what is left", () => {
  const bytes = new Uint8Array([1, 2, 3]);
  const r = new ByteReader(bytes, { littleEndian: true, format: "test" });
  const view = r.bytes(2);
  bytes[0] = 9;
  assertEquals([view[0], [...r.rest()], r.remaining], [9, [3], 0]);
});

Deno.test("ByteReader.seek moves within the record only", () => {
  const r = reader("010203");
  r.seek(2);
  assertEquals(r.u8(), 3);
  assertThrows(() => r.seek(4), FormatError, "record spans bytes 100 to 103");
  assertThrows(() => r.seek(-1), FormatError);
});
