/** Longest name in its encoded form, with the length bytes and the root. */
const MAX_NAME_BYTES = 255;
/** Longest label. */
const MAX_LABEL_BYTES = 63;

const decoder = new TextDecoder();

/** A name that was read, and where it ends. */
export interface DnsName {
  /** Absolute, with a dot at the end. */
  readonly text: string;
  /** Offset behind the name. */
  readonly end: number;
}

/**
 * Reads a name of a DNS message. Pointers must lead backwards, so that no name
 * is endless.
 *
 * @param message The whole message.
 * @param offset Where the name begins.
 * @returns The name, or `undefined` when it is malformed.
 */
export function decodeDnsName(
  message: Uint8Array,
  offset: number,
): DnsName | undefined {
  const labels: string[] = [];
  let size = 1;
  let at = offset;
  let start = offset;
  let end: number | undefined;
  while (true) {
    const length = message[at];
    if (length === undefined) return undefined;
    if (length === 0) break;
    if (length <= MAX_LABEL_BYTES) {
      const label = message.subarray(at + 1, at + 1 + length);
      size += length + 1;
      // A dot inside of a label cannot be told from one between labels.
      const isBad = label.length < length || size > MAX_NAME_BYTES ||
        label.includes(0x2e);
      if (isBad) return undefined;
      labels.push(decoder.decode(label));
      at += length + 1;
      continue;
    }
    const low = message[at + 1];
    if (length < 0xc0 || low === undefined) return undefined;
    end ??= at + 2;
    const target = (length & 0x3f) << 8 | low;
    if (target >= start) return undefined;
    start = target;
    at = target;
  }
  return {
    text: labels.length === 0 ? "." : `${labels.join(".")}.`,
    end: end ?? at + 1,
  };
}

/**
 * Writes a name without compression.
 *
 * @param name A name, with or without a dot at the end.
 * @returns Its bytes, or `undefined` when it cannot be a name of DNS.
 */
export function encodeDnsName(
  name: string,
): Uint8Array<ArrayBuffer> | undefined {
  const plain = name.endsWith(".") ? name.slice(0, -1) : name;
  if (plain === "") return name === "." ? new Uint8Array(1) : undefined;
  const parts: number[] = [];
  for (const label of plain.split(".")) {
    const bytes = new TextEncoder().encode(label);
    if (bytes.length === 0 || bytes.length > MAX_LABEL_BYTES) return undefined;
    parts.push(bytes.length, ...bytes);
  }
  parts.push(0);
  return parts.length > MAX_NAME_BYTES ? undefined : new Uint8Array(parts);
}
