import { formatDifference, inspect } from "./_difference.ts";
import { AssertionError } from "./assertion_error.ts";
import { equal } from "./equal.ts";

/** Throws unless the two are deeply equal; the message shows the difference. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) return;
  throw new AssertionError(
    `Found a different value${suffix(msg)}${
      formatDifference(actual, expected)
    }`,
  );
}

/** Throws if the two are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!equal(actual, expected)) return;
  throw new AssertionError(
    `Found the very value that must not be${suffix(msg)}\n\n    ${
      inspect(actual)
    }\n`,
  );
}

/** Throws unless the two are the same value (`Object.is`). */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  if (Object.is(actual, expected)) return;
  const reason = inspect(actual) === inspect(expected)
    ? `Found an equal value, not the same one${suffix(msg)}\n\n    ${
      inspect(actual)
    }\n`
    : `Found another value${suffix(msg)}${formatDifference(actual, expected)}`;
  throw new AssertionError(reason);
}

/** Throws if the two are the same value (`Object.is`). */
export function assertNotStrictEquals<T>(
  actual: T,
  expected: T,
  msg?: string,
): void {
  if (!Object.is(actual, expected)) return;
  throw new AssertionError(
    `Found the very same value${suffix(msg)}\n\n    ${inspect(actual)}\n`,
  );
}

/**
 * Throws unless two numbers differ by at most `tolerance`: if not given, 1e-7 of
 * the expected one, hence nothing at all for an expected zero.
 */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance?: number,
  msg?: string,
): void {
  if (Object.is(actual, expected)) return;
  const allowed = tolerance ??
    (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  const difference = Math.abs(expected - actual);
  if (difference <= allowed) return;
  throw new AssertionError(
    `Found ${actual}, which is ${difference} away from ${expected}, ` +
      `${allowed} allowed${suffix(msg)}`,
  );
}

/** Throws unless `actual` has all that `expected` has, at every depth. */
export function assertObjectMatch(
  // deno-lint-ignore no-explicit-any
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  assertEquals(
    overlap(actual, expected, new Map()),
    overlap(expected, expected, new Map()),
    msg,
  );
}

/** The part of `value` that `pattern` speaks about, as plain objects. */
function overlap(
  value: unknown,
  pattern: unknown,
  done: Map<unknown, unknown>,
): unknown {
  if (!isContainer(value) || !isContainer(pattern)) return value;
  if (done.has(value)) return done.get(value);
  if (Array.isArray(value)) {
    if (!Array.isArray(pattern)) return value;
    const part: unknown[] = [];
    done.set(value, part);
    value.slice(0, pattern.length).forEach((item, at) => {
      part.push(overlap(item, pattern[at], done));
    });
    return part;
  }
  if (value instanceof Map) {
    if (!(pattern instanceof Map)) return value;
    const part = new Map<unknown, unknown>();
    done.set(value, part);
    for (const [key, item] of value) {
      if (pattern.has(key)) {
        part.set(key, overlap(item, pattern.get(key), done));
      }
    }
    return part;
  }
  if (value instanceof Set) {
    return pattern instanceof Set ? value.intersection(pattern) : value;
  }
  const part: Record<PropertyKey, unknown> = {};
  done.set(value, part);
  const wanted = Reflect.ownKeys(pattern);
  const shared = Reflect.ownKeys(value).filter((key) => wanted.includes(key));
  // Nothing in common: the whole value says more about the fault.
  const kept = shared.length > 0 || wanted.length === 0
    ? shared
    : Reflect.ownKeys(value);
  for (const key of kept) {
    const item = overlap(
      Reflect.get(value, key),
      Reflect.get(pattern, key),
      done,
    );
    Object.defineProperty(part, key, {
      value: item,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  }
  return part;
}

/** Objects that are looked into; a date or pattern is compared as it is. */
function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null &&
    !(value instanceof Date) && !(value instanceof RegExp);
}

function suffix(msg: string | undefined): string {
  return msg ? `: ${msg}` : ".";
}
