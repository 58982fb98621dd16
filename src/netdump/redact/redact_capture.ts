import { PcapDecoder } from "../../container/pcap_decoder.ts";
import type { PcapHeader } from "../../container/pcap_decoder.ts";
import { FormatError } from "../../base/errors.ts";
import {
  decodeNetworkLayer,
  decodePacketFlow,
  ETHER_TYPE,
} from "../capture/packet_flow_decoder.ts";
import type { Pseudonyms } from "./pseudonyms.ts";
import { SECRET_HEADER, SECRET_NAME } from "./redaction_rule_table.ts";

const ETHERNET = 1;
const TCP = 6;
const UDP = 17;
const ICMP = 1;
const ICMPV6 = 58;
const DNS_PORT = 53;
const DNS_HEADER_BYTES = 12;
const RECORD_HEADER_BYTES = 16;
/** What holds secrets in plain HTTP: what stands in front, and the secret. */
const SECRET_REGEXPS: readonly RegExp[] = [
  // The field of a header, up to the end of its line.
  new RegExp(
    String.raw`((?:^|\r\n)${SECRET_HEADER}:[ \t]*)([^\r\n]+)`,
    "gi",
  ),
  // User and password in a request line.
  /(\b[a-z]{1,20}:\/\/)([^\s/@]+)(?=@)/gi,
  // A parameter of the query, or of a form that is sent.
  new RegExp(
    String.raw`((?:[?&]|^|\r\n\r\n)(?:${SECRET_NAME}|key|code)=)([^\s&]+)`,
    "gi",
  ),
  // A member of JSON.
  new RegExp(
    String.raw`("${SECRET_NAME}"[ \t]{0,8}:[ \t]{0,8}")((?:[^"\\]|\\.)+)`,
    "gi",
  ),
];

/** How {@linkcode redactCapture} redacts. */
export interface RedactCaptureOptions {
  /**
   * Other addresses, and only headers of the packets: the strict level. Without
   * it, headers of plain HTTP that hold secrets are overwritten.
   */
  readonly pseudonyms?: Pseudonyms | undefined;
}

/** What {@linkcode redactCapture} gives. */
export interface RedactedCapture {
  /** The file, as long as before. */
  readonly content: Uint8Array;
  /** Secrets that were overwritten. */
  readonly secrets: number;
  /** Packets that were changed otherwise. */
  readonly packets: number;
}

/**
 * Redacts a capture in place of its packets: lengths and times stay.
 * Checksums of what was changed are wrong afterwards, except those of IPv4
 * headers.
 *
 * @param content A pcap file.
 * @param options What to do.
 * @returns The file; what is behind a fault in it is cut off on the strict level.
 */
export function redactCapture(
  content: Uint8Array,
  options: RedactCaptureOptions = {},
): RedactedCapture {
  const { pseudonyms } = options;
  const copy = content.slice();
  let header: PcapHeader | undefined;
  let secrets = 0;
  let packets = 0;
  let end = 0;
  const decoder = new PcapDecoder({
    onHeader: (found) => {
      header = found;
      end = 24;
    },
    onPacket: ({ offset, data }) => {
      const start = offset + RECORD_HEADER_BYTES;
      end = start + data.length;
      const packet = copy.subarray(start, end);
      if (pseudonyms === undefined) {
        secrets += overwriteSecrets(packet, header!.linkType);
      } else {
        rewritePacket(packet, header!.linkType, pseudonyms);
        packets++;
      }
    },
  });
  try {
    decoder.push(copy);
    decoder.finish();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    // What cannot be read cannot be redacted.
    if (pseudonyms !== undefined) {
      return { content: copy.slice(0, end), secrets, packets };
    }
  }
  return { content: copy, secrets, packets };
}

function overwriteSecrets(packet: Uint8Array, linkType: number): number {
  const layer = decodeNetworkLayer(packet, linkType);
  const flow = layer && decodePacketFlow(packet, layer);
  if (flow?.protocol !== TCP || flow.isLaterFragment) return 0;
  const headerBytes = ((packet[flow.offset + 12] ?? 0) >> 4) * 4;
  const payload = packet.subarray(
    Math.min(flow.offset + headerBytes, packet.length),
    flow.offset + flow.length,
  );
  const text = toBinary(payload);
  let count = 0;
  for (const pattern of SECRET_REGEXPS) {
    for (const match of text.matchAll(pattern)) {
      const start = match.index + match[1]!.length;
      payload.fill(0x2a, start, start + match[2]!.length);
      count++;
    }
  }
  return count;
}

