import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { FormatError, OsError } from "../../../src/base/errors.ts";
import type { ConntrackTable } from "../../../src/netdump/tracer/conntrack_source.ts";
import { NetworkTracer } from "../../../src/netdump/tracer/network_tracer.ts";
import { RequestError } from "../../../src/netdump/tracer/request_error.ts";
import { createCounterIds } from "../../../src/netdump/tracer/trace_id.ts";
import type {
  HttpClientOptions,
  TraceOptions,
} from "../../../src/netdump/tracer/tracer_options.ts";
import type { TracedRequestOptions } from "../../../src/netdump/tracer/traced_request.ts";
import { testHost } from "./_test_host.ts";

const encoder = new TextEncoder();

function makeTracer(
  client: HttpClientOptions = {},
  trace: TraceOptions = {},
): NetworkTracer {
  return new NetworkTracer({
    client,
    trace: {
      httpRequests: true,
      sockets: true,
      traceIds: createCounterIds(),
      ...trace,
    },
    host: testHost(),
  });
}

/** What a scripted server does with one connection. */
type Script = (conn: Deno.TcpConn, request: string) => Promise<void> | void;

/** Serves raw bytes: each connection's first request goes to the script. */
function serveRaw(script: Script): AsyncDisposable & { readonly port: number } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.TcpConn>();
  const accepting = (async () => {
    for await (const conn of listener) {
      open.add(conn);
      (async () => {
        const buffer = new Uint8Array(65_536);
        const size = await conn.read(buffer) ?? 0;
        await script(conn, new TextDecoder().decode(buffer.subarray(0, size)));
      })().catch(() => {});
    }
  })();
  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      for (const conn of open) {
        try {
          conn.close();
        } catch {
          // The script has closed it.
        }
      }
    },
  };
}

function reply(text: string): Script {
  return async (conn) => {
    await conn.write(encoder.encode(text));
    conn.close();
  };
}

async function fetchOne(
  tracer: NetworkTracer,
  url: string,
  options: TracedRequestOptions = {},
): Promise<{ status: number; body: string } | RequestError> {
  try {
    const response = await tracer.request(url, options);
    let body = "";
    for await (const bytes of response.body) {
      body += new TextDecoder().decode(bytes);
    }
    return { status: response.status, body };
  } catch (error) {
    if (error instanceof RequestError) return error;
    throw error;
  }
}

Deno.test("NetworkTracer records request, response and calls of a plain exchange", async () => {
  await using server = serveRaw(reply(
    "HTTP/1.1 200 OK\r\nX-Multi: a\r\nX-Multi: bb\r\nSecret: s\r\nContent-Length: 4\r\n\r\npong",
  ));
  await using tracer = makeTracer({}, {
    headers: "values",
    excludeHeader: (name) => name.toLowerCase() === "secret",
  });
  const result = await fetchOne(
    tracer,
    `http://user:pa%73s@127.0.0.1:${server.port}/p?q=1`,
    { method: "POST", body: "hello world", headers: { "x-serial": "0123" } },
  );
  assertEquals(result, { status: 200, body: "pong" });
  const { trace } = await tracer.getTrace("plain");
  const [request] = trace.httpRequests;
  assertEquals(request?.reqMethod, "POST");
  assertEquals(request?.reqUrl, `http://127.0.0.1:${server.port}/p?q=1`);
  assertEquals(request?.reqContentLen, 11n);
  assertEquals(request?.respContentLen, 4n);
  assertEquals(request?.protoMinor, 1);
  assertEquals(
    request?.reqHeader.map(({ fieldName, fieldVal }) =>
      `${fieldName}: ${fieldVal}`
    ),
    ["X-Serial: 0123", "Authorization: REDACTED"],
  );
  assertEquals(
    request?.respHeader.map(({ fieldName, fieldVal, fieldValLen }) => [
      fieldName,
      fieldVal,
      fieldValLen,
    ]),
    [["X-Multi", "a", 1], ["X-Multi", "bb", 2], ["Content-Length", "4", 1]],
  );
  assertEquals(request?.reqHeader[1]?.fieldValLen, 18);
  const [conn] = trace.tcpConns;
  assertEquals(conn?.connected, true);
  assertEquals(conn?.addrTuple.dstPort, server.port);
  assert(conn!.addrTuple.srcPort > 0);
  const ops = conn!.socketTrace!.socketOps;
  assertEquals(
    ops.filter(({ type }) => type === "write")
      .reduce((sum, { dataLen }) => sum + dataLen, 0),
    Number(conn!.totalSentBytes),
  );
  assert(ops.some(({ type }) => type === "read"));
});

