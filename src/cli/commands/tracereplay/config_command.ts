import { CONFIG_PRESETS } from "../../../tracereplay/generate_config.ts";
import type { Command } from "../../command.ts";
import { OUTPUT_OPTION } from "../../common_options.ts";

/** `tracedeck tracereplay config`. */
export const configCommand: Command = {
  name: "config",
  summary: "write a session configuration for runsc",
  positionals: [],
  options: [
    {
      name: "preset",
      type: "string",
      choices: CONFIG_PRESETS.map(({ name }) => name),
      help: "a list of points for a purpose",
    },
    {
      name: "point",
      type: "list",
      valueName: "NAME",
      help: "a point, or a pattern such as syscall/*/exit",
    },
    {
      name: "import",
      type: "string",
      valueName: "FILE",
      help: "take points from a configuration that exists, for example Falco's",
    },
    {
      name: "endpoint",
      type: "string",
      valueName: "PATH",
      help: "socket of the monitoring process; without it events go nowhere",
    },
    {
      name: "context",
      type: "list",
      valueName: "FIELD",
      help:
        "context field for every point; time, thread_id, group_id, thread_group_start_time, container_id, process_name if not given",
    },
    {
      name: "optional",
      type: "list",
      valueName: "FIELD",
      help:
        "optional field for the points that have it, or all; fd_path if not given",
    },
    {
      name: "arch",
      type: "string",
      choices: ["amd64", "arm64", "both"],
      default: "both",
      help: "architectures of which points are taken",
    },
    {
      name: "retries",
      type: "number",
      min: 0,
      help: "further attempts of the sink when the socket is full",
    },
    {
      name: "backoff",
      type: "string",
      valueName: "TIME",
      help: "wait before the first of them, as Go writes it: 25us",
    },
    {
      name: "backoff-max",
      type: "string",
      valueName: "TIME",
      help: "longest wait, as Go writes it: 10ms",
    },
    {
      name: "ignore-missing",
      type: "boolean",
      default: true,
      help: "skip points that a runsc does not have",
    },
    {
      name: "ignore-setup-error",
      type: "boolean",
      help: "run containers untraced when nobody listens, instead of failing",
    },
    {
      name: "form",
      type: "string",
      choices: ["pod-init", "session"],
      default: "pod-init",
      help: "for runsc --pod-init-config, or the session alone",
    },
    OUTPUT_OPTION,
  ],
  details: `Presets:\n${
    CONFIG_PRESETS.map(({ name, summary }) => `  ${name.padEnd(10)}${summary}`)
      .join("\n")
  }
The result is checked before it is written.`,
  examples: [
    [
      "tracereplay config --preset security --endpoint /tmp/gvisor_events.sock -o pod_init.json",
      "for runsc --pod-init-config=pod_init.json",
    ],
    [
      "tracereplay config --import falco.json --endpoint /run/events.sock",
      "Falco's points, another socket",
    ],
  ],
  load: () => import("./config.ts"),
};
