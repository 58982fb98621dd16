import type { IpValue } from "./ip_value.ts";

/**
 * A value while a filter runs; `undefined` is no value. Numbers above 32 bits
 * are `bigint`, lists of 64-bit numbers `BigUint64Array`, binary data
 * `Uint8Array`.
 */
export type FilterValue =
  | boolean
  | string
  | number
  | bigint
  | IpValue
  | Uint8Array
  | BigUint64Array
  | readonly string[]
  | undefined;
