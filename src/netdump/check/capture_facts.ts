import { joinHostPort } from "../../codec/ip_address.ts";
import { decodeCapture } from "../merge_captures.ts";
import { decodePacket, icmpText } from "../packet_decoder.ts";
import type { DecodedPacket, TcpPacket, UdpPacket } from "../packet_decoder.ts";

/** Payload from which on a segment counts as large. */
const LARGE_BYTES = 1000;
/** Large segments of one direction that are waited for at a time. */
const MAX_LARGE = 256;

/** A TCP connection as captured. */
export interface CapturedFlow {
  /** Who began it, as far as that was captured. */
  readonly source: string;
  /** `address:port` of the other side. */
  readonly destination: string;
  readonly destinationIp: string;
  readonly destinationPort: number;
  /** Requests to connect. */
  readonly syns: number;
  /** Whether the other side accepted. */
  readonly isAccepted: boolean;
  /** Whether the other side refused or broke off. */
  readonly isReset: boolean;
  /** Segments with payload sent, and how many of them again. */
  readonly sent: number;
  readonly sentAgain: number;
  /** Large segments sent that nobody acknowledged. */
  readonly largeUnacknowledged: number;
  /** Segments with payload received, and how many of them again. */
  readonly received: number;
  readonly receivedAgain: number;
  /** Whether something that was sent in between did not arrive. */
  readonly hasHole: boolean;
}

/** An ICMP error about a packet that the device sent. */
export interface CapturedIcmpError {
  /** Who says so. */
  readonly reporter: string;
  /** Where the packet was going. */
  readonly destination: string;
  readonly port: number | undefined;
  readonly text: string;
  /** Largest packet that fits, where it says so. */
  readonly mtu: number | undefined;
}

/** A DNS query without a reply. */
export interface UnansweredQuery {
  readonly server: string;
  readonly name: string;
}

/** What a capture tells. */
export interface CaptureFacts {
  /** Path in the dump. */
  readonly path: string;
  readonly packets: number;
  readonly flows: readonly CapturedFlow[];
  readonly icmpErrors: readonly CapturedIcmpError[];
  /** Addresses that nobody answered for, with the number of questions. */
  readonly arpUnanswered: ReadonlyMap<string, number>;
  readonly dnsUnanswered: readonly UnansweredQuery[];
  /** Why packets behind these cannot be read. */
  readonly fault: string | undefined;
}

interface FlowTracker {
  readonly first: TcpPacket;
  syns: number;
  isAccepted: boolean;
  isReset: boolean;
  readonly sent: SideTracker;
  readonly received: SideTracker;
}

/** Segments of one direction. */
class SideTracker {
  readonly #sequences = new Set<string>();
  /** How often each large segment was sent that is not acknowledged, by its end. */
  readonly #large = new Map<number, number>();
  segments = 0;
  again = 0;
  #next: number | undefined;
  #highest = 0;
  hasHole = false;

