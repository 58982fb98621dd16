import { maxPortPathBytes, ownTempFolder } from "./default_port.ts";
import type { DiagnosticClient } from "./diagnostic_client.ts";
import { ServerNotAvailableError } from "./diagnostic_error.ts";
import { resumeOthers } from "./resume_others.ts";
import { ReversedServer } from "./reversed_server.ts";

/** How long a program may take to start its runtime. */
const CONNECT_MS = 10_000;

/** How {@linkcode launchTarget} starts a program. */
export interface LaunchTargetOptions {
  /** Whether it takes part in our terminal; otherwise its output is dropped. @default {false} */
  readonly showOutput?: boolean | undefined;
  /** How long in ms its runtime may take to come. @default {10000} */
  readonly timeoutMs?: number | undefined;
  /** Gives up waiting. */
  readonly signal?: AbortSignal | undefined;
}

/** A program that waits before its first instruction. */
export interface LaunchedTarget extends AsyncDisposable {
  /** Its process. */
  readonly pid: number;
  /** Talks to its runtime; resume it when all is set up. */
  readonly client: DiagnosticClient;
  /** How it ends. */
  readonly status: Promise<Deno.CommandStatus>;
}

/**
 * Starts a .NET program with its runtime suspended, so that a session sees all
 * from the first instruction on. Runtimes of programs that it starts itself are
 * let go on at once. Disposing ends the program if it still runs.
 *
 * @param command The program and its arguments.
 * @param options Terminal and time limit.
 * @returns The program.
 * @throws {ServerNotAvailableError} When no runtime comes in time.
 * @throws {Error} When there is no such program.
 */
export async function launchTarget(
  command: readonly string[],
  options: LaunchTargetOptions = {},
): Promise<LaunchedTarget> {
  const { showOutput = false, timeoutMs = CONNECT_MS, signal } = options;
  const [program = "", ...args] = command;
  const path = socketPath();
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await ReversedServer.listen({ type: "unix", path }));
  const stdio = showOutput ? "inherit" : "null";
  const child = spawn(program, {
    args,
    env: { DOTNET_DiagnosticPorts: `${path},suspend,connect` },
    stdin: stdio,
    stdout: stdio,
    stderr: stdio,
  });
  const end = async () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await child.status;
  };
  stack.defer(end);
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(), timeoutMs);
  let status: Deno.CommandStatus | undefined;
  const ended = child.status.then((found) => {
    status = found;
    waiting.abort();
  });
  const either = signal === undefined
    ? waiting.signal
    : AbortSignal.any([waiting.signal, signal]);
  let client: DiagnosticClient;
  try {
    // A wrapper that is no .NET program may start the one that is meant, so
    // the first runtime counts, whatever its process.
    client = (await server.accept(either))!.client;
  } catch (error) {
    signal?.throwIfAborted();
    if (!waiting.signal.aborted) throw error;
    throw new ServerNotAvailableError(
      { operation: "start a program", pid: child.pid, cause: error },
      status === undefined
        ? `${program} did not start a .NET runtime that connects within ${
          timeoutMs / 1000
        } s; .NET Core 3.1 and older cannot`
        : `${program} ended with exit code ${status.code} and started no .NET runtime that connects; .NET Core 3.1 and older cannot`,
    );
  } finally {
    clearTimeout(timer);
  }
  const closing = new AbortController();
  const others = resumeOthers(server, { signal: closing.signal });
  stack.defer(async () => {
    await end();
    await ended;
    closing.abort();
    await server.close();
    await others;
  });
  const owned = stack.move();
  return {
    pid: child.pid,
    client,
    status: child.status,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A path that fits into the address of a socket, whatever `TMPDIR` says. */
function socketPath(): string {
  const name = `tracedeck-${Deno.pid}-${
    crypto.randomUUID().slice(0, 8)
  }.socket`;
  const own = ownTempFolder();
  const isTooLong =
    new TextEncoder().encode(`${own}/${name}`).length > maxPortPathBytes();
  return `${isTooLong || !isFolder(own) ? "/tmp" : own}/${name}`;
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

function spawn(
  program: string,
  options: Deno.CommandOptions,
): Deno.ChildProcess {
  try {
    return new Deno.Command(program, options).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`Cannot start ${program}: there is no such program`, {
      cause: error,
    });
  }
}
