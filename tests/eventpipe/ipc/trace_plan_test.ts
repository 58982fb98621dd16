import { assertEquals, assertThrows } from "@std/assert";
import {
  encodeRequest,
  planCollectTracing,
} from "../../../src/eventpipe/ipc/request_encoder.ts";
import {
  formatArguments,
  parseArguments,
  parseClrEvents,
  parseProviders,
} from "../../../src/eventpipe/ipc/provider_text.ts";
import { parseEndpoint } from "../../../src/eventpipe/ipc/endpoint_text.ts";
import { planTrace } from "../../../src/eventpipe/ipc/trace_plan.ts";
import type { TracePlanRequest } from "../../../src/eventpipe/ipc/trace_plan.ts";
import { sha256Hex } from "../../support/sha256.ts";

/** Options, command, size and digest of the whole request as dotnet-trace sends it. */
const REQUESTS: readonly [TracePlanRequest, number, number, string][] = [
  [
    {},
    0x0203,
    213,
    "f9473a36dce8e5ad1db559a71e3b63b6791418a7a96552004eda1bd5f3f08ab1",
  ],
  [
    { profiles: ["dotnet-common"] },
    0x0203,
    119,
    "7b38c31a45dd8d5e5709a0373a7382dc738723f22577693fe9ea1c29a8a2cb8a",
  ],
  [
    { profiles: ["dotnet-sampled-thread-time"] },
    0x0203,
    127,
    "d3b9224d3fa1b23ea654eaa6391680ab865fa6faea0beb9d9e13a61bb16cf621",
  ],
  [
    { profiles: ["gc-verbose"] },
    0x0203,
    119,
    "66c60462c508ca9af53591b68b04cc949bf682f5279c30c20a0e8c6b356a7c06",
  ],
  [
    { profiles: ["gc-collect"] },
    0x0205,
    227,
    "69f5aa662a409ef2ca6a2097ed8fc019b57181e3d590c30128a6b3a818538738",
  ],
  [
    { profiles: ["gc-collect"], rundown: false },
    0x0203,
    219,
    "e5c574dfed4679afc4a42c2475e6f5eaadccabda94b03ea08e7a54fed69ab658",
  ],
  [
    { profiles: ["gc-collect"], rundown: true },
    0x0203,
    219,
    "67d5d774ffab80b78784c676f840f6c776dbc5127385ad98732665113155ff9d",
  ],
  [
    { profiles: ["database"] },
    0x0203,
    2131,
    "75f629f65869db749040fafce1a46e3c5008bbdb303e8d95ba6390c7bba04a2b",
  ],
];

for (const [request, code, size, digest] of REQUESTS) {
  Deno.test(`planTrace of ${JSON.stringify(request)} is dotnet-trace's`, async () => {
    const plan = planTrace(request);
    const bytes = encodeRequest({
      type: "collectTracing",
      ...planCollectTracing(plan),
    });
    assertEquals([bytes[16]! * 256 + bytes[17]!, bytes.length], [code, size]);
    assertEquals(await sha256Hex(bytes), digest);
  });
}

Deno.test("planTrace merges providers of one name and prefers them to presets", () => {
  const plan = planTrace({
    providers: parseProviders(
      "A:1:2,a:2:5:x=1,microsoft-windows-dotnetruntime:0x0:4",
    ),
    profiles: ["gc-verbose", "dotnet-common"],
    clrEvents: parseClrEvents("gc"),
  });
  assertEquals(
    plan.providers.map((
      p,
    ) => [p.name, p.keywords, p.level, p.arguments, p.origin]),
    [
      ["A", 3n, 5, "x=1", "--providers"],
      ["microsoft-windows-dotnetruntime", 0n, 4, "", "--providers"],
    ],
  );
  assertEquals(plan.notes.length, 1);
  assertThrows(
    () => planTrace({ providers: parseProviders("A:1:2:x=1,a:1:2:y=2") }),
    RangeError,
    "declared multiple times",
  );
});

Deno.test("planTrace gives all events of a provider whose level is always once", () => {
  const levels = (text: string) =>
    planTrace({ providers: parseProviders(text) }).providers
      .map(({ level }) => level);
  assertEquals(levels("A:1:5,a:2:0"), [0]);
  assertEquals(levels("A:1:0,a:2:5"), [0]);
  assertEquals(levels("A:1:2,a:2:4"), [4]);
});

