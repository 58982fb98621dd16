// deno-lint-ignore-file camelcase -- parameters have the names that Fibratus gives them
import { assertEquals } from "@std/assert";
import { KcapDecoder } from "../../src/kcap/kcap_decoder.ts";
import { KcapState } from "../../src/kcap/kcap_state.ts";
import { PROVIDERS } from "../../src/kcap/event_type_table.ts";
import { makeEvent } from "../../src/kcap/make_event.ts";
import type { MakeParam } from "../../src/kcap/make_event.ts";
import type { DecodedEvent } from "../../src/kcap/event_decoder.ts";
import type { KcapProcessState } from "../../src/kcap/types.ts";
import { ancestorsOf } from "../../src/kcap/ancestors.ts";
import {
  decodeKcap,
  kcapStream,
  unpackKcap,
  upstreamKcap,
} from "../support/kcap_captures.ts";
import { testWith } from "../support/requirement.ts";
import { requireSharedData } from "../support/shared_data.ts";

testWith(
  "KcapState follows the real capture as it is documented",
  [requireSharedData("kcap/upstream/test.kcap")],
  () => {
    const decoder = new KcapDecoder();
    decoder.push(unpackKcap(upstreamKcap("test.kcap")));
    decoder.finish();
    const state = new KcapState();
    let isFirst = true;
    let most = 0;
    let delivered = 0;
    let withProcess = 0;
    for (let item = decoder.next(); item; item = decoder.next()) {
      if (item.type === "fault") throw new Error(item.message);
      if (isFirst) state.addHandles(decoder.handles);
      isFirst = false;
      assertEquals(state.apply(item), undefined);
      most = Math.max(most, state.processes.size);
      if (item.eventType.known?.isState === true) continue;
      delivered++;
      if (item.process !== undefined) withProcess++;
    }
    const processes = [...state.processes.values()];
    assertEquals({
      delivered,
      withProcess,
      most,
      processes: processes.length,
      threads: processes.reduce((sum, { threads }) => sum + threads.size, 0),
      modules: processes.reduce((sum, { modules }) => sum + modules.size, 0),
      handles: state.handles.size,
    }, {
      delivered: 57_326,
      withProcess: 47_133,
      most: 111,
      processes: 110,
      threads: 835,
      modules: 4603,
      handles: 20_714,
    });
    const go = processes.find(({ name }) => name === "go.exe")!;
    assertEquals(ancestorsOf(go).map(({ name }) => name), [
      "cmd.exe",
      "bash.exe",
      "bash.exe",
      "bash.exe",
      "Runner.Worker.exe",
      "Runner.Listener.exe",
      "provisioner.exe",
      "svchost.exe",
      "services.exe",
      "wininit.exe",
    ]);
  },
);

Deno.test("KcapState gives every event its process, the one that ends too", () => {
  const { events, handles } = decodeKcap(kcapStream("head-v2-ps4.cap"));
  const state = new KcapState();
  state.addHandles(handles);
  for (const event of events) state.apply(event as DecodedEvent);
  assertEquals(
    events.slice(1).map(({ process }) =>
      `${process?.name} < ${process?.parent?.name}`
    ),
    Array(10).fill("notepad.exe < explorer.exe"),
  );
  assertEquals([...state.processes.keys()], [1024]);
});

Deno.test("KcapState takes from an embedded state what parameters do not tell", () => {
  const { events } = decodeKcap(kcapStream("head-v2-ps4.cap"));
  const state = new KcapState();
  for (const event of events.slice(0, 2)) state.apply(event as DecodedEvent);
  const process = state.processes.get(4096)!;
  assertEquals(process.cwd, "C:\\Users\\bunny\\");
  assertEquals(process.envs, [{ key: "windir", value: "C:\\Windows" }]);
  assertEquals(process.pe?.sectionCount, 2);
  assertEquals(process.handles.length, 3);
  assertEquals(process.args, [
    '"C:\\Windows\\System32\\notepad.exe"',
    "C:\\tmp\\ü.txt",
  ]);
  assertEquals([process.isWow64, process.isProtected], [true, true]);
  assertEquals(process.sid, "S-1-5-18");
});

