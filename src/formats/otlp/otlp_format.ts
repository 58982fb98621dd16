import type { ReportSection } from "../../base/report.ts";
import { checkOtlp } from "../../profile/check_otlp.ts";
import type { OtlpLayout } from "../../profile/otlp_types.ts";
import { profileFromOtlp } from "../../profile/profile_from_otlp.ts";
import { type OtlpFile, readOtlp } from "../../profile/read_otlp.ts";
import type { OptionValues } from "../option_spec.ts";
import { profileEvents } from "../profile_events.ts";
import { describeProfile } from "../profile_format.ts";
import type { Format, FormatInfo, FormatInput } from "../types.ts";

/** Reads OTLP profiles. */
export const otlpFormat: Format = {
  async info(input, options): Promise<FormatInfo> {
    const file = await read(input, options);
    const { stats } = input;
    const profile = profileFromOtlp(file.messages, { stats });
    const { startTime, durationNs } = profile;
    return {
      version: stats.get("otlp_old_layout") > 0
        ? "1.8 or 1.9"
        : "1.10 or later",
      writer: writerOf(file),
      startTime,
      endTime: startTime === undefined
        ? undefined
        : startTime + BigInt(Math.round(durationNs)),
      sections: [describeFile(file), ...describeProfile(profile)],
      next: [
        "profile validate FILE",
        "report FILE",
        "convert FILE -o profile.pb.gz",
      ],
    };
  },
  async *events(input, options) {
    const { messages } = await read(input, options);
    const profile = profileFromOtlp(messages, { stats: input.stats });
    yield* profileEvents(profile, {
      provider: "otlp",
      stacks: options["stacks"] === true,
    });
  },
  async profile(input, options, { timed }) {
    const { messages } = await read(input, options);
    return profileFromOtlp(messages, { timed, stats: input.stats });
  },
};

function read(input: FormatInput, options: OptionValues): Promise<OtlpFile> {
  return readOtlp(input.open(), {
    layout: options["otlp-layout"] as OtlpLayout | "auto" | undefined,
    limits: input.limits,
    stats: input.stats,
    signal: input.signal,
  });
}

function writerOf({ messages }: OtlpFile): string | undefined {
  const names = new Set<string>();
  for (const { resourceProfiles } of messages) {
    for (const { scopeProfiles } of resourceProfiles) {
      for (const { scope } of scopeProfiles) {
        if (scope === undefined || scope.name === "") continue;
        names.add(`${scope.name} ${scope.version}`.trim());
      }
    }
  }
  return names.size === 0 ? undefined : [...names].join(", ");
}

function describeFile(
  { messages, encoding, isFramed }: OtlpFile,
): ReportSection {
  let resources = 0;
  let profiles = 0;
  let errors = 0;
  let warnings = 0;
  for (const message of messages) {
    resources += message.resourceProfiles.length;
    for (const { scopeProfiles } of message.resourceProfiles) {
      for (const scope of scopeProfiles) profiles += scope.profiles.length;
    }
    const { errorCount, warningCount } = checkOtlp(message, { maxFindings: 0 });
    errors += errorCount;
    warnings += warningCount;
  }
  return {
    type: "facts",
    key: "otlp",
    title: "OTLP",
    facts: [
      {
        key: "encoding",
        title: "encoding",
        value: `${encoding}${
          isFramed
            ? encoding === "json"
              ? ", a message per line"
              : ", messages behind their lengths"
            : ""
        }`,
      },
      {
        key: "messages",
        title: "messages",
        unit: "count",
        value: messages.length,
      },
      { key: "resources", title: "resources", unit: "count", value: resources },
      { key: "profiles", title: "profiles", unit: "count", value: profiles },
      { key: "errors", title: "breaches", unit: "count", value: errors },
      { key: "warnings", title: "warnings", unit: "count", value: warnings },
    ],
  };
}
