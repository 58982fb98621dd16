const ALTERNATIVE =
  "endpoints such as unix-stream:PATH and tcp:HOST:PORT work everywhere and without FFI";

/**
 * Adds to an error of a missing right or system which transport does without.
 *
 * @param error Any error.
 * @returns The error, or one of the same class that says more.
 */
export function explainTransport(error: unknown): unknown {
  if (error instanceof Deno.errors.NotCapable) {
    return new Deno.errors.NotCapable(`${error.message}; ${ALTERNATIVE}`, {
      cause: error,
    });
  }
  if (error instanceof Deno.errors.NotSupported) {
    return new Deno.errors.NotSupported(`${error.message}; ${ALTERNATIVE}`, {
      cause: error,
    });
  }
  return error;
}
