import { parseGuid } from "../../codec/guid.ts";

const CHECKSUM = 0x599d_99ad;
const PATH_BYTES = 12;

// Nibbles of the first 12 bytes, high one first.
const NIBBLE_END = 0x0;
const NIBBLE_LAST_NUMBER = 0xa;
const NIBBLE_PREFIX = 0xb;
const NIBBLE_LENGTH = 0xc;

/**
 * Turns an activity id into the path that it disguises: event sources number
 * activities within activities, and pack these numbers into a GUID.
 *
 * @param activityId GUID as text.
 * @param processId Process that made it, 0 or left out where unknown; ids that
 * look like a path by their checksum's top bits are then taken as such.
 * @returns For example `//1/3/2/` or `/#4242/1/1/`; the GUID as it is when it is no
 * path.
 *
 * @example
 * ```ts
 * import { activityPath } from "@tracedeck/tracedeck/eventpipe";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   activityPath("00000011-0000-0000-0000-00003da89d59", 12675),
 *   "/#12675/1/1/",
 * );
 * ```
 */
export function activityPath(
  activityId: string,
  processId = 0,
): string {
  const bytes = parseGuid(activityId);
  const view = new DataView(bytes.buffer);
  const sum = (view.getUint32(0, true) + view.getUint32(4, true) +
    view.getUint32(8, true) + CHECKSUM) >>> 0;
  const check = view.getUint32(12, true);
  const isPath = processId === 0
    ? sum >>> 20 === check >>> 20
    : ((sum ^ processId) >>> 0) === check || sum === check;
  return isPath
    ? renderPath(bytes, (sum ^ check) >>> 0) ?? activityId
    : activityId;
}

function renderPath(bytes: Uint8Array, processId: number): string | undefined {
  let path = processId === 0 ? "/" : `/#${processId}`;
  let position = 0;
  let separator = "/";
  const nibbles = 2 * PATH_BYTES;
  while (position < nibbles) {
    const nibble = nibbleAt(bytes, position);
    position++;
    if (nibble === NIBBLE_END) break;
    if (nibble <= NIBBLE_LAST_NUMBER) {
      path += `/${nibble}`;
      continue;
    }
    if (nibble === NIBBLE_PREFIX) {
      if (position >= nibbles || nibbleAt(bytes, position) < NIBBLE_LENGTH) {
        return undefined;
      }
      separator = "$";
      continue;
    }
    const count = nibble - NIBBLE_LENGTH + 1;
    // After a high nibble the low one of the same byte holds the top bits.
    let value = 0;
    if (position % 2 === 1) value = nibbleAt(bytes, position++);
    const start = position / 2;
    if (start + count > PATH_BYTES) return undefined;
    for (let index = count - 1; index >= 0; index--) {
      value = value * 0x100 + bytes[start + index]!;
    }
    position += 2 * count;
    path += `${separator}${value}`;
    separator = "/";
  }
  return `${path}/`;
}

function nibbleAt(bytes: Uint8Array, position: number): number {
  const byte = bytes[position >> 1]!;
  return position % 2 === 0 ? byte >> 4 : byte & 0x0f;
}
