import { decodeOid, DER_TAG, readDer } from "./_der_reader.ts";
import type { DerElement } from "./_der_reader.ts";

/** Types with a short name, in the order in which they are written. */
const KNOWN_TYPES: readonly (readonly [string, string])[] = [
  ["SERIALNUMBER", "2.5.4.5"],
  ["CN", "2.5.4.3"],
  ["OU", "2.5.4.11"],
  ["O", "2.5.4.10"],
  ["POSTALCODE", "2.5.4.17"],
  ["STREET", "2.5.4.9"],
  ["L", "2.5.4.7"],
  ["ST", "2.5.4.8"],
  ["C", "2.5.4.6"],
];

/** Of these the last value counts. */
const SINGLE_TYPES: ReadonlySet<string> = new Set(["2.5.4.5", "2.5.4.3"]);

const PRINTABLE_REGEXP = /^[A-Za-z0-9 '()+,\-./:=?]*$/;

interface Attribute {
  readonly type: string;
  readonly value: string;
}

/**
 * Writes a distinguished name as Go does: known types in a fixed order, then
 * all others by their numbers, last first.
 *
 * @param name The name in DER, a sequence of sets.
 * @returns For example `CN=host.example.net,O=Example\, Inc.,C=CZ`.
 * @throws {FormatError} When the DER is malformed.
 */
export function formatDistinguishedName(name: DerElement): string {
  const attributes = readDer(name.content).flatMap(readAttributes);
  const parts: string[] = [];
  for (const [label, type] of KNOWN_TYPES) {
    const values = attributes.filter((each) => each.type === type)
      .map(({ value }) => value);
    const used = SINGLE_TYPES.has(type) ? values.slice(-1) : values;
    if (used.length === 0 || (SINGLE_TYPES.has(type) && used[0] === "")) {
      continue;
    }
    parts.push(used.map((value) => `${label}=${escapeValue(value)}`).join("+"));
  }
  const others = attributes.filter(({ type }) =>
    !KNOWN_TYPES.some(([, known]) => known === type)
  );
  for (const { type, value } of others.reverse()) {
    parts.push(`${type}=#${encodeValue(value).toHex()}`);
  }
  return parts.join(",");
}

function readAttributes(set: DerElement): Attribute[] {
  return readDer(set.content).flatMap(({ content }) => {
    const [type, value] = readDer(content);
    return type?.tag === DER_TAG.oid && value !== undefined
      ? [{ type: decodeOid(type.content), value: decodeText(value) }]
      : [];
  });
}

function decodeText({ tag, content }: DerElement): string {
  switch (tag) {
    case DER_TAG.bmpString:
      return new TextDecoder("utf-16be").decode(content);
    case DER_TAG.universalString: {
      let text = "";
      const view = new DataView(
        content.buffer,
        content.byteOffset,
        content.length,
      );
      for (let at = 0; at + 4 <= content.length; at += 4) {
        const point = view.getUint32(at);
        text += point <= 0x10ffff ? String.fromCodePoint(point) : "\ufffd";
      }
      return text;
    }
    case DER_TAG.teletexString:
      return String.fromCharCode(...content);
    default:
      return new TextDecoder().decode(content);
  }
}

function encodeValue(value: string): Uint8Array {
  const bytes = new TextEncoder().encode(value);
  const tag = PRINTABLE_REGEXP.test(value)
    ? DER_TAG.printableString
    : DER_TAG.utf8String;
  const length = bytes.length < 0x80
    ? [bytes.length]
    : bytes.length < 0x100
    ? [0x81, bytes.length]
    : [0x82, bytes.length >> 8, bytes.length & 0xff];
  return new Uint8Array([tag, ...length, ...bytes]);
}

function escapeValue(value: string): string {
  const characters = [...value];
  return characters.map((character, index) => {
    const isEdge = index === 0 || index === characters.length - 1;
    const isSpecial = /[,+"\\<>;]/.test(character) ||
      (character === "#" && index === 0) || (character === " " && isEdge);
    return isSpecial ? `\\${character}` : character;
  }).join("");
}
