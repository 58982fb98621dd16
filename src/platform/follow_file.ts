const READ_BYTES = 64 * 1024;

/** How {@linkcode followFile} follows. */
export interface FollowFileOptions {
  /** Ends the following; what is there by then has been given out. */
  readonly signal?: AbortSignal | undefined;
  /** Wait in ms before looking again at the end of the file. @default {200} */
  readonly intervalMs?: number | undefined;
}

/**
 * Reads a file that is being written: at its end it waits for more.
 *
 * @param path The file.
 * @param options Signal and interval.
 * @returns The bytes, until the signal is aborted; that ends them without an error.
 * @throws {Deno.errors.NotFound} When the file does not exist.
 */
export async function* followFile(
  path: string,
  options: FollowFileOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const { signal, intervalMs = 200 } = options;
  using file = await Deno.open(path, { read: true });
  while (signal?.aborted !== true) {
    const buffer = new Uint8Array(READ_BYTES);
    const count = await file.read(buffer);
    if (count !== null) yield buffer.subarray(0, count);
    else await waitFor(intervalMs, signal);
  }
}

function waitFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const finish = () => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", finish);
    resolve();
  };
  const timer = setTimeout(finish, ms);
  signal?.addEventListener("abort", finish, { once: true });
  return promise;
}
