import { parseIpAddress } from "../../codec/ip_address.ts";
import {
  decodeNetworkLayer,
  decodePacketFlow,
  ETHER_TYPE,
} from "./packet_flow_decoder.ts";

/** An end of a connection. */
export interface MatchedEndpoint {
  readonly address: string;
  readonly port: number;
}

/** A connection whose packets are wanted, in both directions. */
export interface MatchedConnection {
  readonly protocol: "tcp" | "udp";
  /** Unknown while a socket is not connected yet; then the other end decides. */
  readonly source: MatchedEndpoint | undefined;
  readonly destination: MatchedEndpoint;
}

/** What a {@linkcode PacketMatcher} lets through. */
export interface PacketMatcherOptions {
  /** Connections whose packets are wanted. */
  readonly connections: Iterable<MatchedConnection>;
  /** Whether all ARP is wanted. @default {false} */
  readonly includeArp?: boolean | undefined;
  /** Whether all ICMP and ICMPv6 is wanted. @default {false} */
  readonly includeIcmp?: boolean | undefined;
}

const ICMP = 1;
const ICMP6 = 58;
const PROTOCOLS = { tcp: 6, udp: 17 } as const;

/** Tells the packets of some connections from all others. */
export class PacketMatcher {
  readonly #includeArp: boolean;
  readonly #includeIcmp: boolean;
  readonly #pairs = new Set<string>();
  readonly #hosts = new Set<string>();
  readonly #ends = new Set<string>();

  /** @param options What to let through. */
  constructor(options: PacketMatcherOptions) {
    this.#includeArp = options.includeArp ?? false;
    this.#includeIcmp = options.includeIcmp ?? false;
    for (const { protocol, source, destination } of options.connections) {
      const number = PROTOCOLS[protocol];
      const there = endKey(destination);
      if (there === undefined) continue;
      const here = source === undefined ? undefined : endKey(source);
      if (here === undefined) {
        this.#ends.add(`${number} ${there}`);
        continue;
      }
      this.#pairs.add(`${number} ${here} ${there}`);
      this.#hosts.add(`${number} ${hostOf(here)} ${hostOf(there)}`);
    }
  }

  /**
   * @param packet A packet.
   * @param linkType What it begins with, as in pcap.
   * @returns Whether it is wanted.
   */
  matches(packet: Uint8Array, linkType: number): boolean {
    const layer = decodeNetworkLayer(packet, linkType);
    if (layer === undefined) return false;
    if (layer.protocol === ETHER_TYPE.arp) return this.#includeArp;
    const flow = decodePacketFlow(packet, layer);
    if (flow === undefined) return false;
    const { protocol, sourcePort, destinationPort } = flow;
    if (protocol === ICMP || protocol === ICMP6) return this.#includeIcmp;
    const source = flow.source.toHex();
    const destination = flow.destination.toHex();
    if (sourcePort === undefined || destinationPort === undefined) {
      return this.#hosts.has(`${protocol} ${source} ${destination}`) ||
        this.#hosts.has(`${protocol} ${destination} ${source}`);
    }
    const from = `${source}:${sourcePort}`;
    const to = `${destination}:${destinationPort}`;
    return this.#pairs.has(`${protocol} ${from} ${to}`) ||
      this.#pairs.has(`${protocol} ${to} ${from}`) ||
      (this.#ends.size > 0 && (this.#ends.has(`${protocol} ${to}`) ||
        this.#ends.has(`${protocol} ${from}`)));
  }
}

function endKey({ address, port }: MatchedEndpoint): string | undefined {
  const bytes = parseIpAddress(address);
  return bytes === undefined ? undefined : `${bytes.toHex()}:${port}`;
}

function hostOf(key: string): string {
  return key.slice(0, key.indexOf(":"));
}
