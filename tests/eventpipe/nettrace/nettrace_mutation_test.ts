import { assert } from "@std/assert";
import { FormatError, LimitError } from "../../../src/base/errors.ts";
import { NettraceDecoder } from "../../../src/eventpipe/nettrace/nettrace_decoder.ts";
import { PayloadReaders } from "../../../src/eventpipe/nettrace/payload_reader.ts";
import { mutations } from "../../support/mutations.ts";
import {
  ownCapture,
  SHARED_CAPTURES,
  sharedCapture,
} from "../../support/nettrace_captures.ts";
import {
  EARLY_FIRST_RECORD,
  earlyDefinition,
  earlyStream,
  eventRecord,
  utf16z,
} from "../../support/nettrace_streams.ts";
import { testWith } from "../../support/requirement.ts";
import { requireSharedData } from "../../support/shared_data.ts";

const ROUNDS = 10_000;

/** Decodes all of it, payloads too; damage may only show as our own errors. */
function decodeAnything(bytes: Uint8Array, order: "file" | "time"): void {
  let readers = new PayloadReaders(8);
  let events = 0;
  const decoder = new NettraceDecoder({
    onHeader: ({ pointerSize }) => {
      readers = new PayloadReaders(pointerSize);
    },
    onEvent: (event) => {
      events++;
      readers.of(event).read(event, { useValueNames: true });
      event.toRecord();
    },
  }, { order, salvage: true });
  try {
    decoder.push(bytes);
    decoder.finish();
  } catch (error) {
    if (!(error instanceof FormatError || error instanceof LimitError)) {
      throw new Error(
        `Cannot decode ${bytes.toHex()}: error is of another class`,
        {
          cause: error,
        },
      );
    }
  }
  // An event takes two bytes at least.
  assert(events <= bytes.length);
}

function checkMutations(original: Uint8Array): void {
  let round = 0;
  for (const bytes of mutations([original], ROUNDS)) {
    decodeAnything(bytes, round++ % 2 === 0 ? "file" : "time");
  }
}

for (
  const name of ["v6Full", "v6Minimal", "v5Features", "gcdumpMini"] as const
) {
  Deno.test(`NettraceDecoder survives ${ROUNDS} mutations of ${name}`, () => {
    checkMutations(ownCapture(name));
  });
}

for (const name of ["executionCheckpoints", "traceLogging"] as const) {
  testWith(
    `NettraceDecoder survives ${ROUNDS} mutations of ${name}`,
    [requireSharedData(SHARED_CAPTURES[name])],
    async () => checkMutations(await sharedCapture(name)),
  );
}

Deno.test(`NettraceDecoder survives ${ROUNDS} mutations of a version 2 stream`, () => {
  checkMutations(earlyStream(2, [
    eventRecord(0, { payload: earlyDefinition(utf16z("Source"), 5, "Five") }),
    eventRecord(EARLY_FIRST_RECORD, { payload: new Uint8Array(9) }),
    eventRecord(EARLY_FIRST_RECORD, { stack: [1n, 2n] }),
  ]));
});
