import { assert, assertEquals, assertThrows } from "@std/assert";
import { FormatError, LimitError } from "../../../src/base/errors.ts";
import { decodeAdvertise } from "../../../src/eventpipe/ipc/advertise_decoder.ts";
import { encodeAdvertise } from "../../../src/eventpipe/ipc/advertise_encoder.ts";
import { REPLY } from "../../../src/eventpipe/ipc/command_table.ts";
import {
  decodeMessageHeader,
} from "../../../src/eventpipe/ipc/message_decoder.ts";
import { encodeMessage } from "../../../src/eventpipe/ipc/message_encoder.ts";
import { decodeRequest } from "../../../src/eventpipe/ipc/request_decoder.ts";
import {
  DEFAULT_RUNDOWN_KEYWORD,
  encodeRequest,
  planCollectTracing,
} from "../../../src/eventpipe/ipc/request_encoder.ts";
import {
  decodeEnvironment,
  decodeEnvironmentSize,
  decodeError,
  decodeProcessInfo,
  decodeSessionId,
  decodeStatus,
} from "../../../src/eventpipe/ipc/response_decoder.ts";
import {
  encodeEnvironment,
  encodeResponse,
} from "../../../src/eventpipe/ipc/response_encoder.ts";
import type {
  CollectTracingConfig,
  DiagnosticRequest,
} from "../../../src/eventpipe/ipc/types.ts";
import { requireSharedData, sharedData } from "../../support/shared_data.ts";
import { testWith } from "../../support/requirement.ts";
import { mutations } from "../../support/mutations.ts";

interface Vector {
  readonly name: string;
  readonly kind: string;
  readonly bytes: number;
  readonly hex: string;
}

const PATH = "diagnostic-ipc/vectors.json";
const file = sharedData(PATH);
const vectors: Readonly<Record<string, Uint8Array>> = file === undefined
  ? {}
  : Object.fromEntries(
    (JSON.parse(Deno.readTextFileSync(file)).vectors as Vector[]).map((
      { name, hex },
    ) => [name.slice(0, name.indexOf("-")), Uint8Array.fromHex(hex)]),
  );
const SHARED = [requireSharedData(PATH)];

const RUNTIME = "Microsoft-Windows-DotNETRuntime";
const COOKIE = "123e4567-e89b-12d3-a456-426614174000";

function collect(config: CollectTracingConfig): DiagnosticRequest {
  return { type: "collectTracing", ...planCollectTracing(config) };
}

const REQUESTS: Readonly<Record<string, DiagnosticRequest>> = {
  R01: {
    type: "collectTracing",
    ...planCollectTracing({
      bufferSizeMb: 250,
      providers: [{
        name: "MyEventSource",
        keywords: 0x64n,
        level: 2,
        arguments: null,
      }],
    }),
    version: 1,
  },
  R02: collect({
    providers: [
      { name: RUNTIME, keywords: 0x100003801Dn, level: 4, arguments: "" },
      {
        name: "Microsoft-DotNETCore-SampleProfiler",
        keywords: 0xF00000000000n,
        level: 4,
        arguments: "",
      },
    ],
  }),
  R03: collect({
    rundownKeyword: 0n,
    providers: [{
      name: "System.Runtime",
      keywords: 0n,
      level: 4,
      arguments: "EventCounterIntervalSec=1",
    }],
  }),
  R04: collect({
    rundownKeyword: 1n,
    providers: [
      { name: RUNTIME, keywords: 1n, level: 4, arguments: "" },
      {
        name: "Microsoft-Windows-DotNETRuntimePrivate",
        keywords: 1n,
        level: 4,
        arguments: "",
      },
    ],
  }),
  R07: { type: "stopTracing", sessionId: 0x7f3a1c002b40n },
  R08: {
    type: "generateCoreDump",
    version: 3,
    path: "/tmp/core_1",
    dumpType: 2,
    flags: 5,
  },
  R09: {
    type: "attachProfiler",
    timeoutMs: 5,
    profilerId: "cf0d821e-299b-5307-a3d8-b283c03916dd",
    path: "/opt/p.so",
    clientData: new Uint8Array([1, 2, 3]),
  },
  R10: { type: "processInfo", version: 3 },
  R11: { type: "resumeRuntime" },
  R12: { type: "setEnvironmentVariable", name: "MY_VAR", value: "1" },
  R13: { type: "enablePerfMap", perfMapType: 1 },
};

for (const [name, request] of Object.entries(REQUESTS)) {
  testWith(`encodeRequest makes vector ${name}`, SHARED, () => {
    assertEquals(encodeRequest(request).toHex(), vectors[name]!.toHex());
  });
}

