import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { UsageError } from "../../usage_error.ts";
import { openTarget } from "./target_options.ts";

/**
 * Sets and deletes environment variables of a process.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { positionals, signal } = context;
  const changes = positionals.map((text) => {
    const at = text.indexOf("=", 1);
    return at < 0
      ? { name: text, value: null }
      : { name: text.slice(0, at), value: text.slice(at + 1) };
  });
  if (changes.some(({ name }) => name === "" || name.startsWith("="))) {
    throw new UsageError("Cannot set a variable: its name is empty");
  }
  await using target = await openTarget(context);
  for (const { name, value } of changes) {
    await target.client.setEnvironmentVariable(name, value, { signal });
  }
  return EXIT_CODE.done;
}
