import { formatIpAddress } from "../../codec/ip_address.ts";
import { unmapIp } from "../ip_text.ts";

/** An address as a value of the filter language. */
export class IpValue {
  /** IPv4 in 4 bytes, also where it came within IPv6; else 16 bytes. */
  readonly bytes: Uint8Array;
  #text: string | undefined;

  /** @param bytes 4 or 16 bytes in network order. */
  constructor(bytes: Uint8Array) {
    this.bytes = unmapIp(bytes);
  }

  /** Dotted or RFC 5952. */
  get text(): string {
    this.#text ??= formatIpAddress(this.bytes);
    return this.#text;
  }

  /**
   * @param other Another address.
   * @returns Whether both are the same.
   */
  equals(other: IpValue): boolean {
    return this.bytes.length === other.bytes.length &&
      this.bytes.every((byte, index) => byte === other.bytes[index]);
  }
}
