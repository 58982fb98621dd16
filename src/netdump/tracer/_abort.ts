import { CANCELLED, DEADLINE_EXCEEDED, RequestError } from "./request_error.ts";

/** Longest delay that a timer takes. */
const MAX_DELAY_MS = 0x7fff_ffff;

/** A scope that ends by its own time limit, or with the one around it. */
export interface Scope extends Disposable {
  /** Aborted when the scope ends; its reason is a {@linkcode RequestError}. */
  readonly signal: AbortSignal;
  /** When time runs out, on the clock of `performance.now()`; `Infinity` without a limit. */
  readonly deadline: number;
  /** Ends it. @param reason Why. */
  abort(reason: RequestError): void;
  /** Takes the time limit off; the scope around still holds. */
  relax(): void;
}

/**
 * Opens a scope.
 *
 * @param parent The scope around, if any.
 * @param timeoutMs Time limit, 0 for none.
 * @param makeReason Makes the reason for running out of time.
 * @returns The scope; dispose it to take its timer down.
 */
export function openScope(
  parent: AbortSignal | undefined,
  timeoutMs: number,
  makeReason: () => RequestError,
): Scope {
  const controller = new AbortController();
  const onAbort = () => controller.abort(reasonOf(parent!));
  if (parent?.aborted) onAbort();
  else parent?.addEventListener("abort", onAbort, { once: true });
  const isLimited = timeoutMs > 0;
  let timer = isLimited
    ? setTimeout(
      () => controller.abort(makeReason()),
      Math.min(timeoutMs, MAX_DELAY_MS),
    )
    : undefined;
  const relax = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  return {
    signal: controller.signal,
    deadline: isLimited ? performance.now() + timeoutMs : Infinity,
    abort: (reason) => controller.abort(reason),
    relax,
    [Symbol.dispose]() {
      relax();
      parent?.removeEventListener("abort", onAbort);
    },
  };
}

/**
 * @param signal An aborted signal.
 * @returns Why, as a request tells it: a caller's own reason means that the request was given up.
 */
export function reasonOf(signal: AbortSignal): RequestError {
  const { reason } = signal;
  if (reason instanceof RequestError) return reason;
  const isTimeout = reason instanceof DOMException &&
    reason.name === "TimeoutError";
  return new RequestError(isTimeout ? DEADLINE_EXCEEDED : CANCELLED, {
    phase: isTimeout ? "timeout" : "cancelled",
    isTimeout,
    cause: reason,
  });
}

/**
 * Waits for a promise no longer than a signal lets it.
 *
 * @param signal The signal.
 * @param work The promise; whatever it gives later is let go.
 * @returns What it gives.
 * @throws {RequestError} The reason of the signal.
 */
export async function untilAborted<T>(
  signal: AbortSignal,
  work: Promise<T>,
): Promise<T> {
  if (signal.aborted) {
    work.catch(() => {});
    throw reasonOf(signal);
  }
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(reasonOf(signal));
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    work.catch(() => {});
  }
}

/**
 * Waits.
 *
 * @param ms How long.
 * @param signal Ends the waiting early, without an error.
 */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end, { once: true });
  });
}