Deno.test("NetworkTracer sends what a server expects on the wire", async () => {
  let seen = "";
  await using server = serveRaw(async (conn, request) => {
    seen = request;
    await conn.write(encoder.encode("HTTP/1.1 204 No Content\r\n\r\n"));
  });
  await using tracer = makeTracer({ disableKeepAlive: true });
  await fetchOne(tracer, `http://127.0.0.1:${server.port}/a%20b`);
  assertMatch(
    seen,
    /^GET \/a%20b HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\nUser-Agent: tracedeck\/\S+\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n$/,
  );
});

Deno.test("NetworkTracer keeps header fields by the level of detail", async () => {
  for (
    const [headers, expected] of [
      ["none", undefined],
      ["names", ["Content-Length", "", 0]],
      ["lengths", ["Content-Length", "", 1]],
      ["values", ["Content-Length", "0", 1]],
    ] as const
  ) {
    await using server = serveRaw(
      reply("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
    );
    await using tracer = makeTracer({}, { headers });
    await fetchOne(tracer, `http://127.0.0.1:${server.port}/`);
    const { trace } = await tracer.getTrace("");
    const [field] = trace.httpRequests[0]!.respHeader;
    assertEquals(
      field && [field.fieldName, field.fieldVal, field.fieldValLen],
      expected && [...expected],
    );
  }
});

Deno.test("NetworkTracer records logins and cookies only when it is told to", async () => {
  for (const keepSecrets of [false, true]) {
    await using server = serveRaw(reply(
      "HTTP/1.1 200 OK\r\nSet-Cookie: id=1\r\nContent-Location: http://u:p@a.test/?k\r\nContent-Length: 0\r\n\r\n",
    ));
    await using tracer = makeTracer({}, {
      headers: "values",
      redactUrls: true,
      keepSecrets,
    });
    await fetchOne(tracer, `http://127.0.0.1:${server.port}/`, {
      headers: { cookie: "id=2" },
    });
    const [request] = (await tracer.getTrace("")).trace.httpRequests;
    const hidden = (value: string) => keepSecrets ? value : "REDACTED";
    assertEquals(request?.reqHeader[0]?.fieldVal, hidden("id=2"));
    assertEquals(
      request?.respHeader.slice(0, 2).map(({ fieldVal }) => fieldVal),
      [hidden("id=1"), "http://REDACTED@a.test/?REDACTED"],
    );
  }
});

Deno.test("NetworkTracer uses a connection again, and tells it apart after clearTrace", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("pong"),
  );
  await using tracer = makeTracer();
  const url = `http://127.0.0.1:${server.addr.port}/`;
  await fetchOne(tracer, url);
  await fetchOne(tracer, url);
  const first = (await tracer.getTrace("round 0")).trace;
  assertEquals(first.httpRequests.length, 2);
  assertEquals(first.dials.length, 1);
  assertEquals(first.tcpConns.length, 1);
  const again = (await tracer.getTrace("round 0")).trace;
  assertEquals(again.dials, first.dials);

  // A millisecond, so that what was before is not of the same one.
  await new Promise((resolve) => setTimeout(resolve, 5));
  tracer.clearTrace();
  await fetchOne(tracer, url);
  const { trace } = await tracer.getTrace("round 1");
  assertEquals(trace.dials, []);
  assertEquals(trace.httpRequests.length, 1);
  const [conn] = trace.tcpConns;
  assertEquals(conn?.traceId, first.tcpConns[0]?.traceId);
  assertEquals(conn?.reused, true);
  assertEquals(conn?.handshakeBeginAt.type, "absolute");
  assert(conn!.totalSentBytes > first.tcpConns[0]!.totalSentBytes);
  const times = conn!.socketTrace!.socketOps.map(({ returnAt }) =>
    returnAt.type
  );
  assertEquals(times[0], "absolute");
  assertEquals(times.at(-1), "relative");
});

