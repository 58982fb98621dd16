import type { TracePlan } from "../../../eventpipe/ipc/trace_plan.ts";
import type { CommandContext } from "../../command.ts";
import { renderTable } from "./render_table.ts";

const LEVELS = [
  "LogAlways",
  "Critical",
  "Error",
  "Warning",
  "Informational",
  "Verbose",
];

/**
 * Says what is traced, and what was left out.
 *
 * @param context The running command.
 * @param plan The plan.
 */
export function sayProviders(
  { console }: CommandContext,
  plan: TracePlan,
): void {
  for (const note of plan.notes) console.note(note);
  const rows = plan.providers.map((each) => [
    each.name,
    `0x${
      BigInt.asUintN(64, each.keywords).toString(16).toUpperCase()
        .padStart(16, "0")
    }`,
    `${LEVELS[each.level]}(${each.level})`,
    each.origin,
  ]);
  const columns = ["Provider Name", "Keywords", "Level", "Enabled By"]
    .map((title) => ({ title }));
  for (const line of renderTable(columns, rows)) console.note(line);
}
