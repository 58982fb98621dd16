const BIT_32 = 2 ** 32;
const DIGITS = 65_536;

/**
 * Finds the order of numbers. Sorting digit by digit takes linear time; tables
 * of symbols have millions of entries.
 *
 * @param values Integers from 0 to 2^53 - 1.
 * @returns Their indexes in ascending order; equal ones keep their order.
 */
export function sortOrder(values: Float64Array): Int32Array<ArrayBuffer> {
  const { length } = values;
  let order = new Int32Array(length);
  for (let index = 0; index < length; index++) order[index] = index;
  let next = new Int32Array(length);
  const counts = new Int32Array(DIGITS + 1);
  for (let digit = 0; digit < 4; digit++) {
    counts.fill(0);
    for (let index = 0; index < length; index++) {
      counts[digitOf(values[index]!, digit) + 1]!++;
    }
    // All the same: this digit changes nothing.
    if (length > 0 && counts[digitOf(values[0]!, digit) + 1] === length) {
      continue;
    }
    for (let at = 0; at < DIGITS; at++) counts[at + 1]! += counts[at]!;
    for (let at = 0; at < length; at++) {
      const index = order[at]!;
      next[counts[digitOf(values[index]!, digit)]!++] = index;
    }
    [order, next] = [next, order];
  }
  return order;
}

function digitOf(value: number, digit: number): number {
  const half = digit < 2 ? value % BIT_32 : Math.floor(value / BIT_32);
  return digit % 2 === 0 ? half & 0xffff : (half >>> 16) & 0xffff;
}