function rewritePacket(
  packet: Uint8Array,
  linkType: number,
  pseudonyms: Pseudonyms,
): void {
  if (linkType === ETHERNET && packet.length >= 14) {
    for (const at of [0, 6]) rewriteMac(packet, at, pseudonyms);
  }
  const layer = decodeNetworkLayer(packet, linkType);
  if (layer === undefined) {
    packet.fill(0);
    return;
  }
  if (layer.protocol === ETHER_TYPE.arp) {
    rewriteArp(packet.subarray(layer.offset), pseudonyms);
    return;
  }
  const flow = decodePacketFlow(packet, layer);
  if (flow === undefined) {
    packet.fill(0, layer.offset);
    return;
  }
  const isIpv4 = flow.source.length === 4;
  flow.source.set(pseudonyms.ipBytes(flow.source));
  flow.destination.set(pseudonyms.ipBytes(flow.destination));
  if (isIpv4) fixHeaderSum(packet.subarray(layer.offset, flow.offset));
  const payload = packet.subarray(flow.offset);
  if (flow.isLaterFragment) payload.fill(0);
  else clearPayload(payload, flow.protocol, pseudonyms);
}

function rewriteArp(bytes: Uint8Array, pseudonyms: Pseudonyms): void {
  if (bytes.length < 28 || bytes[4] !== 6 || bytes[5] !== 4) {
    bytes.fill(0);
    return;
  }
  for (const at of [8, 18]) rewriteMac(bytes, at, pseudonyms);
  for (const at of [14, 24]) {
    bytes.set(pseudonyms.ipBytes(bytes.subarray(at, at + 4)), at);
  }
  bytes.fill(0, 28);
}

function rewriteMac(
  bytes: Uint8Array,
  at: number,
  pseudonyms: Pseudonyms,
): void {
  bytes.set(pseudonyms.macBytes(bytes.subarray(at, at + 6)), at);
}

/** Leaves headers of TCP, UDP, DNS and ICMP. */
function clearPayload(
  payload: Uint8Array,
  protocol: number,
  pseudonyms: Pseudonyms,
): void {
  switch (protocol) {
    case TCP:
      payload.fill(0, Math.max(20, ((payload[12] ?? 0) >> 4) * 4));
      break;
    case UDP: {
      const isDns = port(payload, 0) === DNS_PORT ||
        port(payload, 2) === DNS_PORT;
      payload.fill(0, isDns ? 8 + DNS_HEADER_BYTES : 8);
      break;
    }
    case ICMP:
      clearIcmp(payload, 4, pseudonyms);
      break;
    case ICMPV6:
      clearIcmp(payload, 6, pseudonyms);
      break;
    default:
      payload.fill(0);
  }
}

function clearIcmp(
  payload: Uint8Array,
  version: 4 | 6,
  pseudonyms: Pseudonyms,
): void {
  const type = payload[0] ?? 0;
  const isError = version === 4 ? type === 3 || type === 11 : type <= 4;
  const isNeighbour = version === 6 && (type === 135 || type === 136);
  if (isNeighbour && payload.length >= 24) {
    payload.set(pseudonyms.ipBytes(payload.subarray(8, 24)), 8);
    payload.fill(0, 24);
    return;
  }
  const quoted = payload.subarray(8);
  const flow = isError
    ? decodePacketFlow(quoted, {
      protocol: version === 4 ? ETHER_TYPE.ipv4 : ETHER_TYPE.ipv6,
      offset: 0,
      vlans: [],
    })
    : undefined;
  if (flow === undefined) {
    quoted.fill(0);
    return;
  }
  flow.source.set(pseudonyms.ipBytes(flow.source));
  flow.destination.set(pseudonyms.ipBytes(flow.destination));
  // Ports tell what it was about.
  quoted.fill(0, flow.offset + 4);
}

function fixHeaderSum(header: Uint8Array): void {
  header[10] = 0;
  header[11] = 0;
  let sum = 0;
  for (let at = 0; at + 1 < header.length; at += 2) sum += port(header, at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  sum = ~sum & 0xffff;
  header[10] = sum >> 8;
  header[11] = sum & 0xff;
}

function port(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) << 8 | (bytes[at + 1] ?? 0);
}

function toBinary(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return text;
}
