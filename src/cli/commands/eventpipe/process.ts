import { escapeForTerminal } from "../../../base/terminal_text.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { openTarget } from "./target_options.ts";

/**
 * Prints what a runtime tells of its process.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { console, options, signal } = context;
  await using target = await openTarget(context);
  const info = await target.client.processInfo({ signal });
  if (options["json"] === true) {
    await console.print(JSON.stringify(
      {
        ...info,
        processId: Number(info.processId),
        address: target.client.address,
      },
      undefined,
      2,
    ));
    return EXIT_CODE.done;
  }
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["process", String(info.processId)],
    ["runtime", info.clrVersion],
    ["runtime id", info.portableRid],
    ["system", `${info.os} ${info.arch}`],
    ["entry assembly", info.entrypointAssembly],
    ["command line", info.commandLine],
    ["cookie", info.runtimeCookie],
    ["port", target.client.address],
  ];
  for (const [title, value] of facts) {
    if (value === undefined) continue;
    await console.print(`${title.padEnd(16)}${escapeForTerminal(value)}`);
  }
  return EXIT_CODE.done;
}
