import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { encodeNetworkTrace } from "../../../src/netdump/nettrace_encoder.ts";
import { NetworkTracer } from "../../../src/netdump/tracer/network_tracer.ts";
import { RequestError } from "../../../src/netdump/tracer/request_error.ts";
import { createCounterIds } from "../../../src/netdump/tracer/trace_id.ts";
import type { HttpClientOptions } from "../../../src/netdump/tracer/tracer_options.ts";
import { addressRecords, answer, startDnsServer, zone } from "./_dns_server.ts";
import type { DnsHandler } from "./_dns_server.ts";
import { testHost, withoutNumbers } from "./_test_host.ts";

/** Enough for a machine that has much else to do. */
const ONCE = "options timeout:10 attempts:1\n";
/** For servers that never answer. */
const FAST = "options timeout:1 attempts:1\n";

function serve(): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("pong"),
  );
}

async function traced(
  handler: DnsHandler,
  url: (port: number) => string,
  options: {
    readonly resolvConf?: string;
    readonly files?: Readonly<Record<string, string>>;
    readonly client?: HttpClientOptions;
    readonly servers?: (own: string) => readonly string[];
  } = {},
) {
  await using dns = await startDnsServer(handler);
  await using server = serve();
  await using tracer = new NetworkTracer({
    client: {
      nameservers: options.servers?.(dns.address) ?? [dns.address],
      ...options.client,
    },
    trace: {
      dnsQueries: true,
      httpRequests: true,
      sockets: true,
      traceIds: createCounterIds(),
    },
    host: testHost({
      "/etc/resolv.conf": options.resolvConf ?? ONCE,
      ...options.files,
    }),
  });
  let failure: RequestError | undefined;
  try {
    const response = await tracer.request(url(server.addr.port));
    await response.drain();
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    failure = error;
  }
  const result = await tracer.getTrace("test");
  return { ...result, failure, seen: [...dns.seen], dns: dns.address };
}

Deno.test("NetworkTracer asks for both families and records every message", async () => {
  const { trace, seen, failure } = await traced(
    zone({ "web.test.": ["127.0.0.1"] }),
    (port) => `http://web.test:${port}/`,
  );
  assertEquals(failure, undefined);
  assertEquals(seen.toSorted(), ["udp 1 web.test.", "udp 28 web.test."]);
  // The order in which EVE's library takes its ids.
  assertEquals(trace.httpRequests.map(({ traceId }) => traceId), ["tid-2"]);
  assertEquals(trace.dials.map(({ traceId }) => traceId), ["tid-3"]);
  assertEquals(
    trace.udpConns.map(({ traceId }) => traceId).toSorted(),
    ["tid-6", "tid-7"],
  );
  assertEquals(trace.tcpConns.map(({ traceId }) => traceId), ["tid-8"]);
  assertEquals(
    trace.dnsQueries.map(({ traceId }) => traceId),
    ["tid-9", "tid-10"],
  );
  const query = trace.dnsQueries.find(({ dnsQueryMsgs }) =>
    dnsQueryMsgs[0]?.questions[0]?.type === "A"
  )!;
  assertEquals(query.fromDial, "tid-3");
  assertEquals(query.dnsQueryMsgs[0]?.size, 12 + 10 + 4 + 11);
  assertEquals(query.dnsQueryMsgs[0]?.optUdpPayloadSize, 1232);
  assertEquals(query.dnsReplyMsgs[0]?.answers, [{
    name: "web.test.",
    type: "A",
    class: 1,
    ttl: 60,
    resolvedVal: "127.0.0.1",
  }]);
  const conn = trace.udpConns.find(({ traceId }) =>
    traceId === query.connection
  )!;
  assertEquals(conn.fromResolver, true);
  assertEquals(conn.totalSentBytes, 37n);
  assertEquals(conn.addrTuple.srcIp, "127.0.0.1");
  assertEquals(conn.socketTrace?.socketOps.map(({ type }) => type), [
    "write",
    "read",
  ]);
  assertEquals(trace.dials[0]?.resolverDials.length, 2);
  assertEquals(trace.dials[0]?.ctxCloseAt.type, "relative");
  assertEquals(trace.dials[0]?.establishedConn, "tid-8");
});

Deno.test("NetworkTracer asks again over TCP when a reply is truncated, and strips the length", async () => {
  const { trace, seen, failure } = await traced(
    (query, via) => {
      const [question] = query.questions;
      return [
        via === "udp" ? answer(query, [], { truncated: true }) : answer(
          query,
          addressRecords(question!.name, ["127.0.0.1"], question!.type),
        ),
      ];
    },
    (port) => `http://web.test:${port}/`,
  );
  assertEquals(failure, undefined);
  assertEquals(seen.filter((line) => line.startsWith("tcp")).length, 2);
  const tcp = trace.tcpConns.filter(({ fromResolver }) => fromResolver);
  assertEquals(tcp.length, 2);
  assertEquals(tcp[0]?.totalSentBytes, 39n);
  const over = trace.dnsQueries.filter(({ connection }) =>
    tcp.some(({ traceId }) => traceId === connection)
  );
  assertEquals(over.map(({ dnsQueryMsgs }) => dnsQueryMsgs[0]?.size), [37, 37]);
  assertEquals(
    over.flatMap(({ dnsQueryMsgs }) => dnsQueryMsgs[0]!.questions)
      .map(({ name, class: number }) => [name, number]),
    [["web.test.", 1], ["web.test.", 1]],
  );
  const udp = trace.dnsQueries.filter((query) => !over.includes(query));
  assertEquals(udp.map(({ dnsReplyMsgs }) => dnsReplyMsgs[0]?.truncated), [
    true,
    true,
  ]);
});

