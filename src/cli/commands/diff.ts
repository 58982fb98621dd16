import { toJsonText } from "../../base/json_text.ts";
import type { Report } from "../../base/report.ts";
import type { OpenedInput } from "../../formats/opened_input.ts";
import { comparisonSections } from "../../formats/profile_report.ts";
import { columnOf, compareProfiles } from "../../profile/compare_profiles.ts";
import type { CommandContext } from "../command.ts";
import { renderReport, reportToJson } from "../render_report.ts";
import { reportDamage } from "../report_damage.ts";
import { UsageError } from "../usage_error.ts";
import { checkFormatOptions } from "../verbs/format_options.ts";
import { compileSelection } from "../verbs/profile_filter.ts";
import { openFile } from "../verbs/open_file.ts";

/**
 * Prints what differs between two files.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { positionals, console, options } = context;
  await using before = await openFile(positionals[0]!, context);
  await using after = await openFile(positionals[1]!, context);
  checkFormatOptions(options, "diff", [before.entry, after.entry]);
  const report = await compare(before, after, context);
  await console.print(
    options["json"] === true
      ? toJsonText(reportToJson(report))
      : renderReport(report, {
        columns: console.stdoutIsTerminal ? console.columns : 0,
      }),
  );
  const accept = options["accept-damage"] === true;
  return Math.max(
    ...[before, after].map(({ input }) =>
      reportDamage(console, input.name, input.stats, { accept })
    ),
  );
}

async function compare(
  before: OpenedInput,
  after: OpenedInput,
  { options }: CommandContext,
): Promise<Report> {
  if (before.entry === after.entry && before.format.diff !== undefined) {
    return await before.format.diff(before.input, after.input, options);
  }
  for (const { input, entry, format } of [before, after]) {
    if (format.profile === undefined) {
      throw new UsageError(
        `Cannot compare ${before.input.name} and ${after.input.name}: ${input.name} is ${entry.title}, which has no samples`,
      );
    }
  }
  const { needsTimes = false, profile: select } = compileSelection(options);
  const read = async ({ input, format }: OpenedInput) => {
    const whole = await format.profile!(input, options, { timed: needsTimes });
    return select?.(whole) ?? whole;
  };
  const [one, two] = [await read(before), await read(after)];
  const valueType = (options["value"] as string | undefined) ??
    one.valueTypes[one.defaultValueType]!.type;
  const comparison = compareProfiles(one, two, {
    valueType,
    normalize: options["normalize"] === true,
  });
  const { unit } = one.valueTypes[columnOf(one, valueType)]!;
  return {
    title:
      `${before.input.name} and ${after.input.name}, ${valueType} in ${unit}`,
    sections: comparisonSections(comparison, unit, options["top"] as number),
  };
}
