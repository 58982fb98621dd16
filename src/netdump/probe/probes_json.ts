import { toJsonText } from "../../base/json_text.ts";
import {
  countOf,
  parseJsonText,
  recordOf,
  recordsOf,
  stringOf,
} from "../state/json_values.ts";
import type { ProbeDetail, ProbeKind, ProbeResult } from "./types.ts";

/** Name of the probes' results in a dump. */
export const PROBES_NAME = "linux/probes.json";

/**
 * Writes what probes found out.
 *
 * @param probes The results.
 * @returns JSON text with a line feed at the end.
 */
export function formatProbes(probes: readonly ProbeResult[]): string {
  return `${toJsonText({ schema: 1, probes }, 1)}\n`;
}

/**
 * Reads what probes found out; what is not as it should be reads as empty.
 *
 * @param text JSON text.
 * @returns The results.
 */
export function parseProbes(text: string): readonly ProbeResult[] {
  const value = recordOf(parseJsonText(text));
  if (value["schema"] !== 1) return [];
  return recordsOf(value["probes"]).map((probe) => {
    const outcome = stringOf(probe["outcome"]);
    return {
      probe: stringOf(probe["probe"]) as ProbeKind,
      target: stringOf(probe["target"]),
      outcome: outcome === "ok" || outcome === "fail" ? outcome : "skipped",
      phase: stringOf(probe["phase"]),
      cause: stringOf(probe["cause"]),
      hint: stringOf(probe["hint"]),
      durationMs: countOf(probe["durationMs"]),
      details: Object.fromEntries(
        Object.entries(recordOf(probe["details"])).filter(
          (entry): entry is [string, ProbeDetail] => isDetail(entry[1]),
        ),
      ),
    };
  });
}

function isDetail(value: unknown): value is ProbeDetail {
  return ["string", "number", "boolean"].includes(typeof value) ||
    (Array.isArray(value) && value.every((item) => typeof item === "string"));
}
