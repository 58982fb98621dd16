import type net from "node:net";
import tls from "node:tls";
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { NetworkTracer } from "../../../src/netdump/tracer/network_tracer.ts";
import { RequestError } from "../../../src/netdump/tracer/request_error.ts";
import { createCounterIds } from "../../../src/netdump/tracer/trace_id.ts";
import type { HttpClientOptions } from "../../../src/netdump/tracer/tracer_options.ts";
import { runMain } from "../../support/memory_host.ts";
import { findPeer, requirePeers } from "../../support/peers.ts";
import { testWith } from "../../support/requirement.ts";
import { makeCertificates } from "./_certificates.ts";
import { startHttpProxy, startSocksProxy } from "./_proxies.ts";
import type { TestProxy } from "./_proxies.ts";
import { testHost } from "./_test_host.ts";
import { serveTls } from "./_tls_server.ts";

const NEEDS = [requirePeers("openssl")];
const HOSTS = "127.0.0.1 localhost other.test proxy.example.net\n";

const pki = findPeer("openssl") === undefined
  ? undefined
  : await makeCertificates();
globalThis.addEventListener("unload", () => {
  if (pki !== undefined) Deno.removeSync(pki.folder, { recursive: true });
});

function makeTracer(client: HttpClientOptions = {}): NetworkTracer {
  return new NetworkTracer({
    client: { tls: { caCertificates: [pki!.ca] }, ...client },
    trace: {
      httpRequests: true,
      sockets: true,
      headers: "values",
      traceIds: createCounterIds(),
    },
    host: testHost({ "/etc/hosts": HOSTS }),
  });
}

async function fetchOne(
  tracer: NetworkTracer,
  url: string,
  body?: string,
): Promise<string> {
  try {
    const response = await tracer.request(
      url,
      body === undefined ? {} : { method: "POST", body },
    );
    let text = `${response.status} `;
    for await (const bytes of response.body) {
      text += new TextDecoder().decode(bytes);
    }
    return text;
  } catch (error) {
    if (error instanceof RequestError) return error.reason;
    throw error;
  }
}

testWith(
  "NetworkTracer records a TLS handshake with its certificates",
  NEEDS,
  async () => {
    await using server = await serveTls(pki!.server);
    await using tracer = makeTracer();
    assertEquals(
      await fetchOne(tracer, `https://localhost:${server.port}/`),
      "200 pong",
    );
    const { trace } = await tracer.getTrace("");
    const [tunnel] = trace.tlsTunnels;
    assertEquals(tunnel?.traceId, "tid-5");
    assertEquals(tunnel?.tcpConn, trace.tcpConns[0]?.traceId);
    assertEquals(tunnel?.serverName, "localhost");
    assert([4865, 4866, 4867].includes(tunnel!.cipherSuite));
    assertEquals(tunnel?.negotiatedProto, "");
    assertEquals(tunnel?.didResume, false);
    assertEquals(
      tunnel?.peerCerts.map(({ subject, issuer, isCa }) => [
        subject,
        issuer,
        isCa,
      ]),
      [
        [
          "CN=server.example.net",
          "CN=Example Root CA,O=Example\\, Inc.,C=CZ",
          false,
        ],
        [
          "CN=Example Root CA,O=Example\\, Inc.,C=CZ",
          "CN=Example Root CA,O=Example\\, Inc.,C=CZ",
          true,
        ],
      ],
    );
    const [request] = trace.httpRequests;
    assertEquals(request?.tlsTunnel, tunnel?.traceId);
    assertEquals([request?.protoMajor, request?.protoMinor], [1, 1]);
    // What TCP carries is more than what HTTP says.
    assert(trace.tcpConns[0]!.totalSentBytes > 300n);
  },
);