  add(packet: TcpPacket): void {
    const { sequence, payloadLength, flags } = packet;
    const isStart = flags.includes("S");
    const length = payloadLength + (isStart || flags.includes("F") ? 1 : 0);
    const end = (sequence + length) >>> 0;
    if (payloadLength > 0) {
      this.segments++;
      const key = `${sequence}/${payloadLength}`;
      if (this.#sequences.has(key)) this.again++;
      this.#sequences.add(key);
      if (payloadLength >= LARGE_BYTES) this.#addLarge(end);
    }
    if (this.#next === undefined || isStart) {
      this.#next = end;
      this.#highest = end;
      return;
    }
    // Sequence numbers wrap: a difference below 2^31 is ahead.
    if (isAhead(end, this.#highest)) this.#highest = end;
    if (!isAhead(sequence, this.#next)) {
      if (isAhead(end, this.#next)) this.#next = end;
    }
    this.hasHole = isAhead(this.#highest, this.#next);
  }

  #addLarge(end: number): void {
    this.#large.set(end, (this.#large.get(end) ?? 0) + 1);
    if (this.#large.size <= MAX_LARGE) return;
    // No window is that wide: the acknowledgement was not captured.
    const [oldest] = this.#large.keys();
    this.#large.delete(oldest!);
  }

  acknowledged(acknowledgement: number): void {
    for (const end of this.#large.keys()) {
      if (!isAhead(end, acknowledgement)) this.#large.delete(end);
    }
  }

  get largeUnacknowledged(): number {
    return this.#large.values().reduce((sum, count) => sum + count, 0);
  }
}

function isAhead(a: number, b: number): boolean {
  const distance = (a - b) >>> 0;
  return distance !== 0 && distance < 2 ** 31;
}

/**
 * Finds out from a capture what became of connections and questions.
 *
 * @param path Path in the dump.
 * @param content The pcap file.
 * @returns What it tells, as far as it can be read.
 */
export function readCaptureFacts(
  path: string,
  content: Uint8Array,
): CaptureFacts {
  const { header, packets, fault } = decodeCapture(content);
  const flows = new Map<string, FlowTracker>();
  const icmpErrors: CapturedIcmpError[] = [];
  const arp = new Map<string, number>();
  const dns = new Map<string, UnansweredQuery>();
  for (const { data, originalLength } of packets) {
    const packet = decodePacket(data, header?.linkType ?? 1, originalLength);
    if (packet === undefined) continue;
    switch (packet.type) {
      case "tcp":
        trackTcp(flows, packet);
        break;
      case "udp":
        trackDns(dns, packet);
        break;
      case "arp":
        if (packet.operation === 2) arp.delete(packet.senderIp);
        else if (packet.senderIp !== packet.targetIp) {
          arp.set(packet.targetIp, (arp.get(packet.targetIp) ?? 0) + 1);
        }
        break;
      case "icmp":
        trackIcmp(packet, icmpErrors, arp);
        break;
    }
  }
  return {
    path,
    packets: packets.length,
    flows: [...flows.values()].map(toFlow),
    icmpErrors,
    arpUnanswered: arp,
    dnsUnanswered: [...dns.values()],
    fault: fault?.message,
  };
}

function trackTcp(
  flows: Map<string, FlowTracker>,
  packet: TcpPacket,
): void {
  const forth = keyOf(packet, false);
  const back = keyOf(packet, true);
  let flow = flows.get(forth);
  const reverse = flow === undefined ? flows.get(back) : undefined;
  const isReply = reverse !== undefined;
  flow ??= reverse;
  if (flow === undefined) {
    flow = {
      first: packet,
      syns: 0,
      isAccepted: false,
      isReset: false,
      sent: new SideTracker(),
      received: new SideTracker(),
    };
    flows.set(forth, flow);
  }
  const { flags } = packet;
  const side = isReply ? flow.received : flow.sent;
  const other = isReply ? flow.sent : flow.received;
  side.add(packet);
  if (flags.includes("A")) other.acknowledged(packet.acknowledgement);
  if (!isReply && flags === "S") flow.syns++;
  if (isReply && flags.includes("S")) flow.isAccepted = true;
  if (isReply && flags.includes("R")) flow.isReset = true;
}

function keyOf(packet: TcpPacket, isBack: boolean): string {
  const { source, sourcePort, destination, destinationPort } = packet;
  return isBack
    ? `${destination} ${destinationPort} ${source} ${sourcePort}`
    : `${source} ${sourcePort} ${destination} ${destinationPort}`;
}

function toFlow(flow: FlowTracker): CapturedFlow {
  const { first, sent, received } = flow;
  return {
    source: first.source,
    destination: joinHostPort(first.destination, first.destinationPort),
    destinationIp: first.destination,
    destinationPort: first.destinationPort,
    syns: flow.syns,
    isAccepted: flow.isAccepted,
    isReset: flow.isReset,
    sent: sent.segments,
    sentAgain: sent.again,
    largeUnacknowledged: sent.largeUnacknowledged,
    received: received.segments,
    receivedAgain: received.again,
    hasHole: received.hasHole,
  };
}

function trackDns(
  queries: Map<string, UnansweredQuery>,
  packet: UdpPacket,
): void {
  const { dns } = packet;
  if (dns === undefined) return;
  const server = dns.isReply ? packet.source : packet.destination;
  const port = dns.isReply ? packet.destinationPort : packet.sourcePort;
  const key = `${server} ${port} ${dns.id}`;
  if (dns.isReply) queries.delete(key);
  else queries.set(key, { server, name: dns.questions[0]?.name ?? "" });
}

function trackIcmp(
  packet: Extract<DecodedPacket, { type: "icmp" }>,
  errors: CapturedIcmpError[],
  neighbours: Map<string, number>,
): void {
  const { target, icmpType, about } = packet;
  if (target !== undefined && icmpType === 136) neighbours.delete(target);
  if (target !== undefined && icmpType === 135 && packet.source !== "::") {
    neighbours.set(target, (neighbours.get(target) ?? 0) + 1);
  }
  if (about === undefined) return;
  errors.push({
    reporter: packet.source,
    destination: about.destination,
    port: about.port,
    text: icmpText(packet),
    mtu: packet.mtu,
  });
}
