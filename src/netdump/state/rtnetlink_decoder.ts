import { formatMac } from "../packet_decoder.ts";
import { NetlinkAttributes } from "./_netlink_attributes.ts";
import type {
  AddressState,
  IpFamily,
  LinkCounters,
  LinkState,
  NeighbourState,
  RouteHop,
  RouteState,
  RuleState,
} from "./types.ts";

// Every message is a structure of its kind and attributes behind it:
// link 16, address 8, route 12, rule 12, neighbour 12 bytes.
const AF_INET = 2;
const AF_INET6 = 10;
const IFF_UP = 1;
const IFF_LOOPBACK = 8;
const IFF_LOWER_UP = 0x10000;
const IFA_F_DADFAILED = 0x08;
const IFA_F_TENTATIVE = 0x40;
const IFA_F_PERMANENT = 0x80;
const RTM_F_CLONED = 0x200;
const RTNH_F_DEAD_OR_DOWN = 0x11;

const SCOPES: Readonly<Record<number, string>> = {
  0: "global",
  200: "site",
  253: "link",
  254: "host",
  255: "nowhere",
};
const ROUTE_TYPES: readonly string[] = [
  "unspec",
  "unicast",
  "local",
  "broadcast",
  "anycast",
  "multicast",
  "blackhole",
  "unreachable",
  "prohibit",
  "throw",
  "nat",
];
const PROTOCOLS: Readonly<Record<number, string>> = {
  1: "redirect",
  2: "kernel",
  3: "boot",
  4: "static",
  9: "ra",
  11: "zebra",
  12: "bird",
  16: "dhcp",
  186: "bgp",
  188: "ospf",
};
const TABLES: Readonly<Record<number, string>> = {
  253: "default",
  254: "main",
  255: "local",
};
const ACTIONS: Readonly<Record<number, string>> = {
  1: "lookup",
  2: "goto",
  3: "nop",
  6: "blackhole",
  7: "unreachable",
  8: "prohibit",
};
const NEIGHBOUR_STATES: Readonly<Record<number, string>> = {
  0x01: "incomplete",
  0x02: "reachable",
  0x04: "stale",
  0x08: "delay",
  0x10: "probe",
  0x20: "failed",
  0x40: "noarp",
  0x80: "permanent",
};

/** Names of interfaces by number. */
export type LinkNames = ReadonlyMap<number, string>;

/** A link before the names of others are known. */
export interface DecodedLink {
  readonly link: LinkState;
  /** Number of its master, 0 where there is none. */
  readonly masterIndex: number;
  /** Number of the link below it, 0 where there is none. */
  readonly parentIndex: number;
}

/**
 * Decodes a link.
 *
 * @param payload What follows the netlink header.
 * @returns The link, `undefined` when the message is cut.
 */
export function decodeLink(payload: Uint8Array): DecodedLink | undefined {
  if (payload.length < 16) return undefined;
  const view = viewOf(payload);
  const flags = view.getUint32(8, true);
  const attributes = new NetlinkAttributes(payload.subarray(16));
  const info = attributes.nested(18);
  const kind = info.text(1);
  const mac = attributes.bytes(1);
  const link: LinkState = {
    name: attributes.text(3),
    index: view.getInt32(4, true),
    isUp: (flags & IFF_UP) !== 0,
    hasCarrier: (flags & IFF_LOWER_UP) !== 0,
    isLoopback: (flags & IFF_LOOPBACK) !== 0,
    mtu: attributes.u32(4) ?? 0,
    mac: mac?.length === 6 ? formatMac(mac) : "",
    kind,
    master: "",
    parent: "",
    vlanId: kind === "vlan" ? info.nested(2).u16(1) : undefined,
    addresses: [],
    counters: decodeCounters(attributes.bytes(23)),
  };
  return {
    link,
    masterIndex: attributes.u32(10) ?? 0,
    parentIndex: attributes.u32(5) ?? 0,
  };
}

function decodeCounters(
  bytes: Uint8Array | undefined,
): LinkCounters | undefined {
  if (bytes === undefined || bytes.length < 64) return undefined;
  const view = viewOf(bytes);
  const at = (index: number) => Number(view.getBigUint64(index * 8, true));
  return {
    rxPackets: at(0),
    txPackets: at(1),
    rxBytes: at(2),
    txBytes: at(3),
    rxErrors: at(4),
    txErrors: at(5),
    rxDropped: at(6),
    txDropped: at(7),
  };
}

/**
 * Decodes an address.
 *
 * @param payload What follows the netlink header.
 * @returns The address and the number of its link, `undefined` when the message
 * is cut or of another family.
 */
export function decodeAddress(
  payload: Uint8Array,
): { readonly linkIndex: number; readonly address: AddressState } | undefined {
  if (payload.length < 8 || familyOf(payload) === undefined) return undefined;
  const attributes = new NetlinkAttributes(payload.subarray(8));
  const flags = attributes.u32(8) ?? payload[2]!;
  // The local address stands in an attribute of its own on links of two points.
  const ip = attributes.address(2) || attributes.address(1);
  if (ip === "") return undefined;
  return {
    linkIndex: viewOf(payload).getUint32(4, true),
    address: {
      ip,
      prefixLength: payload[1]!,
      scope: SCOPES[payload[3]!] ?? String(payload[3]),
      isDynamic: (flags & IFA_F_PERMANENT) === 0,
      isTentative: (flags & IFA_F_TENTATIVE) !== 0,
      isDuplicate: (flags & IFA_F_DADFAILED) !== 0,
    },
  };
}

/**
 * Decodes a route.
 *
 * @param payload What follows the netlink header.
 * @param names Names of interfaces.
 * @returns The route, `undefined` when the message is cut, of another family or
 * only remembers how a packet went.
 */
