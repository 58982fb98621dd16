import { processTable } from "../../../platform/running_process.ts";
import type { CommandContext } from "../../command.ts";
import type { Target } from "./target_options.ts";

/** Bytes of a file; `unknown` where it cannot be looked at. */
export type SizeInProcess = number | "absent" | "unknown";

/**
 * Looks for a file where a process sees it.
 *
 * @param path Absolute path in the process's file system.
 * @param context The running command.
 * @param target The process.
 * @returns Size of the file.
 */
export async function sizeInProcess(
  path: string,
  { options }: CommandContext,
  target: Target,
): Promise<SizeInProcess> {
  // A process id that the process told itself may be another one here.
  const isOurs = options["process-id"] !== undefined ||
    options["name"] !== undefined;
  if (isOurs) {
    const root = processTable().rootPath(target.pid!);
    const size = await sizeAt(`${root}${path}`);
    // Without its root, the process has ended.
    const isThere = typeof await sizeAt(root) === "number";
    if (size !== "unknown" && isThere) return size;
  }
  const size = await sizeAt(path);
  return size === "absent" ? "unknown" : size;
}

async function sizeAt(path: string): Promise<SizeInProcess> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? "absent" : "unknown";
  }
}
