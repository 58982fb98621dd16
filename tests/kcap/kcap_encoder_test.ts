import { assertEquals, assertThrows } from "@std/assert";
import type { KcapDialectName } from "../../src/kcap/dialect_table.ts";
import { PROVIDERS } from "../../src/kcap/event_type_table.ts";
import { KcapDecoder } from "../../src/kcap/kcap_decoder.ts";
import { KcapEncoder } from "../../src/kcap/kcap_encoder.ts";
import { makeEvent } from "../../src/kcap/make_event.ts";
import type { MakeParam } from "../../src/kcap/make_event.ts";
import { renderEventJson } from "../../src/kcap/render_json.ts";
import type { KcapEvent } from "../../src/kcap/types.ts";
import {
  decodeKcap,
  kcapStream,
  unpackKcap,
  upstreamKcap,
} from "../support/kcap_captures.ts";
import { testWith } from "../support/requirement.ts";
import { requireSharedData } from "../support/shared_data.ts";

const SYNTHETIC = [
  "head-v2-ps4.cap",
  "head-big-endian.cap",
  "r220-v2-ps3.cap",
  "r200-v1wide-ps3.cap",
  "r1100-major1-ps2.kcap",
];

for (const name of SYNTHETIC) {
  Deno.test(`KcapEncoder makes the bytes of ${name} again`, () => {
    assertSameBytes(kcapStream(name));
  });
}

for (
  const name of [
    "cap.cap",
    "cap1.cap",
    "cap-1.2.0.kcap",
    "cap-unclosed.kcap",
    "test.kcap",
  ]
) {
  testWith(
    `KcapEncoder makes the bytes of every record of ${name} again`,
    [requireSharedData(`kcap/upstream/${name}`)],
    () => assertSameBytes(unpackKcap(upstreamKcap(name))),
  );
}

/** Decodes and encodes in the dialect and order of the input. */
function assertSameBytes(stream: Uint8Array): void {
  const decoder = new KcapDecoder();
  decoder.push(stream);
  decoder.finish();
  let encoder: KcapEncoder | undefined;
  let at = 0;
  const compare = () => {
    const bytes = encoder!.take();
    for (let index = 0; index < bytes.length; index++) {
      if (bytes[index] !== stream[at + index]) {
        throw new Error(`byte ${at + index} differs`);
      }
    }
    at += bytes.length;
  };
  for (let item = decoder.next(); item; item = decoder.next()) {
    if (item.type === "fault") throw new Error(item.message);
    encoder ??= new KcapEncoder(decoder.handles, {
      dialect: item.dialect,
      littleEndian: decoder.header!.littleEndian,
      minor: decoder.header!.minor,
      order: "kept",
    });
    encoder.add(item);
    if (encoder.pendingBytes > 1024 * 1024) compare();
  }
  compare();
  assertEquals(at, stream.length);
  assertEquals(encoder!.stats.clipped, 0);
}

/** Encodes events with what stands before them. */
function encode(
  events: readonly KcapEvent[],
  dialect: KcapDialectName = "E",
): Uint8Array {
  const encoder = new KcapEncoder([], { dialect });
  for (const event of events) encoder.add(event);
  return encoder.take();
}

for (const name of SYNTHETIC) {
  Deno.test(`KcapEncoder loses nothing of ${name} in today's dialect`, () => {
    const before = decodeKcap(kcapStream(name)).events;
    const after = decodeKcap(encode(before));
    assertEquals(after.faults, []);
    assertEquals(after.decoder.dialect?.name, "E");
    const render = (event: KcapEvent) =>
      renderEventJson(event, {
        envs: true,
        handles: true,
        modules: true,
        pe: true,
        threads: true,
      });
    assertEquals(after.events.map(render), before.map(render));
  });
}

Deno.test("KcapEncoder gives equal bytes whatever order the input had", () => {
  const events = decodeKcap(kcapStream("head-v2-ps4.cap")).events;
  const turned = events.map((event) => ({
    ...event,
    params: event.params.toReversed(),
    meta: event.meta.toReversed(),
  }));
  assertEquals(encode(turned), encode(events));
});

