import { assertEquals, assertThrows } from "@std/assert";
import { FormatError } from "../../src/base/errors.ts";
import type { UnixNs } from "../../src/base/time.ts";
import { formatId128 } from "../../src/codec/id128.ts";
import { encodeOtlp } from "../../src/profile/otlp_encoder.ts";
import { otlpFromProfile } from "../../src/profile/otlp_from_profile.ts";
import { ProfileReporter } from "../../src/profile/profile_reporter.ts";
import {
  type Coredump,
  type CoredumpFrame,
  decodeCoredumpJson,
  parseCoredumpFrame,
  traceOfCoredumpThread,
} from "../../src/tracehandler/coredump_json_decoder.ts";
import { profileOfCoredump } from "../../src/tracehandler/profile_of_coredump.ts";
import { sniffCoredumpJson } from "../../src/tracehandler/sniff_coredump_json.ts";
import { mutations } from "../support/mutations.ts";
import { testWith } from "../support/requirement.ts";
import { requireSharedData, sharedData } from "../support/shared_data.ts";

const needsCoredumps = requireSharedData("tracehandler/coredump");

/** Threads, distinct hashes, frames, native, symbolised, unknown, abort, error, lwp, frames of the first, its hash. */
const FACTS: Readonly<Record<string, readonly (number | string)[]>> = {
  "amd64_brokenstack": [
    1,
    1,
    4,
    3,
    0,
    0,
    1,
    0,
    1458,
    4,
    "598398f1605c42247b9b4e3292c318c8",
  ],
  "amd64_debian-echo-plt1": [
    1,
    1,
    5,
    5,
    0,
    0,
    0,
    0,
    3914,
    5,
    "22f55d7807842cf6b8c5c09c928fedb7",
  ],
  "amd64_deep-python-call": [
    1,
    1,
    138,
    95,
    43,
    0,
    0,
    0,
    1236391,
    138,
    "1705d8bbf1a3da9aee689766ac0cab44",
  ],
  "amd64_dotnet9-alpine3.23": [
    9,
    8,
    97,
    88,
    9,
    0,
    0,
    0,
    7207,
    28,
    "db09841d6adba05e542ccf2016f78d98",
  ],
  "amd64_go-1.24.1-hello.json": [
    4,
    4,
    32,
    0,
    32,
    0,
    0,
    0,
    2683,
    11,
    "a3381989664c32e774dfc89b4f605481",
  ],
  "amd64_go-cgo": [
    6,
    6,
    54,
    5,
    49,
    0,
    0,
    0,
    27129,
    14,
    "e4ff561e2f0c0a5b6e6ce9c90872f9d2",
  ],
  "amd64_java23-helloworld": [
    18,
    16,
    232,
    190,
    41,
    0,
    1,
    0,
    23103,
    10,
    "51f0be226a985745a6d5b71d54b50791",
  ],
  "amd64_node1610.26681": [
    7,
    4,
    86,
    66,
    20,
    0,
    0,
    0,
    26681,
    38,
    "7ef181d4df61c0c1bfc5cabba93e3336",
  ],
  "amd64_perl528.206": [
    1,
    1,
    20,
    8,
    12,
    0,
    0,
    0,
    206,
    20,
    "ab018ab847981aee3333e5069fc3c8a0",
  ],
  "amd64_php74.7893": [
    1,
    1,
    11,
    9,
    2,
    0,
    0,
    0,
    7893,
    11,
    "517f062d87db9dcf9961dd81b57d6589",
  ],
  "amd64_python3.14-faulted-codeobject": [
    1,
    1,
    41,
    11,
    29,
    1,
    0,
    0,
    28509,
    41,
    "114be8e36294911d3c1b0dc46372030a",
  ],
  "amd64_python312-alpine320": [
    1,
    1,
    48,
    12,
    36,
    0,
    0,
    0,
    10,
    48,
    "93cc5d30c0c52168115fe5a3d223325d",
  ],
  "amd64_python37.26320": [
    1,
    1,
    10,
    9,
    1,
    0,
    0,
    0,
    26320,
    10,
    "ee5ae942283972bb04edce4d2ab3b26c",
  ],
  "amd64_ruby-3.4.5-loop": [
    2,
    2,
    35,
    26,
    9,
    0,
    0,
    0,
    1177439,
    28,
    "2ba88991ddc2e7fc5b1d2350a4b9ce18",
  ],
  "amd64_ruby-3.4.7-gc-marking": [
    2,
    2,
    17,
    15,
    2,
    0,
    0,
    0,
    48523,
    13,
    "dbefa0f5108b1074bed8e383f46568e8",
  ],
  "amd64_stackalign.4040": [
    1,
    1,
    8,
    8,
    0,
    0,
    0,
    0,
    4040,
    8,
    "1d9ed597d6d39a4184c1f79c8008fc10",
  ],
  "amd64_stackdeltas.11629": [
    10,
    5,
    159,
    18,
    141,
    0,
    0,
    0,
    11638,
    22,
    "aa4323b9a8ffc5406a52e86680d09fcd",
  ],
  "arm64_dotnet10-helloworld": [
    7,
    7,
    72,
    65,
    6,
    0,
    1,
    0,
    430615,
    25,
    "2b648f87853fbef411c957736f52dca7",
  ],
  "arm64_glibc-signal-arm": [
    1,
    1,
    12,
    12,
    0,
    0,
    0,
    0,
    17849,
    12,
    "9057c103e11b16c0ada84edbd650e01e",
  ],
  "arm64_node-22-fib": [
    7,
    4,
    98,
    61,
    37,
    0,
    0,
    0,
    10032,
    49,
    "36957c23680ecf4885439b8eee6dc74e",
  ],
  "arm64_php81.571415": [
    1,
    1,
    12,
    9,
    3,
    0,
    0,
    0,
    571415,
    12,
    "26e06978a45b148cfb9f920f469f724d",
  ],
};

