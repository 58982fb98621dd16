import { DecodeStats } from "../../base/decode_stats.ts";
import type { Report, ReportSection } from "../../base/report.ts";
import { collectNettrace } from "../../eventpipe/collect_nettrace.ts";
import { readNettraceTimeline } from "../../eventpipe/events/read_nettrace_timeline.ts";
import { NettraceReport } from "../../eventpipe/reports/read_nettrace_report.ts";
import { readNettraceProfile } from "../../eventpipe/samples/read_nettrace_profile.ts";
import { dotnetTop, renderDotnetTop } from "../../profile/dotnet_top.ts";
import type { Profile } from "../../profile/types.ts";
import type { OptionValues } from "../option_spec.ts";
import type { Format, FormatInput, ProfileRequest } from "../types.ts";
import { convertToChromium } from "./convert_to_chromium.ts";
import { convertToCounters } from "./convert_to_counters.ts";
import { convertToNettrace } from "./convert_to_nettrace.ts";
import { convertToPprof } from "./convert_to_pprof.ts";
import { convertToSpeedscope } from "./convert_to_speedscope.ts";
import { describeNettrace } from "./describe_nettrace.ts";
import { profileOptions } from "./nettrace_options.ts";

/** Inputs that were read once already, with what a second reading would tell. */
const alreadyRead = new WeakMap<FormatInput, NettraceReport | undefined>();

/** Reads event traces of the .NET runtime. */
export const nettraceFormat: Format = {
  info: describeNettrace,
  events(input, options) {
    return readNettraceTimeline({
      open: () => input.open(),
      isRepeatable: input.path !== undefined,
    }, {
      stacks: options["stacks"] === true,
      full: options["full"] === true,
      counterIntervalSec: options["counter-interval"] as number | undefined,
      mergeGenerics: options["merge-generics"] === true,
      splitTiers: options["split-tiers"] === true,
      limits: input.limits,
      stats: input.stats,
      signal: input.signal,
    });
  },
  profile: readProfile,
  report: readReport,
  converters: {
    nettrace: { convert: convertToNettrace },
    pprof: { convert: convertToPprof },
    speedscope: { convert: convertToSpeedscope },
    chromium: { convert: convertToChromium },
    "counters-csv": {
      convert: (request) => convertToCounters(request, "csv"),
    },
    "counters-json": {
      convert: (request) => convertToCounters(request, "json"),
    },
  },
};

async function readProfile(
  input: FormatInput,
  options: OptionValues,
  { timed }: ProfileRequest,
): Promise<Profile> {
  // Standard input can be read once only: the report is made on the way.
  const report = input.path === undefined ? new NettraceReport() : undefined;
  const { profile } = await readNettraceProfile(input.open(), {
    ...profileOptions(input, options, timed),
    alsoFor: report?.collectors,
  });
  alreadyRead.set(input, report);
  return profile;
}

async function readReport(
  input: FormatInput,
  options: OptionValues,
): Promise<Report> {
  const top = (options["top"] as number | undefined) ?? 20;
  let report = alreadyRead.get(input);
  if (report === undefined) {
    report = new NettraceReport();
    await collectNettrace(input.open(), report.collectors, {
      order: "time",
      limits: input.limits,
      // The same faults are not counted twice.
      stats: alreadyRead.has(input) ? new DecodeStats() : input.stats,
      signal: input.signal,
    });
  }
  return {
    title: input.name,
    sections: [
      ...await compatibleTop(input, options),
      ...report.sections(top),
    ],
  };
}

/** The tables of `dotnet-trace report topN`. */
async function compatibleTop(
  input: FormatInput,
  options: OptionValues,
): Promise<ReportSection[]> {
  if (options["method"] !== "traceevent" || input.path === undefined) return [];
  const { profile } = await readNettraceProfile(input.open(), {
    ...profileOptions(input, options, true),
    eventSources: true,
    stats: new DecodeStats(),
  });
  const rows = options["top"] as number | undefined;
  const verbose = options["full-names"] === true;
  return [false, true].map((inclusive) => ({
    type: "text",
    key: inclusive ? "topInclusive" : "topExclusive",
    title: "",
    lines: renderDotnetTop(dotnetTop(profile, { inclusive, rows }), {
      inclusive,
      verbose,
    }),
  }));
}