Deno.test("KcapEncoder writes dialect D for readers of 2.2", () => {
  const events = decodeKcap(kcapStream("head-v2-ps4.cap")).events;
  const { decoder, faults } = decodeKcap(encode(events, "D"));
  assertEquals([decoder.dialect?.name, faults], ["D", []]);
});

Deno.test("KcapEncoder keeps bytes that are not UTF-8", () => {
  const stream = kcapStream("head-v2-ps4.cap").slice();
  const text = new TextDecoder("latin1").decode(stream);
  const at = text.indexOf("archrabbit", text.indexOf("CreateFile"));
  stream[at] = 0xa0;
  stream[at + 1] = 0xc3;
  const { events } = decodeKcap(stream);
  assertEquals(events[2]!.host, "\udca0\udcc3chrabbit");
  const again = decodeKcap(encode(events)).events;
  assertEquals(again[2]!.host, events[2]!.host);
});

function paramEvent(...params: MakeParam[]): KcapEvent {
  return makeEvent({ guid: PROVIDERS.file, hookId: 64, params });
}

Deno.test("KcapEncoder writes every type and reads the same", () => {
  const params: MakeParam[] = [
    { name: "a", type: "UnicodeString", value: "ü" },
    { name: "b", type: "AnsiString", value: "" },
    { name: "c", type: "Int8", value: -128 },
    { name: "d", type: "Uint8", value: 255 },
    { name: "e", type: "Int16", value: -32768 },
    { name: "f", type: "Uint16", value: 65535 },
    { name: "g", type: "Int32", value: -2147483648 },
    { name: "h", type: "Uint32", value: 4294967295 },
    { name: "i", type: "Int64", value: -(2n ** 63n) },
    { name: "j", type: "Uint64", value: 2n ** 64n - 1n },
    { name: "k", type: "Float", value: 0.5 },
    { name: "l", type: "Double", value: 0.1 },
    { name: "m", type: "Bool", value: true },
    { name: "n", type: "Binary", value: Uint8Array.of(1, 2) },
    { name: "o", type: "SID", value: Uint8Array.of(3) },
    { name: "p", type: "PID", value: 1 },
    { name: "q", type: "TID", value: 2 },
    { name: "r", type: "WbemSID", value: new Uint8Array(0) },
    { name: "s", type: "Port", value: 443 },
    { name: "t", type: "IPv4", value: Uint8Array.of(1, 2, 3, 4) },
    { name: "u", type: "IPv6", value: new Uint8Array(16).fill(7) },
    { name: "v", type: "Time", value: "2024-10-10T08:00:00Z" },
    {
      name: "w",
      type: "Slice",
      value: { kind: "strings", items: ["a", ""] },
    },
    {
      name: "x",
      type: "Slice",
      value: { kind: "addresses", items: [2n ** 64n - 1n] },
    },
    { name: "y", type: "Enum", value: 70000 },
    { name: "z", type: "Path", value: "C:\\" },
    { name: "za", type: "Status", value: 0xc0000022 },
    { name: "zb", type: "Flags", value: 5 },
    { name: "zc", type: "Flags64", value: 5n },
    { name: "zd", type: "Address", value: 5n },
  ];
  const [event] = decodeKcap(encode([paramEvent(...params)])).events;
  assertEquals(
    event!.params.map(({ name, type, value }) => ({ name, type, value })),
    params,
  );
});

Deno.test("KcapEncoder lets text stand in for types that are written as text", () => {
  const event = paramEvent(
    { name: "a", type: "DOSPath", value: "C:" },
    { name: "b", type: "Key", value: "HKEY_USERS" },
    { name: "c", type: "HandleType", value: "File" },
    { name: "d", type: "IP", value: Uint8Array.of(1, 2, 3, 4) },
    { name: "e", type: "HexInt32", value: 16 },
    { name: "f", type: "WbemSID", value: "NT AUTHORITY\\SYSTEM" },
  );
  const [read] = decodeKcap(encode([event])).events;
  assertEquals(read!.params.map(({ type }) => type), [
    "UnicodeString",
    "UnicodeString",
    "UnicodeString",
    "IPv4",
    "Address",
    "UnicodeString",
  ]);
});

