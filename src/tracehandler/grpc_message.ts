const encoder = new TextEncoder();

/**
 * Encodes the text of a status for a header: everything but printable ASCII,
 * and the percent sign, as percent and two hexadecimal digits per byte.
 *
 * @param text The text.
 * @returns The header's value.
 */
export function encodeGrpcMessage(text: string): string {
  return text.replace(
    /[^\x20-\x7e]+|%/g,
    (part) =>
      Array.from(
        encoder.encode(part),
        (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
      ).join(""),
  );
}

/**
 * Decodes what {@linkcode encodeGrpcMessage} encodes.
 *
 * @param text The header's value.
 * @returns The text; as it is where it is malformed.
 */
export function decodeGrpcMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
