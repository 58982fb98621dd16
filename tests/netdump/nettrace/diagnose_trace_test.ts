import { assertEquals } from "@std/assert";
import { diagnoseTrace } from "../../../src/netdump/diagnose_trace.ts";
import { makeRequest, makeTrace } from "./_trace_maker.ts";

const VERIFY = "tls: failed to verify certificate: x509: ";

for (
  const [reqError, code, phase] of [
    [
      "dial tcp: lookup a.test on 10.0.0.1:53: no such host",
      "dns-no-such-host",
      "dns",
    ],
    [
      "dial tcp: lookup a.test on 10.0.0.1:53: read udp 10.0.0.2:9->10.0.0.1:53: i/o timeout",
      "dns-silent",
      "dns",
    ],
    ["dial tcp: lookup a.test: i/o timeout", "dns-silent", "dns"],
    [
      "dial tcp: lookup a.test on 10.0.0.1:53: server misbehaving",
      "dns-misbehaving",
      "dns",
    ],
    ["dial tcp: lookup a.test: no suitable address found", "dns-failed", "dns"],
    ["dial tcp 10.0.0.9:443: i/o timeout", "connect-timeout", "connect"],
    [
      "dial tcp [2001:db8::1]:443: connect: connection refused",
      "connect-refused",
      "connect",
    ],
    [
      "dial tcp 10.0.0.9:443: connect: no route to host",
      "connect-no-host",
      "connect",
    ],
    [
      "dial tcp 10.0.0.9:443: connect: network is unreachable",
      "connect-no-route",
      "connect",
    ],
    [
      "dial tcp 10.0.0.7:0->10.0.0.9:443: bind: cannot assign requested address",
      "source-address-missing",
      "connect",
    ],
    [
      `${VERIFY}certificate signed by unknown authority`,
      "tls-unknown-authority",
      "tls",
    ],
    [
      "x509: certificate signed by unknown authority",
      "tls-unknown-authority",
      "tls",
    ],
    [
      `${VERIFY}certificate is valid for b.test, not a.test`,
      "tls-wrong-name",
      "tls",
    ],
    [
      `${VERIFY}certificate has expired or is not yet valid: x`,
      "tls-dates",
      "tls",
    ],
    [
      "http: server gave HTTP response to HTTPS client",
      "tls-not-spoken",
      "tls",
    ],
    ["remote error: tls: handshake failure", "tls-refused", "tls"],
    ["net/http: TLS handshake timeout", "tls-timeout", "tls"],
    ["tls: something new", "tls-failed", "tls"],
    [
      "proxyconnect tcp: dial tcp 10.0.0.8:3128: connect: connection refused",
      "proxy-unreachable",
      "proxy",
    ],
    [
      `proxyconnect tcp: ${VERIFY}certificate signed by unknown authority`,
      "proxy-tls",
      "proxy",
    ],
    [
      "socks connect tcp 10.0.0.8:1080->a.test:443: unknown error connection refused",
      "proxy-refused",
      "proxy",
    ],
    [
      "net/http: timeout awaiting response headers",
      "response-timeout",
      "timeout",
    ],
    ["context deadline exceeded", "response-timeout", "timeout"],
    [
      "read tcp 10.0.0.2:9->10.0.0.9:443: read: connection reset by peer",
      "connection-broken",
      "http",
    ],
    ["unexpected EOF", "connection-broken", "http"],
    ["context canceled", "cancelled", "client"],
    [
      'net/http: HTTP/1.x transport connection broken: malformed HTTP response "x"',
      "http-malformed",
      "http",
    ],
    [
      "net/http: server response headers exceeded 1048576 bytes; aborted",
      "http-too-large",
      "http",
    ],
    ['unsupported protocol scheme "file"', "redirect-invalid", "http"],
    ["something else", "request-failed", "http"],
  ] as const
) {
  Deno.test(`diagnoseTrace finds ${code} in "${reqError}"`, () => {
    const findings = diagnoseTrace(
      makeTrace({ httpRequests: [makeRequest({ reqError })] }),
    );
    assertEquals(
      findings.map((each) => [each.code, each.phase, each.severity]),
      [[code, phase, "problem"]],
    );
    assertEquals(findings[0]?.evidence, ["r1"]);
    assertEquals(findings[0]?.hint === "", false);
  });
}