async function read(name: string): Promise<Coredump> {
  const path = sharedData(`tracehandler/coredump/${name}.json`)!;
  return decodeCoredumpJson(await Deno.readTextFile(path));
}

for (const [name, facts] of Object.entries(FACTS)) {
  testWith(
    `decodeCoredumpJson finds what is in ${name}`,
    [needsCoredumps],
    async () => {
      const { threads } = await read(name);
      const frames = threads.flatMap(({ frames }) => frames);
      const count = (kind: CoredumpFrame["kind"]) =>
        frames.filter((frame) => frame.kind === kind).length;
      const hashes = threads.map((thread) =>
        formatId128(traceOfCoredumpThread(thread).hash!)
      );
      assertEquals([
        threads.length,
        new Set(hashes).size,
        frames.length,
        count("native"),
        count("symbolised"),
        count("unknown"),
        count("abort"),
        count("error"),
        threads[0]!.lwp,
        threads[0]!.frames.length,
        hashes[0]!,
      ], [...facts]);
    },
  );
}

testWith(
  "decodeCoredumpJson reads every core dump that is shared",
  [needsCoredumps],
  async () => {
    const names: string[] = [];
    for await (
      const { name } of Deno.readDir(sharedData("tracehandler/coredump")!)
    ) names.push(name.replace(/\.json$/, ""));
    assertEquals(names.sort(), Object.keys(FACTS).sort());
    const modules = await Promise.all(
      names.map(async (name) => (await read(name)).modules.length),
    );
    assertEquals(modules.filter((count) => count === 0).length, 7);
  },
);

/** What the encoder is given for the expected files. */
async function encodeCoredump(name: string): Promise<Uint8Array> {
  const { threads } = await read(name);
  const reporter = new ProfileReporter({
    facts: {
      periodType: { type: "cpu", unit: "nanoseconds" },
      period: 50_000_000,
    },
    perCpu: true,
  });
  threads.forEach((thread, index) =>
    reporter.reportTraceEvent(traceOfCoredumpThread(thread), {
      timestamp: (1_700_000_001_000_000_000n + BigInt(index)) as UnixNs,
      comm: "",
      pid: threads[0]!.lwp,
      tid: thread.lwp,
      cpu: 0,
      apmServiceName: "",
      origin: "sampling",
      value: 0,
      labels: [],
      traceId: "",
      spanId: "",
      process: undefined,
    })
  );
  const profile = reporter.build({
    start: 1_700_000_000_000_000_000n as UnixNs,
    end: 1_700_000_005_000_000_000n as UnixNs,
  });
  const message = otlpFromProfile(profile, {
    scopeName: "t",
    scopeVersion: "1",
  });
  return encodeOtlp(message);
}

for (
  const [name, expected] of [
    ["amd64_brokenstack", "brokenstack"],
    ["amd64_node1610.26681", "node1610"],
  ] as const
) {
  testWith(
    `ProfileReporter and encodeOtlp give the expected bytes of ${expected}`,
    [needsCoredumps],
    async () => {
      const bytes = await encodeCoredump(name);
      const wanted = await Deno.readFile(
        new URL(
          `../fixtures/tracehandler/otlp/${expected}.expected.otlp`,
          import.meta.url,
        ),
      );
      assertEquals(bytes.toHex(), wanted.toHex());
    },
  );
}

