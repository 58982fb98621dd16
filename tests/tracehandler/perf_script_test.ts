import { assert, assertEquals, assertRejects } from "@std/assert";
import { DecodeStats } from "../../src/base/decode_stats.ts";
import { LimitError } from "../../src/base/errors.ts";
import { traceFrameName } from "../../src/profile/trace_frame_name.ts";
import { writeFolded } from "../../src/profile/write_folded.ts";
import type { PerfScriptSample } from "../../src/tracehandler/perf_script_decoder.ts";
import {
  profilePerfScript,
  readPerfScript,
} from "../../src/tracehandler/read_perf_script.ts";
import { sniffPerfScript } from "../../src/tracehandler/sniff_perf_script.ts";
import { bytesOf, streamOf } from "../support/byte_stream.ts";
import { REPOSITORY } from "../support/file_url.ts";
import { mutations } from "../support/mutations.ts";
import { testWith } from "../support/requirement.ts";
import { sha256Hex } from "../support/sha256.ts";
import { requireSharedData, sharedData } from "../support/shared_data.ts";

const OWN =
  `${REPOSITORY}/tests/fixtures/tracehandler/perf/busy.perf.pipe.script.txt`;
const SHARED = "tracehandler/perf/workload.perf.script.txt";
const encoder = new TextEncoder();

async function read(
  text: string | Uint8Array,
  stats = new DecodeStats(),
  chunkBytes?: number,
): Promise<PerfScriptSample[]> {
  const bytes = typeof text === "string" ? encoder.encode(text) : text;
  const samples: PerfScriptSample[] = [];
  for await (
    const batch of readPerfScript(streamOf(bytes, chunkBytes), { stats })
  ) {
    samples.push(...batch);
  }
  return samples;
}

async function first(text: string): Promise<PerfScriptSample> {
  return (await read(text))[0]!;
}

/** The first line of a sample, in short. */
function headText(sample: PerfScriptSample | undefined): string {
  if (sample === undefined) return "none";
  const { comm, pid, tid, cpu, timeNs, period, event } = sample;
  return `${comm}|${pid}/${tid}|${cpu}|${timeNs}|${period}|${event}`;
}

async function checkCapture(
  path: string,
  facts: {
    readonly samples: number;
    readonly periods: number;
    readonly first: bigint;
    readonly last: bigint;
    readonly stacks: number;
    readonly digest: string;
  },
): Promise<void> {
  const bytes = await Deno.readFile(path);
  const stats = new DecodeStats();
  const samples = await read(bytes, stats);
  assertEquals(samples.length, facts.samples);
  assertEquals(
    samples.reduce((sum, { period }) => sum + period, 0),
    facts.periods,
  );
  assertEquals(
    [samples.at(0)?.timeNs, samples.at(-1)?.timeNs],
    [facts.first, facts.last],
  );
  assertEquals(stats.entries(), []);
  const folded = await bytesOf(
    writeFolded(await profilePerfScript(streamOf(bytes)), { root: "thread" }),
  );
  const lines = new TextDecoder().decode(folded).trimEnd().split("\n");
  assertEquals(lines.length, facts.stacks);
  assertEquals(await sha256Hex(folded), facts.digest);
}

Deno.test("readPerfScript reads what perf told of a recording with threads only", async () => {
  await checkCapture(OWN, {
    samples: 181,
    periods: 1_865_979_318,
    first: 964871850000n,
    last: 966755649000n,
    stacks: 3,
    digest: "4b6af48eb35e4a43673ed6a59d9d251fbeaadf62bd061553743f84107dd5edb1",
  });
});

testWith(
  "readPerfScript reads what perf told of a recording with processes and processors",
  [requireSharedData(SHARED)],
  async () => {
    await checkCapture(sharedData(SHARED)!, {
      samples: 844,
      periods: 4_241_205_500,
      first: 961631908000n,
      last: 963759329000n,
      stacks: 21,
      digest:
        "fd393edaecc748d1f0b2c3f4a89fa85495f9818318a7dcf69ef08aee2e2d2d2d",
    });
  },
);

