import { nearestWord } from "../../../base/nearest.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { UsageError } from "../../usage_error.ts";
import { tracereplayGroup } from "./tracereplay_group.ts";

/**
 * Lists options of commands.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { positionals, console } = context;
  const { commands } = tracereplayGroup;
  const [wanted] = positionals;
  const shown = commands.filter(({ name }) =>
    wanted === undefined || name === wanted
  );
  if (shown.length === 0) {
    const near = nearestWord(wanted!, commands.map(({ name }) => name));
    throw new UsageError(
      `Command "tracereplay ${wanted}" is unknown`,
      near === undefined ? undefined : `did you mean ${near}?`,
    );
  }
  for (const { name, options } of shown) {
    for (const option of options) {
      await console.print(`${name} --${option.name}: ${option.help}`);
    }
  }
  return EXIT_CODE.done;
}
