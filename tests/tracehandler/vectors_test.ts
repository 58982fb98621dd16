// What the captures of the specification hold beyond what the tests of their
// formats look at: sizes, digests, order of parts, numbers of entries.
import { assertEquals } from "@std/assert";
import { DecodeStats } from "../../src/base/decode_stats.ts";
import { decodeOtlp } from "../../src/profile/otlp_decoder.ts";
import { frameName } from "../../src/profile/frame_name.ts";
import { profileFromOtlp } from "../../src/profile/profile_from_otlp.ts";
import { readPprof } from "../../src/profile/read_pprof.ts";
import type { Profile } from "../../src/profile/types.ts";
import {
  decodeCoredumpJson,
  parseCoredumpFrame,
} from "../../src/tracehandler/coredump_json_decoder.ts";
import { decodePerfDataHeader } from "../../src/tracehandler/perf_data_header_decoder.ts";
import { PerfDataDecoder } from "../../src/tracehandler/perf_data_decoder.ts";
import { PERF_RECORD } from "../../src/tracehandler/perf_event_table.ts";
import { PerfProcessTable } from "../../src/tracehandler/perf_process_table.ts";
import { PerfRecordDecoder } from "../../src/tracehandler/perf_record_decoder.ts";
import type { PerfSampleRecord } from "../../src/tracehandler/perf_record_types.ts";
import { CLOCKLESS } from "../../src/tracehandler/trace_clock.ts";
import { streamOf } from "../support/byte_stream.ts";
import { REPOSITORY } from "../support/file_url.ts";
import { testWith } from "../support/requirement.ts";
import { sha256Hex } from "../support/sha256.ts";
import { requireSharedData, sharedData } from "../support/shared_data.ts";

const FOLDER = `${REPOSITORY}/tests/fixtures/tracehandler`;

async function shared(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return await Deno.readFile(sharedData(`tracehandler/${path}`)!);
}

const OWN_FILES = [
  [
    "otlp/tiny.expected.otlp",
    429,
    "22718375face1bcc861036487e96c9af4431ee5ed3638b5887d91f11118da293",
  ],
  [
    "otlp/brokenstack.expected.otlp",
    465,
    "e00a444fae908ddbaa1a4d17b43c2975d1c93cce63f9c37635550dfd58bc7609",
  ],
  [
    "otlp/node1610.expected.otlp",
    1935,
    "2060db0386eceb85c63a7732f51f6c8b919cd172054ee1b5d1cac9127a7e2cfc",
  ],
  [
    "perf/workload.perf.data",
    129_120,
    "aa06cd314a6db5d73360ef3b899973a642ec6deda5a655f1fa73c6d6367ea0d2",
  ],
  [
    "perf/busy.perf.pipe.data",
    30_084,
    "917c595d704139cd717e815da719c88c70e97624b106446e9637ccf0ebdf6fed",
  ],
] as const;

for (const [path, size, digest] of OWN_FILES) {
  Deno.test(`the capture ${path} is the one of the specification`, async () => {
    const bytes = await Deno.readFile(`${FOLDER}/${path}`);
    assertEquals([bytes.length, await sha256Hex(bytes)], [size, digest]);
  });
}

/** Fields of a message: number and payload, in the order of the bytes. */
function fieldsOf(bytes: Uint8Array): [number, Uint8Array][] {
  const fields: [number, Uint8Array][] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1;; factor *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const size = (tag & 7) === 2 ? varint() : 0;
    assertEquals(tag & 7, 2, "a field without length");
    fields.push([tag >> 3, bytes.subarray(at, at + size)]);
    at += size;
  }
  return fields;
}

const REAL_OTLP = "tracehandler/otlp/profile-v1.9.otlp";

testWith(
  "a real agent's message has its parts in the order of its encoder",
  [requireSharedData(REAL_OTLP)],
  async () => {
    const bytes = await shared("otlp/profile-v1.9.otlp");
    assertEquals(bytes.length, 25_119);
    assertEquals(
      await sha256Hex(bytes),
      "5403b0bb01a912364f1dbfd641d0a138ff54399ba851e87a6acd0cd448c23e00",
    );
    const top = fieldsOf(bytes);
    assertEquals(top.map(([number, part]) => [number, part.length]), [
      [2, 21_455],
      [1, 2136],
      [1, 460],
      [1, 526],
      [1, 526],
    ]);
    const tables = fieldsOf(top[0]![1]);
    const order = tables.map(([number]) => number);
    assertEquals([...new Set(order)], [7, 6, 5, 4, 3, 2, 1]);
    const firstOf = (table: number) =>
      tables.find(([number]) => number === table)![1].toHex();
    assertEquals([firstOf(6), firstOf(4)], ["1200", "12000a00"]);
  },
);

