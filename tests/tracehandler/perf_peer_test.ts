import { assert, assertEquals } from "@std/assert";
import { DecodeStats } from "../../src/base/decode_stats.ts";
import { FRAME_TYPE } from "../../src/profile/frame_type_table.ts";
import type { TraceFrame } from "../../src/profile/trace.ts";
import { FrameCachingProcessor } from "../../src/tracehandler/frame_caching_processor.ts";
import { PerfDataSource } from "../../src/tracehandler/perf_data_source.ts";
import { openPerfRecords } from "../../src/tracehandler/perf_record_reader.ts";
import type { PerfScriptSample } from "../../src/tracehandler/perf_script_decoder.ts";
import { readPerfDataFeatures } from "../../src/tracehandler/read_perf_data_features.ts";
import { readPerfScript } from "../../src/tracehandler/read_perf_script.ts";
import { RecordedSymbolSource } from "../../src/tracehandler/recorded_symbol_source.ts";
import { streamOf } from "../support/byte_stream.ts";
import { findPeer, requirePeers } from "../support/peers.ts";
import { requireThat, testWith } from "../support/requirement.ts";

const PROGRAM = `
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
static volatile unsigned long sink;
__attribute__((noinline)) static void spin(long count) {
  unsigned long x = 1;
  for (long i = 0; i < count; i++) x = x * 6364136223846793005ul + 1;
  sink += x;
}
__attribute__((noinline)) static int deep(int depth) {
  if (depth == 0) spin(40000000); else sink += deep(depth - 1);
  return depth;
}
__attribute__((noinline)) static void write_much(void) {
  FILE *file = fopen("/dev/null", "w");
  for (int i = 0; i < 40000; i++) { fprintf(file, "%d\\n", i); fflush(file); }
  fclose(file);
}
static void *worker(void *argument) {
  prctl(PR_SET_NAME, "a worker");
  deep(3 + (int)(long)argument);
  write_much();
  return 0;
}
int main(int count, char **arguments) {
  pthread_t thread;
  pthread_create(&thread, 0, worker, (void *)7);
  pid_t child = count > 1 ? -1 : fork();
  if (child == 0) execl(arguments[0], arguments[0], "again", (char *)0);
  worker((void *)0);
  pthread_join(thread, 0);
  if (child > 0) wait(0);
  return 0;
}
`;

const RECORD = ["record", "-q", "-e", "cpu-clock", "-F", "499", "-g"];
const SCRIPT_FIELDS = "comm,pid,tid,time,period,event,ip,sym,dso";

async function run(
  program: string,
  args: readonly string[],
  cwd: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const output = await new Deno.Command(program, {
    args: [...args],
    cwd,
    stdin: "null",
  }).output();
  if (!output.success) {
    throw new Error(
      `Cannot run ${program} ${args[0]}: ${
        new TextDecoder().decode(output.stderr)
      }`,
    );
  }
  return output.stdout;
}

