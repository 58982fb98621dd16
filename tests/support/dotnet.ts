import { TextLineStream } from "../../src/deps/streams.ts";
import { cachedFolder } from "./cached_folder.ts";
import { REPOSITORY } from "./file_url.ts";
import { findPeer } from "./peers.ts";

/** The source of the workload program; see the files there for what each mode does. */
export const WORKLOAD_SOURCE: string = `${REPOSITORY}/tests/dotnet/Workload`;

/** How long a program that was asked to end may take to do so. */
const STOP_TIMEOUT_MS = 10_000;

/** Settings that must not come from the surroundings of a test. */
const CLEAN_ENVIRONMENT: Readonly<Record<string, string>> = Object.fromEntries([
  ["DOTNET_CLI_TELEMETRY_OPTOUT", "1"],
  ["DOTNET_NOLOGO", "1"],
  ["DOTNET_EnableEventPipe", "0"],
  ["DOTNET_DiagnosticPorts", ""],
]);

/** Options of {@linkcode startWorkload}. */
export interface StartWorkloadOptions {
  /** Environment on top of that of the test. */
  readonly env?: Readonly<Record<string, string>>;
  /** The folder to run in. */
  readonly cwd?: string;
  /**
   * Whether to return as soon as the process is there, for programs that the
   * runtime holds before `Main` (`DOTNET_DiagnosticPorts=…,suspend`).
   *
   * @default {false}
   */
  readonly suspended?: boolean;
}

/**
 * Builds the workload program, once per source and SDK: the result stays in the
 * folder for temporary files. It has no packages, so no network is needed. Put
 * `requirePeers("dotnet")` on the tests that call it.
 *
 * @returns The path of `Workload.dll`.
 * @throws {Error} When there is no `dotnet`, or the build fails.
 */
export async function buildWorkload(): Promise<string> {
  const dotnet = dotnetProgram();
  const key = await cacheKey(dotnet);
  const folder = await cachedFolder(`workload-${key}`, async (scratch) => {
    // A build keeps no server of its own alive: it would outlive the test.
    await run(dotnet, [
      "build",
      WORKLOAD_SOURCE,
      "--configuration=Release",
      `--artifacts-path=${scratch}`,
      "--verbosity=quiet",
      "-nodeReuse:false",
      "-p:UseSharedCompilation=false",
    ]);
  });
  return `${folder}/bin/Workload/release/Workload.dll`;
}

/**
 * Starts the workload program and waits until it says that it is ready.
 *
 * @param args Its mode and arguments: `["cpu", "--seconds", "20"]`.
 * @param options See {@linkcode StartWorkloadOptions}.
 * @returns The running program; it ends with the scope of `await using`.
 * @throws {Error} When the program ends before it is ready.
 */
