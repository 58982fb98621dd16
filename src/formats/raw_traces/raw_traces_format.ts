import type { ReportSection } from "../../base/report.ts";
import { formatFrameType } from "../../profile/frame_type_table.ts";
import { decodeRawFrames } from "../../profile/raw_frames.ts";
import type { RawTrace, RawTraceSource } from "../../profile/raw_trace.ts";
import type { TimelineEvent } from "../../timeline/types.ts";
import { profileTraces } from "../../tracehandler/profile_traces.ts";
import { readRawTraces } from "../../tracehandler/read_raw_traces.ts";
import type { RawTraceLayout } from "../../tracehandler/sniff_raw_traces.ts";
import type { OptionValues } from "../option_spec.ts";
import type { Format, FormatInput } from "../types.ts";

/** Reads raw records of the OpenTelemetry eBPF profiler. */
export const rawTracesFormat: Format = {
  async info(input, options) {
    return {
      version: undefined,
      writer: undefined,
      startTime: undefined,
      endTime: undefined,
      sections: [await describe(input, options)],
      next: ["events FILE --stacks", "report FILE"],
    };
  },
  async *events(input, options) {
    let first: bigint | undefined;
    for await (const batch of open(input, options).batches()) {
      yield batch.map((trace) => {
        first ??= trace.ktime;
        return eventOf(trace, Number(trace.ktime - first), options);
      });
    }
  },
  async profile(input, options, { timed }) {
    const { profile } = await profileTraces(open(input, options), {
      timed,
      keepErrorFrames: options["error-frames"] === true,
      stats: input.stats,
      signal: input.signal,
    });
    return profile;
  },
};

function open(input: FormatInput, options: OptionValues): RawTraceSource {
  const layout = options["raw-layout"];
  return readRawTraces(input.open(), {
    layout: layout === "auto" ? undefined : layout as RawTraceLayout,
    limits: input.limits,
    stats: input.stats,
    signal: input.signal,
  });
}

async function describe(
  input: FormatInput,
  options: OptionValues,
): Promise<ReportSection> {
  let traces = 0;
  let frames = 0;
  const processes = new Set<number>();
  const origins = new Set<string>();
  for await (const batch of open(input, options).batches()) {
    for (const trace of batch) {
      traces++;
      const decoded = decodeRawFrames(trace);
      frames += decoded.frames.length + decoded.kernelAddresses.length;
      processes.add(trace.pid);
      origins.add(trace.origin);
    }
  }
  return {
    type: "facts",
    key: "records",
    title: "Records",
    facts: [
      { key: "traces", title: "traces", unit: "count", value: traces },
      { key: "frames", title: "frames", unit: "count", value: frames },
      {
        key: "processes",
        title: "processes",
        unit: "count",
        value: processes.size,
      },
      { key: "origins", title: "origins", value: [...origins].join(", ") },
    ],
  };
}

function eventOf(
  trace: RawTrace,
  relativeNs: number,
  options: OptionValues,
): TimelineEvent {
  const { pid, tid, comm, cpu, origin, value, labels, traceId, spanId } = trace;
  const fields: Record<string, unknown> = { comm };
  if (trace.hash !== undefined) {
    fields["hash"] = trace.hash.toString(16).padStart(16, "0");
  }
  if (value !== 0) fields["value"] = value;
  if (traceId !== "") fields["traceId"] = traceId;
  if (spanId !== "") fields["spanId"] = spanId;
  for (const { key, value } of labels) fields[key] = value;
  return {
    type: "event",
    timestamp: undefined,
    relativeNs,
    provider: "raw-trace",
    name: origin,
    pid,
    tid,
    ...(cpu >= 0 ? { cpu } : {}),
    fields,
    ...(options["stacks"] === true ? { stack: stackOf(trace) } : {}),
  };
}

function stackOf(trace: RawTrace): string[] {
  const { kernelAddresses, frames } = decodeRawFrames(trace);
  return [
    ...kernelAddresses.map((address) => `kernel 0x${address.toString(16)}`),
    ...frames.map(({ type, isError, data, words }) =>
      [
        formatFrameType(type),
        isError ? `error ${data}` : `0x${data.toString(16)}`,
        ...words.map((word) => `0x${word.toString(16)}`),
      ].join(" ")
    ),
  ];
}
