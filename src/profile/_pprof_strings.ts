import type { Profile } from "./types.ts";

/** The string table: the used ones of the profile in their order, behind those it does not hold. */
export class PprofStrings {
  readonly #texts: readonly string[];
  readonly #indexes = new Map<string, number>();
  readonly #used: Uint8Array;
  readonly #extra: string[] = [""];
  readonly #extraIds = new Map<string, number>([["", 0]]);
  #ids = new Int32Array(0);

  /** @param profile Whose strings keep their order. */
  constructor(profile: Profile) {
    this.#texts = profile.strings;
    this.#used = new Uint8Array(profile.strings.length);
    profile.strings.forEach((text, index) => this.#indexes.set(text, index));
  }

  /** @param text A text that is needed. */
  use(text: string): void {
    const index = this.#indexes.get(text);
    if (index !== undefined) this.#used[index] = 1;
    else if (!this.#extraIds.has(text)) {
      this.#extraIds.set(text, this.#extra.push(text) - 1);
    }
  }

  /** @param index A string of the profile that is needed. */
  useIndex(index: number): void {
    this.#used[index] = 1;
  }

  /** Gives the ids; nothing can be used any more that was not before. */
  freeze(): void {
    this.#used[0] = 0;
    this.#ids = new Int32Array(this.#used.length);
    let id = this.#extra.length;
    for (let index = 1; index < this.#used.length; index++) {
      if (this.#used[index] === 1) this.#ids[index] = id++;
    }
  }

  /** @param text A text that is used; none and an empty one are 0. @returns Its index in the table. */
  id(text: string | undefined): number {
    if (!text) return 0;
    const index = this.#indexes.get(text);
    return index === undefined ? this.#extraIds.get(text)! : this.#ids[index]!;
  }

  /** @param index A string of the profile that is used. @returns Its index in the table. */
  idOfIndex(index: number): number {
    return this.#ids[index]!;
  }

  /** @returns The texts of the table. */
  *table(): Generator<string, void, undefined> {
    yield* this.#extra;
    for (let index = 1; index < this.#used.length; index++) {
      if (this.#used[index] === 1) yield this.#texts[index]!;
    }
  }
}
