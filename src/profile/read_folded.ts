import type { DecodeStats } from "../base/decode_stats.ts";
import { FormatError } from "../base/errors.ts";
import { type Limits, resolveLimits } from "../base/limits.ts";
import { LineSplitter } from "../container/line_splitter.ts";
import { ProfileBuilder } from "./profile_builder.ts";
import type { Profile, ValueType } from "./types.ts";

const NUMBER_REGEXP = /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** Digits of a number that is worth looking at. */
const MAX_NUMBER_LENGTH = 32;
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

/**
 * Tells whether text can be folded stacks: every whole line ends with a
 * number, and at least one has several frames.
 *
 * @param head First bytes of a stream.
 * @returns True when they are plausible.
 */
export function sniffFolded(head: Uint8Array): boolean {
  if (head.some((byte) => byte < 0x20 && !SPACES.has(byte))) return false;
  const text = new TextDecoder().decode(head);
  const lines = text.split("\n");
  // The last line may be cut off.
  if (lines.length > 1) lines.pop();
  const stacks = lines.filter((line) => !isSkipped(line));
  return stacks.every((line) => parseLine(line) !== undefined) &&
    stacks.some((line) => line.includes(";"));
}

const SPACES = new Set([0x09, 0x0a, 0x0d]);

function isSkipped(line: string): boolean {
  return line.startsWith("#") || line.trim() === "";
}

/** Frames joined by `;`, white space, a number. Frames may hold spaces, so it is read from its end. */
function parseLine(
  line: string,
): { stack: string; value: number } | undefined {
  const text = line.trimEnd();
  const at = Math.max(text.lastIndexOf(" "), text.lastIndexOf("\t"));
  if (at < 0 || text.length - at > MAX_NUMBER_LENGTH) return undefined;
  const number = text.slice(at + 1);
  const value = Number(number);
  if (!NUMBER_REGEXP.test(number) || !Number.isFinite(value)) return undefined;
  return { stack: text.slice(0, at).trimEnd(), value };
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