Deno.test("readPerfScript reads the same however the text is cut into pieces", async () => {
  const bytes = (await Deno.readFile(OWN)).subarray(0, 8000);
  const whole = await read(bytes);
  for (const chunkBytes of [1, 7, 4093]) {
    assertEquals(await read(bytes, new DecodeStats(), chunkBytes), whole);
  }
});

for (
  const [line, expected] of [
    [
      "busy 29374   964.871850:   10309278 cpu-clock: ",
      "busy|29374/29374|-1|964871850000|10309278|cpu-clock",
    ],
    ["a 1/2 [003] 5.000000001: cycles:u: ", "a|1/2|3|5000000001|1|cycles:u"],
    [
      "Web Content 12 34 1/2 [000] 5.000001: 7 cpu-clock:pppH: ",
      "Web Content 12 34|1/2|0|5000001000|7|cpu-clock:pppH",
    ],
    [
      "IPDL 7 Bg 99 [001] 1.000000: cpu/event=0x3c/ppp: ",
      "IPDL 7 Bg|99/99|1|1000000000|1|cpu/event=0x3c/ppp",
    ],
    [
      ":-1    -1/-1    12.000001:     250000 cpu-clock: ",
      ":-1|-1/-1|-1|12000001000|250000|cpu-clock",
    ],
    [
      "         swapper     0 [000] 12.000001:     250000 cycles: ",
      "swapper|0/0|0|12000001000|250000|cycles",
    ],
    ["a 1/2 5.000001: ", "a|1/2|-1|5000001000|1|"],
    [
      "w 21515 [001] U     14132.557586536:    2004008 cpu-clock: ",
      "w|21515/21515|1|14132557586536|2004008|cpu-clock",
    ],
    ["a b 1/2 [003] 9 page-faults: ", "a b|1/2|3|undefined|9|page-faults"],
    [
      "sh 5 [000] 1.000001: sched:sched_switch: prev_comm=sh ==> next_comm=x (1)",
      "sh|5/5|0|1000001000|1|sched:sched_switch",
    ],
  ] as const
) {
  Deno.test(`readPerfScript reads the sample "${line.trim()}"`, async () => {
    assertEquals(headText(await first(line)), expected);
  });
}

for (
  const [line, name, module, kind] of [
    ["\t    117c leaf_hot+0x23 (/mnt/busy)", "leaf_hot", "/mnt/busy", 3],
    [
      "\t    117c operator()(int)+0x1 (/a (b)/c (deleted))",
      "operator()(int)",
      "/a (b)/c (deleted)",
      3,
    ],
    [
      "\t 7f00 std::map<int, void (*)(char)>::f() const (/lib/x.so)",
      "std::map<int, void (*)(char)>::f() const",
      "/lib/x.so",
      3,
    ],
    ["\t 7f00 odd (/tmp/a)b)", "odd", "/tmp/a)b", 3],
    [
      "\t 7f00 [unknown] (/usr/lib/libx.so.1)",
      "[libx.so.1]",
      "/usr/lib/libx.so.1",
      3,
    ],
    ["\t 7f00 [unknown] ([unknown])", "[unknown]", undefined, 3],
    [
      "\t ffffffff81000010 do_idle ([kernel.kallsyms])",
      "do_idle",
      "[kernel.kallsyms]",
      4,
    ],
    ["\t ffffffffc0000010 nf_x ([nf_conntrack])", "nf_x", "[nf_conntrack]", 4],
    [
      "\t 10 f (/lib/modules/6/kernel/fs/ext4.ko.xz)",
      "f",
      "/lib/modules/6/kernel/fs/ext4.ko.xz",
      4,
    ],
    [
      "\t ffffffff81000010 [unknown] ([kernel.kallsyms])",
      "[kernel.kallsyms]",
      "[kernel.kallsyms]",
      4,
    ],
    [
      "\t 7ffe1 __vdso_gettimeofday ([vdso])",
      "__vdso_gettimeofday",
      "[vdso]",
      3,
    ],
    ["\t 401000 main", "main", undefined, 3],
    ["\t 401000 (/bin/a)", "[a]", "/bin/a", 3],
    ["        401000 main (/bin/a)", "main", "/bin/a", 3],
  ] as const
) {
  Deno.test(`readPerfScript reads the frame "${line.trim()}"`, async () => {
    const sample = await first(`a 1/2 5.000001: 1 cycles:\n${line}\n\n`);
    const [frame] = sample.frames;
    assertEquals(
      [traceFrameName(frame!), frame?.mapping?.fileName, frame?.type],
      [name, module, kind],
    );
  });
}

