import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  ownCapture,
  requireCaptures,
  type SharedCapture,
  sharedCapture,
} from "../../support/nettrace_captures.ts";
import { DecodeStats } from "../../../src/base/decode_stats.ts";
import { readNettraceProfile } from "../../../src/eventpipe/samples/read_nettrace_profile.ts";
import { dotnetTop } from "../../../src/profile/dotnet_top.ts";
import { frameNames } from "../../../src/profile/frame_name.ts";
import type { Profile } from "../../../src/profile/types.ts";
import { writeDotnetChromium } from "../../../src/profile/write_dotnet_chromium.ts";
import { writeSpeedscopeEvented } from "../../../src/profile/write_speedscope_evented.ts";
import { bytesOf, concatBytes, streamOf } from "../../support/byte_stream.ts";
import { testWith } from "../../support/requirement.ts";
import { sha256Hex } from "../../support/sha256.ts";
import {
  type BuiltEvent,
  methodPayload,
  modulePayload,
  samplePayload,
  TraceBuilder,
} from "../../support/trace_builder.ts";
import { utf16z, v1Fields } from "../../support/nettrace_streams.ts";

const MS = 1_000_000;

interface Evented {
  readonly frames: number;
  readonly profiles: readonly (readonly [
    name: string,
    events: number,
    start: number,
    end: number,
  ])[];
  readonly sha256: string;
}

async function evented(bytes: Uint8Array, name: string): Promise<Evented> {
  const { profile, traceEvent } = await readNettraceProfile(
    streamOf(bytes, 65_536),
    { method: "traceevent" },
  );
  const text = await bytesOf(
    writeSpeedscopeEvented(profile, {
      ...traceEvent,
      exporter: "EXPORTER",
      name,
    }),
  );
  const { shared, profiles } = JSON.parse(new TextDecoder().decode(text));
  return {
    frames: shared.frames.length,
    profiles: profiles.map((
      each: {
        name: string;
        events: unknown[];
        startValue: number;
        endValue: number;
      },
    ) => [each.name, each.events.length, each.startValue, each.endValue]),
    sha256: await sha256Hex(text),
  };
}

// What dotnet-trace 10.0.750501 writes, the exporter's version aside.
const SHARED_CASES: readonly [string, SharedCapture, string, Evented][] = [
  [
    "one thread",
    "singleThread",
    "dotnet-5.0-SampleProfiler-single-thread.golden.speedscope",
    {
      frames: 10,
      profiles: [["Thread (1411342)", 10_718, 0.536602, 8174.43259809375]],
      sha256:
        "a885d4f35a2f6e23874f12479641c709e83d0c5662001dc99fdf8c660b3692b7",
    },
  ],
  [
    "mixed samples",
    "mixed",
    "mixed_managed_external_samples.speedscope",
    {
      frames: 20,
      profiles: [["Thread (1484341)", 5224, 0.333241, 8672.0998425625]],
      sha256:
        "d5c70d2945db0c37b46bc8aadb84d6d9e8b7251cc8b9d0ada8b5549517ffd83f",
    },
  ],
  [
    "a pool thread, and modules in lower case",
    "heartRateMonitor",
    "HeartRateMonitor.10068.speedscope",
    {
      frames: 515,
      profiles: [
        ["Thread (10068)", 2002, 1130.948461, 2510.833291671875],
        [
          "Thread (10144) (.NET ThreadPool)",
          380,
          1468.239345,
          1554.3763473886718,
        ],
      ],
      sha256:
        "840b0d1cdc40b0e060e329bda8fad8c0397706ec2aa50d2b8769cfa43acf1f64",
    },
  ],
];

for (const [title, path, name, expected] of SHARED_CASES) {
  testWith(
    `TraceEventSamples gives dotnet-trace's speedscope file for ${title}`,
    [requireCaptures(path)],
    async () =>
      assertEquals(await evented(await sharedCapture(path), name), expected),
  );
}

Deno.test("TraceEventSamples gives dotnet-trace's speedscope file for a trace with exceptions", async () => {
  const found = await evented(ownCapture("workload"), "workload.speedscope");
  assertEquals([found.frames, found.profiles.length, found.sha256], [
    379,
    16,
    "3f379787793b0b9274437a438ca25f4534f92ed9d08f12e5b6d4872b5d54d341",
  ]);
});

Deno.test("TraceEventSamples gives dotnet-trace's speedscope file for a trace without rundown", async () => {
  const found = await evented(ownCapture("jit"), "jit.speedscope");
  assertEquals([found.frames, found.profiles.length, found.sha256], [
    28,
    5,
    "73c12d452fc1c4f979e6b1b9fc72ac3dafa60a12303d628b3688776e77193548",
  ]);
});

