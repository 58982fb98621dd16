/** What became of a program. */
export interface ToolResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end.
 *
 * @param command The program and its arguments.
 * @param env Variables on top of those that are there.
 * @returns What became of it.
 */
export async function runTool(
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ToolResult> {
  const [name, ...args] = command;
  const { code, stdout, stderr } = await new Deno.Command(name!, {
    args,
    env: { NO_COLOR: "1", LC_ALL: "C", ...env },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/**
 * Runs a program that must succeed.
 *
 * @param command The program and its arguments.
 * @returns What it wrote.
 * @throws {Error} When it fails.
 */
export async function mustRun(...command: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runTool(command);
  if (code === 0) return stdout;
  throw new Error(`Cannot run "${command.join(" ")}": ${stderr.trim()}`);
}
