import { assert, assertEquals } from "@std/assert";
import {
  decodeDnsMessage,
  decodeDnsQueryMsg,
  decodeDnsReplyMsg,
} from "../../../src/netdump/tracer/dns_decoder.ts";
import { encodeDnsQuery } from "../../../src/netdump/tracer/dns_encoder.ts";
import {
  decodeDnsName,
  encodeDnsName,
} from "../../../src/netdump/tracer/dns_name.ts";
import { requireSharedData, sharedData } from "../../support/shared_data.ts";
import { testWith } from "../../support/requirement.ts";

interface MessageFixture {
  readonly name: string;
  readonly kind: "query" | "reply";
  readonly hex: string;
  readonly expect: Readonly<Record<string, unknown>>;
}

testWith("DNS messages of the fixtures are recorded as EVE records them", [
  requireSharedData("netdump/dns-messages.json"),
], () => {
  const fixtures: MessageFixture[] = JSON.parse(
    Deno.readTextFileSync(sharedData("netdump/dns-messages.json")!),
  );
  assertEquals(fixtures.length, 9);
  for (const { name, kind, hex, expect } of fixtures) {
    const bytes = Uint8Array.fromHex(hex);
    const record: Record<string, unknown> | undefined = kind === "query"
      ? { ...decodeDnsQueryMsg(bytes) }
      : { ...decodeDnsReplyMsg(bytes) };
    const { published, ...want } = expect;
    assertEquals(Object.keys(record).length > 0, published, name);
    for (const [key, value] of Object.entries(want)) {
      const own = key === "optUDPPayloadSize" ? "optUdpPayloadSize" : key;
      assertEquals(record[own], value ?? [], `${name}: ${key}`);
    }
  }
});

Deno.test("encodeDnsQuery makes the query that Go's resolver sends", () => {
  const query = encodeDnsQuery({
    id: 0x1234,
    name: "controller.example.net.",
    type: 28,
  })!;
  assertEquals(query.length, 51);
  assertEquals(decodeDnsQueryMsg(query), {
    id: 0x1234,
    recursionDesired: true,
    truncated: false,
    size: 51,
    questions: [{ name: "controller.example.net.", type: "AAAA", class: 1 }],
    optUdpPayloadSize: 1232,
  });
  const trusting = encodeDnsQuery({
    id: 1,
    name: "a.",
    type: 1,
    trustAd: true,
  });
  assertEquals(trusting?.[3], 0x20);
});

Deno.test("encodeDnsName refuses what no name can be", () => {
  for (
    const name of [
      "",
      "..",
      "a..b",
      `${"x".repeat(64)}.net`,
      `${"abcdefg.".repeat(33)}`,
    ]
  ) {
    assertEquals(encodeDnsName(name), undefined, name);
  }
  assertEquals([...encodeDnsName(".")!], [0]);
  assertEquals(encodeDnsName("a.b"), encodeDnsName("a.b."));
});

Deno.test("decodeDnsName follows pointers backwards only", () => {
  const message = new Uint8Array([1, 97, 0, 1, 98, 0xc0, 0, 0xc0, 3]);
  assertEquals(decodeDnsName(message, 3), { text: "b.a.", end: 7 });
  assertEquals(decodeDnsName(message, 7), { text: "b.a.", end: 9 });
  assertEquals(decodeDnsName(new Uint8Array([0xc0, 0]), 0), undefined);
  assertEquals(decodeDnsName(new Uint8Array([0xc0, 2, 0]), 0), undefined);
  assertEquals(decodeDnsName(new Uint8Array([1, 97, 0xc0, 0]), 0), undefined);
  assertEquals(decodeDnsName(new Uint8Array([2, 0x2e, 97, 0]), 0), undefined);
});

Deno.test("decodeDnsMessage bounds counts that lie", () => {
  const message = new Uint8Array(12 + 5);
  message.fill(0xff, 4, 12);
  const decoded = decodeDnsMessage(message)!;
  assert(decoded.questions.length <= 2);
  assertEquals(decoded.answers, []);
});

Deno.test("decodeDnsMessage never fails on mutated messages", () => {
  const base = Uint8Array.fromHex(
    "00048580000100030000000006736572766572076578616d706c65036e65740000010001" +
      "c00c00050001000000000006036e7331c013c030000100010000003c00040a000001" +
      "c00c000f0001000000000004000ac030",
  );
  const whole = decodeDnsReplyMsg(base)!;
  assertEquals(whole.answers.map(({ resolvedVal }) => resolvedVal), [
    "ns1.example.net.",
    "10.0.0.1",
    "ns1.example.net.",
  ]);
  for (let length = 0; length <= base.length; length++) {
    decodeDnsMessage(base.subarray(0, length));
  }
  let seed = 7;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % below;
  };
  for (let round = 0; round < 10_000; round++) {
    const bytes = base.slice();
    for (let left = 1 + random(4); left > 0; left--) {
      bytes[random(bytes.length)] = random(256);
    }
    const decoded = decodeDnsMessage(bytes)!;
    assert(decoded.answers.length <= 4096);
  }
});
