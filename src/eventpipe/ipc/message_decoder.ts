import { FormatError } from "../../base/errors.ts";
import { ByteReader } from "../../codec/byte_reader.ts";
import { decodeUtf16le } from "../../codec/utf16.ts";
import { IPC_HEADER_BYTES, IPC_MAGIC } from "./message_encoder.ts";

/** Name of the protocol in errors. */
export const IPC_FORMAT = "diagnostic message";

/** The head of a message. */
export interface MessageHeader {
  /** Bytes of the whole message. */
  readonly size: number;
  /** Command set in the high byte, id in the low one. */
  readonly code: number;
}

/**
 * Reads the head of a message.
 *
 * @param bytes At least 20 bytes.
 * @returns Size and code.
 * @throws {TruncatedError} When there are fewer bytes.
 * @throws {FormatError} When the magic differs or the size is below 20.
 */
export function decodeMessageHeader(bytes: Uint8Array): MessageHeader {
  const reader = new ByteReader(bytes, {
    littleEndian: true,
    format: IPC_FORMAT,
  });
  const magic = reader.bytes(IPC_MAGIC.length);
  const size = reader.u16();
  const code = reader.u8() * 0x100 + reader.u8();
  reader.u16();
  if (!IPC_MAGIC.every((byte, index) => magic[index] === byte)) {
    throw new FormatError(
      `Cannot read ${IPC_FORMAT}: it begins with ${
        bytes.subarray(0, IPC_HEADER_BYTES).toHex()
      }`,
      { format: IPC_FORMAT, offset: 0 },
    );
  }
  if (size < IPC_HEADER_BYTES) {
    throw new FormatError(
      `Cannot read ${IPC_FORMAT}: its size is ${size} bytes in header ${
        bytes.subarray(0, IPC_HEADER_BYTES).toHex()
      }`,
      { format: IPC_FORMAT, offset: 14 },
    );
  }
  return { size, code };
}

/**
 * @param payload What follows a message's head.
 * @returns A reader of its fields.
 */
export function payloadReader(payload: Uint8Array): ByteReader {
  return new ByteReader(payload, {
    littleEndian: true,
    format: IPC_FORMAT,
    baseOffset: IPC_HEADER_BYTES,
  });
}

/**
 * Reads a string of this protocol.
 *
 * @param reader Where from.
 * @param field What the string is, for errors.
 * @returns The text, `null` when it is absent.
 * @throws {FormatError} When it reaches beyond the payload or does not end with a zero.
 */
export function readIpcString(
  reader: ByteReader,
  field: string,
): string | null {
  const { offset } = reader;
  const count = reader.u32();
  if (count === 0) return null;
  if (count * 2 > reader.remaining) {
    throw new FormatError(
      `Cannot read ${IPC_FORMAT} field "${field}" at byte ${offset}: it has ${count} units, ${reader.remaining} bytes are left`,
      { format: IPC_FORMAT, offset, record: field },
    );
  }
  const bytes = reader.bytes(count * 2);
  if (bytes.at(-1) !== 0 || bytes.at(-2) !== 0) {
    throw new FormatError(
      `Cannot read ${IPC_FORMAT} field "${field}" at byte ${offset}: its last unit is not zero`,
      { format: IPC_FORMAT, offset, record: field },
    );
  }
  return decodeUtf16le(bytes.subarray(0, bytes.length - 2));
}
