import { assertEquals } from "@std/assert";
import { FIELDS, PSEUDO_FIELDS } from "../../../src/kcap/filter/field_table.ts";
import { bindField } from "../../../src/kcap/filter/field_values.ts";
import { FUNCTIONS } from "../../../src/kcap/filter/function_table.ts";
import type { KcapEvent, KcapProcess } from "../../../src/kcap/types.ts";
import { PROVIDERS } from "../../../src/kcap/event_type_table.ts";
import { makeEvent } from "../../../src/kcap/make_event.ts";

Deno.test("FIELDS has as many names per family as Fibratus", () => {
  const counts: Record<string, number> = {};
  for (const name of FIELDS.keys()) {
    const family = name.split(".")[0]!;
    counts[family] = (counts[family] ?? 0) + 1;
  }
  assertEquals(counts, {
    evt: 24,
    ps: 75,
    thread: 37,
    module: 21,
    dll: 16,
    file: 26,
    registry: 7,
    net: 10,
    handle: 4,
    mem: 6,
    dns: 5,
    threadpool: 16,
    pe: 28,
    image: 18,
    kevt: 22,
  });
  assertEquals(FIELDS.size, 315);
  assertEquals(PSEUDO_FIELDS.size, 7);
});

Deno.test("FIELDS names a field to use for every deprecated one", () => {
  const deprecated = [...FIELDS.values()].filter((spec) =>
    spec.deprecated !== undefined
  );
  assertEquals(deprecated.length, 22 + 18 + 28 + 4);
  for (const { name, deprecated: { use } = { use: "" } } of deprecated) {
    assertEquals(FIELDS.get(use)?.deprecated, undefined, name);
    assertEquals(FIELDS.has(use), true, name);
  }
});

Deno.test("FIELDS and FUNCTIONS describe everything in a few words", () => {
  for (
    const { name, description } of [...FIELDS.values(), ...FUNCTIONS.values()]
  ) {
    assertEquals(description.length > 3 && description.length < 90, true, name);
    assertEquals(description.endsWith("."), false, name);
  }
});

const PROCESS: KcapProcess = {
  pid: 1,
  ppid: 2,
  name: "",
  cmdline: "",
  exe: "",
  cwd: "",
  sid: "",
  args: [],
  sessionId: 0,
  envs: [],
  handles: [],
  pe: undefined,
  startTime: undefined,
  uuid: 0n,
  username: "",
  domain: "",
  isWow64: false,
  isPackaged: false,
  isProtected: false,
  integrityLevel: "",
  elevationType: "",
  isElevated: false,
  parent: undefined,
  threads: new Map(),
  modules: new Map(),
  mappings: new Map(),
};

Deno.test("Every field gives a value of its type for every kind of event", () => {
  const categories = [
    "process",
    "thread",
    "module",
    "file",
    "registry",
    "net",
    "handle",
    "mem",
    "threadpool",
    "other",
  ];
  const events: KcapEvent[] = categories.flatMap((category) => {
    const event = makeEvent({ guid: PROVIDERS.dns, hookId: 1, category });
    return [event, { ...event, process: { ...PROCESS, parent: PROCESS } }];
  });
  const wrong: string[] = [];
  for (const spec of FIELDS.values()) {
    const argument = spec.argument?.isRequired === true ? "x" : undefined;
    const read = bindField(spec, argument);
    for (const event of events) {
      const value = read(event);
      const isRight = spec.type === "ip" || spec.type === "time"
        ? value === undefined
        : spec.type === "bool"
        ? typeof value === "boolean"
        : spec.type === "list" || spec.type === "u64list"
        ? Array.isArray(value) || value === "" ||
          spec.declared === "Flags64"
        : spec.type === "string" || spec.type === "any"
        ? typeof value === "string" || spec.declared.startsWith("Flags")
        : typeof value === "number" || typeof value === "bigint" ||
          spec.declared === "Address" || spec.declared === "Time";
      if (!isRight) wrong.push(`${spec.name} ${event.category} ${value}`);
    }
  }
  assertEquals(wrong, []);
});