Deno.test("diagnoseTrace tells who refused: server, gateway or proxy", () => {
  const codes = (members: Record<string, unknown>) =>
    diagnoseTrace(makeTrace({ httpRequests: [makeRequest(members)] }))
      .map(({ code }) => code);
  assertEquals(codes({ respStatusCode: 204 }), []);
  assertEquals(codes({ respStatusCode: 404 }), ["http-refused"]);
  assertEquals(codes({ respStatusCode: 502 }), ["http-server-error"]);
  assertEquals(
    codes({ reqError: "Forbidden", networkProxy: "http://p.test:3128" }),
    ["proxy-refused"],
  );
});

Deno.test("diagnoseTrace tells in which step time ran out", () => {
  const reqError = "context deadline exceeded";
  const tunnel = { traceID: "t1", handshakeErr: reqError };
  assertEquals(
    diagnoseTrace(makeTrace({
      httpRequests: [
        makeRequest({ reqError, tlsTunnel: "t1" }),
        makeRequest({ traceID: "r2", reqError, respStatusCode: 200 }),
      ],
      tlsTunnels: [tunnel],
    })).map(({ code }) => code),
    ["tls-timeout", "body-timeout"],
  );
});

Deno.test("diagnoseTrace names the issuer of a certificate that was refused", () => {
  const [finding] = diagnoseTrace(makeTrace({
    httpRequests: [makeRequest({
      reqError: `${VERIFY}certificate signed by unknown authority`,
      tlsTunnel: "t1",
    })],
    tlsTunnels: [{
      traceID: "t1",
      peerCerts: [{ subject: "CN=a.test", issuer: "CN=Middle Box" }],
    }],
  }));
  assertEquals(
    finding?.cause,
    `GET https://a.test/: ${VERIFY}certificate signed by unknown authority (issuer CN=Middle Box)`,
  );
  assertEquals(finding?.evidence, ["r1", "t1"]);
});

/** Eleven redirects in a row on the connection of the first. */
function redirects(ctxCloseAt: string) {
  return makeTrace({
    dials: [{
      traceID: "d1",
      dialBeginAt: "+10ms",
      dialEndAt: "+11ms",
      dstAddress: "a.test:443",
      establishedConn: "c1",
      ctxCloseAt,
    }],
    tcpConns: [{ traceID: "c1", fromDial: "d1", connected: true }],
    httpRequests: Array.from({ length: 11 }, (_, index) =>
      makeRequest({
        traceID: `r${index}`,
        tcpConn: "c1",
        reqSentAt: `+${10 + index * 10}ms`,
        respRecvAt: `+${15 + index * 10}ms`,
        respStatusCode: 302,
      })),
  });
}

Deno.test("diagnoseTrace finds redirects without end, not requests one by one", () => {
  const [finding] = diagnoseTrace(redirects("+115ms"));
  assertEquals([finding?.code, finding?.severity], [
    "redirect-loop",
    "problem",
  ]);
  assertEquals(finding?.evidence.length, 11);
  assertEquals(diagnoseTrace(redirects("+15ms")), []);
});

Deno.test("diagnoseTrace remarks what did not make a request fail", () => {
  const tuple = (dstIP: string) => ({
    srcIP: "10.0.0.2",
    srcPort: 9,
    dstIP,
    dstPort: 443,
  });
  const reply = (dstIP: string) => ({
    srcIP: "10.0.0.9",
    srcPort: 443,
    dstIP,
    dstPort: 9,
  });
  const findings = diagnoseTrace(makeTrace({
    httpRequests: [makeRequest({ respStatusCode: 200 })],
    dnsQueries: [
      { traceID: "q1", dnsQueryMsgs: [{ id: 1 }], dnsReplyMsgs: null },
      { traceID: "q2", dnsQueryMsgs: [{ id: 2 }], dnsReplyMsgs: [{ id: 2 }] },
    ],
    tcpConns: [
      {
        traceID: "c1",
        connected: false,
        addrTuple: tuple("2001:db8::9"),
        conntrack: {
          packetsSent: 2,
          packetsRecv: 0,
          addrOrig: tuple("2001:db8::9"),
          addrReply: { ...reply("10.0.0.2"), srcIP: "2001:db8::9" },
        },
      },
      {
        traceID: "c2",
        connected: true,
        addrTuple: tuple("10.0.0.9"),
        conntrack: {
          packetsSent: 2,
          packetsRecv: 2,
          addrOrig: tuple("10.0.0.9"),
          addrReply: reply("192.0.2.4"),
        },
      },
    ],
  }));
  assertEquals(
    findings.map((
      { code, severity, evidence },
    ) => [code, severity, ...evidence]),
    [
      ["dns-no-reply", "remark", "q1"],
      ["syn-unanswered", "remark", "c1"],
      ["ipv6-broken", "remark", "c1"],
      ["nat-seen", "remark", "c2"],
    ],
  );
});
