import { writeCsvEvents } from "../../timeline/csv_writer.ts";
import { writeJsonLines } from "../../timeline/json_lines_writer.ts";
import { selectEvents } from "../../timeline/select_events.ts";
import { writeTextEvents } from "../../timeline/text_writer.ts";
import type { CommandContext } from "../command.ts";
import { reportDamage } from "../report_damage.ts";
import { UsageError } from "../usage_error.ts";
import { compileEventFilter } from "../verbs/event_filter.ts";
import { checkFormatOptions } from "../verbs/format_options.ts";
import { openFile } from "../verbs/open_file.ts";
import { writeOutput } from "../write_output.ts";

/**
 * Prints the records of a file.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { positionals, console, options } = context;
  const filter = compileEventFilter(options);
  const limit = options["limit"] as number | undefined;
  await using opened = await openFile(positionals[0]!, context);
  const { input, entry, format } = opened;
  checkFormatOptions(options, "events", [entry]);
  if (format.events === undefined) {
    throw new UsageError(
      `Cannot list events of ${input.name}: ${entry.title} has none`,
    );
  }
  const events = selectEvents(
    format.events(input, options),
    filter ?? (() => true),
    { limit },
  );
  const form = options["json"] === true ? "jsonl" : options["format"];
  const stream = form === "jsonl"
    ? writeJsonLines(events)
    : form === "csv"
    ? writeCsvEvents(events)
    : writeTextEvents(events);
  const size = await writeOutput(console, stream, {
    path: options["output"] as string | undefined,
    binary: false,
  });
  if (size === 0) {
    console.note(
      `${input.name}: no record${filter === undefined ? "s" : " matches"}`,
    );
  }
  return reportDamage(console, input.name, input.stats, {
    accept: options["accept-damage"] === true,
  });
}
