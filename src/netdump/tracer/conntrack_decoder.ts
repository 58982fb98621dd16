import { formatIpAddress, parseIpAddress } from "../../codec/ip_address.ts";
import {
  conntrackStateText,
  conntrackStatusNumber,
  conntrackStatusText,
} from "../nettrace_enum_table.ts";
import type { TraceAddrTuple, TraceConntrack } from "../nettrace_types.ts";

/** An entry of connection tracking. */
export interface ConntrackEntry extends Omit<TraceConntrack, "capturedAt"> {
  /** Protocol number of IP. */
  readonly protocol: number;
}

const GENERIC_HEADER_BYTES = 4;
const TYPE_MASK = 0x3fff;
const MAX_ATTRIBUTES = 256;
const ATTRIBUTE = {
  orig: 1,
  reply: 2,
  status: 3,
  protocolInfo: 4,
  mark: 8,
  countersOrig: 9,
  countersReply: 10,
} as const;

interface Tuple {
  readonly addr: TraceAddrTuple;
  readonly protocol: number;
}

/**
 * Reads an entry as netlink gives it.
 *
 * @param payload What follows the netlink header.
 * @returns The entry, or `undefined` when its layout is not known.
 */
export function decodeConntrackEntry(
  payload: Uint8Array,
): ConntrackEntry | undefined {
  const attributes = readAttributes(payload.subarray(GENERIC_HEADER_BYTES));
  const orig = readTuple(attributes.get(ATTRIBUTE.orig));
  const reply = readTuple(attributes.get(ATTRIBUTE.reply));
  if (orig === undefined || reply === undefined) return undefined;
  const info = readAttributes(attributes.get(ATTRIBUTE.protocolInfo));
  const state = readAttributes(info.get(1)).get(1)?.[0] ?? 0;
  const sent = readAttributes(attributes.get(ATTRIBUTE.countersOrig));
  const received = readAttributes(attributes.get(ATTRIBUTE.countersReply));
  return {
    protocol: orig.protocol,
    status: conntrackStatusText(readU32(attributes.get(ATTRIBUTE.status))),
    tcpState: conntrackStateText(state),
    mark: readU32(attributes.get(ATTRIBUTE.mark)),
    addrOrig: orig.addr,
    addrReply: reply.addr,
    packetsSent: readU64(sent.get(1)),
    packetsRecv: readU64(received.get(1)),
    bytesSent: readU64(sent.get(2)),
    bytesRecv: readU64(received.get(2)),
  };
}

const TEXT_STATES: Readonly<Record<string, number>> = {
  NONE: 0,
  SYN_SENT: 1,
  SYN_RECV: 2,
  ESTABLISHED: 3,
  FIN_WAIT: 4,
  CLOSE_WAIT: 5,
  LAST_ACK: 6,
  TIME_WAIT: 7,
  CLOSE: 8,
  SYN_SENT2: 9,
};

/**
 * Reads a line of `/proc/net/nf_conntrack`.
 *
 * @param line One line: family, protocol, time-out, state of TCP, then
 * `src= dst= sport= dport=` (and counters) for both directions with flags in brackets.
 * @returns The entry, or `undefined` for other protocols than TCP and UDP.
 */
export function parseConntrackLine(line: string): ConntrackEntry | undefined {
  const words = line.trim().split(/\s+/);
  const protocol = Number(words[3]);
  const directions: Record<string, string>[] = [];
  const single: Record<string, string> = {};
  for (const word of words) {
    const [key = "", value] = word.split("=");
    if (value === undefined) continue;
    if (key === "src") directions.push({});
    const isOfDirection = /^(src|dst|sport|dport|packets|bytes)$/.test(key) &&
      directions.length > 0;
    (isOfDirection ? directions.at(-1)! : single)[key] = value;
  }
  const [orig, reply] = directions;
  const isKnown = protocol === 6 || protocol === 17;
  if (!isKnown || orig === undefined || reply === undefined) return undefined;
  const addrOrig = toAddrTuple(orig);
  const addrReply = toAddrTuple(reply);
  if (addrOrig === undefined || addrReply === undefined) return undefined;
  const flags = ["confirmed"];
  if (!words.includes("[UNREPLIED]")) flags.push("seen-reply");
  if (words.includes("[ASSURED]")) flags.push("assured");
  return {
    protocol,
    status: conntrackStatusText(conntrackStatusNumber(flags.join("|"))),
    tcpState: protocol === 6
      ? conntrackStateText(TEXT_STATES[words[5] ?? ""] ?? 0)
      : "",
    mark: Number(single["mark"] ?? 0) >>> 0,
    addrOrig,
    addrReply,
    packetsSent: toCount(orig["packets"]),
    packetsRecv: toCount(reply["packets"]),
    bytesSent: toCount(orig["bytes"]),
    bytesRecv: toCount(reply["bytes"]),
  };
}

function toAddrTuple(
  direction: Readonly<Record<string, string>>,
): TraceAddrTuple | undefined {
  const source = parseIpAddress(direction["src"] ?? "");
  const destination = parseIpAddress(direction["dst"] ?? "");
  if (source === undefined || destination === undefined) return undefined;
  return {
    srcIp: formatIpAddress(source),
    srcPort: Number(direction["sport"] ?? 0),
    dstIp: formatIpAddress(destination),
    dstPort: Number(direction["dport"] ?? 0),
  };
}

function toCount(text: string | undefined): bigint {
  return text !== undefined && /^\d+$/.test(text) ? BigInt(text) : 0n;
}

function readTuple(bytes: Uint8Array | undefined): Tuple | undefined {
  const attributes = readAttributes(bytes);
  const ip = readAttributes(attributes.get(1));
  const proto = readAttributes(attributes.get(2));
  const source = ip.get(1) ?? ip.get(3);
  const destination = ip.get(2) ?? ip.get(4);
  const isAddress = (each: Uint8Array | undefined): each is Uint8Array =>
    each?.length === 4 || each?.length === 16;
  if (!isAddress(source) || !isAddress(destination)) return undefined;
  return {
    protocol: proto.get(1)?.[0] ?? 0,
    addr: {
      srcIp: formatIpAddress(source),
      srcPort: readU16(proto.get(2)),
      dstIp: formatIpAddress(destination),
      dstPort: readU16(proto.get(3)),
    },
  };
}

function readAttributes(
  bytes: Uint8Array | undefined,
): Map<number, Uint8Array> {
  const attributes = new Map<number, Uint8Array>();
  if (bytes === undefined) return attributes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = view.getUint16(at, true);
    const isWhole = length >= 4 && at + length <= bytes.length;
    if (!isWhole || attributes.size >= MAX_ATTRIBUTES) break;
    attributes.set(
      view.getUint16(at + 2, true) & TYPE_MASK,
      bytes.subarray(at + 4, at + length),
    );
    at += (length + 3) & ~3;
  }
  return attributes;
}

function readU16(bytes: Uint8Array | undefined): number {
  return bytes?.length === 2 ? bytes[0]! << 8 | bytes[1]! : 0;
}

function readU32(bytes: Uint8Array | undefined): number {
  return bytes?.length === 4
    ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
    : 0;
}

function readU64(bytes: Uint8Array | undefined): bigint {
  return bytes?.length === 8
    ? new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0)
    : 0n;
}
