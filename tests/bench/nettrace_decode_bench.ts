/**
 * Decoding of `.nettrace` streams within one process: events per second and
 * MiB per second follow from the counts in the titles. The baseline of each
 * group walks over all events and delivers none.
 *
 * What profiles (`deno run --cpu-prof`) showed, and what came of it:
 *
 * - Two thirds of the time is the loop over compressed blobs with the sink; then
 *   come copies of cut blocks, framing and garbage.
 * - Asking every event for its absolute time as a bigint costs as much as all the
 *   rest, a view of the payload two thirds of that, and a copy of the whole event
 *   eight times as much. So there is one reused event, times are numbers
 *   relative to the sync tick (one bigint per block), and payloads are given by
 *   where they lie.
 * - The first pass costs two to three times a later one: it is spent on
 *   compiling.
 * - Order by time costs as much again: every event waits in an object of its own,
 *   taken from a pool, and its block is copied once.
 * - Decoding all payloads is texts for the greater part (two fifths before code
 *   units went through one reused array).
 */
import { decodeNettrace } from "../../src/eventpipe/nettrace/decode_nettrace.ts";
import { NettraceDecoder } from "../../src/eventpipe/nettrace/nettrace_decoder.ts";
import type { NettraceDecodeOptions } from "../../src/eventpipe/nettrace/nettrace_decode_options.ts";
import { PayloadReaders } from "../../src/eventpipe/nettrace/payload_reader.ts";
import {
  ownCapture,
  SHARED_CAPTURES,
  sharedCapture,
} from "../support/nettrace_captures.ts";
import { sharedData } from "../support/shared_data.ts";

/** Sums up a little of every event, so that nothing is left out. */
function sumEvents(
  bytes: Uint8Array,
  options: NettraceDecodeOptions = {},
  chunkBytes = bytes.length,
): number {
  let sum = 0;
  const decoder = new NettraceDecoder({
    onEvent: (event) => {
      sum += event.time + event.threadId + event.payloadLength;
    },
  }, options);
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    decoder.push(bytes.subarray(at, at + chunkBytes));
  }
  decoder.finish();
  return sum;
}

function sumPayloads(bytes: Uint8Array): number {
  let sum = 0;
  let readers: PayloadReaders;
  decodeNettrace(bytes, {
    onHeader: ({ pointerSize }) => {
      readers = new PayloadReaders(pointerSize);
    },
    onEvent: (event) => {
      sum += readers.of(event).read(event).extraBytes;
    },
  });
  return sum;
}

function benchCapture(name: string, bytes: Uint8Array): void {
  let events = 0;
  decodeNettrace(bytes, {
    onEvent: () => {
      events++;
    },
  });
  const size = `${(bytes.length / 1024 / 1024).toFixed(1)} MiB`;
  const group = `${name}, ${events} events, ${size}`;
  let sink = 0;
  const bench = (what: string, run: () => number, baseline = false) =>
    Deno.bench({
      name: `${name} (${events} events, ${size}): ${what}`,
      group,
      baseline,
      fn: () => {
        sink += run();
      },
    });
  bench("walk", () => sumEvents(bytes, { wants: () => false }), true);
  bench("events", () => sumEvents(bytes));
  bench("events in chunks of 64 KiB", () => sumEvents(bytes, {}, 65_536));
  bench("events by time", () => sumEvents(bytes, { order: "time" }));
  bench("events and payloads", () => sumPayloads(bytes));
  globalThis.addEventListener("unload", () => {
    if (Number.isNaN(sink)) throw new Error("Cannot use result: not a number");
  });
}

benchCapture("workload", ownCapture("workload"));
for (const name of ["heartRateMonitor", "objver4", "v3Linux"] as const) {
  if (sharedData(SHARED_CAPTURES[name]) === undefined) {
    // deno-lint-ignore no-console
    console.error(`left out: ${name}, shared data is missing`);
    continue;
  }
  benchCapture(name, await sharedCapture(name));
}
