import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runMain } from "../support/memory_host.ts";
import { REPOSITORY } from "../support/file_url.ts";
import { readPprofWithPeer } from "../support/pprof_peer.ts";
import { sha256Hex } from "../support/sha256.ts";
import { assertValidSpeedscope } from "../support/speedscope_validity.ts";
import {
  OWN_CAPTURES,
  ownCapture,
  requireCaptures,
  SHARED_CAPTURES,
} from "../support/nettrace_captures.ts";
import { sharedData } from "../support/shared_data.ts";
import { testWith } from "../support/requirement.ts";

function pathOf(name: keyof typeof OWN_CAPTURES): string {
  return `${REPOSITORY}/tests/fixtures/nettrace/${OWN_CAPTURES[name]}`;
}

async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runMain([...args, "--quiet"]);
  assertEquals(code, 0, stderr);
  return stdout;
}

Deno.test("info tells version, process, providers and what to do next", async () => {
  const info = JSON.parse(await run("info", "--json", pathOf("workload")));
  assertEquals(info.format, "nettrace");
  assertEquals(info.version, "4 (.NET Core 3.0 and later)");
  assertEquals(info.writer, ".NET 10.0.1226.42308");
  assertEquals(info.startTime, "2026-11-21T00:26:29.990301803Z");
  assertEquals(info.trace.process, "12710");
  assertEquals([info.trace.events, info.trace.lostEvents], [16_270, 0]);
  assertEquals(info.providers.length, 9);
  assertEquals(info.hints, undefined);
  assertEquals(info.next[0], "report FILE");
  assert(info.next.includes("convert FILE --to counters-csv"));
});

Deno.test("info says what a trace lacks", async () => {
  const jit = JSON.parse(await run("info", "--json", pathOf("jit")));
  assertStringIncludes(jit.hints[0], "no rundown");
  const events = JSON.parse(await run("info", "--json", pathOf("events")));
  assertEquals(events.hints, [
    "no CPU samples: providers in the trace are Tracedeck-Workload, Microsoft-DotNETCore-EventPipe, Tracedeck-Workload-Shaped",
  ]);
  const empty = JSON.parse(await run("info", "--json", pathOf("v6Minimal")));
  assertEquals(empty.version, "6.0");
  assertEquals(empty.hints, ["the trace has no events"]);
});

Deno.test("info tells of lost events and ends with 3", async () => {
  const { code, stdout, stderr } = await runMain([
    "info",
    "--json",
    pathOf("v5Features"),
  ]);
  assertEquals(code, 3);
  assertStringIncludes(stderr, "nettrace events lost (2)");
  assertEquals(JSON.parse(stdout).lostEvents[0].count, 2);
});

Deno.test("info tells where a cut trace ends", async () => {
  const bytes = ownCapture("events");
  const { code, stdout } = await runMain(["info", "--json", "-"], {
    stdin: bytes.subarray(0, bytes.length - 1),
  });
  assertEquals(code, 3);
  assertEquals(
    JSON.parse(stdout).trace.end,
    `truncated at byte ${bytes.length - 1}`,
  );
});

Deno.test("events lists fields, counters and stacks", async () => {
  const lines = (await run(
    "events",
    "--json",
    "--stacks",
    "--name",
    "Exception/Start",
    "--limit",
    "1",
    pathOf("workload"),
  )).trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.length, 1);
  assertEquals(
    lines[0].fields.ExceptionType,
    "System.InvalidOperationException",
  );
  assert(
    lines[0].stack.includes(
      "Workload!Tracedeck.Workload.ExceptionWork.Run(int32,value class System.Threading.CancellationToken)",
    ),
  );
  const counters = (await run(
    "events",
    "--json",
    "--provider",
    "Tracedeck.Workload",
    pathOf("workload"),
  )).trim().split("\n").map((line) => JSON.parse(line));
  assert(counters.every(({ type }) => type === "counter"));
});

Deno.test("report tells functions and what else the trace has, from a file and from standard input", async () => {
  const path = pathOf("workload");
  const report = JSON.parse(await run("report", "--json", path));
  assertEquals(report.gc.collections, 6);
  assertEquals(report.exceptions.count, 54);
  assertStringIncludes(report.functions[0].name, "WaitHandle.WaitOneNoCheck");
  const { code, stdout } = await runMain(["report", "--json", "-"], {
    stdin: ownCapture("workload"),
  });
  assertEquals(code, 0);
  assertEquals(
    JSON.parse(stdout),
    { ...report, title: "standard input" },
  );
});

Deno.test("report counts what was lost once although it reads twice", async () => {
  const { code, stderr } = await runMain([
    "report",
    "--json",
    pathOf("v5Features"),
  ]);
  assertEquals(code, 3);
  assertStringIncludes(stderr, "nettrace events lost (2)");
});

for (
  const [kind, value, total] of [
    ["samples", "wall", 11_764_080_259],
    ["allocations", "alloc_space", 6_225_056],
    ["contention", "delay", 6_669_749],
    ["exceptions", "exceptions", 54],
  ] as const
) {
  Deno.test(`report shows a profile of ${kind}`, async () => {
    const report = JSON.parse(
      await run("report", "--json", "--kind", kind, pathOf("workload")),
    );
    assertStringIncludes(report.profile.value, value);
    assertEquals(report.profile.total, total);
  });
}

