import { assertEquals, assertThrows } from "@std/assert";
import { FormatError, LimitError } from "../../src/base/errors.ts";
import {
  decodeMessage,
  decodeMessageHeader,
  decodePayload,
} from "../../src/tracereplay/message_decoder.ts";
import {
  encodeMessage,
  encodePacket,
  encodePayload,
  typeIdOf,
} from "../../src/tracereplay/message_encoder.ts";
import { messageTypes } from "../../src/tracereplay/message_schema.ts";
import { toJsonObject } from "../../src/tracereplay/render_json.ts";
import type { AnyMessage, PayloadName } from "../../src/tracereplay/types.ts";
import { mutations } from "../support/mutations.ts";
import { testWith } from "../support/requirement.ts";
import { requireSharedData, sharedData } from "../support/shared_data.ts";
import {
  fixture,
  FIXTURES,
  packetsOf,
  parseNdjson,
  withoutExtras,
} from "./_fixtures.ts";

const ALL_TYPES = await packetsOf(fixture("all-types.trace"));
const QUIRKS = await packetsOf(fixture("quirks.trace"));

for (
  const [name, packets] of [
    ["all-types", ALL_TYPES],
    ["quirks", QUIRKS],
  ] as const
) {
  Deno.test(`decodeMessage gives the events of ${name}`, async () => {
    const expected = parseNdjson(
      await Deno.readTextFile(`${FIXTURES}/${name}.ndjson`),
    );
    const events = packets.map((packet, index) =>
      withoutExtras(toJsonObject(decodeMessage(packet, { seq: index + 1 })))
    );
    assertEquals(events, expected);
  });
}

testWith(
  "decodeMessage gives the events of a session that gVisor recorded",
  [requireSharedData("tracereplay/client-0001")],
  async () => {
    const file = await Deno.readFile(sharedData("tracereplay/client-0001")!);
    const expected = parseNdjson(
      await Deno.readTextFile(sharedData("tracereplay/client-0001.ndjson")!),
    );
    const events = (await packetsOf(file)).map((packet, index) =>
      withoutExtras(toJsonObject(decodeMessage(packet, { seq: index + 1 })))
    );
    assertEquals(events, expected);
  },
);

Deno.test("encodePayload makes the bytes of an official protobuf library, for every type", () => {
  const seen = new Set<string>();
  for (const packet of ALL_TYPES) {
    const event = decodeMessage(packet);
    if (event.type !== "decoded") throw new Error(`${event.seq} is undecoded`);
    seen.add(event.message);
    const payload = encodePayload(event.message, event.payload as AnyMessage);
    assertEquals(payload.toHex(), packet.subarray(8).toHex());
    assertEquals(
      encodePacket(event.typeId, payload, { dropped: event.dropped }).toHex(),
      packet.toHex(),
    );
  }
  assertEquals(
    [...seen].sort(),
    messageTypes().map(([, { message }]) => message).sort(),
  );
});

Deno.test("decodeMessage counts the unknown fields of unusual encodings and keeps them", () => {
  const counts = QUIRKS.map((packet) => {
    const event = decodeMessage(packet);
    return event.type === "decoded" ? event.unknownFieldCount : undefined;
  });
  assertEquals(counts[7], 4);
  assertEquals(counts[8], 1);
  assertEquals(counts[13], 1);
  const event = decodeMessage(QUIRKS[7]!);
  if (event.type !== "decoded") throw new Error("undecoded");
  assertEquals(
    event.unknownFields.map(({ field, wireType }) => [field, wireType]),
    [[99, 0], [100, 2], [101, 5], [102, 1]],
  );
  const kept = event.unknownFields.map(({ bytes }) => bytes.toHex()).join("");
  assertEquals(QUIRKS[7]!.toHex().includes(kept.slice(0, 8)), true);
});

Deno.test("decodeMessage tells the path of an unknown field", () => {
  // context_data { 20: 1 }
  const event = decodeMessage(
    encodePacket(typeIdOf("Close"), Uint8Array.fromHex("0a03a00101")),
  );
  if (event.type !== "decoded") throw new Error("undecoded");
  assertEquals(event.unknownFields[0]?.path, "context_data");
  assertEquals(event.unknownFields[0]?.field, 20);
});

