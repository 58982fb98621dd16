import { assert, assertEquals } from "@std/assert";
import { DecodeStats } from "../../src/base/decode_stats.ts";
import { readCaptureFacts } from "../../src/netdump/check/capture_facts.ts";
import { checkNetdump } from "../../src/netdump/check/check_archive.ts";
import type { Finding } from "../../src/netdump/check/finding.ts";
import {
  FINDING_IDS,
  FINDING_TABLE,
} from "../../src/netdump/check/finding_table.ts";
import { orderFindings } from "../../src/netdump/check/order_findings.ts";
import { renderFindings } from "../../src/netdump/check/render_findings.ts";
import { writeTar } from "../../src/container/tar.ts";
import type { TarInput } from "../../src/container/tar.ts";
import {
  encodePcapHeader,
  encodePcapPacket,
} from "../../src/container/pcap_encoder.ts";
import { formatManifest } from "../../src/netdump/manifest.ts";
import { loadNetdump } from "../../src/netdump/netdump_archive.ts";
import {
  decodePacket,
  summarizePacket,
} from "../../src/netdump/packet_decoder.ts";
import { formatProbes } from "../../src/netdump/probe/probes_json.ts";
import type { ProbeResult } from "../../src/netdump/probe/types.ts";
import {
  formatNetworkState,
  parseNetworkState,
} from "../../src/netdump/state/network_state_json.ts";
import { EMPTY_NETWORK_STATE } from "../../src/netdump/state/types.ts";
import type {
  LinkState,
  NetworkState,
  RouteState,
} from "../../src/netdump/state/types.ts";
import { concatBytes, streamOf } from "../support/byte_stream.ts";
import { mutations } from "../support/mutations.ts";
import { testWith } from "../support/requirement.ts";
import { requireSharedData, sharedData } from "../support/shared_data.ts";

const TOP = "t-2026-11-20T23-34-32";
const encoder = new TextEncoder();

const LINK: LinkState = {
  name: "eth0",
  index: 2,
  isUp: true,
  hasCarrier: true,
  isLoopback: false,
  mtu: 1500,
  mac: "",
  kind: "",
  master: "",
  parent: "",
  addresses: [{
    ip: "10.77.0.108",
    prefixLength: 24,
    scope: "global",
    isDynamic: true,
    isTentative: false,
    isDuplicate: false,
  }],
  counters: undefined,
};
const ROUTE: RouteState = {
  family: 4,
  table: "main",
  destination: "default",
  type: "unicast",
  hops: [{ gateway: "10.77.0.1", device: "eth0" }],
  source: "",
  metric: 0,
  protocol: "dhcp",
  scope: "",
  isDead: false,
};
const WELL: NetworkState = {
  ...EMPTY_NETWORK_STATE,
  sources: {
    links: "netlink",
    addresses: "netlink",
    routes: "netlink",
    rules: "netlink",
    neighbours: "netlink",
    conntrack: "proc",
  },
  links: [LINK],
  routes: [ROUTE],
  resolver: { servers: ["10.77.0.1"], search: [], source: "/etc/resolv.conf" },
};

function probe(fields: Partial<ProbeResult>): ProbeResult {
  return {
    probe: "gateway",
    target: "10.77.0.1",
    outcome: "ok",
    phase: "icmp",
    cause: "",
    hint: "",
    durationMs: 1,
    details: {},
    ...fields,
  };
}

interface Dump {
  readonly state?: Partial<NetworkState>;
  readonly probes?: readonly ProbeResult[];
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly top?: string;
}

async function check(
  { state = {}, probes, files = {}, top = TOP }: Dump,
  stats?: DecodeStats,
): Promise<Finding[]> {
  const all: Record<string, string | Uint8Array> = {
    "linux/state.json": formatNetworkState({ ...WELL, ...state }),
    ...(probes === undefined
      ? {}
      : { "linux/probes.json": formatProbes(probes) }),
    ...files,
  };
  const inputs: TarInput[] = Object.entries(all).map(([name, content]) => ({
    path: `${top}/${name}`,
    type: "file",
    mode: 0o644,
    content: typeof content === "string" ? encoder.encode(content) : content,
  }));
  const archive = await loadNetdump(writeTar(inputs));
  return checkNetdump(archive, { stats });
}

function idsOf(findings: readonly Finding[]): string[] {
  return findings.filter(({ severity }) => severity !== "note").map((
    { id, severity, explainedBy },
  ) => `${severity === "warning" ? "~" : ""}${id}${explainedBy ? "*" : ""}`);
}

const DEAD_IPV6 = {
  ...LINK,
  addresses: [{ ...LINK.addresses[0]!, isDuplicate: true }],
};
const DNS_DETAILS = { name: "x.test.", type: "A" };
const silentDns = probe({
  probe: "dns",
  outcome: "fail",
  cause: "silent",
  details: DNS_DETAILS,
});
const answeredDns = (target: string, ...answers: string[]) =>
  probe({
    probe: "dns",
    target,
    details: { ...DNS_DETAILS, rcode: "no-error", answers },
  });

