import type { ReportSection } from "../base/report.ts";
import type { Profile } from "../profile/types.ts";
import type { OptionValues } from "./option_spec.ts";
import type { Format, FormatInput } from "./types.ts";

/** Reads the profile in a file. */
export type ReadProfile = (
  input: FormatInput,
  options: OptionValues,
) => Promise<Profile>;

/**
 * Makes a format of files that hold a profile and nothing else.
 *
 * @param read Reads the file.
 * @returns The format.
 */
export function profileFormat(read: ReadProfile): Format {
  return {
    profile: read,
    async info(input, options) {
      const profile = await read(input, options);
      const { startTime, durationNs } = profile;
      return {
        version: undefined,
        writer: undefined,
        startTime,
        endTime: startTime === undefined
          ? undefined
          : startTime + BigInt(Math.round(durationNs)),
        sections: describeProfile(profile),
        next: profile.samples.length === 0 ? [] : [
          "report FILE",
          "report FILE --flame",
          "convert FILE -o profile.speedscope.json",
        ],
      };
    },
  };
}

/**
 * Tells how much a profile holds.
 *
 * @param profile The profile.
 * @returns Sections of a report.
 */
export function describeProfile(profile: Profile): ReportSection[] {
  const { samples, valueTypes, mappings, comments } = profile;
  const sections: ReportSection[] = [
    {
      type: "facts",
      key: "counts",
      title: "Profile",
      facts: [
        {
          key: "samples",
          title: "samples",
          unit: "count",
          value: samples.length,
        },
        {
          key: "stacks",
          title: "distinct stacks",
          unit: "count",
          value: new Set(samples.stack).size,
        },
        {
          key: "functions",
          title: "functions",
          unit: "count",
          value: profile.functions.length,
        },
        {
          key: "threads",
          title: "threads",
          unit: "count",
          value: profile.threads.length,
        },
        {
          key: "mappings",
          title: "files mapped",
          unit: "count",
          value: mappings.length,
        },
      ],
    },
    {
      type: "table",
      key: "values",
      title: "Values",
      columns: [
        { key: "type", title: "type" },
        { key: "unit", title: "unit" },
        { key: "total", title: "total", unit: "count" },
      ],
      rows: valueTypes.map(({ type, unit }, index) => [
        type,
        unit,
        samples.values[index]!.reduce((sum, value) => sum + value, 0),
      ]),
    },
  ];
  if (comments.length > 0) {
    sections.push({
      type: "text",
      key: "comments",
      title: "Comments",
      lines: comments,
    });
  }
  return sections;
}
