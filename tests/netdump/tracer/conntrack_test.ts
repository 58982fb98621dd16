import { assertEquals } from "@std/assert";
import {
  decodeConntrackEntry,
  parseConntrackLine,
} from "../../../src/netdump/tracer/conntrack_decoder.ts";
import {
  encodeConntrackDump,
  encodeConntrackGet,
} from "../../../src/netdump/tracer/conntrack_encoder.ts";
import {
  conntrackStateNumber,
  conntrackStateText,
  conntrackStatusNumber,
  conntrackStatusText,
  dnsRcodeText,
  dnsTypeText,
} from "../../../src/netdump/nettrace_enum_table.ts";

Deno.test("encodeConntrackGet asks for one connection", () => {
  const bytes = encodeConntrackGet({
    source: new Uint8Array([10, 0, 0, 1]),
    sourcePort: 0x1234,
    destination: new Uint8Array([10, 0, 0, 2]),
    destinationPort: 443,
    protocol: 6,
  });
  assertEquals(
    bytes.toHex(),
    "02000000" + "34000180" +
      "14000180" + "08000100" + "0a000001" + "08000200" + "0a000002" +
      "1c000280" + "0500010006000000" + "0600020012340000" + "0600030001bb0000",
  );
  assertEquals(encodeConntrackDump(false).toHex(), "0a000000");
});

function attribute(type: number, value: string): string {
  const length = value.length / 2 + 4;
  const head = new Uint8Array([
    length & 0xff,
    length >> 8,
    type & 0xff,
    type >> 8,
  ]);
  return head.toHex() + value + "00".repeat((4 - length % 4) % 4);
}

const TUPLE = (source: string, destination: string, ports: string) =>
  attribute(0x8001, attribute(1, source) + attribute(2, destination)) +
  attribute(
    0x8002,
    attribute(1, "06") + attribute(2, ports.slice(0, 4)) +
      attribute(3, ports.slice(4)),
  );

const ENTRY = "02000000" +
  attribute(0x8001, TUPLE("0a000001", "0a000002", "123401bb")) +
  attribute(0x8002, TUPLE("0a000002", "c0000201", "01bb5678")) +
  attribute(3, "0000018e") +
  attribute(0x8004, attribute(0x8001, attribute(1, "02"))) +
  attribute(8, "02000064") +
  attribute(
    0x8009,
    attribute(1, "0000000000000007") + attribute(2, "ffffffffffffffff"),
  ) +
  attribute(0x800a, attribute(1, "0000000000000008"));

Deno.test("decodeConntrackEntry reads an entry with counters", () => {
  assertEquals(decodeConntrackEntry(Uint8Array.fromHex(ENTRY)), {
    protocol: 6,
    status: "seen-reply|assured|confirmed|src-nat-done|dst-nat-done",
    tcpState: "sync-recv",
    mark: 0x02000064,
    addrOrig: {
      srcIp: "10.0.0.1",
      srcPort: 0x1234,
      dstIp: "10.0.0.2",
      dstPort: 443,
    },
    addrReply: {
      srcIp: "10.0.0.2",
      srcPort: 443,
      dstIp: "192.0.2.1",
      dstPort: 0x5678,
    },
    packetsSent: 7n,
    packetsRecv: 8n,
    bytesSent: 0xffff_ffff_ffff_ffffn,
    bytesRecv: 0n,
  });
});

Deno.test("decodeConntrackEntry never fails on other layouts", () => {
  const whole = Uint8Array.fromHex(ENTRY);
  for (let length = 0; length < whole.length; length++) {
    decodeConntrackEntry(whole.subarray(0, length));
  }
  let seed = 5;
  for (let round = 0; round < 10_000; round++) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    const bytes = whole.slice();
    bytes[(seed >>> 8) % bytes.length] = seed >>> 24;
    decodeConntrackEntry(bytes);
  }
  assertEquals(decodeConntrackEntry(new Uint8Array(4)), undefined);
});

Deno.test("parseConntrackLine reads the text of proc", () => {
  assertEquals(
    parseConntrackLine(
      "ipv4     2 tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1000 dport=443 packets=3 bytes=180 src=10.0.0.2 dst=10.0.0.1 sport=443 dport=1000 packets=2 bytes=120 [ASSURED] mark=7 use=1",
    ),
    {
      protocol: 6,
      status: "seen-reply|assured|confirmed",
      tcpState: "established",
      mark: 7,
      addrOrig: {
        srcIp: "10.0.0.1",
        srcPort: 1000,
        dstIp: "10.0.0.2",
        dstPort: 443,
      },
      addrReply: {
        srcIp: "10.0.0.2",
        srcPort: 443,
        dstIp: "10.0.0.1",
        dstPort: 1000,
      },
      packetsSent: 3n,
      packetsRecv: 2n,
      bytesSent: 180n,
      bytesRecv: 120n,
    },
  );
  const udp = parseConntrackLine(
    "ipv6     10 udp      17 29 src=fd00::0001 dst=fd00::2 sport=1 dport=53 [UNREPLIED] src=fd00::2 dst=fd00::1 sport=53 dport=1 mark=0 use=1",
  );
  assertEquals([udp?.status, udp?.tcpState, udp?.addrOrig.srcIp], [
    "confirmed",
    "",
    "fd00::1",
  ]);
  for (const line of ["", "ipv4 2 icmp 1 29 src=1.2.3.4 dst=1.2.3.5", "x=y"]) {
    assertEquals(parseConntrackLine(line), undefined);
  }
});

Deno.test("enumerations have the texts of the format", () => {
  assertEquals(conntrackStateText(2), "sync-recv");
  assertEquals(["sync-recv", "syn-recv", "x"].map(conntrackStateNumber), [
    2,
    2,
    0,
  ]);
  assertEquals([0, 9, 10].map(conntrackStateText), ["", "syn-sent2", ""]);
  assertEquals(conntrackStatusText(0), "");
  assertEquals(
    conntrackStatusText(0x7fff),
    "expected|seen-reply|assured|confirmed|src-nat|dst-nat|seq-adjust|" +
      "src-nat-done|dst-nat-done|dying|fixed-timeout|template|untracked|" +
      "helper|offload",
  );
  assertEquals(conntrackStatusText(0xffff_8000 | 6), "seen-reply|assured");
  assertEquals(conntrackStatusNumber("assured|what|seen-reply"), 6);
  assertEquals([0, 3, 6].map(dnsRcodeText), [
    "no-error",
    "non-existent-domain",
    "unrecognized-rcode",
  ]);
  assertEquals([1, 28, 255, 65].map(dnsTypeText), [
    "A",
    "AAAA",
    "ALL",
    "unrecognized-type",
  ]);
});
