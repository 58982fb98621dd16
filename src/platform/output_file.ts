import { writeError } from "./write_error.ts";
/** A file that appears under its name only when it is complete. */
export interface OutputFile extends AsyncDisposable {
  /**
   * Appends bytes.
   *
   * @param bytes Written before this resolves.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Makes the file durable and gives it its name. Nothing can be written afterwards. */
  commit(): Promise<void>;
}

/** Options of {@linkcode createOutputFile}. */
export interface CreateOutputFileOptions {
  /** Permission bits of the file. @default {0o644} */
  readonly mode?: number | undefined;
  /** Whether what was written without `commit` stays, as `PATH.part`. @default {false} */
  readonly keepsPartial?: boolean | undefined;
}

/**
 * Creates a file beside its final place. Disposing without `commit` removes
 * it, or leaves it as `PATH.part`, so that half a file is never seen under the
 * name; a file that was there before stays until then. A device or pipe of that name, such as `/dev/null`,
 * is written to as it is: putting a file in its place would take it away.
 *
 * @param path Final path.
 * @param options Permission bits, and what becomes of half a file.
 * @returns The open file.
 * @throws {Error} When it cannot be created or written; the message names the
 * final path, the cause is what the system said.
 */
export async function createOutputFile(
  path: string,
  options: CreateOutputFileOptions = {},
): Promise<OutputFile> {
  const { mode = 0o644, keepsPartial = false } = options;
  if (await isDevice(path)) return await openDevice(path);
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.part`;
  const file = await Deno.open(temporary, {
    write: true,
    createNew: true,
    mode,
  }).catch((error) => refuse(path, error));
  let state: "open" | "committed" | "closed" = "open";
  return {
    write: (bytes) => writeAll(file, bytes, path),
    async commit() {
      try {
        await file.sync();
        file.close();
        state = "closed";
        await Deno.rename(temporary, path);
      } catch (error) {
        refuse(path, error);
      }
      state = "committed";
    },
    async [Symbol.asyncDispose]() {
      if (state === "committed") return;
      if (state === "open") file.close();
      state = "committed";
      if (keepsPartial) await Deno.rename(temporary, `${path}.part`);
      else await Deno.remove(temporary);
    },
  };
}

async function writeAll(
  file: Deno.FsFile,
  bytes: Uint8Array,
  path: string,
): Promise<void> {
  try {
    let rest = bytes;
    while (rest.length > 0) rest = rest.subarray(await file.write(rest));
  } catch (error) {
    refuse(path, error);
  }
}

/** Whether something is there that is neither file nor folder. */
async function isDevice(path: string): Promise<boolean> {
  try {
    const { isFile, isDirectory } = await Deno.stat(path);
    return !isFile && !isDirectory;
  } catch {
    return false; // nothing there, or opening it tells why
  }
}

async function openDevice(path: string): Promise<OutputFile> {
  const file = await Deno.open(path, { write: true })
    .catch((error) => refuse(path, error));
  let isOpen = true;
  const close = () => {
    if (isOpen) file.close();
    isOpen = false;
    return Promise.resolve();
  };
  return {
    write: (bytes) => writeAll(file, bytes, path),
    commit: close,
    [Symbol.asyncDispose]: close,
  };
}

function refuse(path: string, error: unknown): never {
  throw writeError(path, error);
}
