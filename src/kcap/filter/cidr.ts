import { parseIpAddress } from "../../codec/ip_address.ts";
import { IpValue } from "./ip_value.ts";

/**
 * Compiles a block of addresses.
 *
 * @param text `address/bits`, IPv4 or IPv6.
 * @returns Whether an address lies in it; `undefined` when the text is no block.
 */
export function compileCidr(
  text: string,
): ((ip: IpValue) => boolean) | undefined {
  const slash = text.indexOf("/");
  if (slash < 0 || !/^\d{1,3}$/.test(text.slice(slash + 1))) return undefined;
  const parsed = parseIpAddress(text.slice(0, slash));
  let bits = Number(text.slice(slash + 1));
  if (parsed === undefined || bits > parsed.length * 8) return undefined;
  const { bytes } = new IpValue(parsed);
  // A block of IPv4 addresses within IPv6 is one of IPv4.
  if (bytes.length !== parsed.length) {
    if (bits < 96) return undefined;
    bits -= 96;
  }
  return (ip) =>
    ip.bytes.length === bytes.length && sharesPrefix(ip.bytes, bytes, bits);
}

function sharesPrefix(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  const whole = bits >> 3;
  for (let index = 0; index < whole; index++) {
    if (a[index] !== b[index]) return false;
  }
  const rest = bits & 7;
  if (rest === 0) return true;
  const mask = 0xff << (8 - rest) & 0xff;
  return (a[whole]! & mask) === (b[whole]! & mask);
}
