import { assertEquals } from "@std/assert";
import { orderAddresses } from "../../../src/netdump/tracer/address_order.ts";
import { lookupHostsFile } from "../../../src/netdump/tracer/hosts_file.ts";
import { parseNsswitchHosts } from "../../../src/netdump/tracer/nsswitch_conf.ts";
import {
  candidateNames,
  DEFAULT_RESOLVER_CONFIG,
  parseResolvConf,
} from "../../../src/netdump/tracer/resolv_conf.ts";
import { ResolverConfigSource } from "../../../src/netdump/tracer/resolver_config_source.ts";

Deno.test("parseResolvConf reads servers, search list and options", () => {
  const config = parseResolvConf(`
# comment
; another
nameserver 10.0.0.1
nameserver fd00::1
nameserver not-an-address
nameserver fe80::1%eth0
nameserver 10.0.0.4
search example.net lab.example.net.
options ndots:20 timeout:0 attempts:3 rotate single-request-reopen use-vc trust-ad unknown:1
`);
  assertEquals(config, {
    nameservers: ["10.0.0.1:53", "[fd00::1]:53", "[fe80::1%eth0]:53"],
    search: ["example.net.", "lab.example.net."],
    ndots: 15,
    timeoutMs: 1000,
    attempts: 3,
    rotate: true,
    singleRequest: true,
    useTcp: true,
    trustAd: true,
  });
});

Deno.test("parseResolvConf falls back to local servers", () => {
  assertEquals(parseResolvConf("domain example.net\n"), {
    ...DEFAULT_RESOLVER_CONFIG,
    search: ["example.net."],
  });
});

Deno.test("candidateNames orders the search list by dots", () => {
  const config = { search: ["a.", "b."], ndots: 2 };
  assertEquals(candidateNames("x.", config), ["x."]);
  assertEquals(candidateNames("x.y", config), ["x.y.a.", "x.y.b.", "x.y."]);
  assertEquals(candidateNames("x.y.z", config), [
    "x.y.z.",
    "x.y.z.a.",
    "x.y.z.b.",
  ]);
  assertEquals(candidateNames("x".repeat(300), config), []);
});

Deno.test("lookupHostsFile finds names in any case", () => {
  const hosts =
    "127.0.0.1 localhost # me\n::1\tlocalhost ip6\n10.0.0.9 Web web.lan\nbad web\n";
  assertEquals(lookupHostsFile(hosts, "LOCALHOST."), ["127.0.0.1", "::1"]);
  assertEquals(lookupHostsFile(hosts, "web"), ["10.0.0.9"]);
  assertEquals(lookupHostsFile(hosts, "me"), []);
});

Deno.test("parseNsswitchHosts keeps the order of what it knows", () => {
  assertEquals(parseNsswitchHosts(""), ["files", "dns"]);
  assertEquals(
    parseNsswitchHosts(
      "passwd: x\nhosts: dns [!UNAVAIL=return] files mymachines\n",
    ),
    ["dns", "files"],
  );
  assertEquals(parseNsswitchHosts("hosts: files\n"), ["files"]);
});

Deno.test("ResolverConfigSource looks again after five seconds", async () => {
  let now = 0;
  let text = "nameserver 10.0.0.1\n";
  let reads = 0;
  const source = new ResolverConfigSource({
    readText: (path) => {
      if (path !== "/etc/resolv.conf") return Promise.resolve(undefined);
      reads++;
      return Promise.resolve({ text, modifiedMs: now });
    },
  }, () => now);
  assertEquals((await source.config()).nameservers, ["10.0.0.1:53"]);
  text = "nameserver 10.0.0.2\n";
  now = 4999;
  assertEquals((await source.config()).nameservers, ["10.0.0.1:53"]);
  now = 5000;
  assertEquals((await source.config()).nameservers, ["10.0.0.2:53"]);
  assertEquals(reads, 2);
});

for (
  const [resolvConf, hostname, expected] of [
    ["search a.test\n", "device.b.test\n", ["a.test."]],
    ["nameserver 10.0.0.1\n", "device.b.test\n", ["b.test."]],
    ["search .\n", "device.b.test.\n", ["b.test."]],
    [undefined, "device.b.test\n", ["b.test."]],
    ["", "device\n", []],
    ["", ".b.test\n", []],
    ["", undefined, []],
  ] as const
) {
  Deno.test(`ResolverConfigSource searches ${JSON.stringify(expected)} on ${JSON.stringify(hostname)} with ${JSON.stringify(resolvConf)}`, async () => {
    const files: Readonly<Record<string, string | undefined>> = {
      "/etc/resolv.conf": resolvConf,
      "/proc/sys/kernel/hostname": hostname,
    };
    const source = new ResolverConfigSource({
      readText: (path) =>
        Promise.resolve(
          files[path] === undefined
            ? undefined
            : { text: files[path], modifiedMs: 0 },
        ),
    }, () => 0);
    assertEquals((await source.config()).search, expected);
  });
}

for (
  const [title, addresses, expected] of [
    [
      "an address without a route last",
      [["10.0.0.1", undefined], ["fd00::1", "fd00::2"]],
      ["fd00::1", "10.0.0.1"],
    ],
    [
      "IPv4 before unique local IPv6",
      [["fd00:77::1", "fd00:77::10"], ["10.77.0.1", "10.77.0.108"]],
      ["10.77.0.1", "fd00:77::1"],
    ],
    [
      "global IPv6 before IPv4",
      [["192.0.2.1", "192.0.2.9"], ["2001:db8::1", "2001:db8::9"]],
      ["2001:db8::1", "192.0.2.1"],
    ],
    [
      "matching label before all else",
      [["2001:db8::1", "fd00::9"], ["192.0.2.1", "192.0.2.9"]],
      ["192.0.2.1", "2001:db8::1"],
    ],
    [
      "the longer common prefix of IPv6",
      [["2001:db8:1::1", "2001:db8:2::9"], ["2001:db8:2::1", "2001:db8:2::9"]],
      ["2001:db8:2::1", "2001:db8:1::1"],
    ],
    [
      "equals as they came",
      [["10.0.0.2", "10.0.0.9"], ["10.0.0.1", "10.0.0.9"]],
      ["10.0.0.2", "10.0.0.1"],
    ],
    [
      "loopback as it came",
      [["127.0.0.1", "127.0.0.1"], ["::1", "::1"]],
      ["::1", "127.0.0.1"],
    ],
  ] as const
) {
  Deno.test(`orderAddresses puts ${title}`, () => {
    const list = addresses.map(([address, source]) => ({ address, source }));
    assertEquals(orderAddresses(list), [...expected]);
  });
}
