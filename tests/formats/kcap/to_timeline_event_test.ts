import { assertEquals } from "@std/assert";
import type { UnixNs } from "../../../src/base/time.ts";
import { toTimelineEvent } from "../../../src/formats/kcap/to_timeline_event.ts";
import { PROVIDERS } from "../../../src/kcap/event_type_table.ts";
import { KcapState } from "../../../src/kcap/kcap_state.ts";
import {
  makeEvent,
  type MakeEventOptions,
} from "../../../src/kcap/make_event.ts";
import type { TimelineEvent } from "../../../src/timeline/types.ts";

const START = "2024-10-10T06:00:00Z";
const START_NS = 1_728_540_000_000_000_000n;

function convert(options: Partial<MakeEventOptions>): TimelineEvent {
  return toTimelineEvent(
    makeEvent({
      guid: PROVIDERS.file,
      hookId: 64,
      timestamp: START,
      ...options,
    }),
    { startNs: START_NS, withStacks: true },
  );
}

Deno.test("toTimelineEvent takes over what an event says of itself", () => {
  const event = convert({
    seq: 7n,
    pid: 10,
    tid: 11,
    cpu: 2,
    timestamp: "2024-10-10T08:00:01.5+02:00",
  });
  assertEquals(event, {
    type: "event",
    timestamp: (START_NS + 1_500_000_000n) as UnixNs,
    relativeNs: 1_500_000_000,
    provider: "file",
    name: "CreateFile",
    pid: 10,
    tid: 11,
    cpu: 2,
    fields: { seq: 7n },
  });
});

Deno.test("toTimelineEvent leaves out what is not known", () => {
  const { pid, tid, timestamp, relativeNs } = convert({
    pid: 0xffffffff,
    tid: 0xffffffff,
    timestamp: "0001-01-01T00:00:00Z",
  });
  assertEquals([pid, tid, timestamp, relativeNs], new Array(4).fill(undefined));
});

Deno.test("toTimelineEvent names the process", () => {
  const state = new KcapState();
  const created = makeEvent({
    guid: PROVIDERS.process,
    hookId: 1,
    pid: 10,
    params: [
      { name: "pid", type: "PID", value: 10 },
      { name: "ppid", type: "PID", value: 4 },
      { name: "name", type: "AnsiString", value: "a\udca0.exe" },
    ],
  });
  state.apply(created);
  const { processName } = toTimelineEvent(created, {
    startNs: START_NS,
    withStacks: false,
  });
  // A byte that is not UTF-8.
  assertEquals(processName, "a\ufffd.exe");
});

Deno.test("toTimelineEvent keeps numbers and lists and renders the rest", () => {
  const { fields } = convert({
    params: [
      { name: "io_size", type: "Uint32", value: 4096 },
      { name: "offset", type: "Uint64", value: 2n ** 63n },
      { name: "is_new", type: "Bool", value: true },
      { name: "irp", type: "Address", value: 0xabcdn },
      { name: "share_mask", type: "Flags", value: 5 },
      { name: "create_disposition", type: "Enum", value: 2 },
      { name: "status", type: "Status", value: 0xc0000022 },
      { name: "dip", type: "IPv4", value: Uint8Array.of(10, 0, 0, 1) },
      { name: "file_path", type: "UnicodeString", value: "C:\\\udcff" },
      {
        name: "names",
        type: "Slice",
        value: { kind: "strings", items: ["a", "\udcff"] },
      },
      {
        name: "addresses",
        type: "Slice",
        value: { kind: "addresses", items: [0x10n, 0xffn] },
      },
    ],
  });
  assertEquals(fields, {
    seq: 0n,
    io_size: 4096,
    offset: 2n ** 63n,
    is_new: true,
    irp: "abcd",
    share_mask: "READ|DELETE",
    create_disposition: "CREATE",
    status: "Access is denied",
    dip: "10.0.0.1",
    file_path: "C:\\\ufffd",
    names: ["a", "\ufffd"],
    addresses: ["10", "ff"],
  });
});

Deno.test("toTimelineEvent gives stacks only where they are wanted", () => {
  const event = makeEvent({
    guid: PROVIDERS.file,
    hookId: 64,
    params: [{
      name: "callstack",
      type: "Slice",
      value: { kind: "addresses", items: [0x1234n] },
    }],
  });
  const stackOf = (withStacks: boolean) =>
    toTimelineEvent(event, { startNs: START_NS, withStacks }).stack;
  assertEquals(stackOf(true), ["0x1234"]);
  assertEquals(stackOf(false), undefined);
});
