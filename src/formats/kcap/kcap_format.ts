import type { OptionValues } from "../option_spec.ts";
import type { Format, FormatInput } from "../types.ts";
import { faultStat } from "../../kcap/fault_severity.ts";
import {
  compileFilter,
  type KcapFilter,
} from "../../kcap/filter/compile_filter.ts";
import {
  type KcapReader,
  openKcap,
  type OpenKcapOptions,
} from "../../kcap/kcap_reader.ts";
import type { KcapFault } from "../../kcap/types.ts";
import type { TimelineEvent } from "../../timeline/types.ts";
import { convertKcap } from "./convert_kcap.ts";
import { describeKcap } from "./describe_kcap.ts";
import { toTimelineEvent } from "./to_timeline_event.ts";

/** Events are handed on in batches of this size. */
const BATCH = 512;

/** Reads, lists and rewrites Fibratus captures. */
export const kcapFormat: Format = {
  async info(input, options) {
    await using reader = await openInputCapture(input, options, {
      includeState: true,
    });
    const info = await describeKcap(reader, input);
    countBadTimestamps(reader, input);
    return info;
  },

  async *events(input, options): AsyncGenerator<readonly TimelineEvent[]> {
    const filter = compileInputFilter(options, input);
    let first: bigint | undefined;
    await using reader = await openInputCapture(input, options, {
      includeState: options["include-state"] === true,
      filter: (event) => {
        // The capture begins with its first event, wanted or not.
        first ??= event.timeNs;
        return filter?.test(event) ?? true;
      },
    });
    const withStacks = options["stacks"] === true;
    let batch: TimelineEvent[] = [];
    for await (const item of reader.read()) {
      if (item.type !== "event") continue;
      first ??= item.timeNs;
      batch.push(toTimelineEvent(item, { startNs: first, withStacks }));
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
    countBadTimestamps(reader, input);
  },

  converters: {
    kcap: {
      convert: (request) =>
        convertKcap(request, {
          open: (input) =>
            openInputCapture(input, request.options, { includeState: true }),
          filter: compileInputFilter(request.options, request),
        }),
    },
  },
};

/** Opens a capture whose envelope is off already; faults are counted. */
async function openInputCapture(
  input: FormatInput,
  options: OptionValues,
  more: Pick<OpenKcapOptions, "includeState" | "filter">,
): Promise<KcapReader> {
  return await openKcap(input.open(), {
    ...more,
    tracksHandles: false,
    strict: options["strict"] === true,
    force: options["force"] === true,
    legacyNames: legacyNamesOf(options),
    limits: input.limits,
    signal: input.signal,
    onFault: (fault) => countFault(fault, input),
  });
}

function legacyNamesOf(options: OptionValues): "keep" | "normalize" {
  return options["raw-names"] === true ? "keep" : "normalize";
}

function compileInputFilter(
  options: OptionValues,
  { stats }: Pick<FormatInput, "stats">,
): KcapFilter | undefined {
  const filter = compileFilter(
    (options["filter"] as string | undefined) ?? "",
    {
      legacyNames: legacyNamesOf(options),
    },
  );
  for (const detail of filter?.warnings ?? []) {
    stats.count("kcap_filter_warning", "notice", { detail });
  }
  return filter;
}

function countFault(
  { kind, offset, message }: KcapFault,
  { stats }: FormatInput,
): void {
  const { name, severity } = faultStat(kind);
  stats.count(name, severity, { offset, detail: message });
}

function countBadTimestamps(reader: KcapReader, { stats }: FormatInput): void {
  const amount = reader.counters.badTimestamps;
  if (amount > 0) {
    stats.count("kcap_timestamp_unreadable", "notice", { amount });
  }
}
