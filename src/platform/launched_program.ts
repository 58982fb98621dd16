/** How {@linkcode launchProgram} starts a program. */
export interface LaunchProgramOptions {
  /** Where its output goes; not closed afterwards. @default {standard output} */
  readonly output?: WritableStream<Uint8Array> | undefined;
}

/** A program that was started. */
export interface LaunchedProgram {
  readonly pid: number;
  /** How it ended. */
  readonly status: Promise<Deno.CommandStatus>;
  /** Whether it has ended. */
  readonly hasEnded: boolean;
  /**
   * Asks it to end if it does not by itself.
   *
   * @param graceMs Time that it is given first, and again afterwards, in milliseconds.
   */
  end(graceMs: number): Promise<void>;
}

/**
 * Starts a program in this terminal.
 *
 * @param command The program, looked for on the path, and its arguments.
 * @param options Where its output goes.
 * @returns The program.
 * @throws {Error} When it cannot be started.
 */
export function launchProgram(
  command: readonly string[],
  options: LaunchProgramOptions = {},
): LaunchedProgram {
  const [name = "", ...args] = command;
  const { output } = options;
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(name, {
      args,
      stdin: "inherit",
      stdout: output === undefined ? "inherit" : "piped",
      stderr: "inherit",
    }).spawn();
  } catch (cause) {
    throw new Error(
      `Cannot start ${name}: ${
        cause instanceof Deno.errors.NotFound
          ? "there is no such program"
          : cause instanceof Error
          ? cause.message
          : cause
      }`,
      { cause },
    );
  }
  let hasEnded = false;
  const piped = output === undefined
    ? Promise.resolve()
    : child.stdout.pipeTo(output, { preventClose: true }).catch(() => {});
  const status = child.status.then(async (status) => {
    hasEnded = true;
    await piped;
    return status;
  });
  return {
    pid: child.pid,
    status,
    get hasEnded(): boolean {
      return hasEnded;
    },
    async end(graceMs) {
      if (await endsWithin(status, graceMs)) return;
      try {
        child.kill("SIGTERM");
      } catch {
        // It has just ended.
      }
      // It may take its time; nobody waits for it then.
      if (!(await endsWithin(status, graceMs))) child.unref();
    },
  };
}

async function endsWithin(
  status: Promise<unknown>,
  ms: number,
): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), ms);
  const ended = await Promise.race([status.then(() => true), promise]);
  clearTimeout(timer);
  return ended;
}
