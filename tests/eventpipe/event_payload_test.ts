import { assertEquals } from "@std/assert";
import { EventPayload } from "../../src/eventpipe/event_payload.ts";
import type { PayloadSource } from "../../src/eventpipe/event_payload.ts";

function sourceOf(hex: string, start = 0): PayloadSource {
  const bytes = Uint8Array.fromHex(hex);
  return {
    bytes,
    view: new DataView(bytes.buffer),
    payloadStart: start,
    payloadLength: bytes.length - start,
  };
}

Deno.test("EventPayload reads numbers one after the other", () => {
  const payload = new EventPayload().start(
    sourceOf("ff" + "01" + "0200" + "feffffff" + "0000000000000080"),
  );
  payload.skip(1);
  assertEquals(payload.u8(), 1);
  assertEquals(payload.u16(), 2);
  assertEquals(payload.i32(), -2);
  assertEquals(payload.u64(), 0x8000_0000_0000_0000n);
  assertEquals([payload.remaining, payload.isShort], [0, false]);
});

Deno.test("EventPayload reads addresses of both sizes", () => {
  const payload = new EventPayload().start(
    sourceOf("01000080" + "0100000000000080"),
  );
  assertEquals(payload.pointer(4), 0x8000_0001n);
  assertEquals(payload.pointer(8), 0x8000_0000_0000_0001n);
});

Deno.test("EventPayload gives 0 for fields that a payload has not and says so", () => {
  const payload = new EventPayload().start(sourceOf("010000"));
  assertEquals(payload.u32(), 0);
  assertEquals(payload.isShort, true);
  assertEquals(payload.u8(), 0);
  payload.start(sourceOf("05"));
  assertEquals([payload.u8(), payload.isShort], [5, false]);
});

Deno.test("EventPayload reads UTF-16 up to its terminator", () => {
  const payload = new EventPayload().start(
    sourceOf("4100000161d80000" + "0700"),
  );
  assertEquals(payload.utf16z(), "A\u0100\ud861");
  assertEquals(payload.u16(), 7);
});

Deno.test("EventPayload reads UTF-16 without terminator up to the end", () => {
  for (const hex of ["41004200", "4100420043"]) {
    const payload = new EventPayload().start(sourceOf(hex));
    assertEquals(payload.utf16z(), "AB");
    assertEquals([payload.remaining, payload.isShort], [0, true]);
  }
});

Deno.test("EventPayload reads texts behind a length", () => {
  const payload = new EventPayload().start(sourceOf("0300e282ac" + "ffff41"));
  assertEquals(payload.utf8(), "€");
  assertEquals([payload.utf8(), payload.isShort], ["", true]);
});

Deno.test("EventPayload reads LEB128 exactly and refuses endless ones", () => {
  const payload = new EventPayload().start(
    sourceOf("ac02" + "ffffffffffffffffff01" + "ffffffffffffffffffffff"),
  );
  assertEquals(payload.varuint(), 300);
  assertEquals(payload.varuint64(), 0xffff_ffff_ffff_ffffn);
  assertEquals([payload.varuint64(), payload.isShort], [0n, true]);
});

Deno.test("EventPayload reads a GUID", () => {
  const payload = new EventPayload().start(
    sourceOf("33221100554477668899aabbccddeeff"),
  );
  assertEquals(payload.guid(), "00112233-4455-6677-8899-aabbccddeeff");
  assertEquals([payload.guid(), payload.isShort], ["", true]);
});
