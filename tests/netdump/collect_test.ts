import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { collectConntrack } from "../../src/netdump/collect/collect_conntrack.ts";
import { collectFirewall } from "../../src/netdump/collect/collect_firewall.ts";
import { CollectKit } from "../../src/netdump/collect/collect_kit.ts";
import type { CollectKitOptions } from "../../src/netdump/collect/collect_kit.ts";
import { collectLeases } from "../../src/netdump/collect/collect_leases.ts";
import { collectModems } from "../../src/netdump/collect/collect_modems.ts";
import {
  collectNamespaces,
  findNamespaces,
} from "../../src/netdump/collect/collect_namespaces.ts";
import { counterDelta } from "../../src/netdump/collect/counter_delta.ts";
import { formatDnsJson } from "../../src/netdump/collect/eve_dns_json.ts";
import { formatIntendedDot } from "../../src/netdump/collect/intended_dot.ts";
import { LinuxCollector } from "../../src/netdump/collect/linux_collector.ts";
import {
  decodeDhcpPacket,
  parseDhclientLeases,
  parseNetworkdLease,
  parseNmcliLease,
} from "../../src/netdump/collect/parse_lease_files.ts";
import {
  listProcesses,
  listSockets,
} from "../../src/netdump/collect/proc_lists.ts";
import { requestName } from "../../src/netdump/collect/trace_target.ts";
import type { DumpEntry } from "../../src/netdump/dump_entry.ts";
import { parseEvePorts } from "../../src/netdump/state/eve_ports.ts";
import {
  formatNetworkState,
  parseNetworkState,
} from "../../src/netdump/state/network_state_json.ts";
import {
  parseIpJsonLinks,
  parseIpJsonRoutes,
  parseIpJsonRules,
} from "../../src/netdump/state/parse_ip_json.ts";
import {
  parseConntrackState,
  parseProcArp,
  parseProcDev,
  parseProcIfInet6,
  parseProcIpv6Route,
  parseProcRoute,
} from "../../src/netdump/state/parse_proc_net.ts";
import { readNetworkState } from "../../src/netdump/state/read_network_state.ts";
import { readRtnetlink } from "../../src/netdump/state/read_rtnetlink.ts";
import { EMPTY_NETWORK_STATE } from "../../src/netdump/state/types.ts";
import type { LinkState } from "../../src/netdump/state/types.ts";
import { openLibc } from "../../src/platform/libc.ts";
import { REPOSITORY } from "../support/file_url.ts";
import { runMain } from "../support/memory_host.ts";
import { requirePeers } from "../support/peers.ts";
import { requireThat, testWith } from "../support/requirement.ts";
import { requireSharedData, sharedData } from "../support/shared_data.ts";
import { requireLab } from "./lab/lab.ts";
import { mustRun } from "./lab/run_tool.ts";

const IS_LINUX = requireThat(Deno.build.os === "linux", "needs Linux");
const decoder = new TextDecoder();

try {
  // Stays open for the process; no test opens it first.
  openLibc();
} catch {
  // Other systems collect without it.
}

function kitWith(options: Partial<CollectKitOptions> = {}): CollectKit {
  return new CollectKit({ signal: new AbortController().signal, ...options });
}

/** Runs with programs of our own in front of the path. */
async function withTools(
  tools: Readonly<Record<string, string>>,
  body: () => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const path = Deno.env.get("PATH") ?? "";
  try {
    for (const [name, script] of Object.entries(tools)) {
      await Deno.writeTextFile(`${folder}/${name}`, `#!/bin/sh\n${script}\n`, {
        mode: 0o755,
      });
    }
    Deno.env.set("PATH", `${folder}:${path}`);
    await body();
  } finally {
    Deno.env.set("PATH", path);
    await Deno.remove(folder, { recursive: true });
  }
}

function textOf(entry: DumpEntry | undefined): string {
  return decoder.decode(entry?.content ?? new Uint8Array(0));
}

function link(fields: Partial<LinkState> = {}): LinkState {
  return {
    name: "eth0",
    index: 2,
    isUp: true,
    hasCarrier: true,
    isLoopback: false,
    mtu: 1500,
    mac: "02:16:3e:00:00:01",
    kind: "",
    master: "",
    parent: "",
    addresses: [],
    counters: undefined,
    ...fields,
  };
}

const ADDRESS = {
  ip: "10.77.0.108",
  prefixLength: 24,
  scope: "global",
  isDynamic: true,
  isTentative: false,
  isDuplicate: false,
};