Deno.test("KcapState takes nothing from the state of a creator", () => {
  const { events } = decodeKcap(kcapStream("head-v2-ps4.cap"));
  const [, created] = events;
  const state = new KcapState();
  // As Fibratus 1.x embeds it: another process than the one that begins.
  const embedded = { ...created!.embedded!, pid: 1024, ppid: 4 };
  state.apply({ ...created as DecodedEvent, embedded });
  const process = state.processes.get(4096)!;
  assertEquals([process.name, process.ppid], ["notepad.exe", 1024]);
  assertEquals([process.cwd, process.envs, process.pe], ["", [], undefined]);
});

function event(
  provider: keyof typeof PROVIDERS,
  hookId: number,
  params: Record<string, MakeParam["value"]>,
  more: { pid?: number; embedded?: KcapProcessState } = {},
): DecodedEvent {
  return makeEvent({
    guid: PROVIDERS[provider],
    hookId,
    ...more,
    params: Object.entries(params).map(([name, value]) => ({
      name,
      value,
      type: typeof value === "bigint"
        ? "Address"
        : typeof value === "boolean"
        ? "Bool"
        : typeof value === "number"
        ? "PID"
        : "UnicodeString",
    })),
  });
}

/** Applies events; gives the state and what was said. */
function follow(events: readonly DecodedEvent[], limit?: number): {
  state: KcapState;
  warnings: (string | undefined)[];
} {
  const state = new KcapState(
    limit === undefined ? {} : { limits: { maxTableEntries: limit } },
  );
  return { state, warnings: events.map((item) => state.apply(item)) };
}

const CREATE_10 = event("process", 1, { pid: 10, ppid: 4, name: "a.exe" });
const CREATE_11 = event("process", 1, { pid: 11, ppid: 10, name: "b.exe" });

Deno.test("KcapState takes the zero time as not known", () => {
  const started = (time: string) => {
    const { state } = follow([
      event("process", 1, { pid: 10, ppid: 4, start_time: time }),
    ]);
    return state.processes.get(10)!.startTime;
  };
  assertEquals(started("0001-01-01T00:00:00Z"), undefined);
  assertEquals(started("2024-10-10T08:00:01Z"), "2024-10-10T08:00:01Z");
});

Deno.test("KcapState cuts the link to a parent that ended", () => {
  const { state } = follow([
    CREATE_10,
    CREATE_11,
    event("process", 2, { pid: 10 }),
    event("process", 1, { pid: 10, ppid: 4, name: "c.exe" }),
  ]);
  assertEquals(state.processes.get(11)!.parent, undefined);
  assertEquals(state.processes.get(10)!.name, "c.exe");
});

Deno.test("KcapState keeps the parent of before when a process id is used again", () => {
  const { state } = follow([
    CREATE_10,
    CREATE_11,
    event("process", 1, { pid: 10, ppid: 11, name: "c.exe" }),
  ]);
  const again = state.processes.get(10)!;
  assertEquals(ancestorsOf(again).map(({ name }) => name), ["b.exe", "a.exe"]);
});

Deno.test("KcapState does not take a process for its own parent's child without end", () => {
  const { state } = follow([
    event("process", 1, { pid: 7, ppid: 7, name: "x" }),
    event("process", 1, { pid: 7, ppid: 7, name: "y" }),
  ]);
  assertEquals(ancestorsOf(state.processes.get(7)!).map(({ name }) => name), [
    "x",
  ]);
});