Deno.test("NetworkTracer sends a request anew when a kept connection is dead", async () => {
  let connections = 0;
  await using server = serveRaw(async (conn) => {
    const isFirst = ++connections === 1;
    await conn.write(
      encoder.encode("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    );
    if (!isFirst) return;
    // Reads the second request and hangs up on it.
    await conn.read(new Uint8Array(1024));
    conn.close();
  });
  await using tracer = makeTracer();
  const url = `http://127.0.0.1:${server.port}/`;
  await fetchOne(tracer, url);
  assertEquals(await fetchOne(tracer, url), { status: 200, body: "ok" });
  assertEquals(connections, 2);
  const { trace } = await tracer.getTrace("");
  assertEquals(trace.httpRequests.length, 2);
  assertEquals(trace.httpRequests[1]?.tcpConn, trace.tcpConns[1]?.traceId);
});

Deno.test("NetworkTracer follows redirects, one record per hop", async () => {
  let seen: [string, string, string | null, string | null][] = [];
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => {
      const { pathname } = new URL(request.url);
      seen.push([
        request.method,
        pathname,
        request.headers.get("referer"),
        request.headers.get("content-type"),
      ]);
      if (pathname === "/loop") {
        return new Response(null, {
          status: 302,
          headers: { location: "/loop" },
        });
      }
      if (pathname === "/keep") {
        return new Response("moved", {
          status: 307,
          headers: { location: "/post" },
        });
      }
      return pathname === "/post" || pathname === "/get"
        ? request.text().then((text) => new Response(text || "got"))
        : new Response("moved", { status: 303, headers: { location: "/get" } });
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  await using tracer = makeTracer();
  const post = {
    method: "POST",
    body: "x",
    headers: { "content-type": "a/b" },
  };
  assertEquals(await fetchOne(tracer, `${url}/start`, post), {
    status: 200,
    body: "got",
  });
  assertEquals(await fetchOne(tracer, `${url}/keep`, post), {
    status: 200,
    body: "x",
  });
  assertEquals(seen, [
    ["POST", "/start", null, "a/b"],
    ["GET", "/get", `${url}/start`, null],
    ["POST", "/keep", null, "a/b"],
    ["POST", "/post", `${url}/keep`, "a/b"],
  ]);
  const { trace } = await tracer.getTrace("");
  assertEquals(
    trace.httpRequests.map(({ reqMethod, respStatusCode, respContentLen }) => [
      reqMethod,
      respStatusCode,
      Number(respContentLen),
    ]),
    [["POST", 303, 5], ["GET", 200, 3], ["POST", 307, 5], ["POST", 200, 1]],
  );
  assertEquals(trace.tcpConns.length, 1);

  seen = [];
  const failure = await fetchOne(tracer, `${url}/loop`);
  assert(failure instanceof RequestError);
  assertEquals(failure.reason, "stopped after 10 redirects");
  assertEquals(seen.length, 11);
  const own = await fetchOne(tracer, `${url}/loop`, { followRedirects: false });
  assertEquals((own as { status: number }).status, 302);
});

Deno.test("NetworkTracer fails of redirects to where no HTTP is", async () => {
  for (
    const [location, reason, records] of [
      ["file:///etc/passwd", 'unsupported protocol scheme "file"', 2],
      ["http://[", 'failed to parse Location header "http://["', 1],
    ] as const
  ) {
    await using server = serveRaw(reply(
      `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`,
    ));
    await using tracer = makeTracer();
    const error = await fetchOne(tracer, `http://127.0.0.1:${server.port}/`);
    assert(error instanceof RequestError);
    assertEquals(error.reason, reason);
    const { trace } = await tracer.getTrace("");
    assertEquals(trace.httpRequests.length, records);
    assertEquals(trace.httpRequests[0]?.reqError, "");
    assertEquals(
      trace.httpRequests[1]?.reqError,
      [undefined, reason][records - 1],
    );
  }
});

Deno.test("NetworkTracer takes a login as it stands where its escapes are none", async () => {
  let seen: string | null = null;
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => {
      seen = request.headers.get("authorization");
      return new Response();
    },
  );
  await using tracer = makeTracer();
  await fetchOne(tracer, `http://50%:a%20b@127.0.0.1:${server.addr.port}/`);
  assertEquals(seen, `Basic ${btoa("50%:a b")}`);
});

Deno.test("NetworkTracer tells a read that its own side ended from others", async () => {
  await using server = serveRaw(async (conn) => {
    await conn.write(
      encoder.encode("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"),
    );
  });
  await using waiting = serveRaw(() => new Promise(() => {}));
  await using tracer = makeTracer({
    disableKeepAlive: true,
    responseHeaderTimeoutMs: 50,
  });
  await fetchOne(tracer, `http://127.0.0.1:${server.port}/`);
  await fetchOne(tracer, `http://127.0.0.1:${waiting.port}/`);
  const { trace } = await tracer.getTrace("");
  const [done, given] = trace.tcpConns.map(({ socketTrace }) =>
    socketTrace!.socketOps.map(({ returnErr }) => returnErr).filter(Boolean)
  );
  assertEquals(done, []);
  assertMatch(
    given!.join(),
    /^read tcp 127\.0\.0\.1:\d+->127\.0\.0\.1:\d+: use of closed network connection$/,
  );
});

Deno.test("NetworkTracer refuses certificates that are none", () => {
  for (const tls of [{ caCertificates: ["x"] }, { certificate: "x" }]) {
    assertThrows(
      () => new NetworkTracer({ client: { tls } }),
      FormatError,
      "Cannot read certificates: the text holds no block of PEM",
    );
  }
  const broken =
    "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
  assertThrows(
    () =>
      new NetworkTracer({ client: { proxyTls: { caCertificates: [broken] } } }),
    FormatError,
    "Cannot read certificate at character 0: ",
  );
});

Deno.test("NetworkTracer does not carry credentials to another host", async () => {
  const seen: Record<string, string | null> = {};
  await using other = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => {
      seen["authorization"] = request.headers.get("authorization");
      seen["x-own"] = request.headers.get("x-own");
      return new Response("ok");
    },
  );
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () =>
      new Response(null, {
        status: 302,
        headers: { location: `http://localhost:${other.addr.port}/` },
      }),
  );
  await using tracer = new NetworkTracer({
    host: testHost({ "/etc/hosts": "127.0.0.1 localhost\n" }),
  });
  await fetchOne(tracer, `http://u:p@127.0.0.1:${server.addr.port}/`, {
    headers: { "x-own": "1" },
  });
  assertEquals(seen, { authorization: null, "x-own": "1" });
});