testWith(
  "decodeOtlp finds strings, mappings and schemas of a real agent",
  [requireSharedData(REAL_OTLP)],
  async () => {
    const { dictionary, resourceProfiles } = decodeOtlp(
      await shared("otlp/profile-v1.9.otlp"),
    );
    assertEquals(dictionary.stringTable.slice(0, 6), [
      "",
      "cpu",
      "nanoseconds",
      "samples",
      "count",
      "int java.util.Random.next(int)",
    ]);
    const [, first] = dictionary.mappingTable;
    const fileOf = (index: number) => dictionary.stringTable[index];
    assertEquals(
      [first!.memoryStart, first!.memoryLimit, fileOf(first!.filenameStrindex)],
      [0n, 0x112a000n, "libjvm.so"],
    );
    const kernel = dictionary.mappingTable.find(({ filenameStrindex }) =>
      fileOf(filenameStrindex) === "vmlinux"
    );
    assertEquals([kernel?.memoryStart, kernel?.memoryLimit], [0n, 0n]);
    for (const { schemaUrl, scopeProfiles } of resourceProfiles) {
      assertEquals(
        [schemaUrl, ...scopeProfiles.map(({ schemaUrl }) => schemaUrl)],
        Array(2).fill("https://opentelemetry.io/schemas/1.37.0"),
      );
    }
  },
);

Deno.test("the encodings of two core dumps have the tables of the specification", async () => {
  const decode = async (name: string) =>
    decodeOtlp(await Deno.readFile(`${FOLDER}/otlp/${name}.expected.otlp`));
  const broken = (await decode("brokenstack")).dictionary;
  assertEquals(broken.stringTable, [
    "",
    "cpu",
    "nanoseconds",
    "samples",
    "count",
    "brokenstack",
    "process.executable.build_id.htlhash",
    "profile.frame.type",
    "thread.id",
    "cpu.logical_number",
  ]);
  assertEquals(
    [
      broken.mappingTable.length,
      broken.locationTable.length,
      broken.functionTable.length,
      broken.attributeTable.length,
    ],
    [2, 5, 1, 6],
  );
  assertEquals(
    broken.locationTable.slice(1).map(({ address, mappingIndex }) => [
      address,
      mappingIndex,
    ]),
    [[4424n, 1], [4438n, 1], [4470n, 1], [4014n, 0]],
  );
  assertEquals(broken.stackTable, [[], [1, 2, 3, 4]]);
  const node = await decode("node1610");
  const { dictionary } = node;
  assertEquals(
    [
      dictionary.mappingTable.length,
      dictionary.locationTable.length,
      dictionary.functionTable.length,
      dictionary.linkTable.length,
      dictionary.stringTable.length,
      dictionary.attributeTable.length,
      dictionary.stackTable.length,
    ],
    [4, 48, 18, 1, 36, 14, 5],
  );
  const samples = node.resourceProfiles.flatMap(({ scopeProfiles }) =>
    scopeProfiles.flatMap(({ profiles }) =>
      profiles.flatMap(({ samples }) => samples)
    )
  );
  assertEquals(
    samples.map(({ stackIndex }) => stackIndex),
    [1, 2, 2, 2, 3, 4, 2],
  );
  assertEquals(profileFromOtlp([node]).samples.length, 7);
});

const PPROF_FACTS = [
  {
    file: "sample.cpu.pb.gz",
    bytes: 3843,
    samples: 76,
    tables: [3, 86, 14, 30],
    time: 1506718679257235370n,
    durationNs: 2002012950,
    period: 10000000,
    sums: [176, 1760000000],
    depth: 8,
    top: ["runtime.main;main.main;main.busyLoop;runtime.mapiternext", 128],
  },
  {
    file: "large.cpu.pb.gz",
    bytes: 2_452_478,
    samples: 20_430,
    tables: [4, 23_355, 23_038, 23_066],
    time: 1666107597086748038n,
    durationNs: 240359136496,
    period: 10000000,
    sums: [24_029, 240_290_000_000],
    depth: 62,
    top: ["time.now", 2291],
  },
  {
    file: "go.nomappings.crash",
    bytes: 268,
    samples: 2,
    tables: [0, 11, 0, undefined],
    time: 1487351731621578004n,
    durationNs: 0,
    period: 524288,
    sums: [2, 1765955, 2, 1765955],
    depth: undefined,
    top: undefined,
  },
] as const;

