import { type Id128, id128FromBytes, id128ToBytes } from "../codec/id128.ts";
import { xxh3 } from "../codec/xxh3.ts";

const FRAME_ID_BYTES = 24;
const MAX_QUOTED = 64;

/** A place in a file, as of October 2024. */
export interface FrameId {
  /** The file. */
  readonly fileId: Id128;
  /** Address in the file, or line; from 0 to 2^64 - 1. */
  readonly addressOrLine: bigint;
}

/** @param id A frame id. @returns Its 24 bytes: file, then address, highest byte first. */
export function frameIdToBytes(
  { fileId, addressOrLine }: FrameId,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(FRAME_ID_BYTES);
  bytes.set(id128ToBytes(fileId));
  new DataView(bytes.buffer).setBigUint64(16, addressOrLine);
  return bytes;
}

/**
 * @param bytes Its 24 bytes.
 * @returns The frame id.
 * @throws {SyntaxError} When there are not 24.
 */
export function frameIdFromBytes(bytes: Uint8Array): FrameId {
  if (bytes.length !== FRAME_ID_BYTES) {
    throw new SyntaxError(
      `Cannot read frame id: it has ${bytes.length} bytes, expected ${FRAME_ID_BYTES}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, FRAME_ID_BYTES);
  return {
    fileId: id128FromBytes(bytes.subarray(0, 16)),
    addressOrLine: view.getBigUint64(16),
  };
}

/** @param id A frame id. @returns 32 characters of base64 with the URL alphabet. */
export function formatFrameId(id: FrameId): string {
  return frameIdToBytes(id).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
}

/** How {@linkcode parseFrameId} reads. */
export interface ParseFrameIdOptions {
  /** Whether padding at the end is accepted. @default {false} */
  readonly lenient?: boolean | undefined;
}

/**
 * Reads the text form.
 *
 * @param text Base64 with the URL alphabet.
 * @param options Whether padding is accepted.
 * @returns The frame id.
 * @throws {SyntaxError} When the text is no base64 or not of 24 bytes.
 */
export function parseFrameId(
  text: string,
  options: ParseFrameIdOptions = {},
): FrameId {
  const plain = options.lenient === true ? text.replace(/={1,2}$/, "") : text;
  if (!/^[A-Za-z0-9_-]*$/.test(plain) || plain.length % 4 === 1) {
    const shown = text.length > MAX_QUOTED
      ? `${text.slice(0, MAX_QUOTED)}…`
      : text;
    throw new SyntaxError(
      `Cannot read frame id ${
        JSON.stringify(shown)
      }: expected 32 characters of base64 with the URL alphabet`,
    );
  }
  return frameIdFromBytes(
    Uint8Array.fromBase64(plain, { alphabet: "base64url" }),
  );
}

/** @param id A frame id. @returns Its hash of 64 bits. */
export function hashFrameId(id: FrameId): bigint {
  return xxh3(frameIdToBytes(id));
}

/** @param id A frame id. @returns Sixteen bytes in the form of an IP address: half of the file's id, and the address. */
export function frameIdAsIp(id: FrameId): Uint8Array<ArrayBuffer> {
  const bytes = frameIdToBytes(id);
  bytes.copyWithin(8, 16);
  return bytes.slice(0, 16);
}
