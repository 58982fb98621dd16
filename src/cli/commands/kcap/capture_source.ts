import { resolveKcapPath } from "../../../kcap/open_kcap_file.ts";
import { readFileStream } from "../../../platform/file_source.ts";
import type { CommandContext } from "../../command.ts";
import { UsageError } from "../../usage_error.ts";

/** The bytes of a capture; disposing ends the progress that tells of them. */
export interface CaptureSource extends AsyncDisposable {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Name for messages. */
  readonly name: string;
}

/**
 * Finds the capture that a command names; `-` is standard input.
 *
 * @param path As typed, with or without extension.
 * @param context Console and signal of the running command.
 * @param showsProgress Whether the reading is shown; that of standard input never is.
 * @returns The bytes, which are read when they are asked for.
 * @throws {UsageError} When it is a terminal or a folder.
 * @throws {Deno.errors.NotFound} When there is no such file.
 */
export async function openCaptureSource(
  path: string,
  { console, signal }: Pick<CommandContext, "console" | "signal">,
  showsProgress: boolean,
): Promise<CaptureSource> {
  if (path === "-") {
    if (console.stdinIsTerminal) {
      throw new UsageError(
        "Cannot read a capture from the terminal",
        "name a file, or send one into standard input",
      );
    }
    return {
      bytes: console.stdin(),
      name: "standard input",
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const found = await resolveKcapPath(path);
  const { isDirectory, isFile, size } = await Deno.stat(found);
  if (isDirectory) {
    throw new UsageError(
      `Cannot read ${path}: it is a folder`,
      "name the files in it",
    );
  }
  const progress = showsProgress
    // A pipe has no size.
    ? console.progress(`Reading ${found}`, isFile ? { total: size } : {})
    : undefined;
  return {
    bytes: readFileStream(found, {
      signal,
      onRead: (bytes) => progress?.update(bytes),
    }),
    name: path,
    [Symbol.asyncDispose]: async () => await progress?.[Symbol.asyncDispose](),
  };
}