for (const facts of PPROF_FACTS) {
  const path = `pprof/${facts.file}`;
  testWith(
    `readPprof finds the entries, times and sums of ${facts.file}`,
    [requireSharedData(`tracehandler/${path}`)],
    async () => {
      const bytes = await shared(path);
      const profile = await readPprof(streamOf(bytes, 65_536), {
        stats: new DecodeStats(),
      });
      const { samples } = profile;
      assertEquals(samples.length, facts.samples);
      assertEquals(profile.functions.length, facts.tables[2]);
      assertEquals(
        [profile.startTime, profile.durationNs, profile.period],
        [
          facts.time as typeof profile.startTime,
          facts.durationNs,
          facts.period,
        ],
      );
      assertEquals(
        samples.values.map((column) =>
          column.reduce((sum, value) => sum + value, 0)
        ),
        [...facts.sums],
      );
      const stacks = stacksOf(profile);
      if (facts.depth !== undefined) {
        assertEquals(
          Math.max(...[...stacks.keys()].map((key) => key.split(";").length)),
          facts.depth,
        );
      }
      if (facts.top !== undefined) {
        const [name, count] = facts.top;
        const [found] = [...stacks].sort(([, a], [, b]) => b - a)
          .filter(([key]) => name.includes(";") || key.endsWith(name));
        assertEquals(
          name.includes(";") ? found : [name, leafSum(stacks, name)],
          [name, count],
        );
      }
    },
  );
  testWith(
    `${facts.file} has as many entries as its tables tell`,
    [requireSharedData(`tracehandler/${path}`)],
    async () => {
      const bytes = await shared(path);
      const plain = bytes[0] === 0x1f
        ? new Uint8Array(
          await new Response(
            new Blob([bytes]).stream().pipeThrough(
              new DecompressionStream("gzip"),
            ),
          ).arrayBuffer(),
        )
        : bytes;
      assertEquals(plain.length, facts.bytes);
      const counts = new Map<number, number>();
      for (const number of fieldNumbers(plain)) {
        counts.set(number, (counts.get(number) ?? 0) + 1);
      }
      const [mappings, locations, functions, strings] = facts.tables;
      assertEquals(
        [2, 3, 4, 5].map((number) => counts.get(number) ?? 0),
        [facts.samples, mappings, locations, functions],
      );
      if (strings !== undefined) assertEquals(counts.get(6), strings);
    },
  );
}

/** Numbers of a message's fields, of all wire types. */
function* fieldNumbers(bytes: Uint8Array): Generator<number> {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1;; factor *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    yield tag >> 3;
    switch (tag & 7) {
      case 0:
        varint();
        break;
      case 1:
        at += 8;
        break;
      case 2: {
        const size = varint();
        at += size;
        break;
      }
      case 5:
        at += 4;
        break;
    }
  }
}

/** Sums of the first value by stack, root first. */
function stacksOf(profile: Profile): Map<string, number> {
  const { samples, stacks } = profile;
  const sums = new Map<string, number>();
  for (let row = 0; row < samples.length; row++) {
    const names: string[] = [];
    for (let at = samples.stack[row]!; at >= 0; at = stacks.prefix[at]!) {
      names.unshift(frameName(profile, stacks.frame[at]!));
    }
    const key = names.join(";");
    sums.set(key, (sums.get(key) ?? 0) + samples.values[0]![row]!);
  }
  return sums;
}

function leafSum(stacks: ReadonlyMap<string, number>, name: string): number {
  let sum = 0;
  for (const [key, count] of stacks) {
    if (key === name || key.endsWith(`;${name}`)) sum += count;
  }
  return sum;
}