const CASES: Readonly<Record<string, readonly [Dump, readonly string[]]>> = {
  "nothing is wrong": [{}, []],
  "no carrier, with what follows": [
    {
      state: { links: [{ ...LINK, hasCarrier: false }], routes: [] },
      probes: [silentDns],
    },
    ["interface-down", "no-default-route*", "dns-silent*"],
  ],
  "an unused interface without carrier is a note": [
    {
      state: {
        links: [LINK, {
          ...LINK,
          name: "eth1",
          hasCarrier: false,
          addresses: [],
        }],
      },
    },
    [],
  ],
  "an unused interface with an address and no carrier": [
    { state: { links: [LINK, { ...LINK, name: "eth1", hasCarrier: false }] } },
    ["~interface-down"],
  ],
  "no address": [
    { state: { links: [{ ...LINK, addresses: [] }], routes: [] } },
    ["no-address"],
  ],
  "an address that the device made itself": [
    {
      state: {
        links: [{
          ...LINK,
          addresses: [{
            ...LINK.addresses[0]!,
            ip: "169.254.1.2",
            scope: "link",
          }],
        }],
        routes: [],
      },
    },
    ["no-address"],
  ],
  "a duplicate address": [
    { state: { links: [DEAD_IPV6] } },
    ["address-duplicate"],
  ],
  "no default route": [{ state: { routes: [] } }, ["no-default-route"]],
  "no default route of IPv4, one of IPv6": [
    { state: { routes: [{ ...ROUTE, family: 6 }] } },
    ["~no-default-route"],
  ],
  "a default route that discards": [
    { state: { routes: [{ ...ROUTE, type: "blackhole", hops: [] }] } },
    ["route-discards"],
  ],
  "rules that discard and lead nowhere": [
    {
      state: {
        rules: [
          {
            family: 4,
            priority: 5,
            selector: "from all",
            action: "prohibit",
            table: "",
          },
          {
            family: 4,
            priority: 6,
            selector: "from 10.77.0.108",
            action: "lookup",
            table: "502",
          },
        ],
      },
    },
    ["route-discards", "~rule-empty-table"],
  ],
  "a full table of connections": [
    { state: { conntrack: { count: 100, max: 100, drops: 3 } } },
    ["conntrack-full"],
  ],
  "a nearly full table of connections": [
    { state: { conntrack: { count: 85, max: 100, drops: 0 } } },
    ["~conntrack-full"],
  ],
  "a gateway that does not answer for its address": [
    {
      state: {
        neighbours: [{
          ip: "10.77.0.1",
          device: "eth0",
          mac: "",
          state: "failed",
          isRouter: false,
        }],
      },
    },
    ["neighbour-incomplete"],
  ],
  "a silent gateway": [
    {
      probes: [
        probe({
          outcome: "fail",
          cause: "neighbour",
          details: { received: 0 },
        }),
      ],
    },
    ["gateway-silent"],
  ],
  "one silent gateway of two": [
    {
      probes: [
        probe({ target: "fe80::1", outcome: "fail", cause: "neighbour" }),
        probe({ details: { received: 20, lossPercent: 0 } }),
      ],
    },
    ["~gateway-silent"],
  ],
  "lost packets, with what follows": [
    {
      probes: [
        probe({ details: { lossPercent: 30, received: 14 } }),
        silentDns,
      ],
    },
    ["packet-loss", "dns-silent*"],
  ],
  "a few lost packets": [
    { probes: [probe({ details: { lossPercent: 5, received: 19 } })] },
    ["~packet-loss"],
  ],
  "an MTU black hole": [
    {
      probes: [probe({
        probe: "path",
        outcome: "fail",
        cause: "mtu-black-hole",
        details: { largestPassed: 1300, linkMtu: 1500 },
      })],
    },
    ["mtu-black-hole"],
  ],
  "one silent name server of two": [
    { probes: [silentDns, answeredDns("10.77.0.2", "10.1.1.1")] },
    ["~dns-server-silent"],
  ],
  "a failing name server": [
    {
      probes: [
        probe({
          probe: "dns",
          outcome: "fail",
          cause: "failure",
          details: { ...DNS_DETAILS, rcode: "server-fail" },
        }),
      ],
    },
    ["dns-failure"],
  ],
  "no name server": [
    {
      state: {
        resolver: { servers: [], search: [], source: "/etc/resolv.conf" },
      },
    },
    ["dns-no-server"],
  ],
  "answers that differ": [
    {
      probes: [
        answeredDns("10.77.0.1", "10.1.1.1"),
        answeredDns("10.77.0.2", "10.9.9.9"),
      ],
    },
    ["~dns-answers-differ"],
  ],
  "answers that are rotated": [
    {
      probes: [
        answeredDns("10.77.0.1", "10.1.1.1", "10.1.1.2"),
        answeredDns("10.77.0.2", "10.1.1.2", "10.1.1.3"),
      ],
    },
    [],
  ],
  "IPv6 that does not work": [
    {
      probes: [
        probe({
          probe: "connect",
          target: "10.1.1.1",
          details: { name: "x", family: 4 },
        }),
        probe({
          probe: "connect",
          target: "2001:db8::1",
          outcome: "fail",
          cause: "timeout",
          details: { name: "x", family: 6 },
        }),
      ],
    },
    ["ipv6-broken"],
  ],
  "a clock far behind": [
    {
      probes: [
        probe({
          probe: "ntp",
          target: "ntp",
          details: { offsetMs: 7_200_000 },
        }),
      ],
    },
    ["clock-wrong"],
  ],
  "a clock a little behind": [
    {
      probes: [
        probe({
          probe: "http-date",
          target: "x",
          details: { offsetMs: 90_000 },
        }),
      ],
    },
    ["~clock-wrong"],
  ],
  "silent time servers": [
    {
      probes: [
        probe({
          probe: "ntp",
          target: "ntp",
          outcome: "fail",
          cause: "silent",
        }),
      ],
    },
    ["~ntp-silent"],
  ],
  "a portal": [
    {
      probes: [
        probe({
          probe: "captive-portal",
          target: "http://x/",
          outcome: "fail",
          cause: "intercepted",
          details: { status: 302, location: "http://portal/" },
        }),
      ],
    },
    ["captive-portal"],
  ],
  "an interface that loses packets": [
    {
      state: {
        links: [{
          ...LINK,
          counters: {
            rxPackets: 1000,
            rxBytes: 1,
            rxErrors: 50,
            rxDropped: 0,
            txPackets: 1000,
            txBytes: 1,
            txErrors: 0,
            txDropped: 0,
          },
        }],
      },
    },
    ["~interface-errors"],
  ],
  "a port that EVE complains about": [
    {
      files: {
        "eve/dns.json": '{"Ports":[{"IfName":"eth0","LastError":"no DHCP"}]}',
      },
    },
    ["~port-error"],
  ],
  "a broken trace and a broken capture": [
    {
      files: {
        "requests/r/nettrace.json": "[]",
        "requests/r/eth0.pcap": "junk of some length",
      },
    },
    ["~archive-damaged", "~archive-damaged"],
  ],
  "another top folder": [{ top: "some-folder" }, ["~archive-layout"]],
};

