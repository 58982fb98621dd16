import { openLibc } from "./libc.ts";

const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;

/** Clocks of this machine. */
export interface MachineClocks {
  /** @returns Nanoseconds since 1970. */
  unixNs(): bigint;
  /** @returns Nanoseconds of the clock that is never set, with which the kernel stamps what it records. */
  monotonicNs(): bigint;
}

/**
 * Opens the clocks of this machine.
 *
 * @returns The clocks.
 * @throws {Deno.errors.NotCapable} When FFI is not permitted.
 */
export function machineClocks(): MachineClocks {
  const libc = openLibc();
  // struct timespec: i64 seconds, i64 nanoseconds.
  const time = new BigInt64Array(2);
  const bytes = new Uint8Array(time.buffer);
  const read = (clock: number): bigint => {
    libc.check(libc.symbols.clockGettime(clock, bytes), "clock_gettime");
    return time[0]! * 1_000_000_000n + time[1]!;
  };
  return {
    unixNs: () => read(CLOCK_REALTIME),
    monotonicNs: () => read(CLOCK_MONOTONIC),
  };
}
