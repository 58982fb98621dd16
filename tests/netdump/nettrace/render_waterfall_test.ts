import { assert, assertEquals } from "@std/assert";
import { decodeNetworkTrace } from "../../../src/netdump/nettrace_decoder.ts";
import { renderWaterfall } from "../../../src/netdump/render_waterfall.ts";
import { testWith } from "../../support/requirement.ts";
import { requireSharedData, sharedData } from "../../support/shared_data.ts";
import { makeRequest, makeTrace } from "./_trace_maker.ts";

Deno.test("renderWaterfall draws steps to scale, with what is behind them", () => {
  const text = renderWaterfall(
    makeTrace({
      dials: [{
        traceID: "d1",
        dialBeginAt: "+10ms",
        dialEndAt: "+60ms",
        dstAddress: "p.test:3128",
        resolverDials: [{ nameserver: "10.0.0.1:53" }],
        establishedConn: "c1",
      }],
      udpConns: [{
        traceID: "u1",
        fromDial: "d1",
        fromResolver: true,
        addrTuple: { dstIP: "10.0.0.1", dstPort: 53 },
      }],
      dnsQueries: [{
        traceID: "q1",
        connection: "u1",
        dnsQueryMsgs: [{
          questions: [{ name: "p.test.", type: "A", class: 1 }],
        }],
        dnsReplyMsgs: [{
          rCode: "no-error",
          truncated: true,
          answers: [{ name: "p.test.", type: "A", resolvedVal: "10.0.0.8" }],
        }],
      }],
      tcpConns: [{
        traceID: "c1",
        fromDial: "d1",
        connected: true,
        handshakeBeginAt: "+35ms",
        handshakeEndAt: "+60ms",
        addrTuple: {
          srcIP: "10.0.0.2",
          srcPort: 4000,
          dstIP: "10.0.0.8",
          dstPort: 3128,
        },
        totalSentBytes: 7,
        totalRecvBytes: 8,
        conntrack: { tcpState: "established" },
      }],
      tlsTunnels: [
        {
          traceID: "t1",
          handshakeBeginAt: "+60ms",
          handshakeEndAt: "+70ms",
          serverName: "p.test",
          cipherSuite: 4865,
        },
        {
          traceID: "t2",
          handshakeBeginAt: "+85ms",
          handshakeEndAt: "+110ms",
          serverName: "a.test",
          cipherSuite: 7,
          negotiatedProto: "h2",
          peerCerts: [{
            subject: "CN=a.test",
            issuer: "CN=Root",
            notAfter: "2030-01-01T00:00:00Z",
            isCA: true,
          }],
        },
      ],
      httpRequests: [makeRequest({
        protoMajor: 2,
        protoMinor: 0,
        networkProxy: "https://p.test:3128",
        tcpConn: "c1",
        proxyTLSTunnel: "t1",
        tlsTunnel: "t2",
        respRecvAt: "+110ms",
        respStatusCode: 200,
        RespContentLen: 5,
      })],
    }),
    { columns: 74 },
  );
  assertEquals(text.split("\n"), [
    "GET https://a.test/",
    "  200 HTTP/2.0, 5 bytes of body, through https://p.test:3128",
    "  dns            25 ms  ██████████",
    "  connect        25 ms            ██████████",
    "  proxy          25 ms                      ██████████",
    "  tls            25 ms                                ██████████",
    "  wait            0 ms                                         █",
    "  total         100 ms",
    "  dns  A p.test. @10.0.0.1:53: no-error (truncated) 10.0.0.8",
    "  tcp  10.0.0.2:4000 -> 10.0.0.8:3128 connected, 7 bytes sent, 8 received, conntrack established",
    "  tls  p.test of the proxy, TLS_AES_128_GCM_SHA256",
    "  tls  a.test, cipher 7, h2",
    "    cert CN=a.test, issuer CN=Root, until 2030-01-01T00:00:00Z, CA",
  ]);
});

Deno.test("renderWaterfall escapes what the other side says", () => {
  const text = renderWaterfall(makeTrace({
    tlsTunnels: [{
      traceID: "t1",
      serverName: "a\u0007",
      handshakeErr: "\u001b]0;x",
      peerCerts: [{ subject: "CN=\u202ea", issuer: "CN=\u009b31m" }],
    }],
    httpRequests: [makeRequest({
      reqURL: "https://a.test/\u001b[2J",
      reqError: "bad\r\nproblem: forged",
      tlsTunnel: "t1",
    })],
  }));
  // deno-lint-ignore no-control-regex
  assert(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/.test(text), text);
  assertEquals(
    text.split("\n").filter((line) => /^problem: forged/.test(line)),
    [],
  );
});

Deno.test("renderWaterfall says when there is nothing to draw", () => {
  assertEquals(
    renderWaterfall(makeTrace({})),
    "no HTTP requests in this trace",
  );
});

testWith(
  "renderWaterfall keeps to its width in steps, and to a line each, for each fixture",
  [requireSharedData("netdump/traces")],
  () => {
    const folder = sharedData("netdump/traces")!;
    for (const { name } of Deno.readDirSync(folder)) {
      const trace = decodeNetworkTrace(
        Deno.readTextFileSync(`${folder}/${name}`),
      );
      const lines = renderWaterfall(trace, { columns: 72 }).split("\n");
      const bars = lines.filter((line) => line.includes("█"));
      assert(bars.every((line) => line.length <= 72), name);
      assert(
        trace.httpRequests.length === 0 ||
          lines.some((line) =>
            line.startsWith("GET ") || line.startsWith("POST ")
          ),
        name,
      );
    }
  },
);
