import { toJsonText } from "../../../base/json_text.ts";
import {
  EXPORT_COUNTER_NAMES,
  type ExportCounters,
} from "../../../tracehandler/export_queue.ts";

const HELP: Readonly<Record<keyof ExportCounters, string>> = {
  sent: "Messages that the collector took.",
  failed: "Messages that were refused or given up.",
  retried: "Attempts after the first one.",
  droppedQueue: "Messages that were dropped because the queue was full.",
  droppedSize: "Messages that were too large.",
  rejected: "Profiles that the collector did not take.",
};

/** Why messages, and of the last profiles, are lost. */
const LOSSES: Readonly<Partial<Record<keyof ExportCounters, string>>> = {
  failed: "refused or given up",
  droppedQueue: "dropped because the queue was full",
  droppedSize: "too large",
  rejected: "rejected by the collector",
};

const NAMES = Object.keys(EXPORT_COUNTER_NAMES) as (keyof ExportCounters)[];

/**
 * Renders the counters of an exporter for other programs.
 *
 * @param counters The counters.
 * @param form One JSON object, or the text that Prometheus reads.
 * @returns Lines without the last line break.
 */
export function renderExportStats(
  counters: ExportCounters,
  form: "json" | "prometheus",
): string {
  if (form === "json") {
    return toJsonText(
      Object.fromEntries(
        NAMES.map((name) => [EXPORT_COUNTER_NAMES[name], counters[name]]),
      ),
    );
  }
  return NAMES.flatMap((name) => {
    const metric = `tracedeck_${
      EXPORT_COUNTER_NAMES[name].replaceAll(".", "_")
    }_total`;
    return [
      `# HELP ${metric} ${HELP[name]}`,
      `# TYPE ${metric} counter`,
      `${metric} ${counters[name]}`,
    ];
  }).join("\n");
}

/**
 * Tells what an exporter lost.
 *
 * @param counters The counters.
 * @param warn Told of each loss.
 * @returns Whether there is any.
 */
export function sayExportLosses(
  counters: ExportCounters,
  warn: (text: string) => void,
): boolean {
  let hasLosses = false;
  for (const name of NAMES) {
    const what = LOSSES[name];
    if (what === undefined || counters[name] === 0) continue;
    hasLosses = true;
    const count = counters[name];
    const noun = name === "rejected" ? "profile" : "message";
    warn(`${count} ${noun}${count === 1 ? "" : "s"} lost: ${what}`);
  }
  return hasLosses;
}
