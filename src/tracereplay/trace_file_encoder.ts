import { ByteWriter } from "../codec/byte_writer.ts";
import {
  MAX_MESSAGE_BYTES,
  TRACE_FILE_SIGNATURE,
} from "./trace_file_decoder.ts";

/** The version of the wire format that is written: the only one that exists. */
export const WIRE_VERSION = 1;

/**
 * Encodes the start of a trace file: signature and configuration, byte for byte
 * what gVisor's `tracereplay` writes.
 *
 * @returns 37 bytes.
 */
export function encodeTraceFileHeader(): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter({ littleEndian: true, initialCapacity: 64 });
  out.utf8(TRACE_FILE_SIGNATURE);
  const config = `{"version":${WIRE_VERSION}}`;
  out.u64(BigInt(config.length));
  out.utf8(config);
  return out.view();
}

/**
 * Encodes one message of a trace file.
 *
 * @param packet The message with its header, at most 1 MiB.
 * @returns Its size as a 64-bit number, and the message.
 * @throws {RangeError} When the message is larger.
 */
export function encodeTraceRecord(packet: Uint8Array): Uint8Array<ArrayBuffer> {
  if (packet.length > MAX_MESSAGE_BYTES) {
    throw new RangeError(
      `Cannot encode trace record: message has ${packet.length} bytes, at most ${MAX_MESSAGE_BYTES} are possible`,
    );
  }
  const out = new ByteWriter({
    littleEndian: true,
    initialCapacity: 8 + packet.length,
  });
  out.u64(BigInt(packet.length));
  out.bytes(packet);
  return out.view();
}
