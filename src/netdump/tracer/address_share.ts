/** Least time that an address gets of what is left. */
const MIN_ADDRESS_MS = 2000;

/**
 * Shares the time of a dial out among its addresses.
 *
 * @param leftMs Milliseconds that are left; `Infinity` without a limit.
 * @param addressesLeft Addresses that are not tried yet, this one included.
 * @returns Milliseconds for this address: its share, but two seconds at least
 * as far as they are left; 0 without a limit.
 */
export function addressShareMs(leftMs: number, addressesLeft: number): number {
  if (leftMs === Infinity) return 0;
  const share = leftMs / addressesLeft;
  return Math.max(
    1,
    share < MIN_ADDRESS_MS ? Math.min(leftMs, MIN_ADDRESS_MS) : share,
  );
}