for (const [name, [dump, ids]] of Object.entries(CASES)) {
  Deno.test(`checkNetdump finds: ${name}`, async () => {
    const findings = await check(dump);
    assertEquals(idsOf(findings), [...ids]);
    for (const { title, hint, evidence } of findings) {
      assert(!title.endsWith(".") && title !== "" && hint !== "");
      assert(evidence.length > 0);
    }
  });
}

const TRACES: Readonly<Record<string, readonly string[]>> = {
  "https-h1": [],
  "h2-two-requests": [],
  "dns-over-tcp": [],
  "https-via-http-proxy": ["~http-error"],
  "connect-timeout": ["tcp-unanswered"],
  "refused-dual-stack": ["tcp-refused"],
  "unknown-authority": ["tls-unknown-authority"],
  "reused-0": [],
  "reused-1": [],
  "reused-empty": [],
};

for (const [trace, ids] of Object.entries(TRACES)) {
  testWith(`checkNetdump reads the trace ${trace}`, [
    requireSharedData("netdump/traces"),
  ], async () => {
    const text = await Deno.readTextFile(
      sharedData(`netdump/traces/${trace}.marshal.json`)!,
    );
    const findings = await check({
      files: { "requests/r/nettrace.json": text },
    });
    assertEquals(idsOf(findings), [...ids]);
  });
}

/** A trace of one request, with parts of it replaced. */
function traceText(parts: Record<string, unknown>): string {
  return JSON.stringify({
    description: "test",
    traceBeginAt: "2026-11-20T23:34:32Z",
    traceEndAt: "+5000ms",
    dials: [{ traceID: "d", dstAddress: "x.test:443", dialBeginAt: "+0ms" }],
    tcpConns: [],
    udpConns: [],
    dnsQueries: [],
    tlsTunnels: [],
    ...parts,
  });
}

