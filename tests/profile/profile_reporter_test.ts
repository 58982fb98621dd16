import { assertEquals } from "@std/assert";
import type { UnixNs } from "../../src/base/time.ts";
import { checkProfile } from "../../src/profile/check_profile.ts";
import { frameName } from "../../src/profile/frame_name.ts";
import {
  ProfileReporter,
  type ProfileReporterOptions,
} from "../../src/profile/profile_reporter.ts";
import type { TraceFrame } from "../../src/profile/trace.ts";
import type { TraceMeta } from "../../src/profile/trace_reporter.ts";
import type { Profile } from "../../src/profile/types.ts";

function frame(fields: Partial<TraceFrame> = {}): TraceFrame {
  return {
    type: 3,
    functionName: "f",
    functionOffset: 0,
    sourceFile: "",
    sourceLine: 0,
    sourceColumn: 0,
    address: 0n,
    mapping: undefined,
    ...fields,
  };
}

function meta(fields: Partial<TraceMeta> = {}): TraceMeta {
  return {
    timestamp: 1_000_000n as UnixNs,
    comm: "app",
    pid: 1,
    tid: 2,
    cpu: 0,
    apmServiceName: "",
    origin: "sampling",
    value: 0,
    labels: [],
    traceId: "",
    spanId: "",
    process: undefined,
    ...fields,
  };
}

const PROCESS = { name: "app", executablePath: "/bin/app", containerId: "" };
const CPU = { type: "cpu", unit: "nanoseconds" };

/** How many rows there are when two traces are summed where they are the same. */
function rows(
  one: Partial<TraceMeta>,
  two: Partial<TraceMeta>,
  options: ProfileReporterOptions = {},
): number {
  const reporter = new ProfileReporter({ timed: false, ...options });
  const trace = { frames: [frame()] };
  reporter.reportTraceEvent(trace, meta(one));
  reporter.reportTraceEvent(trace, meta(two));
  const profile = reporter.build();
  assertEquals(checkProfile(profile), []);
  return profile.samples.length;
}

Deno.test("ProfileReporter sums what is the same in everything", () => {
  assertEquals(rows({}, {}), 1);
  assertEquals(rows({ cpu: 1 }, { cpu: 2 }), 1);
  assertEquals(rows({ process: PROCESS }, { process: { ...PROCESS } }), 1);
});

Deno.test("ProfileReporter tells apart what differs in anything", () => {
  const label = (value: string) => ({
    labels: [{ key: "tenant", value, unit: "" }],
  });
  const differences: [Partial<TraceMeta>, Partial<TraceMeta>][] = [
    [{ pid: 1 }, { pid: 3 }],
    [{ tid: 1 }, { tid: 3 }],
    [{ comm: "a" }, { comm: "b" }],
    [{ apmServiceName: "a" }, { apmServiceName: "b" }],
    [label("a"), label("b")],
    [{}, label("a")],
    [{ traceId: "1".repeat(32) }, { traceId: "2".repeat(32) }],
    [{ spanId: "1".repeat(16) }, { spanId: "2".repeat(16) }],
    [{ process: PROCESS }, { process: { ...PROCESS, name: "child" } }],
    [{ process: PROCESS }, { process: { ...PROCESS, containerId: "c" } }],
    [{ process: PROCESS }, {
      process: { ...PROCESS, executablePath: "/opt/app" },
    }],
    [{ process: { ...PROCESS, startTime: 5n as UnixNs } }, {
      process: { ...PROCESS, startTime: 6n as UnixNs },
    }],
    [{ process: PROCESS }, {
      process: { ...PROCESS, environment: { STAGE: "test" } },
    }],
  ];
  for (const [one, two] of differences) {
    assertEquals(rows(one, two), 2, JSON.stringify(two, plain));
  }
  assertEquals(rows({ cpu: 1 }, { cpu: 2 }, { perCpu: true }), 2);
});

