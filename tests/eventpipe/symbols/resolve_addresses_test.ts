import { assertEquals } from "@std/assert";
import { readNettraceProfile } from "../../../src/eventpipe/samples/read_nettrace_profile.ts";
import type { ReadNettraceProfileOptions } from "../../../src/eventpipe/samples/read_nettrace_profile.ts";
import { frameNames } from "../../../src/profile/frame_name.ts";
import type { Profile } from "../../../src/profile/types.ts";
import {
  type BuiltEvent,
  methodPayload,
  modulePayload,
  samplePayload,
  TraceBuilder,
  universalFields,
  universalPayload,
} from "../../support/trace_builder.ts";

const RUNTIME = "Microsoft-Windows-DotNETRuntime";
const RUNDOWN = "Microsoft-Windows-DotNETRuntimeRundown";

type Method = Parameters<typeof methodPayload>[0];

function method(
  provider: string,
  id: number,
  time: number,
  fields: Method,
): BuiltEvent {
  return { provider, id, version: 1, time, payload: methodPayload(fields) };
}

function module(provider: string, id: number, path: string): BuiltEvent {
  return {
    provider,
    id,
    version: 2,
    time: 900,
    payload: modulePayload(7n, path),
  };
}

function sample(time: number, stack: readonly bigint[], type = 2): BuiltEvent {
  return {
    provider: "Microsoft-DotNETCore-SampleProfiler",
    id: 0,
    time,
    stack,
    payload: samplePayload(type),
  };
}

const RUNDOWN_DONE: BuiltEvent = { provider: RUNDOWN, id: 146, time: 1000 };

async function profileOf(
  trace: TraceBuilder,
  options: ReadNettraceProfileOptions = {},
): Promise<Profile> {
  return (await readNettraceProfile([trace.bytes()], options)).profile;
}

/** Stacks root first with their sample counts. */
function stacksOf(profile: Profile): Record<string, number> {
  const names = frameNames(profile);
  const found: Record<string, number> = {};
  const { samples, stacks } = profile;
  for (let row = 0; row < samples.length; row++) {
    const frames: string[] = [];
    for (let at = samples.stack[row]!; at >= 0; at = stacks.prefix[at]!) {
      frames.unshift(names[stacks.frame[at]!]!);
    }
    const key = frames.join(";");
    found[key] = (found[key] ?? 0) + samples.values[0]![row]!;
  }
  return found;
}

Deno.test("resolveAddresses names addresses by the rundown at the end", async () => {
  const trace = new TraceBuilder().add(
    sample(10, [0x1010n, 0x2010n]),
    method(RUNDOWN, 144, 900, { start: 0x1000n, size: 0x100, name: "Leaf" }),
    method(RUNDOWN, 144, 900, { start: 0x2000n, size: 0x100, name: "Main" }),
    module(RUNDOWN, 154, "/app/App.dll"),
    RUNDOWN_DONE,
  );
  assertEquals(stacksOf(await profileOf(trace)), {
    "App!App.Program.Main();App!App.Program.Leaf()": 1,
  });
});

Deno.test("resolveAddresses takes return addresses for the call before them", async () => {
  const trace = new TraceBuilder().add(
    // The return address is the first byte behind the caller, and the leaf the first byte of its method.
    sample(10, [0x1000n, 0x2100n]),
    method(RUNDOWN, 144, 900, { start: 0x1000n, size: 0x100, name: "Leaf" }),
    method(RUNDOWN, 144, 900, { start: 0x2000n, size: 0x100, name: "Main" }),
    method(RUNDOWN, 144, 900, { start: 0x2100n, size: 0x100, name: "Next" }),
    module(RUNDOWN, 154, "/app/App.dll"),
  );
  assertEquals(Object.keys(stacksOf(await profileOf(trace))), [
    "App!App.Program.Main();App!App.Program.Leaf()",
  ]);
});

