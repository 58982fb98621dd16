import { assertEquals } from "@std/assert";
import { parseArp } from "../../src/netdump/state/parse_arp.ts";
import { parseIfconfig } from "../../src/netdump/state/parse_ifconfig.ts";
import { parseIpLink } from "../../src/netdump/state/parse_ip_link.ts";
import { parseIpRoute } from "../../src/netdump/state/parse_ip_route.ts";
import { parseIpRule } from "../../src/netdump/state/parse_ip_rule.ts";
import { parseLease } from "../../src/netdump/state/parse_lease.ts";

Deno.test("parseIpRoute reads routes of all kinds", () => {
  const routes = parseIpRoute(
    `default via 10.77.0.1 dev eth0 proto dhcp src 10.77.0.108 metric 1002 
10.77.0.0/24 dev eth0 proto kernel scope link src 10.77.0.108 linkdown
unreachable 10.9.0.0/16 metric 20
default proto static metric 5
\tnexthop via 10.0.0.1 dev a weight 1
\tnexthop via inet6 fe80::1 dev b weight 2
10.1.1.1 via 10.0.0.1 dev eth1 table 7 mtu lock 1400
junk line
fd00::/64 dev eth0 metric 256 pref medium
`,
  );
  assertEquals(routes.length, 6);
  assertEquals(routes[0], {
    family: 4,
    table: "main",
    destination: "default",
    type: "unicast",
    hops: [{ gateway: "10.77.0.1", device: "eth0" }],
    source: "10.77.0.108",
    metric: 1002,
    protocol: "dhcp",
    scope: "",
    mtu: undefined,
    isDead: false,
  });
  assertEquals(routes[1]!.isDead, true);
  assertEquals([routes[2]!.type, routes[2]!.destination], [
    "unreachable",
    "10.9.0.0/16",
  ]);
  assertEquals(routes[3]!.hops, [
    { gateway: "10.0.0.1", device: "a" },
    { gateway: "fe80::1", device: "b" },
  ]);
  assertEquals([routes[4]!.table, routes[4]!.mtu], ["7", 1400]);
  assertEquals(routes[5]!.family, 6);
});

Deno.test("parseIpRule reads rules with their tables and actions", () => {
  const rules = parseIpRule(`0:	from all lookup local
15002:	from 10.77.0.108 iif lo lookup 502
100:	from all fwmark 0x1/0xff unreachable
junk
32766:	from all lookup main proto kernel
`);
  assertEquals(
    rules.map(({ priority, selector, action, table }) => [
      priority,
      selector,
      action,
      table,
    ]),
    [
      [0, "from all", "lookup", "local"],
      [15002, "from 10.77.0.108 iif lo", "lookup", "502"],
      [100, "from all fwmark 0x1/0xff", "unreachable", ""],
      [32766, "from all", "lookup", "main"],
    ],
  );
});

const NET_TOOLS = `eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500
        inet 10.77.0.108  netmask 255.255.255.0  broadcast 10.77.0.255
        inet6 fe80::16:3eff:fe00:1  prefixlen 64  scopeid 0x20<link>
        ether 02:16:3e:00:00:01  txqueuelen 1000  (Ethernet)
        RX packets 1669  bytes 2215090 (2.1 MiB)
        RX errors 1  dropped 2  overruns 0  frame 0
        TX packets 1058  bytes 113286 (110.6 KiB)
        TX errors 3  dropped 4 overruns 0  carrier 0  collisions 0

eth1: flags=4098<BROADCAST,MULTICAST>  mtu 1400
        ether 02:16:3e:00:00:02  txqueuelen 1000  (Ethernet)
`;
const BUSYBOX = `eth0      Link encap:Ethernet  HWaddr 02:16:3E:00:00:01
          inet addr:10.77.0.108  Bcast:10.77.0.255  Mask:255.255.255.0
          inet6 addr: fe80::16:3eff:fe00:1/64 Scope:Link
          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1
          RX packets:1669 errors:1 dropped:2 overruns:0 frame:0
          TX packets:1058 errors:3 dropped:4 overruns:0 carrier:0
          collisions:0 txqueuelen:1000
          RX bytes:2215090 (2.1 MiB)  TX bytes:113286 (110.6 KiB)

lo        Link encap:Local Loopback
          inet addr:127.0.0.1  Mask:255.0.0.0
          UP LOOPBACK RUNNING  MTU:65536  Metric:1
`;

Deno.test("parseIfconfig reads what net-tools and busybox print", () => {
  const [ours, theirs] = [parseIfconfig(NET_TOOLS), parseIfconfig(BUSYBOX)];
  assertEquals(ours[0], theirs[0]);
  assertEquals(ours[0]!.counters, {
    rxPackets: 1669,
    rxBytes: 2215090,
    rxErrors: 1,
    rxDropped: 2,
    txPackets: 1058,
    txBytes: 113286,
    txErrors: 3,
    txDropped: 4,
  });
  assertEquals(
    ours[0]!.addresses.map(({ ip, prefixLength, scope }) => [
      ip,
      prefixLength,
      scope,
    ]),
    [["10.77.0.108", 24, "global"], ["fe80::16:3eff:fe00:1", 64, "link"]],
  );
  assertEquals([ours[1]!.isUp, ours[1]!.hasCarrier, ours[1]!.mtu], [
    false,
    false,
    1400,
  ]);
  assertEquals([theirs[1]!.name, theirs[1]!.isLoopback], ["lo", true]);
});

Deno.test("parseIpLink reads flags, parents and counters", () => {
  const [link] = parseIpLink(
    `2: eth0@if9: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc noqueue master br0 state DOWN mode DEFAULT group default qlen 1000
    link/ether 02:16:3e:00:00:01 brd ff:ff:ff:ff:ff:ff link-netnsid 0
    RX:  bytes packets errors dropped  missed   mcast           
       2215090    1669      1       2       0       0 
    TX:  bytes packets errors dropped carrier collsns           
        113286    1058      3       4       0       0 
`,
  );
  assertEquals(link, {
    name: "eth0",
    index: 2,
    isUp: true,
    hasCarrier: false,
    isLoopback: false,
    mtu: 1500,
    mac: "02:16:3e:00:00:01",
    kind: "",
    master: "br0",
    parent: "if9",
    addresses: [],
    counters: {
      rxBytes: 2215090,
      rxPackets: 1669,
      rxErrors: 1,
      rxDropped: 2,
      txBytes: 113286,
      txPackets: 1058,
      txErrors: 3,
      txDropped: 4,
    },
  });
});

Deno.test("parseArp tells who did not answer", () => {
  assertEquals(
    parseArp(
      `Address                  HWtype  HWaddress           Flags Mask            Iface
10.77.0.1                ether   02:16:3E:00:01:01   C                     eth0
10.78.0.99                       (incomplete)                              eth1
`,
    ).map(({ ip, device, mac, state }) => [ip, device, mac, state]),
    [
      ["10.77.0.1", "eth0", "02:16:3e:00:01:01", "reachable"],
      ["10.78.0.99", "eth1", "", "incomplete"],
    ],
  );
});

Deno.test("parseLease reads dhcpcd's dump and ours", () => {
  assertEquals(
    parseLease("source=networkd\nip_address=10.0.0.2\n# x\n", "eth0"),
    {
      device: "eth0",
      source: "networkd",
      values: { source: "networkd", ip_address: "10.0.0.2" },
    },
  );
  assertEquals(parseLease("", "eth0"), undefined);
});
