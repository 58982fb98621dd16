import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { readCaptureFacts } from "../../src/netdump/check/capture_facts.ts";
import { decodeCapture } from "../../src/netdump/merge_captures.ts";
import { NetDumper } from "../../src/netdump/net_dumper.ts";
import { loadNetdump } from "../../src/netdump/netdump_archive.ts";
import type { NetdumpArchive } from "../../src/netdump/netdump_archive.ts";
import { createRedactor } from "../../src/netdump/redact/create_redactor.ts";
import { decodePacket } from "../../src/netdump/packet_decoder.ts";
import { Pseudonyms } from "../../src/netdump/redact/pseudonyms.ts";
import { redactCapture } from "../../src/netdump/redact/redact_capture.ts";
import { redactNetdump } from "../../src/netdump/redact/redact_netdump.ts";
import {
  encodePcapHeader,
  encodePcapPacket,
} from "../../src/container/pcap_encoder.ts";
import { formatIpAddress, parseIpAddress } from "../../src/codec/ip_address.ts";
import { concatBytes } from "../support/byte_stream.ts";
import { testWith } from "../support/requirement.ts";
import { requireSharedData, sharedData } from "../support/shared_data.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function redact(
  text: string,
  name = "linux/ps.txt",
  level: "standard" | "strict" = "standard",
): { text: string; removed: Record<string, number> } {
  const redactor = createRedactor(level)!;
  const content = encoder.encode(text);
  redactor.learn(name, content);
  const result = redactor.redactEntry(name, content);
  return {
    text: decoder.decode(result.content),
    removed: Object.fromEntries(result.removed),
  };
}

Deno.test("createRedactor takes secrets out of every kind of text", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    [
      "proxy http://user:pa%20ss@proxy.example.net:3128/",
      "proxy http://[redacted]@proxy.example.net:3128/",
      "url credentials",
    ],
    [
      '"reqURL":"https://x.example.net/a?token=abc&b=1&sig=Zz%3D"',
      '"reqURL":"https://x.example.net/a?token=[redacted]&b=1&sig=[redacted]"',
      "url secret",
    ],
    [
      '{"fieldName":"Authorization","fieldVal":"Bearer abc\\"d","fieldValLen":9}',
      '{"fieldName":"Authorization","fieldVal":"[redacted]","fieldValLen":9}',
      "header",
    ],
    [
      '{"fieldVal":"id=5","fieldName":"Set-Cookie"}',
      '{"fieldVal":"[redacted]","fieldName":"Set-Cookie"}',
      "header",
    ],
    [
      "> Cookie: id=5; b=6\r\nHost: a",
      "> Cookie: [redacted]\r\nHost: a",
      "header",
    ],
    [
      '"WirelessCfg":{"Wifi":[{"SSID":"home","Password":"hunter2"}]}',
      '"WirelessCfg":{"Wifi":[{"SSID":"home","Password":"[redacted]"}]}',
      "secret",
    ],
    ['"IMEI":"490154203237518"', '"IMEI":"***********7518"', "subscriber id"],
    ["  imsi: 262011234567890", "  imsi: ***********7890", "subscriber id"],
    [
      "root 1 0 agent --api-key=k123 --verbose -x",
      "root 1 0 agent --api-key=[redacted] --verbose -x",
      "command line secret",
    ],
    [
      "root 1 0 agent --token s3cr3t run",
      "root 1 0 agent --token [redacted] run",
      "command line secret",
    ],
    [
      "DB_PASSWORD='a b c' HOME=/root",
      "DB_PASSWORD=[redacted] HOME=/root",
      "secret",
    ],
    ["psk=supersecret", "psk=[redacted]", "secret"],
    [
      "PrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=",
      "PrivateKey = [redacted]",
      "secret",
    ],
    [
      "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----\nrest",
      "-----BEGIN RSA PRIVATE KEY-----[redacted]\nrest",
      "private key",
    ],
    ["x AKIAIOSFODNN7EXAMPLE y", "x [redacted] y", "token"],
  ];
  for (const [before, after, kind] of cases) {
    const { text, removed } = redact(before);
    assertEquals(text, after);
    assertEquals(Object.keys(removed), [kind], before);
  }
});

