import { IPV4_BYTES } from "../codec/ip_address.ts";

/** Address families of Linux. */
export const AF_INET = 2;
/** Address family of IPv6 on Linux. */
export const AF_INET6 = 10;

/**
 * Encodes a `sockaddr_in` or `sockaddr_in6` of Linux.
 *
 * | offset | size | `sockaddr_in` | `sockaddr_in6` |
 * | --- | --- | --- | --- |
 * | 0 | 2 | family, host order | family, host order |
 * | 2 | 2 | port, big endian | port, big endian |
 * | 4 | 4 | address | flow info |
 * | 8 | 8 or 16 | zeros | address |
 * | 24 | 4 | – | scope id |
 *
 * @param address 4 or 16 bytes.
 * @param port The port.
 * @returns 16 or 28 bytes.
 */
export function encodeSocketAddress(
  address: Uint8Array,
  port: number,
): Uint8Array<ArrayBuffer> {
  const isIpv4 = address.length === IPV4_BYTES;
  const bytes = new Uint8Array(isIpv4 ? 16 : 28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, isIpv4 ? AF_INET : AF_INET6, true);
  view.setUint16(2, port);
  bytes.set(address, isIpv4 ? 4 : 8);
  return bytes;
}

/**
 * @param bytes A socket address of Linux.
 * @returns Address and port, `undefined` for other families.
 */
export function decodeSocketAddress(
  bytes: Uint8Array,
): { readonly address: Uint8Array; readonly port: number } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const family = view.getUint16(0, true);
  if (family === AF_INET) {
    return { address: bytes.slice(4, 8), port: view.getUint16(2) };
  }
  if (family === AF_INET6) {
    return { address: bytes.slice(8, 24), port: view.getUint16(2) };
  }
  return undefined;
}
