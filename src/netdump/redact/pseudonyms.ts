import { createHmac } from "node:crypto";
import { formatIpAddress, parseIpAddress } from "../../codec/ip_address.ts";

/** Names that say nothing of anybody. */
const PUBLIC_SUFFIX_REGEXP =
  /(^|\.)(localhost|localdomain|local|lan|home|internal|test|invalid|example|example\.(com|net|org)|arpa|in-addr\.arpa|ip6\.arpa)$/;
/** Prefixes that stay as they are, with the bits that count. */
const KEPT_PREFIXES: readonly (readonly [network: string, bits: number])[] = [
  ["0.0.0.0", 8],
  ["127.0.0.0", 8],
  ["192.0.2.0", 24],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
  ["::", 127],
  ["2001:db8::", 32],
  ["ff00::", 8],
];
/** Prefixes that an address stays within, as they tell what it is for. */
const HELD_PREFIXES: readonly (readonly [network: string, bits: number])[] = [
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["fc00::", 8],
  ["fd00::", 8],
  ["fe80::", 64],
];

/** Prefixes of IPv6 with an address of IPv4 behind them. */
const EMBEDDING_PREFIXES:
  readonly (readonly [network: string, bits: number])[] = [
    ["::ffff:0:0", 96],
    ["64:ff9b::", 96],
  ];

/** What a table of pseudonyms is made of; it must stay on the device. */
export interface PseudonymTable {
  readonly schema: 1;
  /** 32 bytes in hexadecimal from which all pseudonyms come. */
  readonly key: string;
  /** Originals by pseudonym. */
  readonly originals: Readonly<Record<string, string>>;
}

/**
 * Gives addresses and names other ones: the same for the same, addresses of one
 * network in one network again, for as long as the key is the same.
 */
export class Pseudonyms {
  readonly #key: Uint8Array;
  readonly #originals: Map<string, string>;
  readonly #bits = new Map<string, number>();
  readonly #kept = KEPT_PREFIXES.map(toPrefix);
  readonly #held = HELD_PREFIXES.map(toPrefix);
  readonly #embedding = EMBEDDING_PREFIXES.map(toPrefix);

  /** @param table An earlier table; a new key is made without. */
  constructor(table?: PseudonymTable) {
    this.#key = table === undefined
      ? crypto.getRandomValues(new Uint8Array(32))
      : Uint8Array.fromHex(table.key);
    this.#originals = new Map(Object.entries(table?.originals ?? {}));
  }