export async function startWorkload(
  args: readonly string[],
  options: StartWorkloadOptions = {},
): Promise<RunningWorkload> {
  const dll = await buildWorkload();
  const child = new Deno.Command(dotnetProgram(), {
    args: [dll, ...args],
    env: { ...CLEAN_ENVIRONMENT, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const workload = new RunningWorkload(child);
  if (options.suspended === true) return workload;
  try {
    await workload.ready();
  } catch (error) {
    await workload.close();
    throw error;
  }
  return workload;
}

/** A workload program that runs. */
export class RunningWorkload implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #errors: Promise<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  #closed: Promise<Deno.CommandStatus> | undefined;

  /** Takes over a process whose three streams are pipes. */
  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#lines = child.stdout.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream()).getReader();
    this.#errors = new Response(child.stderr).text();
    this.#input = child.stdin.getWriter();
  }

  /** The id of the process. */
  get pid(): number {
    return this.#child.pid;
  }

  /** How the process ended, once it has. */
  get status(): Promise<Deno.CommandStatus> {
    return this.#child.status;
  }

  /**
   * Waits until the program is about to work; for those started suspended.
   *
   * @returns Its line `ready pid=… mode=… runtime=…`.
   * @throws {Error} When it ends or says something else first.
   */
  async ready(): Promise<string> {
    const line = await this.readLine();
    if (line?.startsWith("ready ")) return line;
    const errors = line === undefined ? await this.#errors : "";
    throw new Error(
      `Cannot start the workload: it says "${line ?? errors.trim()}"`,
    );
  }

  /**
   * Reads the next line of its standard output.
   *
   * @returns The line, or `undefined` at the end.
   */
  async readLine(): Promise<string | undefined> {
    return (await this.#lines.read()).value;
  }

  /**
   * Reads up to its line `done …`.
   *
   * @returns The totals in that line: `{ mode: "events", ticks: "100", … }`.
   * @throws {Error} When it ends without that line.
   */
  async done(): Promise<Record<string, string>> {
    for (;;) {
      const line = await this.readLine();
      if (line === undefined) {
        throw new Error(
          `Cannot read the totals of the workload: it ended with "${
            (await this.#errors).trim()
          }"`,
        );
      }
      if (!line.startsWith("done ")) continue;
      const pairs = line.split(" ").slice(1).map((pair) => pair.split("="));
      return Object.fromEntries(pairs);
    }
  }

  /** Opens the next gate of a program that was started with `--gate`. */
  async openGate(): Promise<void> {
    await this.#input.write(new TextEncoder().encode("\n"));
  }

  /**
   * Sends a signal.
   *
   * @param signal Which; SIGTERM ends the work in an orderly way.
   */
  kill(signal: Deno.Signal = "SIGTERM"): void {
    try {
      this.#child.kill(signal);
    } catch (error) {
      if (!hasEnded(error)) throw error;
    }
  }

  /**
   * Ends the program: politely, then by force.
   *
   * @returns How it ended.
   */
  close(): Promise<Deno.CommandStatus> {
    return this.#closed ??= this.#close();
  }

  /** Ends the program. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<Deno.CommandStatus> {
    // The end of its input opens both gates; a program that is held before
    // `Main`, or stopped, does not react and is ended by force.
    await this.#input.close().catch(() => {});
    this.kill("SIGTERM");
    const force = setTimeout(() => this.kill("SIGKILL"), STOP_TIMEOUT_MS);
    const status = await this.#child.status;
    clearTimeout(force);
    await this.#lines.cancel();
    await this.#errors;
    return status;
  }
}

function dotnetProgram(): string {
  const dotnet = findPeer("dotnet");
  if (dotnet === undefined) {
    throw new Error("Cannot build the workload: no dotnet on PATH");
  }
  return dotnet;
}

/** A digest of the SDK's version and every source file. */
async function cacheKey(dotnet: string): Promise<string> {
  const parts = [await run(dotnet, ["--version"])];
  const names: string[] = [];
  for await (const entry of Deno.readDir(WORKLOAD_SOURCE)) {
    if (/\.cs(?:proj)?$/.test(entry.name)) names.push(entry.name);
  }
  for (const name of names.sort()) {
    parts.push(name, await Deno.readTextFile(`${WORKLOAD_SOURCE}/${name}`));
  }
  const bytes = new TextEncoder().encode(parts.join("\0"));
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(digest, 0, 8).toHex();
}

/** Runs a program to its end and returns its standard output. */
async function run(program: string, args: readonly string[]): Promise<string> {
  const { success, code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    env: { ...CLEAN_ENVIRONMENT },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder().decode(stdout);
  if (success) return text;
  const errors = new TextDecoder().decode(stderr);
  throw new Error(
    `Cannot run dotnet ${args[0]}: exit code is ${code}\n${text}${errors}`,
  );
}

/** Whether a signal could not be sent because the process is gone. */
function hasEnded(error: unknown): boolean {
  return error instanceof TypeError || error instanceof Deno.errors.NotFound;
}