Deno.test("createRedactor leaves what is no secret", () => {
  const harmless = [
    "default via 10.77.0.1 dev eth0 proto dhcp src 10.77.0.108 metric 1002",
    "UID PID PPID C STIME TTY TIME CMD",
    "net.ipv4.ipfrag_secret_interval = 0",
    '{"fieldName":"Content-Type","fieldVal":"text/html"}',
    "https://x.example.net/a?b=1",
    "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
  ];
  for (const text of harmless) {
    assertEquals(redact(text), { text, removed: {} });
  }
});

Deno.test("createRedactor keeps bytes that are no UTF-8", () => {
  const content = new Uint8Array([
    0xff,
    0xfe,
    ...encoder.encode(" psk=a"),
    0x80,
  ]);
  const { content: left } = createRedactor("standard")!.redactEntry(
    "x",
    content,
  );
  assertEquals(left.subarray(0, 2), content.subarray(0, 2));
  assertEquals(decoder.decode(left.subarray(2, 16)), " psk=[redacted");
});

Deno.test("Pseudonyms keep networks together and tell nothing else", () => {
  const names = new Pseudonyms();
  const [a, b, c] = ["10.77.0.1", "10.77.0.200", "10.78.0.1"].map((ip) =>
    names.ip(ip)
  );
  const bits = (x: string, y: string) => {
    const [p, q] = [parseIpAddress(x)!, parseIpAddress(y)!];
    let count = 0;
    while (
      count < p.length * 8 &&
      ((p[count >> 3]! ^ q[count >> 3]!) >> (7 - (count & 7)) & 1) === 0
    ) count++;
    return count;
  };
  assertEquals(bits(a!, b!), bits("10.77.0.1", "10.77.0.200"));
  assertEquals(bits(a!, c!), bits("10.77.0.1", "10.78.0.1"));
  assert(a!.startsWith("10."));
  assertNotEquals(a, "10.77.0.1");
  assertEquals(names.ip("10.77.0.0", 24).split(".").at(-1), "0");
  for (
    const kept of [
      "127.0.0.1",
      "0.0.0.0",
      "224.0.0.251",
      "255.255.255.0",
      "192.0.2.9",
      "::1",
      "ff02::1",
      "2001:db8::5",
    ]
  ) assertEquals(names.ip(kept), kept);
  assert(names.ip("fe80::1234:5678:9abc:def0").startsWith("fe80::"));
  assertEquals(names.mac("ff:ff:ff:ff:ff:ff"), "ff:ff:ff:ff:ff:ff");
  assert(names.mac("52:54:00:12:34:56").startsWith("02:"));
  assertEquals(names.host("www.corp.com").split(".").at(-1), "com");
  assertEquals(
    names.host("www.corp.com").split(".").slice(1),
    names.host("mail.corp.com").split(".").slice(1),
  );
  const again = new Pseudonyms(names.toTable());
  assertEquals(again.ip("10.77.0.1"), a);
  assertEquals(names.toTable().originals[a!], "10.77.0.1");
});

Deno.test("createRedactor gives other names to everybody on the strict level", () => {
  const redactor = createRedactor("strict")!;
  const entries: Record<string, string> = {
    "linux/resolv.conf": "search corp.com\nnameserver 10.1.2.3\n",
    "linux/hosts": "127.0.0.1 localhost\n10.1.2.4 mybox.corp.com mybox\n",
    "linux/ps.txt": "alice 1 0 ssh mybox\nroot 2 0 init\n",
    "linux/x.txt":
      "alice at mybox.corp.com, 10.1.2.4/32, net 10.1.2.0/24, 52:54:00:12:34:56, version 1.2\n",
  };
  for (const [name, text] of Object.entries(entries)) {
    redactor.learn(name, encoder.encode(text));
  }
  const clean = (name: string) =>
    decoder.decode(
      redactor.redactEntry(name, encoder.encode(entries[name]!)).content,
    );
  const text = clean("linux/x.txt");
  for (const secret of ["alice", "mybox", "corp", "10.1.2.", "52:54"]) {
    assert(!text.includes(secret), `${secret} in ${text}`);
  }
  assert(/net 10\.\d+\.\d+\.0\/24/.test(text), text);
  assert(text.includes("version 1.2"));
  assert(clean("linux/ps.txt").includes("root 2 0 init"));
  assert(clean("linux/hosts").includes("127.0.0.1 localhost"));
  const user = /user-[0-9a-f]{6}/.exec(text)![0];
  assert(clean("linux/ps.txt").startsWith(user));
  assertEquals(
    redactor.redactName("requests/https-mybox.corp.com/eth0.pcap").includes(
      "corp",
    ),
    false,
  );
});

