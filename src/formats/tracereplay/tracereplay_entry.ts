import { sniffTrace, sniffTraceNdjson } from "../../tracereplay/sniff_trace.ts";
import type { FormatEntry, FormatOption } from "../types.ts";

const OPTIONS: readonly FormatOption[] = [
  {
    name: "arch",
    type: "string",
    choices: ["auto", "amd64", "arm64"],
    default: "auto",
    help:
      "architecture of a gVisor sandbox, on which the names of system calls depend",
    verbs: ["events", "report", "convert"],
  },
  {
    name: "redact-argv",
    type: "boolean",
    help: "take arguments of programs out of gVisor messages",
    verbs: ["convert"],
  },
  {
    name: "redact-env",
    type: "boolean",
    help: "take environments of programs out of gVisor messages",
    verbs: ["convert"],
  },
];

const CONVERTERS = ["jsonl", "tracereplay"];

/** Sessions of gVisor's remote sink as `tracereplay save` stores them. */
export const tracereplayEntry: FormatEntry = {
  name: "tracereplay",
  title: "gVisor trace session",
  sniff: sniffTrace,
  options: OPTIONS,
  converters: CONVERTERS,
  load: async () => (await import("./trace_format.ts")).traceFormat,
};

/** The same as JSON lines. */
export const tracereplayNdjsonEntry: FormatEntry = {
  name: "tracereplay-ndjson",
  title: "gVisor trace session as JSON lines",
  sniff: sniffTraceNdjson,
  options: OPTIONS,
  converters: CONVERTERS,
  load: async () => (await import("./trace_format.ts")).traceNdjsonFormat,
};
