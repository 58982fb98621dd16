import { borrowLibc } from "./libc.ts";

const STDIN_FD = 0;

/**
 * Tells whether this process may read from its standard input, which is a
 * terminal. One in the background is stopped by the system when it tries.
 *
 * @returns Whether it may; false where that cannot be told.
 */
export function isInForeground(): boolean {
  if (Deno.build.os === "windows") return true;
  try {
    return borrowLibc(({ symbols }) =>
      symbols.tcgetpgrp(STDIN_FD) === symbols.getpgrp()
    );
  } catch (error) {
    const isExpected = error instanceof Deno.errors.NotCapable ||
      error instanceof Deno.errors.NotSupported;
    if (isExpected) return false;
    throw error;
  }
}
