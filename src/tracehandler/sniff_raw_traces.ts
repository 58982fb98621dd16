const PREFIX_BYTES = 4;
const MIN_RECORD_BYTES = 64;
const MIN_2026_BYTES = 728;
/** The kernel pads records to a multiple of 8 bytes. */
const MAX_PADDING = 7;

/** Layout of a raw record. */
export type RawTraceLayout = "2024-10" | "2026-08";

/**
 * Tells whether bytes begin a file of raw records: a length, and a record whose
 * counts fit it; or such a record in hexadecimal as a line of JSON.
 *
 * @param head First bytes of the file.
 * @returns True when they are plausible.
 */
export function sniffRawTraces(head: Uint8Array): boolean {
  if (isRawTraceText(head)) {
    const line = new TextDecoder().decode(head).split("\n", 1)[0]!;
    const hex = /^\s*(?:\{[^{}]*"record"\s*:\s*)?"([0-9a-fA-F]{128,})/
      .exec(line)?.[1];
    if (hex === undefined) return false;
    const bytes = Uint8Array.fromHex(hex.slice(0, hex.length & ~1));
    return line.length < head.length
      ? guessRawTraceLayout(bytes, bytes.length) !== undefined
      : bytes.length >= MIN_RECORD_BYTES;
  }
  if (head.length < PREFIX_BYTES + MIN_RECORD_BYTES) return false;
  const size = new DataView(head.buffer, head.byteOffset).getUint32(0, true);
  return guessRawTraceLayout(head.subarray(PREFIX_BYTES), size) !== undefined;
}

/**
 * Finds the layout of a record by its counts.
 *
 * @param bytes The record, or its first bytes.
 * @param sizeBytes Size of the whole record.
 * @returns The layout, or `undefined` when it fits none.
 */
export function guessRawTraceLayout(
  bytes: Uint8Array,
  sizeBytes: number,
): RawTraceLayout | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fits = (needed: number) =>
    sizeBytes >= needed && sizeBytes <= needed + MAX_PADDING;
  if (bytes.length >= MIN_2026_BYTES) {
    const words = view.getUint16(700, true);
    if (
      fits(MIN_2026_BYTES + words * 8) && view.getUint16(704, true) <= words &&
      view.getUint32(56, true) <= 10
    ) return "2026-08";
  }
  if (bytes.length >= MIN_RECORD_BYTES) {
    const frames = view.getUint32(60, true);
    if (frames <= 128 && fits(MIN_RECORD_BYTES + frames * 24)) {
      return "2024-10";
    }
  }
  return undefined;
}

/** @param head First bytes of a file. @returns Whether it holds lines of JSON. */
export function isRawTraceText(head: Uint8Array): boolean {
  const first = head.find((byte) => byte !== 0x20 && byte !== 9 && byte !== 10);
  // A length of 0x22 or 0x7b with zero bytes behind it is no text.
  return (first === 0x22 || first === 0x7b) && head[1] !== 0;
}
