import { assertEquals } from "@std/assert";
import {
  ownCapture,
  requireCaptures,
  type SharedCapture,
  sharedCapture,
} from "../../support/nettrace_captures.ts";
import { readNettraceProfile } from "../../../src/eventpipe/samples/read_nettrace_profile.ts";
import { writeFolded } from "../../../src/profile/write_folded.ts";
import { bytesOf, streamOf, textOf } from "../../support/byte_stream.ts";
import { testWith } from "../../support/requirement.ts";
import { sha256Hex } from "../../support/sha256.ts";
import { requireSharedData, sharedData } from "../../support/shared_data.ts";
import {
  type BuiltEvent,
  methodPayload,
  samplePayload,
  TraceBuilder,
} from "../../support/trace_builder.ts";

async function folded(
  bytes: Uint8Array,
  managedOnly: boolean,
  chunkBytes = 65_536,
): Promise<Uint8Array<ArrayBuffer>> {
  const { profile } = await readNettraceProfile(streamOf(bytes, chunkBytes), {
    method: "dotnetdiag",
    managedOnly,
  });
  return await bytesOf(writeFolded(profile));
}

const GOLDEN = "nettrace/dotnetdiag/dotnet-5.0-SampleProfiler-single-thread";

for (
  const [suffix, managedOnly] of [["", false], ["-managed-only", true]] as const
) {
  const golden = `${GOLDEN}${suffix}.txt`;
  testWith(
    `DotnetdiagSamples gives dotnetdiag's golden text${suffix}`,
    [requireSharedData(golden), requireCaptures("singleThread")],
    async () => {
      assertEquals(
        await folded(await sharedCapture("singleThread"), managedOnly),
        await Deno.readFile(sharedData(golden)!),
      );
    },
  );
}

interface Expected {
  readonly lines: number;
  readonly sum: number;
  readonly sha256: string;
}

async function check(
  bytes: Uint8Array,
  managedOnly: boolean,
  expected: Expected,
): Promise<void> {
  const found = await folded(bytes, managedOnly);
  const lines = new TextDecoder().decode(found).trimEnd().split("\n");
  const sum = lines.reduce(
    (total, line) => total + Number(line.slice(line.lastIndexOf(" "))),
    0,
  );
  assertEquals({
    lines: lines.length,
    sum,
    sha256: await sha256Hex(found),
  }, expected);
}

const SHARED_CASES: readonly [string, SharedCapture, Expected, Expected][] = [
  ["mixed samples", "mixed", {
    lines: 2,
    sum: 5_499_656_615,
    sha256: "854967542a5c2f7e5f3b19bb1a000593e5ffcd0ded0eda24218ba9d406c58926",
  }, {
    lines: 7,
    sum: 8_671_744_677,
    sha256: "0762692755cef74fed0ae28d82c314768c7444f8dc5b097ec7303ecc00cdec07",
  }],
  ["a trace with 106,881 methods", "heartRateMonitor", {
    lines: 3,
    sum: 4_082_846,
    sha256: "617c0c16e3f8f43ad768e21b1e776eca36e9ff6d0c4d1f991ab81e34cc750a22",
  }, {
    lines: 195,
    sum: 1_466_021_537,
    sha256: "b6ed8796da735593572f75b6b5cdff3b9b2e787fd82c4d1e39a1cb1ca0ff5c0a",
  }],
  ["a trace without rundown and with an odd frequency", "objver4", {
    lines: 2,
    sum: 6_732_800,
    sha256: "229813760e6fd619f2ea1c3c6848524abe3a8ce2d7de2fed59b057210cfca91a",
  }, {
    lines: 24,
    sum: 337_480_880_000,
    sha256: "0a47f79d3fa4079094fa3c2236a8c722f6ee4d7b3a1d459373edd4a672cb7a67",
  }],
];

for (const [title, path, managed, all] of SHARED_CASES) {
  testWith(
    `DotnetdiagSamples gives dotnetdiag's text for ${title}`,
    [requireCaptures(path)],
    async () => {
      const bytes = await sharedCapture(path);
      await check(bytes, true, managed);
      await check(bytes, false, all);
    },
  );
}

Deno.test("DotnetdiagSamples gives dotnetdiag's text for traces of .NET 10", async () => {
  const workload = ownCapture("workload");
  await check(workload, true, {
    lines: 69,
    sum: 1_610_020_760,
    sha256: "9a5462f7b9e8b9dbca167025285232d91086350ea7ef5d7e9448eddc7ba9691b",
  });
  await check(workload, false, {
    lines: 129,
    sum: 11_764_080_259,
    sha256: "f2bddb896eeeb2e5ccbe96e0bfd5c8a7e384249485e660ca686c5c67fdc3d026",
  });
  const jit = ownCapture("jit");
  await check(jit, true, {
    lines: 17,
    sum: 328_165_225,
    sha256: "e91229a81d02b2ab364a6c19cfb679831cac5e9e018eb25b0e0351d84125715a",
  });
  await check(jit, false, {
    lines: 20,
    sum: 660_630_331,
    sha256: "bc93d6d602c74f8a2d5e8a1f6b6bc5cbaaf9bb03c5e71fac9f659266e01046fc",
  });
});

