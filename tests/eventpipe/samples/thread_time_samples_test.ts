import { assertEquals, assertRejects } from "@std/assert";
import {
  ownCapture,
  requireCaptures,
  type SharedCapture,
  sharedCapture,
} from "../../support/nettrace_captures.ts";
import { readNettraceProfile } from "../../../src/eventpipe/samples/read_nettrace_profile.ts";
import type { ReadNettraceProfileOptions } from "../../../src/eventpipe/samples/read_nettrace_profile.ts";
import { checkProfile } from "../../../src/profile/check_profile.ts";
import { frameNames } from "../../../src/profile/frame_name.ts";
import { streamOf } from "../../support/byte_stream.ts";
import { testWith } from "../../support/requirement.ts";
import {
  type BuiltEvent,
  samplePayload,
  TraceBuilder,
  type TraceBuilderOptions,
} from "../../support/trace_builder.ts";

const MS = 1_000_000;

function sample(
  time: number,
  address: bigint | undefined,
  type = 2,
  thread = 1,
): BuiltEvent {
  return {
    provider: "Microsoft-DotNETCore-SampleProfiler",
    id: 0,
    time,
    thread,
    payload: samplePayload(type),
    ...(address === undefined ? {} : { stack: [address] }),
  };
}

/** Samples, wall and managed time by leaf. */
async function timesOf(
  events: readonly BuiltEvent[],
  options: ReadNettraceProfileOptions = {},
  builder: TraceBuilderOptions = {},
): Promise<Record<string, readonly number[]>> {
  const trace = new TraceBuilder(builder).add(...events);
  const { profile } = await readNettraceProfile([trace.bytes()], options);
  assertEquals(checkProfile(profile), []);
  const names = frameNames(profile);
  const { samples, stacks } = profile;
  const times: Record<string, number[]> = {};
  for (let row = 0; row < samples.length; row++) {
    const stack = samples.stack[row]!;
    const name = stack < 0 ? "" : names[stacks.frame[stack]!]!;
    const sums = times[name] ??= [0, 0, 0];
    for (let at = 0; at < 3; at++) sums[at]! += samples.values[at]![row]!;
  }
  return times;
}

Deno.test("ThreadTimeSamples charges time to the stack at its beginning", async () => {
  assertEquals(
    await timesOf([
      sample(10 * MS, 0x1000n),
      sample(11 * MS, 0x2000n, 1),
      sample(13 * MS, 0x1000n),
      sample(14 * MS, 0x3000n),
    ]),
    {
      "0x1000": [2, 2 * MS, 2 * MS],
      "0x2000": [1, 2 * MS, 0],
      "0x3000": [1, 0, 0],
    },
  );
});

Deno.test("ThreadTimeSamples keeps threads apart", async () => {
  const trace = new TraceBuilder().add(
    sample(10 * MS, 0x1000n, 2, 1),
    sample(11 * MS, 0x1000n, 2, 2),
    sample(12 * MS, 0x1000n, 2, 1),
    sample(15 * MS, 0x1000n, 2, 2),
  );
  const { profile } = await readNettraceProfile([trace.bytes()]);
  assertEquals(profile.threads.map(({ tid }) => tid), [1, 2]);
  assertEquals([...profile.samples.values[1]!], [2 * MS, 4 * MS]);
});

Deno.test("ThreadTimeSamples counts what follows the last sequence point", async () => {
  const trace = new TraceBuilder()
    .add(sample(10 * MS, 0x1000n)).sequencePoint()
    .add(sample(12 * MS, 0x1000n));
  const { profile } = await readNettraceProfile([trace.bytes()]);
  assertEquals(profile.samples.values.map((column) => [...column]), [
    [2],
    [2 * MS],
    [2 * MS],
  ]);
});

Deno.test("ThreadTimeSamples leaves out time outside managed code on request", async () => {
  assertEquals(
    await timesOf([
      sample(10 * MS, 0x1000n),
      sample(11 * MS, 0x2000n, 1),
      sample(13 * MS, 0x1000n),
    ], { managedOnly: true }),
    { "0x1000": [2, MS, MS] },
  );
});

