import type { OtlpMessage, OtlpTransport } from "./otlp_transport.ts";

/** Waiting and chance, so that tests need neither. */
export interface ExportTimer {
  /** @returns Milliseconds of a clock that is never set back. */
  now(): number;
  /**
   * Waits.
   *
   * @param ms Milliseconds.
   * @param signal Ends the waiting early; the promise is resolved then too.
   */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** @returns From 0 to below 1. */
  random(): number;
}

/** How an {@linkcode ExportQueue} works. */
export interface ExportQueueOptions {
  /** Most messages that wait. @default {8} */
  readonly maxMessages?: number | undefined;
  /** Most bytes of messages that wait. @default {67108864} */
  readonly maxBytes?: number | undefined;
  /** Largest message that is sent. @default {67108864} */
  readonly maxMessageBytes?: number | undefined;
  /** Milliseconds before the first new attempt; each time twice as many. @default {1000} */
  readonly firstDelayMs?: number | undefined;
  /** Most milliseconds between two attempts, unless the collector says more. @default {30000} */
  readonly maxDelayMs?: number | undefined;
  /** Milliseconds from the first attempt after which a message is given up. @default {300000} */
  readonly giveUpMs?: number | undefined;
  /** Told of each attempt that failed and of what was dropped. @default {nobody} */
  readonly log?: ((message: string) => void) | undefined;
  /** Clock and chance. @default {those of the runtime} */
  readonly timer?: ExportTimer | undefined;
}

/** What became of the messages of an {@linkcode ExportQueue}. */
export interface ExportCounters {
  /** Messages that the collector took. */
  readonly sent: number;
  /** Messages that were refused or given up. */
  readonly failed: number;
  /** Attempts after the first one. */
  readonly retried: number;
  /** Messages that went because the queue was full. */
  readonly droppedQueue: number;
  /** Messages that are too large to be sent or to be taken. */
  readonly droppedSize: number;
  /** Profiles that the collector did not take of messages that it took. */
  readonly rejected: number;
}

/** Names under which the counters are exported. */
export const EXPORT_COUNTER_NAMES: Readonly<
  Record<keyof ExportCounters, string>
> = {
  sent: "export.sent",
  failed: "export.failed",
  retried: "export.retried",
  droppedQueue: "export.dropped_queue",
  droppedSize: "export.dropped_size",
  rejected: "export.rejected",
};

/** Milliseconds that a flush may take where nothing else is said. */
export const DEFAULT_FLUSH_MS = 5000;

const MAX_BYTES = 64 * 1024 * 1024;
/** Delays differ by up to this part, so that many agents do not come back at once. */
const JITTER = 0.2;

interface Entry {
  readonly message: OtlpMessage;
  /** Whether it is a part of a message that was too large. */
  readonly isPart: boolean;
}

/**
 * Sends messages one after the other and keeps those that cannot be sent yet,
 * up to a bound: beyond it the ones that wait longest go, and are counted.
 */
