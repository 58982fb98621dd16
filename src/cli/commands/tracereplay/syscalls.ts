import { compilePattern } from "../../../base/text_pattern.ts";
import { listSyscalls } from "../../../tracereplay/syscalls.ts";
import type { Architecture } from "../../../tracereplay/types.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";

/**
 * Lists system calls.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { options, positionals, console } = context;
  const pattern = positionals[0] ?? "*";
  const isWanted = compilePattern(pattern);
  const calls = listSyscalls(options["arch"] as Architecture).filter((call) =>
    isWanted(call.name) || String(call.sysno) === pattern
  );
  for (const call of calls) {
    if (options["json"] === true) {
      await console.print(JSON.stringify(call));
      continue;
    }
    const { sysno, name, isInGvisor, message } = call;
    await console.print(
      [
        String(sysno).padStart(4),
        name.padEnd(24),
        isInGvisor ? "yes" : "no ",
        message ?? "",
      ].join(" ").trimEnd(),
    );
  }
  return EXIT_CODE.done;
}