testWith(
  "TraceEventSamples counts allocations as running, and keeps odd frequencies exact",
  [requireCaptures("v3Windows")],
  async () => {
    const { frames, profiles } = await evented(
      await sharedCapture("v3Windows"),
      "x",
    );
    assertEquals(frames, 15);
    assertEquals(profiles, [
      ["Thread (1596)", 36, 3.477656746200137, 35.35604535705865],
    ]);
  },
);

testWith(
  "TraceEventSamples gives dotnet-trace's Chromium file",
  [requireCaptures("singleThread")],
  async () => {
    const { profile, traceEvent } = await readNettraceProfile(
      [await sharedCapture("singleThread")],
      { method: "traceevent" },
    );
    const bytes = await bytesOf(writeDotnetChromium(profile, {
      ...traceEvent,
      exporter: "EXPORTER",
      name: "dotnet-5.0-SampleProfiler-single-thread.golden.chromium",
    }));
    assertEquals(
      await sha256Hex(bytes),
      "a995f07726129088b02d7dbaeef4767586a5ff4a596cd85063900f7c8e460d48",
    );
  },
);

/** Milliseconds by leaf frame. */
function leafMs(profile: Profile): Record<string, number> {
  const names = frameNames(profile);
  const sums: Record<string, number> = {};
  const { samples, stacks } = profile;
  for (let row = 0; row < samples.length; row++) {
    const name = names[stacks.frame[samples.stack[row]!]!]!;
    sums[name] = (sums[name] ?? 0) + samples.values[0]![row]! / MS;
  }
  return sums;
}

const TOTALS: readonly [string, SharedCapture, number, number, number][] = [
  ["one thread", "singleThread", 5563, 8166.0257, 7.8651],
  ["mixed samples", "mixed", 6330, 5499.6566, 3172.0881],
  ["32-bit addresses", "heartRateMonitor", 919, 4.0828, 1461.9387],
  ["version 3", "v3Windows", 6, 0.3343, 31.544],
];

for (const [title, path, samples, cpu, unmanaged] of TOTALS) {
  testWith(
    `TraceEventSamples reckons time as TraceEvent does on ${title}`,
    [requireCaptures(path)],
    async () => {
      const { profile } = await readNettraceProfile(
        [await sharedCapture(path)],
        {
          method: "traceevent",
        },
      );
      const sums = leafMs(profile);
      assertEquals(profile.samples.length, samples);
      assertAlmostEquals(sums["CPU_TIME"]!, cpu, 0.0001);
      assertAlmostEquals(sums["UNMANAGED_CODE_TIME"]!, unmanaged, 0.0001);
    },
  );
}

/** Name, inclusive and exclusive percent of the first rows. */
async function top(
  path: SharedCapture,
  inclusive: boolean,
  rows: number,
): Promise<[string, number, number][]> {
  const { profile } = await readNettraceProfile([await sharedCapture(path)], {
    method: "traceevent",
  });
  return dotnetTop(profile, { inclusive, rows }).map((row) => [
    row.name,
    Number(row.inclusivePercent.toFixed(2)),
    Number(row.exclusivePercent.toFixed(2)),
  ]);
}

