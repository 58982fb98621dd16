import type { ByteReader } from "../../codec/byte_reader.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads a version 6 text: length in bytes as varuint32, then UTF-8. */
export function readString6(reader: ByteReader): string {
  const length = reader.varuint32();
  return decoder.decode(reader.bytes(length));
}

/** Decodes UTF-8; what is not UTF-8 becomes U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
