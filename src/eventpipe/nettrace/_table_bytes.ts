/**
 * Most bytes of one kind that a decoder keeps at a time: stacks and labels
 * between two sequence points, definitions of events and threads.
 */
export const MAX_TABLE_BYTES: number = 64 * 1024 * 1024;