const CONN = {
  traceID: "c",
  fromDial: "d",
  connected: true,
  handshakeBeginAt: "+0ms",
  handshakeEndAt: "+5ms",
  addrTuple: {
    srcIP: "10.77.0.108",
    srcPort: 5,
    dstIP: "10.1.1.1",
    dstPort: 443,
  },
};
const REQUEST = {
  traceID: "h",
  tcpConn: "c",
  reqMethod: "GET",
  reqURL: "https://x.test/",
  reqSentAt: "+0ms",
  respRecvAt: "undefined",
  respStatusCode: 0,
};
const cert = (from: string, to: string) => ({
  subject: "CN=x.test",
  issuer: "CN=Root",
  notBefore: from,
  notAfter: to,
  isCA: false,
});

const FAILURES: Readonly<
  Record<
    string,
    readonly [
      Record<string, unknown>,
      readonly ProbeResult[],
      readonly string[],
    ]
  >
> = {
  "an expired certificate": [
    {
      tcpConns: [CONN],
      tlsTunnels: [{
        traceID: "t",
        handshakeErr:
          "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-20T23:34:32Z is after 2026-01-01T00:00:00Z",
        peerCerts: [cert("2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z")],
      }],
      httpRequests: [{
        ...REQUEST,
        reqError:
          "x509: certificate has expired or is not yet valid: current time 2026-11-20T23:34:32Z is after 2026-01-01T00:00:00Z",
      }],
    },
    [],
    ["tls-expired"],
  ],
  "a certificate of the future, and a clock that is behind": [{
    tcpConns: [CONN],
    tlsTunnels: [{
      traceID: "t",
      handshakeErr: "x",
      peerCerts: [cert("2028-01-01T00:00:00Z", "2029-01-01T00:00:00Z")],
    }],
    httpRequests: [{
      ...REQUEST,
      reqError:
        "x509: certificate has expired or is not yet valid: current time 2026-11-20T23:34:32Z is before 2028-01-01T00:00:00Z",
    }],
  }, [
    probe({
      probe: "ntp",
      target: "ntp",
      details: { offsetMs: 2 * 365 * 86_400_000 },
    }),
  ], ["clock-wrong", "tls-not-yet-valid*"]],
  "a name that the certificate does not have": [
    {
      tcpConns: [CONN],
      tlsTunnels: [{
        traceID: "t",
        handshakeErr: "x509: certificate is valid for a.test, not x.test",
        peerCerts: null,
      }],
      httpRequests: [{
        ...REQUEST,
        reqError: "x509: certificate is valid for a.test, not x.test",
      }],
    },
    [],
    ["tls-wrong-name"],
  ],
  "a handshake that does not end": [
    {
      tcpConns: [CONN],
      httpRequests: [{
        ...REQUEST,
        reqError: "net/http: TLS handshake timeout",
      }],
    },
    [],
    ["tls-stalled"],
  ],
  "an alert": [
    {
      tcpConns: [CONN],
      httpRequests: [{
        ...REQUEST,
        reqError: "remote error: tls: handshake failure",
      }],
    },
    [],
    ["tls-failed"],
  ],
  "a server that does not answer": [
    {
      tcpConns: [CONN],
      tlsTunnels: [{ traceID: "t", handshakeEndAt: "+9ms" }],
      httpRequests: [{ ...REQUEST, reqError: "context deadline exceeded" }],
    },
    [],
    ["http-stalled"],
  ],
  "a connection that breaks off": [
    {
      tcpConns: [CONN],
      tlsTunnels: [{ traceID: "t", handshakeEndAt: "+9ms" }],
      httpRequests: [{ ...REQUEST, reqError: "EOF" }],
    },
    [],
    ["request-failed"],
  ],
  "a slow server": [
    {
      tcpConns: [CONN],
      httpRequests: [{
        ...REQUEST,
        respStatusCode: 200,
        respRecvAt: "+4500ms",
      }],
    },
    [],
    ["~slow-first-byte"],
  ],
  "a proxy that refuses": [
    {
      tcpConns: [CONN],
      httpRequests: [{
        ...REQUEST,
        networkProxy: "http://p.test:3128",
        reqError: "Forbidden",
      }],
    },
    [],
    ["proxy-refused"],
  ],
  "a proxy that is not there": [
    {
      dials: [{
        traceID: "d",
        dstAddress: "p.test:3128",
        dialErr: "dial tcp 10.1.1.1:3128: connect: connection refused",
      }],
      httpRequests: [{
        ...REQUEST,
        networkProxy: "http://p.test:3128",
        reqError:
          "proxyconnect tcp: dial tcp 10.1.1.1:3128: connect: connection refused",
      }],
    },
    [],
    ["proxy-unreachable"],
  ],
  "no way": [
    {
      tcpConns: [{ ...CONN, connected: false }],
      httpRequests: [{
        ...REQUEST,
        reqError: "dial tcp 10.1.1.1:443: connect: network is unreachable",
      }],
    },
    [],
    ["tcp-unreachable"],
  ],
  "a silent name server": [
    {
      udpConns: [{
        traceID: "u",
        addrTuple: { srcIP: "", srcPort: 0, dstIP: "10.77.0.1", dstPort: 53 },
      }],
      dnsQueries: [{
        traceID: "q",
        connection: "u",
        dnsQueryMsgs: [{
          id: 1,
          questions: [{ name: "x.test.", type: "A", class: 1 }],
        }],
        dnsReplyMsgs: null,
      }],
      httpRequests: [{
        ...REQUEST,
        tcpConn: "",
        reqError:
          "dial tcp: lookup x.test on 10.77.0.1:53: read udp 10.77.0.108:5->10.77.0.1:53: i/o timeout",
      }],
    },
    [],
    ["dns-silent"],
  ],
  "a name that does not exist": [
    {
      udpConns: [{
        traceID: "u",
        addrTuple: { srcIP: "", srcPort: 0, dstIP: "10.77.0.1", dstPort: 53 },
      }],
      dnsQueries: [{
        traceID: "q",
        connection: "u",
        dnsQueryMsgs: [{
          id: 1,
          questions: [{ name: "x.test.", type: "A", class: 1 }],
        }],
        dnsReplyMsgs: [{ id: 1, rCode: "non-existent-domain", answers: null }],
      }],
      httpRequests: [{
        ...REQUEST,
        tcpConn: "",
        reqError: "dial tcp: lookup x.test on 10.77.0.1:53: no such host",
      }],
    },
    [],
    ["dns-no-such-name"],
  ],
};

