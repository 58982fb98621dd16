import { formatBytes } from "../base/byte_size.ts";

const MIN_INTERVAL_MS = 200;
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
  readonly shown: boolean;
  readonly isTerminal: boolean;
  readonly columns: number;
  readonly now: () => number;
  readonly write: (text: string) => void;
  readonly onEnd: () => void;
}

/** Shows how far long work is, at most five times a second. */
export interface Progress extends Disposable {
  /**
   * @param done Amount of work done so far.
   * @param detail A few words on what is at hand.
   */
  update(done: number, detail?: string): void;
  /** Takes the line off the terminal so that something else can be written. */
  clearLine(): void;
}

/**
 * Starts a progress. A terminal gets one line that is written over; anything
 * else one line at the start and, when work took longer than the first
 * interval, one at the end.
 *
 * @param title What is done.
 * @param host Where to show it.
 * @returns The progress.
 */
export function startProgress(title: string, host: ProgressHost): Progress {
  const { total, unit = "bytes" } = host;
  const startMs = host.now();
  let shownMs = startMs;
  let shownDone = 0;
  let lineIsShown = false;
  let ended = false;

  function amount(value: number): string {
    if (unit === "bytes") return formatBytes(value);
    if (unit === "seconds") return `${Math.round(value)} s`;
    return `${value} ${unit}`;
  }

  function render(done: number, detail: string | undefined): string {
    const share = total === undefined || total <= 0
      ? ""
      : ` ${Math.min(100, Math.floor((100 * done) / total))} %`;
    const of = total === undefined ? "" : ` of ${amount(total)}`;
    return `${title}:${share} ${amount(done)}${of}${
      detail === undefined ? "" : `, ${detail}`
    }`;
  }

  return {
    update(done, detail) {
      shownDone = done;
      if (!host.shown || ended) return;
      const nowMs = host.now();
      if (nowMs - shownMs < MIN_INTERVAL_MS) return;
      shownMs = nowMs;
      if (host.isTerminal) {
        host.write(
          CLEAR_LINE + render(done, detail).slice(0, host.columns - 1),
        );
        lineIsShown = true;
      } else if (!lineIsShown) {
        host.write(`${title} …\n`);
        lineIsShown = true;
      }
    },
    clearLine() {
      if (lineIsShown && host.isTerminal) {
        host.write(CLEAR_LINE);
        lineIsShown = false;
      }
    },
    [Symbol.dispose]() {
      if (ended) return;
      ended = true;
      if (lineIsShown) {
        host.write(
          host.isTerminal ? CLEAR_LINE : `${render(shownDone, "done")}\n`,
        );
      }
      host.onEnd();
    },
  };
}
