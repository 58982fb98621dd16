import { sniffOtlp } from "../../profile/sniff_otlp.ts";
import type { OptionSpec } from "../option_spec.ts";
import type { FormatEntry } from "../types.ts";

/** Layout of samples in OTLP profiles. */
export const OTLP_LAYOUT_OPTION: OptionSpec = {
  name: "otlp-layout",
  type: "string",
  choices: ["auto", "1.9", "1.10"],
  default: "auto",
  help:
    "layout of the samples in OTLP profiles: of what is written, else of what is read; auto recognises either and writes 1.10",
};

/** Profiles as OpenTelemetry agents and collectors write them. */
export const otlpEntry: FormatEntry = {
  name: "otlp",
  title: "OTLP profiles",
  sniff: sniffOtlp,
  options: [{
    ...OTLP_LAYOUT_OPTION,
    verbs: ["info", "events", "report", "diff", "view"],
  }],
  converters: [],
  load: async () => (await import("./otlp_format.ts")).otlpFormat,
};
