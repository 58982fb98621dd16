import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { FormatError, LimitError } from "../../src/base/errors.ts";
import { ByteWriter } from "../../src/codec/byte_writer.ts";
import { PROVIDERS } from "../../src/kcap/event_type_table.ts";
import { KcapDecoder } from "../../src/kcap/kcap_decoder.ts";
import { KcapEncoder } from "../../src/kcap/kcap_encoder.ts";
import { makeEvent } from "../../src/kcap/make_event.ts";
import { decodeKcap, kcapStream } from "../support/kcap_captures.ts";
import { mutations } from "../support/mutations.ts";

/** File header and the header of an empty handle snapshot. */
const HEADERS_BYTES = 28;

const E_STREAM = kcapStream("head-v2-ps4.cap");
const C_STREAM = kcapStream("r200-v1wide-ps3.cap");
const A_STREAM = kcapStream("r1100-major1-ps2.kcap");

const SMALL_CORPUS = {
  "dialect E": E_STREAM,
  "dialect E, big-endian": kcapStream("head-big-endian.cap"),
  "dialect D": kcapStream("r220-v2-ps3.cap"),
  "dialect C": C_STREAM,
  "dialect A": A_STREAM,
};

for (const [name, stream] of Object.entries(SMALL_CORPUS)) {
  for (const chunkBytes of [1, 7, 4093]) {
    Deno.test(`KcapDecoder reads ${name} in pieces of ${chunkBytes} bytes alike`, () => {
      const { events, faults, handles } = decodeKcap(stream, {}, chunkBytes);
      const whole = decodeKcap(stream);
      assertEquals(events, whole.events);
      assertEquals(handles, whole.handles);
      assertEquals(faults, []);
    });
  }

  Deno.test(`KcapDecoder tells every truncation of ${name}`, () => {
    const whole = decodeKcap(stream);
    const ends = [
      ...whole.events.map(({ offset }) => offset),
      stream.length,
    ];
    for (let length = 0; length < stream.length; length++) {
      const cut = stream.subarray(0, length);
      if (length < 18) {
        assertThrows(() => decodeKcap(cut), FormatError);
        continue;
      }
      const { events, faults } = decodeKcap(cut);
      const complete = ends.filter((end) => end <= length).length - 1;
      assertEquals(events.length, Math.max(0, complete), `at ${length}`);
      const isBorder = ends.includes(length);
      assertEquals(faults.length, isBorder ? 0 : 1, `at ${length}`);
    }
  });

  Deno.test(`KcapDecoder survives 10,000 mutations of ${name} with its own errors alone`, () => {
    let survived = 0;
    for (const bytes of mutations([stream], 10_000, stream.length)) {
      try {
        const { events, faults } = decodeKcap(bytes, { force: true });
        survived++;
        // The smallest record is an empty handle with its length.
        assertEquals(events.length + faults.length <= bytes.length / 2, true);
      } catch (error) {
        assertEquals(
          error instanceof FormatError || error instanceof LimitError,
          true,
          String(error),
        );
      }
    }
    assertEquals(survived > 5000, true, `${survived} survived`);
  });
}

Deno.test("KcapDecoder hands out one event at a time", () => {
  const decoder = new KcapDecoder();
  decoder.push(E_STREAM);
  assertEquals(decoder.next()?.type, "event");
  assertEquals(decoder.offset, 851);
  assertEquals(decoder.handles.length, 4);
});

Deno.test("KcapDecoder gives the offset of each record", () => {
  assertEquals(
    decodeKcap(E_STREAM).events.map(({ offset }) => offset),
    [258, 851, 2365, 2727, 2966, 3217, 3487, 3761, 4147, 4536, 4810],
  );
});

Deno.test("KcapDecoder reads a capture without handles and events", () => {
  const empty = E_STREAM.slice(0, HEADERS_BYTES);
  empty[20] = 0;
  const { decoder, events, faults } = decodeKcap(empty);
  assertEquals([events, faults], [[], []]);
  assertEquals(decoder.hasHandles, true);
});

