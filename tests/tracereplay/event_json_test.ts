import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DecodeStats } from "../../src/base/decode_stats.ts";
import { decodeMessage } from "../../src/tracereplay/message_decoder.ts";
import { parseEventJson } from "../../src/tracereplay/parse_event_json.ts";
import { readTraceNdjson } from "../../src/tracereplay/read_trace_ndjson.ts";
import { redactMessage } from "../../src/tracereplay/redact_message.ts";
import {
  encodeMessage,
  encodePacket,
  typeIdOf,
} from "../../src/tracereplay/message_encoder.ts";
import { renderJson } from "../../src/tracereplay/render_json.ts";
import { streamOf } from "../support/byte_stream.ts";
import { fixture, FIXTURES, packetsOf } from "./_fixtures.ts";

Deno.test("parseEventJson makes every type again from what it must be decoded to", async () => {
  const packets = await packetsOf(fixture("all-types.trace"));
  const lines = (await Deno.readTextFile(`${FIXTURES}/all-types.ndjson`))
    .trimEnd().split("\n");
  assertEquals(
    lines.map((line) => parseEventJson(line).toHex()),
    packets.map((packet) => packet.toHex()),
  );
});

for (
  const [name, text, hex] of [
    ["a message by its name", '{"message":"TaskExit"}', "0800050000000000"],
    [
      "a type by its name",
      '{"type":"MESSAGE_SENTRY_TASK_EXIT"}',
      "0800050000000000",
    ],
    ["a type by its number", '{"type_id":5,"dropped":3}', "0800050003000000"],
    [
      "an exit without a result",
      '{"message":"Fork","phase":"exit"}',
      "08001d00000000001200",
    ],
    [
      "64-bit numbers as numbers",
      '{"message":"Close","payload":{"sysno":3}}',
      "08000800000000001803",
    ],
    [
      "bytes as base64",
      '{"message":"Bind","payload":{"address":"AQA="}}',
      "08001800000000003202" + "0100",
    ],
    [
      "an unknown type",
      '{"type_id":99,"payload_hex":"ff"}',
      "0800630000000000ff",
    ],
    ["raw bytes before all else", '{"raw_hex":"0102","type_id":5}', "0102"],
  ] as const
) {
  Deno.test(`parseEventJson takes ${name}`, () => {
    assertEquals(parseEventJson(text).toHex(), hex);
  });
}

for (
  const [text, state] of [
    ["", "Cannot read event"],
    ["[]", "it is not a JSON object"],
    ["{}", "neither type_id nor type nor message"],
    [
      '{"type_id":70000}',
      "type_id is 70000, expected an integer from 0 to 65535",
    ],
    ['{"type_id":5,"dropped":-1}', "dropped is -1"],
    ['{"type_id":5,"header_size":12}', "header_size is 12, without raw_hex"],
    ['{"type_id":99}', "type 99 is unknown"],
    ['{"raw_hex":"xy"}', "raw_hex is not hexadecimal"],
    ['{"raw_hex":"a"}', "raw_hex is not hexadecimal"],
    ['{"type_id":5,"payload_hex":1}', "payload_hex is not hexadecimal"],
    ['{"type_id":5,"payload":[]}', "payload is not an object"],
    ['{"type_id":5,"payload":{"x":1}}', "payload.x is not a field of TaskExit"],
    ['{"type_id":5,"payload":{"exit_status":"1.5"}}', "not an int32"],
    ['{"type_id":5,"payload":{"exit_status":2147483648}}', "not an int32"],
    ['{"type_id":8,"payload":{"sysno":"-1"}}', "not an uint64"],
    ['{"type_id":8,"payload":{"sysno":9007199254740992}}', "not an uint64"],
    [
      '{"type_id":8,"payload":{"fd_path":1}}',
      "payload.fd_path is not of type string",
    ],
    [
      '{"type_id":1,"payload":{"args":"a"}}',
      "payload.args is not of type string[]",
    ],
    [
      '{"type_id":1,"payload":{"args":[1]}}',
      "payload.args is not of type string[]",
    ],
    [
      '{"type_id":1,"payload":{"terminal":1}}',
      "payload.terminal is not of type bool",
    ],
    [
      '{"type_id":24,"payload":{"address":"!"}}',
      "payload.address is not base64",
    ],
    [
      '{"type_id":8,"payload":{"exit":{"result":true}}}',
      "payload.exit.result is true",
    ],
  ] as const
) {
  Deno.test(`parseEventJson refuses ${text || "nothing"}`, () => {
    assertThrows(() => parseEventJson(text), SyntaxError, state);
  });
}

