/**
 * Stands in for `@std/cli/unstable-progress-bar` on networks without JSR.
 *
 * @module
 */

/** What a formatter can show. */
export interface ProgressBarFormatter {
  /** Time since the start, `mm:ss`. */
  styledTime: string;
  /** Value and maximum as bytes, `0.40/97.66 KiB`. */
  styledData: string;
  /** The bar itself, `###-------`. */
  progressBar: string;
  /** Milliseconds since the start. */
  time: number;
  /** The `time` of the frame before. */
  previousTime: number;
  /** How far it is. */
  value: number;
  /** The `value` of the frame before. */
  previousValue: number;
  /** How far it goes. */
  max: number;
}

/** Options for {@linkcode ProgressBar}. */
export interface ProgressBarOptions {
  /** Where it is drawn. @default {Deno.stderr.writable} */
  writable?: WritableStream<Uint8Array>;
  /** Where it starts. @default {0} */
  value?: number;
  /** How far it goes. */
  max: number;
  /** Characters of the bar. @default {50} */
  barLength?: number;
  /** Character for what is done. @default {"#"} */
  fillChar?: string;
  /** Character for what is left. @default {"-"} */
  emptyChar?: string;
  /** Whether the line is wiped at the end. @default {false} */
  clear?: boolean;
  /** Makes the text of a frame. */
  formatter?: (formatter: ProgressBarFormatter) => string;
  /** Whether the writable stays open at the end. @default {true} */
  keepOpen?: boolean;
  /** Milliseconds between frames. @default {1000} */
  interval?: number;
}

/** Moves to the start of the line and wipes it. */
const WIPE = "\r\x1b[K";

const UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"] as const;

/** Draws a bar on one line, again at every interval, until it is stopped. */
export class ProgressBar {
  /** How far it is; set it as work goes on. */
  value: number;
  /** How far it goes. */
  max: number;
  readonly #options: ProgressBarOptions;
  readonly #writer: WritableStreamDefaultWriter<string>;
  readonly #drawn: Promise<void>;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #startMs = Date.now();
  #previousTime = 0;
  #previousValue: number;

  /**
   * Draws the first frame.
   *
   * @param options What it looks like.
   */
  constructor(options: ProgressBarOptions) {
    this.#options = options;
    this.value = options.value ?? 0;
    this.max = options.max;
    this.#previousValue = this.value;
    const encoder = new TextEncoderStream();
    this.#drawn = encoder.readable.pipeTo(
      options.writable ?? Deno.stderr.writable,
      { preventClose: options.keepOpen ?? true },
    ).catch(() => clearInterval(this.#timer));
    this.#writer = encoder.writable.getWriter();
    this.#timer = setInterval(
      () => void this.#draw(),
      options.interval ?? 1_000,
    );
    void this.#draw();
  }

  /**
   * Draws the last frame and ends the line, or wipes it if `clear` was set.
   *
   * @returns A promise that resolves when all is written.
   */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    try {
      if (this.#options.clear) {
        await this.#writer.write(WIPE);
      } else {
        await this.#draw();
        await this.#writer.write("\n");
      }
      await this.#writer.close();
      await this.#drawn;
    } catch {
      // Nobody sees the bar any more, which is no fault of the work it shows.
    }
  }

  async #draw(): Promise<void> {
    const frame = this.#describe();
    const format = this.#options.formatter ?? defaultFormat;
    const text = WIPE + format(frame);
    this.#previousTime = frame.time;
    this.#previousValue = frame.value;
    try {
      await this.#writer.write(text);
    } catch {
      // As above.
    }
  }

  #describe(): ProgressBarFormatter {
    const { barLength = 50, fillChar = "#", emptyChar = "-" } = this.#options;
    const time = Date.now() - this.#startMs;
    const part = Math.min(Math.max(this.value / this.max, 0), 1);
    const full = Math.trunc(part * barLength);
    return {
      styledTime: formatTime(time),
      styledData: formatBytes(this.value, this.max),
      progressBar: fillChar.repeat(full) + emptyChar.repeat(barLength - full),
      time,
      previousTime: this.#previousTime,
      value: this.value,
      previousValue: this.#previousValue,
      max: this.max,
    };
  }
}

function defaultFormat(frame: ProgressBarFormatter): string {
  return `[${frame.styledTime}] [${frame.progressBar}] [${frame.styledData}]`;
}

function formatTime(timeMs: number): string {
  const seconds = Math.trunc(timeMs / 1_000);
  const two = (count: number): string => String(count).padStart(2, "0");
  return `${two(Math.trunc(seconds / 60))}:${two(seconds % 60)}`;
}

/** Both in the largest unit that the maximum reaches. */
function formatBytes(value: number, max: number): string {
  const steps = Math.trunc(Math.log2(Math.max(max, 1)) / 10);
  const power = Math.min(Math.max(steps, 1), UNITS.length);
  const size = 2 ** (10 * power);
  return `${(value / size).toFixed(2)}/${(max / size).toFixed(2)} ${
    UNITS[power - 1]
  }`;
}