Deno.test("decodeMessage keeps at most 1,000 unknown fields and counts all", () => {
  const field = Uint8Array.fromHex("980601");
  const payload = new Uint8Array(field.length * 5000);
  for (let at = 0; at < payload.length; at += field.length) {
    payload.set(field, at);
  }
  const event = decodeMessage(encodePacket(typeIdOf("Close"), payload));
  if (event.type !== "decoded") throw new Error("undecoded");
  assertEquals(
    [event.unknownFields.length, event.unknownFieldCount],
    [1000, 5000],
  );
});

for (
  const [name, hex, phase] of [
    ["no exit is the beginning", "1801", "enter"],
    ["an empty exit is the end", "12001801", "exit"],
    ["an exit with a result is the end", "120208051801", "exit"],
  ] as const
) {
  Deno.test(`decodeMessage knows the phase: ${name}`, () => {
    const event = decodeMessage(
      encodePacket(typeIdOf("Close"), Uint8Array.fromHex(hex)),
    );
    assertEquals(event.type === "decoded" && event.phase, phase);
  });
}

Deno.test("decodeMessage gives no phase to messages that have none", () => {
  const event = decodeMessage(encodeMessage("TaskExit", {}));
  assertEquals(event.type === "decoded" && event.phase, undefined);
});

for (
  const [name, hex, field, value] of [
    ["-1 of ten bytes", "20ffffffffffffffffff01", "domain", -1],
    ["-1 of five bytes", "20ffffffff0f", "domain", -1],
    ["bits beyond the 32nd cut", "20818080801028ff01", "domain", 1],
    ["a number with too many bytes", "208180808000", "domain", 1],
  ] as const
) {
  Deno.test(`decodePayload reads int32: ${name}`, () => {
    const { value: payload } = decodePayload("Socket", Uint8Array.fromHex(hex));
    assertEquals(payload[field], value);
  });
}

Deno.test("decodePayload keeps 64-bit numbers exact", () => {
  const { value } = decodePayload(
    "Syscall",
    encodePayload("Syscall", {
      sysno: 2n ** 64n - 1n,
      arg1: 2n ** 53n + 1n,
      exit: { result: -(2n ** 63n), errorno: 2n ** 63n - 1n },
    }),
  );
  assertEquals(value, {
    exit: { result: -(2n ** 63n), errorno: 2n ** 63n - 1n },
    sysno: 2n ** 64n - 1n,
    arg1: 2n ** 53n + 1n,
  });
});

Deno.test("decodePayload keeps a leading byte order mark and warns of bad UTF-8", () => {
  const { value, warnings } = decodePayload(
    "Chdir",
    Uint8Array.fromHex("2a03ff2f61" + "3204efbbbf61"),
  );
  assertEquals(value, { fd_path: "\ufffd/a", pathname: "\ufeffa" });
  assertEquals(warnings, ["invalid-utf8:fd_path"]);
});

for (
  const [name, hex, where, state] of [
    ["a number without end", "18", "Close.sysno", "0 of 1 bytes are left"],
    ["a length past the end", "2a7f61", "Close.fd_path", "1 of 127 bytes"],
    ["a damaged part", "0a02107f", "Close", ""],
    [
      "a part that ends in a number",
      "0a0110",
      "Close.context_data.thread_id",
      "0 of 1",
    ],
    ["an end of a group that has not begun", "0c", "Close", "has not begun"],
    ["a group that ends as another", "a30690017c", "Close", ""],
    ["field number 0", "0001", "Close", "field number is 0"],
    ["wire type 6", "1e", "Close", "wire type of field 3 is 6"],
    [
      "a number of eleven bytes",
      "18ffffffffffffffffffff01",
      "Close.sysno",
      "longer than 10 bytes",
    ],
  ] as const
) {
  Deno.test(`decodeMessage keeps the bytes of ${name} and says where`, () => {
    const payload = Uint8Array.fromHex(hex);
    const event = decodeMessage(encodePacket(typeIdOf("Close"), payload));
    if (name === "a damaged part") {
      assertEquals(event.type, "decoded");
      return;
    }
    if (event.type !== "opaque") throw new Error(`it is ${event.type}`);
    assertEquals(event.payloadBytes.toHex(), hex);
    assertEquals(
      event.error?.includes(`Cannot decode ${where} at byte`),
      true,
      event.error,
    );
    assertEquals(event.error?.includes(state), true, event.error);
  });
}