Deno.test("readTraceNdjson counts lines that are no events and goes on", async () => {
  const text = '{"message":"TaskExit"}\n\nnonsense\r\n{"message":"Fork"}';
  const stats = new DecodeStats();
  const bytes = new TextEncoder().encode(text);
  for (const chunkBytes of [1, 7, bytes.length]) {
    const events = await Array.fromAsync(
      readTraceNdjson(streamOf(bytes, chunkBytes), { stats }),
    );
    assertEquals(
      events.map((event) => [event.seq, event.type]),
      [[1, "decoded"], [2, "decoded"]],
    );
  }
  assertEquals(stats.get("tracereplay_line_skipped"), 3);
  assertEquals(stats.entries()[0]?.firstDetail?.startsWith("line 3"), true);
  await assertRejects(
    () => Array.fromAsync(readTraceNdjson(streamOf(bytes))),
    SyntaxError,
  );
});

Deno.test("redactMessage takes arguments and environments out of every message that has them", async () => {
  const lengths: number[] = [];
  for (const packet of await packetsOf(fixture("all-types.trace"))) {
    const event = JSON.parse(
      renderJson(decodeMessage(redactMessage(packet, ["argv", "env"]))),
    );
    const lists: [string, unknown][] = Object.entries(event.payload);
    for (const [name, values] of lists) {
      if (!Array.isArray(values)) continue;
      const isArguments = name.startsWith("arg");
      const secrets = isArguments ? values.slice(1) : values;
      assertEquals(
        secrets.every((value) => value.endsWith("[redacted]")),
        true,
        `${event.message}.${name}: ${values}`,
      );
      lengths.push(secrets.length);
    }
  }
  assertEquals(lengths.filter((length) => length > 0).length > 4, true);
});

Deno.test("redactMessage leaves other messages alone, to the byte", () => {
  const packet = encodeMessage("Open", { pathname: "/etc/hosts" });
  assertEquals(redactMessage(packet, ["argv", "env"]), packet);
  const start = encodeMessage("Start", { args: ["a", "b"], env: ["A=1"] });
  const argvOnly = decodeMessage(redactMessage(start, ["argv"]));
  if (argvOnly.type !== "decoded" || argvOnly.message !== "Start") {
    throw new Error("undecoded");
  }
  assertEquals(argvOnly.payload, { args: ["a", "[redacted]"], env: ["A=1"] });
});

Deno.test("redactMessage keeps only the header of what it cannot understand", () => {
  const secret = new TextEncoder().encode("TOKEN=abc");
  const hasSecret = (bytes: Uint8Array) =>
    new TextDecoder().decode(bytes).includes("TOKEN");
  for (
    const packet of [
      encodePacket(99, secret),
      encodePacket(typeIdOf("ExecveInfo"), secret),
      Uint8Array.from([0xff, 0xff, 3, 0, 0, 0, 0, 0, ...secret]),
      // A field of a later release, behind a known one.
      encodePacket(
        typeIdOf("Close"),
        Uint8Array.from([0x18, 3, 0x9a, 0x06, secret.length, ...secret]),
      ),
    ]
  ) {
    assertEquals(hasSecret(packet), true);
    assertEquals(hasSecret(redactMessage(packet, ["env"])), false);
  }
});
