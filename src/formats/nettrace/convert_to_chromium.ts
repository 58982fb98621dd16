import { OptionError } from "../../base/errors.ts";
import { toJsonText } from "../../base/json_text.ts";
import { TraceSpans } from "../../eventpipe/events/trace_spans.ts";
import { readNettraceProfile } from "../../eventpipe/samples/read_nettrace_profile.ts";
import { mergeProfiles } from "../../profile/merge_profiles.ts";
import type { Profile } from "../../profile/types.ts";
import { writeChromiumProfile } from "../../profile/write_chromium_profile.ts";
import { writeDotnetChromium } from "../../profile/write_dotnet_chromium.ts";
import type { TimelineEvent } from "../../timeline/types.ts";
import { noteEmptyProfile } from "../note_empty_profile.ts";
import type { ByteStream, ConvertRequest } from "../types.ts";
import { exporterName, isPlain, stemOf } from "./convert_to_speedscope.ts";
import { profileOptions } from "./nettrace_options.ts";

/**
 * Converts traces to Chromium's trace events: stacks as slices of their
 * threads, pauses of the collector, compilations and activities as asynchronous
 * slices, counters; with method `traceevent` the file that dotnet-trace writes.
 *
 * @param request Inputs, options, selection.
 * @returns The bytes.
 * @throws {OptionError} When a method is asked for that keeps no times.
 */
export async function* convertToChromium(request: ConvertRequest): ByteStream {
  const { inputs, options, outputName, selection, stats } = request;
  if (options["method"] === "traceevent" && isPlain(request)) {
    const [input] = inputs;
    const { profile, traceEvent } = await readNettraceProfile(
      input!.open(),
      profileOptions(input!, options, true),
    );
    noteEmptyProfile(profile, stats);
    yield* writeDotnetChromium(profile, {
      ...traceEvent,
      exporter: exporterName(request),
      name: stemOf(outputName ?? input!.name),
    });
    return;
  }
  if (options["method"] === "dotnetdiag") {
    throw new OptionError(
      "Cannot convert to chromium by method dotnetdiag: it sums up time and keeps no times",
    );
  }
  const profiles: Profile[] = [];
  const events: string[] = [];
  for (const input of inputs) {
    const spans = new TraceSpans();
    const { profile, result } = await readNettraceProfile(input.open(), {
      ...profileOptions(input, options, true),
      alsoFor: [spans],
    });
    const { startTime } = profile;
    const { syncTime } = result.header;
    // Slices count from the profile's start, spans from the sync point.
    const shiftNs = startTime === undefined || syncTime === undefined
      ? 0
      : Number(startTime - syncTime);
    if (inputs.length === 1) events.push(...traceEvents(spans, shiftNs));
    if (spans.omitted > 0) {
      stats.count("nettrace_spans_omitted", "notice", {
        amount: spans.omitted,
      });
    }
    profiles.push(selection?.profile?.(profile) ?? profile);
  }
  const profile = profiles.length === 1
    ? profiles[0]!
    : mergeProfiles(profiles);
  noteEmptyProfile(profile, stats);
  yield* writeChromiumProfile(profile, { moreEvents: events });
}

function* traceEvents(spans: TraceSpans, shiftNs: number): Generator<string> {
  let id = 0;
  for (const record of spans.records()) {
    const ns = record.relativeNs! - shiftNs;
    const { name, provider, pid = 0, tid = 0, fields } = record;
    const shared = { name, cat: provider, ts: ns / 1000, pid, tid };
    if (record.type === "counter") {
      yield toJsonText({
        ...shared,
        ph: "C",
        args: { [record.unit || "value"]: counterValue(record) },
      });
    } else if (record.type === "span") {
      id++;
      yield toJsonText({ ...shared, ph: "b", id, args: fields });
      yield toJsonText({
        ...shared,
        ts: (ns + record.durationNs) / 1000,
        ph: "e",
        id,
      });
    }
  }
}

function counterValue(
  { value }: Extract<TimelineEvent, { type: "counter" }>,
): number {
  return Number.isFinite(value) ? value : 0;
}
