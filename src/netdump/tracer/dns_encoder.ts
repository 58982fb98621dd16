import { encodeDnsName } from "./dns_name.ts";

/** Size of replies that queries of the resolver announce, as Go's resolver does. */
export const DNS_UDP_PAYLOAD_BYTES = 1232;

/** Record types that the resolver asks for. */
export const DNS_TYPE = { a: 1, aaaa: 28 } as const;

/** A query for {@linkcode encodeDnsQuery}. */
export interface DnsQueryInput {
  /** 16-bit id, random in practice. */
  readonly id: number;
  /** Absolute name. */
  readonly name: string;
  /** Record type, see {@linkcode DNS_TYPE}. */
  readonly type: number;
  /** Whether the AD bit asks for authenticated data. @default {false} */
  readonly trustAd?: boolean | undefined;
}

/**
 * Encodes a query: recursion desired, one question of class IN, and an OPT
 * record for replies of up to 1232 bytes.
 *
 * @param query What to ask.
 * @returns The message, without the length prefix of DNS over TCP; `undefined`
 * when the name cannot be a name of DNS.
 */
export function encodeDnsQuery(
  query: DnsQueryInput,
): Uint8Array<ArrayBuffer> | undefined {
  const name = encodeDnsName(query.name);
  if (name === undefined) return undefined;
  const message = new Uint8Array(12 + name.length + 4 + 11);
  const view = new DataView(message.buffer);
  view.setUint16(0, query.id);
  view.setUint16(2, query.trustAd === true ? 0x0120 : 0x0100);
  view.setUint16(4, 1);
  view.setUint16(10, 1);
  message.set(name, 12);
  view.setUint16(12 + name.length, query.type);
  view.setUint16(14 + name.length, 1);
  // OPT: root name, type 41, class is the payload size, no flags, no data.
  const opt = 16 + name.length;
  view.setUint16(opt + 1, 41);
  view.setUint16(opt + 3, DNS_UDP_PAYLOAD_BYTES);
  return message;
}