Deno.test("decodePayload refuses groups that nest deeper than 100", () => {
  const nested = (depth: number) =>
    Uint8Array.fromHex("a306".repeat(depth) + "a406".repeat(depth));
  assertEquals(decodePayload("Close", nested(100)).unknownFieldCount, 1);
  for (const depth of [102, 10_000]) {
    assertThrows(
      () => decodePayload("Close", nested(depth)),
      FormatError,
      "nested too deeply",
    );
  }
});

for (
  const [name, hex, message] of [
    ["nothing", "", "message of 0 bytes is shorter"],
    ["seven bytes", "08000500000000", "message of 7 bytes is shorter"],
    ["a header smaller than 8", "0400050000000000", "header_size 4 is smaller"],
    [
      "a header larger than the message",
      "0900050000000000",
      "header_size 9 exceeds the message length 8",
    ],
  ] as const
) {
  Deno.test(`decodeMessageHeader refuses ${name}`, () => {
    const bytes = Uint8Array.fromHex(hex);
    assertThrows(() => decodeMessageHeader(bytes), FormatError, message);
    assertEquals(decodeMessage(bytes).type, "malformed");
  });
}

Deno.test("decodeMessageHeader reads the counter as an unsigned number", () => {
  assertEquals(
    decodeMessageHeader(Uint8Array.fromHex("08000700ffffffff")).dropped,
    0xffff_ffff,
  );
});

Deno.test("encodeMessage refuses what does not fit", () => {
  assertThrows(
    () => encodeMessage("Socket", { domain: 2 ** 31 }),
    RangeError,
    "Cannot encode Socket.domain: value 2147483648 is not an int32",
  );
  assertThrows(
    () => encodeMessage("Close", { sysno: -1n }),
    RangeError,
    "not an uint64",
  );
  assertThrows(
    () => encodePayload("Close", { fd: 3 }),
    TypeError,
    "Cannot encode Close.fd: value is a number, expected int64",
  );
  assertThrows(
    () => encodePayload("Close", { fdd: 3n }),
    TypeError,
    'field "fdd" is unknown',
  );
  assertThrows(
    () => typeIdOf("Exit" as PayloadName),
    TypeError,
    "not the payload of any type",
  );
});

Deno.test("decodeMessage meets every cut of every message with an event", () => {
  for (const packet of [...ALL_TYPES, ...QUIRKS]) {
    for (let end = 0; end < packet.length; end++) {
      decodeMessage(packet.subarray(0, end));
    }
  }
});

Deno.test("decodeMessage meets 10,000 damaged messages with an event", () => {
  let decoded = 0;
  let opaque = 0;
  for (const packet of mutations([...ALL_TYPES, ...QUIRKS])) {
    const event = decodeMessage(packet);
    if (event.type === "decoded") {
      decoded++;
      // What was decoded can be encoded, and means the same.
      const payload = encodePayload(event.message, event.payload as AnyMessage);
      const again = decodePayload(event.message, payload).value;
      assertEquals(again, event.payload as AnyMessage);
    } else if (event.type === "opaque") opaque++;
  }
  // Guards the mutations: both ways are met often.
  assertEquals([decoded > 1000, opaque > 1000], [true, true]);
});

Deno.test("decodePayload throws only its own classes of errors", () => {
  for (const packet of mutations(ALL_TYPES, 2000, 7)) {
    try {
      decodePayload("ExecveInfo", packet);
    } catch (error) {
      const isOurs = error instanceof FormatError ||
        error instanceof LimitError;
      if (!isOurs) throw error;
    }
  }
});
