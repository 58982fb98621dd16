import { assertEquals } from "@std/assert";
import { callStackOf } from "../../src/kcap/call_stack.ts";
import { PROVIDERS } from "../../src/kcap/event_type_table.ts";
import { makeEvent, type MakeParam } from "../../src/kcap/make_event.ts";
import type { KcapEvent } from "../../src/kcap/types.ts";
import { KcapState } from "../../src/kcap/kcap_state.ts";

const PID = 10;
/** Base and size of modules, in the order in which they are loaded. */
const MODULES: readonly (readonly [bigint, bigint, string])[] = [
  [0x7000n, 0x100n, "C:\\c.dll"],
  [0x1000n, 0x1000n, "C:\\a.exe"],
  [0x3000n, 0x10n, "C:\\b.dll"],
  [0xffff_f800_0000_0000n, 0x1000n, "C:\\ntoskrnl.exe"],
];

/** An event with such a call stack, in a process with such modules. */
function eventWith(
  callstack: MakeParam["value"],
  modules: typeof MODULES = MODULES,
): KcapEvent {
  const state = new KcapState();
  const { process, module, file } = PROVIDERS;
  state.apply(makeEvent({
    guid: process,
    hookId: 1,
    params: [
      { name: "pid", type: "PID", value: PID },
      { name: "ppid", type: "PID", value: 4 },
    ],
  }));
  for (const [base, size, path] of modules) {
    state.apply(makeEvent({
      guid: module,
      hookId: 10,
      params: [
        { name: "pid", type: "PID", value: PID },
        { name: "base_address", type: "Address", value: base },
        { name: "module_size", type: "Uint64", value: size },
        { name: "file_path", type: "UnicodeString", value: path },
      ],
    }));
  }
  const event = makeEvent({
    guid: file,
    hookId: 64,
    pid: PID,
    params: [{
      name: "callstack",
      type: typeof callstack === "string" ? "UnicodeString" : "Slice",
      value: callstack,
    }],
  });
  state.apply(event);
  return event;
}

function addresses(...items: bigint[]): MakeParam["value"] {
  return { kind: "addresses", items };
}

for (
  const [address, module, offset, isUnbacked] of [
    [0xfffn, "", 0n, true],
    [0x1000n, "C:\\a.exe", 0n, false],
    [0x1fffn, "C:\\a.exe", 0xfffn, false],
    [0x2000n, "", 0n, true],
    [0x300fn, "C:\\b.dll", 0xfn, false],
    [0x3010n, "", 0n, true],
    [0x7042n, "C:\\c.dll", 0x42n, false],
    [0x7100n, "", 0n, true],
    [0xffff_f800_0000_0001n, "C:\\ntoskrnl.exe", 1n, false],
    [0xffff_f900_0000_0000n, "", 0n, false],
  ] as const
) {
  Deno.test(`callStackOf finds the module of 0x${address.toString(16)}`, () => {
    assertEquals(callStackOf(eventWith(addresses(address))), [{
      address,
      module,
      offset,
      isUnbacked,
      isKernel: address >= 0xffff_8000_0000_0000n,
    }]);
  });
}

Deno.test("callStackOf keeps the order of the file", () => {
  const event = eventWith(addresses(0x7000n, 0x1000n, 0x3000n));
  assertEquals(callStackOf(event).map(({ module }) => module), [
    "C:\\c.dll",
    "C:\\a.exe",
    "C:\\b.dll",
  ]);
});

Deno.test("callStackOf calls nothing unbacked where no modules are known", () => {
  const [frame] = callStackOf(eventWith(addresses(0x1000n), []));
  assertEquals([frame?.module, frame?.isUnbacked], ["", false]);
});

Deno.test("callStackOf gives no frames for a stack of something else", () => {
  assertEquals(callStackOf(eventWith("0x1000")), []);
  const texts = eventWith({ kind: "strings", items: ["0x1000"] });
  assertEquals(callStackOf(texts), []);
});
