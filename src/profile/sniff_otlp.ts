const RESOURCE_PROFILES = 0x0a;
const DICTIONARY = 0x12;
const OPEN_BRACE = 0x7b;
const JSON_NAMES_REGEXP =
  /^\s*\{\s*"(resourceProfiles|resource_profiles|dictionary)"\s*:/;

/**
 * Tells whether bytes can begin OTLP profiles: a bare message, messages behind
 * their lengths as collectors write them to files, or JSON. The format has no
 * magic: the first fields must have the types of such a message.
 *
 * @param head First bytes of a stream, behind gzip.
 * @returns True when they are plausible.
 */
export function sniffOtlp(head: Uint8Array): boolean {
  const first = head.find((byte) => byte > 0x20);
  if (first === OPEN_BRACE && head[0] !== 0) {
    return JSON_NAMES_REGEXP.test(new TextDecoder().decode(head));
  }
  if (isMessage(head)) return true;
  // Longer messages than 160 MiB are not written behind a length.
  return head.length > 8 && head[0]! < RESOURCE_PROFILES &&
    isMessage(head.subarray(4));
}

function isMessage(head: Uint8Array): boolean {
  const field = fieldAt(head, 0);
  if (field === undefined || field.body.length === 0) return false;
  if (field.tag === RESOURCE_PROFILES) return isResourceProfiles(field.body);
  return field.tag === DICTIONARY && isDictionary(field.body);
}

/** Resource, scope profiles or schema; a value type of pprof begins with a number. */
function isResourceProfiles(body: Uint8Array): boolean {
  const field = fieldAt(body, 0);
  if (field === undefined) return false;
  // A resource may be empty.
  if (field.tag === 0x0a) {
    return field.size === 0 || field.body.length === 0 ||
      field.body[0] === 0x0a || field.body[0] === 0x10;
  }
  return field.tag === 0x12 &&
    (field.body[0] === 0x0a || field.body[0] === 0x12);
}

/** Its tables hold messages and texts; the first entry is empty or nearly so. */
function isDictionary(body: Uint8Array): boolean {
  const field = fieldAt(body, 0);
  if (field === undefined || (field.tag & 7) !== 2) return false;
  const table = field.tag >> 3;
  return table >= 1 && table <= 7 && field.size <= 28 &&
    (field.size === 0 || table === 4 || table === 6);
}

interface Field {
  readonly tag: number;
  /** Announced size of the value. */
  readonly size: number;
  /** What is there of the value. */
  readonly body: Uint8Array;
}

/** A field whose value has a length. */
function fieldAt(bytes: Uint8Array, at: number): Field | undefined {
  const tag = bytes[at];
  if (tag === undefined || tag >= 0x80 || (tag & 7) !== 2) return undefined;
  let size = 0;
  for (let index = 0; index < 5; index++) {
    const byte = bytes[at + 1 + index];
    if (byte === undefined) return undefined;
    size += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) {
      const start = at + 2 + index;
      return { tag, size, body: bytes.subarray(start, start + size) };
    }
  }
  return undefined;
}
