/** Event bits of `poll(2)` on Linux. */
export const POLL_EVENTS = {
  /** Something can be read, or accepted. */
  in: 0x1,
  /** Something can be written. */
  out: 0x4,
  /** The descriptor is in an error state; reported without being asked for. */
  error: 0x8,
  /** The peer has closed; reported without being asked for. */
  hangUp: 0x10,
  /** The descriptor is not open; reported without being asked for. */
  invalid: 0x20,
} as const;

/**
 * Layout of `struct pollfd`; equal on all systems.
 *
 * | offset | size | field |
 * | --- | --- | --- |
 * | 0 | 4 | `fd`, i32 |
 * | 4 | 2 | `events`, i16 |
 * | 6 | 2 | `revents`, i16 |
 */
export const POLLFD_LAYOUT = { fd: 0, events: 4, revents: 6, size: 8 } as const;