Deno.test("planTrace warns of providers that are named by a GUID and goes on", () => {
  const guid = "e13c0d23-ccbc-4e12-931b-d9cc2eee27e4";
  const plan = planTrace({ providers: parseProviders(`${guid}:1,A`) });
  assertEquals(plan.providers.map(({ name }) => name), [guid, "A"]);
  assertEquals(plan.notes.length, 1);
  assertEquals(plan.notes[0]!.includes(guid), true);
});

Deno.test("planTrace names the successors of cpu-sampling", () => {
  assertThrows(
    () => planTrace({ profiles: ["cpu-sampling"] }),
    RangeError,
    "dotnet-sampled-thread-time",
  );
  assertThrows(
    () => planTrace({ profiles: ["gc-verbos"] }),
    RangeError,
    "gc-verbose",
  );
});

Deno.test("parseProviders reads names, keywords, levels and arguments", () => {
  const [a, b, c] = parseProviders(
    'A,B:ff:Verbose:k="x;y=z",C:0xFFFFFFFFFFFFFFFF:9',
  );
  assertEquals([a!.keywords, a!.level, a!.arguments], [0n, 4, ""]);
  assertEquals([b!.keywords, b!.level, b!.arguments], [0xffn, 5, 'k="x;y=z"']);
  assertEquals([c!.keywords, c!.level], [0xffff_ffff_ffff_ffffn, 5]);
  for (
    const bad of [
      "",
      "A,,B",
      ":1:2",
      "A:12345678901234567",
      "A:-1",
      "A:xyz",
      "A::-1",
      "A::loud",
    ]
  ) {
    assertThrows(() => parseProviders(bad), SyntaxError);
  }
});

Deno.test("parseArguments follows the quoting of dotnet-trace", () => {
  const sent = (text: string) => formatArguments(parseArguments(text));
  assertEquals(sent("A=B;C=D"), "A=B;C=D");
  assertEquals(sent("A=B;C=D;"), "A=B;C=D");
  assertEquals(parseArguments('A="B;C=D"'), [["A", "B;C=D"]]);
  assertEquals(sent('A="B;C=D"'), 'A="B;C=D"');
  assertEquals(sent("A="), "A=");
  assertEquals(parseArguments('A=\\"B\\"'), [["A", "B"]]);
  assertEquals(parseArguments("A=x\\ny"), [["A", "x\ny"]]);
  for (
    const bad of [
      "k=v=w",
      "a=1;b",
      "A=1;A=2",
      "A=1;;B=2",
      'A="x',
      "A=\\q",
      "A=\\",
      "=1",
    ]
  ) {
    assertThrows(() => parseArguments(bad), SyntaxError, "at character");
  }
});

Deno.test("parseClrEvents joins keywords", () => {
  assertEquals(parseClrEvents("GC+managedheadcollect").keywords, 0x800001n);
  assertThrows(
    () => parseClrEvents("gcc"),
    SyntaxError,
    "not a valid CLR event keyword",
  );
});

Deno.test("parseEndpoint reads every spelling", () => {
  const unix = (text: string) => {
    const { address, mode } = parseEndpoint(text);
    return address.type === "unix" ? `${address.path} ${mode}` : address.type;
  };
  assertEquals(unix("myport"), "myport listen");
  assertEquals(unix("uds:myport,connect"), "myport connect");
  for (
    const text of [
      "/a/b.sock",
      "uds:/a/b.sock",
      "uds:///a/b.sock",
      "uds://host/a/b.sock",
      "file:///a/b.sock",
    ]
  ) {
    assertEquals(unix(`${text},Listen`), "/a/b.sock listen");
  }
  assertEquals(unix("/my app/100%25.sock"), "/my app/100%25.sock listen");
  assertEquals(parseEndpoint("tcp:127.0.0.1:9000").address, {
    type: "tcp",
    hostname: "127.0.0.1",
    port: 9000,
  });
  for (
    const text of [
      "",
      ",connect",
      "a,b",
      "a,listen,connect",
      "http://x",
      "namedpipe:x",
    ]
  ) {
    assertThrows(() => parseEndpoint(text), SyntaxError);
  }
  for (
    const text of [
      "myport",
      "namedpipe:myport",
      "\\\\.\\pipe\\myport",
      "namedpipe:/pipe/myport",
      "namedpipe://./pipe/myport",
      "namedpipe://host/myport",
      "namedpipe:///myport",
    ]
  ) {
    assertEquals(parseEndpoint(text, { windows: true }).address, {
      type: "pipe",
      name: "myport",
    }, text);
  }
  assertThrows(() => parseEndpoint("uds:x", { windows: true }), SyntaxError);
});
