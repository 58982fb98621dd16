import { formatIpAddress } from "../../codec/ip_address.ts";

/** Bits that say how an attribute is to be read. */
const TYPE_MASK = 0x3fff;
/** No message has more. */
const MAX_ATTRIBUTES = 256;

/** Attributes of a netlink message, in the byte order of this machine. */
export class NetlinkAttributes {
  readonly #values = new Map<number, Uint8Array>();

  /** @param bytes What follows the message's own structure; cut ones end it. */
  constructor(bytes: Uint8Array | undefined) {
    if (bytes === undefined) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at + 4 <= bytes.length;) {
      const length = view.getUint16(at, true);
      const isWhole = length >= 4 && at + length <= bytes.length;
      if (!isWhole || this.#values.size >= MAX_ATTRIBUTES) break;
      const type = view.getUint16(at + 2, true) & TYPE_MASK;
      this.#values.set(type, bytes.subarray(at + 4, at + length));
      at += (length + 3) & ~3;
    }
  }

  /** @param type Number of an attribute. @returns Its bytes. */
  bytes(type: number): Uint8Array | undefined {
    return this.#values.get(type);
  }

  /** @param type Number of an attribute. @returns Whether it is there. */
  has(type: number): boolean {
    return this.#values.has(type);
  }

  /** @param type Number of an attribute. @returns The attributes in it. */
  nested(type: number): NetlinkAttributes {
    return new NetlinkAttributes(this.#values.get(type));
  }

  /** @param type Number of an attribute. @returns Its number. */
  u32(type: number): number | undefined {
    const bytes = this.#values.get(type);
    return bytes !== undefined && bytes.length >= 4
      ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
      : undefined;
  }

  /** @param type Number of an attribute. @returns Its number. */
  u16(type: number): number | undefined {
    const bytes = this.#values.get(type);
    return bytes !== undefined && bytes.length >= 2
      ? new DataView(bytes.buffer, bytes.byteOffset).getUint16(0, true)
      : undefined;
  }

  /** @param type Number of an attribute. @returns Its text, up to a NUL. */
  text(type: number): string {
    const bytes = this.#values.get(type);
    if (bytes === undefined) return "";
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  }

  /** @param type Number of an attribute. @returns Its address, empty where there is none. */
  address(type: number): string {
    const bytes = this.#values.get(type);
    return bytes?.length === 4 || bytes?.length === 16
      ? formatIpAddress(bytes)
      : "";
  }
}