testWith("decodeRequest reads every request vector back", SHARED, () => {
  for (const [name, bytes] of Object.entries(vectors)) {
    if (!name.startsWith("R")) continue;
    const { size, code } = decodeMessageHeader(bytes);
    assertEquals(size, bytes.length);
    const request = decodeRequest(code, bytes.subarray(20));
    assertEquals(encodeRequest(request).toHex(), bytes.toHex(), name);
  }
});

testWith("decodeRequest tells filter and buffering mode apart", SHARED, () => {
  const five = decodeRequest(0x0206, vectors["R05"]!.subarray(20));
  const six = decodeRequest(0x0207, vectors["R06"]!.subarray(20));
  assert(five.type === "collectTracing" && six.type === "collectTracing");
  assertEquals(five.providers[0]!.eventFilter, {
    enable: true,
    eventIds: [2, 4, 6],
  });
  assertEquals([five.bufferSizeMb, five.bufferingMode], [64, "drop"]);
  assertEquals([six.bufferSizeMb, six.bufferingMode], [1024, "block"]);
});

testWith("decoders read the response vectors", SHARED, () => {
  const payload = (name: string) => vectors[name]!.subarray(20);
  assertEquals(decodeSessionId(payload("S01")).sessionId, 0x7f3a1c002b40n);
  assertEquals(decodeStatus(payload("S02")), 0);
  assertEquals(decodeStatus(payload("S03")), 0);
  assertEquals(decodeError(payload("S04")).hresult, 0x80131384);
  assertEquals(decodeError(payload("S05")).hresult, 0x80131385);
  assertEquals(decodeError(payload("S06")), {
    hresult: 0x80131384,
    message: undefined,
  });
  assertEquals(decodeProcessInfo(payload("S07"), 1), {
    processId: 12345n,
    runtimeCookie: COOKIE,
    commandLine: "/app/My App --x",
    os: "Linux",
    arch: "x64",
    entrypointAssembly: undefined,
    clrVersion: undefined,
    portableRid: undefined,
  });
  assertEquals(decodeProcessInfo(payload("S08"), 2).clrVersion, "8.0.6");
  const info = decodeProcessInfo(payload("S09"), 3);
  assertEquals(info.portableRid, "linux-musl-x64");
  assertEquals(
    encodeResponse({ type: "processInfo", version: 3, info }).toHex(),
    vectors["S09"]!.toHex(),
  );
  assertEquals(decodeEnvironmentSize(payload("S10")), 62);
  assertEquals([...decodeEnvironment(vectors["S10c"]!)], [
    ["PATH", "/bin"],
    ["EMPTY", ""],
    ["X", "a=b"],
  ]);
  assertEquals(
    encodeEnvironment({ PATH: "/bin", EMPTY: "", X: "a=b" }).toHex(),
    vectors["S10c"]!.toHex(),
  );
  assertEquals(decodeEnvironment(vectors["S11c"]!).size, 0);
  assertEquals(decodeError(payload("S12"), { withMessage: true }), {
    hresult: 0x80004005,
    message: "Permission denied",
  });
  assertEquals(decodeMessageHeader(vectors["S12"]!).code, REPLY.error);
  const advertise = { runtimeCookie: COOKIE, processId: 12345n };
  assertEquals(decodeAdvertise(vectors["A01"]!), advertise);
  assertEquals(encodeAdvertise(advertise).toHex(), vectors["A01"]!.toHex());
});

testWith("decoders survive 10,000 mutations of the vectors", SHARED, () => {
  const seeds = Object.values(vectors);
  for (const bytes of mutations(seeds)) {
    const attempts = [
      () => decodeRequest(decodeMessageHeader(bytes).code, bytes.subarray(20)),
      () => decodeProcessInfo(bytes.subarray(20), 3),
      () => decodeError(bytes.subarray(20), { withMessage: true }),
      () => decodeSessionId(bytes.subarray(20)),
      () => decodeEnvironmentSize(bytes.subarray(20)),
      () => decodeEnvironment(bytes),
      () => decodeAdvertise(bytes),
    ];
    for (const attempt of attempts) {
      try {
        attempt();
      } catch (error) {
        assert(
          error instanceof FormatError || error instanceof LimitError ||
            error instanceof RangeError,
          `${bytes.toHex()}: ${error}`,
        );
      }
    }
  }
});

