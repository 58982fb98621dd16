import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { decodeNetworkTrace } from "../../../src/netdump/nettrace_decoder.ts";
import { encodeNetworkTrace } from "../../../src/netdump/nettrace_encoder.ts";
import { openLibc } from "../../../src/platform/libc.ts";
import { runMain } from "../../support/memory_host.ts";
import { startDnsServer, zone } from "./_dns_server.ts";

// It stays open for the whole process, and is no leak of a test.
openLibc();

function serve(): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const url = new URL(request.url);
      if (url.pathname === "/move") {
        return new Response(null, { status: 302, headers: { location: "/" } });
      }
      if (url.pathname === "/broken") {
        return new Response("no", {
          status: 503,
        });
      }
      return new Response(`${request.method} ${await request.text()}`, {
        headers: { "x-odd": "\u00e9", "x-cookie": "secret" },
      });
    },
  );
}

Deno.test("netdump trace draws a waterfall", async () => {
  await using dns = await startDnsServer(zone({ "web.test.": ["127.0.0.1"] }));
  await using server = serve();
  const { code, stdout, stderr } = await runMain([
    "netdump",
    "trace",
    `http://web.test:${server.addr.port}/`,
    "--nameserver",
    dns.address,
  ]);
  assertEquals([code, stderr], [0, ""]);
  const lines = stdout.split("\n");
  assertEquals(lines[0], `GET http://web.test:${server.addr.port}/`);
  assertEquals(lines[1], "  200 HTTP/1.1, 4 bytes of body");
  for (const [index, stage] of ["dns", "connect", "wait", "body"].entries()) {
    assertMatch(lines[index + 2]!, new RegExp(`^  ${stage} +[\\d.]+ ms  +█`));
  }
  assertStringIncludes(
    stdout,
    `dns  A web.test. @${dns.address}: no-error 127.0.0.1`,
  );
  assertMatch(
    stdout,
    /tcp {2}127\.0\.0\.1:\d+ -> 127\.0\.0\.1:\d+ connected, \d+ bytes sent/,
  );
});

Deno.test("netdump trace writes each form, and files for their owner only", async () => {
  await using server = serve();
  const folder = await Deno.makeTempDir();
  const url = `http://127.0.0.1:${server.addr.port}/move?token=1`;
  for (const form of ["plain", "export", "sink"] as const) {
    const path = `${folder}/${form}.json`;
    const { code, stdout } = await runMain([
      "netdump",
      "trace",
      url,
      "--form",
      form,
      "-o",
      path,
      "--json",
      "--har",
      `${folder}/${form}.har`,
      "--headers",
      "values",
      "--redact-urls",
      "--ids",
      "uuid",
    ]);
    assertEquals(code, 0);
    const text = await Deno.readTextFile(path);
    assertEquals(text, stdout);
    const trace = decodeNetworkTrace(text, { strict: true });
    assertEquals(encodeNetworkTrace(trace, { form }), text);
    assertEquals(
      trace.httpRequests.map(({ respStatusCode }) => respStatusCode).toSorted(),
      [200, 302],
    );
    assert(!text.includes("token"));
    assertEquals(trace.httpRequests[0]?.traceId.length, 22);
    assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
    const har = JSON.parse(await Deno.readTextFile(`${folder}/${form}.har`));
    assertEquals(har.log.version, "1.2");
    assertEquals(har.log.entries.length, 2);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("netdump trace takes very long traces to disk", async () => {
  await using server = serve();
  const { code, stdout } = await runMain([
    "netdump",
    "trace",
    `http://127.0.0.1:${server.addr.port}/`,
    "--repeat",
    "20",
    "--batch",
    "3",
    "--json",
    "--no-keep-alive",
  ]);
  assertEquals(code, 0);
  const trace = decodeNetworkTrace(stdout, { strict: true });
  assertEquals(trace.httpRequests.length, 20);
  assertEquals(trace.dials.length, 20);
  assertEquals(encodeNetworkTrace(trace, { form: "sink" }), stdout);
});

Deno.test("netdump trace sends what it is told to", async () => {
  await using server = serve();
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, "from a file");
  const { stdout } = await runMain([
    "netdump",
    "trace",
    `http://127.0.0.1:${server.addr.port}/`,
    "--data",
    `@${file}`,
    "-H",
    "X-A: 1",
    "-H",
    "X-A: 2",
    "--headers",
    "values",
    "--json",
    "--source",
    "127.0.0.5",
    "--description",
    "posted",
  ]);
  await Deno.remove(file);
  const trace = decodeNetworkTrace(stdout);
  const [request] = trace.httpRequests;
  assertEquals(trace.description, "posted");
  assertEquals([request?.reqMethod, request?.reqContentLen], ["POST", 11n]);
  assertEquals(request?.reqHeader.map(({ fieldVal }) => fieldVal), ["1", "2"]);
  assertEquals(trace.tcpConns[0]?.addrTuple.srcIp, "127.0.0.5");
});

Deno.test("netdump trace ends with 1 and says why when a request fails", async () => {
  await using server = serve();
  const { port } = server.addr;
  const broken = await runMain([
    "netdump",
    "trace",
    `http://127.0.0.1:${port}/broken`,
  ]);
  assertEquals(broken.code, 1);
  assertStringIncludes(broken.stdout, "problem: GET");
  const loop = await runMain([
    "netdump",
    "trace",
    `http://127.0.0.1:${port}/move`,
    "--redirects",
    "0",
  ]);
  assertEquals(loop.code, 0);
  const large = await runMain([
    "netdump",
    "trace",
    `http://127.0.0.1:${port}/`,
    "--max-body",
    "2",
  ]);
  assertEquals(large.code, 1);
  assertStringIncludes(large.stdout, "http: response body exceeds 2 bytes");
});

Deno.test("netdump trace fails of redirects without end", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response(null, { status: 302, headers: { location: "/" } }),
  );
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const few = await runMain(["netdump", "trace", url, "--redirects", "2"]);
  assertEquals(few.code, 1);
  assertEquals(few.stderr, "warning: stopped after 2 redirects\n");
  const many = await runMain(["netdump", "trace", url]);
  assertEquals(many.code, 1);
  assertStringIncludes(many.stdout, "11 redirects one after the other");
  const one = await runMain([
    "netdump",
    "trace",
    url,
    "--redirects",
    "0",
    "--repeat",
    "12",
  ]);
  assertEquals([one.code, one.stderr], [0, ""]);
});

