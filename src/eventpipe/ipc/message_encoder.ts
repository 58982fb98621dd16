import { ByteWriter } from "../../codec/byte_writer.ts";
import { encodeUtf16le } from "../../codec/utf16.ts";

/** First bytes of every message, `DOTNET_IPC_V1` and a zero byte. */
export const IPC_MAGIC: Uint8Array<ArrayBuffer> = new TextEncoder().encode(
  "DOTNET_IPC_V1\0",
);

/** Bytes of a message's header. */
export const IPC_HEADER_BYTES = 20;

/** Largest message; its size is told in 16 bits. */
export const MAX_IPC_MESSAGE_BYTES = 0xffff;

// | at | size | field                         |
// | -- | ---- | ----------------------------- |
// | 0  | 14   | magic                         |
// | 14 | 2    | size of header and payload    |
// | 16 | 1    | command set                   |
// | 17 | 1    | command id                    |
// | 18 | 2    | 0                             |

/**
 * Makes a message.
 *
 * @param code Command set in the high byte, id in the low one.
 * @param payload What follows the header.
 * @returns The bytes.
 * @throws {RangeError} When the message would be larger than 65535 bytes.
 */
export function encodeMessage(
  code: number,
  payload: Uint8Array = new Uint8Array(0),
): Uint8Array<ArrayBuffer> {
  const size = IPC_HEADER_BYTES + payload.length;
  if (size > MAX_IPC_MESSAGE_BYTES) {
    throw new RangeError(
      `Cannot make a diagnostic message: its size is ${size} bytes, the limit is ${MAX_IPC_MESSAGE_BYTES}`,
    );
  }
  const writer = new ByteWriter({ littleEndian: true, initialCapacity: size });
  writer.bytes(IPC_MAGIC);
  writer.u16(size);
  writer.u8(code >> 8);
  writer.u8(code & 0xff);
  writer.u16(0);
  writer.bytes(payload);
  return writer.toBytes();
}

/**
 * Writes a string of this protocol: the number of UTF-16 units with the
 * terminator, then these.
 *
 * @param writer Where to.
 * @param text The text; `null` is written as absent.
 * @throws {RangeError} When the text holds U+0000, where the runtime would cut it.
 */
export function writeIpcString(writer: ByteWriter, text: string | null): void {
  if (text === null) {
    writer.u32(0);
    return;
  }
  if (text.includes("\0")) {
    throw new RangeError(
      `Cannot send "${text.replaceAll("\0", "\\0")}": it holds U+0000`,
    );
  }
  writer.u32(text.length + 1);
  writer.bytes(encodeUtf16le(text));
  writer.u16(0);
}
