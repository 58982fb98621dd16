import type { RawTraceSource } from "../profile/raw_trace.ts";
import type { Profile } from "../profile/types.ts";
import { countErrors, gatherTraces } from "./gather_traces.ts";
import type { GatherTracesOptions } from "./gather_traces.ts";

/** How {@linkcode profilePeriods} makes profiles. */
export interface ProfilePeriodsOptions extends GatherTracesOptions {
  /** Milliseconds from one profile to the next, above 0. @default {10000} */
  readonly periodMs?: number | undefined;
  /**
   * By which part a period may be longer or shorter, from 0 to 1, so that many
   * machines do not send at the same moment; the first one is exact.
   *
   * @default {0.2}
   */
  readonly jitter?: number | undefined;
  /** From 0 to below 1. @default {chance} */
  readonly random?: (() => number) | undefined;
  /**
   * Waits; resolved early when the signal is aborted.
   *
   * @default {a timer of the runtime}
   */
  readonly wait?:
    | ((ms: number, signal: AbortSignal) => Promise<void>)
    | undefined;
}

const DEFAULT_PERIOD_MS = 10_000;
const DEFAULT_JITTER = 0.2;

/**
 * Lets all traces of a source pass the handler and makes a profile of them
 * again and again, for sources that do not end. What came since the last profile
 * is in the next one; the last one has the rest. A period without traces gives
 * an empty profile.
 *
 * @param source Where the traces come from.
 * @param options Period, what is kept of the traces.
 * @returns The profiles; the source is left when the loop over them is.
 * @throws {RangeError} When period or jitter cannot be used.
 */
export async function* profilePeriods(
  source: RawTraceSource,
  options: ProfilePeriodsOptions = {},
): AsyncGenerator<Profile> {
  const { periodMs = DEFAULT_PERIOD_MS, wait = waitFor, signal, stats } =
    options;
  const { jitter = DEFAULT_JITTER, random = Math.random } = options;
  if (!(periodMs > 0) || !Number.isFinite(periodMs)) {
    throw new RangeError(
      `Cannot profile in periods: periodMs is ${periodMs}, expected more than 0`,
    );
  }
  if (!(jitter >= 0 && jitter <= 1)) {
    throw new RangeError(
      `Cannot profile in periods: jitter is ${jitter}, expected 0 to 1`,
    );
  }
  const leaving = new AbortController();
  const { reporter, handler } = gatherTraces(source, {
    ...options,
    signal: signal === undefined
      ? leaving.signal
      : AbortSignal.any([leaving.signal, signal]),
  });
  const over = new AbortController();
  let hasEnded = false;
  const ended = handler.workerExited.finally(() => {
    hasEnded = true;
    over.abort();
  });
  const settled = ended.catch(() => {});
  try {
    let waitMs = periodMs;
    while (!hasEnded) {
      await Promise.race([settled, wait(waitMs, over.signal)]);
      yield reporter.take();
      waitMs = periodMs * (1 + jitter - 2 * jitter * random());
    }
    await ended;
    countErrors(handler.stats(), stats);
    signal?.throwIfAborted();
  } finally {
    leaving.abort();
    over.abort();
    await settled;
  }
}

function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = () => {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    resolve();
  };
  const timer = setTimeout(end, ms);
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  return promise;
}
