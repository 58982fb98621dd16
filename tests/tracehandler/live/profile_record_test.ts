import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openLibc } from "../../../src/platform/libc.ts";
import { readFolded } from "../../../src/profile/read_folded.ts";
import { sumFunctions } from "../../../src/profile/function_totals.ts";
import { streamOf } from "../../support/byte_stream.ts";
import { buildWorkload } from "../../support/dotnet.ts";
import { REPOSITORY } from "../../support/file_url.ts";
import { runMain } from "../../support/memory_host.ts";
import { findPeer, requirePeers } from "../../support/peers.ts";
import { requirePerf } from "../../support/perf_right.ts";
import { requireThat, testWith } from "../../support/requirement.ts";
import { compileSpin } from "../../support/spin_program.ts";

const OWN = [requirePerf("own"), requirePeers("gcc")];
const MACHINE = [requirePerf("machine"), requirePeers("gcc")];
/** Points by which shares may differ: a few thousand samples, on a machine that does other work. */
const TOLERANCE = 5;

/** Shares of functions in percent of those samples that have `root`. */
async function sharesOf(
  folded: string | Uint8Array,
  root: string,
): Promise<(name: string) => number> {
  const bytes = typeof folded === "string"
    ? new TextEncoder().encode(folded)
    : folded;
  const profile = await readFolded(streamOf(bytes));
  const { functions } = sumFunctions(profile);
  const inclusive = new Map(
    functions.map(({ name, inclusive }) => [name, inclusive]),
  );
  const total = inclusive.get(root);
  assert(total !== undefined && total > 200, `too few samples of ${root}`);
  return (name) => 100 * (inclusive.get(name) ?? 0) / total;
}

function assertNear(actual: number, expected: number, what: string): void {
  assert(
    Math.abs(actual - expected) <= TOLERANCE,
    `${what} has ${actual.toFixed(1)} %, expected ${expected} %`,
  );
}

async function withFolder(
  work: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

interface Running extends AsyncDisposable {
  readonly pid: number;
}

function start(program: string, args: readonly string[]): Running {
  const child = new Deno.Command(program, {
    args: [...args],
    stdout: "null",
    stderr: "null",
  }).spawn();
  return {
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await child.status;
    },
  };
}

testWith(
  "profile record samples a program from its first instruction to its end",
  OWN,
  () =>
    withFolder(async (folder) => {
      using _libc = openLibc();
      const spin = await compileSpin(folder);
      const output = `${folder}/out.folded`;
      const { code, stderr } = await runMain([
        ...["profile", "record", "-F", "999", "-o", output],
        ...["--", spin, "1.5"],
      ]);
      assertEquals(code, 0, stderr);
      assertStringIncludes(stderr, "the program ended with exit code 7");
      assertStringIncludes(stderr, ", 0 lost");
      const share = await sharesOf(await Deno.readFile(output), "main");
      assertNear(share("heavy"), 60, "heavy");
      assertNear(share("medium"), 30, "medium");
      assertNear(share("light"), 10, "light");
      assert(share("work") > 90, "work is below all three");
    }),
);

testWith(
  "profile record attaches to all threads of a process and ends with it",
  OWN,
  () =>
    withFolder(async (folder) => {
      using _libc = openLibc();
      const spin = await compileSpin(folder);
      await using running = start(spin, ["0.6", "2"]);
      const { code, stdout, stderr } = await runMain([
        ...["profile", "record", "-p", `${running.pid}`, "--user-only"],
        ...["-o", "-", "--to", "folded"],
      ]);
      assertEquals(code, 0, stderr);
      // Threads that ran before, and the first one.
      const share = await sharesOf(stdout, "loop");
      assertNear(share("heavy"), 60, "heavy");
      assertStringIncludes(stdout, "start_thread;loop;");
      assertStringIncludes(stdout, "main;loop;");
    }),
);

testWith(
  "profile record ends on Ctrl-C and writes what it has; speedscope without a name",
  OWN,
  () =>
    withFolder(async (folder) => {
      using _libc = openLibc();
      const spin = await compileSpin(folder);
      await using running = start(spin, ["20"]);
      const controller = new AbortController();
      const stopping = usesProcessor(running.pid, 1)
        .then(() => controller.abort());
      const output = `${folder}/out.speedscope.json`;
      const { code, stderr } = await runMain([
        ...["profile", "record", "-p", `${running.pid}`, "-o", output],
      ], { signal: controller.signal });
      await stopping;
      assertEquals(code, 0, stderr);
      const { profiles, shared } = JSON.parse(await Deno.readTextFile(output));
      assert(profiles[0].samples.length > 50);
      const names = shared.frames.map((frame: { name: string }) => frame.name);
      assert(names.includes("heavy"), names.join());
    }),
);

