import {
  assert,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { collectNettrace } from "../../../src/eventpipe/collect_nettrace.ts";
import type { NettraceMetadata } from "../../../src/eventpipe/nettrace/types.ts";
import { waitForPort } from "../../../src/eventpipe/ipc/wait_for_port.ts";
import { openLibc } from "../../../src/platform/libc.ts";
import { readFileStream } from "../../../src/platform/file_source.ts";
import { buildWorkload, startWorkload } from "../../support/dotnet.ts";
import { runMain } from "../../support/memory_host.ts";
import { findPeer, requirePeers } from "../../support/peers.ts";
import { testWith } from "../../support/requirement.ts";

const DOTNET = [requirePeers("dotnet")];
// Kept open for as long as the process runs; opened here, it is no test's leak.
if (Deno.build.os === "linux") openLibc();
const ALL_TICKS = "Tracedeck-Workload:FFFFFFFFFFFFFFFF:5";

async function run(...args: readonly string[]) {
  const result = await runMain(["eventpipe", ...args]);
  return { ...result, lines: result.stdout.trimEnd().split("\n") };
}

/** A folder that goes with the scope. */
async function scratch() {
  const path = await Deno.makeTempDir();
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** Counts the events of a trace by provider and name. */
async function countEvents(path: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  await collectNettrace(readFileStream(path), [{
    handlerOf: ({ providerName, eventName }: NettraceMetadata) => () => {
      const key = `${providerName}/${eventName}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    },
  }]);
  return counts;
}

testWith(
  "eventpipe ps, process, env, set-env and resume work",
  DOTNET,
  async () => {
    await using workload = await startWorkload(["idle"], {
      env: { TRACEDECK_PROBE: "before" },
    });
    const pid = String(workload.pid);
    const list = JSON.parse((await run("ps", "--json", "--runtime")).stdout);
    const row = list.find((each: { pid: number }) => each.pid === workload.pid);
    assertEquals([row.nsPid, row.runtime.split(".").length], [workload.pid, 3]);
    assertStringIncludes(row.socket, `dotnet-diagnostic-${pid}-`);
    assert(
      (await run("ps")).lines.some((line) =>
        line.includes(` ${pid} `) || line.startsWith(pid)
      ),
    );

    const info = JSON.parse((await run("process", "-p", pid, "--json")).stdout);
    assertEquals([info.processId, info.entrypointAssembly], [
      workload.pid,
      "Workload",
    ]);

    assertEquals(
      (await run("set-env", "-p", pid, "TRACEDECK_PROBE=after", "NEW=a=b"))
        .code,
      0,
    );
    const { stdout } = await run("env", "-p", pid, "--json");
    const env = JSON.parse(stdout);
    assertEquals([env.TRACEDECK_PROBE, env.NEW], ["after", "a=b"]);
    await run("set-env", "-p", pid, "NEW");
    assert(!(await run("env", "-p", pid)).stdout.includes("NEW="));
    assertEquals((await run("resume", "-p", pid)).code, 0);
  },
);

testWith(
  "eventpipe collect records, converts and can be reported",
  DOTNET,
  async () => {
    await using folder = await scratch();
    await using workload = await startWorkload(["cpu", "--seconds", "20"]);
    const path = `${folder.path}/t.nettrace`;
    const result = await run(
      "collect",
      "-p",
      String(workload.pid),
      "--duration",
      "1s",
      "-o",
      path,
      "--format",
      "Speedscope,folded",
    );
    assertEquals(result.code, 0, result.stderr);
    assertStringIncludes(result.stderr, "0x000000100003801D");
    const folded = await Deno.readTextFile(`${folder.path}/t.folded`);
    assertStringIncludes(folded, "CpuWork");
    JSON.parse(await Deno.readTextFile(`${folder.path}/t.speedscope.json`));
    assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
  },
);

testWith(
  "eventpipe collect traces a program from its first instruction",
  DOTNET,
  async () => {
    await using folder = await scratch();
    const path = `${folder.path}/c.nettrace`;
    const dll = await buildWorkload();
    const result = await run(
      "collect",
      "-o",
      path,
      "--providers",
      ALL_TICKS,
      "--",
      findPeer("dotnet")!,
      dll,
      "events",
      "2000",
      "4",
    );
    assertEquals(result.code, 0, result.stderr);
    const counts = await countEvents(path);
    assertEquals(counts.get("Tracedeck-Workload/Tick"), 8000);
  },
);

testWith(
  "eventpipe collect ends the program that it started when the time is over",
  DOTNET,
  async () => {
    await using folder = await scratch();
    const result = await run(
      "collect",
      "-o",
      `${folder.path}/e.nettrace`,
      "--duration",
      "300ms",
      "--",
      findPeer("dotnet")!,
      await buildWorkload(),
      "cpu",
      "--seconds",
      "300",
    );
    assertEquals(result.code, 0, result.stderr);
    const pid = Number(/^Process +: (\d+)/m.exec(result.stderr)?.[1]);
    assertThrows(() => Deno.kill(pid, "SIGCONT"), Deno.errors.NotFound);
  },
);

testWith(
  "eventpipe collect waits for a runtime that dials and is suspended",
  DOTNET,
  async () => {
    await using folder = await scratch();
    const port = `${folder.path}/port.sock`;
    const path = `${folder.path}/d.nettrace`;
    const recording = run(
      "collect",
      "--diagnostic-port",
      port,
      "-o",
      path,
      "--providers",
      ALL_TICKS,
    );
    await using workload = await startWorkload(["events", "500", "2"], {
      suspended: true,
      env: { DOTNET_DiagnosticPorts: `${port},suspend` },
    });
    await workload.ready();
    const { code, stderr } = await recording;
    assertEquals(code, 0, stderr);
    assertEquals(
      (await countEvents(path)).get("Tracedeck-Workload/Tick"),
      1000,
    );
  },
);

testWith("eventpipe collect ends at the stopping event", DOTNET, async () => {
  await using folder = await scratch();
  await using workload = await startWorkload([
    "events",
    "--seconds",
    "20",
    "--gate",
  ]);
  const recording = run(
    "collect",
    "-p",
    String(workload.pid),
    "-o",
    `${folder.path}/s.nettrace`,
    "--providers",
    ALL_TICKS,
    "--rundown",
    "false",
    "--stopping-event-provider-name",
    "Tracedeck-Workload",
    "--stopping-event-event-name",
    "Tick",
    "--stopping-event-payload-filter",
    "index:100",
  );
  // The session is there when the runtime says so.
  while (
    JSON.parse(
      (await run("process", "-p", String(workload.pid), "--json")).stdout,
    ).clrVersion === ""
  ) await Promise.resolve();
  await workload.openGate();
  const { code } = await recording;
  assert(code === 0 || code === 3);
});

testWith(
  "eventpipe collect writes parts that are traces of their own",
  DOTNET,
  async () => {
    await using folder = await scratch();
    await using workload = await startWorkload(["cpu", "--seconds", "20"]);
    const { code, stderr } = await run(
      "collect",
      "-p",
      String(workload.pid),
      "-o",
      `${folder.path}/p.nettrace`,
      "--split-time",
      "700ms",
      "--duration",
      "1600ms",
    );
    assertEquals(code, 0, stderr);
    for (const part of ["000", "001"]) {
      const report = await runMain([
        "report",
        `${folder.path}/p.${part}.nettrace`,
      ]);
      assertEquals(report.code, 0);
      assertStringIncludes(report.stdout, "CpuWork");
    }
  },
);

testWith(
  "eventpipe collect keeps what there is when the process is killed",
  DOTNET,
  async () => {
    // Spread over start, sampling and end of short recordings.
    for (const afterMs of [5, 60, 350]) {
      await using folder = await scratch();
      await using workload = await startWorkload(["all", "--seconds", "20"], {
        // What a killed process leaves behind goes with the folder.
        env: { TMPDIR: folder.path },
      });
      const path = `${folder.path}/k.nettrace`;
      const recording = run("collect", "-p", String(workload.pid), "-o", path);
      while (!await exists(path)) {
        await new Promise((done) => setTimeout(done, 5));
      }
      await new Promise((done) => setTimeout(done, afterMs));
      workload.kill("SIGKILL");
      const { code, stderr } = await recording;
      assertEquals(code, 3, stderr);
      assertStringIncludes(stderr, "may be incomplete");
    }
  },
);

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

testWith("eventpipe collect says which option is wrong", DOTNET, async () => {
  const wrong: readonly (readonly [readonly string[], string])[] = [
    [[], "which process"],
    [["-p", "1", "-n", "x"], "exclude"],
    [["-p", "1", "--profile", "cpu-sampling"], "dotnet-sampled-thread-time"],
    [["-p", "1", "--providers", "A,:1"], "at character 3"],
    [["-p", "1", "--duration", "5"], "90s"],
    [["-p", "1", "--stopping-event-event-name", "x"], "needs"],
    [["-p", "1", "--clrevents", "nope"], "not a valid CLR"],
    [["-p", "1", "--format", "pdf"], "pdf"],
  ];
  for (const [args, text] of wrong) {
    const { code, stderr } = await run("collect", ...args);
    assertEquals(code, 2, stderr);
    assertStringIncludes(stderr, text);
  }
  const both = await run("gcdump", "-p", "1", "-o", "-", "--report");
  assertEquals(both.code, 2, both.stderr);
  const gone = await run("collect", "-p", "999999999");
  assertEquals(gone.code, 1);
  assertStringIncludes(gone.stderr, "is not running");
});

testWith(
  "eventpipe counters shows and records values of both kinds",
  DOTNET,
  async () => {
    await using folder = await scratch();
    await using workload = await startWorkload(["counters", "--seconds", "30"]);
    const common = [
      "-p",
      String(workload.pid),
      "--duration",
      "2500ms",
      "--counters",
      "System.Runtime[dotnet.gc.collections],Tracedeck.Workload,EventCounters\\Tracedeck-Workload-Counters",
    ];
    const shown = await run("counters", "monitor", ...common);
    assertEquals(shown.code, 0, shown.stderr);
    for (
      const text of ["[System.Runtime]", "temperature (Cel)", "Queue depth"]
    ) {
      assertStringIncludes(shown.stdout, text);
    }
    assert(!shown.stdout.includes("dotnet.assembly.count"));
    const path = `${folder.path}/c`;
    assertEquals(
      (await run(
        "counters",
        "collect",
        ...common,
        "--format",
        "json",
        "-o",
        path,
      )).code,
      0,
    );
    const { Events } = JSON.parse(await Deno.readTextFile(`${path}.json`));
    assert(
      Events.some((each: { name: string }) =>
        each.name.startsWith("temperature")
      ),
    );
    const csv = await run("counters", "collect", ...common, "-o", "-");
    assertEquals(
      csv.lines[0],
      "Timestamp,Provider,Counter Name,Counter Type,Mean/Increment",
    );
    assert(csv.lines.length > 3);
  },
);

testWith(
  "eventpipe counters lets a runtime go on that waits at its start",
  DOTNET,
  async () => {
    await using folder = await scratch();
    const port = `${folder.path}/port.sock`;
    const recording = run(
      "counters",
      "collect",
      "--diagnostic-port",
      port,
      "--counters",
      "Tracedeck.Workload",
      "--duration",
      "2500ms",
      "-o",
      "-",
    );
    await using workload = await startWorkload(
      ["counters", "--seconds", "30"],
      { suspended: true, env: { DOTNET_DiagnosticPorts: `${port},suspend` } },
    );
    await workload.ready();
    const { code, stdout, stderr } = await recording;
    assertEquals(code, 0, stderr);
    assertStringIncludes(stdout, "Tracedeck.Workload,temperature (Cel)");
  },
);

testWith(
  "eventpipe counters writes a whole document when no value comes",
  DOTNET,
  async () => {
    await using workload = await startWorkload(["idle"]);
    const { stdout } = await run(
      "counters",
      "collect",
      "-p",
      String(workload.pid),
      "--counters",
      "NoSuchProvider",
      "--duration",
      "300ms",
      "--format",
      "json",
      "-o",
      "-",
    );
    const { StartTime, Events } = JSON.parse(stdout);
    assertEquals([Number.isNaN(Date.parse(StartTime)), Events], [false, []]);
  },
);

testWith(
  "eventpipe stack, top, gcdump, dump and perfmap look into a process",
  DOTNET,
  async () => {
    await using folder = await scratch();
    await using workload = await startWorkload(["cpu", "--seconds", "40"], {
      env: { TMPDIR: folder.path },
    });
    // Its folder for temporary files is not ours: its port is found by its environment.
    const pid = String(workload.pid);
    const stacks = JSON.parse((await run("stack", "-p", pid, "--json")).stdout);
    const main = stacks.find((each: { threadId: number }) =>
      each.threadId === workload.pid
    );
    assertStringIncludes(main.frames.at(-1), "Program.Main");
    const timer = stacks.find(({ frames }: { frames: string[] }) =>
      frames.some((name) => name.includes("TimerThread"))
    );
    assertEquals(timer.frames[0], "[Native Frames]");
    const top = await run(
      "top",
      "-p",
      pid,
      "--rounds",
      "2",
      "--interval",
      "300ms",
    );
    assertEquals(top.stdout.match(/Top functions/g)?.length, 2);
    assertStringIncludes(top.stdout, "CpuWork");

    const heap = `${folder.path}/h.gcdump`;
    const dumped = await run("gcdump", "-p", pid, "-o", heap, "--report");
    assertEquals(dumped.code, 0, dumped.stderr);
    assertStringIncludes(dumped.stdout, "System.String");
    assert((await Deno.stat(heap)).size > 10_000);

    const core = `${folder.path}/core`;
    assertEquals(
      (await run("dump", "-p", pid, "--type", "triage", "-o", core)).code,
      0,
    );
    assert((await Deno.stat(core)).size > 100_000);
    const failed = await run("dump", "-p", pid, "-o", `${folder.path}/no/core`);
    assertEquals(failed.code, 1);
    assertStringIncludes(failed.stderr, "0x80004005");

    assertEquals((await run("perfmap", "-p", pid, "perfmap")).code, 0);
    // Whatever TMPDIR says, as long as DOTNET_PerfMapJitDumpPath is not set.
    await Deno.remove(`/tmp/perf-${pid}.map`);
    assertEquals((await run("perfmap", "-p", pid, "off")).code, 0);
  },
);

testWith(
  "eventpipe startup-hook and profiler tell what a runtime answers",
  DOTNET,
  async () => {
    await using workload = await startWorkload(["idle"]);
    const pid = String(workload.pid);
    const guid = "cf0d821e-299b-5307-a3d8-b283c03916dd";
    const attach = await run(
      "profiler",
      "attach",
      guid,
      "/no/such.so",
      "-p",
      pid,
    );
    assertEquals(attach.code, 1);
    assertStringIncludes(attach.stderr, "HRESULT: 0x8007007E");
    assertEquals(
      (await run("profiler", "detach", guid, "/x", "-p", pid)).code,
      2,
    );
    const hook = await run("startup-hook", "/no/such.dll", "-p", pid);
    assertEquals(hook.code, 1);
    assertStringIncludes(hook.stderr, "it sees no file /no/such.dll");
    assertEquals((await run("startup-hook", "", "-p", pid)).code, 2);
    // It lives: the runtime was not asked.
    assertEquals((await run("process", "-p", pid)).code, 0);
  },
);

testWith(
  "eventpipe set-env and resume reach a runtime that waits at its start",
  DOTNET,
  async () => {
    await using workload = await startWorkload(["idle"], {
      suspended: true,
      env: { DOTNET_DefaultDiagnosticPortSuspend: "1" },
    });
    await waitForPort(workload.pid);
    const pid = String(workload.pid);
    assertEquals((await run("set-env", "-p", pid, "EARLY=1")).code, 0);
    assertEquals(
      (await run("startup-hook", await buildWorkload(), "-p", pid)).code,
      0,
    );
    assertEquals((await run("resume", "-p", pid)).code, 0);
    // An assembly that has no hook ends the program: it was applied.
    assertEquals((await workload.status).success, false);
  },
);

testWith("eventpipe collect ends at Enter on a terminal", DOTNET, async () => {
  await using folder = await scratch();
  await using workload = await startWorkload(["idle", "--seconds", "60"]);
  const { code, stderr } = await runMain(
    [
      ...["eventpipe", "collect", "-p", String(workload.pid)],
      ...["-o", `${folder.path}/e.nettrace`],
    ],
    { terminals: ["stdin"], stdin: new TextEncoder().encode("\n") },
  );
  assertEquals(code, 0, stderr);
  assertStringIncludes(stderr, "press Enter or Ctrl-C to stop");
  const { outcome } = await collectNettrace(
    readFileStream(`${folder.path}/e.nettrace`),
    [],
  );
  assertEquals(outcome.type, "complete");
});

Deno.test("eventpipe collect lists its presets", async () => {
  const { code, lines } = await run("collect", "--list-profiles");
  assertEquals(code, 0);
  assertEquals(lines.filter((line) => line.includes("(default)")).length, 2);
  const { stdout } = await run("collect", "--list-profiles", "--json");
  assertEquals(
    JSON.parse(stdout).find(({ name }: { name: string }) =>
      name === "gc-collect"
    ).providers[1],
    {
      name: "Microsoft-Windows-DotNETRuntimePrivate",
      keywords: "0x0000000000000001",
      level: 4,
      arguments: "",
    },
  );
});