testWith(
  "NetworkTracer speaks HTTP/2 when it prefers it, on one connection",
  NEEDS,
  async () => {
    await using server = await serveTls(pki!.server);
    await using tracer = makeTracer({ preferHttp2: true });
    const url = `https://localhost:${server.port}`;
    assertEquals(await fetchOne(tracer, `${url}/a`), "200 pong");
    const both = await Promise.all([
      fetchOne(tracer, `${url}/b`, "hello"),
      fetchOne(tracer, `${url}/c`, "again"),
    ]);
    assertEquals(both, ["200 hello", "200 again"]);
    assertEquals(
      await fetchOne(tracer, `${url}/reset`),
      "stream error: stream ID 7; INTERNAL_ERROR; received from peer",
    );
    const { trace } = await tracer.getTrace("");
    assertEquals(trace.tcpConns.length, 1);
    assertEquals(trace.tlsTunnels.length, 1);
    assertEquals(trace.tlsTunnels[0]?.negotiatedProto, "h2");
    assertEquals(
      trace.httpRequests.map((request) => [
        request.protoMajor,
        request.respStatusCode,
        Number(request.reqContentLen),
        request.tlsTunnel,
      ]),
      [
        [2, 200, 0, trace.tlsTunnels[0]!.traceId],
        [2, 200, 5, ""],
        [2, 200, 5, ""],
        [1, 0, 0, ""],
      ],
    );
    assertEquals(
      trace.httpRequests[0]?.respHeader.find(({ fieldName }) =>
        fieldName === "X-Proto"
      )?.fieldVal,
      "2.0",
    );
  },
);

for (
  const [title, pair, url, reason] of [
    [
      "an unknown authority",
      "unknown",
      "https://localhost",
      "tls: failed to verify certificate: x509: certificate signed by unknown authority",
    ],
    [
      "another name",
      "server",
      "https://other.test",
      "tls: failed to verify certificate: x509: certificate is valid for localhost, not other.test",
    ],
    [
      "another address",
      "server",
      "https://127.0.0.2",
      "tls: failed to verify certificate: x509: certificate is valid for 127.0.0.1, not 127.0.0.2",
    ],
    [
      "a common name only",
      "legacy",
      "https://localhost",
      "tls: failed to verify certificate: x509: certificate relies on legacy Common Name field, use SANs instead",
    ],
    [
      "a date in the past",
      "expired",
      "https://localhost",
      /^tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time \d{4}-\S+Z is after \d{4}-\S+Z$/,
    ],
  ] as const
) {
  testWith(
    `NetworkTracer refuses a certificate with ${title} before any HTTP is sent`,
    NEEDS,
    async () => {
      // A certificate that openssl dates back ends before it begins, which is past too.
      let isAsked = false;
      const server = tls.createServer({ ...pki![pair] }, (socket) => {
        socket.on("error", () => {});
        socket.on("data", () => isAsked = true);
      });
      server.on("tlsClientError", () => {});
      await new Promise<void>((resolve) =>
        server.listen(0, "0.0.0.0", () => resolve())
      );
      const { port } = server.address() as net.AddressInfo;
      try {
        await using tracer = makeTracer();
        const told = await fetchOne(tracer, `${url}:${port}/`);
        if (typeof reason === "string") assertEquals(told, reason);
        else assertMatch(told, reason);
        const { trace } = await tracer.getTrace("");
        const [tunnel] = trace.tlsTunnels;
        assertEquals(tunnel?.handshakeErr, told);
        assertEquals(tunnel?.cipherSuite, 0);
        assertEquals(tunnel?.serverName, "");
        assertEquals(tunnel?.peerCerts.length, 2);
        assertEquals(trace.httpRequests[0]?.reqError, told);
        assertEquals(
          trace.httpRequests[0]?.tcpConn,
          trace.tcpConns[0]?.traceId,
        );
        assertEquals(isAsked, false);
      } finally {
        await new Promise<void>((resolve) => server.close(() => resolve()));
      }
    },
  );
}

testWith(
  "NetworkTracer accepts any certificate when it is told to",
  NEEDS,
  async () => {
    await using server = await serveTls(pki!.unknown);
    await using tracer = makeTracer({ tls: { insecure: true } });
    assertEquals(
      await fetchOne(tracer, `https://other.test:${server.port}/`),
      "200 pong",
    );
    const { trace } = await tracer.getTrace("");
    assertEquals(trace.tlsTunnels[0]?.peerCerts[1]?.subject, "CN=Other Root");
  },
);

testWith(
  "NetworkTracer checks the name that it is told to ask for",
  NEEDS,
  async () => {
    await using server = await serveTls(pki!.server);
    await using tracer = makeTracer({
      tls: { caCertificates: [pki!.ca], serverName: "localhost" },
    });
    assertEquals(
      await fetchOne(tracer, `https://other.test:${server.port}/`),
      "200 pong",
    );
  },
);

