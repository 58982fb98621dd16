import {
  formatIpAddress,
  IPV4_BYTES,
  IPV6_BYTES,
  joinHostPort,
} from "../codec/ip_address.ts";

/**
 * A socket address, as a program inside of the sandbox gave it. Addresses that
 * are too short for their family have only `hex`.
 */
export type Sockaddr =
  | { readonly family: "AF_UNIX"; readonly path: string }
  | { readonly family: "AF_UNIX"; readonly abstract: string }
  | { readonly family: "AF_UNIX" }
  | {
    readonly family: "AF_INET";
    readonly address: string;
    readonly port: number;
  }
  | {
    readonly family: "AF_INET6";
    readonly address: string;
    readonly port: number;
    /** Flow information, absent when 0. */
    readonly flowinfo?: number;
    /** Scope id, absent when 0. */
    readonly scope?: number;
  }
  | {
    readonly family: "AF_NETLINK";
    readonly pid: number;
    readonly groups: number;
  }
  | { readonly family: string; readonly hex: string };

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;

/** Names of address families by number. */
export const ADDRESS_FAMILIES: Readonly<Record<number, string>> = {
  0: "AF_UNSPEC",
  1: "AF_UNIX",
  2: "AF_INET",
  10: "AF_INET6",
  16: "AF_NETLINK",
  17: "AF_PACKET",
  40: "AF_VSOCK",
};

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Decodes a raw `sockaddr` of Linux.
 *
 * @param bytes The address: family as u16 little-endian, then what the family says.
 * @returns The address; never throws.
 *
 * @example An Internet address
 * ```ts
 * import { decodeSockaddr } from "../../src/tracereplay/sockaddr_decoder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(decodeSockaddr(Uint8Array.fromHex("020001bb7f000001")), {
 *   family: "AF_INET",
 *   address: "127.0.0.1",
 *   port: 443,
 * });
 * ```
 */
export function decodeSockaddr(bytes: Uint8Array): Sockaddr {
  if (bytes.length < 2) return { family: "unknown", hex: bytes.toHex() };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const family = view.getUint16(0, true);
  if (family === AF_UNIX) return decodeUnix(bytes.subarray(2));
  if (family === AF_INET && bytes.length >= 8) {
    return {
      family: "AF_INET",
      address: formatIp(bytes.subarray(4, 8)),
      port: view.getUint16(2),
    };
  }
  if (family === AF_INET6 && bytes.length >= 24) {
    const flowinfo = view.getUint32(4);
    const scope = bytes.length >= 28 ? view.getUint32(24, true) : 0;
    return {
      family: "AF_INET6",
      address: formatIp(bytes.subarray(8, 24)),
      port: view.getUint16(2),
      ...(flowinfo === 0 ? {} : { flowinfo }),
      ...(scope === 0 ? {} : { scope }),
    };
  }
  if (family === AF_NETLINK && bytes.length >= 12) {
    return {
      family: "AF_NETLINK",
      pid: view.getUint32(4, true),
      groups: view.getUint32(8, true),
    };
  }
  return {
    family: ADDRESS_FAMILIES[family] ?? `AF_${family}`,
    hex: bytes.toHex(),
  };
}

function decodeUnix(path: Uint8Array): Sockaddr {
  if (path.length === 0) return { family: "AF_UNIX" };
  if (path[0] === 0) {
    return { family: "AF_UNIX", abstract: utf8.decode(path.subarray(1)) };
  }
  const end = path.indexOf(0);
  return {
    family: "AF_UNIX",
    path: utf8.decode(end < 0 ? path : path.subarray(0, end)),
  };
}

/**
 * Renders an IP address.
 *
 * @param bytes 4 or 16 bytes in network order.
 * @returns The usual text (RFC 5952 for version 6), hexadecimal for other lengths.
 */
export function formatIp(bytes: Uint8Array): string {
  return bytes.length === IPV4_BYTES || bytes.length === IPV6_BYTES
    ? formatIpAddress(bytes)
    : bytes.toHex();
}

/**
 * Renders a socket address in one word.
 *
 * @param address The address.
 * @returns For example `10.0.0.9:443`, `[::1]:80`, `unix:/run/x`, `unix:@name`.
 */
export function formatSockaddr(address: Sockaddr): string {
  if ("hex" in address) return `${address.family}:${address.hex}`;
  if ("path" in address) return `unix:${address.path}`;
  if ("abstract" in address) return `unix:@${address.abstract}`;
  switch (address.family) {
    case "AF_INET":
      return joinHostPort(address.address, address.port);
    case "AF_INET6": {
      const scope = address.scope === undefined ? "" : `%${address.scope}`;
      return joinHostPort(`${address.address}${scope}`, address.port);
    }
    case "AF_NETLINK":
      return `netlink:${address.pid}/${address.groups}`;
    default:
      return "unix:unnamed";
  }
}