Deno.test("planCollectTracing takes the oldest command that will do", () => {
  const providers = [{ name: "P", level: 4 }];
  const version = (config: Partial<CollectTracingConfig>) =>
    planCollectTracing({ providers, ...config }).version;
  assertEquals(version({}), 2);
  assertEquals(version({ rundownKeyword: 0n }), 2);
  assertEquals(version({ stackwalk: false }), 3);
  assertEquals(version({ stackwalk: false, rundownKeyword: 1n }), 4);
  const eventFilter = { enable: false, eventIds: [] };
  assertEquals(version({ providers: [{ ...providers[0]!, eventFilter }] }), 5);
  assertEquals(version({ sessionType: "userEvents" }), 5);
  assertEquals(version({ bufferingMode: "block" }), 6);
});

Deno.test("encodeRequest refuses what a runtime would not take", () => {
  const p = { name: "P", level: 4 };
  const bad: Partial<CollectTracingConfig>[] = [
    { providers: [] },
    { providers: Array(1001).fill(p) },
    { providers: [{ ...p, level: 6 }] },
    { providers: [{ ...p, level: -1 }] },
    { providers: [{ ...p, name: "" }] },
    { providers: [{ ...p, name: "a\0b" }] },
    { providers: [{ ...p, arguments: "x".repeat(40_000) }] },
    { bufferSizeMb: 0 },
    { bufferSizeMb: 2 ** 32 },
    { format: 2 },
    { sessionType: "userEvents" },
    {
      sessionType: "userEvents",
      providers: [{
        ...p,
        tracepoints: {
          defaultName: null,
          sets: [{ name: "a", eventIds: [1] }, { name: "b", eventIds: [1] }],
        },
      }],
    },
  ];
  for (const config of bad) {
    assertThrows(
      () => encodeRequest(collect({ providers: [p], ...config })),
      RangeError,
    );
  }
  assertThrows(
    () =>
      encodeRequest({
        type: "startupProfiler",
        profilerId: "00000000-0000-0000-0000-000000000000",
        path: "/p.so",
      }),
    RangeError,
    "zero",
  );
});

Deno.test("encodeRequest and decodeRequest keep a user_events session", () => {
  const request = collect({
    sessionType: "userEvents",
    rundownKeyword: DEFAULT_RUNDOWN_KEYWORD,
    providers: [{
      name: "P",
      level: 4,
      keywords: -1n,
      tracepoints: {
        defaultName: "all",
        sets: [{ name: "some", eventIds: [1, 2] }],
      },
    }],
  });
  const bytes = encodeRequest(request);
  const decoded = decodeRequest(0x0206, bytes.subarray(20));
  assert(decoded.type === "collectTracing");
  assertEquals(decoded.sessionType, "userEvents");
  assertEquals(decoded.providers[0]!.keywords, 0xffff_ffff_ffff_ffffn);
  assertEquals(decoded.providers[0]!.tracepoints?.sets[0]?.eventIds, [1, 2]);
  assertEquals(encodeRequest(decoded).toHex(), bytes.toHex());
});

Deno.test("decodeMessageHeader refuses a wrong magic and a small size", () => {
  const good = encodeMessage(0xff00);
  const magic = good.slice();
  magic[3] = 0;
  assertThrows(() => decodeMessageHeader(magic), FormatError, "begins with");
  const size = good.slice();
  size[14] = 19;
  assertThrows(() => decodeMessageHeader(size), FormatError, "19 bytes");
});

Deno.test("decodeEnvironment takes odd entries and refuses surplus bytes", () => {
  const bytes = encodeEnvironment({ "": "C:=x", A: "1" });
  assertEquals([...decodeEnvironment(bytes)], [["=C:", "x"], ["A", "1"]]);
  const longer = new Uint8Array(bytes.length + 2);
  longer.set(bytes);
  assertThrows(() => decodeEnvironment(longer), FormatError, "2 bytes follow");
  const many = new Uint8Array([255, 255, 255, 255]);
  assertThrows(() => decodeEnvironment(many), FormatError, "do not fit");
});

Deno.test("decodeEnvironment takes the last of values of one name, in its place", () => {
  const bytes = encodeEnvironment({ A: "1", B: "2", "C": "3" });
  // The third entry becomes another A: two bytes from the end of "C=3" and its zero.
  bytes[bytes.length - 8] = "A".charCodeAt(0);
  assertEquals([...decodeEnvironment(bytes)], [["B", "2"], ["A", "3"]]);
});

Deno.test("decodeEnvironmentSize refuses what nobody has", () => {
  const sizeOf = (size: number) =>
    decodeEnvironmentSize(new Uint8Array(new Uint32Array([size, 0]).buffer));
  assertEquals(sizeOf(256 * 1024 * 1024), 256 * 1024 * 1024);
  assertThrows(() => sizeOf(256 * 1024 * 1024 + 1), LimitError, "limit is");
  assertThrows(() => sizeOf(3), FormatError, "at least 4");
});