testWith(
  "NetworkTracer shows a client certificate, and words a server that misses it",
  NEEDS,
  async () => {
    await using server = await serveTls(pki!.server, {
      requestCert: true,
      rejectUnauthorized: true,
      ca: [pki!.ca],
    });
    const url = `https://localhost:${server.port}/`;
    await using known = makeTracer({
      tls: {
        caCertificates: [pki!.ca],
        certificate: pki!.client.cert,
        privateKey: pki!.client.key,
      },
    });
    assertEquals(await fetchOne(known, url), "200 pong");
    await using nobody = makeTracer();
    assertEquals(
      await fetchOne(nobody, url),
      "remote error: tls: certificate required",
    );
  },
);

for (
  const [title, bytes, reason] of [
    [
      "HTTP",
      new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"),
      "http: server gave HTTP response to HTTPS client",
    ],
    [
      "something else",
      new TextEncoder().encode("220 smtp ready\r\n"),
      "tls: first record does not look like a TLS handshake",
    ],
    [
      "an alert",
      new Uint8Array([21, 3, 3, 0, 2, 2, 40]),
      "remote error: tls: handshake failure",
    ],
    [
      "an alert about the name",
      new Uint8Array([21, 3, 3, 0, 2, 2, 112]),
      "remote error: tls: unrecognized name",
    ],
    ["nothing", new Uint8Array(0), "EOF"],
  ] as const
) {
  Deno.test(`NetworkTracer words a TLS port that answers with ${title}`, async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const serving = (async () => {
      using conn = await listener.accept();
      await conn.read(new Uint8Array(4096));
      if (bytes.length > 0) await conn.write(bytes);
    })();
    await using tracer = new NetworkTracer({
      trace: { httpRequests: true },
      host: testHost(),
    });
    const { port } = listener.addr;
    assertEquals(await fetchOne(tracer, `https://127.0.0.1:${port}/`), reason);
    await serving;
    listener.close();
    const { trace } = await tracer.getTrace("");
    assertEquals(trace.tlsTunnels[0]?.handshakeErr, reason);
    assertEquals(trace.tlsTunnels[0]?.peerCerts, []);
  });
}

async function throughProxy(
  proxy: TestProxy,
  scheme: string,
  url: string,
  client: HttpClientOptions = {},
) {
  await using tracer = makeTracer({
    proxy: `${scheme}127.0.0.1:${proxy.port}`,
    ...client,
  });
  const told = await fetchOne(tracer, url);
  const { trace } = await tracer.getTrace("");
  return { told, trace };
}

testWith(
  "NetworkTracer tunnels through an HTTP proxy, and shows its login to nobody",
  NEEDS,
  async () => {
    await using server = await serveTls(pki!.server);
    await using proxy = await startHttpProxy();
    const url = `https://localhost:${server.port}/x`;
    const { told, trace } = await throughProxy(
      proxy,
      "http://user:secret@",
      url,
    );
    assertEquals(told, "200 pong");
    const head =
      `CONNECT localhost:${server.port} HTTP/1.1\r\nHost: localhost:${server.port}\r\n`;
    assert(proxy.seen[0]?.startsWith(head));
    assert(
      proxy.seen[0]?.includes(
        "Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n",
      ),
    );
    assertEquals(
      trace.httpRequests[0]?.networkProxy,
      `http://REDACTED@127.0.0.1:${proxy.port}`,
    );
    assertEquals(trace.dials[0]?.dstAddress, `127.0.0.1:${proxy.port}`);
    assertEquals(trace.tlsTunnels.length, 1);
    assertEquals(trace.httpRequests[0]?.proxyTlsTunnel, "");
  },
);

