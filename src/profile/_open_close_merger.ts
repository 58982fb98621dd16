/** Takes the events that an {@linkcode OpenCloseMerger} makes; times never decrease. */
export interface OpenCloseSink {
  /** A frame begins. */
  open(frame: number, at: number): void;
  /** The innermost open frame ends. */
  close(frame: number, at: number): void;
}

/**
 * Merges the samples of one thread into frames that begin and end: what two
 * samples share at their roots goes on if the second begins no later than the
 * first ends, give or take a thousandth.
 *
 * Samples must come in order of time. Times, lengths and their rounding are
 * the caller's; the compatible output rounds lengths to 32-bit floats after
 * every addition.
 */
export class OpenCloseMerger {
  readonly #sink: OpenCloseSink;
  readonly #round: (length: number) => number;
  readonly #times: number[] = [];
  readonly #lengths: number[] = [];
  readonly #depths: number[] = [];
  readonly #frames: number[] = [];
  #last = 0;

  /**
   * @param sink Takes the events.
   * @param round Applied to every sum of lengths.
   */
  constructor(sink: OpenCloseSink, round: (length: number) => number) {
    this.#sink = sink;
    this.#round = round;
  }

  /**
   * @param time Start of the sample.
   * @param length How long it lasts.
   * @param depths Depth of each frame, root first; depths may be skipped.
   * @param frames The frames, as many.
   */
  add(
    time: number,
    length: number,
    depths: readonly number[],
    frames: readonly number[],
  ): void {
    const rounded = this.#round(length);
    const shared = Math.min(this.#frames.length, frames.length);
    let keep = 0;
    while (
      keep < shared && this.#depths[keep] === depths[keep] &&
      this.#frames[keep] === frames[keep] &&
      this.#times[keep]! + this.#lengths[keep]! * 1.001 >= time
    ) {
      this.#lengths[keep] = this.#round(this.#lengths[keep]! + rounded);
      keep++;
    }
    this.#closeDownTo(keep);
    for (let index = keep; index < frames.length; index++) {
      this.#last = Math.max(this.#last, time);
      this.#times.push(time);
      this.#lengths.push(rounded);
      this.#depths.push(depths[index]!);
      this.#frames.push(frames[index]!);
      this.#sink.open(frames[index]!, this.#last);
    }
  }

  /** Ends all that is open. */
  finish(): void {
    this.#closeDownTo(0);
  }

  #closeDownTo(keep: number): void {
    for (let index = this.#frames.length - 1; index >= keep; index--) {
      const end = this.#times[index]! + this.#lengths[index]!;
      this.#last = Math.max(this.#last, end);
      this.#sink.close(this.#frames[index]!, this.#last);
    }
    this.#times.length = keep;
    this.#lengths.length = keep;
    this.#depths.length = keep;
    this.#frames.length = keep;
  }
}
