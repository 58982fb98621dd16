import { assertEquals, assertStringIncludes } from "@std/assert";
import { gunzipSync } from "node:zlib";
import { decodeOtlp } from "../../src/profile/otlp_decoder.ts";
import { encodeOtlp } from "../../src/profile/otlp_encoder.ts";
import { profileFromOtlp } from "../../src/profile/profile_from_otlp.ts";
import type { OtlpProfiles } from "../../src/profile/otlp_types.ts";
import { OTLP_HTTP_PATH } from "../../src/tracehandler/otlp_endpoint.ts";
import { REPOSITORY } from "../support/file_url.ts";
import {
  MemoryHost,
  type MemoryHostOptions,
  runMain,
} from "../support/memory_host.ts";
import { main } from "../../src/cli/main.ts";

const OTLP = `${REPOSITORY}/tests/fixtures/tracehandler/otlp`;
const TINY = `${OTLP}/tiny.expected.otlp`;
const NODE = `${OTLP}/node1610.expected.otlp`;
const NETTRACE = `${REPOSITORY}/tests/fixtures/nettrace/workload.nettrace`;

interface Collector extends AsyncDisposable {
  readonly url: string;
  readonly messages: OtlpProfiles[];
  readonly headers: Headers[];
}

/** A collector that answers as it is told, then takes everything. */
function startCollector(
  answers: readonly (() => Response | Promise<Response>)[] = [],
): Collector {
  const messages: OtlpProfiles[] = [];
  const headers: Headers[] = [];
  let count = 0;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const body = new Uint8Array(await request.arrayBuffer());
      headers.push(request.headers);
      const answer = answers[count++];
      if (answer !== undefined) return await answer();
      const isPacked = request.headers.get("content-encoding") === "gzip";
      messages.push(decodeOtlp(isPacked ? gunzipSync(body) : body));
      return new Response(null);
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    messages,
    headers,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const status = (code: number, headers: Record<string, string> = {}) => () =>
  new Response(`no ${code}`, { status: code, headers });

/** Counters that `--stats json` prints, without what is 0. */
function statsOf(stdout: string): Record<string, number> {
  const stats = JSON.parse(stdout) as Record<string, number>;
  return Object.fromEntries(
    Object.entries(stats).filter(([, value]) => value !== 0),
  );
}

Deno.test("profile export sends files with headers and attributes", async () => {
  await using collector = startCollector();
  const { code, stderr, stdout } = await runMain([
    ...["profile", "export", TINY, NODE, "--endpoint", collector.url],
    ...["--header", "Authorization=Bearer a,b", "--stats", "json"],
    ...["--resource-attribute", "service.name=demo"],
  ]);
  assertEquals([code, statsOf(stdout)], [0, { "export.sent": 2 }]);
  assertStringIncludes(stderr, "sent 2 of 2 profiles");
  assertEquals(collector.headers[0]!.get("authorization"), "Bearer a,b");
  const { attributes } = collector.messages[0]!.resourceProfiles[0]!;
  assertEquals(
    attributes.find(({ key }) => key === "service.name")?.value,
    { type: "string", value: "demo" },
  );
});

Deno.test("profile export takes its settings from the environment", async () => {
  await using collector = startCollector();
  const { code } = await runMain(["profile", "export", TINY], {
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/base`,
      OTEL_EXPORTER_OTLP_HEADERS: "x-key=1",
      OTEL_EXPORTER_OTLP_COMPRESSION: "none",
      OTEL_SERVICE_NAME: "env",
    },
  });
  assertEquals(code, 0);
  const [headers] = collector.headers;
  assertEquals(
    [headers!.get("x-key"), headers!.get("content-encoding")],
    ["1", null],
  );
  const { attributes } = collector.messages[0]!.resourceProfiles[0]!;
  assertEquals(attributes.map(({ key }) => key), [
    "service.name",
    "process.pid",
  ]);
});

Deno.test("profile export of files waits rather than drop what does not fit the queue", async () => {
  await using collector = startCollector();
  const { code, stdout } = await runMain([
    ...["profile", "export", ...Array<string>(12).fill(TINY)],
    ...["--endpoint", collector.url, "--queue-messages", "1"],
    ...["--stats", "json"],
  ]);
  assertEquals([code, statsOf(stdout)], [0, { "export.sent": 12 }]);
});

Deno.test("profile export sends samples of .nettrace through the handler, cut into lengths", async () => {
  await using collector = startCollector();
  const { code } = await runMain([
    ...["profile", "export", NETTRACE, "--endpoint", collector.url],
    ...["--interval", "500ms"],
  ]);
  assertEquals(code, 0);
  const sums = collector.messages.map((message) => {
    const { samples } = profileFromOtlp([message]);
    return samples.values[0]!.reduce((sum, value) => sum + value, 0);
  });
  assertEquals([sums.length, sums.reduce((a, b) => a + b)], [3, 7966]);
});

Deno.test("profile export tries again as the collector says and splits what is too large", async () => {
  await using collector = startCollector([
    status(429, { "retry-after": "0" }),
    status(413),
  ]);
  const { code, stdout } = await runMain([
    ...["profile", "export", NODE, "--endpoint", collector.url],
    ...["--stats", "json"],
  ]);
  assertEquals([code, statsOf(stdout)], [0, {
    "export.sent": 2,
    "export.retried": 1,
  }]);
});

Deno.test("profile export survives a collector that does not answer", async () => {
  const over = Promise.withResolvers<Response>();
  await using collector = startCollector([() => over.promise]);
  const { code, stdout } = await runMain([
    ...["profile", "export", TINY, "--endpoint", collector.url],
    ...["--timeout", "100ms", "--stats", "json"],
  ]);
  over.resolve(new Response(null));
  assertEquals([code, statsOf(stdout)], [0, {
    "export.sent": 1,
    "export.retried": 1,
  }]);
});

Deno.test("profile export ends with 1 when nothing could be sent and with 3 when some was lost", async () => {
  await using collector = startCollector([status(401), status(404)]);
  const args = ["profile", "export", "--endpoint", collector.url];
  const none = await runMain([...args, TINY]);
  assertEquals(none.code, 1);
  assertStringIncludes(none.stderr, "give credentials with a header");
  const some = await runMain([...args, TINY, NODE, "--stats", "prometheus"]);
  assertEquals(some.code, 3);
  assertStringIncludes(some.stdout, "tracedeck_export_failed_total 1\n");
  assertStringIncludes(some.stderr, "1 message lost: refused or given up");
});

Deno.test("profile export ends with 3 when the collector rejects profiles", async () => {
  const partial = Uint8Array.of(0x0a, 2, 8, 2);
  await using collector = startCollector([
    () =>
      new Response(partial, {
        headers: { "content-type": "application/x-protobuf" },
      }),
  ]);
  const { code, stderr } = await runMain([
    ...["profile", "export", TINY, "--endpoint", collector.url],
  ]);
  assertEquals(code, 3);
  assertStringIncludes(stderr, "2 profiles lost: rejected by the collector");
});

Deno.test("profile export gets addresses again and again until it is stopped", async () => {
  await using collector = startCollector();
  const stop = new AbortController();
  let served = 0;
  await using source = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async () => {
      served++;
      if (served === 2) return new Response(null, { status: 500 });
      if (served === 4) stop.abort();
      return new Response(await Deno.readFile(TINY));
    },
  );
  const { code, stderr } = await runMain([
    ...["profile", "export", `http://127.0.0.1:${source.addr.port}/profile`],
    ...["--repeat", "1ms", "--endpoint", collector.url],
  ], { signal: stop.signal });
  assertEquals([code, collector.messages.length >= 2], [3, true]);
  assertStringIncludes(stderr, "HTTP status 500");
});

Deno.test("profile export is interrupted while a collector keeps it waiting", async () => {
  const stop = new AbortController();
  await using collector = startCollector([
    () => {
      setTimeout(() => stop.abort(), 10);
      return new Response(null, {
        status: 503,
        headers: { "retry-after": "100" },
      });
    },
  ]);
  const { code, stderr } = await runMain([
    ...["profile", "export", TINY, "--endpoint", collector.url],
    ...["--flush-timeout", "50ms"],
  ], { signal: stop.signal });
  assertEquals(code, 130);
  assertStringIncludes(stderr, "1 message lost: refused or given up");
});

Deno.test("profile export says what is wrong with its arguments", async () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [[], "neither --endpoint nor OTEL_EXPORTER_OTLP_ENDPOINT is given"],
    [["--endpoint", "localhost:4317"], "it has no scheme"],
    [["--endpoint", "http://localhost:4317"], "port 4317 is for gRPC"],
    [["--endpoint", "grpc://h/x"], "gRPC takes no path"],
    [["--endpoint", "http://h", "--header", "x"], `"x" is no key=value`],
    [["--endpoint", "http://h", "--ca-cert", "/none"], "no such file"],
    [["--disable-tls"], "goes with --collection-agent"],
    [["--endpoint", "http://h", "--repeat", "1s"], "is for addresses only"],
    [
      ["--endpoint", "http://h", "--collection-agent", "h:1"],
      "--collection-agent",
    ],
  ];
  for (const [args, text] of cases) {
    const { code, stderr } = await runMain([
      ...["profile", "export", TINY, ...args],
    ]);
    assertEquals(code, 2, args.join(" "));
    assertStringIncludes(stderr, text);
  }
});

