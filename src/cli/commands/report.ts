import { toJsonText } from "../../base/json_text.ts";
import type { ReportSection } from "../../base/report.ts";
import { compilePattern } from "../../base/text_pattern.ts";
import { whyEmpty } from "../../formats/note_empty_profile.ts";
import { profileSections } from "../../formats/profile_report.ts";
import type { CommandContext } from "../command.ts";
import { renderReport, reportToJson } from "../render_report.ts";
import { reportDamage } from "../report_damage.ts";
import { UsageError } from "../usage_error.ts";
import { checkFormatOptions } from "../verbs/format_options.ts";
import { compileSelection } from "../verbs/profile_filter.ts";
import { openFile } from "../verbs/open_file.ts";

/**
 * Prints what a file tells.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { positionals, console, options } = context;
  const isJson = options["json"] === true;
  const callers = options["callers"] as string | undefined;
  await using opened = await openFile(positionals[0]!, context);
  const { input, entry, format } = opened;
  checkFormatOptions(options, "report", [entry]);
  if (format.profile === undefined && format.report === undefined) {
    throw new UsageError(
      `Cannot report on ${input.name}: ${entry.title} has neither samples nor a report`,
      `run "tracedeck events" for its records`,
    );
  }

  const sections: ReportSection[] = [];
  if (format.profile !== undefined) {
    const { needsTimes = false, profile: select } = compileSelection(options);
    const whole = await format.profile(input, options, { timed: needsTimes });
    const profile = select?.(whole) ?? whole;
    if (profile.samples.length > 0) {
      sections.push(...profileSections(profile, {
        valueType: options["value"] as string | undefined,
        functions: format.summarizesProfile !== true,
        top: options["top"] as number,
        sort: options["sort"] as "exclusive" | "inclusive",
        callersOf: callers === undefined ? undefined : compilePattern(callers),
        tree: options["tree"] === true,
        flameGraph: options["flame"] === true,
        columns: console.columns,
        colour: console.colour && !isJson,
      }));
    } else {
      console.note(
        `${input.name}: ${
          whyEmpty(profile) ??
            (whole.samples.length > 0 ? "no sample matches" : "no samples")
        }`,
      );
    }
  }
  if (format.report !== undefined) {
    sections.push(...(await format.report(input, options)).sections);
  }

  const report = {
    title: input.name,
    sections: choose(input.name, sections, options["section"]),
  };
  await console.print(
    isJson ? toJsonText(reportToJson(report)) : renderReport(report, {
      columns: console.stdoutIsTerminal ? console.columns : 0,
    }),
  );
  return reportDamage(console, input.name, input.stats, {
    accept: options["accept-damage"] === true,
  });
}

/** Which sections there are depends on what the file holds, so this is no wrong usage. */
function choose(
  name: string,
  sections: readonly ReportSection[],
  keys: CommandContext["options"][string],
): readonly ReportSection[] {
  if (keys === undefined) return sections;
  const wanted = (keys as readonly string[]).flatMap((key) => key.split(","));
  const existing = sections.map(({ key }) => key);
  for (const key of wanted) {
    if (!existing.includes(key)) {
      throw new Error(
        `Cannot report section "${key}" of ${name}: it has ${
          existing.join(", ") || "no sections"
        }`,
      );
    }
  }
  return sections.filter(({ key }) => wanted.includes(key));
}
