/** First 12 bytes of an IPv4 address in an IPv6 one. */
const MAPPED_PREFIX = "00000000000000000000ffff";

/**
 * Renders an address: dotted for IPv4 (also one within IPv6), RFC 5952 for
 * IPv6.
 *
 * @param bytes 4 or 16 bytes in network order.
 * @returns The text.
 */
export function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.subarray(0, 12).toHex() === MAPPED_PREFIX) {
    return bytes.subarray(12).join(".");
  }
  const groups: number[] = [];
  for (let at = 0; at < 16; at += 2) {
    groups.push((bytes[at]! << 8) | bytes[at + 1]!);
  }
  const { start, length } = longestZeros(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${
    hex.slice(start + length).join(":")
  }`;
}

function longestZeros(
  groups: readonly number[],
): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let index = 0; index <= groups.length; index++) {
    if (groups[index] === 0) continue;
    if (index - start > best.length) best = { start, length: index - start };
    start = index + 1;
  }
  return best;
}

/**
 * Reads an address.
 *
 * @param text IPv4 or IPv6, without zone.
 * @returns 4 or 16 bytes; `undefined` when the text is no address.
 */
export function parseIp(text: string): Uint8Array | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (const [index, part] of parts.entries()) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined;
    bytes[index] = Number(part);
  }
  return bytes;
}

function parseIpv6(text: string): Uint8Array | undefined {
  let rest = text;
  let tail: readonly number[] = [];
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (dotted !== null) {
    const v4 = parseIpv4(dotted[2]!);
    if (v4 === undefined) return undefined;
    tail = [(v4[0]! << 8) | v4[1]!, (v4[2]! << 8) | v4[3]!];
    // Keeps the colon pair of `::1.2.3.4` whole.
    rest = dotted[1]!.endsWith("::") ? dotted[1]! : dotted[1]!.slice(0, -1);
  }
  const halves = rest.split("::");
  if (halves.length > 2) return undefined;
  const [head, behind] = halves.map((half) =>
    half === "" ? [] : half.split(":")
  );
  if (
    [...head!, ...behind ?? []].some((group) => !/^[0-9a-f]{1,4}$/i.test(group))
  ) return undefined;
  const front = head!.map((group) => parseInt(group, 16));
  const back = [
    ...(behind ?? []).map((group) => parseInt(group, 16)),
    ...tail,
  ];
  const missing = 8 - front.length - back.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...front, ...new Array<number>(missing).fill(0), ...back];
  const bytes = new Uint8Array(16);
  for (const [index, group] of groups.entries()) {
    bytes[2 * index] = group >> 8;
    bytes[2 * index + 1] = group & 0xff;
  }
  return bytes;
}
