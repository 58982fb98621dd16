import { DecodeStats } from "../../../base/decode_stats.ts";
import { detectFormat } from "../../../formats/detect_format.ts";
import { openInput } from "../../../formats/open_input.ts";
import type { CommandContext } from "../../command.ts";
import { type OpenedFile, openFile } from "../../verbs/open_file.ts";

/** @param path As typed. @returns Whether it is an address rather than a file. */
export function isUrl(path: string): boolean {
  return /^https?:\/\//i.test(path);
}

/**
 * Opens a file, standard input, or what an HTTP server answers.
 *
 * @param path As typed.
 * @param context The running command.
 * @returns The input with its format.
 * @throws {Error} When the server does not answer with status 200.
 */
export async function openProfileInput(
  path: string,
  context: CommandContext,
): Promise<OpenedFile> {
  if (!isUrl(path)) return await openFile(path, context);
  const { console, signal, options } = context;
  const progress = console.progress(`Reading ${path}`);
  try {
    const body = await get(path, signal);
    const input = await openInput({
      name: path,
      open: () => counted(body, (bytes) => progress.update(bytes)),
    }, { stats: new DecodeStats(), signal });
    const entry = detectFormat(input, {
      from: options["from"] as string | undefined,
    });
    return {
      input,
      entry,
      format: await entry.load(),
      [Symbol.asyncDispose]: () => progress[Symbol.asyncDispose](),
    };
  } catch (error) {
    await progress[Symbol.asyncDispose]();
    throw error;
  }
}

async function get(
  url: string,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Cannot get ${url}: ${detail}`, { cause });
  }
  if (response.status !== 200 || response.body === null) {
    await response.body?.cancel();
    throw new Error(`Cannot get ${url}: HTTP status ${response.status}`);
  }
  return response.body;
}

async function* counted(
  body: ReadableStream<Uint8Array>,
  onRead: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    onRead(size);
    yield chunk;
  }
}
