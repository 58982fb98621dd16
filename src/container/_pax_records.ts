const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * Reads the records of a PAX header, `LENGTH KEY=VALUE\n` each.
 *
 * @param bytes Content of the header entry.
 * @returns Values by key, and whether all bytes were records.
 */
export function readPaxRecords(
  bytes: Uint8Array,
): { readonly records: ReadonlyMap<string, string>; readonly whole: boolean } {
  const records = new Map<string, string>();
  let at = 0;
  while (at < bytes.length) {
    const blank = bytes.indexOf(0x20, at);
    const digits = blank < 0 ? "" : decoder.decode(bytes.subarray(at, blank));
    const length = /^\d{1,9}$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    // Blank, "=" and line feed at least; so every turn moves on.
    if (length < digits.length + 3 || bytes[end - 1] !== 0x0a) break;
    const text = decoder.decode(bytes.subarray(blank + 1, end - 1));
    const sign = text.indexOf("=");
    if (sign <= 0) break;
    records.set(text.slice(0, sign), text.slice(sign + 1));
    at = end;
  }
  return { records, whole: at === bytes.length };
}

/**
 * Writes a record of a PAX header.
 *
 * @param key Its key.
 * @param value Its value.
 * @returns The bytes; the length at their start counts itself.
 */
export function encodePaxRecord(
  key: string,
  value: string,
): Uint8Array<ArrayBuffer> {
  const body = encoder.encode(` ${key}=${value}\n`);
  let length = body.length + String(body.length).length;
  length = body.length + String(length).length;
  return encoder.encode(`${length} ${key}=${value}\n`);
}
