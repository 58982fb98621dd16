import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertThrows,
} from "@std/assert";
import { TruncatedError } from "../../../src/base/errors.ts";
import { decodeNettrace } from "../../../src/eventpipe/nettrace/decode_nettrace.ts";
import {
  type OwnCapture,
  ownCapture,
  SHARED_CAPTURES,
  sharedCapture,
} from "../../support/nettrace_captures.ts";
import { recordNettrace } from "../../support/nettrace_records.ts";
import {
  bytesBy,
  EARLY_FIRST_RECORD,
  earlyDefinition,
  earlyStream,
  eventRecord,
  utf16z,
} from "../../support/nettrace_streams.ts";
import { testWith } from "../../support/requirement.ts";
import { requireSharedData } from "../../support/shared_data.ts";

const SINGLE_THREAD = [requireSharedData(SHARED_CAPTURES.singleThread)];

/** Cut, complete blocks, events, and what is reported. */
const CUTS = [
  {
    cut: 344_314,
    blocks: {
      Trace: 1,
      MetadataBlock: 4,
      StackBlock: 45,
      EventBlock: 85,
      SPBlock: 5,
    },
    events: 27_951,
    outcome: { type: "complete", offset: 344_314 },
  },
  {
    cut: 344_313,
    blocks: {
      Trace: 1,
      MetadataBlock: 4,
      StackBlock: 45,
      EventBlock: 85,
      SPBlock: 5,
    },
    events: 27_951,
    outcome: { type: "truncated", record: undefined, offset: 344_313 },
  },
  {
    cut: 344_312,
    blocks: {
      Trace: 1,
      MetadataBlock: 4,
      StackBlock: 45,
      EventBlock: 85,
      SPBlock: 4,
    },
    events: 27_951,
    outcome: {
      type: "truncated",
      record: "SPBlock",
      offset: 344_237,
      neededBytes: 76,
      availableBytes: 75,
    },
  },
  {
    cut: 200_000,
    blocks: {
      Trace: 1,
      MetadataBlock: 1,
      StackBlock: 32,
      EventBlock: 52,
      SPBlock: 2,
    },
    events: 17_367,
    outcome: {
      type: "truncated",
      record: "EventBlock",
      offset: 196_745,
      neededBytes: 3941,
      availableBytes: 3255,
    },
  },
  {
    cut: 100_000,
    blocks: {
      Trace: 1,
      MetadataBlock: 1,
      StackBlock: 16,
      EventBlock: 26,
      SPBlock: 1,
    },
    events: 8472,
    outcome: { type: "truncated", record: "EventBlock", offset: 96_797 },
  },
] as const;

for (const { cut, blocks, events, outcome } of CUTS) {
  testWith(
    `NettraceDecoder delivers what is complete of ${cut} bytes`,
    SINGLE_THREAD,
    async () => {
      const bytes = (await sharedCapture("singleThread")).subarray(0, cut);
      const records = recordNettrace(bytes, { chunkBytes: 4093 });
      assertEquals(records.error, undefined);
      assertEquals(records.events.length, events);
      const found: Record<string, number> = {};
      for (const { kind } of records.blocks) {
        found[kind] = (found[kind] ?? 0) + 1;
      }
      assertEquals(found, blocks);
      const reported: Record<string, unknown> = { ...records.outcome };
      assertEquals({ ...reported, ...outcome }, reported);
      const isCut = outcome.type === "truncated";
      assertEquals(
        records.stats.map(({ name }) => name),
        isCut ? ["nettrace_truncated"] : [],
      );
    },
  );
}

/** Cut, record and bytes that are missing at least. */
const HEADER_CUTS = [
  [60, 32, "Trace", 42],
  [40, 32, "object", 7],
  [33, 32, "object", 14],
  [32, 32, "object", 1],
  [31, 0, "header", 1],
  [8, 0, "header", 4],
  [7, 0, "header", 1],
  [0, 0, "header", 8],
] as const;

for (const [cut, offset, record, missingBytes] of HEADER_CUTS) {
  testWith(
    `NettraceDecoder tells that ${cut} bytes end before the Trace does`,
    SINGLE_THREAD,
    async () => {
      const bytes = (await sharedCapture("singleThread")).subarray(0, cut);
      const error = assertThrows(
        () => decodeNettrace(bytes, {}),
        TruncatedError,
      );
      assertEquals(
        [error.offset, error.record, error.missingBytes],
        [offset, record, missingBytes],
      );
    },
  );
}

Deno.test("NettraceDecoder tells that the input is empty", () => {
  assertThrows(
    () => decodeNettrace(new Uint8Array(0), {}),
    TruncatedError,
    "Cannot read nettrace header: input is empty",
  );
});

Deno.test("NettraceDecoder throws on a cut stream when it is strict", () => {
  const bytes = ownCapture("events").subarray(0, -1);
  assertThrows(
    () => decodeNettrace(bytes, {}, { strict: true }),
    TruncatedError,
    "end mark is missing at byte 6385",
  );
});

function checkEveryCut(bytes: Uint8Array): void {
  const whole = recordNettrace(bytes);
  for (let cut = 0; cut < bytes.length; cut++) {
    const part = bytes.subarray(0, cut);
    const records = recordNettrace(part);
    if (records.error !== undefined) {
      assertInstanceOf(records.error, TruncatedError, `cut at ${cut}`);
      assertEquals(records.header, undefined);
      continue;
    }
    assertEquals(records.outcome?.type, "truncated", `cut at ${cut}`);
    assert(records.outcome!.offset <= cut);
    assertEquals(
      records.outcome!.offset + records.outcome!.availableBytes,
      cut,
    );
    assertEquals(records.events, whole.events.slice(0, records.events.length));
    assertEquals(records.blocks, whole.blocks.slice(0, records.blocks.length));
    const salvaged = recordNettrace(part, { salvage: true });
    assertEquals(
      salvaged.events.filter(({ isSalvaged }) => !isSalvaged),
      records.events,
    );
    salvaged.events.forEach((event, index) => {
      assertEquals({ ...event, isSalvaged: false }, whole.events[index]);
    });
    assertEquals(salvaged.outcome, records.outcome);
  }
}

for (const name of ["v6Full", "v5Features"] as const satisfies OwnCapture[]) {
  Deno.test(`NettraceDecoder survives a cut at every byte of ${name}`, () => {
    checkEveryCut(ownCapture(name));
  });
}

Deno.test("NettraceDecoder salvages complete events of a block that is cut", () => {
  const bytes = ownCapture("events");
  const block = recordNettrace(bytes).blocks.find(({ kind }) =>
    kind === "EventBlock"
  )!;
  const part = bytes.subarray(0, block.offset + block.length - 1);
  assertEquals(recordNettrace(part).events.length, 0);
  const { events } = recordNettrace(part, { salvage: true });
  assertEquals(events.length, 115);
  assert(events.every(({ isSalvaged }) => isSalvaged));
});

for (const name of ["executionCheckpoints", "traceLogging"] as const) {
  testWith(
    `NettraceDecoder survives a cut at every byte of ${name}`,
    [requireSharedData(SHARED_CAPTURES[name])],
    async () => checkEveryCut(await sharedCapture(name)),
  );
}

const EARLY = earlyStream(2, [
  eventRecord(0, { payload: earlyDefinition(utf16z("Source"), 5, "Five") }),
  eventRecord(EARLY_FIRST_RECORD, {
    payload: bytesBy((writer) => writer.zeros(3)),
    stack: [1n],
  }),
]);

Deno.test("NettraceDecoder survives a cut at every byte of a version 2 stream", () => {
  checkEveryCut(EARLY);
});