Deno.test("parseCoredumpFrame reads the five patterns", () => {
  assertEquals(
    parseCoredumpFrame("<unwinding aborted due to error native_small_pc>"),
    { kind: "abort", error: "native_small_pc" },
  );
  assertEquals(parseCoredumpFrame("<error x>"), { kind: "error", error: "x" });
  assertEquals(parseCoredumpFrame("?+0x1f"), {
    kind: "unknown",
    address: 0x1fn,
  });
  assertEquals(parseCoredumpFrame("libc.so.6+0xffffffffffffffff"), {
    kind: "native",
    module: "libc.so.6",
    address: 2n ** 64n - 1n,
  });
  const symbolised = {
    kind: "symbolised" as const,
    functionOffset: 7,
    line: 8,
    column: 12,
  };
  assertEquals(
    parseCoredumpFrame("fib+7 in file:///home/app.mjs:8:12"),
    { ...symbolised, functionName: "fib", file: "file:///home/app.mjs" },
  );
  assertEquals(parseCoredumpFrame("a +1 in b+7 in c:8"), {
    ...symbolised,
    functionName: "a +1 in b",
    file: "c",
    column: 0,
  });
  assertEquals(parseCoredumpFrame("f+7 in :8"), {
    ...symbolised,
    functionName: "f",
    file: "",
    column: 0,
  });
});

Deno.test("parseCoredumpFrame refuses other texts, long ones without delay", () => {
  for (
    const text of ["", "main", "f+1 in file", "x+0x", "x+0x12345678901234567"]
  ) {
    assertEquals(parseCoredumpFrame(text), undefined, text);
  }
  assertEquals(parseCoredumpFrame("+1 in ".repeat(100_000)), undefined);
  assertEquals(parseCoredumpFrame(":1".repeat(100_000)), undefined);
});

const SMALL = JSON.stringify({
  "coredump-ref": "0".repeat(64),
  threads: [{
    lwp: 7,
    frames: ["libc.so+0x10", "main+1 in a.c:3", "?+0x5", "<error empty_stack>"],
  }],
  modules: null,
});

Deno.test("profileOfCoredump makes each thread a sample of one process", () => {
  const profile = profileOfCoredump(decodeCoredumpJson(SMALL));
  assertEquals(profile.samples.length, 1);
  assertEquals(profile.threads, [{
    pid: 7,
    tid: 7,
    name: "",
    processName: "",
  }]);
  const kinds = [...profile.frames.kind].map((kind) => profile.strings[kind]);
  assertEquals(kinds, ["unknown", "unknown", "unknown", "native"]);
});

Deno.test("traceOfCoredumpThread takes the runtime that is given", () => {
  const [thread] = decodeCoredumpJson(SMALL).threads;
  const { frames } = traceOfCoredumpThread(thread!, { runtime: 1 });
  assertEquals(frames.map(({ type }) => type), [3, 1, 0, 0]);
});

Deno.test("sniffCoredumpJson knows the first member", () => {
  assertEquals(sniffCoredumpJson(new TextEncoder().encode(SMALL)), true);
  assertEquals(sniffCoredumpJson(new TextEncoder().encode("{}")), false);
});

Deno.test("decodeCoredumpJson says what is wrong", () => {
  const cases: [string, string][] = [
    ["{", "Cannot read core dump JSON"],
    ["[]", "no object"],
    ["{}", "coredump-ref or threads"],
    ['{"coredump-ref":"x","threads":[{}]}', "lwp or frames of thread 0"],
    ['{"coredump-ref":"x","threads":[null]}', "lwp or frames of thread 0"],
    [
      '{"coredump-ref":"x","threads":[{"lwp":1,"frames":["?"]}]}',
      'frame 0 of thread 0 is "?"',
    ],
  ];
  for (const [text, message] of cases) {
    assertThrows(() => decodeCoredumpJson(text), FormatError, message);
  }
  const unknown = decodeCoredumpJson(
    '{"coredump-ref":"x","threads":[{"lwp":1,"frames":["<error nope>"]}]}',
  );
  assertThrows(() => profileOfCoredump(unknown), FormatError, '"nope"');
});

Deno.test("decodeCoredumpJson survives damage of every kind", () => {
  const decoder = new TextDecoder();
  for (const bytes of mutations([new TextEncoder().encode(SMALL)], 10_000, 2)) {
    try {
      profileOfCoredump(decodeCoredumpJson(decoder.decode(bytes)));
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
  }
});
