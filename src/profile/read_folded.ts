import { isSkipped, parseLine } from "./_folded_line.ts";
import type { DecodeStats } from "../base/decode_stats.ts";
import { FormatError } from "../base/errors.ts";
import { type Limits, resolveLimits } from "../base/limits.ts";
import { LineSplitter } from "../container/line_splitter.ts";
import { ProfileBuilder } from "./profile_builder.ts";
import type { Profile, ValueType } from "./types.ts";

/** What `_[k]` and the like at the end of a frame say. */
const KINDS: Readonly<Record<string, string>> = {
  "_[k]": "kernel",
  "_[j]": "jit",
};

/** How {@linkcode readFolded} reads. */
export interface ReadFoldedOptions {
  /** What the numbers mean, which the format does not say. @default {{ type: "samples", unit: "count" }} */
  readonly valueType?: ValueType | undefined;
  /** Bounds; uses `maxRecordBytes` for a line and `maxQueuedRecords` for distinct stacks. */
  readonly limits?: Partial<Limits> | undefined;
  /** Counts lines that are none of the format. Without it the first one is an error. */
  readonly stats?: DecodeStats | undefined;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads folded stacks. Empty lines and lines that begin with `#` are skipped.
 * Suffixes of frames `_[k]`, `_[j]` and `_[i]` say that a frame is of the
 * kernel, compiled at run time, or inlined, and are taken off.
 *
 * @param source The text as UTF-8.
 * @param options What is counted, limits, where faults are counted, and the signal.
 * @returns The profile; equal stacks are summed.
 * @throws {FormatError} When a line does not end with a number and there is no `stats`.
 * @throws {LimitError} When a line or the number of stacks exceeds the limits.
 */
export async function readFolded(
  source: AsyncIterable<Uint8Array>,
  options: ReadFoldedOptions = {},
): Promise<Profile> {
  const { valueType = { type: "samples", unit: "count" }, signal } = options;
  const limits = resolveLimits(options.limits);
  const reader = new FoldedReader(
    new ProfileBuilder({
      valueTypes: [valueType],
      maxStacks: limits.maxQueuedRecords,
    }),
    options.stats,
  );
  const splitter = new LineSplitter({
    maxLineCharacters: limits.maxRecordBytes,
  });
  for await (const chunk of source) {
    signal?.throwIfAborted();
    reader.addLines(splitter.push(chunk));
  }
  reader.addLines(splitter.finish());
  return reader.build();
}

class FoldedReader {
  readonly #builder: ProfileBuilder;
  readonly #stats: DecodeStats | undefined;
  readonly #frames = new Map<string, number>();
  #line = 0;

  constructor(builder: ProfileBuilder, stats: DecodeStats | undefined) {
    this.#builder = builder;
    this.#stats = stats;
  }

  addLines(lines: readonly string[]): void {
    for (const line of lines) this.#addLine(line);
  }

  build(): Profile {
    return this.#builder.build();
  }

  #addLine(line: string): void {
    this.#line++;
    if (isSkipped(line)) return;
    const parsed = parseLine(line);
    if (parsed === undefined) {
      this.#refuse(line);
      return;
    }
    let stack = -1;
    if (parsed.stack !== "") {
      for (const name of parsed.stack.split(";")) {
        stack = this.#builder.internStack(stack, this.#frame(name));
      }
    }
    this.#builder.addSample(stack, -1, [parsed.value]);
  }

  #frame(text: string): number {
    let frame = this.#frames.get(text);
    if (frame === undefined) {
      const suffix = text.slice(-4);
      const kind = KINDS[suffix];
      const inlined = suffix === "_[i]";
      const name = kind !== undefined || inlined ? text.slice(0, -4) : text;
      frame = this.#builder.internFrame({
        function: this.#builder.internFunction({ name }),
        kind,
        inlined,
      });
      this.#frames.set(text, frame);
    }
    return frame;
  }

  #refuse(line: string): void {
    const shown = JSON.stringify(line.slice(0, 64));
    const state =
      `line ${this.#line} is ${shown}, expected frames and a number`;
    if (this.#stats === undefined) {
      throw new FormatError(`Cannot read folded stacks: ${state}`, {
        format: "folded",
        offset: this.#line,
        record: `line ${this.#line}`,
      });
    }
    this.#stats.count("folded_line_skipped", "data_loss", {
      offset: this.#line,
      detail: state,
    });
  }
}