for (const [name, [parts, probes, ids]] of Object.entries(FAILURES)) {
  Deno.test(`checkNetdump reads from a trace: ${name}`, async () => {
    const findings = await check({
      probes,
      files: { "requests/r/nettrace.json": traceText(parts) },
    });
    assertEquals(idsOf(findings), [...ids]);
    assertEquals(findings[0]?.evidence[0]?.path.endsWith(".json"), true);
  });
}

Deno.test("checkNetdump notes that a device translates addresses", async () => {
  const findings = await check({
    files: {
      "requests/r/nettrace.json": traceText({
        tcpConns: [{
          ...CONN,
          conntrack: {
            capturedAt: "+1ms",
            addrOrig: CONN.addrTuple,
            addrReply: {
              srcIP: "10.1.1.1",
              srcPort: 443,
              dstIP: "192.0.2.1",
              dstPort: 5,
            },
          },
        }],
        httpRequests: [{ ...REQUEST, respStatusCode: 200, respRecvAt: "+9ms" }],
      }),
    },
  });
  assertEquals(findings.map(({ id, severity }) => [id, severity]), [[
    "nat",
    "note",
  ]]);
});

Deno.test("checkNetdump tells what a manifest and its archive do not agree on", async () => {
  const manifest = formatManifest({
    schema: 1,
    tool: { name: "tracedeck", version: "0", runtime: "" },
    topic: "t",
    publishedAt: "",
    sequence: 1,
    privileges: { uid: 0, capabilities: [], ffi: true, run: true },
    redaction: "none",
    requests: [],
    entries: [
      { path: "linux/state.json", source: "generated", bytes: 1, sha256: "00" },
      { path: "linux/gone.txt", source: "command", bytes: 5, sha256: "00" },
      { path: "linux/never.txt", source: "command", skippedReason: "missing" },
    ],
  });
  const findings = await check({
    files: { "linux/more.txt": "x", "manifest.json": manifest },
  });
  assertEquals(
    findings.map((
      { id, subject, evidence },
    ) => [id, subject, evidence[0]?.detail]),
    [
      ["archive-mismatch", "linux/state.json", "changed"],
      ["archive-mismatch", "linux/gone.txt", "missing"],
      ["archive-mismatch", "linux/more.txt", "extra"],
    ],
  );
  const broken = await check({ files: { "manifest.json": "{" } });
  assertEquals(idsOf(broken), ["~archive-damaged"]);
});

Deno.test("checkNetdump takes a gateway for less where another one answers", async () => {
  const neighbour = (ip: string, state: string) => ({
    ip,
    device: "eth0",
    mac: state === "failed" ? "" : "02:00:00:00:00:01",
    state,
    isRouter: true,
  });
  const routes = ["10.77.0.1", "10.77.0.9"].map((gateway) => ({
    ...ROUTE,
    hops: [{ gateway, device: "eth0" }],
  }));
  const severities = async (other: string) => {
    const neighbours = [
      neighbour("10.77.0.1", "failed"),
      neighbour("10.77.0.9", other),
    ];
    const findings = await check({ state: { routes, neighbours } });
    return findings.map(({ subject, severity }) => [subject, severity]);
  };
  assertEquals(await severities("stale"), [["10.77.0.1", "warning"]]);
  assertEquals(await severities("failed"), [
    ["10.77.0.1", "problem"],
    ["10.77.0.9", "problem"],
  ]);
});

