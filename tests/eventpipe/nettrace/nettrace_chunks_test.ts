import { assertEquals } from "@std/assert";
import {
  OWN_CAPTURES,
  type OwnCapture,
  ownCapture,
  SHARED_CAPTURES,
  type SharedCapture,
  sharedCapture,
} from "../../support/nettrace_captures.ts";
import { recordNettrace } from "../../support/nettrace_records.ts";
import { testWith } from "../../support/requirement.ts";
import { requireSharedData } from "../../support/shared_data.ts";

/** Captures above this are not cut into single bytes. */
const MAX_SINGLE_BYTES = 100_000;
const SHARED_TO_CUT = [
  "executionCheckpoints",
  "traceLogging",
  "singleThread",
  "v3Linux",
] as const satisfies readonly SharedCapture[];

function checkChunks(bytes: Uint8Array, order: "file" | "time"): void {
  const whole = recordNettrace(bytes, { order });
  const sizes = bytes.length > MAX_SINGLE_BYTES ? [4093, 65_536] : [1, 7, 4093];
  for (const chunkBytes of sizes) {
    assertEquals(recordNettrace(bytes, { order, chunkBytes }), whole);
  }
}

for (const name of Object.keys(OWN_CAPTURES) as OwnCapture[]) {
  // Comparing a million bytes of records is not worth its time.
  if (name === "workload") continue;
  for (const order of ["file", "time"] as const) {
    Deno.test(`NettraceDecoder finds the same in pieces of ${name} in order of ${order}`, () => {
      checkChunks(ownCapture(name), order);
    });
  }
}

for (const name of SHARED_TO_CUT) {
  testWith(
    `NettraceDecoder finds the same in pieces of ${name}`,
    [requireSharedData(SHARED_CAPTURES[name])],
    async () => {
      const bytes = await sharedCapture(name);
      // The first part of a large file has every kind of record.
      checkChunks(bytes.subarray(0, 600_000), "file");
    },
  );
}

testWith(
  "NettraceDecoder finds the same in pieces of version 2",
  [requireSharedData(SHARED_CAPTURES.objver2)],
  async () => {
    const bytes = await sharedCapture("objver2");
    checkChunks(bytes.subarray(0, 50_000), "file");
  },
);
