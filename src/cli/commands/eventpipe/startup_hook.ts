import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { absolutePath } from "./absolute_path.ts";
import { sizeInProcess } from "./size_in_process.ts";
import { openTarget } from "./target_options.ts";

/**
 * Adds a startup hook.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { positionals, signal } = context;
  const path = absolutePath(positionals[0]!);
  await using target = await openTarget(context);
  if (await sizeInProcess(path, context, target) === "absent") {
    // The runtime would end the process with an exception that nobody handles.
    throw new Error(
      `Cannot apply a startup hook in process ${target.pid}: it sees no file ${path}`,
    );
  }
  await target.client.applyStartupHook(path, { signal });
  return EXIT_CODE.done;
}