Deno.test("checkNetdump takes a few segments that were sent again for nothing unusual", async () => {
  const findings = async (segments: number, again: number) => {
    const packets = Array.from(
      { length: segments },
      (_, index) => tcp(ACK, 1000 + index * 10, 10),
    );
    const files = {
      "requests/r/eth0.pcap": capture(...packets, ...packets.slice(0, again)),
    };
    return idsOf(await check({ files }));
  };
  assertEquals(await findings(100, 3), []);
  assertEquals(await findings(100, 8), ["~retransmissions"]);
  assertEquals(await findings(10, 2), []);
});

Deno.test("checkNetdump wants routes only in tables that rules lead to", async () => {
  const rule = {
    family: 4 as const,
    priority: 100,
    selector: "from 10.77.0.2",
    action: "lookup",
    table: "502",
  };
  const rules = [rule];
  assertEquals(idsOf(await check({ state: { rules } })), ["~rule-empty-table"]);
  const routes = [ROUTE, { ...ROUTE, table: "502" }];
  assertEquals(idsOf(await check({ state: { rules, routes } })), []);
});

Deno.test("checkNetdump finds that there is no interface at all", async () => {
  const lo = { ...LINK, name: "lo", isLoopback: true };
  const findings = await check({ state: { links: [lo], routes: [] } });
  assertEquals(findings.map(({ title }) => title), [
    "there is no interface but the loopback",
  ]);
});

Deno.test("checkNetdump reads no line of a tool without end", async () => {
  const blank = " ".repeat(1_000_000);
  const files = {
    "linux/state.json": "",
    "linux/arp.txt": `${"a".repeat(1_000_000)} b\n`,
    "linux/iprule.txt": `0: a${blank}b\n`,
    "linux/iplink.txt": `1: eth0: <UP> mtu 1500\n${"RX:".repeat(100_000)}`,
    "linux/ifconfig.txt": `eth0: flags=1<UP>\n ${"RX ".repeat(100_000)}\n ${
      "inet 1.1.1.1 ".repeat(70_000)
    }`,
    "linux/iproute-main.txt": `default${blank}via\n`,
    "linux/dhcp-lease-eth0.txt": `a=${blank}b\n`,
  };
  assertEquals(idsOf(await check({ files })), []);
});

Deno.test("checkNetdump tells which files it did not read to the end", async () => {
  const text = "x".repeat(17 * 1024 * 1024);
  const findings = await check({ files: { "linux/ps.txt": text } });
  assertEquals(
    findings.map(({ id, severity, title }) => [id, severity, title]),
    [[
      "archive-damaged",
      "note",
      "linux/ps.txt is too long: only its beginning was looked at",
    ]],
  );
});

Deno.test("formatNetworkState leaves out what no list can show, default routes last", () => {
  const routes = Array.from({ length: 10_001 }, (_, index) => ({
    ...ROUTE,
    destination: index === 10_000 ? "default" : `10.0.${index}.0/24`,
  }));
  const text = formatNetworkState({ ...WELL, routes });
  assertEquals(JSON.parse(text).leftOut, { routes: 1 });
  const state = parseNetworkState(text)!;
  assertEquals(state.routes.length, 10_000);
  assertEquals(state.routes[0]!.destination, "default");
  assertEquals(JSON.parse(formatNetworkState(WELL)).leftOut, undefined);
});

Deno.test("checkNetdump tells that an archive is cut", async () => {
  const stats = new DecodeStats();
  stats.count("gzip_truncated", "data_loss", { detail: "it ends" });
  assertEquals(idsOf(await check({}, stats)), ["~archive-damaged"]);
});

Deno.test("orderFindings puts causes first and marks what they explain", () => {
  const finding = (
    id: Finding["id"],
    severity: Finding["severity"] = "problem",
  ): Finding => ({
    id,
    severity,
    subject: "",
    title: id,
    hint: "",
    evidence: [{ path: id, detail: "" }],
  });
  const ordered = orderFindings([
    finding("nat", "note"),
    finding("tcp-unanswered"),
    finding("interface-errors", "warning"),
    finding("tls-expired"),
    finding("no-default-route"),
    finding("tcp-unanswered"),
  ]);
  assertEquals(ordered.map(({ id, explainedBy }) => [id, explainedBy]), [
    ["no-default-route", undefined],
    ["tls-expired", undefined],
    ["interface-errors", undefined],
    ["tcp-unanswered", "no-default-route"],
    ["nat", undefined],
  ]);
});

Deno.test("FINDING_TABLE explains kinds that come later only", () => {
  for (const [at, id] of FINDING_IDS.entries()) {
    for (const explained of FINDING_TABLE[id].explains ?? []) {
      if (explained === id) continue;
      const isLater = FINDING_IDS.indexOf(explained) > at;
      assert(isLater, `${id} explains ${explained}`);
    }
  }
});

