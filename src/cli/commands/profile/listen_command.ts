import type { Command } from "../../command.ts";
import { JSON_OPTION } from "../../common_options.ts";
import { OTLP_OPTIONS } from "./otlp_options.ts";

/** `tracedeck profile listen`. */
export const listenCommand: Command = {
  name: "listen",
  summary: "receive OTLP profiles and show, store or forward them",
  positionals: [],
  options: [
    {
      name: "http",
      type: "string",
      valueName: "[HOST:]PORT",
      default: "127.0.0.1:4318",
      help: "where to listen for HTTP; none for nowhere",
    },
    {
      name: "grpc",
      type: "string",
      valueName: "[HOST:]PORT",
      default: "127.0.0.1:4317",
      help: "where to listen for gRPC without TLS; none for nowhere",
    },
    {
      name: "allow-remote",
      type: "boolean",
      help: "permit an address that other machines reach",
    },
    JSON_OPTION,
    {
      name: "output",
      short: "o",
      type: "string",
      valueName: "FOLDER",
      help: "store what comes in files of this folder",
    },
    {
      name: "rotate-size",
      type: "size",
      min: 1024,
      default: 64 * 1024 * 1024,
      help: "size at which the next file is begun",
    },
    {
      name: "rotate-time",
      type: "duration",
      min: 1e8,
      default: 3600e9,
      help: "time after which the next file is begun",
    },
    {
      name: "keep",
      type: "number",
      min: 1,
      help: "files that are kept; the oldest go",
    },
    {
      name: "forward",
      type: "string",
      valueName: "URL",
      help: "send everything on to another collector",
    },
    {
      name: "count",
      short: "n",
      type: "number",
      min: 1,
      help: "end after so many messages",
    },
    {
      name: "duration",
      short: "d",
      type: "duration",
      min: 1e6,
      help: "end after this time",
    },
    {
      name: "max-message",
      type: "size",
      min: 1024,
      max: 1024 ** 3,
      default: 64 * 1024 * 1024,
      help: "largest message, unpacked",
    },
    {
      name: "max-messages",
      type: "number",
      min: 1,
      max: 1000,
      default: 16,
      help: "messages that may come at the same time",
    },
    ...OTLP_OPTIONS.filter(({ name }) => name !== "resource-attribute").map((
      option,
    ) => ({ ...option, help: `with --forward: ${option.help}` })),
  ],
  details:
    `Agents send to http://HOST:4318 with protobuf or JSON, or to gRPC at port 4317. Without --output and --forward a line is printed per resource of each message.
Files hold messages behind their lengths, as the collector's file exporter writes them; every verb of tracedeck reads them. An agent is answered when its message is written; if that fails it is asked to send again.
GET /metrics tells the counters as Prometheus reads them. The listener has no authentication: let it listen to other machines only in a network that you trust.
Exit codes: 0 all was kept, 3 messages were refused or lost.`,
  examples: [
    ["profile listen", "see what agents send"],
    [
      "profile listen -o profiles --rotate-size 16MiB --keep 20",
      "store the latest",
    ],
    [
      "profile listen --http 0.0.0.0:4318 --allow-remote --forward grpcs://collector:4317",
      "pass on what a network's agents send",
    ],
  ],
  load: () => import("./listen.ts"),
};
