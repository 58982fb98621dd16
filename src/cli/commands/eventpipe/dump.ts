import { formatBytes } from "../../../base/byte_size.ts";
import type { DumpType } from "../../../eventpipe/ipc/types.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { absolutePath } from "./absolute_path.ts";
import { timeStamp } from "./collect.ts";
import { sizeInProcess } from "./size_in_process.ts";
import { openTarget } from "./target_options.ts";

const KINDS: Readonly<Record<DumpType, string>> = {
  full: "full dump",
  heap: "dump with heap",
  mini: "dump",
  triage: "triage dump",
};

/**
 * Makes a process write a dump.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { options, console, signal } = context;
  await using target = await openTarget(context);
  const type = String(options["type"]).toLowerCase() as DumpType;
  const path = absolutePath(
    options["output"] as string | undefined ??
      (Deno.build.os === "windows"
        ? `dump_${timeStamp(new Date())}.dmp`
        : `core_${timeStamp(new Date())}`),
  );
  console.note(`Writing ${KINDS[type]} to ${path}`);
  await target.client.writeDump(path, {
    type,
    logging: options["diag"] === true,
    crashReport: options["crashreport"] === true,
    signal,
  });
  const size = await sizeInProcess(path, context, target);
  if (size === "unknown") {
    console.note(`Complete; ${path} is in the process's file system`);
    return EXIT_CODE.done;
  }
  if (size === "absent" || size === 0) {
    console.error(
      `Cannot write a dump: the process reported success, but ${path} is ${
        size === 0 ? "empty" : "not there"
      }`,
    );
    return EXIT_CODE.failed;
  }
  console.note(`Complete (${formatBytes(size)})`);
  return EXIT_CODE.done;
}
