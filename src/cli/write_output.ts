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
}

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
  const { path, binary } = options;
  let total = 0;
  if (path === undefined || path === "-") {
    refuseBinaryToTerminal(console, binary);
    for await (const bytes of stream) {
      total += bytes.length;
      await console.write(bytes);
    }
    await console.flush();
    return total;
  }
  await using file = await createOutputFile(path, { mode: options.mode });
  for await (const bytes of stream) {
    total += bytes.length;
    await file.write(bytes);
  }
  await file.commit();
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
