import { formatBytes } from "../base/byte_size.ts";
import { ProgressBar } from "../deps/cli.ts";

const INTERVAL_MS = 200;
const BAR_LENGTH = 20;
const CLEAR_LINE = "\r\x1b[K";

/** What is measured by a {@linkcode Progress}. */
export interface ProgressOptions {
  /** Amount of work in all, where known. */
  readonly total?: number | undefined;
  /** What the amounts are. @default {"bytes"} */
  readonly unit?: "bytes" | "records" | "samples" | "seconds" | undefined;
}

/** Where and how a {@linkcode Progress} is shown. */
export interface ProgressHost extends ProgressOptions {
  /** Whether anything is shown. */
  readonly shown: boolean;
  /** Whether the line can be written over. */
  readonly isTerminal: boolean;
  /** Width of the terminal in columns. */
  readonly columns: number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Writes to standard error. */
  readonly write: (text: string) => void;
  /** Whether the work was told to end early. */
  readonly signal?: AbortSignal | undefined;
  /** Called when the progress ends. */
  readonly onEnd: () => void;
}

/** Shows how far long work is, at most five times a second. */
export interface Progress extends AsyncDisposable {
  /**
   * @param done Amount of work done so far.
   * @param detail A few words on what is at hand.
   */
  update(done: number, detail?: string): void;
  /** Takes the line off the terminal so that something else can be written. */
  clearLine(): void;
}

/**
 * Starts a progress, of which nothing is seen when the work takes less than
 * the first interval. A terminal gets one line that is written over; anything
 * else one line when it begins to take time and one at the end.
 *
 * @param title What is done.
 * @param host Where to show it.
 * @returns The progress.
 */
export function startProgress(title: string, host: ProgressHost): Progress {
  const { total, unit = "bytes" } = host;
  const startMs = host.now();
  let bar: ProgressBar | undefined;
  let lineIsPrinted = false;
  let done = 0;
  let detail: string | undefined;

  function amount(value: number): string {
    if (unit === "bytes") return formatBytes(value);
    return `${Math.round(value)} ${unit === "seconds" ? "s" : unit}`;
  }

  function line(progressBar: string): string {
    const of = total === undefined ? "" : ` of ${amount(total)}`;
    const tail = detail === undefined ? "" : `, ${detail}`;
    return `${title} ${progressBar}${amount(done)}${of}${tail}`;
  }

  function ending(): string {
    const isCut = host.signal?.aborted === true &&
      (total === undefined || done < total);
    return isCut ? "stopped" : "done";
  }

  function show(): void {
    if (bar !== undefined || lineIsPrinted) return;
    if (host.now() - startMs < INTERVAL_MS) return;
    if (!host.isTerminal) {
      lineIsPrinted = true;
      host.write(`${title} …\n`);
      return;
    }
    const decoder = new TextDecoder();
    bar = new ProgressBar({
      max: total ?? 1,
      value: total === undefined ? 0 : done,
      barLength: BAR_LENGTH,
      interval: INTERVAL_MS,
      clear: true,
      writable: new WritableStream({
        write: (bytes) => host.write(decoder.decode(bytes, { stream: true })),
      }),
      formatter: ({ progressBar }) =>
        line(total === undefined ? "" : `[${progressBar}] `).slice(
          0,
          host.columns - 1,
        ),
    });
  }

  return {
    update(nextDone, nextDetail) {
      done = nextDone;
      detail = nextDetail;
      if (!host.shown) return;
      show();
      if (bar !== undefined && total !== undefined) bar.value = done;
    },
    clearLine() {
      if (bar !== undefined) host.write(CLEAR_LINE);
    },
    async [Symbol.asyncDispose]() {
      host.onEnd();
      if (lineIsPrinted) host.write(`${line("")}, ${ending()}\n`);
      await bar?.stop();
      bar = undefined;
      lineIsPrinted = false;
    },
  };
}