Deno.test("createRedactor learns no names where words only look like them", () => {
  const redactor = createRedactor("strict")!;
  const entries: Record<string, string> = {
    "linux/hosts": "10.1.2.3 linux\n",
    "linux/dmesg.txt": "perf: search hash table, power domain mode\n",
    "linux/state.json": '{"links":[{"name":"lan0"}]}',
    "linux/sysctl-net.txt": "net.x.mode = 1\nkernel.hostname = mybox\n",
  };
  for (const [name, text] of Object.entries(entries)) {
    redactor.learn(name, encoder.encode(text));
  }
  assertEquals(
    redactor.redactText("hash mode lan0 --mode"),
    "hash mode lan0 --mode",
  );
  assert(!redactor.redactText("at mybox").includes("mybox"));
  // The layout's own folders stay, whatever hosts are called.
  assertEquals(redactor.redactName("linux/hosts"), "linux/hosts");
  assert(
    !redactor.redactName("linux/netns/linux/arp.txt").endsWith(
      "/linux/arp.txt",
    ),
  );
});

Deno.test("createRedactor gives wireless networks other names on the strict level", () => {
  const redactor = createRedactor("strict")!;
  const clean = (name: string, text: string) =>
    decoder.decode(redactor.redactEntry(name, encoder.encode(text)).content);
  const station = clean(
    "linux/iw-link-wlan0.txt",
    "\tSSID: Cafe Blue\n\tfreq: 5\n",
  );
  const ssid = /^\tSSID: (wifi-[0-9a-f]{6})\n\tfreq: 5\n$/.exec(station)?.[1];
  assert(ssid, station);
  const status = "bssid=02:00:00:00:00:09\nssid=Cafe Blue\nid=0\n";
  const shown = clean("linux/wpa-status-wlan0.txt", status);
  assert(shown.endsWith(`\nssid=${ssid}\nid=0\n`), shown);
  const list = "*:02\\:00\\:00\\:00\\:00\\:09:Cafe Blue:Infra:36:WPA2\n";
  const [, mac] = /^bssid=(.*)$/m.exec(shown)!;
  assertEquals(
    clean("linux/nmcli-wifi.txt", list),
    `*:${mac!.replaceAll(":", "\\:")}:${ssid}:Infra:36:WPA2\n`,
  );
  const eve = '{"Wifi":[{"KeyScheme":1,"SSID":"Cafe Blue"}]}';
  assertEquals(
    clean("eve/dpcl.json", eve),
    `{"Wifi":[{"KeyScheme":1,"SSID":"${ssid}"}]}`,
  );
  assertEquals(clean("linux/x.txt", "SSID: a"), "SSID: a");
});

Deno.test("createRedactor gives an address of IPv4 within IPv6 the same name", () => {
  const redactor = createRedactor("strict")!;
  const text = redactor.redactText(
    "10.1.2.3 [::ffff:10.1.2.3]:443 ::ffff:127.0.0.1 at 10:15:10.1.2.3",
  );
  const mapped = text.split(" ")[0]!;
  assertNotEquals(mapped, "10.1.2.3");
  const six = formatIpAddress(parseIpAddress(`::ffff:${mapped}`)!);
  assertEquals(
    text,
    `${mapped} [${six}]:443 ::ffff:127.0.0.1 at 10:15:${mapped}`,
  );
});

