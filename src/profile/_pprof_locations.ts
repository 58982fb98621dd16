import { TupleTable } from "./tuple_table.ts";
import type { Profile } from "./types.ts";

/** What pprof wants to know of a mapping's frames. */
export interface PprofMappingFacts {
  /** Whether all locations have a function. */
  functions: boolean;
  /** Whether all functions have a file. */
  fileNames: boolean;
  /** Whether all functions have a line. */
  lineNumbers: boolean;
  /** Whether functions were inlined. */
  inlineFrames: boolean;
}

/**
 * The locations, functions and mappings that samples use. A location is a
 * frame with all that was inlined into it: a run of stack entries from a frame
 * that was not inlined up to one whose callee was not.
 */
export class PprofLocations {
  /** Used functions and mappings, by their 1-based id less 1. */
  readonly functions: Int32Array;
  readonly mappings: Int32Array;
  readonly #functionIds: Int32Array;
  readonly #mappingIds: Int32Array;
  readonly #facts = new Map<number, PprofMappingFacts>();
  readonly #profile: Profile;
  /** Rows of (run without its innermost frame or -1, innermost frame). */
  readonly #runs = new TupleTable(2);
  /** By stack: run that ends there, and the stack below the run. */
  readonly #runOf: Int32Array;
  readonly #below: Int32Array;
  /** By run: id of the location, 0 where it is only a part of one. */
  readonly #ids: Int32Array;
  /** By id less 1: run. */
  readonly #order: Int32Array;

  /** @param profile A profile whose samples are to be written. */
  constructor(profile: Profile) {
    this.#profile = profile;
    const { stacks, frames, samples } = profile;
    this.#runOf = new Int32Array(stacks.length);
    this.#below = new Int32Array(stacks.length);
    for (let stack = 0; stack < stacks.length; stack++) {
      const prefix = stacks.prefix[stack]!;
      const frame = stacks.frame[stack]!;
      const continues = prefix >= 0 && frames.inlined[frame] === 1;
      this.#runOf[stack] = this.#runs.intern2(
        continues ? this.#runOf[prefix]! : -1,
        frame,
      );
      this.#below[stack] = continues ? this.#below[prefix]! : prefix;
    }
    const ends = new Uint8Array(stacks.length);
    for (let row = 0; row < samples.length; row++) {
      const stack = samples.stack[row]!;
      if (stack >= 0) ends[stack] = 1;
    }
    const used = new Uint8Array(this.#runs.length);
    for (let stack = stacks.length - 1; stack >= 0; stack--) {
      if (ends[stack] === 0) continue;
      used[this.#runOf[stack]!] = 1;
      const below = this.#below[stack]!;
      if (below >= 0) ends[below] = 1;
    }
    this.#order = this.#inOrder(used);
    this.#ids = idsOf(this.#order, this.#runs.length);
    const functions = new Uint8Array(profile.functions.length);
    const mappings = new Uint8Array(profile.mappings.length);
    for (let id = 1; id <= this.length; id++) {
      const { mapping, lines } = this.at(id);
      if (mapping >= 0) mappings[mapping] = 1;
      for (const frame of lines) functions[frames.function[frame]!] = 1;
      this.#addFacts(mapping, lines);
    }
    this.functions = indexesOf(functions);
    this.mappings = indexesOf(mappings);
    this.#functionIds = idsOf(this.functions, functions.length);
    this.#mappingIds = idsOf(this.mappings, mappings.length);
  }

  /** Number of locations; their ids are 1 to this. */
  get length(): number {
    return this.#order.length;
  }

  /** @param index A used function, or -1. @returns Its id, 0 for -1. */
  functionId(index: number): number {
    return index < 0 ? 0 : this.#functionIds[index]!;
  }

  /** @param index A used mapping, or -1. @returns Its id, 0 for -1. */
  mappingId(index: number): number {
    return index < 0 ? 0 : this.#mappingIds[index]!;
  }

  /** @param index A used mapping. @returns What is known of all its frames. */
  mappingFacts(index: number): PprofMappingFacts {
    return this.#facts.get(index)!;
  }

  /**
   * @param stack A stack that a sample has, or -1.
   * @param ids Gets the ids of its locations, leaf first.
   */
  idsOf(stack: number, ids: number[]): void {
    ids.length = 0;
    for (let at = stack; at >= 0; at = this.#below[at]!) {
      ids.push(this.#ids[this.#runOf[at]!]!);
    }
  }

  /**
   * @param id A location.
   * @returns What it holds; its lines are frames with a function, innermost first.
   */
  at(id: number): { mapping: number; address: bigint; lines: number[] } {
    const { frames } = this.#profile;
    const lines: number[] = [];
    let outer = -1;
    for (
      let run = this.#order[id - 1]!;
      run >= 0;
      run = this.#runs.at(run, 0)
    ) {
      outer = this.#runs.at(run, 1);
      if (frames.function[outer]! >= 0) lines.push(outer);
    }
    return {
      mapping: frames.mapping[outer]!,
      address: frames.address[outer]!,
      lines,
    };
  }

  /** Runs in order of their outermost frame, which is that of the profile's table. */
  #inOrder(used: Uint8Array): Int32Array {
    const outer = new Int32Array(this.#runs.length);
    for (let run = 0; run < outer.length; run++) {
      const rest = this.#runs.at(run, 0);
      outer[run] = rest < 0 ? this.#runs.at(run, 1) : outer[rest]!;
    }
    return indexesOf(used).sort((a, b) => outer[a]! - outer[b]! || a - b);
  }

  #addFacts(mapping: number, lines: readonly number[]): void {
    if (mapping < 0) return;
    const { frames, functions } = this.#profile;
    let facts = this.#facts.get(mapping);
    if (facts === undefined) {
      facts = {
        functions: true,
        fileNames: true,
        lineNumbers: true,
        inlineFrames: false,
      };
      this.#facts.set(mapping, facts);
    }
    const all = (has: (frame: number) => boolean) =>
      lines.length > 0 && lines.every(has);
    facts.functions &&= lines.length > 0;
    facts.fileNames &&= all((frame) =>
      functions.fileName[frames.function[frame]!] !== 0
    );
    facts.lineNumbers &&= all((frame) => frames.line[frame] !== 0);
    facts.inlineFrames ||= lines.length > 1;
  }
}

function indexesOf(marks: Uint8Array): Int32Array<ArrayBuffer> {
  const indexes = new Int32Array(marks.reduce((sum, mark) => sum + mark, 0));
  let count = 0;
  for (let index = 0; index < marks.length; index++) {
    if (marks[index] === 1) indexes[count++] = index;
  }
  return indexes;
}

/** 1-based ids of the listed indexes, 0 for all others. */
function idsOf(listed: Int32Array, length: number): Int32Array {
  const ids = new Int32Array(length);
  listed.forEach((index, position) => ids[index] = position + 1);
  return ids;
}