Deno.test("NetworkTracer uses only TCP when the configuration says so", async () => {
  const { failure, trace } = await traced(
    zone({ "web.test.": ["127.0.0.1"] }),
    (port) => `http://web.test:${port}/`,
    { resolvConf: "options use-vc timeout:10\n" },
  );
  assertEquals(failure, undefined);
  assertEquals(trace.udpConns, []);
  assertEquals(trace.tcpConns.length, 3);
});

Deno.test("NetworkTracer tries the search list and tells what was not found", async () => {
  const { failure, seen, dns } = await traced(
    zone({}),
    (port) => `http://nx:${port}/`,
    { resolvConf: ONCE + "search a.test b.test\n" },
  );
  assertEquals(
    failure?.reason,
    `dial tcp: lookup nx on ${dns}: no such host`,
  );
  assertEquals(failure?.phase, "dns");
  assertEquals(seen.filter((line) => line.includes(" 1 ")), [
    "udp 1 nx.a.test.",
    "udp 1 nx.b.test.",
    "udp 1 nx.",
  ]);
});

Deno.test("NetworkTracer takes the first name of the search list that is there", async () => {
  const { failure, trace } = await traced(
    zone({ "web.b.test.": ["127.0.0.1"] }),
    (port) => `http://web:${port}/`,
    { resolvConf: ONCE + "search a.test b.test\n" },
  );
  assertEquals(failure, undefined);
  assertEquals(
    trace.dnsQueries.map(({ dnsReplyMsgs }) => dnsReplyMsgs[0]?.rCode)
      .toSorted(),
    ["no-error", "no-error", "non-existent-domain", "non-existent-domain"],
  );
});

Deno.test("NetworkTracer words a server that fails and asks the next one", async () => {
  await using good = await startDnsServer(zone({ "web.test.": ["127.0.0.1"] }));
  const { failure, trace } = await traced(
    (query) => [answer(query, [], { rcode: 2 })],
    (port) => `http://web.test:${port}/`,
    { servers: (own) => [own, good.address] },
  );
  assertEquals(failure, undefined);
  assertEquals(trace.dials[0]?.resolverDials.length, 4);

  const bad = await traced(
    (query) => [answer(query, [], { rcode: 2 })],
    (port) => `http://web.test:${port}/`,
  );
  assertEquals(
    bad.failure?.reason,
    `dial tcp: lookup web.test on ${bad.dns}: server misbehaving`,
  );
  const lame = await traced(
    (query) => [answer(query, [], { lame: true })],
    (port) => `http://web.test:${port}/`,
  );
  assertMatch(lame.failure!.reason, /: lame referral$/);
  const better = await traced(
    (query) => [answer(query, [], { lame: true })],
    (port) => `http://web.test:${port}/`,
    { servers: (own) => [own, good.address] },
  );
  assertEquals(better.failure, undefined);
});

Deno.test("NetworkTracer asks nobody else for a name that does not exist", async () => {
  await using other = await startDnsServer(
    zone({ "web.test.": ["127.0.0.1"] }),
  );
  const { failure, seen } = await traced(
    zone({}),
    (port) => `http://web.test:${port}/`,
    { servers: (own) => [own, other.address] },
  );
  assertMatch(failure!.reason, /: no such host$/);
  assertEquals(seen.toSorted(), ["udp 1 web.test.", "udp 28 web.test."]);
  assertEquals(other.seen, []);
});

Deno.test("NetworkTracer words a server that is silent", async () => {
  const { failure, trace, dns } = await traced(
    () => [],
    (port) => `http://web.test:${port}/`,
    { resolvConf: FAST },
  );
  assertEquals(
    withoutNumbers(failure!.reason),
    `dial tcp: lookup web.test on 127.0.0.1:PORT: read udp 127.0.0.1:PORT->127.0.0.1:PORT: i/o timeout`,
  );
  assert(failure!.reason.includes(`on ${dns}: read udp`));
  assert(failure!.isTimeout);
  assertEquals(trace.dnsQueries.map(({ dnsReplyMsgs }) => dnsReplyMsgs), [
    [],
    [],
  ]);
  // A UDP socket connects to anybody: the failure shows in its calls.
  assertEquals(trace.dials[0]?.resolverDials.map(({ dialErr }) => dialErr), [
    "",
    "",
  ]);
  assertMatch(
    trace.udpConns[0]!.socketTrace!.socketOps[1]!.returnErr,
    /^read udp .*: i\/o timeout$/,
  );
});

