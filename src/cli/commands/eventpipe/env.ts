import { escapeForTerminal } from "../../../base/terminal_text.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { openTarget } from "./target_options.ts";

/**
 * Prints the environment of a process.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { console, options, signal } = context;
  await using target = await openTarget(context);
  const environment = await target.client.processEnvironment({ signal });
  const entries = [...environment].sort(([a], [b]) => a < b ? -1 : 1);
  if (options["json"] === true) {
    await console.print(
      JSON.stringify(Object.fromEntries(entries), undefined, 2),
    );
    return EXIT_CODE.done;
  }
  for (const [name, value] of entries) {
    await console.print(escapeForTerminal(`${name}=${value}`));
  }
  return EXIT_CODE.done;
}
