import { assertEquals, assertThrows } from "@std/assert";
import { ByteReader } from "../../src/codec/byte_reader.ts";
import { ByteWriter } from "../../src/codec/byte_writer.ts";

for (const littleEndian of [true, false]) {
  Deno.test(`ByteWriter writes what ByteReader reads (${littleEndian ? "little" : "big"} endian)`, () => {
    const writer = new ByteWriter({ littleEndian, initialCapacity: 1 });
    writer.u8(255);
    writer.u16(0xfffe);
    writer.u32(0xffff_fffd);
    writer.i32(-2);
    writer.u64(2n ** 64n - 1n);
    writer.i64(-3n);
    writer.f32(0.5);
    writer.f64(-0.25);
    writer.varuint(300);
    writer.varuint(2n ** 64n - 1n);
    writer.varint(-(2n ** 63n));
    writer.bytes(new Uint8Array([7]));
    const r = new ByteReader(writer.toBytes(), {
      littleEndian,
      format: "test",
    });
    assertEquals([
      r.u8(),
      r.u16(),
      r.u32(),
      r.i32(),
      r.u64(),
      r.i64(),
      r.f32(),
      r.f64(),
    ], [
      255,
      0xfffe,
      0xffff_fffd,
      -2,
      2n ** 64n - 1n,
      -3n,
      0.5,
      -0.25,
    ]);
    assertEquals([
      r.varuint32(),
      r.varuint64(),
      r.varint64(),
      r.u8(),
      r.remaining,
    ], [
      300,
      2n ** 64n - 1n,
      -(2n ** 63n),
      7,
      0,
    ]);
  });
}

Deno.test("ByteWriter.varuint refuses what is no unsigned 64-bit integer", () => {
  const writer = new ByteWriter({ littleEndian: true });
  for (const value of [-1, 1.5, 2 ** 53, -1n, 2n ** 64n]) {
    assertThrows(
      () => writer.varuint(value),
      RangeError,
      "Cannot write varuint",
    );
  }
});

Deno.test("ByteWriter patches what is written and nothing beyond", () => {
  const writer = new ByteWriter({ littleEndian: true });
  writer.zeros(8);
  writer.u16At(0, 1);
  writer.u32At(4, 2);
  assertEquals([...writer.view()], [1, 0, 0, 0, 2, 0, 0, 0]);
  writer.u64At(0, 3n);
  assertEquals([...writer.view()], [3, 0, 0, 0, 0, 0, 0, 0]);
  assertThrows(() => writer.u32At(5, 0), RangeError, "8 bytes are written");
  assertThrows(() => writer.u16At(-1, 0), RangeError);
});

for (
  const [value, hex] of [[5, "05"], [127, "7f"], [128, "8001"], [
    16384,
    "808001",
  ]] as const
) {
  Deno.test(`ByteWriter.varuintAt makes room for ${value}`, () => {
    const writer = new ByteWriter({ littleEndian: true, initialCapacity: 16 });
    writer.u8(0);
    writer.bytes(new Uint8Array(14).fill(0xaa));
    writer.varuintAt(0, value);
    assertEquals(writer.view().toHex(), hex + "aa".repeat(14));
  });
}

Deno.test("ByteWriter aligns, truncates and clears", () => {
  const writer = new ByteWriter({ littleEndian: true });
  writer.u8(1);
  writer.align(4);
  assertEquals(writer.length, 4);
  writer.align(4);
  assertEquals(writer.length, 4);
  writer.truncate(1);
  assertEquals([...writer.view()], [1]);
  assertThrows(() => writer.truncate(2), RangeError);
  writer.clear();
  assertEquals(writer.length, 0);
});

Deno.test("ByteWriter.utf8 tells how many bytes it wrote", () => {
  const writer = new ByteWriter({ littleEndian: true, initialCapacity: 1 });
  assertEquals([writer.utf8("aé🦕"), writer.length], [7, 7]);
  assertEquals(new TextDecoder().decode(writer.view()), "aé🦕");
});

Deno.test("ByteWriter grows at any byte", () => {
  const writer = new ByteWriter({ littleEndian: true, initialCapacity: 16 });
  for (let value = 0; value < 100; value++) writer.u8(value);
  assertEquals([...writer.view()], [...new Array(100).keys()]);
});

Deno.test("ByteWriter writes text of any length and characters as UTF-8", () => {
  const encoder = new TextEncoder();
  for (const length of [0, 1, 63, 64, 65, 300]) {
    for (const tail of ["", "x", "\u007f", "\u0080", "ü", "😀", "\ud800"]) {
      const text = "a".repeat(length) + tail;
      const writer = new ByteWriter({ littleEndian: true });
      writer.u8(1);
      const written = writer.utf8(text);
      const expected = encoder.encode(text);
      assertEquals(written, expected.length);
      assertEquals(writer.view().subarray(1), expected);
    }
  }
});