Deno.test("readPerfScript knows inlined frames and lines of sources", async () => {
  const sample = await first(`a 1/2 5.000001: 1 cycles:
\t    117c inner (inlined)
\t    117c outer+0x10 (/bin/a)
  /src/a b.c:42
\t    118c main+0x1 (/bin/a)
  a[118c]

`);
  assertEquals(
    sample.frames.map(({ functionName, inlined, sourceFile, sourceLine }) => [
      functionName,
      inlined,
      sourceFile,
      sourceLine,
    ]),
    [
      ["inner", true, "", 0],
      ["outer", undefined, "/src/a b.c", 42],
      ["main", undefined, "", 0],
    ],
  );
});

Deno.test("readPerfScript reads samples without call chains, one per line", async () => {
  const samples = await read(
    `         swapper     0 [000] 12.000001:     250000 cycles:  ffffffff81000010 native_safe_halt+0xb ([kernel.kallsyms])
              sh     7 [001] 12.000002:     250000 cycles:      55c0 main+0x1 (/bin/sh)
              sh     7 [001] 12.000003: sched:sched_switch: prev=abc (x)
`,
  );
  assertEquals(
    samples.map(({ comm, frames }) => [comm, ...frames.map(traceFrameName)]),
    [["swapper", "native_safe_halt"], ["sh", "main"], ["sh"]],
  );
});

Deno.test("readPerfScript leaves out records that are no samples", async () => {
  const samples = await read(
    `a 1/1 5.000001: PERF_RECORD_COMM exec: a:1/1
a 1/1 5.000002: 1 cycles:
\t1 f (/bin/a)

a 1/1 5.000003: PERF_RECORD_EXIT(1:1):(0:0)
swapper     0     0.000000: PERF_RECORD_MMAP -1/0: [0x1000(0x20) @ 0x1000]: x [kernel.kallsyms]_text
`,
  );
  assertEquals(samples.map(headText), ["a|1/1|-1|5000002000|1|cycles"]);
});

Deno.test("readPerfScript keeps what the header says", async () => {
  let header: ReadonlyMap<string, string> = new Map();
  const text =
    "# ========\n# hostname : device\n# cmdline : perf record -g a : b\n# ========\n#\na 1/1 5.000001: 1 cycles:\n\t1 f (/bin/a)\n\n";
  for await (
    const _ of readPerfScript(streamOf(encoder.encode(text)), {
      onHeader: (found) => header = found,
    })
  );
  assertEquals(header.get("hostname"), "device");
  assertEquals(header.get("cmdline"), "perf record -g a : b");
});

Deno.test("readPerfScript counts lines that fit nothing and shows the first three", async () => {
  const stats = new DecodeStats();
  const samples = await read(
    "what is this\na 1/1 5.000001: 1 cycles:\n\t1 f (/bin/a)\n\n\tone\nand\nthat\n",
    stats,
  );
  assertEquals(samples.length, 1);
  assertEquals(
    stats.entries().map(({ name, count, firstDetail }) => [
      name,
      count,
      firstDetail,
    ]),
    [[
      "perf_script_line_skipped",
      4,
      `line 1 is "what is this"; line 5 is "\\tone"; line 6 is "and"`,
    ]],
  );
});

