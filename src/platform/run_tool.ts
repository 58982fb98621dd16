const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_BYTES = 8 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;
/** How long a killed program's pipes may take to close. */
const DRAIN_MS = 500;

/** How {@linkcode runTool} runs. */
export interface RunToolOptions {
  /** After how long the program is killed, with all that it started. @default {10000} */
  readonly timeoutMs?: number | undefined;
  /** Most bytes of its output that are kept; it is killed when it writes more. @default {8388608} */
  readonly maxBytes?: number | undefined;
  /** Whether what it says on standard error is put between its output. @default {false} */
  readonly mixed?: boolean | undefined;
  /** Starts the program within another namespace; calls `start` once, at once. */
  readonly within?: (<T>(start: () => T) => T) | undefined;
  /** Ends the work: the program is killed. */
  readonly signal?: AbortSignal | undefined;
}

/** What became of a program. */
export interface ToolRun {
  /**
   * `done` whatever its exit code; `missing` when there is no such program,
   * `denied` when it may not be started, `timeout`, `flood` and `aborted` when
   * it was killed.
   */
  readonly status:
    | "done"
    | "missing"
    | "denied"
    | "timeout"
    | "flood"
    | "aborted";
  /** Exit code; absent when it did not end by itself. */
  readonly exit: number | undefined;
  /** Its output, as far as it came. */
  readonly stdout: Uint8Array<ArrayBuffer>;
  /** What it said on standard error, at most 64 KiB. */
  readonly stderr: string;
  /** How long it ran. */
  readonly durationMs: number;
}

/**
 * Runs a program of the system, without a shell, without input, in the C
 * locale, in a process group of its own.
 *
 * @param name The program, looked for on the path.
 * @param args Its arguments.
 * @param options Limits.
 * @returns What became of it; nothing that a program does is an error.
 */
export async function runTool(
  name: string,
  args: readonly string[] = [],
  options: RunToolOptions = {},
): Promise<ToolRun> {
  const {
    timeoutMs = DEFAULT_TIMEOUT_MS,
    maxBytes = DEFAULT_MAX_BYTES,
    within = (start) => start(),
    signal,
  } = options;
  const started = performance.now();
  const end = (
    fields: Partial<ToolRun> & Pick<ToolRun, "status">,
  ): ToolRun => ({
    exit: undefined,
    stdout: new Uint8Array(0),
    stderr: "",
    durationMs: Math.round(performance.now() - started),
    ...fields,
  });
  if (signal?.aborted) return end({ status: "aborted" });
  let child: Deno.ChildProcess;
  try {
    child = within(() => spawn(name, args));
  } catch (error) {
    const status = error instanceof Deno.errors.NotFound ? "missing" : "denied";
    return end({ status, stderr: messageOf(error) });
  }
  let cause: "timeout" | "flood" | "aborted" | undefined;
  const kill = (why: typeof cause): void => {
    if (cause !== undefined) return;
    cause = why;
    killGroup(child);
  };
  const onAbort = () => kill("aborted");
  signal?.addEventListener("abort", onAbort, { once: true });
  const timer = setTimeout(() => kill("timeout"), timeoutMs);
  const output = new OutputBuffer(maxBytes, () => kill("flood"));
  const errors = options.mixed
    ? output
    : new OutputBuffer(MAX_ERROR_BYTES, () => {});
  const readers = [child.stdout.getReader(), child.stderr.getReader()];
  const drained = Promise.all([
    drain(readers[0]!, output),
    drain(readers[1]!, errors),
  ]);
  const { code } = await child.status;
  clearTimeout(timer);
  signal?.removeEventListener("abort", onAbort);
  // Whoever inherited the pipes may hold them open for ever.
  const late = setTimeout(() => {
    for (const reader of readers) reader.cancel().catch(() => {});
  }, DRAIN_MS);
  await drained;
  clearTimeout(late);
  return end({
    status: cause ?? "done",
    exit: cause === undefined ? code : undefined,
    stdout: output.bytes(),
    stderr: options.mixed ? "" : new TextDecoder().decode(errors.bytes()),
  });
}

function spawn(name: string, args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(name, {
    args: [...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    detached: true,
    env: { LC_ALL: "C", TERM: "dumb", PAGER: "cat", NO_COLOR: "1" },
  }).spawn();
}

/** The program leads its group, so its children go with it. */
function killGroup(child: Deno.ChildProcess): void {
  for (const pid of [-child.pid, child.pid]) {
    try {
      Deno.kill(pid, "SIGKILL");
    } catch {
      // It has ended already, or has no group of its own.
    }
  }
}

async function drain(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  output: OutputBuffer,
): Promise<void> {
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      output.push(value);
    }
  } catch {
    // The pipe broke: what came is all there is.
  }
}

class OutputBuffer {
  readonly #maxBytes: number;
  readonly #onFull: () => void;
  #parts: Uint8Array[] = [];
  #size = 0;

  constructor(maxBytes: number, onFull: () => void) {
    this.#maxBytes = maxBytes;
    this.#onFull = onFull;
  }

  push(bytes: Uint8Array): void {
    const part = bytes.subarray(0, this.#maxBytes - this.#size);
    this.#parts.push(part);
    this.#size += part.length;
    if (part.length < bytes.length) this.#onFull();
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const joined = new Uint8Array(this.#size);
    let at = 0;
    for (const part of this.#parts) {
      joined.set(part, at);
      at += part.length;
    }
    return joined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
