import { LINK_TYPE } from "./link_type_table.ts";

/** Where the network header of a packet begins and what it is. */
export interface NetworkLayer {
  /** EtherType. */
  readonly protocol: number;
  /** Offset of the network header. */
  readonly offset: number;
  /** VLAN ids, outermost first. */
  readonly vlans: readonly number[];
}

/** Addresses and ports of a packet. */
export interface PacketFlow {
  /** Protocol number of IP. */
  readonly protocol: number;
  /** 4 or 16 bytes, views of the packet. */
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  /** `undefined` where the packet has none: other protocols, later fragments, cut packets. */
  readonly sourcePort: number | undefined;
  readonly destinationPort: number | undefined;
  /** Offset of what the IP header carries. */
  readonly offset: number;
  /** Whether it is a fragment behind the first. */
  readonly isLaterFragment: boolean;
  /** Bytes that the IP header announces behind itself, as far as they were captured. */
  readonly length: number;
}

/** EtherTypes. */
export const ETHER_TYPE = {
  ipv4: 0x0800,
  arp: 0x0806,
  vlan: 0x8100,
  ipv6: 0x86dd,
  serviceVlan: 0x88a8,
} as const;

/** Link types that are read beside {@linkcode LINK_TYPE}. */
const NULL_LINK = 0;
const COOKED_V1 = 113;
const RAW_IPV4 = 228;
const RAW_IPV6 = 229;
const MAX_TAGS = 4;
const MAX_EXTENSIONS = 8;
/** IPv6 extension headers that are walked over: hop-by-hop, routing, destination options, AH is not among them. */
const EXTENSIONS: ReadonlySet<number> = new Set([0, 43, 60]);
const FRAGMENT = 44;
const TCP = 6;
const UDP = 17;

/**
 * Finds the network header of a packet.
 *
 * @param packet The packet.
 * @param linkType What it begins with, as in pcap.
 * @returns Protocol and place, `undefined` when the packet is cut or the link type is not known.
 */
export function decodeNetworkLayer(
  packet: Uint8Array,
  linkType: number,
): NetworkLayer | undefined {
  switch (linkType) {
    case LINK_TYPE.ethernet:
      return withoutTags(packet, 12);
    case COOKED_V1:
      return withoutTags(packet, 14);
    case LINK_TYPE.cooked:
      return packet.length < 20
        ? undefined
        : { protocol: u16(packet, 0), offset: 20, vlans: [] };
    case LINK_TYPE.raw:
    case RAW_IPV4:
    case RAW_IPV6:
      return byVersion(packet, 0);
    case NULL_LINK:
      return byVersion(packet, 4);
    default:
      return undefined;
  }
}

/**
 * Finds addresses and ports of an IP packet.
 *
 * @param packet The packet.
 * @param layer Where its network header is.
 * @returns The flow, `undefined` when it is no IP packet or is cut.
 */
export function decodePacketFlow(
  packet: Uint8Array,
  layer: NetworkLayer,
): PacketFlow | undefined {
  if (layer.protocol === ETHER_TYPE.ipv4) {
    return decodeIpv4(packet, layer.offset);
  }
  return layer.protocol === ETHER_TYPE.ipv6
    ? decodeIpv6(packet, layer.offset)
    : undefined;
}

function withoutTags(
  packet: Uint8Array,
  typeOffset: number,
): NetworkLayer | undefined {
  const vlans: number[] = [];
  let at = typeOffset;
  while (at + 2 <= packet.length) {
    const protocol = u16(packet, at);
    const isTag = protocol === ETHER_TYPE.vlan ||
      protocol === ETHER_TYPE.serviceVlan;
    if (!isTag || vlans.length >= MAX_TAGS || at + 6 > packet.length) {
      return { protocol, offset: at + 2, vlans };
    }
    vlans.push(u16(packet, at + 2) & 0xfff);
    at += 4;
  }
  return undefined;
}

function byVersion(
  packet: Uint8Array,
  offset: number,
): NetworkLayer | undefined {
  const version = (packet[offset] ?? 0) >> 4;
  if (version !== 4 && version !== 6) return undefined;
  return {
    protocol: version === 4 ? ETHER_TYPE.ipv4 : ETHER_TYPE.ipv6,
    offset,
    vlans: [],
  };
}

function decodeIpv4(packet: Uint8Array, at: number): PacketFlow | undefined {
  if (at + 20 > packet.length) return undefined;
  const headerBytes = (packet[at]! & 0xf) * 4;
  if (headerBytes < 20) return undefined;
  const offset = at + headerBytes;
  const total = u16(packet, at + 2);
  // Segments that the card will cut have a total length of 0.
  const end = total === 0 ? packet.length : at + total;
  return withPorts(packet, {
    protocol: packet[at + 9]!,
    source: packet.subarray(at + 12, at + 16),
    destination: packet.subarray(at + 16, at + 20),
    offset,
    isLaterFragment: (u16(packet, at + 6) & 0x1fff) !== 0,
    length: Math.max(0, Math.min(end, packet.length) - offset),
  });
}

function decodeIpv6(packet: Uint8Array, at: number): PacketFlow | undefined {
  if (at + 40 > packet.length) return undefined;
  let protocol = packet[at + 6]!;
  let offset = at + 40;
  let isLaterFragment = false;
  for (let left = MAX_EXTENSIONS; left > 0; left--) {
    if (offset + 8 > packet.length) break;
    if (protocol === FRAGMENT) {
      isLaterFragment = (u16(packet, offset + 2) & 0xfff8) !== 0;
      protocol = packet[offset]!;
      offset += 8;
    } else if (EXTENSIONS.has(protocol)) {
      protocol = packet[offset]!;
      offset += (packet[offset + 1]! + 1) * 8;
    } else break;
  }
  const payload = u16(packet, at + 4);
  const end = payload === 0 ? packet.length : at + 40 + payload;
  return withPorts(packet, {
    protocol,
    source: packet.subarray(at + 8, at + 24),
    destination: packet.subarray(at + 24, at + 40),
    offset,
    isLaterFragment,
    length: Math.max(0, Math.min(end, packet.length) - offset),
  });
}

function withPorts(
  packet: Uint8Array,
  flow: Omit<PacketFlow, "sourcePort" | "destinationPort">,
): PacketFlow {
  const { protocol, offset } = flow;
  const hasPorts = (protocol === TCP || protocol === UDP) &&
    !flow.isLaterFragment && offset + 4 <= packet.length;
  return {
    ...flow,
    sourcePort: hasPorts ? u16(packet, offset) : undefined,
    destinationPort: hasPorts ? u16(packet, offset + 2) : undefined,
  };
}

function u16(bytes: Uint8Array, at: number): number {
  return bytes[at]! << 8 | bytes[at + 1]!;
}
