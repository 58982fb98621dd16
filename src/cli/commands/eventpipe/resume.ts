import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { openTarget } from "./target_options.ts";

/**
 * Resumes a runtime.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  await using target = await openTarget(context);
  await target.client.resumeRuntime({ signal: context.signal });
  return EXIT_CODE.done;
}