for (
  const [type, value, message] of [
    ["Uint8", 256, "value is number 256, expected 0 to 255"],
    ["Int64", 2n ** 63n, "expected -9223372036854775808 to"],
    ["UnicodeString", 5, "value is number 5, expected text"],
    ["Bool", 1, "value is number 1, expected a boolean"],
    ["IPv4", new Uint8Array(5), "value is 5 bytes, expected 4 bytes"],
    ["Slice", "x", "value is string x, expected a slice"],
    ["Binary", "x", "value is string x, expected bytes"],
    ["Uint32", 1.5, "value is number 1.5, expected 0 to 4294967295"],
    ["Map", "x", "type Map has no encoding"],
    ["Null", 0, "type Null has no encoding"],
  ] as const
) {
  Deno.test(`KcapEncoder refuses a ${type} of ${String(value)} and writes nothing of the event`, () => {
    const encoder = new KcapEncoder([]);
    encoder.take();
    const error = assertThrows(() =>
      encoder.add(paramEvent({ name: "p", type, value }))
    ) as Error;
    assertEquals(error.message.includes(message), true, error.message);
    assertEquals(encoder.pendingBytes, 0);
    assertEquals(encoder.stats.events, 0);
  });
}

Deno.test("KcapEncoder clips texts and lists that have no room, between characters", () => {
  const long = "x".repeat(65_534) + "ü";
  const event = paramEvent(
    { name: "a", type: "UnicodeString", value: long },
    {
      name: "b",
      type: "Slice",
      value: { kind: "strings", items: Array(70_000).fill("") },
    },
  );
  const encoder = new KcapEncoder([{
    id: 1n,
    object: 2n,
    pid: 3,
    kind: "File",
    name: "ü".repeat(40_000),
    meta: { type: "alpc", flags: 1, sequence: 2, context: 3n },
  }]);
  encoder.add(event);
  assertEquals(encoder.stats.clipped, 3);
  const { events, handles, faults } = decodeKcap(encoder.take());
  assertEquals(faults, []);
  assertEquals(events[0]!.params[0]!.value, "x".repeat(65_534));
  const list = events[0]!.params[1]!.value;
  assertEquals(
    typeof list === "object" && "items" in list && list.items.length,
    65_535,
  );
  assertEquals(/^ü+$/.test(handles[0]!.name), true);
  assertEquals(handles[0]!.name.length > 32_000, true);
});

Deno.test("KcapEncoder refuses an event above its limit with Fibratus' text", () => {
  const encoder = new KcapEncoder([], { maxEventBytes: 100 });
  const event = paramEvent({
    name: "a",
    type: "Binary",
    value: new Uint8Array(1000),
  });
  const error = assertThrows(() => encoder.add(event), RangeError);
  assertEquals(/^event size overflow by \d+ bytes$/.test(error.message), true);
});

Deno.test("KcapEncoder refuses a limit that a capture cannot hold", () => {
  assertThrows(
    () => new KcapEncoder([], { maxEventBytes: 2 ** 32 }),
    RangeError,
    "maxEventBytes is 4294967296",
  );
});

Deno.test("KcapEncoder refuses a hook id that dialect A has no room for", () => {
  const encoder = new KcapEncoder([], { dialect: "A" });
  assertThrows(
    () => encoder.add(makeEvent({ guid: PROVIDERS.dns, hookId: 3006 })),
    RangeError,
    "hook id is 3006",
  );
});

Deno.test("KcapEncoder counts as Fibratus does", () => {
  const { events, handles } = decodeKcap(kcapStream("head-v2-ps4.cap"));
  const encoder = new KcapEncoder(handles);
  for (const event of events) encoder.add(event);
  assertEquals(encoder.stats, {
    events: 10,
    bytes: 4672,
    processes: 2,
    handles: 4,
    clipped: 0,
  });
});

Deno.test("KcapEncoder writes the zero time for a start that older layouts do not tell", () => {
  const [, created] = decodeKcap(kcapStream("head-v2-ps4.cap")).events;
  const encoder = new KcapEncoder([]);
  encoder.add({
    ...created!,
    embedded: { ...created!.embedded!, startTime: undefined },
  });
  const [again] = decodeKcap(encoder.take()).events;
  assertEquals(again?.embedded?.startTime, "0001-01-01T00:00:00Z");
});
