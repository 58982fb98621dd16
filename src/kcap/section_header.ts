import type { RecordCursor } from "./_record_cursor.ts";

/** Types of sections. */
export const SECTION = { process: 1, handle: 2, event: 3, pe: 4 } as const;

/** Bytes of a section header. */
export const SECTION_HEADER_BYTES = 10;

/** Head of a section: u8 type, u8 version, u32 count, u32 size. */
export interface SectionHeader {
  readonly type: number;
  readonly version: number;
  /** Records in it. */
  readonly count: number;
  /** Bytes of its body. */
  readonly sizeBytes: number;
}

/**
 * @param cursor At the header.
 * @returns The header.
 * @throws {FormatError} When the record ends in it.
 */
export function decodeSectionHeader(cursor: RecordCursor): SectionHeader {
  return {
    type: cursor.u8(),
    version: cursor.u8(),
    count: cursor.u32(),
    sizeBytes: cursor.u32(),
  };
}
