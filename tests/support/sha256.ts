/**
 * @param bytes Any bytes.
 * @returns Their SHA-256 in lower-case hexadecimal.
 */
export async function sha256Hex(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
