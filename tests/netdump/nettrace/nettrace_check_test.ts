import { assertEquals } from "@std/assert";
import { checkTrace } from "../../../src/netdump/nettrace_check.ts";
import { decodeNetworkTrace } from "../../../src/netdump/nettrace_decoder.ts";
import { testWith } from "../../support/requirement.ts";
import { requireSharedData, sharedData } from "../../support/shared_data.ts";
import { makeRequest, makeTrace } from "./_trace_maker.ts";

Deno.test("checkTrace tells ids and times that do not fit together", () => {
  const found = checkTrace(makeTrace({
    dials: [{
      traceID: "d1",
      dialBeginAt: "+50ms",
      dialEndAt: "+20ms",
      establishedConn: "c9",
    }],
    tcpConns: [
      { traceID: "d1", fromDial: "d1" },
      { traceID: "", fromDial: "d8" },
    ],
    httpRequests: [makeRequest({
      reqSentAt: "+10ms",
      respRecvAt: "+5ms",
      tlsTunnel: "t7",
    })],
  }));
  assertEquals(found.map(({ kind, path }) => [kind, path]), [
    ["duplicate-id", "tcpConns[0].traceID"],
    ["missing-id", "tcpConns[1].traceID"],
    ["dangling-id", "dials[0].establishedConn"],
    ["dangling-id", "tcpConns[1].fromDial"],
    ["dangling-id", "httpRequests[0].tlsTunnel"],
    ["time-order", "dials[0].dialEndAt"],
    ["time-order", "httpRequests[0].respRecvAt"],
  ]);
});

Deno.test("checkTrace stops to tell after a thousand oddities", () => {
  const dials = Array.from({ length: 3000 }, () => ({ traceID: "same" }));
  assertEquals(checkTrace(makeTrace({ dials })).length, 1000);
});

testWith(
  "checkTrace finds nothing odd in a whole trace of upstream",
  [requireSharedData("netdump/traces")],
  () => {
    const folder = sharedData("netdump/traces")!;
    const text = Deno.readTextFileSync(`${folder}/https-h1.export.json`);
    assertEquals(checkTrace(decodeNetworkTrace(text)), []);
  },
);