Deno.test("NetworkTracer asks a local name server from no other address", async () => {
  const { failure, trace } = await traced(
    zone({ "web.test.": ["127.0.0.1"] }),
    (port) => `http://web.test:${port}/`,
    { client: { sourceIp: "127.0.0.7" } },
  );
  assertEquals(failure, undefined);
  assertEquals(trace.udpConns.map(({ addrTuple }) => addrTuple.srcIp), [
    "127.0.0.1",
    "127.0.0.1",
  ]);
  assertEquals(trace.tcpConns[0]?.addrTuple.srcIp, "127.0.0.7");
});

Deno.test("NetworkTracer ignores replies with another id or question, and counts them", async () => {
  const { failure, trace, ignoredDnsReplies } = await traced(
    (query) => {
      const [question] = query.questions;
      const records = (address: string) =>
        addressRecords(question!.name, [address], question!.type);
      return [
        answer(query, records("127.0.0.2"), { id: query.id ^ 1 }),
        answer(query, records("127.0.0.3"), { name: "evil.test." }),
        answer(query, records("127.0.0.4"), { type: 16 }),
        answer(query, records("127.0.0.1")),
      ];
    },
    (port) => `http://web.test:${port}/`,
  );
  assertEquals(failure, undefined);
  assertEquals(ignoredDnsReplies, 6);
  assertEquals(trace.tcpConns[0]?.addrTuple.dstIp, "127.0.0.1");
  assertEquals(trace.dnsQueries[0]?.dnsReplyMsgs.length, 4);
});

Deno.test("NetworkTracer leaves out name servers that the filter refuses", async () => {
  await using good = await startDnsServer(zone({ "web.test.": ["127.0.0.1"] }));
  const goodPort = Number(good.address.split(":")[1]);
  const { trace, failure, dns, seen } = await traced(
    zone({}),
    (port) => `http://web.test:${port}/`,
    {
      servers: (own) => [own, good.address],
      client: {
        skipNameserver: (ip, port) =>
          port === goodPort ? undefined : `not ${ip}`,
      },
    },
  );
  assertEquals(failure, undefined);
  assertEquals(seen, []);
  assertEquals(trace.dials[0]?.skippedNameservers, [dns]);
  assertEquals(trace.dials[0]?.resolverDials.length, 2);

  const none = await traced(
    zone({}),
    (port) => `http://web.test:${port}/`,
    { client: { skipNameserver: () => "no" } },
  );
  assertEquals(
    none.failure?.reason,
    `dial tcp: lookup web.test on ${none.dns}: skipped nameserver ${none.dns}: no`,
  );
  assertEquals(none.trace.dials[0]?.resolverDials, []);
});

Deno.test("NetworkTracer finds names in the hosts file without DNS", async () => {
  const { failure, seen, trace } = await traced(
    zone({}),
    (port) => `http://WEB.test:${port}/`,
    { files: { "/etc/hosts": "127.0.0.1 web.test\n" } },
  );
  assertEquals(failure, undefined);
  assertEquals(seen, []);
  assertEquals(trace.dials[0]?.resolverDials, []);
  assert(!encodeNetworkTrace(trace).includes("resolverDials"));
});

Deno.test("NetworkTracer cuts name lookups by the limit of the dial", async () => {
  const { failure, trace } = await traced(
    () => [],
    (port) => `http://web.test:${port}/`,
    {
      resolvConf: "options timeout:5\n",
      client: { tcpHandshakeTimeoutMs: 60 },
    },
  );
  assertMatch(failure!.reason, /^dial tcp: lookup web\.test.*: i\/o timeout$/);
  assertEquals(trace.dials[0]?.dialErr, failure?.reason);
});

Deno.test("NetworkTracer follows aliases that the server resolves", async () => {
  const { failure, trace } = await traced(
    (query) => {
      const [question] = query.questions;
      const alias = new Uint8Array([
        4,
        114,
        101,
        97,
        108,
        4,
        116,
        101,
        115,
        116,
        0,
      ]);
      return [
        answer(query, [
          { name: question!.name, type: 5, data: alias },
          ...addressRecords("real.test.", ["127.0.0.1"], question!.type),
        ]),
      ];
    },
    (port) => `http://web.test:${port}/`,
  );
  assertEquals(failure, undefined);
  const values = trace.dnsQueries.flatMap(({ dnsReplyMsgs }) =>
    dnsReplyMsgs.flatMap(({ answers }) =>
      answers.map(({ type, resolvedVal }) => `${type} ${resolvedVal}`)
    )
  );
  assertEquals(values.toSorted(), [
    "A 127.0.0.1",
    "CNAME real.test.",
    "CNAME real.test.",
  ]);
});

Deno.test("NetworkTracer refuses names that DNS cannot have", async () => {
  await using tracer = new NetworkTracer({ host: testHost() });
  const error = await assertRejects(
    () => tracer.request(`http://${"x".repeat(64)}.test/`),
    RequestError,
  );
  assertMatch(error.reason, /no such host$/);
});