testWith(
  "NetworkTracer runs TLS in TLS through an HTTPS proxy",
  NEEDS,
  async () => {
    await using server = await serveTls(pki!.server);
    await using proxy = await startHttpProxy({ tls: pki!.proxy });
    const { told, trace } = await throughProxy(
      proxy,
      "https://",
      `https://localhost:${server.port}/x`,
      { preferHttp2: true },
    );
    assertEquals(told, "200 pong");
    const [outer, inner] = trace.tlsTunnels;
    const [request] = trace.httpRequests;
    assertEquals(request?.proxyTlsTunnel, outer?.traceId);
    assertEquals(request?.tlsTunnel, inner?.traceId);
    assertEquals(outer?.peerCerts[0]?.subject, "CN=proxy.example.net");
    assertEquals(inner?.peerCerts[0]?.subject, "CN=server.example.net");
    assertEquals(inner?.negotiatedProto, "h2");
    assertEquals(request?.protoMajor, 2);
  },
);

testWith(
  "NetworkTracer sends whole URLs of HTTP to a proxy",
  NEEDS,
  async () => {
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) => new Response(new URL(request.url).pathname),
    );
    await using proxy = await startHttpProxy();
    const url = `http://localhost:${server.addr.port}/plain?q`;
    const { told } = await throughProxy(proxy, "http://", url, {
      disableKeepAlive: true,
    });
    assertEquals(told, "200 /plain");
    assert(proxy.seen[0]?.startsWith(`GET ${url} HTTP/1.1\r\n`));
  },
);

testWith(
  "NetworkTracer goes through a SOCKS proxy, which looks the name up",
  NEEDS,
  async () => {
    await using server = await serveTls(pki!.server);
    const url = `https://localhost:${server.port}/`;
    await using proxy = await startSocksProxy({ login: "user" });
    const { told, trace } = await throughProxy(proxy, "socks5://user:pw@", url);
    assertEquals(told, "200 pong");
    assertEquals(proxy.seen, ["login user", `localhost:${server.port}`]);
    assertEquals(trace.dials[0]?.resolverDials, []);
    const refused = await throughProxy(proxy, "socks5://other:pw@", url);
    assertMatch(refused.told, /username\/password authentication failed$/);
    await using blocked = await startSocksProxy({ reply: 5 });
    assertMatch(
      (await throughProxy(blocked, "socks5://", url)).told,
      /^socks connect tcp 127\.0\.0\.1:\d+->localhost:\d+: unknown error connection refused$/,
    );
  },
);

for (
  const [title, options, reason] of [
    [
      "that refuses",
      { refusal: "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n" },
      "Bad Gateway",
    ],
    [
      "that answers with garbage",
      { refusal: "no such thing\r\n\r\n" },
      'net/http: HTTP/1.x transport connection broken: malformed HTTP response "no such thing"',
    ],
    [
      "that sends data before TLS",
      { trailing: "surprise" },
      "proxy sent data behind its answer to CONNECT",
    ],
    ["that hangs up", { refusal: "" }, "EOF"],
  ] as const
) {
  testWith(`NetworkTracer words a proxy ${title}`, NEEDS, async () => {
    await using server = await serveTls(pki!.server);
    await using proxy = await startHttpProxy(options);
    const { told, trace } = await throughProxy(
      proxy,
      "http://",
      `https://localhost:${server.port}/`,
    );
    assertEquals(told, reason);
    assertEquals(trace.httpRequests[0]?.reqError, reason);
    assertEquals(trace.tcpConns[0]?.connCloseAt.type, "relative");
  });
}

testWith(
  "NetworkTracer words a proxy that is not there, or whose certificate is bad",
  NEEDS,
  async () => {
    await using proxy = await startHttpProxy({ tls: pki!.unknown });
    const url = "https://localhost:9/";
    const { told } = await throughProxy(proxy, "https://", url);
    assertEquals(
      told,
      "proxyconnect tcp: tls: failed to verify certificate: x509: certificate signed by unknown authority",
    );
    const { port } = proxy;
    await proxy[Symbol.asyncDispose]();
    const gone = await throughProxy({ ...proxy, port }, "http://", url);
    assertEquals(
      gone.told,
      `proxyconnect tcp: dial tcp 127.0.0.1:${port}: connect: connection refused`,
    );
    assertEquals(
      gone.trace.dials[0]?.dialErr,
      `dial tcp 127.0.0.1:${port}: connect: connection refused`,
    );
    const wrong = await throughProxy(proxy, "ftp://", url);
    assertMatch(wrong.told, /^proxyconnect tcp: invalid proxy address/);
  },
);

