/**
 * Tells whether bytes can begin a pprof message without gzip around it. The
 * format has no magic: the fields must have the types of a profile, and a value
 * type or the empty first string must be among them.
 *
 * @param head First bytes of a stream, behind gzip.
 * @returns True when they are plausible.
 */
export function sniffPprof(head: Uint8Array): boolean {
  let position = 0;
  let proof = false;
  while (position < head.length) {
    const tag = head[position++]!;
    const field = tag >> 3;
    if (tag >= 0x80 || !isWireTypeOf(field, tag & 7)) return false;
    const value = smallVarint(head, position);
    if (value === undefined) return proof;
    position = value.end;
    if ((tag & 7) === 0) continue;
    const body = head.subarray(position, position + value.number);
    if (field === 1 || field === 11) {
      if (!isValueType(body)) return false;
      proof ||= body.length === value.number;
    } else if (field === 6 && !proof) {
      if (value.number !== 0) return false;
      proof = true;
    }
    position += value.number;
  }
  return proof;
}

/** Messages: 1 to 6 and 11; varints: 7 to 10, 12, 14, 15; 13 is repeated and may be packed. */
function isWireTypeOf(field: number, wireType: number): boolean {
  if (field < 1 || field > 15) return false;
  if (field === 13) return wireType === 0 || wireType === 2;
  return wireType === (field <= 6 || field === 11 ? 2 : 0);
}

/** Type and unit: two indexes of strings, each at most once. */
function isValueType(body: Uint8Array): boolean {
  let position = 0;
  for (let last = 0; position < body.length;) {
    const tag = body[position++]!;
    if (tag !== 0x08 && tag !== 0x10 || tag <= last) return false;
    last = tag;
    const value = smallVarint(body, position);
    if (value === undefined) return false;
    position = value.end;
  }
  return body.length > 0;
}

function smallVarint(
  bytes: Uint8Array,
  position: number,
): { number: number; end: number } | undefined {
  let number = 0;
  for (let index = 0; index < 10; index++) {
    const byte = bytes[position + index];
    if (byte === undefined) return undefined;
    number += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { number, end: position + index + 1 };
  }
  return undefined;
}