Deno.test("createRedactor goes through text of any kind in one pass", () => {
  const size = 150_000;
  for (
    const piece of [
      "a.",
      " ",
      "1.",
      "token_",
      "eyJaaaaaaaa.",
      "a-",
      "http://",
      "cookie :",
      "\n ",
    ]
  ) {
    const text = piece.repeat(size / piece.length);
    const redactor = createRedactor("strict")!;
    redactor.learn("linux/hosts", encoder.encode("10.1.2.3 mybox\n"));
    redactor.learn("linux/resolv.conf", encoder.encode(text));
    assertEquals(redactor.redactText(text).length > 0, true);
  }
});

Deno.test("redactNetdump keeps manifest and archive in agreement on the strict level", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const redactor = createRedactor("strict")!;
    const path = await new NetDumper({
      directory,
      redactor,
      sources: [{
        collect: async function* () {
          yield {
            name: "linux/resolv.conf",
            source: "file",
            content: encoder.encode("search corp.com linux\n"),
          };
        },
      }],
    }).publish("t", [
      { requestName: "https-www.corp.com", target: "https://www.corp.com/" },
      {
        requestName: "https-mail.corp.com",
        netTrace: encoder.encode('{"httpRequests":[]}'),
      },
    ], { notes: ["mail.corp.com is silent"] });
    const published = await loadPath(path);
    assertEquals(published.mismatches(), []);
    const { archive } = redactNetdump(published, createRedactor("strict")!);
    const again = await loadNetdump(archive);
    assertEquals(again.mismatches(), []);
    for (const { manifest, requestNames } of [published, again]) {
      assertEquals(
        manifest!.requests.map(({ name }) => name).sort(),
        [
          ...requestNames,
        ].sort(),
      );
      assert(!JSON.stringify(manifest).includes("corp"));
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

async function loadPath(path: string): Promise<NetdumpArchive> {
  using file = await Deno.open(path);
  return await loadNetdump(file.readable);
}

function tcpPacket(payload: string): Uint8Array {
  const data = encoder.encode(payload);
  const packet = new Uint8Array(14 + 20 + 20 + data.length);
  const view = new DataView(packet.buffer);
  packet.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2], 0);
  view.setUint16(12, 0x0800);
  packet[14] = 0x45;
  view.setUint16(16, 40 + data.length);
  packet[23] = 6;
  packet.set([10, 1, 2, 3, 10, 1, 2, 4], 26);
  view.setUint16(34, 40000);
  view.setUint16(36, 80);
  packet[46] = 0x50;
  packet.set(data, 54);
  return packet;
}

Deno.test("redactCapture overwrites secrets of plain HTTP in place", () => {
  const request =
    "GET /?token=abc&b=1 HTTP/1.1\r\nHost: a\r\nAuthorization: Basic eHg=\r\nCookie: a=b\r\n\r\n";
  const data = tcpPacket(request);
  const file = concatBytes([
    encodePcapHeader(),
    encodePcapPacket({ timestamp: 1n, originalLength: data.length, data }),
  ]);
  const { content, secrets } = redactCapture(file);
  assertEquals(secrets, 3);
  assertEquals(content.length, file.length);
  const text = decoder.decode(content.subarray(24 + 16 + 54));
  assertEquals(
    text,
    "GET /?token=***&b=1 HTTP/1.1\r\nHost: a\r\nAuthorization: **********\r\nCookie: ***\r\n\r\n",
  );
});

Deno.test("redactCapture overwrites secrets of forms and JSON in plain HTTP", () => {
  const cases = [
    ["password=abc&user=x", "password=***&user=x"],
    [
      "POST / HTTP/1.1\r\nX-Csrf-Token: abc\r\n\r\nclient_secret=a%20b&x=1",
      "POST / HTTP/1.1\r\nX-Csrf-Token: ***\r\n\r\nclient_secret=*****&x=1",
    ],
    [
      'HTTP/1.1 200 OK\r\n\r\n{"access_token": "a\\"b", "expires": 5}',
      'HTTP/1.1 200 OK\r\n\r\n{"access_token": "****", "expires": 5}',
    ],
    [
      "GET http://me:secret@a.test/?q=1 HTTP/1.1\r\n",
      "GET http://*********@a.test/?q=1 HTTP/1.1\r\n",
    ],
    ["<p>the password is in the tokens</p>", undefined],
  ];
  for (const [before, after] of cases) {
    const data = tcpPacket(before!);
    const { content } = redactCapture(concatBytes([
      encodePcapHeader(),
      encodePcapPacket({ timestamp: 1n, originalLength: data.length, data }),
    ]));
    const left = decoder.decode(content.subarray(24 + 16 + 54));
    assertEquals(left, after ?? before);
  }
});