/** Listens while `use` runs; gives what `profile listen` said. */
async function listening(
  args: readonly string[],
  use: (url: string) => Promise<void>,
  options: MemoryHostOptions = {},
) {
  const stop = new AbortController();
  const host = new MemoryHost(options);
  const running = main(
    ["profile", "listen", "--http", "0", ...args],
    host,
    stop.signal,
  );
  while (!host.stderr.includes("Listening")) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const url = /http:\/\/\S+/.exec(host.stderr)![0];
  try {
    await use(url);
  } finally {
    stop.abort();
  }
  const code = await running;
  return { code, stdout: host.stdout, stderr: host.stderr };
}

async function post(url: string, path: string): Promise<number> {
  const response = await fetch(`${url}${OTLP_HTTP_PATH}`, {
    method: "POST",
    body: await Deno.readFile(path),
    headers: { "content-type": "application/x-protobuf" },
  });
  await response.body?.cancel();
  return response.status;
}

Deno.test("profile listen prints what comes", async () => {
  const { code, stdout } = await listening(
    ["--grpc", "none", "--json"],
    async (url) => {
      await post(url, TINY);
      await post(url, NODE);
    },
  );
  const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(
    lines.map(({ transport, resources }) => [
      transport,
      resources[0].attributes["process.pid"],
      resources[0].profiles[0].samples,
      resources[0].profiles[0].total,
    ]),
    [["http/protobuf", "41", 1, 2], ["http/protobuf", "26681", 7, 7]],
  );
  assertEquals(code, 0);
});