Deno.test("report of method traceevent has dotnet-trace's tables", async () => {
  const report = JSON.parse(
    await run(
      "report",
      "--json",
      "--method",
      "traceevent",
      "--top",
      "3",
      pathOf("workload"),
    ),
  );
  assertEquals(report.topExclusive, [
    "Top 3 Functions (Exclusive)                                                  Inclusive           Exclusive           ",
    "1. WaitHandle.WaitOneNoCheck(int32,bool,class System.Object,value class W    51.82%              51.82%              ",
    "2. LowLevelLifoSemaphore.WaitNative(class Microsoft.Win32.SafeHandles.Saf    29.21%              29.21%              ",
    "3. CpuWork.Inner(unsigned int64)                                             3.96%               3.96%               ",
  ]);
});

Deno.test("convert writes pprof that another reader understands", async () => {
  const { code, stdoutBytes } = await runMain([
    "convert",
    "--to",
    "pprof",
    pathOf("workload"),
  ]);
  assertEquals(code, 0);
  const profile = await readPprofWithPeer(stdoutBytes);
  assertEquals(profile.sampleTypes, [
    "samples/count",
    "wall/nanoseconds",
    "managed/nanoseconds",
  ]);
  assertEquals(profile.defaultSampleType, "wall");
  assertEquals([profile.periodType, profile.period], [
    "wall/nanoseconds",
    1_000_000n,
  ]);
  assertEquals(profile.timeNs, 1_795_220_789_998_275_760n);
  const total = profile.samples.reduce(
    (sum, { values }) => sum + values[1]!,
    0n,
  );
  assertEquals(total, 11_764_080_259n);
  const work = profile.samples.find(({ frames }) =>
    frames.at(-1)?.name.includes("CpuWork.Inner(")
  )!;
  assertEquals(
    work.frames.at(-1)!.name,
    "Tracedeck.Workload.CpuWork.Inner(unsigned int64)",
  );
  assertEquals(work.frames.at(-1)!.mapping, "/tmp/workload/Workload.dll");
  assert(work.labels.some((label) => label.startsWith("thread_id=")));
});

Deno.test("convert writes equal bytes for equal input", async () => {
  for (const to of ["pprof", "speedscope", "chromium", "folded", "jsonl"]) {
    const once = await runMain(["convert", "--to", to, pathOf("jit")]);
    const again = await runMain(["convert", "--to", to, pathOf("jit")]);
    assertEquals(once.code, 0, to);
    assertEquals(once.stdoutBytes, again.stdoutBytes, to);
  }
});

Deno.test("convert writes folded stacks as dotnetdiag does", async () => {
  const { stdoutBytes } = await runMain([
    "convert",
    "--to",
    "folded",
    "--method",
    "dotnetdiag",
    pathOf("jit"),
  ]);
  assertEquals(
    await sha256Hex(new Uint8Array(stdoutBytes)),
    "bc93d6d602c74f8a2d5e8a1f6b6bc5cbaaf9bb03c5e71fac9f659266e01046fc",
  );
});

testWith(
  "convert writes dotnetdiag's folded stacks of a packed trace",
  [requireCaptures("heartRateMonitor")],
  async () => {
    const { code, stdoutBytes } = await runMain([
      "convert",
      "--to",
      "folded",
      "--method",
      "dotnetdiag",
      "--managed-only",
      sharedData(SHARED_CAPTURES.heartRateMonitor)!,
    ]);
    assertEquals(code, 0);
    assertEquals(
      await sha256Hex(new Uint8Array(stdoutBytes)),
      "617c0c16e3f8f43ad768e21b1e776eca36e9ff6d0c4d1f991ab81e34cc750a22",
    );
  },
);