Deno.test("KcapState adds and removes threads, modules, mappings and handles", () => {
  const thread = { pid: 10, tid: 100, start_address: 0x7ffn };
  const module = {
    pid: 10,
    base_address: 0x1000n,
    file_path: "C:\\x\\A.EXE",
    module_size: 5n,
  };
  const view = { pid: 10, view_base: 0x2000n, view_size: 9n };
  const handle = { handle_object: 0x3000n, handle_name: "n", type_id: "File" };
  const added = [
    CREATE_10,
    event("thread", 1, thread),
    event("module", 10, module),
    event("file", 37, view),
    event("handle", 32, handle, { pid: 10 }),
  ];
  const { state } = follow(added);
  const process = state.processes.get(10)!;
  assertEquals(process.threads.get(100)?.startAddress, 0x7ffn);
  assertEquals(process.modules.get(0x1000n)?.size, 5n);
  assertEquals(process.mappings.get(0x2000n)?.size, 9n);
  assertEquals(state.handles.get(0x3000n), {
    object: 0x3000n,
    kind: "File",
    name: "n",
    id: 0n,
    pid: 10,
    meta: undefined,
  });
  // The module of the process' own name tells its path.
  assertEquals(process.exe, "C:\\x\\A.EXE");
  const removed = follow([
    ...added,
    event("thread", 2, thread),
    event("module", 2, module),
    event("file", 38, view),
    event("handle", 33, handle),
  ]);
  const rest = removed.state.processes.get(10)!;
  assertEquals(
    [rest.threads.size, rest.modules.size, rest.mappings.size],
    [0, 0, 0],
  );
  assertEquals(removed.state.handles.size, 0);
  assertEquals(removed.warnings.every((told) => told === undefined), true);
});

Deno.test("KcapState lists modules of the kernel under the system process", () => {
  const { state } = follow([
    event("process", 1, { pid: 4, ppid: 0, name: "System" }),
    event("module", 3, { pid: 0, base_address: 1n, file_path: "ntoskrnl.exe" }),
  ]);
  assertEquals(state.processes.get(4)!.modules.size, 1);
});

Deno.test("KcapState learns level and elevation from internal events", () => {
  const { state } = follow([
    CREATE_10,
    event("kernelProcess", 15, {
      pid: 10,
      token_integrity_level: "HIGH",
      token_is_elevated: true,
    }),
  ]);
  const { integrityLevel, isElevated } = state.processes.get(10)!;
  assertEquals([integrityLevel, isElevated], ["HIGH", true]);
});

Deno.test("KcapState says what an event lacks and goes on", () => {
  const { warnings } = follow([
    event("process", 1, { ppid: 4 }),
    event("process", 1, { pid: 4 }),
    event("process", 2, {}),
    event("process", 3, { pid: 4, ppid: 0 }),
    event("thread", 1, { pid: 1 }),
    event("handle", 32, {}),
    event("file", 64, {}),
  ]);
  assertEquals(warnings, [
    "CreateProcess at byte 0 has no parameter pid",
    "CreateProcess at byte 0 has no parameter ppid",
    "TerminateProcess at byte 0 has no parameter pid",
    "ProcessRundown at byte 0 has no process state",
    "CreateThread at byte 0 has no parameter tid",
    "CreateHandle at byte 0 has no parameter handle_object",
    undefined,
  ]);
});

Deno.test("KcapState stays within its limit whatever a capture claims", () => {
  const creations = Array.from(
    { length: 50 },
    (_, index) => event("process", 1, { pid: 100 + index, ppid: 4, name: "x" }),
  );
  const threads = Array.from(
    { length: 50 },
    (_, index) => event("thread", 1, { pid: 100, tid: index }),
  );
  const handles = Array.from(
    { length: 50 },
    (_, index) => event("handle", 32, { handle_object: BigInt(index) }),
  );
  const { state, warnings } = follow(
    [...creations, ...threads, ...handles],
    20,
  );
  assertEquals(state.processes.size, 20);
  assertEquals(state.processes.get(100)!.threads.size, 20);
  assertEquals(state.handles.size, 20);
  assertEquals(warnings.includes("more than 20 processes"), true);
  assertEquals(
    warnings.includes("more than 20 threads, modules and mappings"),
    true,
  );
});

Deno.test("KcapState makes room again when a process ends", () => {
  const { state } = follow([
    CREATE_10,
    ...Array.from(
      { length: 5 },
      (_, tid) => event("thread", 1, { pid: 10, tid }),
    ),
    event("process", 2, { pid: 10 }),
    CREATE_10,
    event("thread", 1, { pid: 10, tid: 9 }),
  ], 5);
  assertEquals(state.processes.get(10)!.threads.size, 1);
});

Deno.test("ancestorsOf follows a thousand parents and no more", () => {
  const { state } = follow(
    Array.from(
      { length: 2000 },
      (_, index) =>
        event("process", 1, { pid: index + 1, ppid: index, name: "x" }),
    ),
  );
  assertEquals(ancestorsOf(state.processes.get(2000)!).length, 1000);
});
