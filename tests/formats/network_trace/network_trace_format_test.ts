import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { runMain } from "../../support/memory_host.ts";

const TRACE =
  `{"description":"bad \\u001b run","traceBeginAt":"2026-11-20T23:34:32.5+01:00","traceEndAt":"+90ms",
"uuid":"s-1",
"dials":[{"traceID":"2","dialBeginAt":"+1ms","dialEndAt":"+41ms","dialErr":"dial tcp 192.0.2.1:443: connect: connection refused",
"ctxCloseAt":"+42ms","dstAddress":"a.test:443","resolverDials":[{"dialBeginAt":"+1ms","dialEndAt":"+1ms","nameserver":"192.0.2.53:53","establishedConn":"3"}]}],
"tcpConns":[{"traceID":"4","fromDial":"2","handshakeBeginAt":"+31ms","handshakeEndAt":"+41ms","addrTuple":{"dstIP":"192.0.2.1","dstPort":443}}],
"udpConns":[{"traceID":"3","fromDial":"2","fromResolver":true,"socketCreateAt":"+1ms","connCloseAt":"+30ms","addrTuple":{"dstIP":"192.0.2.53","dstPort":53}}],
"dnsQueries":[{"traceID":"5","fromDial":"2","connection":"3","dnsQueryMsgs":[{"sentAt":"+1ms","questions":[{"name":"a.test.","type":"A","class":1}]}],
"dnsReplyMsgs":[{"recvAt":"+30ms","rCode":"no-error","answers":[{"name":"a.test.","type":"A","class":1,"ttl":1,"resolvedVal":"192.0.2.1"}]}]}],
"tlsTunnels":null,
"httpRequests":[{"traceID":"1","tcpConn":"9","protoMajor":1,"protoMinor":1,"reqSentAt":"+0ms","reqMethod":"GET","reqURL":"https://a.test/?q=1",
"reqError":"dial tcp 192.0.2.1:443: connect: connection refused","respRecvAt":"undefined"}]}`;

async function withFiles<T>(
  files: Readonly<Record<string, string>>,
  work: (path: (name: string) => string) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    return await work((name) => `${folder}/${name}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("info tells of a network trace: counts, requests, findings, what does not fit", async () => {
  await withFiles({ "no.ending": TRACE }, async (path) => {
    const { code, stdout } = await runMain([
      "info",
      path("no.ending"),
      "--json",
    ]);
    assertEquals(code, 0);
    const info = JSON.parse(stdout);
    assertEquals(info.format, "network-trace");
    assertEquals(info.startTime, "2026-11-20T22:34:32.500000000Z");
    assertEquals(info.trace.httpRequests, 1);
    assertEquals(info.findings[0].code, "connect-refused");
    assertEquals(info.oddities, [{
      kind: "dangling-id",
      path: "httpRequests[0].tcpConn",
      detail: "no record has trace id 9",
    }]);
    const text = (await runMain(["info", path("no.ending")])).stdout;
    // deno-lint-ignore no-control-regex
    assert(!/\u001b/.test(text));
    assertStringIncludes(text, "bad \\u001b run");
  });
});

Deno.test("events lists what a network trace holds in order of time", async () => {
  await withFiles({ t: TRACE }, async (path) => {
    const { stdout } = await runMain(["events", path("t"), "--json"]);
    const events = stdout.trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(events.map(({ name }) => name), [
      "http",
      "dial",
      "udp",
      "dns-query",
      "dns-reply",
      "tcp",
    ]);
  });
});

Deno.test("report tells the slowest requests and their steps", async () => {
  await withFiles({ t: TRACE }, async (path) => {
    const { stdout } = await runMain(["report", path("t"), "--json"]);
    const report = JSON.parse(stdout);
    assertEquals(report.requests.length, 1);
    assertEquals(report.requests[0].dnsNs, 30e6);
    assertEquals(report.requests[0].connectNs, 10e6);
    assertEquals(report.nameServers[0], {
      server: "192.0.2.53:53",
      queries: 1,
      replies: 1,
      failures: 0,
      longestNs: 29e6,
    });
    assertEquals(report.findings[0].code, "connect-refused");
  });
});

Deno.test("diff tells what changed between two network traces", async () => {
  const good = TRACE.replaceAll(/"(dialErr|reqError)":"[^"]*",?/g, "")
    .replace(
      '"respRecvAt":"undefined"',
      '"respRecvAt":"+60ms","respStatusCode":200',
    )
    .replaceAll('192.0.2.1"', '192.0.2.9"')
    .replace('resolvedVal":"192.0.2.1', 'resolvedVal":"192.0.2.9');
  await withFiles({ good, bad: TRACE }, async (path) => {
    const { code, stdout } = await runMain([
      "diff",
      path("good"),
      path("bad"),
      "--json",
    ]);
    const diff = JSON.parse(stdout);
    assertEquals(diff.requests[0].before, "200");
    assertMatch(diff.requests[0].after, /refused/);
    assertEquals(diff.dns, [{
      question: "A a.test.",
      before: "no-error 192.0.2.9",
      after: "no-error 192.0.2.1",
    }]);
    assertEquals(
      diff.findings.map((
        { change, code }: Record<string, string>,
      ) => [change, code]),
      [
        ["new", "connect-refused"],
      ],
    );
    assert(code === 0 || code === 1);
  });
});

Deno.test("convert writes a network trace as HAR and in every form", async () => {
  await withFiles({ t: TRACE }, async (path) => {
    const har = JSON.parse(
      (await runMain(["convert", path("t"), "--to", "har"])).stdout,
    );
    const [entry] = har.log.entries;
    assertEquals(entry.startedDateTime, "2026-11-20T22:34:32.500Z");
    assertEquals(entry.request.queryString, [{ name: "q", value: "1" }]);
    assertEquals(entry.response.status, 0);
    assertMatch(entry.response._error, /refused/);
    assertEquals(entry.timings.dns, 30);
    assertEquals(entry.timings.connect, 10);
    assertEquals(entry.timings.ssl, -1);

    for (
      const [form, start] of [["plain", '{\n  "description"'], [
        "export",
        '{"description":',
      ], ["sink", '{"description":"bad \\u001b run"\n,']] as const
    ) {
      const { stdout } = await runMain([
        "convert",
        path("t"),
        "--to",
        "network-trace",
        "--trace-form",
        form,
      ]);
      assert(stdout.startsWith(start), form);
    }
    const lines = await runMain(["convert", path("t"), "--to", "jsonl"]);
    assertEquals(lines.stdout.trim().split("\n").length, 6);
    const two = await runMain(["convert", path("t"), path("t"), "--to", "har"]);
    assertEquals(two.code, 1);
    assertStringIncludes(two.stderr, "Cannot merge network traces");
  });
});

Deno.test("a broken network trace is refused, or taken as far as it goes", async () => {
  await withFiles({
    cut: TRACE.slice(0, 400),
    odd: TRACE.replace("+90ms", "+5us"),
  }, async (path) => {
    const refused = await runMain(["info", path("cut")]);
    assertEquals(refused.code, 1);
    assertMatch(
      refused.stderr,
      /^error: Cannot read \S+cut at character 400: text ends/,
    );
    const taken = await runMain(["info", path("cut"), "--lenient"]);
    assertEquals(taken.code, 3);
    const counted = await runMain(["info", path("odd")]);
    assertEquals(counted.code, 3);
    const strict = await runMain(["info", path("odd"), "--strict"]);
    assertEquals(strict.code, 1);
    assertStringIncludes(strict.stderr, "trace.traceEndAt is not a time");
  });
});
