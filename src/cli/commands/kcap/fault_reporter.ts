import { describeStat } from "../../report_damage.ts";
import { DecodeStats } from "../../../base/decode_stats.ts";
import { faultStat } from "../../../kcap/fault_severity.ts";
import type { KcapFault } from "../../../kcap/types.ts";
import type { Console } from "../../console.ts";
import { EXIT_CODE } from "../../exit_code.ts";

/** What to do about faults. */
export type FaultPolicy = "report" | "fail" | "ignore";

/** Faults that are told one by one. */
const MAX_LINES = 20;

/** Tells the faults of a capture on standard error, the first ones in full. */
export class FaultReporter {
  readonly #console: Console;
  readonly #name: string;
  readonly #policy: FaultPolicy;
  readonly #stats = new DecodeStats();
  #told = 0;
  #more = 0;

  /**
   * @param console Where to tell.
   * @param name The capture.
   * @param policy What to do.
   */
  constructor(console: Console, name: string, policy: FaultPolicy) {
    this.#console = console;
    this.#name = name;
    this.#policy = policy;
  }

  /** What was met. */
  get stats(): DecodeStats {
    return this.#stats;
  }

  /**
   * @param fault A fault.
   * @throws {Error} When the policy is to stop at the first that loses data.
   */
  add(fault: KcapFault): void {
    const { name, severity } = faultStat(fault.kind);
    const { offset, message } = fault;
    this.#stats.count(name, severity, { offset, detail: message });
    if (severity === "notice" || severity === "info") return;
    if (this.#policy === "fail") {
      throw new Error(
        `Cannot go on with ${this.#name} at byte ${offset}: ${message}`,
      );
    }
    if (this.#policy === "ignore") return;
    if (this.#told === MAX_LINES) {
      this.#more++;
      return;
    }
    this.#told++;
    this.#console.warn(`${this.#name}: at byte ${offset}: ${message}`);
  }

  /**
   * Tells what was not told one by one.
   *
   * @returns The exit code.
   */
  finish(): number {
    if (this.#more > 0) {
      this.#console.warn(`${this.#name}: ${this.#more} more`);
    }
    if (this.#console.verbose) {
      for (const entry of this.#stats.entries()) {
        if (entry.severity === "notice") {
          this.#console.note(`${this.#name}: ${describeStat(entry)}`);
        }
      }
    }
    return this.#stats.hasLoss && this.#policy !== "ignore"
      ? EXIT_CODE.damaged
      : EXIT_CODE.done;
  }
}
