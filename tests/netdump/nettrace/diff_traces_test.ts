import { assertEquals } from "@std/assert";
import type { Report } from "../../../src/base/report.ts";
import { diffTraces } from "../../../src/netdump/diff_traces.ts";
import { reportTrace } from "../../../src/netdump/report_trace.ts";
import { makeRequest, makeTrace } from "./_trace_maker.ts";

function rowsOf(report: Report, key: string): readonly unknown[] {
  const section = report.sections.find((each) => each.key === key);
  return section?.type === "table" ? section.rows : [];
}

function run(
  answer: string,
  issuer: string,
  respRecvAt: string,
  members: Record<string, unknown> = {},
) {
  return makeTrace({
    udpConns: [{
      traceID: "u1",
      fromResolver: true,
      addrTuple: { dstIP: "10.0.0.1", dstPort: 53 },
    }],
    dnsQueries: [{
      traceID: "q1",
      connection: "u1",
      dnsQueryMsgs: [{
        sentAt: "+1ms",
        questions: [{ name: "a.test.", type: "A", class: 1 }],
      }],
      dnsReplyMsgs: [{
        recvAt: "+4ms",
        rCode: answer === "" ? "non-existent-domain" : "no-error",
        answers: answer === "" ? null : [{ resolvedVal: answer }],
      }],
    }],
    tlsTunnels: [{ traceID: "t1", peerCerts: [{ subject: "CN=a", issuer }] }],
    httpRequests: [makeRequest({
      tlsTunnel: "t1",
      respRecvAt,
      respStatusCode: 200,
      ...members,
    })],
  });
}

Deno.test("diffTraces tells what another run got otherwise", () => {
  const report = diffTraces(
    run("10.0.0.9", "CN=Root", "+30ms"),
    run("", "CN=Middle Box", "+90ms", { respStatusCode: 502 }),
  );
  assertEquals(rowsOf(report, "requests"), [[
    "GET https://a.test/",
    "200",
    "502",
    undefined,
    undefined,
    undefined,
    undefined,
    60e6,
    undefined,
  ]]);
  assertEquals(rowsOf(report, "dns"), [
    ["A a.test.", "no-error 10.0.0.9", "non-existent-domain"],
  ]);
  assertEquals(rowsOf(report, "certificates"), [
    ["a.test", "CN=a, issuer CN=Root", "CN=a, issuer CN=Middle Box"],
  ]);
  assertEquals(rowsOf(report, "findings"), [
    ["new", "http-server-error", "GET https://a.test/: status 502"],
  ]);
});

Deno.test("diffTraces finds no difference in a run and itself", () => {
  const trace = run("10.0.0.9", "CN=Root", "+30ms");
  const report = diffTraces(trace, trace);
  assertEquals(rowsOf(report, "dns"), []);
  assertEquals(rowsOf(report, "certificates"), []);
  assertEquals(rowsOf(report, "findings"), []);
});

Deno.test("reportTrace puts the slowest request first and counts name servers", () => {
  const trace = run("", "CN=Root", "+30ms");
  const report = reportTrace({
    ...trace,
    httpRequests: [
      ...trace.httpRequests,
      {
        ...trace.httpRequests[0]!,
        traceId: "r2",
        reqUrl: "https://b.test/",
        respRecvAt: { type: "relative", ms: 500 },
      },
    ],
  }, { top: 1 });
  assertEquals(rowsOf(report, "requests"), [[
    490e6,
    undefined,
    undefined,
    undefined,
    undefined,
    490e6,
    undefined,
    "200",
    "GET https://b.test/",
  ]]);
  assertEquals(rowsOf(report, "nameServers"), [
    ["10.0.0.1:53", 1, 1, 1, 3e6],
  ]);
});
