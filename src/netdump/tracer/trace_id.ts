/** Makes trace ids. */
export type TraceIdGenerator = () => string;

/** No 0, O, 1, I, l: what people confuse. */
const BASE57 = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const SHORT_UUID_LENGTH = 22;

let lastNumber = 0;

/** @returns The next of `tid-1`, `tid-2` …, unique in this run of the process. */
export function nextCounterId(): string {
  return `tid-${++lastNumber}`;
}

/**
 * Makes a generator of `tid-1`, `tid-2` … that counts for itself.
 *
 * @returns The generator.
 */
export function createCounterIds(): TraceIdGenerator {
  let last = 0;
  return () => `tid-${++last}`;
}

/** @returns A short UUID: a version 4 UUID in 22 digits of base 57. */
export function nextShortUuid(): string {
  return shortenUuid(crypto.randomUUID());
}

/**
 * Writes a UUID as one number in base 57.
 *
 * @param uuid The UUID with dashes.
 * @returns 22 digits, most significant first, filled up with `2` on the left.
 */
export function shortenUuid(uuid: string): string {
  let number = BigInt(`0x${uuid.replaceAll("-", "")}`);
  let text = "";
  while (number > 0n) {
    text = BASE57.charAt(Number(number % 57n)) + text;
    number /= 57n;
  }
  return text.padStart(SHORT_UUID_LENGTH, BASE57.charAt(0));
}
