import { parseIpAddress } from "../../codec/ip_address.ts";

/** An address with the one that the system would send from, if there is a route. */
export interface AddressWithSource {
  readonly address: string;
  /** Source address, `undefined` when there is no route or it is not known. */
  readonly source: string | undefined;
}

interface Candidate {
  readonly address: string;
  readonly bytes: Uint8Array;
  readonly source: Uint8Array | undefined;
}

/** Policy table of RFC 6724, section 2.1: prefix, bits, precedence, label. */
const POLICIES: readonly (readonly [string, number, number, number])[] = [
  ["::1", 128, 50, 0],
  ["::ffff:0:0", 96, 35, 4],
  ["::", 96, 1, 3],
  ["2001::", 32, 5, 5],
  ["2002::", 16, 30, 2],
  ["3ffe::", 16, 1, 12],
  ["fec0::", 10, 1, 11],
  ["fc00::", 7, 3, 13],
  ["::", 0, 40, 1],
];

const SCOPE = { interface: 1, link: 2, admin: 4, site: 5, global: 14 } as const;

/**
 * Sorts addresses by RFC 6724: which of them is best to connect to.
 *
 * @param addresses Addresses with their sources.
 * @returns The addresses, best first; equals stay in their order.
 */
export function orderAddresses(
  addresses: readonly AddressWithSource[],
): readonly string[] {
  return addresses
    .map(({ address, source }): Candidate => ({
      address,
      bytes: widen(parseIpAddress(address)!),
      source: source === undefined
        ? undefined
        : widen(parseIpAddress(source) ?? new Uint8Array(4)),
    }))
    .sort(compare)
    .map(({ address }) => address);
}

function compare(a: Candidate, b: Candidate): number {
  // Rule 1: what cannot be reached goes last.
  if (a.source === undefined || b.source === undefined) {
    return Number(a.source === undefined) - Number(b.source === undefined);
  }
  const policyA = policyOf(a.bytes);
  const policyB = policyOf(b.bytes);
  const scopeA = scopeOf(a.bytes);
  const scopeB = scopeOf(b.bytes);
  const steps = [
    // Rule 2: matching scope.
    Number(scopeB === scopeOf(b.source)) - Number(scopeA === scopeOf(a.source)),
    // Rule 5: matching label.
    Number(policyB[3] === policyOf(b.source)[3]) -
    Number(policyA[3] === policyOf(a.source)[3]),
    // Rule 6: higher precedence.
    policyB[2] - policyA[2],
    // Rule 8: smaller scope.
    scopeA - scopeB,
    // Rule 9: longest common prefix, which makes sense for IPv6 alone.
    isIpv4(a.bytes) || isIpv4(b.bytes)
      ? 0
      : commonBits(b.bytes, b.source) - commonBits(a.bytes, a.source),
  ];
  return steps.find((step) => step !== 0) ?? 0;
}

function policyOf(bytes: Uint8Array): typeof POLICIES[number] {
  return POLICIES.find(([prefix, bits]) =>
    commonBits(parseIpAddress(prefix)!, bytes, 128) >= bits
  )!;
}

function scopeOf(bytes: Uint8Array): number {
  if (isIpv4(bytes)) {
    const [first, second] = bytes.subarray(12);
    const isLink = first === 127 || (first === 169 && second === 254);
    return isLink ? SCOPE.link : SCOPE.global;
  }
  if (bytes[0] === 0xff) return bytes[1]! & 0xf;
  const isLoopback = commonBits(bytes, parseIpAddress("::1")!, 128) === 128;
  if (isLoopback || (bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0x80)) {
    return SCOPE.link;
  }
  return bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0xc0
    ? SCOPE.site
    : SCOPE.global;
}

function isIpv4(bytes: Uint8Array): boolean {
  return commonBits(bytes, parseIpAddress("::ffff:0:0")!, 128) >= 96;
}

/** Bits in common, of the first 64 unless told otherwise: the rest names the host. */
function commonBits(a: Uint8Array, b: Uint8Array, most = 64): number {
  for (let index = 0; index < most / 8; index++) {
    const difference = a[index]! ^ b[index]!;
    if (difference !== 0) return index * 8 + Math.clz32(difference) - 24;
  }
  return most;
}

function widen(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 16) return bytes;
  const wide = new Uint8Array(16);
  wide[10] = wide[11] = 0xff;
  wide.set(bytes, 12);
  return wide;
}
