import { gzipSync } from "node:zlib";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  PERF_ATTR_FLAG,
  PERF_RECORD,
  PERF_SAMPLE,
} from "../../src/tracehandler/perf_event_table.ts";
import { REPOSITORY } from "../support/file_url.ts";
import { type MainResult, runMain } from "../support/memory_host.ts";
import { perfAttr, perfFile, perfRecord } from "../support/perf_data.ts";

const FOLDER = `${REPOSITORY}/tests/fixtures/tracehandler/perf`;
const FILE = `${FOLDER}/workload.perf.data`;
const PIPE = `${FOLDER}/busy.perf.pipe.data`;
const SCRIPT = `${FOLDER}/busy.perf.pipe.script.txt`;
const SYSROOT = ["--sysroot", FOLDER];

async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runMain([...args, "--quiet"]);
  assertEquals(code, 0, stderr);
  return stdout;
}

async function runFails(
  code: number,
  args: readonly string[],
  stdin?: Uint8Array,
): Promise<MainResult> {
  const result = await runMain([...args, "--quiet"], { stdin });
  assertEquals(result.code, code, result.stderr);
  return result;
}

function linesOf(text: string): Record<string, unknown>[] {
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

Deno.test("info tells of a perf.data file who recorded what, and what to do next", async () => {
  const info = JSON.parse(await run("info", "--json", FILE));
  assertEquals(
    [info.format, info.version, info.writer],
    ["perf-data", "2, file", "perf 6.1.187"],
  );
  assertEquals(
    [info.recording.host, info.recording.arch, info.recording.processors],
    ["device", "x86_64", 2],
  );
  assertStringIncludes(info.recording.commandLine, "record -F 199 -g");
  assertEquals(
    [
      info.recording.processes,
      info.recording.threads,
      info.recording.lostRecords,
    ],
    [2, 3, 0],
  );
  assertEquals(info.events, [{
    name: "cpu-clock",
    samples: 844,
    total: 4_241_205_500,
    rate: "199 per second",
    callGraph: "frame-pointers",
  }]);
  assertEquals(
    info.records.find(({ name }: { name: string }) => name === "SAMPLE").count,
    844,
  );
  assertEquals(info.next[0], "report FILE");
});

Deno.test("info tells of a perf pipe, and of the text of perf script", async () => {
  const pipe = JSON.parse(await run("info", "--json", PIPE));
  assertEquals(
    [pipe.version, pipe.writer, pipe.events[0].samples],
    ["2, pipe", "perf 6.1.187", 181],
  );
  const text = JSON.parse(await run("info", "--json", SCRIPT));
  assertEquals(text.format, "perf-script");
  assertEquals(
    [text.samples.samples, text.samples.frames, text.events],
    [181, 1803, [{ name: "cpu-clock", samples: 181, total: 1_865_979_318 }]],
  );
});

Deno.test("events tells what happened to processes, and samples with their stacks", async () => {
  const events = linesOf(
    await run("events", "--json", "--stacks", ...SYSROOT, PIPE),
  );
  assertEquals(
    events.slice(0, 4).map(({ name }) => name),
    ["mmap", "comm", "exec", "mmap"],
  );
  const samples = events.filter(({ name }) => name === "cpu-clock");
  assertEquals(samples.length, 181);
  const [first] = samples;
  assertEquals([first?.pid, first?.threadName, first?.fields], [
    29374,
    "busy",
    { period: 10309278 },
  ]);
  assertEquals(first?.stack, [
    "leaf_hot",
    "mid_a",
    ...Array(6).fill("rec"),
    "main",
    "libc.so.6+0x27249",
  ]);
  const withoutStacks = linesOf(await run("events", "--json", PIPE));
  assertEquals(withoutStacks.length, events.length);
  assertEquals(withoutStacks.at(-1)?.stack, undefined);
  assertEquals(withoutStacks.at(-1)?.relativeNs, events.at(-1)?.relativeNs);
});

Deno.test("events of the text of perf script agree with those of its recording", async () => {
  const fromText = linesOf(await run("events", "--json", "--stacks", SCRIPT));
  const fromData = linesOf(
    await run("events", "--json", "--stacks", ...SYSROOT, PIPE),
  ).filter(({ name }) => name === "cpu-clock");
  assertEquals(fromText.length, fromData.length);
  for (const [index, { stack, tid, fields }] of fromText.entries()) {
    const other = fromData[index]!;
    assertEquals([tid, fields], [other.tid, other.fields]);
    // What the programs' own files do not name, perf knew then.
    assertEquals(
      (other.stack as string[]).map((name, depth) =>
        name.includes("+0x") ? (stack as string[])[depth] : name
      ),
      stack as string[],
    );
  }
});

Deno.test("events filters samples by event, thread and time", async () => {
  const of = async (...args: string[]) =>
    linesOf(await run("events", "--json", FILE, ...args)).length;
  assertEquals(await of("--name", "cpu-clock"), 844);
  assertEquals(await of("--name", "cpu-clock", "--tid", "29370"), 284);
  assertEquals(await of("--name", "cpu-clock", "--pid", "29369"), 284);
});

Deno.test("report tells top functions of a recording by programs that lie elsewhere", async () => {
  const report = await run("report", ...SYSROOT, PIPE);
  assertStringIncludes(report, "leaf_hot");
  const none = await run("report", "--raw-addresses", PIPE);
  assert(!none.includes("leaf_hot"));
  assertStringIncludes(none, "busy+0x");
});

Deno.test("convert makes pprof, speedscope and folded stacks of recordings and their text", async () => {
  const expected = await Deno.readTextFile(
    `${FOLDER}/workload.folded.expected.txt`,
  );
  const toFolded = ["convert", "--to", "folded", ...SYSROOT, FILE];
  assertEquals(await run(...toFolded, "--root", "thread"), expected);
  const withoutThread = (line: string) => line.replace(/^[^;]*;/, "");
  assertEquals(
    (await run(...toFolded)).trimEnd().split("\n").sort(),
    expected.trimEnd().split("\n").map(withoutThread).sort(),
  );
  const speedscope = JSON.parse(
    await run("convert", "--to", "speedscope", SCRIPT),
  );
  assertEquals(speedscope.profiles.length, 1);
  const pprof = await runMain(["convert", "--to", "pprof", "--quiet", PIPE]);
  assertEquals([...pprof.stdoutBytes.subarray(0, 2)], [0x1f, 0x8b]);
});

Deno.test("diff compares two recordings", async () => {
  const diff = JSON.parse(
    await run("diff", "--json", "--raw-addresses", PIPE, FILE),
  );
  assertEquals([diff.totals.before, diff.totals.after], [181, 844]);
});

Deno.test("a recording is read from a stream and from a packed file", async () => {
  const bytes = await Deno.readFile(FILE);
  const { code, stdout } = await runMain([
    "convert",
    "--to",
    "folded",
    "--raw-addresses",
    "--quiet",
    "-",
  ], { stdin: bytes });
  assertEquals(code, 0);
  const path = await Deno.makeTempFile({ suffix: ".gz" });
  try {
    await Deno.writeFile(path, gzipSync(bytes));
    const packed = await run(
      "convert",
      "--to",
      "folded",
      "--raw-addresses",
      path,
    );
    assertEquals(packed, stdout);
    const info = JSON.parse(await run("info", "--json", path));
    assertEquals(info.recording.host, "device");
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a cut recording ends with 3 and tells what it has", async () => {
  const bytes = await Deno.readFile(FILE);
  const { stdout } = await runFails(3, [
    "info",
    "--json",
    "-",
  ], bytes.subarray(0, 60_000));
  const info = JSON.parse(stdout);
  assert(info.events[0].samples > 300 && info.events[0].samples < 844);
});

Deno.test("an event that is not there ends with 1 and a list of those that are", async () => {
  for (const path of [FILE, SCRIPT]) {
    const { stderr } = await runFails(1, ["report", "--event", "cycles", path]);
    assertStringIncludes(
      stderr,
      `Cannot take samples of event "cycles": there are cpu-clock`,
    );
  }
});

Deno.test("a recording without call chains has events and no stacks", async () => {
  const sampleType = PERF_SAMPLE.ip | PERF_SAMPLE.tid | PERF_SAMPLE.time;
  const bytes = perfFile({
    events: [{
      attr: perfAttr({ sampleType, flags: [PERF_ATTR_FLAG.freq] }),
    }],
    records: [
      perfRecord(PERF_RECORD.sample, (body) => {
        body.u64(0x1000n);
        body.u32(7);
        body.u32(7);
        body.u64(12n);
      }, { misc: 2 }),
    ],
  });
  const listed = await runMain(["events", "--json", "--quiet", "-"], {
    stdin: bytes,
  });
  assertEquals([listed.code, linesOf(listed.stdout).length], [0, 1]);
  const { stderr } = await runFails(1, ["report", "-"], bytes);
  assertStringIncludes(stderr, `record them with "perf record -g"`);
});

Deno.test("samples lost while recording end with 3", async () => {
  const bytes = perfFile({
    events: [{ attr: perfAttr({ sampleType: 0x27 }) }],
    records: [
      perfRecord(PERF_RECORD.lost, (body) => {
        body.u64(0n);
        body.u64(42n);
      }),
    ],
  });
  const { code, stdout, stderr } = await runMain(["info", "--json", "-"], {
    stdin: bytes,
  });
  assertEquals(code, 3);
  assertEquals(JSON.parse(stdout).recording.lostRecords, 42);
  assertStringIncludes(stderr, "perf records lost (42)");
});
