import type { Command } from "../../command.ts";
import { ACCEPT_DAMAGE_OPTION, FROM_OPTION } from "../../common_options.ts";
import { PROFILE_FILTER_OPTIONS } from "../../verbs/profile_filter.ts";
import { ENDPOINT_OPTIONS, OTLP_OPTIONS } from "./otlp_options.ts";

/** `tracedeck profile export`. */
export const exportCommand: Command = {
  name: "export",
  summary: "send profiles to an OpenTelemetry collector",
  positionals: [{ name: "IN", required: true, variadic: true, isFile: true }],
  options: [
    ...ENDPOINT_OPTIONS,
    ...OTLP_OPTIONS,
    {
      name: "interval",
      type: "duration",
      min: 1e6,
      help: "cut what is sent into profiles of this length",
    },
    {
      name: "repeat",
      type: "duration",
      min: 1e6,
      help:
        "get an IN that is a URL again and again, with so much time in between, until Ctrl-C",
    },
    {
      name: "stats",
      type: "string",
      choices: ["json", "prometheus"],
      help: "print the counters of what was sent and lost",
    },
    FROM_OPTION,
    ACCEPT_DAMAGE_OPTION,
    ...PROFILE_FILTER_OPTIONS,
  ],
  details:
    `IN is anything with stacks: .nettrace, pprof, perf.data, OTLP, folded, raw records …, or the http:// address of a pprof endpoint.
Samples of .nettrace and of raw records pass the trace handler one by one. Settings come from the options, else from the OTEL_EXPORTER_OTLP_ variables; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES describe the resource.
What a collector does not take at once is sent again, after the time that it asks for, else after 1, 2, 4 … 30 seconds. A message that it finds too large is sent in halves.
Exit codes: 0 all was sent, 3 some was lost or the input is damaged, 1 nothing could be sent.`,
  examples: [
    [
      "profile export app.nettrace --endpoint http://localhost:4318",
      "over HTTP",
    ],
    [
      "profile export cpu.pb.gz --endpoint grpcs://collector:4317 --header authorization='Bearer …'",
      "over gRPC with TLS",
    ],
    [
      "profile export 'http://localhost:6060/debug/pprof/profile?seconds=10' --repeat 50s --endpoint http://localhost:4318",
      "what a Go program says of itself, every minute",
    ],
  ],
  load: () => import("./export.ts"),
};