Deno.test("NetworkTracer takes gzip off and counts what was in it", async () => {
  const packed = await new Response(
    new Blob(["x".repeat(10_000)]).stream().pipeThrough(
      new CompressionStream("gzip"),
    ),
  ).bytes();
  await using server = serveRaw(async (conn) => {
    await conn.write(encoder.encode(
      `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${packed.length}\r\n\r\n`,
    ));
    await conn.write(packed);
  });
  await using tracer = makeTracer({}, { headers: "values" });
  const result = await fetchOne(tracer, `http://127.0.0.1:${server.port}/`);
  assertEquals((result as { body: string }).body.length, 10_000);
  const { trace } = await tracer.getTrace("");
  assertEquals(trace.httpRequests[0]?.respContentLen, 10_000n);
  assertEquals(trace.httpRequests[0]?.respHeader, []);

  await using plain = makeTracer({ disableCompression: true });
  const raw = await plain.request(`http://127.0.0.1:${server.port}/`);
  assertEquals(await raw.drain(), packed.length);
});

Deno.test("NetworkTracer waits for 100 Continue, and no longer than told", async () => {
  let early = "";
  await using server = serveRaw(async (conn, request) => {
    early = request.split("\r\n\r\n")[1] ?? "";
    if (request.includes("/now")) {
      await conn.write(encoder.encode("HTTP/1.1 100 Continue\r\n\r\n"));
    }
    const buffer = new Uint8Array(64);
    const size = await conn.read(buffer) ?? 0;
    const body = new TextDecoder().decode(buffer.subarray(0, size));
    await conn.write(encoder.encode(
      `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    ));
  });
  const options = {
    method: "PUT",
    body: "data",
    headers: { expect: "100-continue" },
  };
  await using tracer = makeTracer({
    expectContinueTimeoutMs: 100,
    disableKeepAlive: true,
  });
  const url = `http://127.0.0.1:${server.port}`;
  for (const path of ["/now", "/never"]) {
    assertEquals(await fetchOne(tracer, url + path, options), {
      status: 200,
      body: "data",
    });
    assertEquals(early, "");
  }
});

Deno.test("NetworkTracer streams a body in chunks and reads one in chunks", async () => {
  let seen = "";
  await using server = serveRaw(async (conn, request) => {
    seen = request;
    while (!seen.endsWith("0\r\n\r\n")) {
      const buffer = new Uint8Array(1024);
      const size = await conn.read(buffer);
      if (size === null) break;
      seen += new TextDecoder().decode(buffer.subarray(0, size));
    }
    for (
      const part of [
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nab",
        "c\r\n2\r",
        "\nde\r\n0\r\nTrailer: 1\r\n\r\n",
      ]
    ) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      await conn.write(encoder.encode(part));
    }
  });
  async function* body() {
    yield encoder.encode("one");
    yield encoder.encode("three");
  }
  await using tracer = makeTracer();
  const result = await fetchOne(tracer, `http://127.0.0.1:${server.port}/`, {
    method: "POST",
    body: body(),
  });
  assertEquals(result, { status: 200, body: "abcde" });
  assert(seen.endsWith("3\r\none\r\n5\r\nthree\r\n0\r\n\r\n"));
  assertMatch(seen, /Transfer-Encoding: chunked/);
  const { trace } = await tracer.getTrace("");
  assertEquals(trace.httpRequests[0]?.reqContentLen, 8n);
});

for (
  const [title, script, reason] of [
    ["nothing", reply(""), "EOF"],
    ["half a header", reply("HTTP/1.1 200 OK\r\nX-A"), "unexpected EOF"],
    [
      "half a body",
      reply("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"),
      "unexpected EOF",
    ],
    [
      "no HTTP",
      reply("SSH-2.0-OpenSSH\r\n\r\n"),
      'net/http: HTTP/1.x transport connection broken: malformed HTTP response "SSH-2.0-OpenSSH"',
    ],
    [
      "a header without a colon",
      reply("HTTP/1.1 200 OK\r\nbroken line\r\n\r\n"),
      'net/http: HTTP/1.x transport connection broken: malformed MIME header line: "broken line"',
    ],
    [
      "lengths that differ",
      reply(
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      ),
      'net/http: HTTP/1.x transport connection broken: bad Content-Length "1, 2"',
    ],
    [
      "a broken chunk",
      reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
      "malformed chunked encoding",
    ],
    [
      "endless headers",
      async (conn) => {
        await conn.write(encoder.encode("HTTP/1.1 200 OK\r\n"));
        const line = encoder.encode(`X-A: ${"y".repeat(1000)}\r\n`.repeat(50));
        while (true) await conn.write(line);
      },
      "net/http: server response headers exceeded 100000 bytes; aborted",
    ],
    [
      "a line without an end",
      async (conn) => {
        const line = encoder.encode("y".repeat(65_536));
        while (true) await conn.write(line);
      },
      "net/http: HTTP/1.x transport connection broken: line exceeds 65536 bytes",
    ],
  ] as readonly (readonly [string, Script, string])[]
) {
  Deno.test(`NetworkTracer words a server that sends ${title}`, async () => {
    await using server = serveRaw(script);
    await using tracer = makeTracer({ maxHeaderBytes: 100_000 });
    const failure = await fetchOne(tracer, `http://127.0.0.1:${server.port}/`);
    assert(failure instanceof RequestError);
    assertEquals(failure.reason, reason);
    const { trace } = await tracer.getTrace("");
    assertEquals(trace.httpRequests[0]?.reqError, reason);
    assertEquals(trace.tcpConns.length, 1);
    // Not much more is taken than what is permitted.
    assert(trace.tcpConns[0]!.totalRecvBytes < 1_000_000n);
  });
}

Deno.test("NetworkTracer words a connection that is reset", async () => {
  // Closing with bytes unread makes the system send a reset.
  await using server = serveRaw((conn) => conn.close());
  await using tracer = makeTracer();
  const reset = await fetchOne(tracer, `http://127.0.0.1:${server.port}/`, {
    method: "POST",
    body: new Uint8Array(16 * 1024 * 1024),
  });
  assert(reset instanceof RequestError);
  assertMatch(
    reset.reason,
    /^(read|write) tcp 127\.0\.0\.1:\d+->127\.0\.0\.1:\d+: (read|write): (connection reset by peer|broken pipe)$/,
  );
});

Deno.test("NetworkTracer words a connection that is refused", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await using tracer = makeTracer();
  const refused = await fetchOne(tracer, `http://127.0.0.1:${port}/`);
  assert(refused instanceof RequestError);
  assertEquals(
    refused.reason,
    `dial tcp 127.0.0.1:${port}: connect: connection refused`,
  );
  assertEquals([refused.phase, refused.code], ["connect", "ECONNREFUSED"]);
  const { trace } = await tracer.getTrace("");
  assertEquals(trace.dials[0]?.dialErr, refused.reason);
  assertEquals(trace.tcpConns[0]?.connected, false);
  assertEquals(trace.tcpConns[0]?.socketTrace, undefined);
  assertEquals(trace.httpRequests[0]?.tcpConn, "");
});

Deno.test("NetworkTracer sends from a source address and words one that is not local", async () => {
  await using server = serveRaw(reply("HTTP/1.1 200 OK\r\n\r\n"));
  await using tracer = makeTracer({ sourceIp: "127.0.0.7" });
  await fetchOne(tracer, `http://127.0.0.1:${server.port}/`);
  const { trace } = await tracer.getTrace("");
  assertEquals(trace.tcpConns[0]?.addrTuple.srcIp, "127.0.0.7");
  assertEquals(trace.dials[0]?.sourceIp, "127.0.0.7");

  // Addresses of the other family are left out, whatever the name has.
  await using dual = new NetworkTracer({
    client: { sourceIp: "127.0.0.7" },
    host: testHost({ "/etc/hosts": "::1 both.test\n127.0.0.1 both.test\n" }),
  });
  await fetchOne(dual, `http://both.test:${server.port}/`);
  const both = (await dual.getTrace("")).trace.tcpConns;
  assertEquals(both.map(({ addrTuple }) => addrTuple.dstIp), ["127.0.0.1"]);

  await using foreign = makeTracer({ sourceIp: "192.0.2.77" });
  const failure = await fetchOne(foreign, `http://127.0.0.1:${server.port}/`);
  assert(failure instanceof RequestError);
  assertEquals(
    failure.reason,
    `dial tcp 192.0.2.77:0->127.0.0.1:${server.port}: bind: cannot assign requested address`,
  );
});

Deno.test("NetworkTracer keeps each limit of time", async () => {
  await using server = serveRaw(() => new Promise<void>(() => {}));
  const url = `http://127.0.0.1:${server.port}/`;
  await using whole = makeTracer({ requestTimeoutMs: 60 });
  const first = await fetchOne(whole, url);
  assertEquals((first as RequestError).reason, "context deadline exceeded");
  await using header = makeTracer({ responseHeaderTimeoutMs: 60 });
  const second = await fetchOne(header, url);
  assertEquals(
    (second as RequestError).reason,
    "net/http: timeout awaiting response headers",
  );
  await using tls = makeTracer({ tlsHandshakeTimeoutMs: 60 });
  const third = await fetchOne(tls, url.replace("http:", "https:"));
  assertEquals(
    (third as RequestError).reason,
    "net/http: TLS handshake timeout",
  );
  const { trace } = await tls.getTrace("");
  assertEquals(
    trace.tlsTunnels[0]?.handshakeErr,
    "net/http: TLS handshake timeout",
  );
  assertEquals(trace.httpRequests[0]?.tcpConn, trace.tcpConns[0]?.traceId);
});

Deno.test("NetworkTracer limits a body that never ends, by time and by size", async () => {
  await using server = serveRaw(async (conn) => {
    await conn.write(encoder.encode("HTTP/1.1 200 OK\r\n\r\n"));
    while (true) await conn.write(new Uint8Array(16_384));
  });
  const url = `http://127.0.0.1:${server.port}/`;
  await using tracer = makeTracer({ requestTimeoutMs: 100 });
  const slow = await fetchOne(tracer, url);
  assertEquals((slow as RequestError).reason, "context deadline exceeded");
  await using patient = makeTracer();
  const large = await fetchOne(patient, url, { maxBodyBytes: 100_000 });
  assertEquals(
    (large as RequestError).reason,
    "http: response body exceeds 100000 bytes",
  );
  const { trace } = await patient.getTrace("");
  assert(
    trace.httpRequests.every(({ respStatusCode }) => respStatusCode === 200),
  );
  assert(trace.httpRequests[0]!.respContentLen > 100_000n);
  assert(
    trace.tcpConns.every(({ connCloseAt }) => connCloseAt.type === "relative"),
  );
});

Deno.test("NetworkTracer gives a request up on its signal and on close", async () => {
  await using server = serveRaw(() => new Promise<void>(() => {}));
  const url = `http://127.0.0.1:${server.port}/`;
  await using tracer = makeTracer();
  const controller = new AbortController();
  const running = fetchOne(tracer, url, { signal: controller.signal });
  setTimeout(() => controller.abort(), 30);
  assertEquals((await running as RequestError).reason, "context canceled");
  const other = fetchOne(tracer, url);
  setTimeout(() => tracer.close(), 30);
  assertEquals((await other as RequestError).reason, "context canceled");
  await assertRejects(() => tracer.request(url), Error, "tracer is closed");
});

Deno.test("NetworkTracer cancels a body that nobody wants", async () => {
  await using server = serveRaw(async (conn) => {
    await conn.write(
      encoder.encode("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"),
    );
  });
  await using tracer = makeTracer();
  const response = await tracer.request(`http://127.0.0.1:${server.port}/`);
  response.cancel();
  const { trace } = await tracer.getTrace("");
  assertEquals(trace.dials[0]?.ctxCloseAt.type, "relative");
  assertEquals(trace.tcpConns[0]?.connCloseAt.type, "relative");
});

Deno.test("NetworkTracer bounds calls per socket and counts the rest", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("pong"),
  );
  await using tracer = makeTracer({}, { maxSocketOps: 3 });
  for (let round = 0; round < 4; round++) {
    await fetchOne(tracer, `http://127.0.0.1:${server.addr.port}/`);
  }
  const { trace, omittedSocketOps } = await tracer.getTrace("");
  assertEquals(trace.tcpConns[0]?.socketTrace?.socketOps.length, 3);
  assertEquals(omittedSocketOps, 5);
});

