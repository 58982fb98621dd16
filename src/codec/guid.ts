/**
 * Renders 16 bytes in .NET order (u32, u16, u16 little-endian, then 8 bytes) as
 * text.
 *
 * @param bytes At least 16 bytes.
 * @returns Lower case, `8-4-4-4-12`.
 */
export function formatGuid(bytes: Uint8Array): string {
  const hex = bytes.subarray(0, 16).toHex();
  const pair = (index: number) => hex.slice(2 * index, 2 * index + 2);
  return `${pair(3)}${pair(2)}${pair(1)}${pair(0)}-${pair(5)}${pair(4)}-${
    pair(7)
  }${pair(6)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const GUID_REGEXP =
  /^\{?([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})\}?$/i;

/**
 * Reads a GUID as text into .NET byte order.
 *
 * @param text `8-4-4-4-12` hexadecimal digits, with or without braces.
 * @returns 16 bytes.
 * @throws {SyntaxError} When the text has another form.
 */
export function parseGuid(text: string): Uint8Array<ArrayBuffer> {
  const match = GUID_REGEXP.exec(text);
  if (match === null) {
    throw new SyntaxError(
      `Cannot read GUID "${text}": expected 8-4-4-4-12 hexadecimal digits`,
    );
  }
  const bytes = Uint8Array.fromHex(match.slice(1).join(""));
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
