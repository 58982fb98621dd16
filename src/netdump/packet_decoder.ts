import { formatIpAddress, joinHostPort } from "../codec/ip_address.ts";
import { decodeClientHello } from "./capture/client_hello_decoder.ts";
import type { ClientHello } from "./capture/client_hello_decoder.ts";
import {
  decodeNetworkLayer,
  decodePacketFlow,
  ETHER_TYPE,
} from "./capture/packet_flow_decoder.ts";
import { decodeDnsMessage } from "./tracer/dns_decoder.ts";
import type { DnsMessage } from "./tracer/dns_decoder.ts";

const ICMP = 1;
const TCP = 6;
const UDP = 17;
const ICMPV6 = 58;
const DNS_PORT = 53;
const ICMP_UNREACHABLE = 3;
const ICMP_TOO_BIG_CODE = 4;
const ICMPV6_UNREACHABLE = 1;
const ICMPV6_TOO_BIG = 2;

/** What every decoded packet has. */
interface PacketBase {
  /** VLAN ids, outermost first. */
  readonly vlans: readonly number[];
}

/** A question or an answer about who has an address. */
export interface ArpPacket extends PacketBase {
  readonly type: "arp";
  /** 1 request, 2 reply. */
  readonly operation: number;
  readonly senderMac: string;
  readonly senderIp: string;
  readonly targetIp: string;
}

/** What every IP packet has. */
interface IpPacket extends PacketBase {
  readonly source: string;
  readonly destination: string;
}

/** A segment of TCP. */
export interface TcpPacket extends IpPacket {
  readonly type: "tcp";
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Flags as letters: `S` SYN, `F` FIN, `R` RST, `P` PSH, `A` ACK. */
  readonly flags: string;
  readonly sequence: number;
  readonly acknowledgement: number;
  /** Bytes of payload, also those that were not captured. */
  readonly payloadLength: number;
  /** What a TLS client says first, where the segment begins with it. */
  readonly hello: ClientHello | undefined;
}

/** A datagram of UDP. */
export interface UdpPacket extends IpPacket {
  readonly type: "udp";
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly payloadLength: number;
  /** What it says, where it is DNS that can be read. */
  readonly dns: DnsMessage | undefined;
}

/** A message of ICMP or ICMPv6. */
export interface IcmpPacket extends IpPacket {
  readonly type: "icmp";
  readonly version: 4 | 6;
  readonly icmpType: number;
  readonly icmpCode: number;
  /** For errors about a packet: where that one was going. */
  readonly about:
    | { readonly destination: string; readonly port: number | undefined }
    | undefined;
  /** Largest packet that fits, where a message says so. */
  readonly mtu: number | undefined;
  /** Neighbour discovery: the address that it is about. */
  readonly target: string | undefined;
}

/** Any other packet. */
export interface OtherPacket extends PacketBase {
  readonly type: "other";
  /** EtherType or, for IP, protocol number. */
  readonly protocol: number;
  readonly isIp: boolean;
}

/** A packet as far as it concerns the diagnosis. */
export type DecodedPacket =
  | ArpPacket
  | TcpPacket
  | UdpPacket
  | IcmpPacket
  | OtherPacket;

/**
 * Decodes the headers of a captured packet.
 *
 * @param packet The bytes that were kept.
 * @param linkType What a packet begins with, as in pcap.
 * @param originalLength Bytes that it had on the wire.
 * @returns What it is, or `undefined` when it is too short to tell.
 */
export function decodePacket(
  packet: Uint8Array,
  linkType: number,
  originalLength: number = packet.length,
): DecodedPacket | undefined {
  const layer = decodeNetworkLayer(packet, linkType);
  if (layer === undefined) return undefined;
  const { vlans, protocol } = layer;
  if (protocol === ETHER_TYPE.arp) {
    return decodeArp(packet.subarray(layer.offset), vlans);
  }
  const flow = decodePacketFlow(packet, layer);
  if (flow === undefined) {
    return { type: "other", protocol, isIp: false, vlans };
  }
  const addresses = {
    vlans,
    source: formatIpAddress(flow.source),
    destination: formatIpAddress(flow.destination),
  };
  const payload = packet.subarray(flow.offset, flow.offset + flow.length);
  const cutBytes = Math.max(0, originalLength - packet.length);
  if (!flow.isLaterFragment) {
    const ports = {
      sourcePort: flow.sourcePort ?? 0,
      destinationPort: flow.destinationPort ?? 0,
    };
    if (flow.protocol === TCP && payload.length >= 20) {
      return {
        type: "tcp",
        ...addresses,
        ...ports,
        ...decodeTcp(payload, cutBytes),
      };
    }
    if (flow.protocol === UDP && payload.length >= 8) {
      return { type: "udp", ...addresses, ...ports, ...decodeUdp(payload) };
    }
    const isIcmp = flow.protocol === ICMP || flow.protocol === ICMPV6;
    if (isIcmp && payload.length >= 8) {
      const version = flow.protocol === ICMP ? 4 : 6;
      return {
        type: "icmp",
        ...addresses,
        version,
        ...decodeIcmp(payload, version),
      };
    }
  }
  return { type: "other", protocol: flow.protocol, isIp: true, vlans };
}

