import { AssertionError } from "./assertion_error.ts";

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

/** Throws unless `error` is an error, of the class and with the text wanted. */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  errorClass?: ErrorClass<E>,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E {
  if (!(error instanceof Error)) {
    throw new AssertionError(
      `Found ${Deno.inspect(error)} instead of an error${suffix(msg)}`,
    );
  }
  if (errorClass && !(error instanceof errorClass)) {
    throw new AssertionError(
      `Found a "${error.constructor?.name}" instead of a "${errorClass.name}"${
        suffix(msg)
      }\n\n${error.stack}\n`,
    );
  }
  if (!msgMatches) return;
  const matches = typeof msgMatches === "string"
    ? plain(error.message).includes(plain(msgMatches))
    : msgMatches.test(plain(error.message));
  if (!matches) {
    const wanted = typeof msgMatches === "string"
      ? JSON.stringify(msgMatches)
      : String(msgMatches);
    throw new AssertionError(
      `Found another error text than ${wanted}${
        suffix(msg)
      }\n\n${error.message}\n`,
    );
  }
}

/** Throws unless `fn` throws; returns what it threw. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Throws unless `fn` throws an error of that class; returns the error. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorClassOrMsg?: ErrorClass<E> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  const wanted = readExpectation(errorClassOrMsg, msgIncludes, msg);
  try {
    fn();
  } catch (error) {
    return checkThrown(error, wanted, "thrown");
  }
  throw new AssertionError(`Nothing was thrown${suffix(wanted.msg)}`);
}

/** Throws unless the promise of `fn` rejects; resolves with the reason. */
export function assertRejects(
  fn: () => PromiseLike<unknown>,
  msg?: string,
): Promise<unknown>;
/** Throws unless the promise of `fn` rejects with an error of that class. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClassOrMsg?: ErrorClass<E> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  const wanted = readExpectation(errorClassOrMsg, msgIncludes, msg);
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch (cause) {
    throw new AssertionError(
      `Thrown at once instead of a rejected promise${suffix(wanted.msg)}`,
      { cause },
    );
  }
  if (typeof promise?.then !== "function") {
    throw new AssertionError(
      `Returned something else than a promise${suffix(wanted.msg)}`,
    );
  }
  try {
    await promise;
  } catch (error) {
    return checkThrown(error, wanted, "rejected");
  }
  throw new AssertionError(`Nothing was rejected${suffix(wanted.msg)}`);
}

/** Throws always. */
export function fail(msg?: string): never {
  throw new AssertionError(`Failed${suffix(msg)}`);
}

/** Throws always: this is not written yet. */
export function unimplemented(msg?: string): never {
  throw new AssertionError(`Not written yet${suffix(msg)}`);
}

/** Throws always: this place cannot be reached. */
export function unreachable(msg?: string): never {
  throw new AssertionError(`Reached what cannot be reached${suffix(msg)}`);
}

interface Expectation {
  readonly errorClass: ErrorClass<Error> | undefined;
  readonly msgIncludes: string | undefined;
  readonly msg: string | undefined;
}

function readExpectation(
  errorClassOrMsg: ErrorClass<Error> | string | undefined,
  msgIncludes: string | undefined,
  msg: string | undefined,
): Expectation {
  return typeof errorClassOrMsg === "string"
    ? { errorClass: undefined, msgIncludes: undefined, msg: errorClassOrMsg }
    : { errorClass: errorClassOrMsg, msgIncludes, msg };
}

function checkThrown(
  error: unknown,
  { errorClass, msgIncludes, msg }: Expectation,
  how: "thrown" | "rejected",
): unknown {
  if (errorClass) {
    if (!(error instanceof Error)) {
      throw new AssertionError(
        `Something else than an error was ${how}${suffix(msg)}`,
      );
    }
    assertIsError(error, errorClass, msgIncludes, msg);
  }
  return error;
}

/** Without the escape sequences that colour text. */
function plain(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replaceAll(/\x1b\[[0-9;]*[A-Za-z]/g, "");
}

function suffix(msg: string | undefined): string {
  return msg ? `: ${msg}` : ".";
}
