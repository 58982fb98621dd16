import { isSkipped, parseLine } from "./_folded_line.ts";

const SPACES = new Set([0x09, 0x0a, 0x0d]);

/**
 * Tells whether text can be folded stacks: every whole line ends with a
 * number, and at least one has several frames.
 *
 * @param head First bytes of a stream.
 * @returns True when they are plausible.
 */
export function sniffFolded(head: Uint8Array): boolean {
  if (head.some((byte) => byte < 0x20 && !SPACES.has(byte))) return false;
  const text = new TextDecoder().decode(head);
  const lines = text.split("\n");
  // The last line may be cut off.
  if (lines.length > 1) lines.pop();
  const stacks = lines.filter((line) => !isSkipped(line));
  return stacks.every((line) => parseLine(line) !== undefined) &&
    stacks.some((line) => line.includes(";"));
}
