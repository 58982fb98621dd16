/** Bytes of an IPv4 address. */
export const IPV4_BYTES = 4;
/** Bytes of an IPv6 address. */
export const IPV6_BYTES = 16;

const OCTET_REGEXP = /^(0|[1-9]\d{0,2})$/;
const GROUP_REGEXP = /^[0-9a-fA-F]{1,4}$/;

/**
 * Reads an IP address.
 *
 * @param text Dotted decimal, or IPv6 in any of its spellings; a zone (`%eth0`) is left out.
 * @returns 4 or 16 bytes, or `undefined` when the text is no address.
 *
 * @example Both families
 * ```ts
 * import { parseIpAddress } from "../../src/codec/ip_address.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseIpAddress("10.0.0.1"), new Uint8Array([10, 0, 0, 1]));
 * assertEquals(parseIpAddress("fe80::1%eth0")?.length, 16);
 * assertEquals(parseIpAddress("10.0.0"), undefined);
 * ```
 */
export function parseIpAddress(
  text: string,
): Uint8Array<ArrayBuffer> | undefined {
  const plain = text.replace(/%.+$/s, "");
  return plain.includes(":") ? parseIpv6(plain) : parseIpv4(text);
}

/**
 * Writes an IP address, IPv6 as RFC 5952 wants it.
 *
 * @param bytes 4 or 16 bytes.
 * @returns The text.
 * @throws {RangeError} When there are more or fewer bytes.
 */
export function formatIpAddress(bytes: Uint8Array): string {
  if (bytes.length === IPV4_BYTES) return bytes.join(".");
  if (bytes.length !== IPV6_BYTES) {
    throw new RangeError(
      `Cannot write IP address: it has ${bytes.length} bytes, expected 4 or 16`,
    );
  }
  if (isMappedIpv4(bytes)) {
    return `::ffff:${formatIpAddress(bytes.subarray(12))}`;
  }
  const groups: number[] = [];
  for (let at = 0; at < IPV6_BYTES; at += 2) {
    groups.push(bytes[at]! << 8 | bytes[at + 1]!);
  }
  const { start, length } = longestZeros(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${
    hex.slice(start + length).join(":")
  }`;
}

/**
 * Joins host and port.
 *
 * @param host Name or address.
 * @param port The port.
 * @returns `host:port`, IPv6 addresses in brackets.
 */
export function joinHostPort(host: string, port: number | string): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Takes host and port apart.
 *
 * @param text `host:port` or `[address]:port`; the port may be missing.
 * @param defaultPort Port when there is none.
 * @returns Both, or `undefined` when the text has another form.
 */
export function splitHostPort(
  text: string,
  defaultPort: number,
): { readonly host: string; readonly port: number } | undefined {
  const isBareIpv6 = parseIpAddress(text)?.length === IPV6_BYTES;
  const match = isBareIpv6
    ? [text, text, undefined]
    : /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(text) ??
      /^([^:[\]]+)(?::(\d{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const port = match[2] === undefined ? defaultPort : Number(match[2]);
  return port > 65_535 ? undefined : { host: match[1]!, port };
}

/**
 * @param bytes An address.
 * @returns Whether it is of 127.0.0.0/8, or `::1`.
 */
export function isLoopbackAddress(bytes: Uint8Array): boolean {
  if (bytes.length === IPV4_BYTES) return bytes[0] === 127;
  if (isMappedIpv4(bytes)) return bytes[12] === 127;
  return bytes.subarray(0, 15).every((byte) => byte === 0) && bytes[15] === 1;
}

function isMappedIpv4(bytes: Uint8Array): boolean {
  return bytes[10] === 0xff && bytes[11] === 0xff &&
    bytes.subarray(0, 10).every((byte) => byte === 0);
}

function parseIpv4(text: string): Uint8Array<ArrayBuffer> | undefined {
  const parts = text.split(".");
  if (parts.length !== IPV4_BYTES) return undefined;
  const bytes = new Uint8Array(IPV4_BYTES);
  for (const [index, part] of parts.entries()) {
    if (!OCTET_REGEXP.test(part) || Number(part) > 255) return undefined;
    bytes[index] = Number(part);
  }
  return bytes;
}

function parseIpv6(text: string): Uint8Array<ArrayBuffer> | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1]!, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const length = head.length + tail.length;
  if (halves.length === 1 ? length !== IPV6_BYTES : length > IPV6_BYTES - 2) {
    return undefined;
  }
  const bytes = new Uint8Array(IPV6_BYTES);
  bytes.set(head);
  bytes.set(tail, IPV6_BYTES - tail.length);
  return bytes;
}

function parseGroups(text: string, isEnd: boolean): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [index, group] of groups.entries()) {
    if (isEnd && index === groups.length - 1 && group.includes(".")) {
      const last = parseIpv4(group);
      if (last === undefined) return undefined;
      bytes.push(...last);
    } else {
      if (!GROUP_REGEXP.test(group)) return undefined;
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    }
  }
  return bytes;
}

function longestZeros(
  groups: readonly number[],
): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = -1;
  for (const [index, group] of groups.entries()) {
    if (group !== 0) {
      start = -1;
      continue;
    }
    if (start < 0) start = index;
    if (index - start + 1 > best.length) {
      best = { start, length: index - start + 1 };
    }
  }
  return best;
}