function decodeArp(
  bytes: Uint8Array,
  vlans: readonly number[],
): DecodedPacket | undefined {
  // Ethernet and IPv4: hardware 1, protocol 0x0800, lengths 6 and 4.
  if (bytes.length < 28 || bytes[4] !== 6 || bytes[5] !== 4) return undefined;
  return {
    type: "arp",
    vlans,
    operation: u16(bytes, 6),
    senderMac: formatMac(bytes.subarray(8, 14)),
    senderIp: formatIpAddress(bytes.subarray(14, 18)),
    targetIp: formatIpAddress(bytes.subarray(24, 28)),
  };
}

function decodeTcp(
  bytes: Uint8Array,
  cutBytes: number,
): Pick<
  TcpPacket,
  "flags" | "sequence" | "acknowledgement" | "payloadLength" | "hello"
> {
  const header = (bytes[12]! >> 4) * 4;
  const bits = bytes[13]!;
  const letters = ["F", "S", "R", "P", "A"];
  return {
    flags: letters.filter((_, bit) => (bits >> bit & 1) === 1).join(""),
    sequence: u32(bytes, 4),
    acknowledgement: u32(bytes, 8),
    payloadLength: Math.max(0, bytes.length - header) + cutBytes,
    hello: decodeClientHello(bytes.subarray(header)),
  };
}

function decodeUdp(
  bytes: Uint8Array,
): Pick<UdpPacket, "payloadLength" | "dns"> {
  const payloadLength = Math.max(0, u16(bytes, 4) - 8);
  const isDns = u16(bytes, 0) === DNS_PORT || u16(bytes, 2) === DNS_PORT;
  return {
    payloadLength,
    dns: isDns
      ? decodeDnsMessage(bytes.subarray(8, 8 + payloadLength))
      : undefined,
  };
}

function decodeIcmp(
  bytes: Uint8Array,
  version: 4 | 6,
): Pick<IcmpPacket, "icmpType" | "icmpCode" | "about" | "mtu" | "target"> {
  const [icmpType, icmpCode] = [bytes[0]!, bytes[1]!];
  const isError = version === 4
    ? icmpType === ICMP_UNREACHABLE || icmpType === 11
    : icmpType >= 1 && icmpType <= 4;
  const tooBig = version === 4
    ? icmpType === ICMP_UNREACHABLE && icmpCode === ICMP_TOO_BIG_CODE
    : icmpType === ICMPV6_TOO_BIG;
  const isNeighbour = version === 6 && (icmpType === 135 || icmpType === 136) &&
    bytes.length >= 24;
  return {
    icmpType,
    icmpCode,
    about: isError ? decodeQuoted(bytes.subarray(8), version) : undefined,
    mtu: !tooBig ? undefined : version === 4 ? u16(bytes, 6) : u32(bytes, 4),
    target: isNeighbour ? formatIpAddress(bytes.subarray(8, 24)) : undefined,
  };
}

function decodeQuoted(
  quoted: Uint8Array,
  version: 4 | 6,
): IcmpPacket["about"] {
  const flow = decodePacketFlow(quoted, {
    protocol: version === 4 ? ETHER_TYPE.ipv4 : ETHER_TYPE.ipv6,
    offset: 0,
    vlans: [],
  });
  if (flow === undefined) return undefined;
  return {
    destination: formatIpAddress(flow.destination),
    port: flow.destinationPort,
  };
}

/**
 * Tells in a few words what an ICMP message says.
 *
 * @param packet The message.
 * @returns For example `host unreachable`.
 */
export function icmpText(
  packet: Pick<IcmpPacket, "version" | "icmpType" | "icmpCode">,
): string {
  const { version, icmpType, icmpCode } = packet;
  const key = `${version}/${icmpType}`;
  const isUnreachable = version === 4
    ? icmpType === ICMP_UNREACHABLE
    : icmpType === ICMPV6_UNREACHABLE;
  const text = isUnreachable
    ? UNREACHABLE_TEXTS[`${version}/${icmpCode}`] ?? "unreachable"
    : ICMP_TEXTS[key];
  return text ?? `type ${icmpType} code ${icmpCode}`;
}

