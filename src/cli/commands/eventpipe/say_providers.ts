import { LEVEL_NAMES } from "../../../eventpipe/level_name_table.ts";
import type { TracePlan } from "../../../eventpipe/ipc/trace_plan.ts";
import type { CommandContext } from "../../command.ts";

const NAME_COLUMNS = 40;
const COLUMNS = 20;

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
  console.note(tableLine("Provider Name", "Keywords", "Level", "Enabled By"));
  for (const { name, keywords, level, origin } of plan.providers) {
    const mask = BigInt.asUintN(64, keywords).toString(16).toUpperCase();
    console.note(
      tableLine(
        name,
        `0x${mask.padStart(16, "0")}`,
        `${LEVEL_NAMES[level]}(${level})`,
        origin,
      ),
    );
  }
}

/** Columns as wide as those of dotnet-trace. */
function tableLine(
  name: string,
  keywords: string,
  level: string,
  origin: string,
): string {
  const first = name.length < NAME_COLUMNS
    ? name.padEnd(NAME_COLUMNS)
    : `${name} `;
  return `${first}${keywords.padEnd(COLUMNS)}${level.padEnd(COLUMNS)}${origin}`;
}
