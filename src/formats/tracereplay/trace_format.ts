import { readTraceEvents } from "../../tracereplay/read_trace_events.ts";
import { readTraceNdjson } from "../../tracereplay/read_trace_ndjson.ts";
import type { Format } from "../types.ts";
import { convertToNdjson, convertToTrace } from "./convert_trace.ts";
import { describeTrace } from "./describe_trace.ts";
import type { ReadEvents } from "./read_events.ts";
import { reportTrace } from "./report_trace.ts";
import { traceTimeline } from "./trace_timeline.ts";

/** Reads trace files. */
export const traceFormat: Format = makeFormat((input, options = {}) =>
  readTraceEvents(input.open(), {
    stats: input.stats,
    signal: input.signal,
    onConfig: ({ version }) => options.onVersion?.(version),
  })
);

/** Reads events as JSON lines. */
export const traceNdjsonFormat: Format = makeFormat((input) =>
  readTraceNdjson(input.open(), { stats: input.stats, signal: input.signal })
);

function makeFormat(readEvents: ReadEvents): Format {
  return {
    info: (input) => describeTrace(input, readEvents),
    events: (input, options) => traceTimeline(input, readEvents, options),
    report: (input, options) => reportTrace(input, readEvents, options),
    converters: {
      jsonl: { convert: (request) => convertToNdjson(request, readEvents) },
      tracereplay: {
        convert: (request) => convertToTrace(request, readEvents),
      },
    },
  };
}