testWith(
  "CollectKit makes entries of whatever a program does",
  [IS_LINUX],
  async () => {
    await withTools({
      good: "echo out; echo err >&2",
      bad: "echo half; echo broken >&2; exit 4",
      hang: "echo before; sleep 20",
      flood: "while :; do echo yes; done",
    }, async () => {
      const kit = kitWith({ toolTimeoutMs: 500 });
      const good = await kit.tool("a.txt", ["good", "-x"], { mixed: true });
      assertEquals([good.name, textOf(good), good.exit, good.command], [
        "linux/a.txt",
        "out\nerr\n",
        0,
        "good -x",
      ]);
      const bad = await kit.tool("b.txt", ["bad"]);
      assertEquals(
        [bad.content, bad.exit, bad.skippedReason],
        [undefined, 4, "program failed with exit code 4: broken"],
      );
      const hang = await kit.tool("c.txt", ["hang"]);
      assertEquals([textOf(hang), hang.truncated], ["before\n", true]);
      const flood = await kit.tool("d.txt", ["flood"], { maxBytes: 100 });
      assertEquals([flood.content?.length, flood.truncated], [100, true]);
      const none = await kit.tool("e.txt", ["tracedeck-none"]);
      assertEquals(none.skippedReason, "program is missing");
    });
  },
);

testWith(
  "CollectKit holds the time for all programs together",
  [IS_LINUX],
  async () => {
    await withTools({ hang: "sleep 20" }, async () => {
      const kit = kitWith({ allToolsMs: 300 });
      const started = performance.now();
      const entries = await Promise.all(
        Array.from({ length: 12 }, (_, at) => kit.tool(`${at}`, ["hang"])),
      );
      assert(performance.now() - started < 5000);
      assert(entries.every(({ content }) => content === undefined));
      assert(
        entries.some(({ skippedReason }) =>
          skippedReason === "time for all programs is up"
        ),
      );
    });
  },
);