Deno.test("profile listen stores what comes, and every verb reads it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { code, stderr } = await listening(
      ["--grpc", "none", "-o", folder],
      async (url) => {
        await post(url, TINY);
        await post(url, NODE);
        const metrics = await fetch(`${url}/metrics`);
        assertStringIncludes(
          await metrics.text(),
          "tracedeck_listen_received_messages_total 2\n",
        );
      },
    );
    assertEquals(code, 0);
    assertStringIncludes(stderr, "stored in 1 file");
    const [entry] = await Array.fromAsync(Deno.readDir(folder));
    const stored = `${folder}/${entry!.name}`;
    const checked = await runMain(["profile", "validate", stored]);
    assertStringIncludes(checked.stdout, "ok in 2 messages");
    assertEquals((await runMain(["report", stored])).code, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("profile listen forwards, and counts what it had to drop", async () => {
  await using collector = startCollector();
  const { code } = await listening(
    ["--grpc", "none", "--forward", collector.url],
    async (url) => void await post(url, TINY),
  );
  assertEquals([code, collector.messages.length], [0, 1]);
  // Nobody listens at port 9 of loopback.
  const lost = await listening(
    [
      ...["--grpc", "none", "--forward", "http://127.0.0.1:9"],
      ...["--queue-messages", "2", "--flush-timeout", "1ms"],
    ],
    async (url) => {
      for (let count = 0; count < 5; count++) await post(url, TINY);
    },
  );
  assertEquals(lost.code, 3);
  const [, dropped] = /(\d) messages? lost: dropped/.exec(lost.stderr)!;
  const [, failed] = /(\d) messages? lost: refused/.exec(lost.stderr)!;
  assertEquals(Number(dropped) + Number(failed), 5);
});

Deno.test("profile listen counts what it does not take", async () => {
  const { code, stderr } = await listening(
    ["--grpc", "none"],
    async (url) => assertEquals(await post(url, NETTRACE), 400),
  );
  assertEquals(code, 3);
  assertStringIncludes(stderr, "1 request refused");
});

Deno.test("profile listen ends after so many messages", async () => {
  const { code } = await listening(
    ["--grpc", "none", "-n", "1"],
    async (url) => void await post(url, TINY),
  );
  assertEquals(code, 0);
});

Deno.test("profile listen does not let other machines in by accident", async () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [["--http", "0.0.0.0:4318"], "other machines reach it"],
    [["--http", "[::]:4318"], "other machines reach it"],
    [["--http", "none", "--grpc", "none"], "both none"],
    [["--http", "70000"], "expected HOST:PORT"],
  ];
  for (const [args, text] of cases) {
    const { code, stderr } = await runMain(["profile", "listen", ...args]);
    assertEquals(code, 2);
    assertStringIncludes(stderr, text);
  }
});

