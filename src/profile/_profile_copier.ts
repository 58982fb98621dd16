import type { ProfileBuilder } from "./profile_builder.ts";
import type { Profile } from "./types.ts";

/** Brings the tables of a profile into a builder; each entry once, when it is first needed. */
export class ProfileCopier {
  readonly #from: Profile;
  readonly #to: ProfileBuilder;
  readonly #mappings: Int32Array;
  readonly #functions: Int32Array;
  readonly #frames: Int32Array;
  readonly #stacks: Int32Array;
  readonly #threads: Int32Array;
  readonly #labels: Int32Array;

  /**
   * @param from The profile whose entries are needed.
   * @param to The builder that gets them.
   */
  constructor(from: Profile, to: ProfileBuilder) {
    this.#from = from;
    this.#to = to;
    this.#mappings = new Int32Array(from.mappings.length).fill(-1);
    this.#functions = new Int32Array(from.functions.length).fill(-1);
    this.#frames = new Int32Array(from.frames.length).fill(-1);
    this.#stacks = new Int32Array(from.stacks.length).fill(-1);
    this.#threads = new Int32Array(from.threads.length).fill(-1);
    this.#labels = new Int32Array(from.labelSets.length).fill(-1);
  }

  /** @param index A stack of the profile, or -1. @returns Its index in the builder. */
  stack(index: number): number {
    if (index < 0) return -1;
    const { stacks } = this.#from;
    const path: number[] = [];
    let at = index;
    while (at >= 0 && this.#stacks[at] === -1) {
      path.push(at);
      at = stacks.prefix[at]!;
    }
    let copied = at < 0 ? -1 : this.#stacks[at]!;
    for (const each of path.reverse()) {
      copied = this.#to.internStack(copied, this.frame(stacks.frame[each]!));
      this.#stacks[each] = copied;
    }
    return copied;
  }

  /** @param index A frame of the profile. @returns Its index in the builder. */
  frame(index: number): number {
    if (this.#frames[index] === -1) {
      const { frames, strings } = this.#from;
      this.#frames[index] = this.#to.internFrame({
        function: this.#function(frames.function[index]!),
        mapping: this.#mapping(frames.mapping[index]!),
        address: frames.address[index]!,
        line: frames.line[index]!,
        column: frames.column[index]!,
        kind: strings[frames.kind[index]!]!,
        inlined: frames.inlined[index] === 1,
      });
    }
    return this.#frames[index]!;
  }

  /** @param index A thread of the profile, or -1. @returns Its index in the builder. */
  thread(index: number): number {
    if (index < 0) return -1;
    if (this.#threads[index] === -1) {
      this.#threads[index] = this.#to.internThread(this.#from.threads[index]!);
    }
    return this.#threads[index]!;
  }

  /** @param index A set of labels of the profile. @returns Its index in the builder. */
  labels(index: number): number {
    if (this.#labels[index] === -1) {
      this.#labels[index] = this.#to.internLabels(this.#from.labelSets[index]!);
    }
    return this.#labels[index]!;
  }

  #function(index: number): number {
    if (index < 0) return -1;
    if (this.#functions[index] === -1) {
      const { functions, strings } = this.#from;
      this.#functions[index] = this.#to.internFunction({
        name: strings[functions.name[index]!]!,
        systemName: strings[functions.systemName[index]!]!,
        fileName: strings[functions.fileName[index]!]!,
        startLine: functions.startLine[index]!,
      });
    }
    return this.#functions[index]!;
  }

  #mapping(index: number): number {
    if (index < 0) return -1;
    if (this.#mappings[index] === -1) {
      this.#mappings[index] = this.#to.internMapping(
        this.#from.mappings[index]!,
      );
    }
    return this.#mappings[index]!;
  }
}