function plain(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

Deno.test("ProfileReporter tells stacks apart that hash alike", () => {
  const reporter = new ProfileReporter({ timed: false });
  const variants: Partial<TraceFrame>[] = [
    { functionName: "one" },
    { functionName: "two" },
    { functionName: "two", sourceFile: "a.py" },
    { functionName: "two", sourceFile: "a.py", sourceLine: 1 },
    { functionName: "two", sourceFile: "a.py", sourceLine: 1, sourceColumn: 2 },
    { functionName: "two", type: 1 },
    { functionName: "two", inlined: true },
  ];
  const hash = { hi: 1n, lo: 1n };
  for (const variant of variants) {
    const frames = [frame(variant), frame({ functionName: "main" })];
    reporter.reportTraceEvent({ frames, hash }, meta());
  }
  assertEquals(reporter.build().samples.length, variants.length);
});

Deno.test("ProfileReporter takes equal frames for one, whatever object they are", () => {
  const reporter = new ProfileReporter({ timed: false });
  for (let count = 0; count < 3; count++) {
    reporter.reportTraceEvent({ frames: [frame()] }, meta());
  }
  const profile = reporter.build();
  assertEquals([profile.frames.length, profile.samples.values[0]![0]], [1, 3]);
});

Deno.test("ProfileReporter counts the period, or what each sample stands for", () => {
  const values = (options: ProfileReporterOptions) => {
    const reporter = new ProfileReporter(options);
    reporter.reportTraceEvent({ frames: [] }, meta({ value: 7 }));
    reporter.reportTraceEvent({ frames: [] }, meta({ value: 9 }));
    const { valueTypes, samples } = reporter.build();
    return valueTypes.map(({ type }, column) => [
      type,
      ...samples.values[column]!,
    ]);
  };
  assertEquals(values({}), [["samples", 1, 1]]);
  assertEquals(values({ facts: { period: 10, periodType: CPU } }), [
    ["samples", 1, 1],
    ["cpu", 10, 10],
  ]);
  const facts = {
    period: 10,
    periodType: CPU,
    valueType: { type: "cycles", unit: "count" },
  };
  assertEquals(values({ facts: () => facts }), [
    ["samples", 1, 1],
    ["cycles", 7, 9],
  ]);
});

Deno.test("ProfileReporter keeps origins in columns of their own", () => {
  const reporter = new ProfileReporter({
    facts: { period: 10, periodType: CPU },
  });
  reporter.reportTraceEvent({ frames: [] }, meta());
  reporter.reportTraceEvent(
    { frames: [] },
    meta({ origin: "off_cpu", value: 500 }),
  );
  const { valueTypes, samples } = reporter.build();
  assertEquals(valueTypes.map(({ type }) => type), [
    "samples",
    "cpu",
    "events",
    "off_cpu",
  ]);
  assertEquals(samples.values.map((column) => [...column]), [
    [1, 0],
    [10, 0],
    [0, 1],
    [0, 500],
  ]);
});

Deno.test("ProfileReporter counts time from the first sample, or the window", () => {
  const gather = (window: Parameters<ProfileReporter["build"]>[0]) => {
    const reporter = new ProfileReporter();
    for (const timestamp of [50n, 30n, 90n]) {
      reporter.reportTraceEvent(
        { frames: [] },
        meta({ timestamp: timestamp as UnixNs }),
      );
    }
    const { startTime, durationNs, samples } = reporter.build(window);
    return [Number(startTime), durationNs, [...samples.timeNs!]];
  };
  assertEquals(gather({}), [30, 60, [20, 0, 60]]);
  const window = { start: 10n as UnixNs, end: 100n as UnixNs };
  assertEquals(gather(window), [10, 90, [40, 20, 80]]);
  const narrow = { start: 40n as UnixNs, end: 80n as UnixNs };
  assertEquals(gather(narrow), [30, 60, [20, 0, 60]]);
});

Deno.test("ProfileReporter has no start where times are no wall time", () => {
  const reporter = new ProfileReporter({ isWallTime: false });
  reporter.reportTraceEvent({ frames: [] }, meta());
  assertEquals(reporter.build().startTime, undefined);
});

Deno.test("ProfileReporter gives counts the frames that come behind them", () => {
  const reporter = new ProfileReporter({ timed: false, wantsEvents: false });
  assertEquals(reporter.supportsReportTraceEvent(), false);
  const hash = { hi: 0n, lo: 1n };
  reporter.reportCountForTrace(hash, 2, meta());
  reporter.reportFramesForTrace({ frames: [frame()], hash });
  reporter.reportCountForTrace(hash, 3, meta());
  reporter.reportCountForTrace({ hi: 0n, lo: 2n }, 4, meta());
  assertEquals(totals(reporter.build()), { f: 5, "[unreported]": 4 });
  reporter.take();
  reporter.reportCountForTrace(hash, 1, meta());
  assertEquals(totals(reporter.take()), { f: 1 }, "frames outlive a profile");
});

function totals(profile: Profile): Record<string, number> {
  const sums: Record<string, number> = {};
  const { samples, stacks } = profile;
  for (let row = 0; row < samples.length; row++) {
    const stack = samples.stack[row]!;
    const name = stack < 0 ? "" : frameName(profile, stacks.frame[stack]!);
    sums[name] = (sums[name] ?? 0) + samples.values[0]![row]!;
  }
  return sums;
}

Deno.test("ProfileReporter marks stacks that it cuts", () => {
  const reporter = new ProfileReporter({ maxDepth: 2 });
  const frames = ["leaf", "middle", "main"].map((functionName) =>
    frame({ functionName })
  );
  reporter.reportTraceEvent({ frames }, meta());
  const profile = reporter.build();
  const names: string[] = [];
  for (
    let at = profile.samples.stack[0]!;
    at >= 0;
    at = profile.stacks.prefix[at]!
  ) names.push(frameName(profile, profile.stacks.frame[at]!));
  assertEquals(names, ["leaf", "middle", "[truncated]"]);
});

Deno.test("ProfileReporter builds an empty profile of nothing", () => {
  const profile = new ProfileReporter().build();
  assertEquals(profile.samples.length, 0);
  assertEquals(checkProfile(profile), []);
});

Deno.test("frameName tells the kernel and the ends of stacks that could not be unwound", () => {
  const reporter = new ProfileReporter();
  const mapping = {
    start: 0n,
    end: 0n,
    fileOffset: 0n,
    fileName: "[kernel.kallsyms]",
    buildId: "",
  };
  reporter.reportTraceEvent({
    frames: [
      frame({
        type: 4,
        functionName: "",
        address: 0xffffffff81000000n,
        mapping,
      }),
      frame({ type: 0x80, functionName: "", address: 4014n }),
    ],
  }, meta());
  const profile = reporter.build();
  assertEquals(
    [...profile.stacks.frame].map((index) => frameName(profile, index)),
    ["[abort-marker 4014]", "[kernel]+0xffffffff81000000"],
  );
});
