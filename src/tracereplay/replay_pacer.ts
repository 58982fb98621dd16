/** How fast messages are replayed. */
export interface ReplayPace {
  /** Messages per second. */
  readonly rate?: number | undefined;
  /** Original gaps divided by this number; without it and `rate` messages are due at once. */
  readonly speed?: number | undefined;
}

/** Waits and a clock, so that tests need none. */
export interface PacerClock {
  /** @returns Milliseconds of a monotonic clock. */
  now(): number;
  /**
   * Waits.
   *
   * @param ms How long.
   * @param signal Ends it.
   */
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>;
}

/** Waits shorter than this are not worth a timer; they add up to the next one. */
const LEAST_WAIT_MS = 1;

const REAL_CLOCK: PacerClock = {
  now: () => performance.now(),
  sleep(ms, signal) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    return promise;
  },
};

/** Decides when each message of a replay is due. */
export class ReplayPacer {
  readonly #pace: ReplayPace;
  readonly #clock: PacerClock;
  readonly #startMs: number;
  #count = 0;
  #firstTimeNs: bigint | undefined;
  #dueMs: number;

  /**
   * @param pace How fast.
   * @param clock The clock.
   * @throws {RangeError} When rate or speed is not above 0.
   */
  constructor(pace: ReplayPace, clock: PacerClock = REAL_CLOCK) {
    for (const [name, value] of Object.entries(pace)) {
      if (value !== undefined && !(value > 0)) {
        throw new RangeError(
          `Cannot replay: ${name} is ${value}, expected a number above 0`,
        );
      }
    }
    this.#pace = pace;
    this.#clock = clock;
    this.#startMs = clock.now();
    this.#dueMs = this.#startMs;
  }

  /** Whether the time of messages has to be known. */
  get needsTime(): boolean {
    return this.#pace.speed !== undefined;
  }

  /**
   * Waits until the next message is due.
   *
   * @param timeNs Its time in Unix ns; without one it follows the message before.
   * @param signal Ends the waiting.
   */
  async wait(
    timeNs: bigint | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    signal?.throwIfAborted();
    const { rate, speed } = this.#pace;
    if (rate !== undefined) {
      this.#dueMs = this.#startMs + this.#count * 1000 / rate;
    }
    if (speed !== undefined && timeNs !== undefined) {
      this.#firstTimeNs ??= timeNs;
      const sinceFirstMs = Number(timeNs - this.#firstTimeNs) / 1e6;
      const dueMs = this.#startMs + sinceFirstMs / speed;
      // Times may go back where several threads write.
      this.#dueMs = Math.max(this.#dueMs, dueMs);
    }
    this.#count++;
    const waitMs = this.#dueMs - this.#clock.now();
    if (waitMs >= LEAST_WAIT_MS) await this.#clock.sleep(waitMs, signal);
  }
}
