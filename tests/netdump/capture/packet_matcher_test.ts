import { assertEquals } from "@std/assert";
import { decodeClientHello } from "../../../src/netdump/capture/client_hello_decoder.ts";
import { captureFileName } from "../../../src/netdump/capture/captured_interface.ts";
import {
  decodeNetworkLayer,
  decodePacketFlow,
} from "../../../src/netdump/capture/packet_flow_decoder.ts";
import { PacketMatcher } from "../../../src/netdump/capture/packet_matcher.ts";

const MACS = "020000000001020000000002";

/** A packet over IPv4: protocol, addresses, ports, and what follows. */
function ipv4(
  protocol: number,
  source: string,
  destination: string,
  options: { ports?: string; fragment?: string; vlan?: string } = {},
): Uint8Array {
  const address = (text: string) =>
    new Uint8Array(text.split(".").map(Number)).toHex();
  return Uint8Array.fromHex(
    MACS + (options.vlan ?? "") + "0800" + "4500001c0000" +
      (options.fragment ?? "0000") + "40" +
      protocol.toString(16).padStart(2, "0") + "0000" + address(source) +
      address(destination) + (options.ports ?? "") + "00000000",
  );
}

const CONN = {
  protocol: "tcp",
  source: { address: "10.0.0.1", port: 0x1000 },
  destination: { address: "10.0.0.2", port: 0x01bb },
} as const;

Deno.test("PacketMatcher takes both directions of a connection and nothing else", () => {
  const matcher = new PacketMatcher({ connections: [CONN] });
  const match = (...args: Parameters<typeof ipv4>) =>
    matcher.matches(ipv4(...args), 1);
  assertEquals(match(6, "10.0.0.1", "10.0.0.2", { ports: "100001bb" }), true);
  assertEquals(match(6, "10.0.0.2", "10.0.0.1", { ports: "01bb1000" }), true);
  assertEquals(
    match(6, "10.0.0.1", "10.0.0.2", {
      ports: "100001bb",
      vlan: "81000064",
    }),
    true,
  );
  assertEquals(match(6, "10.0.0.1", "10.0.0.2", { ports: "100101bb" }), false);
  assertEquals(match(17, "10.0.0.1", "10.0.0.2", { ports: "100001bb" }), false);
  assertEquals(match(6, "10.0.0.1", "10.0.0.3", { ports: "100001bb" }), false);
  assertEquals(match(1, "10.0.0.1", "10.0.0.2"), false);
  // A later fragment has no ports.
  assertEquals(
    match(6, "10.0.0.1", "10.0.0.2", { fragment: "00b9", ports: "ffffffff" }),
    true,
  );
});

Deno.test("PacketMatcher decides by the other end while a socket has no address", () => {
  const matcher = new PacketMatcher({
    connections: [{ ...CONN, source: undefined }],
  });
  const match = (...args: Parameters<typeof ipv4>) =>
    matcher.matches(ipv4(...args), 1);
  assertEquals(match(6, "10.9.9.9", "10.0.0.2", { ports: "777701bb" }), true);
  assertEquals(match(6, "10.0.0.2", "10.9.9.9", { ports: "01bb7777" }), true);
  assertEquals(match(6, "10.9.9.9", "10.0.0.2", { ports: "777701bc" }), false);
});

Deno.test("PacketMatcher takes ARP and ICMP when they are wanted", () => {
  const arp = Uint8Array.fromHex(MACS + "0806" + "00".repeat(28));
  const icmp6 = Uint8Array.fromHex(
    MACS + "86dd" + "6000000000083aff" + "00".repeat(40),
  );
  for (const isWanted of [false, true]) {
    const matcher = new PacketMatcher({
      connections: [],
      includeArp: isWanted,
      includeIcmp: isWanted,
    });
    assertEquals(matcher.matches(arp, 1), isWanted);
    assertEquals(matcher.matches(ipv4(1, "1.2.3.4", "1.2.3.5"), 1), isWanted);
    assertEquals(matcher.matches(icmp6, 1), isWanted);
    assertEquals(matcher.matches(new Uint8Array(10), 1), false);
  }
});

Deno.test("decodePacketFlow walks over the headers of IPv6", () => {
  const packet = Uint8Array.fromHex(
    "6000000000180040" + "fd".padEnd(32, "0") + "fe".padEnd(32, "0") +
      // Hop by hop, then a first fragment, then UDP.
      "2c00000000000000" + "1100000100000001" + "0035003600080000",
  );
  const layer = decodeNetworkLayer(packet, 101)!;
  const flow = decodePacketFlow(packet, layer)!;
  assertEquals(
    [flow.protocol, flow.sourcePort, flow.destinationPort, flow.offset],
    [17, 53, 54, 56],
  );
});

Deno.test("packets that are cut or made up never fail", () => {
  const base = ipv4(6, "10.0.0.1", "10.0.0.2", { ports: "100001bb" });
  let seed = 11;
  const matcher = new PacketMatcher({ connections: [CONN], includeArp: true });
  for (let round = 0; round < 10_000; round++) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    const bytes = base.slice(0, (seed >>> 4) % (base.length + 1));
    if (bytes.length > 0) bytes[(seed >>> 8) % bytes.length] = seed >>> 24;
    for (const linkType of [0, 1, 101, 113, 276, 999]) {
      matcher.matches(bytes, linkType);
    }
  }
});

const HELLO = "160301004b" + "01000047" + "0303" + "11".repeat(32) + "00" +
  "0006" + "0a0a" + "1301" + "c02f" + "0100" + "0018" +
  "0000000b" + "0009000006" + "612e74657374" +
  "002b0005" + "040a0a0304";

Deno.test("decodeClientHello reads name, protocols and versions", () => {
  assertEquals(decodeClientHello(Uint8Array.fromHex(HELLO)), {
    serverName: "a.test",
    alpn: [],
    version: "TLS 1.3",
    cipherSuites: [0x1301, 0xc02f],
  });
  const whole = Uint8Array.fromHex(HELLO);
  for (let length = 0; length < whole.length; length++) {
    decodeClientHello(whole.subarray(0, length));
  }
  assertEquals(
    decodeClientHello(new Uint8Array([22, 3, 1, 0, 1, 2])),
    undefined,
  );
});

Deno.test("captureFileName names files as EVE does", () => {
  const name = (
    interfaceName: string,
    isTruncated: boolean,
    withoutTcpPayload: boolean,
  ) => captureFileName({ interfaceName, isTruncated, withoutTcpPayload });
  assertEquals(name("eth0", false, false), "eth0.pcap");
  assertEquals(name("eth0.5", true, true), "eth0.5-truncated-nopayload.pcap");
  assertEquals(name("a/b%", false, false), "a%2Fb%25.pcap");
});
