import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { absolutePath } from "./absolute_path.ts";
import { openTarget } from "./target_options.ts";

/**
 * Adds a startup hook.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { positionals, signal } = context;
  await using target = await openTarget(context);
  await target.client.applyStartupHook(absolutePath(positionals[0]!), {
    signal,
  });
  return EXIT_CODE.done;
}
