import type { Command } from "../../command.ts";
import {
  ACCEPT_DAMAGE_OPTION,
  JSON_OPTION,
  OUTPUT_OPTION,
} from "../../common_options.ts";
import { LIMIT_OPTION } from "./archive_options.ts";

/** `tracedeck netdump redact`. */
export const redactCommand: Command = {
  name: "redact",
  summary: "takes secrets out of an archive, or all that names anybody",
  positionals: [{ name: "ARCHIVE", required: true, isFile: true }],
  options: [
    {
      name: "level",
      type: "string",
      choices: ["standard", "strict"],
      default: "standard",
      help:
        "secrets, or with strict also addresses, names, users and packets' contents",
    },
    {
      name: "pseudonyms",
      type: "string",
      valueName: "FILE",
      help:
        "table that undoes strict redaction; OUTPUT.pseudonyms.json without, made if it is missing",
    },
    OUTPUT_OPTION,
    JSON_OPTION,
    LIMIT_OPTION,
    ACCEPT_DAMAGE_OPTION,
  ],
  details:
    "The output is ARCHIVE-redacted.tgz beside the archive unless -o names another; mode 0600. What was taken out is told on standard error, or as JSON lines with --json.\nStandard: credentials and secrets in URLs, headers, command lines and configurations, keys, tokens, ids of subscribers.\nStrict: also the same other address for the same address, within the same networks; other names; packets keep their headers only. Loopback, multicast and documentation addresses stay. Keep the table of pseudonyms on the device.",
  examples: [
    ["netdump redact nim-fail.tgz", "for a colleague"],
    [
      "netdump redact nim-fail.tgz --level strict -o share.tgz",
      "for the world",
    ],
  ],
  load: () => import("./redact.ts"),
};
