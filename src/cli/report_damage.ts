import type { DecodeStats, StatEntry } from "../base/decode_stats.ts";
import type { Console } from "./console.ts";
import { EXIT_CODE } from "./exit_code.ts";

/** How {@linkcode reportDamage} judges. */
export interface ReportDamageOptions {
  /** Whether damage ends with exit code 0. @default {false} */
  readonly accept?: boolean | undefined;
}

/**
 * Tells on standard error what was wrong with an input and chooses the exit
 * code.
 *
 * @param console Where to tell.
 * @param name The input.
 * @param stats What was counted; notices are told with `--verbose` only.
 * @param options How to judge.
 * @returns 0, or 3 when data was lost or the input is damaged.
 */
export function reportDamage(
  console: Console,
  name: string,
  stats: DecodeStats,
  options: ReportDamageOptions = {},
): number {
  for (const entry of stats.entries()) {
    const isLoss = entry.severity === "data_loss" || entry.severity === "error";
    if (isLoss) console.warn(`${name}: ${describeStat(entry)}`);
    else if (console.verbose) console.note(`${name}: ${describeStat(entry)}`);
  }
  return stats.hasLoss && options.accept !== true
    ? EXIT_CODE.damaged
    : EXIT_CODE.done;
}

/**
 * @param entry One kind of fault.
 * @returns One line for people: what, how often, where first.
 */
export function describeStat(entry: StatEntry): string {
  const what = entry.name.replaceAll("_", " ");
  const place = entry.firstOffset === undefined
    ? ""
    : `at byte ${entry.firstOffset}`;
  const first = [place, entry.firstDetail ?? ""].filter((part) => part !== "")
    .join(", ");
  const times = entry.count === 1 ? "" : ` (${entry.count})`;
  if (first === "") return `${what}${times}`;
  return `${what}${times}${entry.count === 1 ? ": " : "; first "}${first}`;
}
