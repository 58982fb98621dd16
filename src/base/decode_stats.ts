/**
 * How bad a counted fault is.
 *
 * `info` and `notice` lose nothing. `data_loss` means that part of the input
 * was skipped or is missing; `error` that the input is damaged. The last two
 * make a command end with exit code 3.
 */
export type Severity = "info" | "notice" | "data_loss" | "error";

/** One kind of fault and how often it was met. */
export interface StatEntry {
  /** Stable name in snake case, for example `nettrace_unknown_metadata`. */
  readonly name: string;
  /** How bad it is. */
  readonly severity: Severity;
  /** How many records, events or bytes are concerned. */
  readonly count: number;
  /** Offset of the first occurrence, where known. */
  readonly firstOffset: number | undefined;
  /** Description of the first occurrence, where given. */
  readonly firstDetail: string | undefined;
}

/** Details of one counted fault. */
export interface StatDetail {
  /** How much to add. @default {1} */
  readonly amount?: number | undefined;
  /** Absolute offset in bytes of the decoded stream. */
  readonly offset?: number | undefined;
  /** What was found, as a phrase for people. */
  readonly detail?: string | undefined;
}

interface MutableStatEntry {
  name: string;
  severity: Severity;
  count: number;
  firstOffset: number | undefined;
  firstDetail: string | undefined;
}

/**
 * Counts faults that a decoder survives: one bad record is no reason to lose
 * the rest of a capture. Memory is bounded by the number of distinct names.
 *
 * @example Counting a skipped record
 * ```ts
 * import { DecodeStats } from "@tracedeck/tracedeck";
 * import { assertEquals } from "@std/assert";
 *
 * const stats = new DecodeStats();
 * stats.count("kcap_event_skipped", "data_loss", { offset: 64 });
 * assertEquals(stats.hasLoss, true);
 * assertEquals(stats.entries()[0]?.firstOffset, 64);
 * ```
 */
export class DecodeStats {
  #entries = new Map<string, MutableStatEntry>();

  /**
   * Counts one fault.
   *
   * @param name Stable name in snake case; always used with the same severity.
   * @param severity How bad it is.
   * @param detail Amount, place and description.
   */
  count(name: string, severity: Severity, detail: StatDetail = {}): void {
    const { amount = 1 } = detail;
    const entry = this.#entries.get(name);
    if (entry !== undefined) {
      entry.count += amount;
      return;
    }
    this.#entries.set(name, {
      name,
      severity,
      count: amount,
      firstOffset: detail.offset,
      firstDetail: detail.detail,
    });
  }

  /**
   * @param name Name given to {@linkcode DecodeStats.count}.
   * @returns The count under that name, 0 if there is none.
   */
  get(name: string): number {
    return this.#entries.get(name)?.count ?? 0;
  }

  /** @returns All counts in order of first occurrence. */
  entries(): readonly StatEntry[] {
    return [...this.#entries.values()];
  }

  /** Whether anything of severity `data_loss` or `error` was counted. */
  get hasLoss(): boolean {
    for (const { severity, count } of this.#entries.values()) {
      if (count > 0 && (severity === "data_loss" || severity === "error")) {
        return true;
      }
    }
    return false;
  }

  /**
   * Adds the counts of another instance.
   *
   * @param other Where to take them from; it stays as it is.
   */
  merge(other: DecodeStats): void {
    for (
      const { name, severity, count, firstOffset, firstDetail } of other
        .entries()
    ) {
      this.count(name, severity, {
        amount: count,
        offset: firstOffset,
        detail: firstDetail,
      });
    }
  }
}
