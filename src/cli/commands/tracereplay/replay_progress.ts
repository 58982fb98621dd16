import type { Console } from "../../console.ts";

/** The line is written over at most this often. */
const INTERVAL_MS = 100;

/** How a {@linkcode ReplayProgress} is shown. */
export interface ReplayProgressOptions {
  /** Whether standard output is used for something else. */
  readonly isSilent: boolean;
  /** Whether every number is written, as gVisor's tool does. */
  readonly everyMessage: boolean;
  /** Whether numbers are written while it goes on. */
  readonly showsAll: boolean;
}

/** The lines of gVisor's `tracereplay replay`, without writing one per message. */
export class ReplayProgress {
  readonly #console: Console;
  readonly #options: ReplayProgressOptions;
  readonly #encoder = new TextEncoder();
  #total = 0;
  #shown = 0;
  #lastMs = -Infinity;

  /**
   * @param console Where to write.
   * @param options How much.
   */
  constructor(console: Console, options: ReplayProgressOptions) {
    this.#console = console;
    this.#options = options;
  }

  /** A connection has shaken hands. */
  handshake(): void {
    this.#write("Handshake completed\n");
  }

  /** @param total Messages sent so far. */
  sent(total: number): void {
    this.#total = total;
    const { everyMessage, showsAll } = this.#options;
    if (everyMessage) return this.#show();
    if (!showsAll) return;
    // The clock is dearer than a message is.
    if (total % 64 !== 0 && total !== 1) return;
    const now = this.#console.now();
    if (now - this.#lastMs < INTERVAL_MS) return;
    this.#lastMs = now;
    this.#show();
  }

  /** All messages are sent. */
  async done(): Promise<void> {
    if (this.#shown !== this.#total) this.#show();
    const isLine = this.#total > 0 || this.#options.everyMessage ||
      this.#options.showsAll;
    this.#write(isLine ? "\nDone\n" : "Done\n");
    await this.#console.flush();
  }

  /** Nothing more is sent; ends the line. */
  async fail(): Promise<void> {
    if (this.#shown > 0) this.#write("\n");
    await this.#console.flush();
  }

  #show(): void {
    this.#shown = this.#total;
    const { everyMessage, showsAll } = this.#options;
    const start = everyMessage || showsAll ? "\r" : "";
    this.#write(`${start}Replaying message: ${this.#total}`);
  }

  #write(text: string): void {
    if (this.#options.isSilent) return;
    const written = this.#console.write(this.#encoder.encode(text));
    // A reader that has gone is met again by the flush at the end.
    written.catch(() => {});
    if (this.#options.showsAll) this.#console.flush().catch(() => {});
  }
}
