/** What a trace tells of a module. */
export interface TracedModule {
  /** Module id of the runtime, or mapping id of a universal trace. */
  readonly id: bigint;
  /** Path of the IL image, or of the mapped file; empty for dynamic modules. */
  readonly path: string;
  /** Path of the precompiled image, empty where it is the same or unknown. */
  readonly nativePath: string;
  /** Assembly id of the runtime, 0n where unknown. */
  readonly assemblyId: bigint;
  /** 1 domain neutral, 2 native, 4 dynamic, 8 manifest, 0x10 IBC optimised, 0x20 ReadyToRun, 0x40 partial ReadyToRun. */
  readonly flags: number;
  /** GUID of the managed symbol file, empty where unknown. */
  readonly pdbGuid: string;
  /** Age of the managed symbol file. */
  readonly pdbAge: number;
  /** Path of the managed symbol file at build time, empty where unknown. */
  readonly pdbPath: string;
  /** Build id in hexadecimal where the trace gives one itself (ELF). */
  readonly buildId: string;
  /** Range and file offset of a mapped file; 0n where the trace has none. */
  readonly start: bigint;
  readonly end: bigint;
  readonly fileOffset: bigint;
}

/** Facts about a module; what is left out is unknown. */
export type ModuleFacts = Partial<Omit<TracedModule, "id">>;

const UNKNOWN: Omit<TracedModule, "id"> = {
  path: "",
  nativePath: "",
  assemblyId: 0n,
  flags: 0,
  pdbGuid: "",
  pdbAge: 0,
  pdbPath: "",
  buildId: "",
  start: 0n,
  end: 0n,
  fileOffset: 0n,
};

/**
 * Modules by index. Methods usually refer to a module before the trace names
 * it, so an index is given at the first mention and the facts come later.
 */
export class ModuleTable {
  readonly #indexes = new Map<bigint, Map<number, number>>();
  readonly #modules: (TracedModule | undefined)[] = [];
  readonly #ids: bigint[] = [];
  #lastLow = -1;
  #lastHigh = -1;
  #lastSpace = -1;
  #lastIndex = -1;

  /** Modules that were mentioned. */
  get length(): number {
    return this.#modules.length;
  }

  /**
   * @param space Which process, for traces of several.
   * @param low Lower half of the module id.
   * @param high Upper half of the module id.
   * @returns Index of the module.
   */
  indexOf(space: number, low: number, high: number): number {
    if (
      low === this.#lastLow && high === this.#lastHigh &&
      space === this.#lastSpace
    ) {
      return this.#lastIndex;
    }
    const id = (BigInt(high) << 32n) | BigInt(low);
    let bySpace = this.#indexes.get(id);
    if (bySpace === undefined) this.#indexes.set(id, bySpace = new Map());
    let index = bySpace.get(space);
    if (index === undefined) {
      index = this.#modules.length;
      this.#modules.push(undefined);
      this.#ids.push(id);
      bySpace.set(space, index);
    }
    this.#lastLow = low;
    this.#lastHigh = high;
    this.#lastSpace = space;
    this.#lastIndex = index;
    return index;
  }

  /**
   * Adds what an event tells. Texts that are known already are not replaced by
   * empty ones: events of different kinds describe the same module.
   *
   * @param index Index of the module.
   * @param facts What the event tells.
   */
  describe(index: number, facts: ModuleFacts): void {
    const old = this.#modules[index] ?? { id: this.#ids[index]!, ...UNKNOWN };
    const merged: Record<string, unknown> = { ...old };
    for (const [key, value] of Object.entries(facts)) {
      if (value !== undefined && value !== "" && value !== 0 && value !== 0n) {
        merged[key] = value;
      }
    }
    this.#modules[index] = merged as unknown as TracedModule;
  }

  /** @param index Index of a module. @returns What is known of it; `undefined` when no event described it. */
  get(index: number): TracedModule | undefined {
    return this.#modules[index];
  }

  /** @returns The modules that an event described, in the order of their first mention. */
  described(): TracedModule[] {
    return this.#modules.filter((module) => module !== undefined);
  }
}
