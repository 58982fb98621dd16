import { LimitError } from "../../base/errors.ts";
import type { ReportSection } from "../../base/report.ts";
import { diagnoseTrace } from "../../netdump/diagnose_trace.ts";
import { diffTraces } from "../../netdump/diff_traces.ts";
import { checkTrace } from "../../netdump/nettrace_check.ts";
import { decodeNetworkTrace } from "../../netdump/nettrace_decoder.ts";
import { encodeNetworkTrace } from "../../netdump/nettrace_encoder.ts";
import type { NetworkTraceForm } from "../../netdump/nettrace_encoder.ts";
import { encodeHar } from "../../netdump/nettrace_har_encoder.ts";
import { stageRequests } from "../../netdump/nettrace_stages.ts";
import { traceTimeToUnixNs } from "../../netdump/nettrace_time.ts";
import { traceToTimeline } from "../../netdump/nettrace_timeline.ts";
import { TRACE_LISTS } from "../../netdump/nettrace_types.ts";
import type { NetworkTrace } from "../../netdump/nettrace_types.ts";
import { reportTrace } from "../../netdump/report_trace.ts";
import type { OptionValues } from "../option_spec.ts";
import type { ConvertRequest, Format, FormatInput } from "../types.ts";

/** Largest file that is read; a trace of a device has less than a thousandth of it. */
const MAX_TRACE_BYTES = 256 * 1024 * 1024;
const BATCH = 256;
const encoder = new TextEncoder();

/** Reads network traces. */
export const networkTraceFormat: Format = {
  async info(input, options) {
    const trace = await readTrace(input, options);
    const form = formOf(input.head, trace);
    const begin = traceTimeToUnixNs(trace.traceBeginAt, trace.traceBeginAt);
    const end = traceTimeToUnixNs(trace.traceEndAt, trace.traceBeginAt);
    return {
      version: `(${form} form)`,
      writer: undefined,
      startTime: begin,
      endTime: end,
      sections: [
        {
          type: "facts",
          key: "trace",
          title: "Trace",
          facts: [
            {
              key: "description",
              title: "description",
              value: trace.description,
            },
            { key: "session", title: "session", value: trace.uuid },
            ...TRACE_LISTS.map((list) => ({
              key: list,
              title: list,
              unit: "count" as const,
              value: trace[list].length,
            })),
          ],
        },
        requestTable(trace),
        findingTable(trace),
        oddityTable(trace),
      ],
      next: [
        "report FILE",
        "convert FILE --to har -o trace.har",
        "events FILE",
      ],
    };
  },

  async *events(input, options) {
    const events = traceToTimeline(await readTrace(input, options));
    for (let at = 0; at < events.length; at += BATCH) {
      yield events.slice(at, at + BATCH);
    }
  },

  async report(input, options) {
    const top = options["top"];
    return reportTrace(await readTrace(input, options), {
      top: typeof top === "number" ? top : undefined,
    });
  },

  async diff(before, after, options) {
    return diffTraces(
      await readTrace(before, options),
      await readTrace(after, options),
    );
  },

  converters: {
    har: {
      async *convert(request) {
        yield encoder.encode(encodeHar(await readOnly(request)));
      },
    },
    "network-trace": {
      async *convert(request) {
        const form =
          (request.options["trace-form"] ?? "export") as NetworkTraceForm;
        yield encoder.encode(
          encodeNetworkTrace(await readOnly(request), { form }),
        );
      },
    },
  },
};

async function readOnly(request: ConvertRequest): Promise<NetworkTrace> {
  const [input, ...others] = request.inputs;
  if (input === undefined || others.length > 0) {
    throw new RangeError(
      "Cannot merge network traces: their ids and times are each their own",
    );
  }
  return await readTrace(input, request.options);
}

async function readTrace(
  input: FormatInput,
  options: OptionValues,
): Promise<NetworkTrace> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of input.open()) {
    size += chunk.length;
    if (size > MAX_TRACE_BYTES) {
      throw new LimitError(
        `Cannot read ${input.name}: it has more than ${MAX_TRACE_BYTES} bytes`,
        { limit: "trace bytes", value: size, offset: size },
      );
    }
    chunks.push(chunk.slice());
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return decodeNetworkTrace(bytes, {
    name: input.name,
    strict: options["strict"] === true,
    lenient: options["lenient"] === true,
    stats: input.stats,
    limits: input.limits,
  });
}

/** The sink form begins its lines with commas, the plain form is indented or has a session id. */
function formOf(head: Uint8Array, trace: NetworkTrace): NetworkTraceForm {
  const text = new TextDecoder().decode(head);
  if (/\n,"traceBeginAt"/.test(text)) return "sink";
  return trace.uuid !== undefined || /^\ufeff?\s*\{\s*\n/.test(text)
    ? "plain"
    : "export";
}

function requestTable(trace: NetworkTrace): ReportSection {
  return {
    type: "table",
    key: "requests",
    title: "Requests",
    columns: [
      { key: "request", title: "request" },
      { key: "result", title: "result" },
      { key: "totalNs", title: "total", unit: "ns" },
    ],
    rows: stageRequests(trace).map(({ request, beginMs, endMs }) => [
      `${request.reqMethod} ${request.reqUrl}`,
      request.reqError || String(request.respStatusCode),
      (endMs - beginMs) * 1e6,
    ]),
  };
}

function findingTable(trace: NetworkTrace): ReportSection {
  return {
    type: "table",
    key: "findings",
    title: "Findings",
    columns: [
      { key: "severity", title: "severity" },
      { key: "code", title: "finding" },
      { key: "cause", title: "cause" },
    ],
    rows: diagnoseTrace(trace).map(({ severity, code, cause }) => [
      severity,
      code,
      cause,
    ]),
  };
}

function oddityTable(trace: NetworkTrace): ReportSection {
  return {
    type: "table",
    key: "oddities",
    title: "Records that do not fit together",
    columns: [
      { key: "kind", title: "kind" },
      { key: "path", title: "where" },
      { key: "detail", title: "what" },
    ],
    rows: checkTrace(trace).map(({ kind, path, detail }) => [
      kind,
      path,
      detail,
    ]),
  };
}
