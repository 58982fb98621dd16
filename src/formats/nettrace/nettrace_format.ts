import { DecodeStats } from "../../base/decode_stats.ts";
import type { Report, ReportSection } from "../../base/report.ts";
import { compilePattern } from "../../base/text_pattern.ts";
import { collectNettrace } from "../../eventpipe/collect_nettrace.ts";
import type { NettraceReport } from "../../eventpipe/reports/read_nettrace_report.ts";
import { readNettraceProfile } from "../../eventpipe/samples/read_nettrace_profile.ts";
import type { Profile } from "../../profile/types.ts";
import type { OptionValues } from "../option_spec.ts";
import type {
  Format,
  FormatConverter,
  FormatInput,
  ProfileRequest,
} from "../types.ts";
import { profileOptions } from "./nettrace_options.ts";

/** Inputs that were read once already, with what a second reading would tell. */
const alreadyRead = new WeakMap<FormatInput, NettraceReport | undefined>();

/** Reads event traces of the .NET runtime; each part is loaded when it is asked for. */
export const nettraceFormat: Format = {
  async info(input) {
    const { describeNettrace } = await import("./describe_nettrace.ts");
    return await describeNettrace(input);
  },
  async *events(input, options) {
    const { readNettraceTimeline } = await import(
      "../../eventpipe/events/read_nettrace_timeline.ts"
    );
    yield* readNettraceTimeline({
      open: () => input.open(),
      isRepeatable: input.path !== undefined,
    }, {
      stacks: options["stacks"] === true,
      full: options["full"] === true,
      counterIntervalSec: options["counter-interval"] as number | undefined,
      isWanted: wantedKinds(options),
      mergeGenerics: options["merge-generics"] === true,
      splitTiers: options["split-tiers"] === true,
      limits: input.limits,
      stats: input.stats,
      signal: input.signal,
    });
  },
  profile: readProfile,
  async traces(input) {
    const { readNettraceTraces } = await import(
      "../../eventpipe/samples/nettrace_trace_source.ts"
    );
    return await readNettraceTraces(input.open(), {
      limits: input.limits,
      stats: input.stats,
      signal: input.signal,
    });
  },
  report: readReport,
  converters: {
    nettrace: converter(async () =>
      (await import("./convert_to_nettrace.ts")).convertToNettrace
    ),
    gcdump: converter(async () =>
      (await import("./convert_to_gcdump.ts")).convertToGcdump
    ),
    pprof: converter(async () =>
      (await import("./convert_to_pprof.ts")).convertToPprof
    ),
    speedscope: converter(async () =>
      (await import("./convert_to_speedscope.ts")).convertToSpeedscope
    ),
    chromium: converter(async () =>
      (await import("./convert_to_chromium.ts")).convertToChromium
    ),
    "counters-csv": converter(async () => {
      const { convertToCounters } = await import("./convert_to_counters.ts");
      return (request) => convertToCounters(request, "csv");
    }),
    "counters-json": converter(async () => {
      const { convertToCounters } = await import("./convert_to_counters.ts");
      return (request) => convertToCounters(request, "json");
    }),
  },
};

/** Events that the options leave out need not be decoded. */
function wantedKinds(
  options: OptionValues,
): ((provider: string, name: string) => boolean) | undefined {
  const testOf = (value: OptionValues[string]) => {
    if (value === undefined) return undefined;
    const patterns = (value as readonly string[]).map(compilePattern);
    return (text: string) => patterns.some((matches) => matches(text));
  };
  const isProvider = testOf(options["provider"]);
  const isName = testOf(options["name"]);
  if (isProvider === undefined && isName === undefined) return undefined;
  return (provider, name) =>
    (isProvider?.(provider) ?? true) && (isName?.(name) ?? true);
}

function converter(
  load: () => Promise<FormatConverter["convert"]>,
): FormatConverter {
  return {
    async *convert(request) {
      const convert = await load();
      yield* convert(request);
    },
  };
}

async function loadReport(): Promise<NettraceReport> {
  const { NettraceReport } = await import(
    "../../eventpipe/reports/read_nettrace_report.ts"
  );
  return new NettraceReport();
}

async function readProfile(
  input: FormatInput,
  options: OptionValues,
  { timed }: ProfileRequest,
): Promise<Profile> {
  // Standard input can be read once only: the report is made on the way.
  const report = input.path === undefined ? await loadReport() : undefined;
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
    report = await loadReport();
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
  const { dotnetTop, renderDotnetTop } = await import(
    "../../profile/dotnet_top.ts"
  );
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
