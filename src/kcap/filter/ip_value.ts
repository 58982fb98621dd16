import { ipText } from "../ip_text.ts";

/** An address as a value of the filter language. */
export class IpValue {
  /** IPv4 in 4 bytes, also where it came within IPv6; else 16 bytes. */
  readonly bytes: Uint8Array;
  #text: string | undefined;

  /** @param bytes 4 or 16 bytes in network order. */
  constructor(bytes: Uint8Array) {
    this.bytes = isMapped(bytes) ? bytes.subarray(12) : bytes;
  }

  /** Dotted or RFC 5952. */
  get text(): string {
    this.#text ??= ipText(this.bytes);
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

function isMapped(bytes: Uint8Array): boolean {
  if (bytes.length !== 16) return false;
  for (let index = 0; index < 10; index++) {
    if (bytes[index] !== 0) return false;
  }
  return bytes[10] === 0xff && bytes[11] === 0xff;
}
