import type { Console } from "../../console.ts";

/**
 * Writes lines one after the other from callbacks that cannot wait. A reader
 * that has gone is reported once, by {@linkcode ServerLines.finish}.
 */
export class ServerLines {
  readonly #console: Console;
  readonly #toStderr: boolean;
  #last: Promise<void> = Promise.resolve();

  /**
   * @param console Where to write.
   * @param toStderr Whether standard output is used for something else.
   */
  constructor(console: Console, toStderr: boolean) {
    this.#console = console;
    this.#toStderr = toStderr;
  }

  /** @param line A line that scripts may wait for: written at once. */
  say(line: string): void {
    if (this.#toStderr) this.#console.note(line);
    else this.#queue(line);
  }

  /**
   * Writes lines to standard output.
   *
   * @param lines The lines.
   * @returns When they are written, so that the caller can wait for a slow reader.
   */
  print(lines: readonly string[]): Promise<void> {
    return this.#queue(lines.join("\n"));
  }

  /** Waits until all is written. @throws {Error} When it cannot be written. */
  finish(): Promise<void> {
    return this.#last;
  }

  #queue(text: string): Promise<void> {
    const written = this.#last.then(async () => {
      await this.#console.print(text);
      await this.#console.flush();
    });
    this.#last = written;
    // Told by finish(); nobody else has to look.
    written.catch(() => {});
    return written;
  }
}
