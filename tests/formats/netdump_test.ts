import { assertEquals, assertStringIncludes } from "@std/assert";
import { readPcap } from "../../src/container/pcap.ts";
import { streamOf } from "../support/byte_stream.ts";
import { runMain } from "../support/memory_host.ts";
import { testWith } from "../support/requirement.ts";
import { requireSharedData, sharedData } from "../support/shared_data.ts";

const FAIL = "netdump/archives/nim-fail-2026-11-20T23-34-32.tgz";
const OK = "netdump/archives/nim-ok-2026-11-20T23-34-24.tgz";
const NEEDS = [requireSharedData(FAIL, OK)];
const fail = sharedData(FAIL)!;
const ok = sharedData(OK)!;
const decoder = new TextDecoder();

async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runMain([...args, "--quiet"]);
  assertEquals(code, 0, stderr);
  return stdout;
}

testWith("info tells what a network dump is of", NEEDS, async () => {
  const info = JSON.parse(await run("info", "--json", fail));
  assertEquals(info.format, "netdump");
  assertEquals(info.wrappers, ["gzip"]);
  assertEquals(info.startTime, "2026-11-20T23:34:32.000000000Z");
  assertEquals(info.dump, { topic: "nim-fail", entries: 40 });
  assertEquals(info.requests.length, 4);
  assertEquals(info.findings[0].id, "neighbour-incomplete");
});

testWith("report tells what was wrong", NEEDS, async () => {
  const report = JSON.parse(await run("report", "--json", fail));
  assertEquals(
    report.findings.map(({ id }: { id: string }) => id),
    [
      "neighbour-incomplete",
      "dns-search-suffix",
      "tcp-refused",
      "tls-unknown-authority",
      "tcp-unanswered",
      "nat",
    ],
  );
  assertStringIncludes(await run("report", fail), "refuses the connection");
});

testWith("events are in order and name their request", NEEDS, async () => {
  const lines = (await run("events", "--json", fail)).trim().split("\n");
  const events = lines.map((line) => JSON.parse(line));
  const times = events.map(({ timestamp }) => timestamp);
  assertEquals(times, times.toSorted());
  assertEquals(events[0].name, "http");
  assertEquals(events[0].fields.request, "ping-controller-eth0-0");
});

testWith("diff compares two network dumps", NEEDS, async () => {
  const { findings, routes, requestsOfOne } = JSON.parse(
    await run("diff", "--json", ok, fail),
  );
  assertEquals(findings.length, 5);
  assertEquals(routes, []);
  assertEquals(requestsOfOne.length, 3);
  const same = JSON.parse(await run("diff", "--json", fail, fail));
  assertEquals(same.findings, []);
});

testWith("convert gives the packets, a HAR or a trace", NEEDS, async () => {
  const convert = (...args: string[]) =>
    runMain(["convert", ...args, fail, "-o", "-"]);
  const pcap = await convert("--to", "pcap");
  assertEquals(pcap.code, 0, pcap.stderr);
  const packets = await Array.fromAsync(readPcap(streamOf(pcap.stdoutBytes)));
  // 16, 4, 3, 8 and 8 by tcpdump.
  assertEquals(packets.length, 39);
  const request = ["--request", "ping-controller-eth0-0"];
  const har = await convert("--to", "har", ...request);
  assertEquals(
    JSON.parse(decoder.decode(har.stdoutBytes)).log.entries[0].request.method,
    "GET",
  );
  const trace = await convert("--to", "network-trace", ...request);
  assertEquals(trace.code, 0, trace.stderr);
  const again = decoder.decode(trace.stdoutBytes);
  assertStringIncludes(again, "certificate signed by unknown authority");
  const unclear = await convert("--to", "network-trace");
  assertEquals(unclear.code, 1);
  assertStringIncludes(unclear.stderr, "choose with --request");
});
