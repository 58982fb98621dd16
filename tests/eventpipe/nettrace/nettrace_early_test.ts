import { assertEquals, assertStringIncludes } from "@std/assert";
import { parseGuid } from "../../../src/codec/guid.ts";
import { recordNettrace } from "../../support/nettrace_records.ts";
import {
  bytesBy,
  EARLY_FIRST_RECORD,
  earlyDefinition,
  earlyStream,
  eventRecord,
  utf16z,
} from "../../support/nettrace_streams.ts";

const PAYLOAD = bytesBy((writer) => writer.bytes(new Uint8Array([1, 2, 3])));

function definitionRecord(provider: Uint8Array<ArrayBuffer>, name?: string) {
  return eventRecord(0, { payload: earlyDefinition(provider, 5, name) });
}

Deno.test("NettraceDecoder reads version 2, whose events name the offset of their definition", () => {
  const first = definitionRecord(utf16z("Source"), "Five");
  const second = definitionRecord(utf16z("Other"));
  const secondAt = EARLY_FIRST_RECORD + first.length;
  const records = recordNettrace(earlyStream(2, [
    first,
    second,
    eventRecord(EARLY_FIRST_RECORD, {
      time: 1500n,
      payload: PAYLOAD,
      stack: [0x10n, 0xffff_8000_0000_0000n],
    }),
    eventRecord(secondAt, { time: 900n, threadId: 0xffff_fffe }),
  ]));
  assertEquals(records.error, undefined);
  assertEquals(records.outcome?.type, "complete");
  assertEquals(records.stats, []);
  assertEquals(
    [records.header?.version, records.header?.pointerSize],
    [2, 8],
  );
  assertEquals(
    records.metadata.map((each) => [
      each.id,
      each.providerName,
      each.eventId,
      each.eventName,
      each.keywords,
      each.version,
      each.level,
      each.fields,
    ]),
    [
      [EARLY_FIRST_RECORD, "Source", 5, "Five", 3n, 1, 5, []],
      [secondAt, "Other", 5, "", 0n, 1, 0, []],
    ],
  );
  const [one, two] = records.events;
  assertEquals(one!.time, 500);
  assertEquals([...one!.payload], [1, 2, 3]);
  assertEquals([one!.stack.id, one!.stack.depth], [-1, 2]);
  assertEquals(
    one!.stack.bytes.toHex(),
    "10000000000000000000000000" + "80ffff",
  );
  assertEquals([two!.time, two!.threadId, two!.stack.depth], [
    -100,
    0xffff_fffe,
    0,
  ]);
  assertEquals(two!.isSorted, true);
});

Deno.test("NettraceDecoder reads version 1, whose definitions have the GUID of their provider", () => {
  const known = parseGuid("e13c0d23-ccbc-4e12-931b-d9cc2eee27e4");
  const unknown = parseGuid("01020304-0506-0708-090a-0b0c0d0e0f10");
  const records = recordNettrace(earlyStream(1, [
    definitionRecord(known, "Known"),
    definitionRecord(unknown, "Unknown"),
  ]));
  assertEquals(
    records.metadata.map(({ providerName, providerGuid, eventName }) => [
      providerName,
      providerGuid,
      eventName,
    ]),
    [
      [
        "Microsoft-Windows-DotNETRuntime",
        "e13c0d23-ccbc-4e12-931b-d9cc2eee27e4",
        "Known",
      ],
      [
        "01020304-0506-0708-090a-0b0c0d0e0f10",
        "01020304-0506-0708-090a-0b0c0d0e0f10",
        "Unknown",
      ],
    ],
  );
});

Deno.test("NettraceDecoder tells a record from the table at the end by what the table says", () => {
  // A record of 262 bytes begins with the bytes 6, 1, 0, 0 as the table does.
  const definition = definitionRecord(utf16z("Source"), "Five");
  const record = eventRecord(EARLY_FIRST_RECORD, {
    payload: new Uint8Array(262 - 56),
  });
  assertEquals([...record.subarray(0, 4)], [6, 1, 0, 0]);
  const records = recordNettrace(earlyStream(2, [definition, record, record]));
  assertEquals(records.events.length, 2);
  assertEquals(records.outcome?.type, "complete");
});

Deno.test("NettraceDecoder tells where a version 2 stream says its events end when that is wrong", () => {
  const bytes = earlyStream(2, [definitionRecord(utf16z("Source"))], {
    label: 99_999,
  });
  const records = recordNettrace(bytes);
  assertEquals(records.metadata.length, 1);
  assertEquals(records.outcome?.type, "damaged");
  assertStringIncludes(records.outcome!.message, "at 99999");
});

Deno.test("NettraceDecoder reads a version 2 stream without its table up to the end", () => {
  const bytes = earlyStream(2, [definitionRecord(utf16z("Source"))], {
    hasTable: false,
  });
  const records = recordNettrace(bytes);
  assertEquals(records.metadata.length, 1);
  assertEquals(
    [records.outcome?.type, records.outcome?.offset],
    ["truncated", bytes.length],
  );
});

Deno.test("NettraceDecoder stops at the first record of a version 2 stream whose size makes no sense", () => {
  const bytes = earlyStream(2, [
    definitionRecord(utf16z("Source")),
    bytesBy((writer) => {
      writer.i32(-5);
      writer.zeros(100);
    }),
  ]);
  const records = recordNettrace(bytes);
  assertEquals(records.metadata.length, 1);
  assertEquals(records.outcome?.type, "damaged");
  assertStringIncludes(records.outcome!.message, "it has -5 bytes");
});

Deno.test("NettraceDecoder skips a version 2 record whose parts exceed it", () => {
  const broken = eventRecord(EARLY_FIRST_RECORD, { payload: PAYLOAD });
  new DataView(broken.buffer).setInt32(52, 1000, true);
  const records = recordNettrace(earlyStream(2, [
    definitionRecord(utf16z("Source")),
    broken,
    eventRecord(EARLY_FIRST_RECORD, { payload: PAYLOAD }),
  ]));
  assertEquals(records.events.length, 1);
  assertEquals(records.outcome?.type, "complete");
  assertEquals(
    records.stats.map(({ name }) => name),
    ["nettrace_block_damaged", "nettrace_bytes_skipped"],
  );
});
