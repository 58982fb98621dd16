/** Bytes of the TOKEN_USER header before the identifier of a `WbemSID`. */
const TOKEN_USER_BYTES = 16;
const FIXED_BYTES = 8;

const INTEGRITY_LEVELS: ReadonlyMap<number, string> = new Map([
  [0, "UNTRUSTED"],
  [0x1000, "LOW"],
  [0x2000, "MEDIUM"],
  [0x2100, "MEDIUM+"],
  [0x3000, "HIGH"],
  [0x4000, "SYSTEM"],
  [0x5000, "PROTECTED"],
]);

/**
 * Renders a security identifier: u8 revision, u8 count, u48 authority
 * big-endian, then that many u32 little-endian in captures of any byte order.
 *
 * @param bytes The value of a `SID` or `WbemSID` parameter.
 * @param hasHeader Whether the 16 bytes of a `WbemSID` come first.
 * @returns `S-1-…`, or the bytes in hexadecimal when they are no identifier.
 */
export function sidText(bytes: Uint8Array, hasHeader: boolean): string {
  const sid = hasHeader ? bytes.subarray(TOKEN_USER_BYTES) : bytes;
  const authorities = subAuthorities(sid);
  if (authorities === undefined) return bytes.toHex();
  let authority = 0;
  for (let index = 2; index < FIXED_BYTES; index++) {
    authority = authority * 256 + sid[index]!;
  }
  return ["S", sid[0]!, authority, ...authorities].join("-");
}

/**
 * Reads the integrity level that an identifier stands for.
 *
 * @param bytes The value of a `SID` or `WbemSID` parameter.
 * @param hasHeader Whether the 16 bytes of a `WbemSID` come first.
 * @returns `LOW`, `HIGH` …, `UNKNOWN` for anything else.
 */
export function integrityLevelText(
  bytes: Uint8Array,
  hasHeader: boolean,
): string {
  const sid = hasHeader ? bytes.subarray(TOKEN_USER_BYTES) : bytes;
  const level = subAuthorities(sid)?.at(-1);
  return INTEGRITY_LEVELS.get(level ?? -1) ?? "UNKNOWN";
}

function subAuthorities(sid: Uint8Array): number[] | undefined {
  const count = sid[1] ?? 0;
  if (sid.length < FIXED_BYTES + 4 * count) return undefined;
  const view = new DataView(sid.buffer, sid.byteOffset, sid.byteLength);
  return Array.from(
    { length: count },
    (_, index) => view.getUint32(FIXED_BYTES + 4 * index, true),
  );
}