Deno.test("convert writes speedscope as dotnet-trace does, the exporter given", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const output = `${folder}/jit.speedscope.json`;
    await run(
      "convert",
      "--method",
      "traceevent",
      "--exporter",
      "EXPORTER",
      pathOf("jit"),
      "-o",
      output,
    );
    assertEquals(
      await sha256Hex(await Deno.readFile(output)),
      "73c12d452fc1c4f979e6b1b9fc72ac3dafa60a12303d628b3688776e77193548",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("convert writes speedscope that fulfils its conditions, by every method", async () => {
  for (const method of ["native", "traceevent"]) {
    const text = await run(
      "convert",
      "--to",
      "speedscope",
      "--method",
      method,
      pathOf("workload"),
    );
    assertValidSpeedscope(text);
  }
});

Deno.test("convert writes Chromium events with real processes, collections and counters", async () => {
  const { traceEvents } = JSON.parse(
    await run("convert", "--to", "chromium", pathOf("workload")),
  );
  type Event = {
    readonly ph: string;
    readonly name: string;
    readonly pid: number;
    readonly ts: number;
    readonly id?: number;
  };
  const events = traceEvents as Event[];
  assert(events.every(({ pid }) => pid === 12_710));
  assert(events.some(({ ph, name }) => ph === "M" && name === "process_name"));
  assertEquals(
    events.filter(({ ph, name }) => ph === "b" && name.startsWith("GC pause"))
      .length,
    6,
  );
  assert(
    events.some(({ ph, name }) =>
      ph === "C" && name === "temperature{site=north}"
    ) ||
      events.some(({ ph, name }) => ph === "C" && name === "temperature"),
  );
  for (const { ph, id } of events) {
    if (ph === "b") {
      assert(events.some((other) => other.ph === "e" && other.id === id));
    }
  }
});

Deno.test("convert writes counters as dotnet-counters does", async () => {
  const csv = (await run("convert", "--to", "counters-csv", pathOf("workload")))
    .split("\n");
  assertEquals(
    csv[0],
    "Timestamp,Provider,Counter Name,Counter Type,Mean/Increment",
  );
  assert(csv.includes(
    "11/21/2026 00:26:30,Tracedeck.Workload,temperature (Cel)[site=north],Metric,20.5",
  ));
  const json = JSON.parse(
    await run("convert", "--to", "counters-json", pathOf("workload")),
  );
  assertEquals(json.TargetProcess, "Workload");
  assertEquals(json.Events.length, csv.length - 2);
});

Deno.test("convert says when there is nothing to write", async () => {
  for (
    const [to, path, words] of [
      [
        "folded",
        pathOf("events"),
        "no CPU samples: providers in the trace are Tracedeck-Workload",
      ],
      ["pprof", pathOf("events"), "no CPU samples"],
      ["speedscope", pathOf("events"), "no CPU samples"],
      ["counters-csv", pathOf("events"), "no counters"],
    ] as const
  ) {
    const { code, stderr } = await runMain(["convert", "--to", to, path]);
    assertEquals(code, 3, to);
    assertStringIncludes(stderr, words);
  }
});

Deno.test("convert takes the wanted part of a trace", async () => {
  const totalOf = async (...args: string[]) => {
    const text = await run(
      "convert",
      "--to",
      "folded",
      ...args,
      pathOf("workload"),
    );
    return text.trim().split("\n").reduce(
      (sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))),
      0,
    );
  };
  const all = await totalOf();
  assertEquals(all, 11_764_080_259);
  const thread = await totalOf("--tid", "12710");
  assert(thread > 1e9 && thread < all / 4);
  const focused = await totalOf("--focus", "*CpuWork.Outer*");
  assert(focused > 1e9 && focused < thread);
  const { code, stdoutBytes } = await runMain([
    "convert",
    "--to",
    "pprof",
    "--tid",
    "12710",
    pathOf("workload"),
  ]);
  assertEquals(code, 0);
  const profile = await readPprofWithPeer(stdoutBytes);
  assertEquals(
    profile.samples.reduce((sum, { values }) => sum + values[1]!, 0n),
    BigInt(thread),
  );
});

Deno.test("convert merges several traces into one profile", async () => {
  const text = await run(
    "convert",
    "--to",
    "folded",
    pathOf("jit"),
    pathOf("jit"),
  );
  const sum = text.trim().split("\n").reduce(
    (total, line) => total + Number(line.slice(line.lastIndexOf(" "))),
    0,
  );
  assertEquals(sum, 2 * 660_630_331);
});

Deno.test("diff compares two traces by their samples", async () => {
  const diff = await run("diff", pathOf("jit"), pathOf("workload"));
  assertStringIncludes(diff, "CpuWork");
});

Deno.test("every verb tells damage of a trace by its offset and ends with 3", async () => {
  const bytes = ownCapture("jit").slice(0, 30_000);
  for (
    const args of [
      ["info"],
      ["events", "--json"],
      ["report", "--json"],
      ["convert", "--to", "folded"],
    ]
  ) {
    const { code, stderr } = await runMain([...args, "-"], { stdin: bytes });
    assertEquals(code, 3, args[0]);
    assertStringIncludes(stderr, "at byte");
  }
});

Deno.test("options that a trace does not allow end with 2, sections it lacks with 1", async () => {
  const workload = pathOf("workload");
  const cases: readonly (readonly [number, string, readonly string[]])[] = [
    [2, "it has samples, wall, managed", [
      "report",
      workload,
      "--value",
      "nope",
    ]],
    [2, "it has samples, wall, managed", [
      "diff",
      workload,
      workload,
      "--value",
      "nope",
    ]],
    [2, "keeps no times", [
      ...["convert", workload, "--to", "chromium"],
      ...["--method", "dotnetdiag"],
    ]],
    [2, "for samples alone", [
      ...["report", workload, "--kind", "heap"],
      ...["--method", "traceevent"],
    ]],
    [1, 'Cannot report section "heap" of', [
      "report",
      workload,
      "--section",
      "heap",
    ]],
  ];
  for (const [expected, message, args] of cases) {
    const { code, stderr } = await runMain(args);
    assertEquals(code, expected, stderr);
    assertStringIncludes(stderr, message);
  }
});