Deno.test("profile validate names every breach by its place", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const message = decodeOtlp(await Deno.readFile(NODE));
    const [resource] = message.resourceProfiles;
    const [scope] = resource!.scopeProfiles;
    const [profile] = scope!.profiles;
    const samples = profile!.samples.with(3, {
      ...profile!.samples[3]!,
      stackIndex: 99,
    });
    const broken = encodeOtlp({
      ...message,
      resourceProfiles: [{
        ...resource!,
        scopeProfiles: [{ ...scope!, profiles: [{ ...profile!, samples }] }],
      }],
    });
    const frames = [await Deno.readFile(TINY), broken].flatMap((bytes) => {
      const length = new Uint8Array(4);
      new DataView(length.buffer).setUint32(0, bytes.length);
      return [length, bytes];
    });
    const path = `${folder}/broken.otlp`;
    await Deno.writeFile(path, await new Blob(frames as BlobPart[]).bytes());
    const { code, stdout } = await runMain(["profile", "validate", path]);
    assertEquals(code, 3);
    assertEquals(stdout.split("\n").slice(1), [
      "  error: message 1 at byte 437: resource_profiles[0].scope_profiles[0].profiles[0].samples[3].stack_index is 99, stack_table has 5 entries",
      "",
    ]);
    const json = await runMain(["profile", "validate", "--json", path, NODE]);
    const results = json.stdout.trim().split("\n").map((line) =>
      JSON.parse(line)
    );
    assertEquals(
      results.map(({ isOk, messages, errorCount, findings }) => [
        isOk,
        messages,
        errorCount,
        findings.map(({ position }: { position: number }) => position),
      ]),
      [[false, 2, 1, [437]], [true, 1, 0, []]],
    );
    await Deno.writeFile(path, (await Deno.readFile(path)).subarray(0, 600));
    const cut = await runMain(["profile", "validate", path]);
    assertEquals(cut.code, 3);
    assertStringIncludes(cut.stdout, "damaged: otlp framing lost: at byte 433");
    const tiny = decodeOtlp(await Deno.readFile(TINY));
    const [first] = tiny.resourceProfiles;
    const [inner] = first!.scopeProfiles;
    const profiles = [{ ...inner!.profiles[0]!, durationNano: 1n }];
    await Deno.writeFile(
      path,
      encodeOtlp({
        ...tiny,
        resourceProfiles: [{
          ...first!,
          scopeProfiles: [{ ...inner!, profiles }],
        }],
      }),
    );
    const advice = await runMain(["profile", "validate", path]);
    assertEquals(advice.code, 0);
    assertStringIncludes(advice.stdout, "0 errors, 1 warning");
    const strict = await runMain(["profile", "validate", "--strict", path]);
    assertEquals(strict.code, 3);
    const wrong = await runMain([
      "profile",
      "validate",
      NETTRACE,
      `${folder}/no`,
    ]);
    assertEquals(wrong.code, 1);
    assertStringIncludes(wrong.stdout, "no such file");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