testWith(
  "TraceEventSamples gives the top methods that dotnet-trace reports",
  [requireCaptures("singleThread", "heartRateMonitor")],
  async () => {
    assertEquals(await top("singleThread", false, 3), [
      ["Program.Work(int32)", 99.74, 99.74],
      ["Program.Fast()", 20, 0.13],
      ["Program.Slow()", 80, 0.13],
    ]);
    assertEquals(
      (await top("singleThread", true, 5)).map(([, percent]) => percent),
      [100, 100, 100, 99.74, 80],
    );
    assertEquals(
      (await top("heartRateMonitor", false, 5)).map(
        ([name, inclusive, exclusive]) => [
          name.replace(/\(.*/, ""),
          inclusive,
          exclusive,
        ],
      ),
      [
        ["UICoreBackend.Run", 85.33, 53.64],
        ["ManualResetEventSlim.Wait", 6.08, 6.08],
        ["EvasObject.Realize", 4.52, 3.16],
        ["RuntimeAssembly.InternalLoadAssemblyName", 2.37, 2.37],
        ["RuntimeModule.ResolveType", 2.06, 2.06],
      ],
    );
  },
);

testWith(
  "TraceEventSamples gives the top methods of mixed samples",
  [requireCaptures("mixed")],
  async () => {
    assertEquals(
      (await top("mixed", false, 5)).map(
        ([name, inclusive, exclusive]) => [
          name.replace(/\(.*/, ""),
          inclusive,
          exclusive,
        ],
      ),
      [
        ["Program.FindByte", 42.19, 42.19],
        ["StdInReader.ReadKey", 36.55, 34.73],
        ["Program.InnerLoop", 63.44, 21.25],
        ["StdInReader.AppendExtraBuffer", 1.81, 1.8],
        ["AssemblyLoadContext.StartAssemblyLoad", 0.01, 0.01],
      ],
    );
  },
);

const RUNTIME = "Microsoft-Windows-DotNETRuntime";
const RUNDOWN = "Microsoft-Windows-DotNETRuntimeRundown";

function sample(time: number, type: number, ...stack: bigint[]): BuiltEvent {
  return {
    provider: "Microsoft-DotNETCore-SampleProfiler",
    id: 0,
    time,
    stack,
    payload: samplePayload(type),
  };
}

function method(
  provider: string,
  id: number,
  time: number,
  name: string,
  flags = 8,
): BuiltEvent {
  const payload = methodPayload({
    start: 0x1000n,
    size: 0x100,
    namespace: "N",
    name,
    flags,
  });
  return { provider, id, version: 1, time, payload };
}

function module(provider: string, id: number, time: number): BuiltEvent {
  return {
    provider,
    id,
    version: 2,
    time,
    payload: modulePayload(7n, "/app/My.App.dll"),
  };
}

async function stacksOf(...events: BuiltEvent[]): Promise<string[]> {
  const trace = new TraceBuilder().add(...events);
  const { profile } = await readNettraceProfile([trace.bytes()], {
    method: "traceevent",
  });
  const names = frameNames(profile);
  const { samples, stacks } = profile;
  return Array.from(samples.stack, (stack, row) => {
    const frames: string[] = [];
    for (let at = stack; at >= 0; at = stacks.prefix[at]!) {
      frames.unshift(names[stacks.frame[at]!]!);
    }
    return `${frames.join(";")} ${samples.values[0]![row]! / MS}`;
  });
}

const HEAD = "Process64 Process(4242) (4242) Args: ;(Non-Activities);Threads";

Deno.test("TraceEventSamples charges time to the stack at its beginning", async () => {
  assertEquals(
    await stacksOf(
      sample(10 * MS, 2, 0x1010n),
      sample(11 * MS, 1, 0x1010n),
      sample(13 * MS, 2),
      sample(14 * MS, 2),
    ),
    [
      `${HEAD};Thread (1);?!?;CPU_TIME 1`,
      `${HEAD};Thread (1);?!?;UNMANAGED_CODE_TIME 2`,
      `${HEAD};Thread (1);CPU_TIME 1`,
    ],
  );
});

Deno.test("TraceEventSymbols writes a module in lower case when it is loaded before a method of it is used", async () => {
  const used = [sample(10 * MS, 2, 0x1010n), sample(11 * MS, 2, 0x1010n)];
  assertEquals(
    await stacksOf(
      module(RUNTIME, 152, 1),
      ...used,
      method(RUNDOWN, 144, 20 * MS, "A"),
      module(RUNDOWN, 154, 21 * MS),
    ),
    [`${HEAD};Thread (1);my.app!N.A();CPU_TIME 1`],
  );
  assertEquals(
    await stacksOf(
      ...used,
      method(RUNDOWN, 144, 20 * MS, "A"),
      module(RUNDOWN, 154, 21 * MS),
    ),
    [`${HEAD};Thread (1);My.App!N.A();CPU_TIME 1`],
  );
  assertEquals(
    await stacksOf(
      module(RUNTIME, 152, 1),
      ...used,
      module(RUNTIME, 153, 15 * MS),
      method(RUNDOWN, 144, 20 * MS, "A"),
      module(RUNDOWN, 154, 21 * MS),
    ),
    [`${HEAD};Thread (1);My.App!N.A();CPU_TIME 1`],
  );
});

Deno.test("TraceEventSymbols uses loads of compiled methods alone, and those at the end", async () => {
  const used = [sample(10 * MS, 2, 0x1010n), sample(11 * MS, 2, 0x1010n)];
  assertEquals(
    await stacksOf(method(RUNTIME, 143, 1, "Old"), ...used),
    [`${HEAD};Thread (1);ManagedModule!N.Old();CPU_TIME 1`],
  );
  assertEquals(
    await stacksOf(method(RUNTIME, 143, 1, "Precompiled", 0), ...used),
    [`${HEAD};Thread (1);?!?;CPU_TIME 1`],
  );
  assertEquals(
    await stacksOf(
      method(RUNTIME, 143, 1, "Old"),
      ...used,
      method(RUNDOWN, 144, 20 * MS, "Listed"),
    ),
    [`${HEAD};Thread (1);ManagedModule!N.Listed();CPU_TIME 1`],
  );
});

Deno.test("TraceEventThreads labels threads by what they write", async () => {
  const on = (thread: number, event: BuiltEvent): BuiltEvent => ({
    ...event,
    thread,
  });
  const pair = (thread: number) => [
    on(thread, sample(10 * MS, 2)),
    on(thread, sample(11 * MS, 2)),
  ];
  const note = (thread: number, id: number): BuiltEvent => ({
    provider: RUNTIME,
    id,
    thread,
    time: 12 * MS,
    payload: new Uint8Array(16),
  });
  const found = await stacksOf(
    ...pair(1),
    ...pair(2),
    ...pair(3),
    note(1, 54),
    note(1, 64),
    note(2, 13),
    note(2, 54),
  );
  assertEquals(found.map((text) => /Thread \(.*?(?=;)/.exec(text)![0]), [
    "Thread (1) (.NET IO ThreadPool Worker)",
    "Thread (2) (.NET Finalizer Thread)",
    "Thread (3)",
  ]);
});

Deno.test("TraceEventSamples names the process by its command line", async () => {
  const cases: readonly [string, string][] = [
    [
      "/usr/bin/dotnet /app/App.dll a b",
      "dotnet (4242) Args: /app/App.dll a b",
    ],
    ["C:\\x\\App.EXE", "App (4242) Args: C:\\x\\App.EXE"],
    ['"/opt/my/app.exe" -v', "app (4242) Args:  -v"],
    ["", "Process(4242) (4242) Args: "],
  ];
  for (const [line, expected] of cases) {
    const payload = new Uint8Array(2 * line.length + 2);
    for (let at = 0; at < line.length; at++) {
      payload[2 * at] = line.charCodeAt(at);
    }
    const [text] = await stacksOf(
      sample(10 * MS, 2),
      sample(11 * MS, 2),
      {
        provider: "Microsoft-DotNETCore-EventPipe",
        id: 1,
        name: "ProcessInfo",
        time: 12 * MS,
        payload,
      },
    );
    assertEquals(text!.split(";")[0], `Process64 ${expected}`);
  }
});

/** The id of an activity of process 4242 whose path has these numbers, each below 11. */
function pathId(...numbers: readonly number[]): Uint8Array<ArrayBuffer> {
  const id = new Uint8Array(16);
  numbers.forEach((number, index) => {
    id[index >> 1]! |= index % 2 === 0 ? number << 4 : number;
  });
  const view = new DataView(id.buffer);
  const sum = view.getUint32(0, true) + view.getUint32(4, true) +
    view.getUint32(8, true) + 0x599d_99ad;
  view.setUint32(12, (sum ^ 4242) >>> 0, true);
  return id;
}

const SPAN_NAMES = [
  "RequestStart",
  "RequestStop",
  "QueryStart",
  "QueryStop",
  "PartStart",
  "PartStop",
];

function span(
  time: number,
  name: string,
  id: Uint8Array<ArrayBuffer>,
  options: {
    readonly thread?: number;
    readonly from?: Uint8Array<ArrayBuffer>;
    readonly url?: string;
  } = {},
): BuiltEvent {
  const { thread = 1, from, url } = options;
  return {
    provider: "My-Source",
    id: 1 + SPAN_NAMES.indexOf(name),
    name,
    time,
    thread,
    activityId: id,
    ...(from === undefined ? {} : { relatedActivityId: from }),
    ...(url === undefined
      ? {}
      : { fields: v1Fields([[18, "url"]]), payload: utf16z(url) }),
  };
}

function catching(time: number, methodName?: string): BuiltEvent {
  return {
    provider: RUNTIME,
    id: methodName === undefined ? 251 : 250,
    time,
    payload: methodName === undefined ? new Uint8Array(0) : concatBytes([
      new Uint8Array(16),
      utf16z(methodName),
      new Uint8Array(2),
    ]),
  };
}

/** Stacks without the frames that all have in common. */
async function activitiesOf(...events: BuiltEvent[]): Promise<string[]> {
  return (await stacksOf(...events)).map((line) =>
    line.replace("Process64 Process(4242) (4242) Args: ;", "")
      .replace(/;\?!\?;UNMANAGED_CODE_TIME/, "")
  );
}

Deno.test("TraceEventSamples puts stacks below the spans of event sources", async () => {
  const at = (time: number, thread = 1) => ({
    ...sample(time * MS, 1, 0x9999n),
    thread,
  });
  const outer = pathId(1, 1);
  const inner = pathId(1, 1, 2);
  assertEquals(
    await activitiesOf(
      at(1),
      at(1.5, 2),
      span(2 * MS, "RequestStart", outer, { url: "/a" }),
      at(3),
      span(4 * MS, "QueryStart", inner),
      at(5),
      // Another thread works for the outer one.
      span(5.25 * MS, "PartStart", pathId(1, 1, 3), { thread: 2, from: outer }),
      at(5.5, 2),
      span(6 * MS, "QueryStop", inner),
      at(7),
      span(8 * MS, "RequestStop", outer),
      at(9),
      at(9.5, 2),
      span(9.75 * MS, "PartStop", pathId(1, 1, 3), { thread: 2 }),
      at(10),
      at(10.5, 2),
      at(11),
      at(11.5, 2),
    ),
    [
      "(Non-Activities);Threads;Thread (1) 2",
      "(Non-Activities);Threads;Thread (2) 4",
      "(Activities);Activity Request(/#4242/1/1/,/url=/a);Threads;Thread (1) 2",
      "(Activities);Activity Request(/#4242/1/1/,/url=/a);Activity Query(/#4242/1/1/2/);Threads;Thread (1) 2",
      "(Activities);Activity Request(/#4242/1/1/,/url=/a);Activity Part(/#4242/1/1/3/);Threads;Thread (2) 4",
      "(Activities);Activity Request(/#4242/1/1/,/url=/a);Threads;Thread (1) 2",
      "(Non-Activities);Threads;Thread (1) 1",
      "(Activities);Activity Request(/#4242/1/1/,/url=/a);Activity Part(/#4242/1/1/3/);Threads;Thread (2) 1",
      "(Non-Activities);Threads;Thread (1) 1",
      "(Non-Activities);Threads;Thread (2) 1",
    ],
  );
});

Deno.test("TraceEventSamples puts the handling of exceptions below an activity", async () => {
  const at = (time: number) => sample(time * MS, 1, 0x9999n);
  const none = "00000000-0000-0000-0000-000000000000";
  assertEquals(
    await activitiesOf(
      at(1),
      catching(2 * MS, "Outer()"),
      at(3),
      catching(4 * MS, "Inner()"),
      at(5),
      catching(6 * MS),
      at(7),
      catching(8 * MS),
      at(9),
      // Spans with other ids than paths are not followed.
      span(9.5 * MS, "RequestStart", new Uint8Array(16).fill(7)),
      at(10),
      at(11),
    ),
    [
      "(Non-Activities);Threads;Thread (1) 2",
      `(Activities);Activity ExceptionHandling(${none},Outer());Threads;Thread (1) 2`,
      `(Activities);Activity ExceptionHandling(${none},Outer());Activity ExceptionHandling(${none},Inner());Threads;Thread (1) 2`,
      `(Activities);Activity ExceptionHandling(${none},Outer());Threads;Thread (1) 2`,
      "(Non-Activities);Threads;Thread (1) 1",
      "(Non-Activities);Threads;Thread (1) 1",
    ],
  );
});

Deno.test("TraceEventSamples ends what a thread works on when it goes back to the pool", async () => {
  const at = (time: number) => sample(time * MS, 1, 0x9999n);
  assertEquals(
    await activitiesOf(
      at(1),
      span(2 * MS, "RequestStart", pathId(1, 1)),
      at(3),
      { provider: RUNTIME, id: 57, time: 4 * MS, payload: new Uint8Array(10) },
      at(5),
      at(6),
    ),
    [
      "(Non-Activities);Threads;Thread (1) 2",
      "(Activities);Activity Request(/#4242/1/1/);Threads;Thread (1) 2",
      "(Non-Activities);Threads;Thread (1) 1",
    ],
  );
});

Deno.test("TraceEventSamples says when tasks would move stacks", async () => {
  const tasks: BuiltEvent = { provider: RUNTIME, id: 61, time: MS };
  for (const events of [[], [tasks]]) {
    const stats = new DecodeStats();
    await readNettraceProfile([
      new TraceBuilder().add(sample(MS, 1, 0x9999n), ...events).bytes(),
    ], { method: "traceevent", stats });
    assertEquals(stats.get("nettrace_tasks_not_followed"), events.length);
  }
});