const UNREACHABLE_TEXTS: Readonly<Record<string, string>> = {
  "4/0": "network unreachable",
  "4/1": "host unreachable",
  "4/2": "protocol unreachable",
  "4/3": "port unreachable",
  "4/4": "packet too big",
  "4/9": "network administratively prohibited",
  "4/10": "host administratively prohibited",
  "4/13": "administratively prohibited",
  "6/0": "no route",
  "6/1": "administratively prohibited",
  "6/3": "address unreachable",
  "6/4": "port unreachable",
};

const ICMP_TEXTS: Readonly<Record<string, string>> = {
  "4/0": "echo reply",
  "4/5": "redirect",
  "4/8": "echo request",
  "4/11": "time exceeded",
  "6/2": "packet too big",
  "6/3": "time exceeded",
  "6/128": "echo request",
  "6/129": "echo reply",
  "6/130": "listener query",
  "6/131": "listener report",
  "6/133": "router solicitation",
  "6/134": "router advertisement",
  "6/135": "neighbour solicitation",
  "6/136": "neighbour advertisement",
  "6/143": "listener report",
};

/**
 * Tells in one line what a packet is.
 *
 * @param packet The packet, or nothing where it cannot be decoded.
 * @returns For example `10.0.0.2:4711 > 10.0.0.1:443 tcp S`; names out of DNS
 * messages and TLS are not escaped.
 */
export function summarizePacket(packet: DecodedPacket | undefined): string {
  if (packet === undefined) return "cut packet";
  const tags = packet.vlans.map((id) => `vlan ${id} `).join("");
  switch (packet.type) {
    case "arp":
      return packet.operation === 2
        ? `${tags}arp ${packet.senderIp} is at ${packet.senderMac}`
        : `${tags}arp who has ${packet.targetIp}, tell ${packet.senderIp}`;
    case "tcp":
      return `${tags}${endpoints(packet)} tcp ${packet.flags}${
        packet.payloadLength > 0 ? ` ${packet.payloadLength} bytes` : ""
      }${packet.hello === undefined ? "" : summarizeHello(packet.hello)}`;
    case "udp":
      return `${tags}${endpoints(packet)} ${
        packet.dns === undefined
          ? `udp ${packet.payloadLength} bytes`
          : summarizeDns(packet.dns)
      }`;
    case "icmp": {
      const { about, mtu, target } = packet;
      const detail = about === undefined
        ? target ?? ""
        : `about ${
          about.port === undefined
            ? about.destination
            : joinHostPort(about.destination, about.port)
        }${mtu === undefined ? "" : `, mtu ${mtu}`}`;
      return `${tags}${packet.source} > ${packet.destination} icmp${
        packet.version === 6 ? "6" : ""
      } ${icmpText(packet)} ${detail}`.trimEnd();
    }
    case "other":
      return packet.isIp
        ? `${tags}ip protocol ${packet.protocol}`
        : `${tags}ethertype 0x${packet.protocol.toString(16).padStart(4, "0")}`;
  }
}

function endpoints(packet: TcpPacket | UdpPacket): string {
  const { source, sourcePort, destination, destinationPort } = packet;
  return `${joinHostPort(source, sourcePort)} > ${
    joinHostPort(destination, destinationPort)
  }`;
}

function summarizeHello({ serverName, version, alpn }: ClientHello): string {
  const parts = [serverName, version, alpn.join(" ")];
  return `, client hello ${parts.filter((part) => part !== "").join(", ")}`
    .trimEnd();
}

function summarizeDns(message: DnsMessage): string {
  const [question] = message.questions;
  const asked = question === undefined
    ? ""
    : ` ${
      DNS_TYPE_TEXTS[question.type] ?? `type ${question.type}`
    } ${question.name}`;
  if (!message.isReply) return `dns query${asked}`;
  const values = message.answers.flatMap(({ value }) => value ?? []);
  const outcome = message.rcode === 0
    ? values.join(", ") || "no answer"
    : DNS_RCODE_TEXTS[message.rcode] ?? `rcode ${message.rcode}`;
  return `dns reply${asked}: ${outcome}`;
}

const DNS_TYPE_TEXTS: Readonly<Record<number, string>> = {
  1: "A",
  2: "NS",
  5: "CNAME",
  6: "SOA",
  12: "PTR",
  15: "MX",
  16: "TXT",
  28: "AAAA",
  33: "SRV",
  65: "HTTPS",
};

const DNS_RCODE_TEXTS: Readonly<Record<number, string>> = {
  1: "format error",
  2: "server failure",
  3: "no such name",
  4: "not implemented",
  5: "refused",
};

/** @param bytes Six bytes. @returns For example `02:16:3e:00:00:01`. */
export function formatMac(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))
    .join(":");
}

function u16(bytes: Uint8Array, at: number): number {
  return bytes[at]! << 8 | bytes[at + 1]!;
}

function u32(bytes: Uint8Array, at: number): number {
  return u16(bytes, at) * 65_536 + u16(bytes, at + 2);
}