export function decodeRoute(
  payload: Uint8Array,
  names: LinkNames,
): RouteState | undefined {
  const family = familyOf(payload);
  if (payload.length < 12 || family === undefined) return undefined;
  const flags = viewOf(payload).getUint32(8, true);
  if ((flags & RTM_F_CLONED) !== 0) return undefined;
  const attributes = new NetlinkAttributes(payload.subarray(12));
  const prefixLength = payload[1]!;
  const table = attributes.u32(15) ?? payload[4]!;
  const paths = attributes.bytes(9);
  const hops = paths === undefined
    ? [decodeHop(attributes, attributes.u32(4) ?? 0, names)]
    : decodePaths(paths, names);
  const destination = attributes.address(1);
  return {
    family,
    table: TABLES[table] ?? String(table),
    destination: destination === "" || prefixLength === 0
      ? "default"
      : `${destination}/${prefixLength}`,
    type: ROUTE_TYPES[payload[7]!] ?? String(payload[7]),
    hops,
    source: attributes.address(7),
    metric: attributes.u32(6) ?? 0,
    protocol: PROTOCOLS[payload[5]!] ?? String(payload[5]),
    scope: SCOPES[payload[6]!] ?? String(payload[6]),
    mtu: attributes.nested(8).u32(2),
    isDead: (flags & RTNH_F_DEAD_OR_DOWN) !== 0,
  };
}

function decodeHop(
  attributes: NetlinkAttributes,
  linkIndex: number,
  names: LinkNames,
): RouteHop {
  // A router of the other family stands behind two bytes of its family.
  const via = attributes.bytes(18);
  const gateway = via === undefined
    ? attributes.address(5)
    : new NetlinkAttributes(
      new Uint8Array([via.length + 2, 0, 5, 0, ...via.subarray(2)]),
    ).address(5);
  return { gateway, device: names.get(linkIndex) ?? "" };
}

function decodePaths(bytes: Uint8Array, names: LinkNames): RouteHop[] {
  const hops: RouteHop[] = [];
  const view = viewOf(bytes);
  for (let at = 0; at + 8 <= bytes.length;) {
    const length = view.getUint16(at, true);
    if (length < 8 || at + length > bytes.length) break;
    const attributes = new NetlinkAttributes(
      bytes.subarray(at + 8, at + length),
    );
    hops.push(decodeHop(attributes, view.getInt32(at + 4, true), names));
    at += (length + 3) & ~3;
  }
  return hops;
}

/**
 * Decodes a rule.
 *
 * @param payload What follows the netlink header.
 * @returns The rule, `undefined` when the message is cut or of another family.
 */
export function decodeRule(payload: Uint8Array): RuleState | undefined {
  const family = familyOf(payload);
  if (payload.length < 12 || family === undefined) return undefined;
  const attributes = new NetlinkAttributes(payload.subarray(12));
  const table = attributes.u32(15) ?? payload[4]!;
  const action = ACTIONS[payload[7]!] ?? `action ${payload[7]}`;
  return {
    family,
    priority: attributes.u32(6) ?? 0,
    selector: ruleSelector(payload, attributes),
    action,
    table: action === "lookup"
      ? attributes.has(19) ? "l3mdev" : TABLES[table] ?? String(table)
      : "",
  };
}

function ruleSelector(
  payload: Uint8Array,
  attributes: NetlinkAttributes,
): string {
  const network = (type: number, bits: number): string => {
    const address = attributes.address(type);
    if (address === "") return "all";
    const whole = address.includes(":") ? 128 : 32;
    return bits === whole ? address : `${address}/${bits}`;
  };
  const words = [`from ${network(2, payload[2]!)}`];
  if (attributes.has(1)) words.push(`to ${network(1, payload[1]!)}`);
  const mark = attributes.u32(10);
  if (mark !== undefined) {
    const mask = attributes.u32(16) ?? 0xffffffff;
    const suffix = mask === 0xffffffff ? "" : `/0x${mask.toString(16)}`;
    words.push(`fwmark 0x${mark.toString(16)}${suffix}`);
  }
  if (attributes.has(3)) words.push(`iif ${attributes.text(3)}`);
  if (attributes.has(17)) words.push(`oif ${attributes.text(17)}`);
  const protocol = attributes.bytes(22)?.[0];
  if (protocol !== undefined) words.push(`ipproto ${protocol}`);
  for (const [type, word] of [[23, "sport"], [24, "dport"]] as const) {
    const first = attributes.u16(type);
    if (first !== undefined) words.push(`${word} ${first}`);
  }
  return words.join(" ");
}

/**
 * Decodes a neighbour.
 *
 * @param payload What follows the netlink header.
 * @param names Names of interfaces.
 * @returns The neighbour, `undefined` when the message is cut, of another
 * family or about no real neighbour.
 */
export function decodeNeighbour(
  payload: Uint8Array,
  names: LinkNames,
): NeighbourState | undefined {
  if (payload.length < 12 || familyOf(payload) === undefined) return undefined;
  const view = viewOf(payload);
  const attributes = new NetlinkAttributes(payload.subarray(12));
  const ip = attributes.address(1);
  const state = NEIGHBOUR_STATES[view.getUint16(8, true)];
  // Groups and own addresses need no asking: they are no neighbours.
  if (ip === "" || state === undefined || state === "noarp") return undefined;
  const mac = attributes.bytes(2);
  return {
    ip,
    device: names.get(view.getInt32(4, true)) ?? "",
    mac: mac?.length === 6 ? formatMac(mac) : "",
    state,
    isRouter: (payload[10]! & 0x80) !== 0,
  };
}

function familyOf(payload: Uint8Array): IpFamily | undefined {
  if (payload[0] === AF_INET) return 4;
  return payload[0] === AF_INET6 ? 6 : undefined;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
