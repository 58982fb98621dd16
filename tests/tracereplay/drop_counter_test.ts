import { assertEquals } from "@std/assert";
import { DropCounter } from "../../src/tracereplay/drop_counter.ts";
import { DropMerger } from "../../src/tracereplay/drop_merger.ts";
import {
  decodeMessage,
  decodeMessageHeader,
} from "../../src/tracereplay/message_decoder.ts";
import { encodeMessage } from "../../src/tracereplay/message_encoder.ts";
import { MessageMeter } from "../../src/tracereplay/message_meter.ts";
import { makeRecordBatch } from "../../src/tracereplay/record_batch.ts";
import { TraceSummary } from "../../src/tracereplay/trace_summary.ts";
import { fixture, packetsOf } from "./_fixtures.ts";

for (
  const [name, counters, total, resets] of [
    ["rises", [0, 0, 3, 3, 10], 10, 0],
    ["wraps around", [0x7fff_ffff, 0xffff_fffe, 2], 0x1_0000_0002, 0],
    ["goes back", [5, 2, 4], 7, 1],
    ["goes back by one", [5, 4, 5], 6, 1],
    ["jumps by 2^31", [0x8000_0000], 0, 1],
  ] as const
) {
  Deno.test(`DropCounter adds up a counter that ${name}`, () => {
    const counter = new DropCounter();
    for (const value of counters) counter.add(value);
    assertEquals([counter.total, counter.resets], [total, resets]);
  });
}

Deno.test("MessageMeter and TraceSummary agree on all types", async () => {
  const packets = await packetsOf(fixture("all-types.trace"));
  const meter = new MessageMeter();
  meter.addRecords(makeRecordBatch(packets).bytes);
  const summary = new TraceSummary();
  for (const packet of packets) summary.add(decodeMessage(packet));
  assertEquals(
    [meter.messages, meter.bytes, meter.dropped, meter.dropResets],
    [73, 3845, 6, 1],
  );
  assertEquals(
    [summary.messages, summary.bytes, summary.dropped, summary.dropResets],
    [73, 3845, 6, 1],
  );
  assertEquals([summary.architecture, summary.isMixed], ["amd64", false]);
});

Deno.test("MessageMeter tells messages without a usable header", () => {
  const seen: unknown[] = [];
  const meter = new MessageMeter((message) => seen.push(message));
  meter.addRecords(
    makeRecordBatch([
      new Uint8Array(3),
      encodeMessage("TaskExit", {}),
      Uint8Array.fromHex("4000050000000000"),
    ]).bytes,
  );
  assertEquals(seen, [
    { seq: 1, reason: "message has 3 bytes, less than a header" },
    { seq: 3, reason: "header_size is 64, expected 8 to 8" },
  ]);
  assertEquals(meter.malformed, 2);
});

Deno.test("TraceSummary counts what is odd, and tells mixed architectures", async () => {
  const summary = new TraceSummary();
  const packets = [
    ...await packetsOf(fixture("quirks.trace")),
    ...await packetsOf(fixture("bad/header-short.trace")),
    ...await packetsOf(fixture("bad/payload-bad-varint.trace")),
    ...await packetsOf(fixture("bad/payload-invalid-utf8.trace")),
    encodeMessage("Open", { sysno: 56n }),
  ];
  for (const [index, packet] of packets.entries()) {
    summary.add(decodeMessage(packet, { seq: index + 1 }));
  }
  assertEquals(
    {
      malformed: summary.malformed,
      undecodable: summary.undecodable,
      unknownTypes: summary.unknownTypes,
      unknownFields: summary.unknownFields,
      warnings: summary.warnings,
    },
    {
      malformed: 1,
      undecodable: 1,
      unknownTypes: 2,
      unknownFields: 6,
      warnings: 1,
    },
  );
  assertEquals([summary.isMixed, summary.architecture], [true, undefined]);
});

Deno.test("DropMerger gives the running total of all sessions", () => {
  const merger = new DropMerger();
  const first = merger.addSource();
  const second = merger.addSource();
  const dropped = (packet: Uint8Array) => decodeMessageHeader(packet).dropped;
  const message = (count: number) =>
    encodeMessage("TaskExit", {}, { dropped: count });
  assertEquals(dropped(first(message(2))), 2);
  assertEquals(dropped(second(message(5))), 7);
  assertEquals(dropped(first(message(3))), 8);
  assertEquals(first(new Uint8Array([1])).toHex(), "01");
});