export class ExportQueue implements AsyncDisposable {
  readonly #transport: OtlpTransport;
  readonly #options: ExportQueueOptions;
  readonly #timer: ExportTimer;
  readonly #abort = new AbortController();
  readonly #working: Promise<void>;
  #entries: Entry[] = [];
  #waitingBytes = 0;
  #isSending = false;
  #isClosed = false;
  #wake: () => void = () => {};
  #idle: (() => void)[] = [];
  readonly #counters = {
    sent: 0,
    failed: 0,
    retried: 0,
    droppedQueue: 0,
    droppedSize: 0,
    rejected: 0,
  };

  /**
   * @param transport Sends; it is disposed of with the queue.
   * @param options Bounds and delays.
   */
  constructor(transport: OtlpTransport, options: ExportQueueOptions = {}) {
    this.#transport = transport;
    this.#options = options;
    this.#timer = options.timer ?? RUNTIME_TIMER;
    this.#working = this.#work();
  }

  /** What became of the messages so far. */
  get counters(): ExportCounters {
    return { ...this.#counters };
  }

  /** Messages that wait or are being sent. */
  get pending(): number {
    return this.#entries.length + (this.#isSending ? 1 : 0);
  }

  /**
   * Adds a message; never waits.
   *
   * @param message The message.
   * @throws {Error} When the queue is closed.
   */
  push(message: OtlpMessage): void {
    if (this.#isClosed) {
      throw new Error("Cannot export: queue is closed");
    }
    this.#add({ message, isPart: false });
  }

  /**
   * Waits until everything was sent or given up, or the time is over; what is
   * left then counts as failed.
   *
   * @param deadlineMs Most milliseconds to wait. @default {5000}
   * @returns Messages that were left.
   */
  async flush(deadlineMs: number = DEFAULT_FLUSH_MS): Promise<number> {
    if (this.pending === 0) return 0;
    const over = new AbortController();
    const idle = Promise.withResolvers<void>();
    this.#idle.push(idle.resolve);
    await Promise.race([
      idle.promise,
      this.#timer.wait(deadlineMs, over.signal),
    ]);
    over.abort();
    return this.pending;
  }

  /**
   * Ends the sending; what still waits counts as failed. Flush before.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#abort.abort();
    this.#wake();
    await this.#working;
    if (this.#entries.length > 0) {
      this.#say(`${this.#entries.length} exports were not sent before the end`);
      this.#counters.failed += this.#entries.length;
      this.#entries = [];
    }
    await this.#transport[Symbol.asyncDispose]();
  }

  #add(entry: Entry): void {
    const {
      maxMessages = 8,
      maxBytes = MAX_BYTES,
      maxMessageBytes = MAX_BYTES,
    } = this.#options;
    const { length } = entry.message.bytes;
    if (length > Math.min(maxMessageBytes, maxBytes)) {
      this.#counters.droppedSize++;
      this.#say(
        `an export of ${length} bytes is dropped: limit is ${
          Math.min(maxMessageBytes, maxBytes)
        }`,
      );
      return;
    }
    this.#entries.push(entry);
    this.#waitingBytes += length;
    while (
      this.#entries.length > maxMessages || this.#waitingBytes > maxBytes
    ) {
      const oldest = this.#entries.shift()!;
      this.#waitingBytes -= oldest.message.bytes.length;
      this.#counters.droppedQueue++;
      this.#say("the oldest export is dropped: the queue is full");
    }
    this.#wake();
  }

  async #work(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      const entry = this.#entries.shift();
      if (entry === undefined) {
        for (const resolve of this.#idle.splice(0)) resolve();
        const woken = Promise.withResolvers<void>();
        this.#wake = woken.resolve;
        await woken.promise;
        continue;
      }
      this.#waitingBytes -= entry.message.bytes.length;
      this.#isSending = true;
      try {
        await this.#send(entry, signal);
      } catch (error) {
        // Neither the network nor a collector makes the transport throw.
        this.#counters.failed++;
        if (!signal.aborted) {
          this.#say(error instanceof Error ? error.message : String(error));
        }
      }
      this.#isSending = false;
    }
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #send(entry: Entry, signal: AbortSignal): Promise<void> {
    const { giveUpMs = 300_000, firstDelayMs = 1000, maxDelayMs = 30_000 } =
      this.#options;
    const endMs = this.#timer.now() + giveUpMs;
    let delayMs = firstDelayMs;
    for (let attempt = 0;; attempt++) {
      if (attempt > 0) this.#counters.retried++;
      const outcome = await this.#transport.send(entry.message.bytes, signal);
      if (outcome.type === "sent") {
        this.#counters.sent++;
        this.#counters.rejected += outcome.rejected;
        if (outcome.rejected > 0 || outcome.message !== "") {
          this.#say(
            `the collector rejected ${outcome.rejected} profiles${
              outcome.message === "" ? "" : `: ${outcome.message}`
            }`,
          );
        }
        return;
      }
      if (outcome.type === "refused") {
        this.#refuse(entry, outcome.reason, outcome.isTooLarge);
        return;
      }
      const jitter = 1 + JITTER * (2 * this.#timer.random() - 1);
      const waitMs = outcome.delayMs ?? delayMs * jitter;
      if (this.#timer.now() + waitMs > endMs) {
        this.#counters.failed++;
        this.#say(
          `an export is given up after ${attempt + 1} attempt${
            attempt === 0 ? "" : "s"
          }: ${outcome.reason}`,
        );
        return;
      }
      this.#say(`${outcome.reason}; next attempt in ${Math.round(waitMs)} ms`);
      await this.#timer.wait(waitMs, signal);
      signal.throwIfAborted();
      delayMs = Math.min(delayMs * 2, maxDelayMs);
    }
  }

  #refuse(entry: Entry, reason: string, isTooLarge: boolean): void {
    if (!isTooLarge) {
      this.#counters.failed++;
      this.#say(`an export is refused: ${reason}`);
      return;
    }
    // Once: halves that are too large as well are dropped.
    const parts = entry.isPart ? [] : entry.message.split?.() ?? [];
    if (parts.length === 0) {
      this.#counters.droppedSize++;
      this.#say(`an export is dropped: ${reason}`);
      return;
    }
    this.#say(`${reason}; it is sent again in ${parts.length} parts`);
    this.#entries.unshift(
      ...parts.map((message) => ({ message, isPart: true })),
    );
    for (const { bytes } of parts) this.#waitingBytes += bytes.length;
  }

  #say(message: string): void {
    this.#options.log?.(message);
  }
}

const RUNTIME_TIMER: ExportTimer = {
  now: () => performance.now(),
  random: () => Math.random(),
  wait: (ms, signal) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    return promise;
  },
};