Deno.test("NetworkTracer warns of connection tracking that tells nothing", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("pong"),
  );
  const traced = async (table: Omit<ConntrackTable, typeof Symbol.dispose>) => {
    await using tracer = new NetworkTracer({
      trace: { conntrack: true },
      host: testHost({}, {
        openConntrack: () => ({ ...table, [Symbol.dispose]() {} }),
      }),
    });
    await fetchOne(tracer, `http://127.0.0.1:${server.addr.port}/`);
    const { warnings, trace } = await tracer.getTrace("");
    assertEquals(trace.tcpConns[0]?.conntrack, undefined);
    return warnings;
  };
  assertEquals(await traced({ unreadable: 0, lookup: () => undefined }), []);
  assertEquals(await traced({ unreadable: 2, lookup: () => undefined }), [
    "2 answers of connection tracking have a layout that is not known",
  ]);
  assertEquals(
    await traced({
      unreadable: 0,
      lookup: () => {
        throw new OsError("Cannot call recv: recv failed with EPERM", {
          syscall: "recv",
          errno: 1,
          code: "EPERM",
        });
      },
    }),
    [
      "connection tracking is given up: Cannot call recv: recv failed with EPERM",
    ],
  );
});

for (
  const [title, client, expected] of [
    ["two per host by default", {}, 2],
    ["as many per host as told", { maxIdleConnsPerHost: 3 }, 3],
    ["no more in all than told", { maxIdleConns: 1 }, 1],
  ] as const
) {
  Deno.test(`NetworkTracer keeps idle connections: ${title}`, async () => {
    const all = Promise.withResolvers<void>();
    let waiting = 0;
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      async () => {
        if (++waiting === 4) all.resolve();
        await all.promise;
        return new Response("pong");
      },
    );
    await using tracer = makeTracer(client);
    const url = `http://127.0.0.1:${server.addr.port}/`;
    await Promise.all([1, 2, 3, 4].map(() => fetchOne(tracer, url)));
    const { trace } = await tracer.getTrace("");
    assertEquals(trace.tcpConns.length, 4);
    const open = trace.tcpConns.filter(({ connCloseAt }) =>
      connCloseAt.type === "undefined"
    );
    assertEquals(open.length, expected);
  });
}