Deno.test("renderFindings escapes what captures say", () => {
  const text = renderFindings("a\u001b.tgz", [{
    id: "tcp-refused",
    severity: "problem",
    subject: "",
    title: "x\u001b[31m",
    hint: "do",
    evidence: [{ path: "p\n", detail: "d" }],
  }]);
  // deno-lint-ignore no-control-regex
  assertEquals(/\u001b/.test(text), false);
  assertEquals(text.split("\n").length, 5);
});

/** Builds an Ethernet frame with an IPv4 packet. */
function frame(
  protocol: number,
  body: readonly number[],
  from = [10, 0, 0, 2],
  to = [10, 0, 0, 1],
): Uint8Array {
  const length = 20 + body.length;
  return new Uint8Array([
    ...[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0],
    ...[0x45, 0, length >> 8, length & 0xff, 0, 0, 0, 0, 64, protocol, 0, 0],
    ...from,
    ...to,
    ...body,
  ]);
}

function tcp(
  flags: number,
  sequence: number,
  payload = 0,
  isBack = false,
): Uint8Array {
  const [source, target] = isBack ? [443, 40000] : [40000, 443];
  const body = [
    source >> 8,
    source & 0xff,
    target >> 8,
    target & 0xff,
    ...[
      sequence >>> 24,
      (sequence >> 16) & 0xff,
      (sequence >> 8) & 0xff,
      sequence & 0xff,
    ],
    ...[0, 0, 0, 1],
    0x50,
    flags,
    ...[0, 0, 0, 0, 0, 0],
    ...new Array(payload).fill(1),
  ];
  return isBack ? frame(6, body, [10, 0, 0, 1], [10, 0, 0, 2]) : frame(6, body);
}

function capture(...packets: readonly Uint8Array[]): Uint8Array {
  return concatBytes([
    encodePcapHeader(),
    ...packets.map((data, index) =>
      encodePcapPacket({
        timestamp: BigInt(index),
        originalLength: data.length,
        data,
      })
    ),
  ]);
}

const SYN = 2;
const ACK = 16;

Deno.test("readCaptureFacts follows connections", () => {
  const [flow] = readCaptureFacts(
    "x",
    capture(
      tcp(SYN, 1),
      tcp(SYN, 1),
      tcp(SYN | ACK, 1, 0, true),
      tcp(ACK, 2, 1200),
      tcp(ACK, 2, 1200),
      tcp(ACK, 2, 1200),
      tcp(ACK, 1402, 50, true),
      tcp(ACK, 2, 100, true),
    ),
  ).flows;
  assertEquals(
    [
      flow?.syns,
      flow?.isAccepted,
      flow?.sent,
      flow?.sentAgain,
      flow?.largeUnacknowledged,
      flow?.hasHole,
    ],
    [2, true, 3, 2, 3, true],
  );
});

Deno.test("readCaptureFacts finds questions without answers and errors", () => {
  const facts = readCaptureFacts(
    "x",
    capture(
      frame(
        1,
        [
          3,
          4,
          0,
          0,
          0,
          0,
          5,
          0xdc,
          ...frame(6, [0x9c, 0x40, 1, 0xbb, 0, 0, 0, 0]).subarray(14),
        ],
        [10, 0, 0, 1],
        [10, 0, 0, 2],
      ),
      frame(17, [
        0x9c,
        0x40,
        0,
        53,
        0,
        33,
        0,
        0,
        0,
        7,
        1,
        0,
        0,
        1,
        0,
        0,
        0,
        0,
        0,
        0,
        1,
        0x61,
        4,
        0x74,
        0x65,
        0x73,
        0x74,
        0,
        0,
        1,
        0,
        1,
      ]),
      new Uint8Array([
        ...new Array(6).fill(0xff),
        2,
        0,
        0,
        0,
        0,
        2,
        8,
        6,
        0,
        1,
        8,
        0,
        6,
        4,
        0,
        1,
        2,
        0,
        0,
        0,
        0,
        2,
        10,
        0,
        0,
        2,
        0,
        0,
        0,
        0,
        0,
        0,
        10,
        0,
        0,
        9,
      ]),
    ),
  );
  assertEquals(facts.icmpErrors, [{
    reporter: "10.0.0.1",
    destination: "10.0.0.1",
    port: 443,
    text: "packet too big",
    mtu: 1500,
  }]);
  assertEquals(facts.dnsUnanswered, [{ server: "10.0.0.1", name: "a.test." }]);
  assertEquals([...facts.arpUnanswered], [["10.0.0.9", 1]]);
});

