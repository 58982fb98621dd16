import { formatIpAddress } from "../codec/ip_address.ts";

/** Bytes of an IPv6 address before the IPv4 address that it may hold. */
const MAPPED_AT = 12;

/**
 * @param bytes 4 or 16 bytes in network order.
 * @returns The 4 bytes of an IPv4 address that came within IPv6, else the
 * bytes themselves.
 */
export function unmapIp(bytes: Uint8Array): Uint8Array {
  const isMapped = bytes.length === 16 && bytes[10] === 0xff &&
    bytes[11] === 0xff && bytes.subarray(0, 10).every((byte) => byte === 0);
  return isMapped ? bytes.subarray(MAPPED_AT) : bytes;
}

/**
 * Renders an address as Fibratus does: dotted for IPv4, also where it came
 * within IPv6.
 *
 * @param bytes 4 or 16 bytes in network order.
 * @returns The text.
 */
export function ipText(bytes: Uint8Array): string {
  return formatIpAddress(unmapIp(bytes));
}