testWith("CollectKit passes over what is no file", [IS_LINUX], async () => {
  const folder = await Deno.makeTempDir();
  try {
    await mustRun("mkfifo", `${folder}/fifo`);
    await Deno.writeTextFile(`${folder}/file`, "x", { mode: 0o640 });
    const kit = kitWith();
    const reasons = [];
    for (const name of ["fifo", "none", ""]) {
      reasons.push(
        (await kit.file("eve/x", `${folder}/${name}`)).skippedReason,
      );
    }
    assertEquals(reasons, [
      "it is no file",
      "file is missing",
      "it is no file",
    ]);
    const file = await kit.file("eve/x", `${folder}/file`);
    assertEquals([textOf(file), file.mode! & 0o777], ["x", 0o640]);
    assertEquals(
      kit.proc("p.txt", "/proc/net/none").skippedReason,
      "file is missing",
    );
    assertStringIncludes(textOf(kit.proc("p.txt", "/proc/net/dev")), "lo:");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

testWith("collectFirewall lists no table that does not exist, unless asked", [
  IS_LINUX,
], async () => {
  await withTools({
    iptables: 'echo "listed $6"',
    "iptables-save": "echo saved",
    "ip6tables-save": "exit 1",
    nft: 'echo "table ip nat {"',
  }, async () => {
    const kit = kitWith();
    const entries = await collectFirewall(kit);
    const existing = (kit.procText("/proc/net/ip_tables_names") ?? "").split(
      "\n",
    );
    for (const table of ["raw", "filter", "mangle", "nat"]) {
      const entry = entries.find(({ name }) =>
        name === `linux/iptables-${table}.txt`
      );
      const isThere = table === "nat" || existing.includes(table);
      assertEquals(entry?.content !== undefined, isThere, table);
    }
    const all = await collectFirewall(kitWith(), { loadModules: true });
    assertEquals(textOf(all[0]), "listed raw\n");
  });
});

const DHCPCD =
  "reason=BOUND\\ninterface=eth0\\nip_address=10.77.0.108\\nrouters=10.77.0.1";

testWith(
  "collectLeases asks dhcpcd first, as EVE does",
  [IS_LINUX],
  async () => {
    await withTools({ dhcpcd: `printf '${DHCPCD}\\n'` }, async () => {
      const { entries, leases } = await collectLeases(kitWith(), [link()]);
      assertEquals(entries[0]?.name, "linux/dhcp-lease-eth0.txt");
      assertEquals(entries[0]?.command, "dhcpcd -U -4 eth0");
      assertMatch(textOf(entries[0]), /^reason=BOUND\n/);
      assertEquals(leases[0]?.values["routers"], "10.77.0.1");
    });
  },
);

testWith("collectLeases writes other clients' leases with dhcpcd's names", [
  IS_LINUX,
], async () => {
  await withTools({
    dhcpcd: "exit 1",
    nmcli:
      "echo 'DHCP4.OPTION[1]:ip_address = 10.77.0.108'; echo 'DHCP4.OPTION[2]:domain-name-servers = 10.77.0.1'",
  }, async () => {
    const { entries } = await collectLeases(kitWith(), [
      link({ index: 999_999 }),
    ]);
    assertEquals(
      textOf(entries[0]),
      "source=networkmanager\nip_address=10.77.0.108\ndomain_name_servers=10.77.0.1\n",
    );
  });
  await withTools({ dhcpcd: "exit 1", nmcli: "exit 1" }, async () => {
    const { entries } = await collectLeases(kitWith(), [
      link({ name: "tdnone0", index: 999_997, addresses: [ADDRESS] }),
      link({ name: "tdnone1", index: 999_998 }),
    ]);
    assertEquals(textOf(entries[0]), "source=none\nip_address=10.77.0.108\n");
    assertEquals(entries[1]?.skippedReason, "no lease was found");
  });
});

Deno.test("leases of every client are read", () => {
  assertEquals(
    parseNetworkdLease(
      "# comment\nADDRESS=10.0.0.2\nDNS=10.0.0.1 10.0.0.3\nT1=1800\nCLIENTID=ff\n",
    ),
    {
      "ip_address": "10.0.0.2",
      "domain_name_servers": "10.0.0.1 10.0.0.3",
      "dhcp_renewal_time": "1800",
    },
  );
  assertEquals(parseNmcliLease("IP4.ADDRESS[1]:10.0.0.2/24\n"), undefined);
  assertEquals(
    parseDhclientLeases(
      `lease { interface "eth1"; fixed-address 10.9.9.9; }
lease { interface "eth0"; fixed-address 10.0.0.1; option routers 10.0.0.254; }
lease {
  interface "eth0";
  fixed-address 10.0.0.2;
  option domain-name-servers 10.0.0.1,10.0.0.3;
  option domain-name "corp.example";
  expire 4 2026/11/21 00:00:00;
}`,
      "eth0",
    ),
    {
      "domain_name_servers": "10.0.0.1 10.0.0.3",
      "domain_name": "corp.example",
      "ip_address": "10.0.0.2",
      "expire": "2026/11/21 00:00:00",
    },
  );
  assertEquals(parseDhclientLeases("", "eth0"), undefined);
});

Deno.test("decodeDhcpPacket reads what dhcpcd keeps, and survives damage", () => {
  const packet = new Uint8Array(300);
  packet.set([10, 0, 0, 2], 16);
  packet.set(
    [
      ...[0x63, 0x82, 0x53, 0x63],
      ...[53, 1, 5],
      ...[0, 1, 4, 255, 255, 255, 0],
      ...[6, 8, 10, 0, 0, 1, 10, 0, 0, 3],
      ...[51, 4, 0, 0, 14, 16],
      ...[15, 4, 0x6c, 0x61, 0x62, 0x0a],
      255,
    ],
    236,
  );
  assertEquals(decodeDhcpPacket(packet), {
    "ip_address": "10.0.0.2",
    "subnet_mask": "255.255.255.0",
    "domain_name_servers": "10.0.0.1 10.0.0.3",
    "dhcp_lease_time": "3600",
    "domain_name": "lab",
  });
  for (let size = 0; size < packet.length; size++) {
    decodeDhcpPacket(packet.subarray(0, size));
  }
  assertEquals(decodeDhcpPacket(new Uint8Array(300)), undefined);
});

Deno.test("counterDelta tells what changed in every form of file", () => {
  assertEquals(
    counterDelta(
      "Tcp: RtoMin RetransSegs\nTcp: 200 5\nUdp: InErrors\nUdp: 0\n",
      "Tcp: RtoMin RetransSegs\nTcp: 200 8\nUdp: InErrors\nUdp: 0\n",
    ),
    ["Tcp.RetransSegs +3"],
  );
  assertEquals(
    counterDelta("Ip6InReceives    10\n", "Ip6InReceives    4\n"),
    ["Ip6InReceives -6"],
  );
  assertEquals(
    counterDelta("  eth0: 10 1 0\n", "  eth0: 30 2 0\n"),
    ["eth0.0 +20", "eth0.1 +1"],
  );
  assertEquals(
    counterDelta("TCP: inuse 5 orphan 0\n", "TCP: inuse 6 orphan 0\n"),
    ["TCP:inuse +1"],
  );
  assertEquals(
    counterDelta("0000000a 00000000\n", "0000000f 00000000\n"),
    ["cpu0.0 +5"],
  );
});

testWith(
  "collectModems writes EVE's form and hides ids of people",
  [IS_LINUX],
  async () => {
    const modem = {
      modem: {
        generic: {
          "primary-port": "cdc-wdm0",
          state: "connected",
          model: "EM7455",
          manufacturer: "Sierra",
          ports: ["cdc-wdm0 (mbim)", "wwan0 (net)"],
          sim: "/org/freedesktop/ModemManager1/SIM/0",
          bearers: [],
          "access-technologies": ["lte"],
        },
        "3gpp": { imei: "490154203237518", "operator-name": "Example" },
        signal: {
          lte: { rssi: "-65.00", rsrp: "-95.4", rsrq: "--", snr: "12" },
        },
      },
      sim: {
        properties: { imsi: "262011234567890", iccid: "8949000000000012345" },
      },
      "modem-list": ["/org/freedesktop/ModemManager1/Modem/0"],
    };
    await withTools(
      { mmcli: `cat <<'END'\n${JSON.stringify(modem)}\nEND` },
      async () => {
        const [status, metrics] = await collectModems(kitWith());
        const network = JSON.parse(textOf(status)).Networks[0];
        assertEquals(network.Module.IMEI, "***********7518");
        assertEquals(network.SimCards[0].IMSI, "***********7890");
        assertEquals(network.CurrentRATs, ["lte"]);
        assertEquals(network.Module.OpMode, "online-and-connected");
        assertEquals(JSON.parse(textOf(metrics)).Networks[0].SignalInfo, {
          RSRP: -95,
          RSRQ: 2_147_483_647,
          RSSI: -65,
          SNR: 12,
        });
      },
    );
    await withTools({ mmcli: "exit 1" }, async () => {
      assertEquals(await collectModems(kitWith()), []);
    });
  },
);

const STATE = {
  ...EMPTY_NETWORK_STATE,
  links: [
    link({ name: "lo", isLoopback: true }),
    link({ addresses: [ADDRESS] }),
  ],
  routes: [{
    family: 4 as const,
    table: "main",
    destination: "default",
    type: "unicast",
    hops: [{ gateway: "10.77.0.1", device: "eth0" }],
    source: "",
    metric: 1002,
    protocol: "dhcp",
    scope: "",
    isDead: false,
  }],
  resolver: { servers: ["10.77.0.1"], search: ["example.net"], source: "x" },
};
const DNS_OPTIONS = {
  manager: "test",
  pciAddress: () => "",
  isWireless: () => false,
  bonding: () => "",
  proxies: [],
  noProxy: "",
  outcome: { isOk: false, error: "broken <a>", time: "2026-01-01T00:00:00Z" },
};

Deno.test("formatDnsJson describes ports so that EVE's reader finds all", () => {
  const text = formatDnsJson(STATE, DNS_OPTIONS);
  const status = parseEvePorts(text);
  assertEquals(status, {
    state: "fail with IP and DNS",
    ports: [{
      device: "eth0",
      isManagement: true,
      isUp: true,
      addresses: ["10.77.0.108"],
      gateways: ["10.77.0.1"],
      dnsServers: ["10.77.0.1"],
      domain: "example.net",
      lastError: "broken <a>",
    }],
  });
  const port = JSON.parse(text).Ports[0];
  assertEquals(port.IPv4Subnet, { IP: "10.77.0.0", Mask: "////AA==" });
  assertEquals(port.MacAddr, "AhY+AAAB");
  assertEquals([port.Dhcp, port.Cost, port.Type], [4, 255, 4]);
  assertStringIncludes(text, "broken \\u003ca\\u003e");
  // Keys are sorted at every level.
  const keys = Object.keys(port);
  assertEquals(keys, [...keys].sort());
});

testWith("formatDnsJson has every member that EVE's file has", [
  requireSharedData("netdump/archives"),
], async () => {
  const { loadNetdump } = await import("../../src/netdump/netdump_archive.ts");
  using file = await Deno.open(
    sharedData("netdump/archives/bare-2026-11-20T23-34-49.tgz")!,
  );
  const archive = await loadNetdump(file.readable);
  const theirs = JSON.parse(archive.text("eve/dns.json")!);
  const ours = JSON.parse(formatDnsJson(STATE, DNS_OPTIONS));
  assertEquals(Object.keys(ours), Object.keys(theirs));
  const missing = Object.keys(theirs.Ports[0]).filter((key) =>
    !(key in ours.Ports[0])
  );
  assertEquals(missing, []);
});

Deno.test("formatNetworkState is read back as it was", () => {
  assertEquals(
    JSON.stringify(parseNetworkState(formatNetworkState(STATE))?.routes),
    JSON.stringify(STATE.routes),
  );
  assertEquals(parseNetworkState("{}"), undefined);
  assertEquals(parseNetworkState("[1"), undefined);
  // Whatever a stranger writes reads as empty.
  const odd = parseNetworkState(
    '{"schema":1,"links":[{"name":5,"addresses":"x"},7],"routes":{},"resolver":[],"conntrack":null}',
  );
  assertEquals(odd?.links[0]?.name, "");
  assertEquals(odd?.routes, []);
});

Deno.test("requestName makes a name of any URL", () => {
  const names = [
    "https://www.example.net/a?b",
    "http://[2001:db8::1]:8080/",
    "https://xn--mnchen-3ya.example/",
    `https://${"a".repeat(60)}.${"b".repeat(60)}.example/`,
  ].map((text) => requestName(new URL(text)));
  assertEquals(names.slice(0, 2), [
    "https-www.example.net",
    "http-2001-db8-1-8080",
  ]);
  for (const name of names) {
    assertMatch(name, /^[A-Za-z0-9]+([._-][A-Za-z0-9]+)*$/);
    assert(name.length <= 100);
  }
});

testWith("readRtnetlink, ip and proc agree on this machine", [
  IS_LINUX,
  requirePeers("ip"),
], async () => {
  const netlink = readRtnetlink();
  const ask = (...args: string[]) =>
    mustRun("ip", "-d", "-s", "-json", ...args);
  const links = parseIpJsonLinks(await ask("addr"));
  const pick = (all: readonly LinkState[]) =>
    all.map(({ name, index, isUp, hasCarrier, mtu, kind, addresses }) => ({
      name,
      index,
      isUp,
      hasCarrier,
      mtu,
      kind,
      addresses: addresses.map(({ ip, prefixLength, scope }) =>
        `${ip}/${prefixLength} ${scope}`
      ).sort(),
    })).sort((a, b) => a.index - b.index);
  assertEquals(pick(netlink.links), pick(links));
  const text = await ask("-4", "route", "show", "table", "all");
  const routeOf = (
    { table, destination, type, hops, metric }: typeof netlink.routes[number],
  ) => [table, destination.replace("/32", ""), type, hops, metric].join(" ");
  assertEquals(
    netlink.routes.filter(({ family }) => family === 4).map(routeOf).sort(),
    parseIpJsonRoutes(text, 4).map(routeOf).sort(),
  );
  assertEquals(
    netlink.rules.filter(({ family }) => family === 4).map(({ priority }) =>
      priority
    ),
    parseIpJsonRules(await ask("-4", "rule"), 4).map(({ priority }) =>
      priority
    ),
  );
  const kit = kitWith();
  const proc = (file: string) => kit.procText(`/proc/net/${file}`) ?? "";
  assertEquals(
    [...parseProcDev(proc("dev")).keys()].sort(),
    netlink.links.map(({ name }) => name).sort(),
  );
  assertEquals(
    parseProcRoute(proc("route")).map(({ destination, hops }) =>
      `${destination} ${hops[0]?.gateway}`
    ).sort(),
    netlink.routes.filter(({ family, table, type }) =>
      family === 4 && table === "main" && type === "unicast"
    ).map(({ destination, hops }) => `${destination} ${hops[0]?.gateway}`)
      .sort(),
  );
});

Deno.test("files of proc are read without their machine", () => {
  assertEquals(
    parseProcRoute(
      `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t01004D0A\t0003\t0\t0\t1002\t00000000\t0\t0\t0
eth0\t00004D0A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
`,
    ).map(({ destination, hops, metric }) => [
      destination,
      hops[0]?.gateway,
      metric,
    ]),
    [["default", "10.77.0.1", 1002], ["10.77.0.0/24", "", 0]],
  );
  assertEquals(
    parseProcIpv6Route(
      "00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000077000000000000000000000001 00000400 00000001 00000000 00000003 eth0\n",
    ).map(({ destination, hops }) => [destination, hops[0]]),
    [["default", { gateway: "fd00:77::1", device: "eth0" }]],
  );
  assertEquals(
    parseProcIfInet6("fe8000000000000000163efffe000001 02 40 20 80     eth0\n")
      .map(({ device, address }) => [device, address.ip, address.scope]),
    [["eth0", "fe80::16:3eff:fe00:1", "link"]],
  );
  assertEquals(
    parseProcArp(
      "IP address HW type Flags HW address Mask Device\n10.78.0.99 0x1 0x0 00:00:00:00:00:00 * eth1\n",
    )[0]?.state,
    "incomplete",
  );
  assertEquals(
    parseConntrackState(
      "5\n",
      "10\n",
      "entries drop early_drop\n00000005 00000002 0000000a\n00000005 00000001 00000000\n",
    ),
    { count: 5, max: 10, drops: 13 },
  );
  assertEquals(parseConntrackState(undefined, "10", undefined), undefined);
});

testWith(
  "listSockets and listProcesses find this very process",
  [IS_LINUX],
  () => {
    const kit = kitWith();
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    assertMatch(
      listSockets(kit),
      new RegExp(
        `tcp 127\\.0\\.0\\.1:${port} 0\\.0\\.0\\.0:0 LISTEN \\d+ ${Deno.pid}/`,
      ),
    );
    assertMatch(listProcesses(kit), new RegExp(`^${Deno.pid} `, "m"));
  },
);

async function collectAll(
  collector: LinuxCollector,
  isScarce = false,
  signal = new AbortController().signal,
): Promise<DumpEntry[]> {
  return await Array.fromAsync(collector.collect({ signal, isScarce }));
}

testWith(
  "LinuxCollector gathers in EVE's order and tells what it cannot have",
  [IS_LINUX],
  async () => {
    await withTools({ ifconfig: "exit 127" }, async () => {
      const entries = await collectAll(
        new LinuxCollector({
          skip: ["probes", "namespaces", "counters"],
          targets: [new URL("https://www.example.net/")],
          env: () => undefined,
        }),
      );
      const names = entries.map(({ name }) => name);
      assertEquals(new Set(names).size, names.length);
      const order = [
        "eve/version.txt",
        "eve/controller.txt",
        "eve/dns.json",
        "linux/ifconfig.txt",
        "linux/iplink.txt",
        "linux/state.json",
        "linux/iptables-raw.txt",
        "linux/ps.txt",
        "linux/resolv.conf",
        "linux/counters",
        "linux/conntrack.txt",
      ].map((name) => names.indexOf(name));
      assertEquals(order, [...order].sort((a, b) => a - b));
      assert(order.every((at) => at >= 0), `${order}`);
      const find = (name: string) => entries.find((each) => each.name === name);
      assertEquals(
        find("linux/counters")?.skippedReason,
        "left out on request",
      );
      assertEquals(
        textOf(find("eve/controller.txt")),
        "https://www.example.net/\n",
      );
      assert(
        parseNetworkState(textOf(find("linux/state.json")))!.links.length > 0,
      );
      assert(
        entries.every(({ content, skippedReason }) =>
          (content === undefined) === (skippedReason !== undefined)
        ),
      );
    });
  },
);

testWith("LinuxCollector leaves out what can wait when space is scarce", [
  IS_LINUX,
], async () => {
  const entries = await collectAll(
    new LinuxCollector({ skip: ["probes"] }),
    true,
  );
  const logs = entries.find(({ name }) => name === "linux/logs");
  assertEquals(logs?.skippedReason, "little space is left");
  assert(entries.some(({ name }) => name === "linux/resolv.conf"));
});

testWith(
  "LinuxCollector ends soon when it is told to",
  [IS_LINUX],
  async () => {
    await withTools(
      { netstat: "sleep 20", ss: "sleep 20", ip: "sleep 20" },
      async () => {
        const controller = new AbortController();
        setTimeout(() => controller.abort(), 300);
        const started = performance.now();
        const entries = await collectAll(
          new LinuxCollector(),
          false,
          controller.signal,
        );
        assert(performance.now() - started < 8000);
        assert(
          entries.some(({ skippedReason }) => skippedReason === "interrupted"),
        );
      },
    );
  },
);

testWith(
  "readNetworkState reads without FFI and without tools",
  [IS_LINUX],
  async () => {
    const state = await readNetworkState(kitWith(), { resolvConf: "/none" });
    assertEquals(state.resolver, undefined);
    assertEquals(state.sources["links"], "netlink");
  },
);

testWith(
  "collectNamespaces looks into named namespaces, as many as it may",
  await requireLab(),
  async () => {
    const names = ["a", "b", "c"].map((letter) => `tdcn${Deno.pid}${letter}`);
    try {
      for (const name of names) await mustRun("ip", "netns", "add", name);
      await mustRun(
        "ip",
        "-n",
        names[0]!,
        "link",
        "add",
        "name",
        "v0",
        "type",
        "veth",
        "peer",
        "name",
        "v1",
      );
      const found = findNamespaces().filter(({ name }) => names.includes(name));
      assertEquals(found.map(({ name }) => name), names);
      const entries = await collectNamespaces(found, {
        limit: 2,
        signal: new AbortController().signal,
      });
      const state = entries.find(({ name }) =>
        name === `linux/netns/${names[0]}/state.json`
      );
      const { links } = parseNetworkState(textOf(state))!;
      assertEquals(
        links.map(({ name }) => name).sort(),
        ["lo", "v0", "v1"].sort(),
      );
      assertMatch(
        textOf(
          entries.find(({ name }) =>
            name === `linux/netns/${names[0]}/iplink.txt`
          ),
        ),
        /v0/,
      );
      assertEquals(
        entries.at(-1)?.skippedReason,
        "there are 3 namespaces, the first 2 were looked into",
      );
      assert(!entries.some(({ name }) => name.includes(names[2]!)));
    } finally {
      for (const name of names) await mustRun("ip", "netns", "del", name);
    }
  },
);

testWith(
  "collectNamespaces tells nothing of a namespace that it may not enter",
  [IS_LINUX],
  async () => {
    // It can be opened, but it is none of networks.
    const found = [{ name: "other", target: "/proc/self/ns/uts" }];
    const entries = await collectNamespaces(found, {
      limit: 2,
      signal: new AbortController().signal,
    });
    assertEquals(entries.map(({ name, content }) => [name, content]), [
      ["linux/netns/other", undefined],
    ]);
    assertMatch(entries[0]!.skippedReason!, /^Cannot enter network namespace/);
    const late = await collectNamespaces(found, {
      limit: 2,
      signal: new AbortController().signal,
      allToolsMs: 0,
    });
    assertEquals(
      late.map(({ skippedReason }) => skippedReason),
      ["time for all namespaces is up"],
    );
  },
);

Deno.test("formatIntendedDot draws what every network manager is told to do", () => {
  const files = [
    {
      path: "/etc/network/interfaces",
      text:
        "auto eth0\n# a comment\niface eth0 inet dhcp\niface br0 inet static\n  address 10.1.0.2/24\n  gateway 10.1.0.1\n  dns-nameservers 10.1.0.1 10.1.0.3\n  bridge_ports eth1\n  wpa-psk hidden\n",
    },
    {
      path: "/etc/systemd/network/10-wan.network",
      text:
        "[Match]\nName=wan0\n[Network]\nDHCP=ipv4\nDNS=10.2.0.1\n[Address]\nAddress=10.2.0.2/24\n[Route]\nGateway=10.2.0.1\n",
    },
    {
      path: "/etc/NetworkManager/system-connections/x.nmconnection",
      text:
        "[connection]\nid=x\ninterface-name=wlan0\n[wifi-security]\npsk=hidden\n[ipv4]\nmethod=manual\naddress1=10.3.0.2/24,10.3.0.1\ndns=10.3.0.1;10.3.0.5;\n[ipv6]\nmethod=auto\n",
    },
    {
      path: "/etc/dhcpcd.conf",
      text:
        "hostname\ninterface eth5\nstatic ip_address=10.4.0.2/24\nstatic routers=10.4.0.1\n",
    },
  ];
  const dot = formatIntendedDot(files)!;
  const edges = [...dot.matchAll(/^\t"(.*)" -> "(.*)";$/gm)]
    .map(([, from, to]) => `${from} > ${to}`);
  assertEquals(edges, [
    "Configuration//etc/network/interfaces > Interface/eth0",
    "Interface/eth0 > DHCP/inet",
    "Configuration//etc/network/interfaces > Interface/br0",
    "Interface/br0 > Address/10.1.0.2/24",
    "Interface/br0 > Gateway/10.1.0.1",
    "Interface/br0 > NameServer/10.1.0.1",
    "Interface/br0 > NameServer/10.1.0.3",
    "Interface/br0 > Interface/eth1",
    "Configuration//etc/systemd/network/10-wan.network > Interface/wan0",
    "Interface/wan0 > DHCP",
    "Interface/wan0 > NameServer/10.2.0.1",
    "Interface/wan0 > Address/10.2.0.2/24",
    "Interface/wan0 > Gateway/10.2.0.1",
    "Configuration//etc/NetworkManager/system-connections/x.nmconnection > Interface/wlan0",
    "Interface/wlan0 > Address/10.3.0.2/24",
    "Interface/wlan0 > Gateway/10.3.0.1",
    "Interface/wlan0 > NameServer/10.3.0.1",
    "Interface/wlan0 > NameServer/10.3.0.5",
    "Interface/wlan0 > DHCP/ipv6",
    "Configuration//etc/dhcpcd.conf > Interface/eth5",
    "Interface/eth5 > Address/10.4.0.2/24",
    "Interface/eth5 > Gateway/10.4.0.1",
  ]);
  assert(!dot.includes("hidden"));
  assertEquals(formatIntendedDot([]), undefined);
});

Deno.test("collectConntrack keeps the first 10,000 connections, and says so", () => {
  const rows = Array.from(
    { length: 10_001 },
    (_, index) => `ipv4 row ${index}`,
  );
  class FakeKit extends CollectKit {
    override procText(path: string): string | undefined {
      if (path.endsWith("_max")) return "65536\n";
      return path === "/proc/net/nf_conntrack"
        ? `${rows.join("\n")}\n`
        : undefined;
    }
  }
  const signal = new AbortController().signal;
  const [limits, table] = collectConntrack(new FakeKit({ signal }));
  assertEquals(textOf(limits), "nf_conntrack_max 65536\n");
  assertEquals(textOf(table), `${rows.slice(0, -1).join("\n")}\n`);
  assertEquals(table!.truncated, true);
});

/** Files of EVE below /run, as a mount of its own shows them. */
const EVE_FILES: Readonly<Record<string, string>> = {
  "eve/version.txt": "eve-release",
  "eve/nim-current-state.dot": "nim-current-state.dot",
  "eve/nim-intended-state.dot": "nim-intended-state.dot",
  "eve/zedrouter-current-state.dot": "zedrouter-current-state.dot",
  "eve/zedrouter-intended-state.dot": "zedrouter-intended-state.dot",
  "eve/dns.json": "nim/DeviceNetworkStatus/global.json",
  "eve/aa.json": "domainmgr/AssignableAdapters/global.json",
  "eve/wwan-config.json": "nim/WwanConfig/global.json",
  "eve/wwan-status.json": "wwan/WwanStatus/global.json",
  "eve/wwan-metrics.json": "wwan/WwanMetrics/global.json",
};

testWith("collectEve copies EVE's own files where there are any", [
  requirePeers("unshare", "mount"),
  requireThat(Deno.build.os === "linux" && Deno.uid() === 0, "needs root"),
], async () => {
  const script = `
    import { collectEve } from "file://${REPOSITORY}/src/netdump/collect/collect_eve.ts";
    import { CollectKit } from "file://${REPOSITORY}/src/netdump/collect/collect_kit.ts";
    import { EMPTY_NETWORK_STATE } from "file://${REPOSITORY}/src/netdump/state/types.ts";
    for (const path of ${JSON.stringify(Object.values(EVE_FILES))}) {
      const full = "/run/" + path;
      Deno.mkdirSync(full.slice(0, full.lastIndexOf("/")), { recursive: true });
      Deno.writeTextFileSync(full, "of " + path);
      Deno.chmodSync(full, 0o640);
      Deno.utimeSync(full, 1000, 1000);
    }
    const kit = new CollectKit({ signal: new AbortController().signal });
    const entries = await collectEve(kit, EMPTY_NETWORK_STATE, {
      targets: [], namespaces: [], env: () => undefined,
    });
    console.log(JSON.stringify(entries.filter(({ source }) => source === "file")
      .map(({ name, content, mode, mtimeMs, skippedReason }) => [
        name, content && new TextDecoder().decode(content), mode && mode & 0o777,
        mtimeMs, skippedReason,
      ])));
  `;
  const { code, stdout, stderr } = await new Deno.Command("unshare", {
    args: [
      "-m",
      "sh",
      "-c",
      'mount -t tmpfs tmpfs /run && exec "$@"',
      "sh",
      Deno.execPath(),
      "eval",
      "--no-lock",
      "--ext=ts",
      "--import-map",
      `${REPOSITORY}/tests/offline/import_map.json`,
      script,
    ],
  }).output();
  assertEquals(code, 0, decoder.decode(stderr));
  const found: [string, string, number, number, string | null][] = JSON.parse(
    decoder.decode(stdout),
  );
  const order = [
    "eve/version.txt",
    "eve/device-uuid.txt",
    "eve/controller.txt",
    "eve/nim-current-state.dot",
    "eve/nim-intended-state.dot",
    "eve/zedrouter-current-state.dot",
    "eve/zedrouter-intended-state.dot",
    "eve/dns.json",
    "eve/dpcl.json",
    "eve/aa.json",
    "eve/wwan-config.json",
    "eve/wwan-status.json",
    "eve/wwan-metrics.json",
  ];
  assertEquals(found.map(([name]) => name), order);
  for (const [name, path] of Object.entries(EVE_FILES)) {
    assertEquals(found.find(([each]) => each === name), [
      name,
      `of ${path}`,
      0o640,
      1_000_000,
      null,
    ]);
  }
});

testWith(
  "netdump collect tells what it leaves out on a disk that is nearly full",
  [
    requirePeers("mount", "umount"),
    requireThat(Deno.build.os === "linux" && Deno.uid() === 0, "needs root"),
  ],
  async () => {
    const directory = await Deno.makeTempDir();
    await mustRun("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", directory);
    try {
      await Deno.chmod(directory, 0o755);
      const { code, stdout, stderr } = await runMain([
        "netdump",
        "collect",
        "-d",
        directory,
        "--skip",
        "probes",
        "--verbose",
      ]);
      assertEquals(code, 0, stderr);
      assertMatch(stdout, /device-.*\.tgz\n$/);
      assertStringIncludes(
        stderr,
        "warning: little space is left in the folder of dumps: without firewall, processes, counters",
      );
      assert(!stderr.includes("left out on request"), stderr);
    } finally {
      await mustRun("umount", directory);
      await Deno.remove(directory);
    }
  },
);

const MAP = `${REPOSITORY}/tests/offline/import_map.json`;

for (
  const [rights, flags, limit] of [
    ["no FFI", [
      "--allow-net",
      "--allow-read",
      "--allow-write",
      "--allow-env",
      "--allow-sys",
      "--allow-run",
    ], "C library may not be called"],
    ["no programs", [
      "--allow-net",
      "--allow-read",
      "--allow-write",
      "--allow-env",
      "--allow-sys",
      "--allow-ffi",
    ], "programs may not be started"],
    ["nearly nothing", [
      "--allow-net",
      "--allow-read",
      "--allow-write",
      "--allow-env",
      "--allow-sys",
    ], "deno may not read /proc and /sys"],
    ["files and sockets alone", [
      "--allow-net",
      "--allow-read",
      "--allow-write",
    ], "deno may not read /proc and /sys"],
  ] as const
) {
  testWith(
    `netdump collect works with ${rights} and says what it could not see`,
    [IS_LINUX],
    async () => {
      const directory = await Deno.makeTempDir();
      try {
        const { code, stdout, stderr } = await new Deno.Command(
          Deno.execPath(),
          {
            args: [
              "run",
              "--no-prompt",
              "--no-lock",
              ...flags,
              "--import-map",
              MAP,
              `${REPOSITORY}/cli.ts`,
              "netdump",
              "collect",
              "-d",
              directory,
              "--skip",
              "counters",
            ],
          },
        ).output();
        const [said, path] = [
          decoder.decode(stderr),
          decoder.decode(stdout).trim(),
        ];
        assertEquals(code, 0, said);
        assertStringIncludes(said, limit);
        assertMatch(said, /\d+ things could not be had/);
        const { loadNetdump } = await import(
          "../../src/netdump/netdump_archive.ts"
        );
        using file = await Deno.open(path);
        const archive = await loadNetdump(file.readable);
        assertEquals(archive.mismatches(), []);
        assert(archive.manifest!.notes!.some((note) => note.includes(limit)));
        const state = parseNetworkState(archive.text("linux/state.json")!)!;
        const mayList = (flags as readonly string[]).includes("--allow-sys");
        assertEquals(state.links.some(({ name }) => name === "lo"), mayList);
      } finally {
        await Deno.remove(directory, { recursive: true });
      }
    },
  );
}
