import { toJsonText } from "../../base/json_text.ts";
import { VERSION } from "../../base/version.ts";
import type { CommandContext } from "../command.ts";
import { EXIT_CODE } from "../exit_code.ts";

/**
 * Prints versions.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(
  { options, console }: CommandContext,
): Promise<number> {
  const { deno, v8 } = Deno.version;
  const { target } = Deno.build;
  if (options["json"] === true) {
    await console.print(toJsonText({ tracedeck: VERSION, deno, v8, target }));
  } else {
    await console.print(`tracedeck ${VERSION} (Deno ${deno}, ${target})`);
  }
  return EXIT_CODE.done;
}