  /** @returns The table, for a file that only its owner may read. */
  toTable(): PseudonymTable {
    return {
      schema: 1,
      key: this.#key.toHex(),
      originals: Object.fromEntries(this.#originals),
    };
  }

  /**
   * @param text An IP address.
   * @param prefixLength Bits that count; those behind become 0.
   * @returns Its pseudonym, or itself where it says nothing of anybody.
   */
  ip(text: string, prefixLength?: number): string {
    const bytes = parseIpAddress(text);
    if (bytes === undefined || this.#isKept(bytes)) return text;
    const mapped = this.ipBytes(bytes);
    if (prefixLength !== undefined) clearBits(mapped, prefixLength);
    return this.#remember(formatIpAddress(mapped), text);
  }

  /**
   * @param bytes An IP address of 4 or 16 bytes.
   * @returns Its pseudonym.
   */
  ipBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const mapped = bytes.slice();
    if (this.#isKept(bytes)) return mapped;
    if (this.#embedding.some((prefix) => isWithin(bytes, prefix))) {
      mapped.set(this.ipBytes(bytes.subarray(12)), 12);
      return mapped;
    }
    const held = this.#held.find((prefix) => isWithin(bytes, prefix));
    for (let bit = held?.bits ?? 0; bit < bytes.length * 8; bit++) {
      // Each bit depends on the bits in front of it only: prefixes survive.
      const flip = this.#bit(bytes, bit);
      mapped[bit >> 3]! ^= flip << (7 - (bit & 7));
    }
    return mapped;
  }

  /** @param text A hardware address. @returns Its pseudonym, of a local kind. */
  mac(text: string): string {
    const bytes = Uint8Array.fromHex(text.replaceAll(/[:-]/g, ""));
    const mapped = this.macBytes(bytes);
    const separator = text.includes("-") ? "-" : ":";
    const made = Array.from(
      mapped,
      (byte) => byte.toString(16).padStart(2, "0"),
    ).join(separator);
    return made === text.toLowerCase() ? text : this.#remember(made, text);
  }

  /** @param bytes Six bytes. @returns Their pseudonym; groups stay as they are. */
  macBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const isGroup = (bytes[0]! & 1) === 1;
    if (isGroup || bytes.every((byte) => byte === 0)) return bytes.slice();
    const mapped = this.#digest(`mac ${bytes.toHex()}`).slice(0, 6);
    mapped[0] = 0x02;
    return mapped;
  }

  /**
   * @param name Name of a host or a domain, with or without a dot at the end.
   * @returns Its pseudonym, label by label, the last one as it is.
   */
  host(name: string): string {
    const lower = name.toLowerCase().replace(/\.$/, "");
    if (PUBLIC_SUFFIX_REGEXP.test(lower) && !lower.includes(".")) return name;
    const labels = lower.split(".");
    const suffix = PUBLIC_SUFFIX_REGEXP.exec(lower)?.[2]?.split(".").length ??
      (labels.length > 1 ? 1 : 0);
    const mapped = labels.map((label, index) =>
      index >= labels.length - suffix ? label : this.#label(label)
    ).join(".");
    const made = name.endsWith(".") ? `${mapped}.` : mapped;
    return this.#remember(made, name);
  }

  /** @param name Name of a user. @returns Its pseudonym. */
  user(name: string): string {
    const digits = this.#digest(`user ${name}`).toHex().slice(0, 6);
    return this.#remember(`user-${digits}`, name);
  }

  /** @param name Name of a wireless network. @returns Its pseudonym. */
  wireless(name: string): string {
    const digits = this.#digest(`wireless ${name}`).toHex().slice(0, 6);
    return this.#remember(`wifi-${digits}`, name);
  }

  #label(label: string): string {
    const digits = this.#digest(`label ${label}`).toHex().slice(0, 6);
    return `n-${digits}`;
  }

  #isKept(bytes: Uint8Array): boolean {
    return this.#kept.some((prefix) => isWithin(bytes, prefix));
  }

  #bit(bytes: Uint8Array, bit: number): number {
    const head = bytes.slice(0, (bit >> 3) + 1);
    head[bit >> 3]! &= 0xff << (8 - (bit & 7));
    const key = `${bytes.length} ${bit} ${head.toHex()}`;
    let value = this.#bits.get(key);
    if (value === undefined) {
      value = this.#digest(`ip ${key}`)[0]! & 1;
      this.#bits.set(key, value);
    }
    return value;
  }

  #digest(text: string): Uint8Array<ArrayBuffer> {
    return new Uint8Array(
      createHmac("sha256", this.#key).update(text).digest(),
    );
  }

  #remember(made: string, original: string): string {
    if (made !== original) this.#originals.set(made, original);
    return made;
  }
}

interface Prefix {
  readonly bytes: Uint8Array;
  readonly bits: number;
}

function toPrefix([network, bits]: readonly [string, number]): Prefix {
  return { bytes: parseIpAddress(network)!, bits };
}

function isWithin(address: Uint8Array, { bytes, bits }: Prefix): boolean {
  if (address.length !== bytes.length) return false;
  for (let bit = 0; bit < bits; bit++) {
    const mask = 1 << (7 - (bit & 7));
    if (((address[bit >> 3]! ^ bytes[bit >> 3]!) & mask) !== 0) return false;
  }
  return true;
}

function clearBits(bytes: Uint8Array, from: number): void {
  for (let bit = from; bit < bytes.length * 8; bit++) {
    bytes[bit >> 3]! &= ~(1 << (7 - (bit & 7)));
  }
}