Deno.test("redactCapture leaves headers with other addresses on the strict level", () => {
  const data = tcpPacket("secret");
  const file = concatBytes([
    encodePcapHeader(),
    encodePcapPacket({ timestamp: 1n, originalLength: data.length, data }),
    new Uint8Array([1, 2, 3]),
  ]);
  const pseudonyms = new Pseudonyms();
  const { content } = redactCapture(file, { pseudonyms });
  // What stands behind the last whole packet cannot be redacted: it goes.
  assertEquals(content.length, file.length - 3);
  const [packet] = decodeCapture(content).packets;
  assert(!decoder.decode(packet!.data).includes("secret"));
  const [flow] = readCaptureFacts("x", content).flows;
  assertEquals(flow?.destination, `${pseudonyms.ip("10.1.2.4")}:80`);
  assertNotEquals(flow?.destinationIp, "10.1.2.4");
});

Deno.test("redactCapture leaves headers of errors with other addresses, and their sums right", () => {
  const quoted = tcpPacket("secret").subarray(14);
  const packet = new Uint8Array(14 + 20 + 8 + quoted.length);
  packet.set(tcpPacket("").subarray(0, 34));
  new DataView(packet.buffer).setUint16(16, packet.length - 14);
  packet[23] = 1;
  packet.set([3, 1], 34);
  packet.set(quoted, 42);
  const file = concatBytes([
    encodePcapHeader(),
    encodePcapPacket({
      timestamp: 1n,
      originalLength: packet.length,
      data: packet,
    }),
  ]);
  const pseudonyms = new Pseudonyms();
  const { content } = redactCapture(file, { pseudonyms });
  const [found] = decodeCapture(content).packets;
  assert(!decoder.decode(found!.data).includes("secret"));
  const decoded = decodePacket(found!.data, 1);
  assertEquals(decoded?.type === "icmp" && decoded.about, {
    destination: pseudonyms.ip("10.1.2.4"),
    port: 80,
  });
  const header = new DataView(
    found!.data.buffer,
    found!.data.byteOffset + 14,
    20,
  );
  let sum = 0;
  for (let at = 0; at < 20; at += 2) sum += header.getUint16(at);
  assertEquals((sum & 0xffff) + (sum >> 16), 0xffff);
});

const FIXTURE = "netdump/archives/nim-fail-2026-11-20T23-34-32.tgz";

async function loadFixture(): Promise<NetdumpArchive> {
  using file = await Deno.open(sharedData(FIXTURE)!);
  return await loadNetdump(file.readable);
}

testWith(
  "redactNetdump leaves an archive of EVE as it is where there is no secret",
  [requireSharedData(FIXTURE)],
  async () => {
    const before = await loadFixture();
    const { archive, redactions, leftOut } = redactNetdump(
      before,
      createRedactor("standard")!,
    );
    const after = await loadNetdump(archive);
    assertEquals([redactions, leftOut], [[], []]);
    assertEquals(
      after.entries.map(({ path, mode, sha256 }) => [path, mode, sha256]),
      before.entries.map(({ path, mode, sha256 }) => [path, mode, sha256]),
    );
  },
);

testWith(
  "redactNetdump leaves no address and no name of EVE's archive on the strict level",
  [requireSharedData(FIXTURE)],
  async () => {
    const before = await loadFixture();
    const { archive, redactions } = redactNetdump(
      before,
      createRedactor("strict")!,
    );
    const after = await loadNetdump(archive);
    assertEquals(after.entries.length, before.entries.length);
    for (const { name, content } of after.entries) {
      const text = decoder.decode(content);
      for (const secret of ["10.77.0.", "10.78.0.", "02:16:3e", "fd00:77::"]) {
        assert(!text.includes(secret), `${secret} in ${name}`);
      }
    }
    assert(redactions.some(({ kind }) => kind === "ip address"));
    assert(redactions.some(({ kind }) => kind === "packet"));
  },
);