Deno.test("readPerfScript cuts a stack without an end", async () => {
  const stats = new DecodeStats();
  const sample = (await read(
    `a 1/1 5.000001: 1 cycles:\n${"\t1 f (/bin/a)\n".repeat(10_000)}`,
    stats,
  ))[0]!;
  assertEquals(sample.frames.length, 4097);
  assertEquals(traceFrameName(sample.frames.at(-1)!), "[truncated]");
  assertEquals(stats.get("perf_script_stack_truncated"), 1);
});

Deno.test("readPerfScript passes over lines of a million blanks", async () => {
  const blanks = " ".repeat(1_000_000);
  const stats = new DecodeStats();
  const samples = await read(
    ["a", "#", "#a", "", "\t1 f", "\tf", "a 1/1 "].map((start) =>
      `${start}${blanks}x`
    ).join("\n"),
    stats,
  );
  assertEquals(samples, []);
  assertEquals(stats.get("perf_script_line_skipped"), 5);
});

Deno.test("readPerfScript refuses a line without an end", async () => {
  await assertRejects(
    async () => {
      const lines = readPerfScript(streamOf(encoder.encode("a".repeat(100))), {
        limits: { maxStringBytes: 50 },
      });
      for await (const _ of lines);
    },
    LimitError,
  );
});

const TWO_EVENTS = `a 1/1 5.000001: 3 cycles:u:
\t1 f (/bin/a)

a 1/1 5.000002: 4 page-faults:
\t1 g (/bin/a)

a 1/1 5.000003: 5 cycles:u:
\t1 f (/bin/a)

`;

Deno.test("profilePerfScript takes the first event, or the one that is asked for", async () => {
  const stats = new DecodeStats();
  const profile = await profilePerfScript(
    streamOf(encoder.encode(TWO_EVENTS)),
    { stats },
  );
  assertEquals(profile.valueTypes, [
    { type: "samples", unit: "count" },
    { type: "cycles", unit: "count" },
  ]);
  assertEquals(profile.samples.values.map((column) => [...column]), [[2], [8]]);
  assertEquals(stats.get("perf_samples_of_other_events"), 1);
  const faults = await profilePerfScript(
    streamOf(encoder.encode(TWO_EVENTS)),
    { event: "page-faults", timed: true },
  );
  assertEquals([...faults.samples.values[1]!], [4]);
  await assertRejects(
    () =>
      profilePerfScript(streamOf(encoder.encode(TWO_EVENTS)), {
        event: "cache-misses",
      }),
    RangeError,
    `Cannot take samples of event "cache-misses": there are cycles:u, page-faults`,
  );
});

Deno.test("sniffPerfScript knows the text by its first sample", async () => {
  const own = await Deno.readFile(OWN);
  assertEquals(
    [
      own.subarray(0, 4096),
      own.subarray(0, 100),
      encoder.encode("# captured on    : Sat Nov 21\n# perf version : 6.1\n"),
      encoder.encode("a 0 0.000000: PERF_RECORD_MMAP -1/0: [x]: x y\n"),
      encoder.encode("\n# x\na 1/1 5.000001: 3 cycles:u:\n\t1 f (/bin/a)\n"),
      encoder.encode("main;work 12\nmain;rest 5\n"),
      encoder.encode(`{"a": 1}\n`),
      encoder.encode("a 1/1 5.000001: 3 cycles:u:\nno frame at all\n"),
      encoder.encode("12:00:01 something happened: yes\n"),
      new Uint8Array(0),
    ].map(sniffPerfScript),
    [true, true, true, true, true, false, false, false, false, false],
  );
});

Deno.test("profilePerfScript survives 10,000 damaged texts", async () => {
  const bytes = encoder.encode(TWO_EVENTS);
  let usable = 0;
  for (const damaged of mutations([bytes], 10_000, 19)) {
    const stats = new DecodeStats();
    const profile = await profilePerfScript(streamOf(damaged), { stats });
    if (profile.samples.length > 0) usable++;
  }
  assert(usable > 5000, `${usable} still had samples`);
});
