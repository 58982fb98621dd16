import { assert, assertEquals } from "@std/assert";
import { decodeNetworkTrace } from "../../../src/netdump/nettrace_decoder.ts";
import { encodeHar } from "../../../src/netdump/nettrace_har_encoder.ts";
import { testWith } from "../../support/requirement.ts";
import { requireSharedData, sharedData } from "../../support/shared_data.ts";
import { makeRequest, makeTrace } from "./_trace_maker.ts";

Deno.test("encodeHar tells each step once", () => {
  const [entry] = JSON.parse(encodeHar(makeTrace({
    dials: [{
      traceID: "d1",
      dialBeginAt: "+12ms",
      dialEndAt: "+40ms",
      ctxCloseAt: "+140ms",
      dstAddress: "p.test:3128",
      resolverDials: [{ nameserver: "10.0.0.1:53" }],
      establishedConn: "c1",
    }],
    tcpConns: [{
      traceID: "c1",
      fromDial: "d1",
      connected: true,
      handshakeBeginAt: "+30ms",
      handshakeEndAt: "+40ms",
      addrTuple: { dstIP: "10.0.0.8", dstPort: 3128 },
    }],
    tlsTunnels: [{
      traceID: "t1",
      handshakeBeginAt: "+55ms",
      handshakeEndAt: "+80ms",
    }],
    httpRequests: [makeRequest({
      reqURL: "https://a.test/x?k=v%20w&k=2",
      networkProxy: "http://p.test:3128",
      tcpConn: "c1",
      tlsTunnel: "t1",
      respRecvAt: "+100ms",
      respStatusCode: 200,
      RespContentLen: 1234,
      respHeader: [
        { fieldName: "Content-Type", fieldVal: "text/plain" },
        { fieldName: "Location", fieldVal: "/next" },
      ],
    })],
  }))).log.entries;
  assertEquals(entry.startedDateTime, "2026-01-01T00:00:00.010Z");
  assertEquals(entry.timings, {
    blocked: 2,
    dns: 18,
    connect: 50, // TCP 10, the proxy's CONNECT 15, TLS 25
    ssl: 25,
    send: 0,
    wait: 20,
    receive: 40,
  });
  assertEquals(entry.time, 130);
  assertEquals(entry.request.queryString, [
    { name: "k", value: "v w" },
    { name: "k", value: "2" },
  ]);
  assertEquals(entry.response.content, { size: 1234, mimeType: "text/plain" });
  assertEquals(entry.response.redirectURL, "/next");
  assertEquals(
    [entry.serverIPAddress, entry.connection, entry._proxy],
    ["10.0.0.8", "c1", "http://p.test:3128"],
  );
});

Deno.test("encodeHar keeps the error of a request that failed", () => {
  const [entry] = JSON.parse(encodeHar(makeTrace({
    httpRequests: [makeRequest({ reqError: "EOF" })],
  }))).log.entries;
  assertEquals([entry.response.status, entry.response._error], [0, "EOF"]);
  assertEquals([entry.timings.dns, entry.timings.connect], [-1, -1]);
  assertEquals("serverIPAddress" in entry, false);
});

testWith(
  "encodeHar has what the format demands, for each fixture",
  [requireSharedData("netdump/traces")],
  () => {
    const folder = sharedData("netdump/traces")!;
    for (const { name } of Deno.readDirSync(folder)) {
      const trace = decodeNetworkTrace(
        Deno.readTextFileSync(`${folder}/${name}`),
      );
      const { log } = JSON.parse(encodeHar(trace));
      assertEquals([log.version, log.creator.name], ["1.2", "tracedeck"], name);
      assertEquals(log.entries.length, trace.httpRequests.length, name);
      for (const { startedDateTime, time, timings, request } of log.entries) {
        assert(!Number.isNaN(Date.parse(startedDateTime)), name);
        assert(timings.wait >= 0 && timings.receive >= 0, name);
        const { ssl: _, ...parts } = timings;
        const sum = Object.values<number>(parts).filter((ms) => ms >= 0)
          .reduce((total, ms) => total + ms, 0);
        assertEquals(sum, time, name);
        assert(request.method !== "" && request.url !== "", name);
      }
    }
  },
);
