import type { PerfMapType } from "../../../eventpipe/ipc/diagnostic_client.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { UsageError } from "../../usage_error.ts";
import { openTarget } from "./target_options.ts";

const TYPES: Readonly<Record<string, PerfMapType>> = {
  none: "none",
  all: "all",
  jitdump: "jitDump",
  perfmap: "perfMap",
};

/**
 * Turns perf maps on or off.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { positionals, signal } = context;
  const [word = ""] = positionals;
  const type = Object.hasOwn(TYPES, word) ? TYPES[word] : undefined;
  if (type === undefined && word !== "off") {
    throw new UsageError(
      `Cannot use "${word}" for perf maps: choices are all, jitdump, perfmap, none, off`,
    );
  }
  await using target = await openTarget(context);
  if (type === undefined) await target.client.disablePerfMap({ signal });
  else await target.client.enablePerfMap(type, { signal });
  return EXIT_CODE.done;
}