Deno.test("netdump trace refuses a key that is none, or stands alone", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/no.pem`;
  await Deno.writeTextFile(
    path,
    "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
  );
  for (
    const [args, message] of [
      [["--ca", path], "Cannot read certificate at character 0"],
      [["--key", path], "Cannot use --key without --cert"],
    ] as const
  ) {
    const { code, stderr } = await runMain([
      "netdump",
      "trace",
      "https://127.0.0.1:1/",
      ...args,
    ]);
    assertEquals(code, 2);
    assertStringIncludes(stderr, message);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("netdump trace escapes what a server says", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    using conn = await listener.accept();
    await conn.read(new Uint8Array(4096));
    await conn.write(new TextEncoder().encode("\u001b[31mred\u202e\r\n\r\n"));
  })();
  const { code, stdout } = await runMain([
    "netdump",
    "trace",
    `http://127.0.0.1:${listener.addr.port}/`,
  ]);
  await serving;
  listener.close();
  assertEquals(code, 1);
  // deno-lint-ignore no-control-regex
  assert(!/[\u001b\u202e]/.test(stdout));
});

for (
  const [title, args, message] of [
    ["no URL", ["http://"], "it is no URL"],
    ["another scheme", ["ftp://a.test/"], "scheme is ftp"],
    ["no address", ["a.test", "--source", "nowhere"], "it is no IP address"],
    [
      "no name server",
      ["a.test", "--nameserver", "name"],
      "it is no IP address",
    ],
    ["no proxy", ["a.test", "--proxy", "gopher://a"], "expected a URL of http"],
    [
      "no header",
      ["a.test", "-H", "nothing"],
      "expected a name, a colon and a value",
    ],
    ["no interface", ["a.test", "-i", "nope0"], "it has no address"],
    ["no file", ["a.test", "--ca", "/nonexistent"], "no such file"],
    ["forms that exclude each other", [
      "a.test",
      "--batch",
      "5",
      "--form",
      "plain",
    ], "records on disk are of the sink form"],
    [
      "two senders",
      ["a.test", "-i", "lo", "--source", "127.0.0.1"],
      "exclude each other",
    ],
  ] as const
) {
  Deno.test(`netdump trace refuses ${title} before it does anything`, async () => {
    const { code, stdout, stderr } = await runMain([
      "netdump",
      "trace",
      ...args,
    ]);
    assertEquals([code, stdout], [2, ""]);
    assertStringIncludes(stderr, message);
  });
}

Deno.test("netdump trace goes on without a capture that cannot be had", async () => {
  await using server = serve();
  const { code, stderr } = await runMain([
    "netdump",
    "trace",
    `http://127.0.0.1:${server.addr.port}/`,
    "--pcap",
    "nope0",
  ]);
  assertEquals(code, 0);
  assertMatch(stderr, /^warning: no capture on nope0: Cannot /);
});