for (
  const [major, options, message] of [
    [0, {}, "0.0"],
    [0, { force: true }, "0.0"],
    [1, { strict: true }, "1.0"],
    [3, {}, "3.0"],
  ] as const
) {
  Deno.test(`KcapDecoder refuses major version ${major} with ${JSON.stringify(options)}`, () => {
    const stream = E_STREAM.slice();
    stream[8] = major;
    assertThrows(
      () => decodeKcap(stream, options),
      FormatError,
      `incompatible cap version format. Required version 2.0 but ${message} found`,
    );
  });
}

Deno.test("KcapDecoder reads major version 3 when it is forced to", () => {
  const stream = E_STREAM.slice();
  stream[8] = 3;
  assertEquals(decodeKcap(stream, { force: true }).events.length, 11);
});

for (
  const [length, message] of [
    [0, "invalid capture file magic number (empty file)"],
    [7, "invalid capture file magic number"],
    [8, "couldn't read major version digit: EOF"],
    [9, "couldn't read minor version digit: EOF"],
    [10, "fail to read cap flags: EOF"],
    [17, "fail to read cap flags: unexpected EOF"],
  ] as const
) {
  Deno.test(`KcapDecoder says of a header of ${length} bytes: ${message}`, () => {
    const error = assertThrows(
      () => decodeKcap(E_STREAM.subarray(0, length)),
      FormatError,
    );
    assertEquals(error.message, message);
  });
}

Deno.test("KcapDecoder tells the parameter list of 18-byte types by what parses", () => {
  // Events of the current list under the section version of the old one, as
  // builds of winter 2023 wrote them.
  const stream = kcapStream("r220-v2-ps3.cap").slice();
  const { events } = decodeKcap(stream);
  for (const { offset } of events) stream[offset + 1] = 1;
  const read = decodeKcap(stream);
  assertEquals(read.faults, []);
  assertEquals(read.decoder.dialect?.name, "C2");
  assertEquals(
    read.events.map(({ params }) => params).slice(2),
    events.map(({ params }) => params).slice(2),
  );
});

Deno.test("KcapDecoder keeps the parameter list that was found", () => {
  const stream = kcapStream("r220-v2-ps3.cap").slice();
  const { events } = decodeKcap(stream);
  for (const { offset } of events) stream[offset + 1] = 1;
  const encoder = new KcapEncoder([], { dialect: "C" });
  encoder.add(makeEvent({ guid: PROVIDERS.file, hookId: 64 }));
  // Without parameters, both lists will do.
  const unclear = encoder.take();
  const section = unclear.subarray(HEADERS_BYTES);
  assertEquals(decodeKcap(unclear).events.map(({ dialect }) => dialect), ["C"]);
  const read = decodeKcap(Uint8Array.of(...stream, ...section, ...section));
  assertEquals(
    read.events.map(({ dialect }) => dialect),
    new Array(events.length + 2).fill("C2"),
  );
});

Deno.test("KcapDecoder refuses a section version 2 in major 1", () => {
  const stream = A_STREAM.slice();
  const [first] = decodeKcap(stream).events;
  stream[first!.offset + 1] = 2;
  const { events, faults } = decodeKcap(stream);
  assertEquals(events.length, 8);
  assertEquals(
    faults.map(({ message }) => message),
    [
      "fail to unmarshal event: version of the event section is 2, expected 1",
    ],
  );
});

Deno.test("KcapDecoder keeps names of earlier releases when it is told to", () => {
  const names = (legacyNames: "keep" | "normalize") =>
    decodeKcap(C_STREAM, { legacyNames }).events
      .filter(({ eventType }) => eventType.known?.name === "LoadModule")
      .map(({ name, category, params }) => [
        name,
        category,
        params.map((param) => param.name).sort().join(),
      ]);
  assertEquals(names("keep"), [[
    "LoadImage",
    "image",
    "base_address,checksum,default_address,file_name,image_size,pid,signature_level,signature_type",
  ]]);
  assertEquals(names("normalize"), [[
    "LoadModule",
    "module",
    "base_address,checksum,default_address,file_path,module_size,pid,signature_level,signature_type",
  ]]);
});