Deno.test("DotnetdiagSamples gives the same for pieces of any size", async () => {
  const jit = ownCapture("jit");
  const whole = await folded(jit, false, jit.length);
  for (const size of [1, 7, 4093]) {
    assertEquals(await folded(jit, false, size), whole, `${size}`);
  }
});

function sample(
  time: number,
  type: number,
  address: bigint | undefined,
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

function listed(
  start: bigint,
  size: number,
  name: string,
  module = 7n,
): BuiltEvent {
  return {
    provider: "Microsoft-Windows-DotNETRuntimeRundown",
    id: 144,
    version: 1,
    time: 900,
    payload: methodPayload({
      start,
      size,
      name,
      namespace: "N",
      signature: "void (int32)",
      module,
    }),
  };
}

async function textFor(
  trace: TraceBuilder,
  managedOnly = false,
): Promise<string> {
  const { profile } = await readNettraceProfile([trace.bytes()], {
    method: "dotnetdiag",
    managedOnly,
  });
  return await textOf(writeFolded(profile));
}

Deno.test("DotnetdiagSamples charges time to the stack at its end", async () => {
  const trace = new TraceBuilder().add(
    sample(100, 2, 0x1000n),
    sample(110, 2, 0x2000n),
    sample(130, 1, 0x3000n),
    sample(170, 1, 0x3000n),
    sample(180, 2, 0x1000n),
    listed(0x1000n, 16, "A"),
    listed(0x2000n, 16, "B"),
    listed(0x3000n, 16, "C"),
  ).sequencePoint();
  assertEquals(
    await textFor(trace),
    "?!N.A(int32) 10\n?!N.B(int32) 10\n?!N.C(int32) 60\n",
  );
  // External time that began in managed code stays.
  assertEquals(
    await textFor(trace, true),
    "?!N.B(int32) 10\n?!N.C(int32) 20\n",
  );
});

Deno.test("DotnetdiagSamples never counts what follows the last sequence point", async () => {
  const trace = new TraceBuilder().add(
    sample(100, 2, 0x1000n),
    sample(110, 2, 0x1000n),
  ).sequencePoint().add(sample(150, 2, 0x1000n));
  assertEquals(await textFor(trace), "?!? 10\n");
});

Deno.test("DotnetdiagSamples ignores error samples and those before the sync point", async () => {
  const trace = new TraceBuilder().add(
    sample(-5, 2, 0x1000n),
    sample(100, 2, 0x1000n),
    sample(105, 0, 0x1000n),
    sample(110, 2, 0x1000n),
  ).sequencePoint();
  assertEquals(await textFor(trace), "?!? 10\n");
});

Deno.test("DotnetdiagSamples gives samples without a stack an empty name", async () => {
  const trace = new TraceBuilder().add(
    sample(100, 2, undefined),
    sample(110, 2, undefined),
  ).sequencePoint();
  assertEquals(await textFor(trace), " 10\n");
});

Deno.test("DotnetdiagSymbols lets a later method with the same start win, and doubts the place behind the distinct ones", async () => {
  const trace = new TraceBuilder().add(
    sample(100, 2, 0x1000n),
    sample(110, 2, 0x1000n),
    sample(120, 2, 0x3000n),
    sample(130, 2, 0x4000n),
    listed(0x1000n, 16, "Old"),
    listed(0x1000n, 16, "New"),
    listed(0x3000n, 16, "Third"),
    listed(0x4000n, 16, "Fourth"),
  ).sequencePoint();
  // Starts are 1000, 1000, 3000, 4000; three distinct ones: position 3 is not believed.
  assertEquals(
    await textFor(trace),
    "?!? 10\n?!N.New(int32) 10\n?!N.Third(int32) 10\n",
  );
});

Deno.test("DotnetdiagSymbols ends texts at the first unit with a zero lower byte", async () => {
  const trace = new TraceBuilder().add(
    sample(100, 2, 0x1000n),
    sample(110, 2, 0x1000n),
    listed(0x1000n, 16, "A\u0100\0(x"),
  ).sequencePoint();
  // The rest of the name is read as the signature, and its own bracket is found.
  assertEquals(await textFor(trace), "?!N.A 10\n");
});

Deno.test("DotnetdiagSymbols names modules by slash only and drops any extension", async () => {
  const cases: readonly [string, string][] = [
    ["/app/My.App.dll", "My.App"],
    ["C:\\app\\App.dll", "C:\\app\\App"],
    ["/app/lib.so", "lib"],
    ["/app/plain", "plain"],
    ["", "."],
  ];
  for (const [path, expected] of cases) {
    const units = new Uint8Array([...`${path}\0`].flatMap((unit) => [
      unit.charCodeAt(0),
      0,
    ]));
    const payload = new Uint8Array(32 + units.length);
    new DataView(payload.buffer).setBigUint64(0, 7n, true);
    payload.set(units, 32);
    const trace = new TraceBuilder().add(
      sample(100, 2, 0x1000n),
      sample(110, 2, 0x1000n),
      listed(0x1000n, 16, "A"),
      {
        provider: "Microsoft-Windows-DotNETRuntimeRundown",
        id: 152,
        version: 1,
        time: 901,
        payload,
      },
    ).sequencePoint();
    assertEquals(await textFor(trace), `${expected}!N.A(int32) 10\n`);
  }
});
