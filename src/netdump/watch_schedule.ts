/** How a {@linkcode WatchSchedule} decides. Times are milliseconds. */
export interface WatchScheduleOptions {
  /** Time between dumps while all is well; 0 makes none after the first. @default {86400000} */
  readonly okIntervalMs?: number | undefined;
  /** Time between the first two dumps of a failure; doubles with each. @default {60000} */
  readonly firstBackoffMs?: number | undefined;
  /** Longest time between two dumps of a failure. @default {3600000} */
  readonly maxBackoffMs?: number | undefined;
  /** Whether the end of a failure makes a dump too. @default {true} */
  readonly onRecovery?: boolean | undefined;
}

/** When dumps were published last, in ms since 1970. */
export interface LastDumps {
  readonly okMs: number | undefined;
  readonly failMs: number | undefined;
}

/** Whether a dump is made, and why. */
export interface WatchDecision {
  readonly publish: boolean;
  readonly reason: string;
}

/**
 * Decides when a watched network is worth a dump: at once when a check fails,
 * less and less often while it goes on failing, and now and then while all is
 * well, so that there is something to compare with.
 *
 * @example A failure and its end
 * ```ts
 * import { WatchSchedule } from "@tracedeck/tracedeck/netdump";
 * import { assertEquals } from "@std/assert";
 *
 * const schedule = new WatchSchedule({ okMs: 0, failMs: undefined });
 * assertEquals(schedule.decide("fail", 1000).publish, true);
 * assertEquals(schedule.decide("fail", 2000).publish, false);
 * assertEquals(schedule.decide("ok", 3000).reason, "works again");
 * ```
 */
export class WatchSchedule {
  readonly #okIntervalMs: number;
  readonly #firstBackoffMs: number;
  readonly #maxBackoffMs: number;
  readonly #onRecovery: boolean;
  #okMs: number | undefined;
  #failMs: number | undefined;
  #backoffMs: number;
  #last: "ok" | "fail" | undefined;
  #okSinceMs: number | undefined;
  /** Whether the next failure is the first of its kind. */
  #isFresh = true;

  /**
   * @param last When dumps were published last.
   * @param options Times.
   * @throws {RangeError} When a time is negative or the back-off's limits cross.
   */
  constructor(last: LastDumps, options: WatchScheduleOptions = {}) {
    const {
      okIntervalMs = 86_400_000,
      firstBackoffMs = 60_000,
      maxBackoffMs = 3_600_000,
      onRecovery = true,
    } = options;
    for (
      const [name, value] of Object.entries({
        okIntervalMs,
        firstBackoffMs,
        maxBackoffMs,
      })
    ) {
      if (value >= 0) continue;
      throw new RangeError(
        `Cannot watch: option "${name}" is ${value}, expected 0 or more`,
      );
    }
    if (firstBackoffMs > maxBackoffMs) {
      throw new RangeError(
        `Cannot watch: firstBackoffMs is ${firstBackoffMs}, expected at most maxBackoffMs, which is ${maxBackoffMs}`,
      );
    }
    this.#okIntervalMs = okIntervalMs;
    this.#firstBackoffMs = firstBackoffMs;
    this.#maxBackoffMs = maxBackoffMs;
    this.#onRecovery = onRecovery;
    this.#okMs = last.okMs;
    this.#failMs = last.failMs;
    this.#backoffMs = firstBackoffMs;
  }

  /**
   * Decides after a check. A dump that is asked for counts as made.
   *
   * @param result How the check went.
   * @param nowMs The present, in ms since 1970.
   * @returns What to do.
   */
  decide(result: "ok" | "fail", nowMs: number): WatchDecision {
    const decision = result === "fail"
      ? this.#decideFail(nowMs)
      : this.#decideOk(nowMs);
    this.#last = result;
    return decision;
  }

  #decideFail(nowMs: number): WatchDecision {
    const calmMs = nowMs - (this.#okSinceMs ?? nowMs);
    this.#okSinceMs = undefined;
    // A network that was well for long begins anew.
    this.#isFresh ||= calmMs >= this.#maxBackoffMs;
    if (this.#isFresh) this.#backoffMs = this.#firstBackoffMs;
    const since = elapsed(this.#failMs, nowMs);
    if (since < this.#backoffMs) {
      const left = Math.ceil((this.#backoffMs - since) / 1000);
      return { publish: false, reason: `fails; next dump in ${left} s` };
    }
    const isFirst = this.#last !== "fail";
    if (!this.#isFresh) {
      this.#backoffMs = Math.min(this.#maxBackoffMs, this.#backoffMs * 2);
    }
    this.#isFresh = false;
    this.#failMs = nowMs;
    return { publish: true, reason: isFirst ? "fails" : "still fails" };
  }

  #decideOk(nowMs: number): WatchDecision {
    const isRecovery = this.#last === "fail";
    this.#okSinceMs ??= nowMs;
    const publish = (reason: string): WatchDecision => {
      this.#okMs = nowMs;
      return { publish: true, reason };
    };
    if (this.#okMs === undefined) return publish("works; first dump");
    if (isRecovery && this.#onRecovery) {
      // While it comes and goes, one dump of each failure's end is enough.
      if ((this.#failMs ?? 0) >= this.#okMs) return publish("works again");
    }
    const isDue = this.#okIntervalMs > 0 &&
      elapsed(this.#okMs, nowMs) >= this.#okIntervalMs;
    return isDue ? publish("works") : { publish: false, reason: "works" };
  }
}

/** A clock that jumped back makes no endless wait. */
function elapsed(thenMs: number | undefined, nowMs: number): number {
  if (thenMs === undefined || thenMs > nowMs) return Infinity;
  return nowMs - thenMs;
}
