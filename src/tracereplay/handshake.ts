import { FormatError } from "../base/errors.ts";
import { ProtobufWriter } from "../codec/protobuf_writer.ts";
import { decodePayload } from "./message_decoder.ts";

/** Longest handshake that a server accepts, in bytes. */
export const MAX_HANDSHAKE_BYTES = 1024;

/** Longest answer to it that a client accepts, in bytes. */
export const MAX_ANSWER_BYTES = 10_240;

/**
 * Encodes the first packet of either side; it has no header.
 *
 * @param version Version of the wire format. 0 gives no bytes, which the other
 * side takes for the end.
 * @returns The packet.
 */
export function encodeHandshake(version: number): Uint8Array<ArrayBuffer> {
  const writer = new ProtobufWriter();
  writer.uint(1, version);
  return writer.view();
}

/**
 * Decodes the first packet of either side.
 *
 * @param packet The packet, without a header.
 * @param maxBytes Longest packet that is accepted.
 * @returns Version of the wire format, 0 when it is not told.
 * @throws {FormatError} When it is damaged or too long.
 */
export function decodeHandshake(
  packet: Uint8Array,
  maxBytes: number = MAX_HANDSHAKE_BYTES,
): number {
  if (packet.length > maxBytes) {
    throw new FormatError(
      `Cannot decode handshake: it has ${packet.length} bytes, at most ${maxBytes} are possible`,
      { format: "tracereplay", offset: 0, record: "Handshake" },
    );
  }
  const { value } = decodePayload("Handshake", packet);
  return value["version"] as number | undefined ?? 0;
}
