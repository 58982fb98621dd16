import { abortableStream } from "../base/abortable_stream.ts";
import { escapeForTerminal } from "../base/terminal_text.ts";
import { startProgress } from "./progress.ts";
import type { Progress, ProgressOptions } from "./progress.ts";

/** Gathered output is written in pieces of about this size. */
const WRITE_BYTES = 64 * 1024;

const encoder = new TextEncoder();

/** The process as a {@linkcode Console} needs it; tests give a fake. */
export interface ConsoleHost {
  /** Writes all bytes to standard output. */
  writeStdout(bytes: Uint8Array): Promise<void>;
  /** Writes all bytes to standard error, at once. */
  writeStderr(bytes: Uint8Array): void;
  /** Opens standard input; a read that waits is given up when the iterator is returned. */
  stdin(): AsyncIterable<Uint8Array>;
  /** Whether the stream is a terminal. */
  isTerminal(stream: "stdin" | "stdout" | "stderr"): boolean;
  /** Whether lines that people type can be read: from a terminal, and not in the background. */
  canReadKeys(): boolean;
  /** Width of the terminal in columns, 80 where there is none. */
  columns(): number;
  /** Value of an environment variable. */
  env(name: string): string | undefined;
  /** Milliseconds of a monotonic clock. */
  now(): number;
}

/** How a {@linkcode Console} behaves. */
export interface ConsoleOptions {
  /** Whether warnings and progress are left out; errors are still shown. @default {false} */
  readonly quiet?: boolean | undefined;
  /** Whether the causes of errors are shown. @default {false} */
  readonly verbose?: boolean | undefined;
  /** Ends standard input. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * All that a command says: data to standard output, everything else to
 * standard error.
 */
export class Console {
  readonly #host: ConsoleHost;
  readonly #quiet: boolean;
  readonly #verbose: boolean;
  readonly #signal: AbortSignal | undefined;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #text = "";
  #progress: Progress | undefined;

  /**
   * @param host The process.
   * @param options What to show.
   */
  constructor(host: ConsoleHost, options: ConsoleOptions = {}) {
    this.#host = host;
    this.#quiet = options.quiet ?? false;
    this.#verbose = options.verbose ?? false;
    this.#signal = options.signal;
  }

  /**
   * Derives a console of the same process with other options.
   *
   * @param options What to show.
   * @returns The new console; the old one must not be used any more.
   */
  with(options: ConsoleOptions): Console {
    return new Console(this.#host, options);
  }

  /** Whether causes of errors and other details are asked for. */
  get verbose(): boolean {
    return this.#verbose;
  }

  /** Whether data goes to a terminal. */
  get stdoutIsTerminal(): boolean {
    return this.#host.isTerminal("stdout");
  }

  /** Whether keys can be read from a terminal. */
  get stdinIsTerminal(): boolean {
    return this.#host.isTerminal("stdin");
  }

  /** Whether lines that people type can be read. */
  get canReadKeys(): boolean {
    return this.#host.canReadKeys();
  }

  /** Width of the terminal in columns. */
  get columns(): number {
    return this.#host.columns();
  }

  /** Whether data may be coloured: a terminal, and `NO_COLOR` is not set. */
  get colour(): boolean {
    return this.stdoutIsTerminal && !this.#host.env("NO_COLOR");
  }

  /** @param name Environment variable. @returns Its value. */
  env(name: string): string | undefined {
    return this.#host.env(name);
  }

  /** @returns Milliseconds of a monotonic clock. */
  now(): number {
    return this.#host.now();
  }

  /**
   * @param signal Ends it too.
   * @returns The bytes of standard input, which ends when the command is interrupted.
   */
  stdin(signal?: AbortSignal): AsyncIterable<Uint8Array> {
    const signals = [this.#signal, signal].filter((each) => each !== undefined);
    return abortableStream(this.#host.stdin(), AbortSignal.any(signals));
  }

  /**
   * Writes a line of data to standard output.
   *
   * @param line The line; text from captures must be escaped by the caller
   * when the output is for people.
   * @throws {Deno.errors.BrokenPipe} When the reader has gone; the command
   * lets it pass and ends quietly.
   */
  print(line: string): Promise<void> {
    this.#text += line + "\n";
    return this.#text.length >= WRITE_BYTES ? this.flush() : Promise.resolve();
  }

  /**
   * Writes bytes of data to standard output.
   *
   * @param bytes Kept until written, which is when this resolves or at the next
   * {@linkcode Console.flush}: must not change before.
   * @throws {Deno.errors.BrokenPipe} When the reader has gone.
   */
  write(bytes: Uint8Array): Promise<void> {
    this.#gatherText();
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    return this.#pendingBytes >= WRITE_BYTES ? this.flush() : Promise.resolve();
  }

  /** Writes what is gathered. */
  async flush(): Promise<void> {
    this.#gatherText();
    const pending = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    for (const bytes of pending) await this.#host.writeStdout(bytes);
  }

  /**
   * Says what is going on, on standard error.
   *
   * @param text One line; control characters are escaped.
   */
  note(text: string): void {
    if (!this.#quiet) this.#say(escapeForTerminal(text));
  }

  /**
   * Says what went wrong without ending the command, on standard error.
   *
   * @param text One line; control characters are escaped.
   */
  warn(text: string): void {
    this.#say(`warning: ${escapeForTerminal(text)}`);
  }

  /**
   * Says why the command ends, on standard error.
   *
   * @param text One line; control characters are escaped.
   * @param hint What to do.
   */
  error(text: string, hint?: string): void {
    this.#say(`error: ${escapeForTerminal(text)}`);
    if (hint !== undefined) this.#say(`hint: ${escapeForTerminal(hint)}`);
  }

  /**
   * Writes laid-out text, such as help, to standard error.
   *
   * @param text Whole lines.
   */
  explain(text: string): void {
    this.#say(text);
  }

  /**
   * Starts to show how far long work is. Only one progress is shown at a time.
   *
   * @param title What is done, for example `Reading trace.nettrace`.
   * @param options Total and unit.
   * @returns The progress; dispose it when the work ends.
   */
  progress(title: string, options: ProgressOptions = {}): Progress {
    const progress = startProgress(escapeForTerminal(title), {
      ...options,
      shown: !this.#quiet,
      isTerminal: this.#host.isTerminal("stderr"),
      columns: this.columns,
      now: () => this.#host.now(),
      write: (text) => this.#host.writeStderr(encoder.encode(text)),
      signal: this.#signal,
      onEnd: () => {
        if (this.#progress === progress) this.#progress = undefined;
      },
    });
    this.#progress = progress;
    return progress;
  }

  #say(text: string): void {
    this.#progress?.clearLine();
    this.#host.writeStderr(encoder.encode(`${text}\n`));
  }

  #gatherText(): void {
    if (this.#text === "") return;
    const bytes = encoder.encode(this.#text);
    this.#text = "";
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
  }
}
