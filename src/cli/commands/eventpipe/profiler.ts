import { parseGuid } from "../../../codec/guid.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { UsageError } from "../../usage_error.ts";
import { absolutePath } from "./absolute_path.ts";
import { openTarget } from "./target_options.ts";

/**
 * Loads a profiler.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { positionals, options, signal } = context;
  const [verb = "", profilerId = "", library = ""] = positionals;
  if (verb !== "attach" && verb !== "startup") {
    throw new UsageError(
      `Cannot use "${verb}" with a profiler: choices are attach, startup`,
    );
  }
  checkGuid(profilerId);
  const profiler = { profilerId, path: absolutePath(library) };
  const file = options["client-data"] as string | undefined;
  const clientData = file === undefined ? undefined : await Deno.readFile(file);
  await using target = await openTarget(context);
  if (verb === "startup") {
    await target.client.setStartupProfiler(profiler, { signal });
  } else {
    await target.client.attachProfiler(profiler, {
      attachTimeoutMs: Math.ceil(options["attach-timeout"] as number / 1e6),
      clientData,
      signal,
    });
  }
  return EXIT_CODE.done;
}

function checkGuid(text: string): void {
  try {
    parseGuid(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(error.message);
    throw error;
  }
}
