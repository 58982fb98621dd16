import type { ConsoleHost } from "../../src/cli/console.ts";
import { main } from "../../src/cli/main.ts";

/** What a {@linkcode MemoryHost} pretends. */
export interface MemoryHostOptions {
  /** Bytes of standard input. @default {empty} */
  readonly stdin?: Uint8Array | undefined;
  /** Streams that are terminals. @default {[]} */
  readonly terminals?: readonly ("stdin" | "stdout" | "stderr")[] | undefined;
  /** Width of the terminal. @default {80} */
  readonly columns?: number | undefined;
  /** Environment. @default {{}} */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds of the clock. @default {always 0} */
  readonly now?: (() => number) | undefined;
  /** Called instead of gathering standard output. */
  readonly onStdout?: ((bytes: Uint8Array) => void) | undefined;
}

/** A process of which only the output exists. */
export class MemoryHost implements ConsoleHost {
  readonly #options: MemoryHostOptions;
  readonly #stdout: Uint8Array[] = [];
  readonly #decoder = new TextDecoder();
  #stderr = "";

  /** @param options What to pretend. */
  constructor(options: MemoryHostOptions = {}) {
    this.#options = options;
  }

  /** Standard output so far. */
  get stdoutBytes(): Uint8Array {
    const size = this.#stdout.reduce((sum, bytes) => sum + bytes.length, 0);
    const joined = new Uint8Array(size);
    let at = 0;
    for (const bytes of this.#stdout) {
      joined.set(bytes, at);
      at += bytes.length;
    }
    return joined;
  }

  /** Standard output so far, as text. */
  get stdout(): string {
    return new TextDecoder().decode(this.stdoutBytes);
  }

  /** Standard error so far. */
  get stderr(): string {
    return this.#stderr;
  }

  // deno-lint-ignore require-await
  async writeStdout(bytes: Uint8Array): Promise<void> {
    if (this.#options.onStdout !== undefined) this.#options.onStdout(bytes);
    else this.#stdout.push(bytes.slice());
  }

  writeStderr(bytes: Uint8Array): void {
    this.#stderr += this.#decoder.decode(bytes, { stream: true });
  }

  async *stdin(): AsyncGenerator<Uint8Array> {
    if (this.#options.stdin !== undefined) yield this.#options.stdin;
  }

  isTerminal(stream: "stdin" | "stdout" | "stderr"): boolean {
    return this.#options.terminals?.includes(stream) ?? false;
  }

  canReadKeys(): boolean {
    return this.isTerminal("stdin");
  }

  columns(): number {
    return this.#options.columns ?? 80;
  }

  env(name: string): string | undefined {
    return this.#options.env?.[name];
  }

  now(): number {
    return this.#options.now?.() ?? 0;
  }
}

/** What became of a command line. */
export interface MainResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: Uint8Array;
}

/**
 * Runs a command line within the test.
 *
 * @param args Arguments behind the program's name.
 * @param options What the process pretends, and a signal.
 * @returns Exit code and output.
 */
export async function runMain(
  args: readonly string[],
  options: MemoryHostOptions & { readonly signal?: AbortSignal } = {},
): Promise<MainResult> {
  const host = new MemoryHost(options);
  const code = await main(
    args,
    host,
    options.signal ?? new AbortController().signal,
  );
  return {
    code,
    stdout: host.stdout,
    stderr: host.stderr,
    stdoutBytes: host.stdoutBytes,
  };
}
