import { readFileStream } from "../platform/file_source.ts";
import {
  type KcapReader,
  openKcap,
  type OpenKcapOptions,
} from "./kcap_reader.ts";

/** Extensions that are tried when there is no file of the name as given. */
const EXTENSIONS = [".cap", ".kcap"];

/** How {@linkcode openKcapFile} opens. */
export interface OpenKcapFileOptions extends OpenKcapOptions {
  /** Told how many bytes of the file were read so far. */
  readonly onRead?: ((totalBytes: number) => void) | undefined;
}

/**
 * Opens a capture file. Without such a file the name is tried with `.cap` and
 * with `.kcap`.
 *
 * @param path The file.
 * @param options Versions, names, filter, limits, signal, progress.
 * @returns The reader.
 * @throws {Deno.errors.NotFound} When there is no such file.
 * @throws {FormatError} When it is not a capture, or of a version that is refused.
 */
export async function openKcapFile(
  path: string,
  options: OpenKcapFileOptions = {},
): Promise<KcapReader> {
  const found = await resolveKcapPath(path);
  const { signal, onRead } = options;
  return await openKcap(readFileStream(found, { signal, onRead }), options);
}

/**
 * Finds the file that a name stands for.
 *
 * @param path The name, with or without extension.
 * @returns The path of a file that is there.
 * @throws {Deno.errors.NotFound} When there is none, with Fibratus' text.
 */
export async function resolveKcapPath(path: string): Promise<string> {
  for (const candidate of [path, ...EXTENSIONS.map((end) => path + end)]) {
    try {
      await Deno.stat(candidate);
      return candidate;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  const shown = /\.[^./\\]*$/.test(path) ? path : path + EXTENSIONS[0];
  const message = `${JSON.stringify(shown)} capture file does not exist`;
  throw new Deno.errors.NotFound(message);
}
