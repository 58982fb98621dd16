import { DecodeStats } from "../../base/decode_stats.ts";
import { detectFormat, findFormat } from "../../formats/detect_format.ts";
import { openInput } from "../../formats/open_input.ts";
import type { OpenedInput } from "../../formats/opened_input.ts";
import { readFileStream } from "../../platform/file_source.ts";
import type { CommandContext } from "../command.ts";
import type { Progress } from "../progress.ts";
import { UsageError } from "../usage_error.ts";

/** What {@linkcode openFile} gives: the input, its format, and the progress to dispose. */
export interface OpenedFile extends OpenedInput, AsyncDisposable {}

/**
 * Opens a file named on the command line, or standard input for `-`, and finds
 * its format.
 *
 * @param path As typed.
 * @param context The running command; its `--from` option decides the format.
 * @returns The input with its format; reading it shows progress.
 * @throws {UsageError} When standard input is a terminal or the path a folder.
 */
export async function openFile(
  path: string,
  context: CommandContext,
): Promise<OpenedFile> {
  const { console, signal, options } = context;
  if (path === "-") {
    if (console.stdinIsTerminal) {
      throw new UsageError(
        "Cannot read a capture from the terminal",
        "name a file, or send one into standard input",
      );
    }
    const source = { name: "standard input", open: () => console.stdin() };
    return await finish(source, context, undefined);
  }
  const info = await statFile(path);
  // Pipes and devices have no size and can be read once, like standard input.
  const isFile = info.isFile;
  const name = path.split(/[\\/]/).at(-1)!;
  const progress = console.progress(
    `Reading ${name}`,
    isFile ? { total: info.size } : {},
  );
  const source = {
    name: path,
    ...(isFile ? { path, sizeBytes: info.size } : {}),
    open: () =>
      readFileStream(path, {
        signal,
        onRead: (bytes) => progress.update(bytes),
      }),
  };
  try {
    return await finish(source, context, progress);
  } catch (error) {
    await progress[Symbol.asyncDispose]();
    throw error;
  }

  async function finish(
    source: Parameters<typeof openInput>[0],
    { signal }: CommandContext,
    progress: Progress | undefined,
  ): Promise<OpenedFile> {
    const input = await openInput(source, { stats: new DecodeStats(), signal });
    const from = options["from"] as string | undefined;
    const entry = detectFormat(input, { from: checkFormatName(from) });
    const format = await entry.load();
    return {
      input,
      entry,
      format,
      [Symbol.asyncDispose]: async () => {
        await progress?.[Symbol.asyncDispose]();
      },
    };
  }
}

function checkFormatName(name: string | undefined): string | undefined {
  try {
    return name === undefined ? undefined : findFormat(name).name;
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

async function statFile(path: string): Promise<Deno.FileInfo> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new Error(`Cannot open ${path}: no such file`, { cause: error });
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new Error(`Cannot open ${path}: permission is denied`, {
        cause: error,
      });
    }
    throw error;
  }
  if (info.isDirectory) {
    throw new UsageError(
      `Cannot read ${path}: it is a folder`,
      "name the files in it",
    );
  }
  return info;
}
