import { assertEquals } from "@std/assert";
import {
  displayKeywords,
  displayName,
  eventNameOf,
} from "../../../src/eventpipe/nettrace/display_name.ts";
import type { NettraceMetadata } from "../../../src/eventpipe/nettrace/types.ts";

function metadata(parts: Partial<NettraceMetadata>): NettraceMetadata {
  return {
    index: 0,
    id: 1,
    providerName: "Test",
    providerGuid: undefined,
    eventId: 9,
    eventName: "",
    keywords: 0n,
    version: 0,
    level: 4,
    opcode: undefined,
    messageTemplate: undefined,
    description: undefined,
    attributes: [],
    fields: [],
    hasV2Fields: false,
    definition: new Uint8Array(0),
    definitionForm: "record",
    offset: 0,
    ...parts,
  };
}

/** Name, opcode, and what is shown. */
const NAMES: readonly (readonly [string, number | undefined, string])[] = [
  ["RequestStart", undefined, "Request/Start"],
  ["requestSTOP", undefined, "request/Stop"],
  ["RequestStart", 0, "Request/Start"],
  ["RequestStart", 1, "Request/Start"],
  ["RequestStart", 2, "RequestStart/Stop"],
  ["Request", 1, "Request/Start"],
  ["Request", undefined, "Request"],
  ["Start", undefined, "Start"],
  ["Stop", 2, "Stop/Stop"],
  ["Message", 9, "Message/Send"],
  ["Message", 24, "Message/Opcode(24)"],
  ["", undefined, "Event(9)"],
];

for (const [eventName, opcode, shown] of NAMES) {
  Deno.test(`displayName shows "${eventName}" with opcode ${opcode} as ${shown}`, () => {
    assertEquals(displayName(metadata({ eventName, opcode })), shown);
  });
}

Deno.test("displayName takes the opcode of an event before the metadata's", () => {
  assertEquals(
    displayName(metadata({ eventName: "X", opcode: 1 }), 2),
    "X/Stop",
  );
});

Deno.test("displayName knows the events of the runtime, the sampler and the tasks", () => {
  const name = (providerName: string, eventId: number, eventName = "") =>
    displayName(metadata({ providerName, eventId, eventName }));
  const runtime = "Microsoft-Windows-DotNETRuntime";
  assertEquals(name(runtime, 1), "GC/Start");
  assertEquals(name(runtime, 152), "Loader/ModuleLoad");
  assertEquals(name(`${runtime}Rundown`, 152), "Loader/DomainModuleDCStop");
  assertEquals(name(runtime, 4711), "Event(4711)");
  assertEquals(name("Microsoft-DotNETCore-SampleProfiler", 0), "Thread/Sample");
  assertEquals(
    name("System.Threading.Tasks.TplEventSource", 8, "TaskStarted"),
    "TaskExecute/Start",
  );
});

Deno.test("eventNameOf gives the stream's name, else the table's, else the id", () => {
  assertEquals(eventNameOf(metadata({ eventName: "Own" })), "Own");
  assertEquals(
    eventNameOf(
      metadata({
        providerName: "Microsoft-Windows-DotNETRuntime",
        eventId: 1,
      }),
    ),
    "GCStart",
  );
  assertEquals(
    eventNameOf(
      metadata({
        providerName: "Microsoft-DotNETCore-SampleProfiler",
        eventId: 0,
      }),
    ),
    "ThreadSample",
  );
  assertEquals(eventNameOf(metadata({})), "Event(9)");
});

Deno.test("displayKeywords takes off the bits of the sessions", () => {
  assertEquals(displayKeywords(0xf000_0000_0003n), 3n);
  assertEquals(displayKeywords(1n << 63n), 1n << 63n);
});
