/**
 * Stands in for `@std/assert` on networks without JSR.
 *
 * @module
 */

export { AssertionError } from "./assertion_error.ts";
export * from "./conditions.ts";
export { equal } from "./equal.ts";
export * from "./equality.ts";
export * from "./throwing.ts";
