import { createOutputFile } from "../platform/output_file.ts";
import type { ByteStream } from "../formats/types.ts";
import type { Console } from "./console.ts";
import { UsageError } from "./usage_error.ts";

/** How {@linkcode writeOutput} writes. */
export interface WriteOutputOptions {
  /** File to write, `-` or nothing for standard output. */
  readonly path: string | undefined;
  /** Whether a terminal must not get the bytes. */
  readonly binary: boolean;
  /** Permission bits of a file. @default {0o644} */
  readonly mode?: number | undefined;
  /** Whether what was written to a file before a failure stays, as `PATH.part`. @default {false} */
  readonly keepsPartial?: boolean | undefined;
}

/** What is gathered is written when nothing was added for so long. */
const IDLE_MS = 100;

/**
 * Writes a stream to a file, which appears when it is complete, or to standard
 * output.
 *
 * @param console Standard output.
 * @param stream The bytes.
 * @param options Where to.
 * @returns How many bytes were written.
 * @throws {UsageError} When binary data would go to a terminal.
 */
export async function writeOutput(
  console: Console,
  stream: ByteStream,
  options: WriteOutputOptions,
): Promise<number> {
  const { path, binary, mode, keepsPartial = false } = options;
  let total = 0;
  if (path === undefined || path === "-") {
    refuseBinaryToTerminal(console, binary);
    using idle = new IdleFlush(console);
    for await (const bytes of stream) {
      await idle.stop();
      total += bytes.length;
      await console.write(bytes);
      idle.start();
    }
    await idle.stop();
    await console.flush();
    return total;
  }
  await using file = await createOutputFile(path, { mode, keepsPartial });
  try {
    for await (const bytes of stream) {
      total += bytes.length;
      await file.write(bytes);
    }
    await file.commit();
  } catch (error) {
    if (keepsPartial) console.note(`what was written stays in ${path}.part`);
    throw error;
  }
  return total;
}

/**
 * @param console Standard output.
 * @param binary Whether the data is binary.
 * @throws {UsageError} When binary data would go to a terminal.
 */
export function refuseBinaryToTerminal(
  console: Console,
  binary: boolean,
): void {
  if (binary && console.stdoutIsTerminal) {
    throw new UsageError(
      "Cannot write binary data to a terminal",
      "name a file with -o FILE, or send the output into a pipe",
    );
  }
}

/** Lets readers of a live stream see what there is while it pauses. */
class IdleFlush implements Disposable {
  readonly #console: Console;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #flushed: Promise<void> = Promise.resolve();

  constructor(console: Console) {
    this.#console = console;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#flushed = this.#console.flush();
      // Told by the next `stop`.
      this.#flushed.catch(() => {});
    }, IDLE_MS);
  }

  /** Ends the wait; what it began to write is written then. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#flushed;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
