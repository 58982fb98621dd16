/** How {@linkcode runDeno} starts the program. */
export interface RunDenoOptions {
  /** Variables on top of those that are there. */
  readonly env?: Readonly<Record<string, string>>;
  /** Folder to start in. */
  readonly cwd?: string;
  /** What it reads. @default {""} */
  readonly stdin?: string;
}

/** What became of the program. */
export interface RunDenoResult {
  /** Its exit code. */
  readonly code: number;
  /** What it wrote. */
  readonly stdout: string;
  /** What it said beside. */
  readonly stderr: string;
}

/**
 * Runs this very `deno` to its end, without colours.
 *
 * @param args Its arguments.
 * @param options How to start it.
 * @returns What became of it.
 */
export async function runDeno(
  args: readonly string[],
  options: RunDenoOptions = {},
): Promise<RunDenoResult> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    env: { NO_COLOR: "1", ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const fed = writer.write(new TextEncoder().encode(options.stdin ?? ""))
    .then(() => writer.close())
    // A program that ends without reading is no fault of the test.
    .catch(() => {});
  const { code, stdout, stderr } = await child.output();
  await fed;
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}
