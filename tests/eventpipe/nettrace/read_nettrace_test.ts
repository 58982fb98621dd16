import { assertEquals, assertRejects } from "@std/assert";
import { FormatError, TruncatedError } from "../../../src/base/errors.ts";
import {
  readNettrace,
  readNettraceEvents,
} from "../../../src/eventpipe/nettrace/read_nettrace.ts";
import type { NettraceEventRecord } from "../../../src/eventpipe/nettrace/types.ts";
import { streamOf } from "../../support/byte_stream.ts";
import { ownCapture } from "../../support/nettrace_captures.ts";
import { recordNettrace } from "../../support/nettrace_records.ts";
import {
  blockObject,
  traceObject,
  v4Stream,
} from "../../support/nettrace_streams.ts";

Deno.test("readNettrace hands the events of a stream to a sink", async () => {
  let events = 0;
  const outcome = await readNettrace(streamOf(ownCapture("jit"), 1000), {
    onEvent: () => {
      events++;
    },
  });
  assertEquals([outcome.type, events], ["complete", 698]);
});

Deno.test("readNettraceEvents gives copies that stay, in batches", async () => {
  const bytes = ownCapture("jit");
  const events: NettraceEventRecord[] = [];
  const reader = readNettraceEvents(streamOf(bytes, 10_000), { order: "time" });
  while (true) {
    const step = await reader.next();
    if (step.done) {
      assertEquals(step.value.type, "complete");
      break;
    }
    assertEquals(step.value.length > 0, true);
    events.push(...step.value);
  }
  assertEquals(events, recordNettrace(bytes, { order: "time" }).events);
});

Deno.test("readNettrace stops reading where the framing is broken", async () => {
  let pulled = 0;
  async function* source() {
    yield v4Stream([traceObject(), blockObject("Unknown", new Uint8Array(0))]);
    await Promise.resolve();
    pulled++;
    yield new Uint8Array(1);
  }
  assertEquals((await readNettrace(source(), {})).type, "damaged");
  assertEquals(pulled, 0);
  const batches: unknown[] = [];
  for await (const batch of readNettraceEvents(source())) batches.push(batch);
  assertEquals([batches, pulled], [[], 0]);
});

Deno.test("readNettrace rejects with the reason of its signal", async () => {
  const reason = new Error("enough");
  const controller = new AbortController();
  async function* source() {
    yield ownCapture("events").subarray(0, 3000);
    await Promise.resolve();
    controller.abort(reason);
    yield ownCapture("events").subarray(3000);
  }
  const { signal } = controller;
  const error = await assertRejects(() =>
    readNettrace(source(), {}, { signal })
  );
  assertEquals(error, reason);
  await assertRejects(
    () => readNettraceEvents(source(), { signal }).next(),
    Error,
    "enough",
  );
});

Deno.test("readNettrace rejects what is no trace", async () => {
  await assertRejects(
    () => readNettrace(streamOf(new Uint8Array(100)), {}),
    FormatError,
  );
  await assertRejects(
    () => readNettrace(streamOf(new Uint8Array(0)), {}),
    TruncatedError,
    "input is empty",
  );
});