Deno.test("KcapDecoder skips a record above the limit and reads on", () => {
  const { events, faults } = decodeKcap(
    E_STREAM,
    { limits: { maxRecordBytes: 1000 } },
    100,
  );
  assertEquals(events.length, 10);
  assertEquals(faults, [{
    type: "fault",
    kind: "event",
    offset: 851,
    message: "record of 1504 bytes exceeds the limit of 1000 bytes",
  }]);
});

Deno.test("KcapDecoder refuses more handles than the limit", () => {
  const error = assertThrows(
    () => decodeKcap(E_STREAM, { limits: { maxTableEntries: 3 } }),
    LimitError,
  );
  assertInstanceOf(error, LimitError);
  assertEquals(error.limit, "maxTableEntries");
});

Deno.test("KcapDecoder makes progress on empty handle records", () => {
  const writer = new ByteWriter({ littleEndian: true });
  writer.bytes(E_STREAM.subarray(0, 18));
  writer.u8(2);
  writer.u8(1);
  writer.u32(1_000_000_000);
  writer.u32(0);
  writer.zeros(200_000);
  const { handles, faults } = decodeKcap(writer.toBytes(), {}, 4093);
  assertEquals(handles, []);
  assertEquals(faults.length, 100_001);
  assertEquals(
    faults.at(-1)!.message,
    "handle snapshot is damaged: the stream ends after 100000 of 1000000000 records",
  );
});

Deno.test("KcapDecoder reads a capture whose first section is no handle snapshot", () => {
  const stream = new Uint8Array([
    ...E_STREAM.subarray(0, 18),
    ...E_STREAM.subarray(258),
  ]);
  const { events, faults } = decodeKcap(stream);
  assertEquals(events.length, 11);
  assertEquals(faults.map(({ kind }) => kind), ["section"]);
});

Deno.test("KcapDecoder counts timestamps that are none and keeps their text", () => {
  const stream = E_STREAM.slice();
  const at = new TextDecoder("latin1").decode(stream).indexOf("2024-10-10T08");
  stream[at] = 0x78;
  const { decoder, events } = decodeKcap(stream);
  assertEquals(decoder.badTimestamps, 1);
  assertEquals(events[0]!.timestamp, "0001-01-01T00:00:00Z");
  assertEquals(events[0]!.storedTimestamp, "x024-10-10T08:00:00.5+02:00");
  assertEquals(events.length, 11);
});

Deno.test("KcapDecoder tells a run of empty sections once", () => {
  const stream = new Uint8Array(E_STREAM.length + 100_005);
  stream.set(E_STREAM);
  const { events, faults } = decodeKcap(stream, {}, 4093);
  assertEquals(events.length, 11);
  assertEquals(faults.map(({ message }) => message), [
    "10000 empty sections of unknown types are skipped",
    "capture is truncated: the stream ends 5 bytes into a section header",
  ]);
});

Deno.test("KcapDecoder refuses a record with more in it than an event", () => {
  const { events } = decodeKcap(E_STREAM);
  const { offset, sizeBytes } = events[2]!;
  const end = offset + 10 + sizeBytes;
  const stream = new Uint8Array(E_STREAM.length + 3);
  stream.set(E_STREAM.subarray(0, end));
  stream.set(E_STREAM.subarray(end), end + 3);
  new DataView(stream.buffer).setUint32(offset + 6, sizeBytes + 3, true);
  const read = decodeKcap(stream);
  assertEquals(read.events.length, 10);
  assertEquals(read.faults.map(({ message }) => message), [
    "fail to unmarshal event: process state of 0 bytes does not fill the record, of which 3 bytes are left",
  ]);
});

Deno.test("KcapDecoder refuses a nested section of the wrong type", () => {
  const { events } = decodeKcap(E_STREAM);
  const stream = E_STREAM.slice();
  const { offset, sizeBytes } = events[2]!;
  stream[offset + sizeBytes] = 2;
  assertEquals(decodeKcap(stream).faults.map(({ message }) => message), [
    "fail to unmarshal event: section in the event has type 2, expected 1 (process)",
  ]);
});