testWith(
  "profile record --top shows hot functions while it records",
  OWN,
  () =>
    withFolder(async (folder) => {
      using _libc = openLibc();
      const spin = await compileSpin(folder);
      const { code, stdout, stderr } = await runMain([
        ...["profile", "record", "--top", "--top-interval", "300ms"],
        ...["-o", `${folder}/out.pb.gz`, "--stats", "json", "--", spin, "1"],
      ], { now: () => performance.now() });
      assertEquals(code, 0, stderr);
      const shown = stdout.split("spin: ").slice(1);
      assert(shown.length >= 2, stdout);
      assert(shown.some((text) => text.includes("work")), stdout);
      const metrics = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
      assert(metrics["agent.trace_cache.hits"] > 100);
      assertEquals(metrics["agent.errors.perf_event_lost"], 0);
    }),
);

testWith(
  "profile record counts samples for which there was no room",
  OWN,
  () =>
    withFolder(async (folder) => {
      using _libc = openLibc();
      const spin = await compileSpin(folder);
      const { code, stderr } = await runMain([
        ...["profile", "record", "-F", "20000", "--ring-pages", "1"],
        ...["-o", `${folder}/out.folded`, "--", spin, "0.6"],
      ]);
      assertEquals(code, 3, stderr);
      assertStringIncludes(stderr, "samples lost");
      assertStringIncludes(stderr, "use a larger --ring-pages");
    }),
);

testWith(
  "profile record says what it cannot do",
  OWN,
  () =>
    withFolder(async (folder) => {
      using _libc = openLibc();
      const cases: readonly (readonly [readonly string[], number, string])[] = [
        [[], 2, "Cannot tell what is to be sampled"],
        [["-p", "x"], 2, 'Cannot use "x" as --pid'],
        [["-p", "1073741823"], 1, "there is no such process"],
        [["-F", "0", "--", "true"], 2, 'Cannot use "0" as --freq'],
        [["-F", "1000000", "--", "true"], 1, "perf_event_max_sample_rate is"],
        [["-e", "nothing", "--", "true"], 2, 'Cannot sample event "nothing"'],
        [["-m", "3", "--", "true"], 2, "it is no power of two"],
        [["-C", "9-1", "--", "true"], 2, "Cannot read list of processors"],
        [["-C", "4095", "--", "true"], 1, "may be switched off"],
        [["--max-stack", "65535", "--", "true"], 1, "perf_event_max_stack is"],
        [["--children", "-a"], 2, "Cannot use --children without --pid"],
        [["-G", "no/such", "-d", "1s"], 1, "Cannot open control group"],
        [["--", `${folder}/none`], 1, "there is no such program"],
        [["-o", "x.har", "--", "true"], 2, "cannot hold a profile"],
      ];
      for (const [args, expected, text] of cases) {
        const output = args.includes("-o")
          ? []
          : ["-o", `${folder}/out.folded`];
        const { code, stderr } = await runMain([
          ...["profile", "record", ...output],
          ...args,
        ]);
        assertStringIncludes(stderr, text);
        assertEquals(code, expected, args.join(" "));
      }
      assertEquals(await Array.fromAsync(Deno.readDir(folder)), []);
    }),
);

testWith("profile record finds the files of a process with another root", [
  ...MACHINE,
  requirePeers("chroot"),
  requireThat(Deno.uid() === 0, "chroot needs root"),
], () =>
  withFolder(async (folder) => {
    using _libc = openLibc();
    const root = `${folder}/root`;
    await Deno.mkdir(root);
    const spin = await compileSpin(root, ["-static"]);
    await Deno.rename(spin, `${root}/only-here`);
    await using running = start("chroot", [root, "/only-here", "1"]);
    const { code, stdout, stderr } = await runMain([
      ...["profile", "record", "-p", `${running.pid}`],
      ...["-o", "-", "--to", "folded"],
    ]);
    assertEquals(code, 0, stderr);
    const share = await sharesOf(stdout, "main");
    assertNear(share("heavy"), 60, "heavy");
  }));

testWith(
  "profile record samples the machine with its kernel, but not itself",
  MACHINE,
  () =>
    withFolder(async (folder) => {
      using _libc = openLibc();
      await using running = start("dd", [
        "if=/dev/zero",
        "of=/dev/null",
        "bs=1M",
      ]);
      const output = `${folder}/out.jsonl.pb.gz`;
      const { code, stderr } = await runMain([
        ...["profile", "record", "-a", "-d", "1s", "-o", output],
      ]);
      assertEquals(code, 0, stderr);
      const pid = `${running.pid}`;
      const report = await runMain(["report", output, "--pid", pid, "--json"]);
      // What it does there all the time, by its name in the kernel.
      assertStringIncludes(report.stdout, "read_zero");
      const own = await runMain(["report", output, "--pid", `${Deno.pid}`]);
      assertStringIncludes(`${own.stdout}${own.stderr}`, "no sample matches");
    }),
);

