import { parseDumpName } from "./dump_name.ts";
import { MANIFEST_NAME } from "./manifest.ts";

/** Where a tar header has its name and its magic. */
const NAME_BYTES = 100;
const MAGIC_OFFSET = 257;
const LAYOUT_REGEXP = /^(eve|linux|requests)(\/|$)/;

/**
 * Tells whether an archive, unpacked, begins as a network dump does: tar, and a
 * first entry whose top folder is named as dumps are, or which is of their
 * layout.
 *
 * @param head Its first bytes.
 * @returns True when it does.
 */
export function sniffNetdump(head: Uint8Array): boolean {
  const decoder = new TextDecoder();
  const magic = decoder.decode(head.subarray(MAGIC_OFFSET, MAGIC_OFFSET + 5));
  if (magic !== "ustar") return false;
  const end = head.subarray(0, NAME_BYTES).indexOf(0);
  const name = decoder.decode(head.subarray(0, end < 0 ? NAME_BYTES : end))
    .replace(/^(\.\/)+/, "");
  const [top = ""] = name.split("/");
  return parseDumpName(top) !== undefined || LAYOUT_REGEXP.test(name) ||
    name === MANIFEST_NAME;
}