Deno.test("summarizePacket tells packets of every kind in a line", () => {
  const lines = [
    tcp(SYN, 1),
    frame(1, [8, 0, 0, 0, 0, 0, 0, 0]),
    frame(47, [1]),
    new Uint8Array([...new Array(12).fill(1), 0x88, 0xcc, 0]),
    new Uint8Array(3),
  ].map((bytes) => summarizePacket(decodePacket(bytes, 1)));
  assertEquals(lines, [
    "10.0.0.2:40000 > 10.0.0.1:443 tcp S",
    "10.0.0.2 > 10.0.0.1 icmp echo request",
    "ip protocol 47",
    "ethertype 0x88cc",
    "cut packet",
  ]);
});

Deno.test("summarizePacket tells VLANs by their number, whatever their priority", () => {
  const plain = tcp(SYN, 1);
  const tagged = new Uint8Array([
    ...plain.subarray(0, 12),
    ...[0x88, 0xa8, 0x00, 0x64, 0x81, 0x00, 0xa0, 0x0a],
    ...plain.subarray(12),
  ]);
  assertEquals(
    summarizePacket(decodePacket(tagged, 1)),
    "vlan 100 vlan 10 10.0.0.2:40000 > 10.0.0.1:443 tcp S",
  );
});

Deno.test("readCaptureFacts takes an address that answered off the list", () => {
  const arp = (operation: number, sender: number, target: number) =>
    new Uint8Array([
      ...new Array(12).fill(2),
      ...[8, 6, 0, 1, 8, 0, 6, 4, 0, operation],
      ...[2, 0, 0, 0, 0, sender, 10, 0, 0, sender],
      ...[0, 0, 0, 0, 0, 0, 10, 0, 0, target],
    ]);
  const asked = [arp(1, 2, 1), arp(1, 2, 9), arp(1, 2, 9)];
  const { arpUnanswered } = readCaptureFacts(
    "x",
    capture(...asked, arp(2, 1, 2)),
  );
  assertEquals([...arpUnanswered], [["10.0.0.9", 2]]);
});

Deno.test("readCaptureFacts waits for so many acknowledgements only", () => {
  const large = tcp(ACK, 0);
  const packets: Uint8Array[] = [encodePcapHeader()];
  for (let count = 0; count < 100_000; count++) {
    new DataView(large.buffer).setUint32(14 + 20 + 4, count * 1400);
    packets.push(
      encodePcapPacket({ timestamp: 0n, originalLength: 1454, data: large }),
    );
  }
  const { flows } = readCaptureFacts("x", concatBytes(packets));
  assertEquals(flows[0]?.sent, 100_000);
  assertEquals(flows[0]?.largeUnacknowledged, 256);
});

Deno.test("checkNetdump goes through very many things in time", async () => {
  const many = Array.from({ length: 5_000 }, (_, index) => index);
  const findings = await check({
    state: {
      links: many.map((index) => ({
        ...LINK,
        name: `e${index}`,
        isUp: false,
      })),
      routes: many.map((index) => ({
        ...ROUTE,
        type: index === 0 ? "unreachable" : "unicast",
        hops: [{ gateway: "", device: `e${index}` }],
      })),
    },
    files: Object.fromEntries(
      many.map((
        index,
      ) => [`requests/r${index}/eth0.pcap`, encodePcapHeader()]),
    ),
  });
  assertEquals(findings.length, 5_000);
});

Deno.test("readCaptureFacts survives damage", () => {
  const corpus = [
    capture(tcp(SYN, 1), tcp(SYN | ACK, 1, 4, true)),
    capture(
      frame(1, [3, 4, 0, 0, 0, 0, 5, 0xdc, 1, 2, 3]),
      frame(17, [0, 53, 0, 53, 0, 9, 0, 0, 1]),
    ),
  ];
  for (const bytes of mutations(corpus)) readCaptureFacts("x", bytes);
});

Deno.test("checkNetdump survives files of strangers", async () => {
  const files = ["linux/state.json", "linux/probes.json", "eve/dns.json"];
  const good: Record<string, string> = {
    "linux/state.json": formatNetworkState(WELL),
    "linux/probes.json": formatProbes([silentDns, probe({})]),
    "eve/dns.json":
      '{"State":3,"Ports":[{"IfName":"eth0","IsMgmt":true,"AddrInfoList":[{"Addr":"x"}]}]}',
  };
  let round = 0;
  const corpus = files.map((name) => encoder.encode(good[name]!));
  for (const bytes of mutations(corpus, 600)) {
    await check({ files: { ...good, [files[round++ % 3]!]: bytes } });
  }
  const archive = await loadNetdump(
    streamOf(
      new Uint8Array(
        await new Response(
          ReadableStream.from(writeTar([{ path: "x", type: "file", mode: 0 }])),
        ).arrayBuffer(),
      ),
    ),
  );
  assertEquals(idsOf(checkNetdump(archive)), ["~archive-layout"]);
});