testWith("profile record samples programs of a user without privilege", [
  requirePerf("own"),
  requirePeers("gcc"),
  requirePeers("setpriv"),
  requireThat(Deno.uid() === 0, "becoming another user needs root"),
  requireThat(canBeRunByOthers(), "deno cannot be run by another user"),
], () =>
  withFolder(async (folder) => {
    const spin = await compileSpin(folder);
    await Deno.chmod(folder, 0o777);
    const { stderr: bytes } = await new Deno.Command("setpriv", {
      args: [
        ...["--reuid=65534", "--regid=65534", "--clear-groups"],
        ...["--inh-caps=-all", "--bounding-set=-all"],
        ...[Deno.execPath(), "run", "-A", "--no-lock", "--no-check"],
        ...["--import-map", `${REPOSITORY}/tests/offline/import_map.json`],
        ...[`${REPOSITORY}/cli.ts`, "profile", "record"],
        ...["-o", `${folder}/out.folded`, "--", spin, "1"],
      ],
      env: { DENO_DIR: `${folder}/deno`, HOME: folder, NO_COLOR: "1" },
    }).output();
    const stderr = new TextDecoder().decode(bytes);
    assertStringIncludes(stderr, "kernel.perf_event_paranoid is");
    const share = await sharesOf(
      await Deno.readFile(`${folder}/out.folded`),
      "main",
    );
    assertNear(share("heavy"), 60, "heavy");
  }));

const NODE_SOURCE = `
const { writeFileSync } = require("node:fs");
writeFileSync(process.argv[2], String(process.pid));
function heavyWork() { let s = 0; for (let i = 0; i < 600000; i++) s = (s * 31 + i) | 0; return s; }
function mediumWork() { let s = 0; for (let i = 0; i < 300000; i++) s = (s * 31 + i) | 0; return s; }
function lightWork() { let s = 0; for (let i = 0; i < 100000; i++) s = (s * 31 + i) | 0; return s; }
let sum = 0;
while (process.cpuUsage().user < 1.5e6) sum ^= heavyWork() + mediumWork() + lightWork();
`;

testWith("profile record names what Node compiled", [
  ...OWN,
  requirePeers("node"),
], () =>
  withFolder(async (folder) => {
    using _libc = openLibc();
    const script = `${folder}/app.js`;
    await Deno.writeTextFile(script, NODE_SOURCE);
    const output = `${folder}/out.folded`;
    const { code, stderr } = await runMain([
      ...["profile", "record", "-o", output, "--", findPeer("node")!],
      ...["--perf-basic-prof", "--no-turbo-inlining"],
      ...[`--logfile=${folder}/v8.log`, "--no-logfile-per-isolate", script],
      `${folder}/pid`,
    ]);
    const pid = await Deno.readTextFile(`${folder}/pid`);
    await Deno.remove(`/tmp/perf-${pid}.map`);
    assertEquals(code, 0, stderr);
    const share = await sharesOf(
      await Deno.readFile(output),
      "node::Start(int, char**)",
    );
    const heavy = share("heavyWork");
    const medium = share("mediumWork");
    const light = share("lightWork");
    const all = heavy + medium + light;
    assert(all > 50, `functions have ${all} % of node's time`);
    assertNear(100 * heavy / all, 60, "heavyWork");
    assertNear(100 * medium / all, 30, "mediumWork");
    assertNear(100 * light / all, 10, "lightWork");
  }));

testWith("profile record names what .NET compiled", [
  ...OWN,
  requirePeers("dotnet"),
], () =>
  withFolder(async (folder) => {
    using _libc = openLibc();
    const program = await buildWorkload();
    const output = `${folder}/out.folded`;
    const { code, stderr } = await runMain([
      ...["profile", "record", "--user-only", "-o", output, "--"],
      ...[
        "sh",
        "-c",
        'echo $$ > "$1"; DOTNET_PerfMapEnabled=1 exec dotnet "$2" cpu 300 > "$3"',
      ],
      ...["sh", `${folder}/pid`, program, `${folder}/log`],
    ]);
    const pid = (await Deno.readTextFile(`${folder}/pid`)).trim();
    await Deno.remove(`/tmp/perf-${pid}.map`);
    assertEquals(code, 0, stderr);
    const profile = await readFolded(streamOf(await Deno.readFile(output)));
    const { functions } = sumFunctions(profile);
    const total = functions.find(({ name }) =>
      name.includes("CpuWork::Run(")
    )!.inclusive;
    // What is said of each method's own work, beside the workload's source.
    for (
      const [method, expected] of [
        ["CpuWork::Inner(uint64)", 37.5],
        ["CpuWork::Half(uint64)", 12.5],
        ["CpuWork::Down(uint64,int32)", 6.25],
        ["::Turn(uint64)", 25],
      ] as const
    ) {
      const found = functions.find(({ name }) => name.endsWith(method));
      assertNear(100 * (found?.exclusive ?? 0) / total, expected, method);
    }
  }));

/** Waits until a process has had so much more of a processor, however busy the machine is. */
async function usesProcessor(pid: number, seconds: number): Promise<void> {
  const usedTicks = async () => {
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[11]);
  };
  const limit = await usedTicks() + seconds * 100;
  while (await usedTicks() < limit) {
    const { promise, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, 50);
    await promise;
  }
}

function canBeRunByOthers(): boolean {
  let path = Deno.realPathSync(Deno.execPath());
  while (path !== "/") {
    const { mode } = Deno.statSync(path);
    if (((mode ?? 0) & 0o001) === 0) return false;
    path = path.slice(0, path.lastIndexOf("/")) || "/";
  }
  return true;
}