Deno.test("resolveAddresses gives memory that was used again the code of its time", async () => {
  const trace = new TraceBuilder().add(
    method(RUNTIME, 143, 1, { start: 0x1000n, size: 0x100, name: "First" }),
    sample(10, [0x1010n]),
    method(RUNTIME, 144, 15, { start: 0x1000n, size: 0x100, name: "First" }),
    method(RUNTIME, 143, 20, { start: 0x1000n, size: 0x80, name: "Second" }),
    sample(30, [0x1010n]),
    module(RUNTIME, 152, "/app/App.dll"),
  );
  assertEquals(stacksOf(await profileOf(trace)), {
    "App!App.Program.First()": 1,
    "App!App.Program.Second()": 1,
  });
});

Deno.test("resolveAddresses comes to an end with methods at addresses that no process has", async () => {
  const start = 0xffff_ffff_ffff_0000n;
  const trace = new TraceBuilder().add(
    method(RUNTIME, 143, 1, { start, size: 0x1000, name: "Far" }),
    sample(10, [start + 0x10n]),
    module(RUNTIME, 152, "/app/App.dll"),
  );
  assertEquals(stacksOf(await profileOf(trace)), {
    "App!App.Program.Far()": 1,
  });
});

Deno.test("resolveAddresses takes a method that is told twice for one", async () => {
  const leaf = { start: 0x1000n, size: 0x100, name: "Leaf" };
  const trace = new TraceBuilder().add(
    method(RUNTIME, 143, 1, leaf),
    sample(10, [0x1010n]),
    method(RUNTIME, 143, 20, leaf),
    sample(30, [0x1010n]),
    method(RUNDOWN, 144, 900, leaf),
    module(RUNTIME, 152, "/app/App.dll"),
  );
  const profile = await profileOf(trace);
  assertEquals(profile.samples.length, 1);
  assertEquals(stacksOf(profile), { "App!App.Program.Leaf()": 2 });
});

Deno.test("resolveAddresses believes code loaded in the trace before the rundown", async () => {
  const trace = new TraceBuilder().add(
    sample(10, [0x1010n]),
    method(RUNTIME, 143, 5, { start: 0x1000n, size: 0x100, name: "Live" }),
    method(RUNDOWN, 144, 900, { start: 0x1000n, size: 0x100, name: "Late" }),
    module(RUNTIME, 152, "/app/App.dll"),
  );
  assertEquals(Object.keys(stacksOf(await profileOf(trace))), [
    "App!App.Program.Live()",
  ]);
});

Deno.test("resolveAddresses knows modules by events with and without a domain", async () => {
  const domainModule = (id: number, provider: string): BuiltEvent => {
    const plain = modulePayload(7n, "/app/App.dll");
    const payload = new Uint8Array(plain.length + 8);
    payload.set(plain.subarray(0, 16));
    payload.set(plain.subarray(16), 24);
    return { provider, id, version: 1, time: 900, payload };
  };
  for (
    const event of [
      domainModule(151, RUNTIME),
      domainModule(151, RUNDOWN),
      domainModule(152, RUNDOWN),
      module(RUNTIME, 152, "/app/App.dll"),
      module(RUNTIME, 153, "/app/App.dll"),
      module(RUNDOWN, 153, "/app/App.dll"),
      module(RUNDOWN, 154, "/app/App.dll"),
    ]
  ) {
    const trace = new TraceBuilder().add(
      sample(10, [0x1010n]),
      method(RUNDOWN, 144, 900, { start: 0x1000n, size: 0x100, name: "Leaf" }),
      event,
    );
    assertEquals(
      Object.keys(stacksOf(await profileOf(trace))),
      ["App!App.Program.Leaf()"],
      `${event.provider} ${event.id}`,
    );
  }
});