const FIRST_LEAVES = {
  "amd64_brokenstack": "brokenstack+0x1148",
  "amd64_debian-echo-plt1": "echo+0x2030",
  "amd64_deep-python-call": "libc.so.6+0xfa3d4",
  "amd64_dotnet9-alpine3.23": "ld-musl-x86_64.so.1+0x68ef4",
  "amd64_go-1.24.1-hello.json":
    "internal/runtime/syscall.Syscall6+0 in /usr/local/go/src/internal/runtime/syscall/asm_linux_amd64.s:36",
  "amd64_go-cgo": "ld-musl-x86_64.so.1+0x68dbb",
  "amd64_java23-helloworld": "libc.so.6+0x867aa",
  "amd64_node1610.26681": "node+0x9e7c50",
  "amd64_perl528.206": "libc-2.28.so+0xc66f4",
  "amd64_php74.7893": "php7.4+0x2e9b52",
  "amd64_python3.14-faulted-codeobject":
    "recur_fibo+4 in /tmp/opentelemetry-ebpf-profiler/tools/coredump/testsources/python/fib.py:7",
  "amd64_python312-alpine320": "libpython3.12.so.1.0+0x19b80d",
  "amd64_python37.26320": "python3.7+0x532049",
  "amd64_ruby-3.4.5-loop": "Object#is_prime+0 in /app/loop.rb:10",
  "amd64_ruby-3.4.7-gc-marking": "libruby.so.3.4.7+0x141cf0",
  "amd64_stackalign.4040": "libc-2.31.so+0xcb3c3",
  "amd64_stackdeltas.11629":
    "runtime.raise+0 in /usr/lib/go/src/runtime/sys_linux_amd64.s:164",
  "arm64_dotnet10-helloworld": "libc.so.6+0xddc9c",
  "arm64_glibc-signal-arm": "libc.so.6+0xc090c",
  "arm64_node-22-fib": "fib+7 in file:///home/brennan/app.mjs:8:12",
  "arm64_php81.571415": "php8.1+0x1ed574",
};

testWith(
  "decodeCoredumpJson finds the innermost frame of each core dump's first thread",
  [requireSharedData("tracehandler/coredump")],
  async () => {
    const withoutModules: string[] = [];
    for (const [name, leaf] of Object.entries(FIRST_LEAVES)) {
      const text = new TextDecoder().decode(
        await shared(`coredump/${name}.json`),
      );
      const coredump = decodeCoredumpJson(text);
      assertEquals(
        coredump.threads[0]!.frames[0],
        parseCoredumpFrame(leaf),
        name,
      );
      if (coredump.modules.length === 0) withoutModules.push(name);
      assertEquals(
        JSON.parse(text)["fault-addresses"] !== undefined,
        name === "amd64_python3.14-faulted-codeobject",
      );
    }
    assertEquals(withoutModules, [
      "amd64_node1610.26681",
      "amd64_perl528.206",
      "amd64_php74.7893",
      "amd64_python37.26320",
      "amd64_stackalign.4040",
      "amd64_stackdeltas.11629",
      "arm64_php81.571415",
    ]);
  },
);

Deno.test("the header of a perf.data file says where its parts are", async () => {
  const bytes = await Deno.readFile(`${FOLDER}/perf/workload.perf.data`);
  assertEquals(new DataView(bytes.buffer).getBigUint64(8, true), 104n);
  const header = decodePerfDataHeader(bytes, true);
  assertEquals(header.entryBytes, 144);
  assertEquals(header.data, { offset: 264, size: 124_424 });
  assertEquals(header.features, [
    ...Array.from({ length: 12 }, (_, index) => index + 3),
    16,
    20,
    21,
    22,
    25,
    26,
    31,
  ]);
});

for (
  const [name, first, thread, early] of [
    ["workload.perf.data", 961633336377n, "cpu-thread", 152],
    ["busy.perf.pipe.data", 965401753446n, "busy", 130],
  ] as const
) {
  Deno.test(`records of ${name} are not in order of time, which names would suffer from`, async () => {
    const bytes = await Deno.readFile(`${FOLDER}/perf/${name}`);
    const decoder = new PerfDataDecoder({ stats: new DecodeStats() });
    decoder.push(bytes);
    decoder.finish();
    let records: PerfRecordDecoder | undefined;
    const table = new PerfProcessTable({
      clock: CLOCKLESS,
      buildIdOf: () => "",
    });
    const samples: [PerfSampleRecord, string][] = [];
    for (let token = decoder.next(); token; token = decoder.next()) {
      if (token.type === "event") {
        records = new PerfRecordDecoder(token.event.attr, true);
      }
      if (
        token.type !== "record" || token.recordType >= PERF_RECORD.headerAttr
      ) continue;
      const record = records!.decode(token, token.recordType, token.misc);
      if (record?.type === "sample") {
        samples.push([record, table.traceOf(record).comm]);
      } else if (record !== undefined && record.type !== "fault") {
        table.apply(record);
      }
    }
    assertEquals(samples[0]![0].time, first);
    const last = new Map(
      samples.map(([{ tid }]) => [tid, table.traceOf(sampleOf(tid)).comm]),
    );
    function sampleOf(tid: number): PerfSampleRecord {
      return samples.find(([sample]) => sample.tid === tid)![0];
    }
    const wrong = samples.filter(([{ tid }, comm]) =>
      last.get(tid) === thread && comm !== thread
    );
    assertEquals(wrong.length, early);
  });
}
