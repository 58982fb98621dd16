import { collectBytes } from "../../../container/collect_bytes.ts";
import { readFileStream } from "../../../platform/file_source.ts";
import type { CommandContext } from "../../command.ts";

/** Configurations are far smaller. */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Reads a small text file, or standard input for `-`.
 *
 * @param path As typed.
 * @param context The running command.
 * @returns The text.
 * @throws {LimitError} When it exceeds 16 MiB.
 */
export async function readConfigText(
  path: string,
  { console, signal }: CommandContext,
): Promise<string> {
  const stream = path === "-"
    ? console.stdin()
    : readFileStream(path, { signal });
  const bytes = await collectBytes(stream, {
    maxBytes: MAX_BYTES,
    what: path,
    signal,
  });
  return new TextDecoder().decode(bytes);
}