Deno.test("resolveAddresses says why addresses have no name", async () => {
  const lone = sample(10, [0x9000n]);
  const leaf = { start: 0x1000n, size: 0x100, name: "Leaf" };
  const reasonOf = async (...events: BuiltEvent[]) => {
    const trace = new TraceBuilder().add(lone, ...events);
    const { unresolved } = await readNettraceProfile([trace.bytes()]);
    return [...unresolved];
  };
  assertEquals(await reasonOf(), [["noMethods", 1]]);
  assertEquals(await reasonOf(method(RUNTIME, 143, 5, leaf)), [[
    "noRundown",
    1,
  ]]);
  const listed = method(RUNDOWN, 144, 900, leaf);
  assertEquals(await reasonOf(listed), [["rundownCut", 1]]);
  assertEquals(await reasonOf(listed, RUNDOWN_DONE), [["native", 1]]);
  assertEquals(await reasonOf(sample(20, [0n])), [
    ["noMethods", 1],
    ["null", 1],
  ]);
});

Deno.test("resolveAddresses shows addresses that have no name", async () => {
  const trace = new TraceBuilder().add(
    sample(10, [0x9000n, 0xffff_8000_0000_0010n]),
  );
  assertEquals(Object.keys(stacksOf(await profileOf(trace))), [
    "0xffff800000000010;0x9000",
  ]);
});

Deno.test("resolveAddresses names methods without texts by their token", async () => {
  const payload = methodPayload({
    start: 0x1000n,
    size: 0x100,
    name: "",
    token: 0x06000042,
  }).slice(0, 36);
  const trace = new TraceBuilder().add(
    sample(10, [0x1010n]),
    { provider: RUNDOWN, id: 142, time: 900, payload },
    module(RUNDOWN, 154, "/app/App.dll"),
  );
  assertEquals(Object.keys(stacksOf(await profileOf(trace))), [
    "App!0x06000042",
  ]);
});

Deno.test("resolveAddresses splits tiers and merges instantiations on request", async () => {
  const list = (size: number, start: bigint, argument: string, tier: number) =>
    method(RUNTIME, 143, 5, {
      start,
      size,
      namespace: `App.List\`1[${argument}]`,
      name: "Add",
      flags: 8 | (tier << 7),
    });
  const trace = new TraceBuilder().add(
    list(0x100, 0x1000n, "System.Int32", 3),
    list(0x100, 0x2000n, "System.Int32", 4),
    list(0x100, 0x3000n, "System.Byte", 3),
    sample(10, [0x1010n]),
    sample(20, [0x2010n]),
    sample(30, [0x3010n]),
    module(RUNTIME, 152, "/app/App.dll"),
  );
  assertEquals(stacksOf(await profileOf(trace)), {
    "App!App.List`1[System.Int32].Add()": 2,
    "App!App.List`1[System.Byte].Add()": 1,
  });
  assertEquals(stacksOf(await profileOf(trace, { mergeGenerics: true })), {
    "App!App.List`1.Add()": 3,
  });
  assertEquals(
    stacksOf(await profileOf(trace, { mergeGenerics: true, splitTiers: true })),
    {
      "App!App.List`1.Add() [QuickJitted]": 2,
      "App!App.List`1.Add() [OptimizedTier1]": 1,
    },
  );
});

Deno.test("resolveAddresses puts module, token and symbol file into functions and mappings", async () => {
  const trace = new TraceBuilder().add(
    sample(10, [0x1010n]),
    method(RUNDOWN, 144, 900, {
      start: 0x1000n,
      size: 0x100,
      name: "Leaf",
      token: 0x06000042,
    }),
    module(RUNDOWN, 154, "/app/App.dll"),
  );
  const profile = await profileOf(trace, { withModule: false });
  assertEquals(Object.keys(stacksOf(profile)), ["App.Program.Leaf()"]);
  assertEquals(
    profile.strings[profile.functions.systemName[0]!],
    "App.Program.Leaf() 0x06000042",
  );
  assertEquals(profile.strings[profile.functions.fileName[0]!], "/app/App.dll");
  assertEquals(
    profile.mappings.map(({ fileName, buildId }) => [fileName, buildId]),
    [
      ["/app/App.dll", "00112233445566778899aabbccddeeff1"],
    ],
  );
});