Deno.test("NetworkTracer closes a connection that is idle for too long", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("pong"),
  );
  await using tracer = makeTracer({ idleConnTimeoutMs: 10 });
  await fetchOne(tracer, `http://127.0.0.1:${server.addr.port}/`);
  const isOpen = async () =>
    (await tracer.getTrace("")).trace.tcpConns[0]?.connCloseAt.type ===
      "undefined";
  for (let turn = 0; turn < 500 && await isOpen(); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assertEquals(await isOpen(), false);
});

Deno.test("NetworkTracer limits connections per host", async () => {
  let now = 0;
  let most = 0;
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async () => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 10));
      now--;
      return new Response("pong");
    },
  );
  await using tracer = makeTracer({ maxConnsPerHost: 2 });
  const url = `http://127.0.0.1:${server.addr.port}/`;
  await Promise.all(Array.from({ length: 6 }, () => fetchOne(tracer, url)));
  assertEquals(most, 2);
  const { trace } = await tracer.getTrace("");
  assertEquals(trace.httpRequests.length, 6);
  assertEquals(trace.tcpConns.length, 2);
});

Deno.test("NetworkTracer refuses what is no request", async () => {
  await using tracer = makeTracer();
  for (
    const [url, options] of [
      ["nonsense", {}],
      ["ftp://127.0.0.1/", {}],
      ["http://127.0.0.1/", { method: "GE T" }],
      ["http://127.0.0.1/", { headers: { "x-a": "1\r\nx-b: 2" } }],
      ["http://127.0.0.1/", { headers: { "x a": "1" } }],
    ] as const
  ) {
    await assertRejects(() => tracer.request(url, options), TypeError);
  }
});
