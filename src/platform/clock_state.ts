import { borrowLibc } from "./libc.ts";

/** What the kernel says when nothing keeps its clock right. */
const TIME_ERROR = 5;
const TIMEX_BYTES = 256;

/**
 * Tells whether the kernel holds its clock to be right: a time service has set
 * it and keeps it.
 *
 * @returns What it says, `undefined` where it cannot be asked.
 */
export function isClockSynchronized(): boolean | undefined {
  try {
    return borrowLibc((libc) => {
      const state = libc.linuxSymbol("adjtimex")(new Uint8Array(TIMEX_BYTES));
      return state < 0 ? undefined : state !== TIME_ERROR;
    });
  } catch {
    return undefined;
  }
}
