import type { KcapHandle, KcapHandleMeta } from "./types.ts";
import type { RecordCursor } from "./_record_cursor.ts";

/** Kinds of handle details on disk. */
export const HANDLE_META = {
  alpc: 1,
  mutant: 2,
  file: 3,
  unknown: 4,
  none: 5,
} as const;

/**
 * Decodes the body of a handle record:
 *
 * ```text
 * u64 id, u64 object, u32 pid, text kind, text name, u8 details, then
 *   1 ALPC port  u32 flags, u32 sequence, u64 context
 *   2 mutant     i32 count, u8 abandoned
 *   3 file       u8 directory
 *   4 unknown, 5 none
 * ```
 *
 * @param cursor At the body; its end is the body's.
 * @returns The handle.
 * @throws {FormatError} When the body is not exactly one handle.
 */
export function decodeHandle(cursor: RecordCursor): KcapHandle {
  const handle = {
    id: cursor.u64(),
    object: cursor.u64(),
    pid: cursor.u32(),
    kind: cursor.text(),
    name: cursor.text(),
    meta: decodeMeta(cursor),
  };
  if (cursor.remaining !== 0) {
    throw cursor.fault(`${cursor.remaining} bytes follow the handle`);
  }
  return handle;
}

const UNKNOWN: KcapHandleMeta = { type: "unknown" };
const NONE: KcapHandleMeta = { type: "none" };

function decodeMeta(cursor: RecordCursor): KcapHandleMeta {
  const kind = cursor.u8();
  switch (kind) {
    case HANDLE_META.alpc:
      return {
        type: "alpc",
        flags: cursor.u32(),
        sequence: cursor.u32(),
        context: cursor.u64(),
      };
    case HANDLE_META.mutant:
      return {
        type: "mutant",
        count: cursor.i32(),
        isAbandoned: cursor.u8() === 1,
      };
    case HANDLE_META.file:
      return { type: "file", isDirectory: cursor.u8() === 1 };
    case HANDLE_META.unknown:
      return UNKNOWN;
    case HANDLE_META.none:
      return NONE;
    default:
      throw cursor.fault(`kind of handle details is ${kind}, expected 1 to 5`);
  }
}

/**
 * Decodes handle records with their u16 lengths.
 *
 * @param cursor At the first length.
 * @param count How many there are said to be.
 * @returns The handles.
 * @throws {FormatError} When one of them is damaged.
 */
export function decodeHandles(
  cursor: RecordCursor,
  count: number,
): KcapHandle[] {
  const handles: KcapHandle[] = [];
  const end = cursor.end;
  for (let index = 0; index < count; index++) {
    const length = cursor.u16();
    const handleEnd = cursor.position + length;
    if (handleEnd > end) {
      throw cursor.fault(
        `handle ${index + 1} of ${length} bytes leaves the process state`,
      );
    }
    cursor.end = handleEnd;
    handles.push(decodeHandle(cursor));
    cursor.end = end;
  }
  return handles;
}
