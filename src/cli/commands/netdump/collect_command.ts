import type { Command } from "../../command.ts";
import { JSON_OPTION } from "../../common_options.ts";
import { GATHER_OPTIONS, REQUEST_OPTIONS } from "./collect_options.ts";

/** `tracedeck netdump collect`. */
export const collectCommand: Command = {
  name: "collect",
  summary: "leaves an archive with the state of this device's network",
  positionals: [],
  options: [
    ...REQUEST_OPTIONS,
    {
      name: "topic",
      type: "string",
      valueName: "TOPIC",
      help:
        "series of the dump; device, or device-ok and device-fail with --url",
    },
    {
      name: "netns",
      type: "string",
      valueName: "NAME|PID",
      help: "look at this network namespace instead of the own one",
    },
    {
      name: "check",
      type: "boolean",
      help: "say what is wrong as well, as netdump check does",
    },
    ...GATHER_OPTIONS,
    JSON_OPTION,
  ],
  details:
    "The archive has EVE's layout, mode 0600, and a manifest that tells of every entry, also of those that could not be had. Its path goes to standard output.\nIt works without root: what cannot be seen then is told. Without --url nothing leaves the device but questions to its gateways and name servers.\nCtrl-C ends gathering and publishes what is there.",
  examples: [
    ["netdump collect", "the state of this moment"],
    [
      "netdump collect --url https://controller.example.net/ --check",
      "with a traced request, and what is wrong",
    ],
    ["netdump collect --netns blue -d /tmp/dumps", "another namespace"],
  ],
  load: () => import("./collect.ts"),
};
