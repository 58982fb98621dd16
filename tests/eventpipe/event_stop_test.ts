import { assertEquals } from "@std/assert";
import { collectNettrace } from "../../src/eventpipe/collect_nettrace.ts";
import { EventStop } from "../../src/eventpipe/event_stop.ts";
import type { StoppingEvent } from "../../src/eventpipe/event_stop.ts";
import { REPOSITORY } from "../support/file_url.ts";

const EVENTS = Deno.readFileSync(
  `${REPOSITORY}/tests/fixtures/nettrace/events.nettrace`,
);

/** How often a stream of ticks calls for its end. */
async function matches(event: StoppingEvent): Promise<number> {
  let count = 0;
  await collectNettrace([EVENTS], [new EventStop(event, () => count++)]);
  return count;
}

Deno.test("EventStop calls once, at the first event of the provider in any case", async () => {
  assertEquals(await matches({ provider: "TRACEDECK-workload" }), 1);
  assertEquals(await matches({ provider: "Tracedeck" }), 0);
});

Deno.test("EventStop wants the event of the name", async () => {
  const provider = "Tracedeck-Workload";
  assertEquals(await matches({ provider, name: "Tick" }), 1);
  assertEquals(await matches({ provider, name: "Tack" }), 0);
});

Deno.test("EventStop wants every field to have its value", async () => {
  const tick = { provider: "Tracedeck-Workload", name: "Tick" };
  const withFields = (...fields: [string, string][]) =>
    matches({ ...tick, fields: new Map(fields) });
  assertEquals(await withFields(), 1);
  assertEquals(await withFields(["index", "3"]), 1);
  assertEquals(await withFields(["index", "-3"]), 0);
  assertEquals(await withFields(["index", "3"], ["none", "1"]), 0);
  assertEquals(await withFields(["toString", "1"]), 0);
});
