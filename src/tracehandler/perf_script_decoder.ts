import type { DecodeStats } from "../base/decode_stats.ts";
import { FRAME_TYPE } from "../profile/frame_type_table.ts";
import type { TraceFrame } from "../profile/trace.ts";
import type { Mapping } from "../profile/types.ts";
import {
  parsePerfScriptFrame,
  parsePerfScriptHead,
  type PerfScriptFrame,
  type PerfScriptHead,
} from "./_perf_script_lines.ts";

/** A sample in the text of `perf script`. */
export interface PerfScriptSample {
  /** Name of the thread. */
  readonly comm: string;
  readonly pid: number;
  readonly tid: number;
  /** Processor, -1 where it is not told. */
  readonly cpu: number;
  /** When, in ns of the recorder's clock, where it is told. */
  readonly timeNs: bigint | undefined;
  /** Events that it stands for, 1 where that is not told. */
  readonly period: number;
  /** Name of the event with its modifiers, empty where it is not told. */
  readonly event: string;
  /** Frames, leaf first. */
  readonly frames: readonly TraceFrame[];
}

const MAX_FRAMES = 4096;
const TRUNCATED_NAME = "[truncated]";
/** What `--show-task-events` and the like tell beside samples. */
const RECORD_PREFIX = "PERF_RECORD_";
const COMMENT_REGEXP = /^#\s*([\w ]+?)\s*:\s*(.*)$/;
const MAX_COMMENT_CHARACTERS = 4096;
const MAX_COMMENTS = 256;
const SOURCE_LINE_REGEXP = /^\s+(\S.*):(\d+)$/;
const KERNEL_REGEXP =
  /^\[(?!vdso|vsyscall|uprobes|stack|heap|anon|unknown|JIT)|\.ko(\.\w+)?$/;
const SHOWN_LINES = 3;
const MAX_SHOWN_CHARACTERS = 60;
const MAX_MAPPINGS = 65_536;

/**
 * Decodes the text that `perf script` makes of a recording, line by line.
 */
export class PerfScriptDecoder {
  readonly #stats: DecodeStats;
  readonly #header = new Map<string, string>();
  readonly #mappings = new Map<string, Mapping>();
  #head: PerfScriptHead | undefined;
  #frames: TraceFrame[] = [];
  #line = 0;
  #skipped = 0;
  #shown: string[] = [];

  /** @param stats Counts lines that are not understood, when the text is complete. */
  constructor(stats: DecodeStats) {
    this.#stats = stats;
  }

  /** What `perf script --header` says of the recording, by its words. */
  get header(): ReadonlyMap<string, string> {
    return this.#header;
  }

  /**
   * @param line The next line, without line break.
   * @returns The sample that is complete with it, if any.
   */
  push(line: string): PerfScriptSample | undefined {
    this.#line++;
    if (line.trim() === "") return this.#end();
    if (line.startsWith("#")) {
      this.#takeComment(line);
      return undefined;
    }
    // Frames begin with a tab; without call chains, samples begin with blanks.
    const isHead = !line.startsWith("\t");
    const head = isHead ? parsePerfScriptHead(line) : undefined;
    if (head !== undefined) {
      const sample = this.#end();
      this.#begin(head);
      return sample;
    }
    if (!this.#takeFrame(line)) this.#skip(line);
    return undefined;
  }

  /** @returns The last sample, if it was not complete before. */
  finish(): PerfScriptSample | undefined {
    const sample = this.#end();
    if (this.#skipped > 0) {
      this.#stats.count("perf_script_line_skipped", "data_loss", {
        amount: this.#skipped,
        detail: this.#shown.join("; "),
      });
    }
    return sample;
  }

  #begin(head: PerfScriptHead): void {
    this.#head = head;
    this.#frames = [];
    // Without call chains, the only frame stands behind the event.
    const frame = head.rest === ""
      ? undefined
      : parsePerfScriptFrame(` ${head.rest}`);
    if (frame !== undefined && frame.module !== "") this.#addFrame(frame);
  }

  #end(): PerfScriptSample | undefined {
    const head = this.#head;
    if (head === undefined) return undefined;
    this.#head = undefined;
    if (head.event.startsWith(RECORD_PREFIX)) return undefined;
    const { comm, pid, tid, cpu, timeNs, period, event } = head;
    const frames = this.#frames;
    return { comm, pid, tid, cpu, timeNs, period, event, frames };
  }

  /** @returns Whether the line belongs to a stack. */
  #takeFrame(line: string): boolean {
    if (this.#head === undefined) return false;
    const frame = parsePerfScriptFrame(line);
    if (frame !== undefined) {
      this.#addFrame(frame);
      return true;
    }
    if (!/^\s/.test(line)) return false;
    const last = this.#frames.at(-1);
    const source = SOURCE_LINE_REGEXP.exec(line);
    if (last !== undefined && source !== null) {
      this.#frames[this.#frames.length - 1] = {
        ...last,
        sourceFile: source[1]!,
        sourceLine: Number(source[2]),
      };
    }
    // Where the place is not known, only the module is told again.
    return last !== undefined;
  }

  #addFrame({ address, symbol, module, isInlined }: PerfScriptFrame): void {
    if (this.#frames.length > MAX_FRAMES) return;
    const isFull = this.#frames.length === MAX_FRAMES;
    if (isFull) {
      this.#stats.count("perf_script_stack_truncated", "data_loss", {
        detail:
          `the stack at line ${this.#line} has more than ${MAX_FRAMES} frames`,
      });
    }
    const isKernel = KERNEL_REGEXP.test(module) || address >> 63n === 1n;
    this.#frames.push({
      type: isKernel ? FRAME_TYPE.kernel : FRAME_TYPE.native,
      functionName: isFull ? TRUNCATED_NAME : symbol || placeName(module),
      functionOffset: 0,
      sourceFile: "",
      sourceLine: 0,
      sourceColumn: 0,
      address: isFull ? 0n : address,
      mapping: isFull ? undefined : this.#mappingOf(module),
      ...(isInlined ? { inlined: true } : {}),
    });
  }

  #mappingOf(module: string): Mapping | undefined {
    if (module === "") return undefined;
    let mapping = this.#mappings.get(module);
    if (mapping === undefined) {
      mapping = {
        start: 0n,
        end: 0n,
        fileOffset: 0n,
        fileName: module,
        buildId: "",
      };
      if (this.#mappings.size < MAX_MAPPINGS) {
        this.#mappings.set(module, mapping);
      }
    }
    return mapping;
  }

  #takeComment(line: string): void {
    if (
      line.length > MAX_COMMENT_CHARACTERS || this.#header.size >= MAX_COMMENTS
    ) return;
    const match = COMMENT_REGEXP.exec(line);
    if (match === null) return;
    this.#header.set(match[1]!, match[2]!);
  }

  #skip(line: string): void {
    this.#skipped++;
    if (this.#shown.length >= SHOWN_LINES) return;
    this.#shown.push(
      `line ${this.#line} is ${
        JSON.stringify(line.slice(0, MAX_SHOWN_CHARACTERS))
      }`,
    );
  }
}

/** Name of a frame whose function is not known. */
function placeName(module: string): string {
  const name = module.slice(module.lastIndexOf("/") + 1) || module;
  if (name === "") return "[unknown]";
  return name.startsWith("[") ? name : `[${name}]`;
}
