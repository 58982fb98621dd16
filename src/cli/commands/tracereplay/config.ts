import { checkConfig } from "../../../tracereplay/check_config.ts";
import {
  CONFIG_PRESETS,
  generateConfig,
} from "../../../tracereplay/generate_config.ts";
import { importConfig } from "../../../tracereplay/import_config.ts";
import type { Architecture } from "../../../tracereplay/types.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { UsageError } from "../../usage_error.ts";
import { writeOutput } from "../../write_output.ts";
import { readConfigText } from "./read_config_text.ts";

/**
 * Writes a session configuration.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { options, console } = context;
  const config = await makeConfig(context);
  const text = JSON.stringify(config, undefined, 2) + "\n";
  const arch = options["arch"] as Architecture | "both";
  const { findings, isValid } = checkConfig(text, {
    architectures: arch === "both" ? undefined : [arch],
  });
  for (const { severity, path, message } of findings) {
    if (severity !== "hint") console.warn(`${path}: ${message}`);
  }
  if (!isValid) {
    console.error("Cannot write configuration: gVisor would refuse it");
    return EXIT_CODE.failed;
  }
  await writeOutput(console, bytesOf(text), {
    path: options["output"] as string | undefined,
    binary: false,
  });
  return EXIT_CODE.done;
}

async function makeConfig(
  context: CommandContext,
): Promise<Record<string, unknown>> {
  const { options } = context;
  const arch = options["arch"] as Architecture | "both";
  const common = {
    endpoint: options["endpoint"] as string | undefined,
    retries: options["retries"] as number | undefined,
    backoff: options["backoff"] as string | undefined,
    backoffMax: options["backoff-max"] as string | undefined,
    ignoreMissing: options["ignore-missing"] === true,
    ignoreSetupError: options["ignore-setup-error"] === true,
    form: options["form"] as "pod-init" | "session",
  };
  const file = options["import"];
  const preset = options["preset"] as string | undefined;
  const points = [
    ...(CONFIG_PRESETS.find(({ name }) => name === preset)?.points ?? []),
    ...((options["point"] ?? []) as readonly string[]),
  ];
  try {
    if (typeof file === "string") {
      if (points.length > 0) {
        throw new UsageError(
          "Options --import and --preset or --point exclude each other",
        );
      }
      return importConfig(await readConfigText(file, context), common);
    }
    if (points.length === 0) {
      throw new UsageError(
        "No points are named",
        "name them with --preset, --point or --import",
      );
    }
    return generateConfig({
      ...common,
      points,
      contextFields: options["context"] as readonly string[] | undefined,
      optionalFields: options["optional"] as readonly string[] | undefined,
      architectures: arch === "both" ? undefined : [arch],
    });
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}