const CPU = {
  provider: "Universal.Events",
  id: 3,
  name: "cpu",
  fields: universalFields(["Value"]),
};

function system(
  id: number,
  name: string,
  fields: readonly string[],
  ...values: readonly (number | bigint | string)[]
): BuiltEvent {
  return {
    provider: "Universal.System",
    id,
    name,
    fields: universalFields(fields),
    time: 1,
    payload: universalPayload(...values),
  };
}

Deno.test("resolveAddresses names addresses of a universal trace", async () => {
  const mapping = [
    "Id",
    "StartAddress",
    "EndAddress",
    "FileOffset",
    "*FileName",
    "MetadataId",
  ];
  const symbol = ["Id", "MappingId", "StartAddress", "EndAddress", "*Name"];
  const stack = [0x5010n, 0x6011n, 0x7011n, 0x8010n, 0x9999n];
  const trace = new TraceBuilder({
    version: 6,
    properties: [["ExpectedCPUSamplingRate", "1000000"]],
  }).add(
    system(
      3,
      "ProcessMapping",
      mapping,
      1,
      0x6000,
      0x7000,
      0x400,
      "/usr/lib/libc.so.6",
      9,
    ),
    system(
      3,
      "ProcessMapping",
      mapping,
      2,
      0x5000,
      0x6000,
      0,
      "/memfd:doublemapper (deleted)",
      0,
    ),
    system(
      3,
      "ProcessMapping",
      mapping,
      3,
      0x7000,
      0x8000,
      0,
      "/app/native.so",
      0,
    ),
    { ...CPU, time: 10, stack, payload: universalPayload(2) },
    // The same addresses in another process mean something else.
    { ...CPU, process: 43, time: 11, stack, payload: universalPayload(1) },
    system(4, "ProcessSymbol", symbol, 1, 1, 0x6000, 0x60ff, "memcpy"),
    system(
      4,
      "ProcessSymbol",
      symbol,
      2,
      2,
      0x5000,
      0x50ff,
      "void [App] App.Program::Run(int32)[QuickJitted]",
    ),
    system(
      5,
      "ProcessMappingMetadata",
      ["Id", "*SymbolMetadata", "*VersionMetadata"],
      9,
      '{"type":"ELF","build_id":"deadbeef"}',
      "",
    ),
  );
  const profile = await profileOf(trace);
  assertEquals(stacksOf(profile), {
    "0x9999;0x8010;native.so+0x11;libc.so.6!memcpy;App!App.Program::Run(int32)":
      2,
    "0x9999;0x8010;0x7011;0x6011;0x5010": 1,
  });
  assertEquals(profile.valueTypes.map(({ type }) => type), ["samples", "cpu"]);
  assertEquals(
    profile.samples.values[1]!.toSorted(),
    Float64Array.of(1e6, 2e6),
  );
  assertEquals(
    profile.mappings.find(({ fileName }) => fileName.endsWith("libc.so.6"))
      ?.buildId,
    "deadbeef",
  );
});

Deno.test("resolveAddresses goes by a stream's own field list for mappings", async () => {
  const trace = new TraceBuilder({ version: 6 }).add(
    system(
      3,
      "ProcessMapping",
      [
        "Id",
        "ProcessId",
        "StartAddress",
        "EndAddress",
        "FileOffset",
        "*FileName",
        "MetadataId",
      ],
      1,
      42,
      0x6000,
      0x7000,
      0,
      "/lib/libm.so",
      0,
    ),
    { ...CPU, time: 10, stack: [0x6010n], payload: universalPayload(1) },
  );
  assertEquals(Object.keys(stacksOf(await profileOf(trace))), ["libm.so+0x10"]);
});