Deno.test("ThreadTimeSamples cuts gaps on request and says by how much", async () => {
  const events = [
    sample(10 * MS, 0x1000n),
    sample(30 * MS, 0x2000n),
    sample(51 * MS, 0x3000n),
  ];
  assertEquals((await timesOf(events))["0x2000"], [1, 21 * MS, 21 * MS]);
  const trace = new TraceBuilder().add(...events);
  const { profile } = await readNettraceProfile([trace.bytes()], {
    cutGaps: true,
  });
  assertEquals([...profile.samples.values[1]!], [20 * MS, MS, 0]);
  assertEquals(
    profile.comments.filter((text) => text.startsWith("not sampled")),
    ["not sampled: 20 ms in gaps of more than 20 periods"],
  );
});

Deno.test("ThreadTimeSamples cuts intervals at the ends of the wanted time", async () => {
  assertEquals(
    await timesOf([
      sample(10 * MS, 0x1000n),
      sample(20 * MS, 0x2000n),
      sample(30 * MS, 0x3000n),
    ], { fromNs: 15 * MS, toNs: 27 * MS }),
    {
      "0x1000": [0, 5 * MS, 5 * MS],
      "0x2000": [1, 7 * MS, 7 * MS],
    },
  );
});

Deno.test("ThreadTimeSamples takes the wanted threads alone", async () => {
  assertEquals(
    await timesOf([
      sample(10 * MS, 0x1000n, 2, 1),
      sample(10 * MS, 0x2000n, 2, 2),
    ], { threadIds: new Set([2]) }),
    { "0x2000": [1, 0, 0] },
  );
});

Deno.test("ThreadTimeSamples scales odd frequencies exactly", async () => {
  const times = await timesOf(
    [sample(0, 0x1000n), sample(1, 0x2000n), sample(3_124_099, 0x3000n)],
    {},
    { frequency: 3_124_099n },
  );
  assertEquals(times["0x1000"], [1, 320, 320]);
  assertEquals(times["0x2000"], [1, 999_999_680, 999_999_680]);
});

Deno.test("ThreadTimeSamples counts samples without stack and says so", async () => {
  const trace = new TraceBuilder().add(
    sample(10 * MS, undefined),
    sample(11 * MS, undefined),
  );
  const { profile } = await readNettraceProfile([trace.bytes()]);
  assertEquals([...profile.samples.stack], [-1]);
  assertEquals(profile.comments, ["2 samples have no stack"]);
});

Deno.test("ThreadTimeSamples does not count time that runs backwards", async () => {
  const trace = new TraceBuilder().add(
    sample(10 * MS, 0x1000n),
    sample(9 * MS, 0x1000n),
    sample(12 * MS, 0x1000n),
  );
  const { profile } = await readNettraceProfile([trace.bytes()]);
  assertEquals([...profile.samples.values[1]!], [3 * MS]);
  assertEquals(
    profile.comments.at(0),
    "1 samples are older than the one before them",
  );
});

Deno.test("ThreadTimeSamples keeps samples with their time on request", async () => {
  const trace = new TraceBuilder().add(
    sample(10 * MS, 0x1000n),
    sample(11 * MS, 0x2000n),
    sample(13 * MS, 0x1000n),
  );
  const { profile } = await readNettraceProfile([trace.bytes()], {
    timed: true,
  });
  assertEquals([...profile.samples.timeNs!], [0, MS, 3 * MS]);
  assertEquals([...profile.samples.values[1]!], [MS, 2 * MS, 0]);
});

Deno.test("ThreadTimeSamples joins timed samples that follow each other on one stack", async () => {
  const trace = new TraceBuilder().add(
    sample(10 * MS, 0x1000n),
    sample(11 * MS, 0x1000n),
    sample(13 * MS, 0x2000n),
    sample(14 * MS, 0x1000n),
    sample(15 * MS, 0x1000n),
  );
  const { profile } = await readNettraceProfile([trace.bytes()], {
    timed: true,
  });
  assertEquals([...profile.samples.timeNs!], [0, 3 * MS, 4 * MS]);
  assertEquals([...profile.samples.values[0]!], [2, 1, 2]);
  assertEquals([...profile.samples.values[1]!], [3 * MS, MS, MS]);
});

