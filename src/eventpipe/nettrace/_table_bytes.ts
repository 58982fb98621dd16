/** Most bytes of stacks that a decoder keeps between two sequence points. */
export const MAX_STACK_BYTES: number = 64 * 1024 * 1024;

/**
 * Most bytes of a stream that a decoder turns into objects of one kind at a time:
 * definitions of events, threads, labels. Objects take many times their bytes.
 */
export const MAX_TABLE_BYTES: number = 16 * 1024 * 1024;
