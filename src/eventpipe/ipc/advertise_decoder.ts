import { FormatError } from "../../base/errors.ts";
import { ByteReader } from "../../codec/byte_reader.ts";
import { formatGuid } from "../../codec/guid.ts";
import { ADVERTISE_MAGIC } from "./advertise_encoder.ts";
import type { Advertise } from "./types.ts";

/**
 * Reads the message with which a runtime introduces itself.
 *
 * @param bytes 34 bytes.
 * @returns Cookie and process.
 * @throws {TruncatedError} When there are fewer bytes.
 * @throws {FormatError} When it begins with something else.
 */
export function decodeAdvertise(bytes: Uint8Array): Advertise {
  const reader = new ByteReader(bytes, {
    littleEndian: true,
    format: "advertise",
  });
  const magic = reader.bytes(ADVERTISE_MAGIC.length);
  if (!ADVERTISE_MAGIC.every((byte, index) => magic[index] === byte)) {
    throw new FormatError(
      `Cannot read advertise: it begins with ${magic.toHex()}`,
      { format: "advertise", offset: 0 },
    );
  }
  const runtimeCookie = formatGuid(reader.bytes(16));
  const processId = reader.u64();
  reader.u16();
  return { runtimeCookie, processId };
}