Deno.test("readNettraceProfile says what a trace without samples holds", async () => {
  const trace = new TraceBuilder().add(
    { provider: "My-Source", id: 1, time: 1 },
    { provider: "Other-Source", id: 1, time: 2 },
  );
  const { profile } = await readNettraceProfile([trace.bytes()]);
  assertEquals(profile.samples.length, 0);
  assertEquals(profile.comments, [
    "no CPU samples: providers in the trace are My-Source, Other-Source",
  ]);
  assertEquals(checkProfile(profile), []);
});

Deno.test("readNettraceProfile refuses other tools' methods for other kinds", async () => {
  const error = await assertRejects(
    () => readNettraceProfile([], { kind: "exceptions", method: "dotnetdiag" }),
    RangeError,
  );
  assertEquals(
    error.message,
    "Cannot reckon exceptions by method dotnetdiag: it is for samples alone",
  );
});

interface Totals {
  readonly samples: number;
  readonly wall: number;
  readonly managed: number;
}

async function totalsOf(bytes: Uint8Array): Promise<Totals> {
  const { profile } = await readNettraceProfile(streamOf(bytes, 65_536));
  assertEquals(checkProfile(profile), []);
  const [samples, wall, managed] = profile.samples.values.map((column) =>
    column.reduce((sum, value) => sum + value, 0)
  );
  return { samples: samples!, wall: wall!, managed: managed! };
}

const SHARED_TOTALS: readonly [string, SharedCapture, Totals][] = [
  ["one thread", "singleThread", {
    samples: 5564,
    wall: 8_173_890_741,
    managed: 8_166_025_670,
  }],
  ["mixed samples", "mixed", {
    samples: 6331,
    wall: 8_671_744_677,
    managed: 5_499_656_615,
  }],
  ["32-bit addresses", "heartRateMonitor", {
    samples: 921,
    wall: 1_466_021_537,
    managed: 4_082_846,
  }],
  ["inline stacks of version 2", "objver2", {
    samples: 163_801,
    wall: 280_528_822_777,
    managed: 3_932_589_407,
  }],
];

for (const [title, path, expected] of SHARED_TOTALS) {
  testWith(
    `ThreadTimeSamples agrees in total with other tools on ${title}`,
    [requireCaptures(path)],
    async () =>
      assertEquals(await totalsOf(await sharedCapture(path)), expected),
  );
}

Deno.test("ThreadTimeSamples agrees in total with dotnetdiag on a trace of .NET 10", async () => {
  assertEquals(await totalsOf(ownCapture("workload")), {
    samples: 7966,
    wall: 11_764_080_259,
    managed: 1_610_020_760,
  });
});

Deno.test("ThreadTimeSamples finds the shares that the workload promises", async () => {
  const { profile } = await readNettraceProfile([ownCapture("workload")], {
    withModule: false,
  });
  const names = frameNames(profile);
  const { samples, stacks } = profile;
  const own = new Map<string, number>();
  let total = 0;
  for (let row = 0; row < samples.length; row++) {
    const chain: string[] = [];
    for (let at = samples.stack[row]!; at >= 0; at = stacks.prefix[at]!) {
      chain.push(names[stacks.frame[at]!]!);
    }
    if (!chain.some((name) => name.includes("CpuWork.Outer("))) continue;
    const value = samples.values[2]![row]!;
    const name = /CpuWork[+.](?:<>c\.)?(.*?)\(/.exec(chain[0]!)?.[1] ?? "other";
    own.set(name, (own.get(name) ?? 0) + value);
    total += value;
  }
  const shareOf = (name: string) => (own.get(name) ?? 0) / total * 100;
  const promised = {
    "Inner": 37.5,
    "Box`1[System.Int32].Turn": 25,
    "Half": 12.5,
    "<TwoUnits>b__10_0": 12.5,
    "Down": 6.25,
    "Outer": 6.25,
  };
  for (const [name, share] of Object.entries(promised)) {
    const found = shareOf(name);
    assertEquals(
      Math.abs(found - share) < 3,
      true,
      `${name}: ${found.toFixed(1)} % instead of ${share} %`,
    );
  }
});

Deno.test("readNettraceProfile gives the same for pieces of any size", async () => {
  const jit = ownCapture("jit");
  const { profile } = await readNettraceProfile([jit]);
  for (const size of [1, 7, 4093]) {
    const again = await readNettraceProfile(streamOf(jit, size));
    assertEquals(again.profile, profile, `${size}`);
  }
});