testWith(
  "NetworkTracer records the certificates that were sent, and no others that it knows",
  NEEDS,
  async () => {
    const [leaf = ""] = pki!.server.cert.split(
      /(?<=-----END CERTIFICATE-----\n)/,
    );
    for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
      for (
        const [cert, expected] of [[leaf, 1], [pki!.server.cert, 2]] as const
      ) {
        await using server = await serveTls(
          { key: pki!.server.key, cert },
          { maxVersion },
        );
        await using tracer = makeTracer();
        assertEquals(
          await fetchOne(tracer, `https://localhost:${server.port}/`),
          "200 pong",
        );
        const { trace } = await tracer.getTrace("");
        assertEquals(
          trace.tlsTunnels[0]?.peerCerts.length,
          expected,
          `${maxVersion}, ${expected} sent`,
        );
      }
    }
  },
);

testWith(
  "NetworkTracer lets a server of HTTP/2 send much at a time",
  NEEDS,
  async () => {
    const size = 4 * 1024 * 1024;
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {}, ...pki!.server },
      () => new Response(new Uint8Array(size)),
    );
    await using tracer = makeTracer({ preferHttp2: true });
    const response = await tracer.request(
      `https://localhost:${server.addr.port}/`,
    );
    assertEquals([response.protoMajor, await response.drain()], [2, size]);
    const { trace } = await tracer.getTrace("");
    // With windows of 64 KiB it would acknowledge each of them.
    assert(trace.tcpConns[0]!.totalSentBytes < 2500n);
  },
);

testWith(
  "NetworkTracer tells no server whence it is redirected to one without TLS",
  NEEDS,
  async () => {
    let referer: string | null = "none yet";
    await using plain = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) => {
        referer = request.headers.get("referer");
        return new Response();
      },
    );
    await using secure = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {}, ...pki!.server },
      () =>
        new Response(null, {
          status: 302,
          headers: { location: `http://localhost:${plain.addr.port}/` },
        }),
    );
    await using tracer = makeTracer();
    await fetchOne(tracer, `https://localhost:${secure.addr.port}/secret`);
    assertEquals(referer, null);
  },
);

testWith(
  "NetworkTracer checks a proxy by its own name, whatever the server is called",
  NEEDS,
  async () => {
    await using server = await serveTls(pki!.proxy);
    await using proxy = await startHttpProxy({ tls: pki!.server });
    await using tracer = makeTracer({
      proxy: `https://localhost:${proxy.port}`,
      tls: {
        caCertificates: [pki!.ca],
        serverName: "proxy.example.net",
      },
    });
    assertEquals(
      await fetchOne(tracer, `https://other.test:${server.port}/`),
      "200 pong",
    );
    const { trace } = await tracer.getTrace("");
    assertEquals(trace.tlsTunnels.map(({ serverName }) => serverName), [
      "localhost",
      "proxy.example.net",
    ]);
  },
);

/** Deno says goodbye before it closes; this resets the connection without a word. */
const RESET_SERVER = `
import socket, struct
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
conn, _ = server.accept()
conn.recv(1)
conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
conn.close()
`;

testWith(
  "NetworkTracer tells why TLS failed without socket traces too",
  [...NEEDS, requirePeers("python3")],
  async () => {
    const server = new Deno.Command(findPeer("python3")!, {
      args: ["-c", RESET_SERVER],
      stdout: "piped",
    }).spawn();
    const reader = server.stdout.getReader();
    const { value } = await reader.read();
    const port = Number(new TextDecoder().decode(value));
    await using tracer = new NetworkTracer({
      client: { tls: { caCertificates: [pki!.ca] } },
      trace: { httpRequests: true },
      host: testHost({ "/etc/hosts": HOSTS }),
    });
    const reason = await fetchOne(tracer, `https://localhost:${port}/`);
    await reader.cancel();
    await server.status;
    assertMatch(
      reason,
      /^read tcp 127\.0\.0\.1:\d+->127\.0\.0\.1:\d+: read: connection reset by peer$/,
    );
  },
);

testWith(
  "netdump trace refuses a file without a key as the key",
  NEEDS,
  async () => {
    const cert = `${pki!.folder}/client.pem`;
    for (
      const [args, message] of [
        [["--cert", cert], "hint: give its file with --key"],
        [["--cert", cert, "--key", cert], "it holds no private key"],
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
  },
);