/** Whether the kernel lets perf sample a program here. */
function mayRecord(): boolean {
  try {
    return new Deno.Command("perf", {
      args: ["record", "-q", "-e", "cpu-clock", "-g", "-o", "-", "true"],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).outputSync().success;
  } catch {
    return false;
  }
}

const MAY_RECORD = mayRecord();

interface NamedSample {
  readonly head: string;
  readonly frames: readonly TraceFrame[];
}

async function ownStacks(path: string): Promise<NamedSample[]> {
  const stats = new DecodeStats();
  const reader = await openPerfRecords(streamOf(await Deno.readFile(path)), {
    features: await readPerfDataFeatures(path),
    stats,
  });
  const source = new PerfDataSource(reader, {
    symbols: new RecordedSymbolSource(),
    stats,
  });
  const processor = new FrameCachingProcessor(source.converter);
  const samples: NamedSample[] = [];
  for await (const batch of source.batches()) {
    for (const trace of batch) {
      const { frames } = await processor.convertTrace(trace);
      const { comm, pid, tid, ktime, value } = trace;
      samples.push({
        head: `${comm} ${pid}/${tid} ${ktime / 1000n} ${value}`,
        frames,
      });
    }
  }
  assertEquals(stats.hasLoss, false);
  return samples;
}

async function perfStacks(
  path: string,
  folder: string,
): Promise<PerfScriptSample[]> {
  const text = await run("perf", [
    "script",
    "-i",
    path,
    "--no-inline",
    "-F",
    SCRIPT_FIELDS,
  ], folder);
  const stats = new DecodeStats();
  const samples: PerfScriptSample[] = [];
  for await (const batch of readPerfScript(streamOf(text), { stats })) {
    samples.push(...batch);
  }
  assertEquals(stats.entries(), []);
  return samples;
}

/** How many frames of which kind were compared. */
interface Agreement {
  ofProgram: number;
  ofLibraries: number;
  ofKernel: number;
  /** What was mapped before a program was run is known to perf, but not to us. */
  ofNothing: number;
}

/** Samples of the program's own processes; with all processors there are others. */
const OWN_REGEXP = /^(?:a worker|work) (\d+)\//;

function compare(
  own: readonly NamedSample[],
  theirs: readonly PerfScriptSample[],
  program: string,
): Agreement {
  assertEquals(
    own.map(({ head }) => head),
    theirs.map(({ comm, pid, tid, timeNs, period }) =>
      `${comm} ${pid}/${tid} ${timeNs! / 1000n} ${period}`
    ),
  );
  const pids = new Set(own.map(({ head }) => OWN_REGEXP.exec(head)?.[1]));
  const agreement: Agreement = {
    ofProgram: 0,
    ofLibraries: 0,
    ofKernel: 0,
    ofNothing: 0,
  };
  for (const [index, { head, frames }] of own.entries()) {
    const { pid, frames: others } = theirs[index]!;
    assertEquals(frames.length, others.length, head);
    if (pids.has(String(pid))) {
      compareFrames(frames, others, { head, program, agreement });
    }
  }
  return agreement;
}

function compareFrames(
  frames: readonly TraceFrame[],
  others: readonly TraceFrame[],
  { head, program, agreement }: {
    readonly head: string;
    readonly program: string;
    readonly agreement: Agreement;
  },
): void {
  let isFirst = true;
  let isKernel = false;
  for (const [depth, frame] of frames.entries()) {
    const other = others[depth]!;
    const wasKernel = isKernel;
    isKernel = frame.type === FRAME_TYPE.kernel;
    assertEquals(isKernel, other.type === FRAME_TYPE.kernel, head);
    // The first of each kind is exact; perf tells where calls return to.
    if (wasKernel && !isKernel) isFirst = true;
    const back = isFirst ? 0n : 1n;
    isFirst = false;
    if (frame.mapping?.fileName === "[unknown]") {
      if (other.mapping !== undefined) agreement.ofNothing++;
      continue;
    }
    assertEquals(frame.address + back, other.address, `${head}, ${depth}`);
    if (isKernel) {
      agreement.ofKernel++;
      continue;
    }
    assertEquals(frame.mapping?.fileName, other.mapping?.fileName);
    if (other.mapping?.fileName !== program) {
      agreement.ofLibraries++;
      continue;
    }
    agreement.ofProgram++;
    assertEquals(frame.functionName, other.functionName);
  }
}

for (
  const [name, extra, isPiped] of [
    ["a file", [], false],
    ["a file of compressed records", ["-z"], false],
    ["a pipe", [], true],
    ["a file with all processors", ["-a"], false],
    ["a file with build ids in its mappings", ["--buildid-mmap"], false],
  ] as const
) {
  testWith(
    `PerfDataSource finds the stacks that perf script finds in ${name}`,
    [
      requirePeers("perf", "gcc|cc"),
      requireThat(MAY_RECORD, "perf may not record here"),
    ],
    async () => {
      const folder = await Deno.makeTempDir({ prefix: "tracedeck-perf-" });
      try {
        await Deno.writeTextFile(`${folder}/work.c`, PROGRAM);
        await run(findPeer("gcc", "cc")!, [
          "-O1",
          "-fno-omit-frame-pointer",
          "-fno-optimize-sibling-calls",
          "-pthread",
          "work.c",
          "-o",
          "work",
        ], folder);
        const path = `${folder}/perf.data`;
        const program = `${folder}/work`;
        const output = await run("perf", [
          ...RECORD,
          ...extra,
          "-o",
          isPiped ? "-" : path,
          program,
        ], folder);
        if (isPiped) await Deno.writeFile(path, output);
        const own = await ownStacks(path);
        const theirs = await perfStacks(path, folder);
        assert(own.length > 50, `${own.length} samples`);
        const { ofProgram, ofNothing } = compare(own, theirs, program);
        assert(ofProgram > 100, `${ofProgram} frames of the program`);
        assert(ofNothing * 20 < ofProgram, `${ofNothing} frames of nothing`);
        // Both programs, and the thread that gave itself a name.
        assert(own.some(({ head }) => head.startsWith("a worker ")));
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  );
}
