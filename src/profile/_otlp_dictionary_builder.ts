import { OTLP_KEY } from "./otlp_key_table.ts";
import type {
  OtlpAnyValue,
  OtlpAttribute,
  OtlpDictionary,
  OtlpFunction,
  OtlpLine,
  OtlpLink,
  OtlpLocation,
  OtlpMapping,
  OtlpValueType,
} from "./otlp_types.ts";
import type { Profile, ValueType } from "./types.ts";

/**
 * Fills the tables of a message with what samples use, in the order in which
 * they use it: of a stack leaf first, of a frame first its mapping, then its
 * function, then the kind of frame.
 */
export class OtlpDictionaryBuilder {
  readonly #profile: Profile;
  readonly #strings: string[] = [""];
  readonly #stringIds = new Map<string, number>([["", 0]]);
  readonly #mappings: OtlpMapping[] = [ZERO_MAPPING];
  readonly #mappingIds = new Map<number, number>();
  readonly #functions: OtlpFunction[] = [ZERO_FUNCTION];
  readonly #functionIds = new Map<number, number>();
  readonly #locations: OtlpLocation[] = [ZERO_LOCATION];
  readonly #locationIds = new Map<string | number, number>();
  readonly #stacks: (readonly number[])[] = [[]];
  readonly #stackIds = new Map<number, number>();
  readonly #attributes: OtlpAttribute[] = [ZERO_ATTRIBUTE];
  readonly #attributeIds = new Map<string, number>();
  readonly #links: OtlpLink[] = [ZERO_LINK];
  readonly #linkIds = new Map<string, number>();

  /** @param profile Whose mappings, functions, frames and stacks are written. */
  constructor(profile: Profile) {
    this.#profile = profile;
  }

  /** @param text A text. @returns Its index. */
  string(text: string): number {
    let id = this.#stringIds.get(text);
    if (id === undefined) {
      id = this.#strings.push(text) - 1;
      this.#stringIds.set(text, id);
    }
    return id;
  }

  /** @param type A value type. @returns Its indexes. */
  valueType({ type, unit }: ValueType): OtlpValueType {
    return {
      typeStrindex: this.string(type),
      unitStrindex: this.string(unit),
    };
  }

  /**
   * @param key Key of an attribute.
   * @param value Its value.
   * @param unit Unit of a number.
   * @returns Index of the attribute.
   */
  attribute(key: string, value: OtlpAnyValue, unit = ""): number {
    const identity = JSON.stringify([
      key,
      value.type,
      "value" in value ? String(value.value) : "",
      unit,
    ]);
    let id = this.#attributeIds.get(identity);
    if (id === undefined) {
      id = this.#attributes.push({
        keyStrindex: this.string(key),
        value,
        unitStrindex: this.string(unit),
      }) - 1;
      this.#attributeIds.set(identity, id);
    }
    return id;
  }

  /**
   * @param traceId 32 hexadecimal digits.
   * @param spanId 16 hexadecimal digits.
   * @returns Index of the link.
   */
  link(traceId: string, spanId: string): number {
    const key = `${traceId}${spanId}`.toLowerCase();
    let id = this.#linkIds.get(key);
    if (id === undefined) {
      id = this.#links.push({
        traceId: Uint8Array.fromHex(traceId),
        spanId: Uint8Array.fromHex(spanId),
      }) - 1;
      this.#linkIds.set(key, id);
    }
    return id;
  }

  /** @param stack A stack of the profile, -1 for an empty one. @returns Its index. */
  stack(stack: number): number {
    if (stack < 0) return 0;
    let id = this.#stackIds.get(stack);
    if (id === undefined) {
      id = this.#stacks.push(this.#locationsOf(stack)) - 1;
      this.#stackIds.set(stack, id);
    }
    return id;
  }

  /** @returns The tables. */
  build(): OtlpDictionary {
    return {
      mappingTable: this.#mappings,
      locationTable: this.#locations,
      functionTable: this.#functions,
      linkTable: this.#links,
      stringTable: this.#strings,
      attributeTable: this.#attributes,
      stackTable: this.#stacks,
    };
  }

  /** A frame with all that was inlined into it is one location. */
  #locationsOf(stack: number): number[] {
    const { stacks, frames } = this.#profile;
    const locations: number[] = [];
    let run: number[] = [];
    for (let at = stack; at >= 0; at = stacks.prefix[at]!) {
      const frame = stacks.frame[at]!;
      run.push(frame);
      if (frames.inlined[frame] === 1 && stacks.prefix[at]! >= 0) continue;
      locations.push(this.#location(run));
      run = [];
    }
    return locations;
  }

  /** @param run Frames of one address, the innermost first. */
  #location(run: readonly number[]): number {
    const key = run.length === 1 ? run[0]! : run.join();
    let id = this.#locationIds.get(key);
    if (id !== undefined) return id;
    const { frames, strings } = this.#profile;
    const outer = run.at(-1)!;
    const mappingIndex = this.#mapping(frames.mapping[outer]!);
    const lines: OtlpLine[] = [];
    for (const frame of run) {
      const fn = frames.function[frame]!;
      if (fn < 0) continue;
      lines.push({
        functionIndex: this.#function(fn),
        line: BigInt(frames.line[frame]!),
        column: BigInt(frames.column[frame]!),
      });
    }
    const kind = strings[frames.kind[outer]!] ?? "";
    id = this.#locations.push({
      mappingIndex,
      address: frames.address[outer]!,
      lines,
      attributeIndices: kind === ""
        ? []
        : [this.#textAttribute(OTLP_KEY.frameType, kind)],
    }) - 1;
    this.#locationIds.set(key, id);
    return id;
  }

  #mapping(index: number): number {
    if (index < 0) return 0;
    let id = this.#mappingIds.get(index);
    if (id !== undefined) return id;
    const mapping = this.#profile.mappings[index]!;
    const filenameStrindex = this.string(mapping.fileName);
    const attributeIndices: number[] = [];
    for (
      const [key, value] of [
        [OTLP_KEY.buildIdGnu, mapping.buildId],
        [OTLP_KEY.buildIdGo, mapping.goBuildId],
        [OTLP_KEY.buildIdHash, mapping.fileId],
      ] as const
    ) {
      if (value) attributeIndices.push(this.#textAttribute(key, value));
    }
    id = this.#mappings.push({
      memoryStart: mapping.start,
      memoryLimit: mapping.end,
      fileOffset: mapping.fileOffset,
      filenameStrindex,
      attributeIndices,
    }) - 1;
    this.#mappingIds.set(index, id);
    return id;
  }

  #function(index: number): number {
    let id = this.#functionIds.get(index);
    if (id !== undefined) return id;
    const { functions, strings } = this.#profile;
    const text = (column: Int32Array) =>
      this.string(strings[column[index]!] ?? "");
    id = this.#functions.push({
      nameStrindex: text(functions.name),
      systemNameStrindex: text(functions.systemName),
      filenameStrindex: text(functions.fileName),
      startLine: BigInt(functions.startLine[index]!),
    }) - 1;
    this.#functionIds.set(index, id);
    return id;
  }

  #textAttribute(key: string, value: string): number {
    return this.attribute(key, { type: "string", value });
  }
}

const ZERO_MAPPING: OtlpMapping = {
  memoryStart: 0n,
  memoryLimit: 0n,
  fileOffset: 0n,
  filenameStrindex: 0,
  attributeIndices: [],
};
const ZERO_LOCATION: OtlpLocation = {
  mappingIndex: 0,
  address: 0n,
  lines: [],
  attributeIndices: [],
};
const ZERO_FUNCTION: OtlpFunction = {
  nameStrindex: 0,
  systemNameStrindex: 0,
  filenameStrindex: 0,
  startLine: 0n,
};
const ZERO_ATTRIBUTE: OtlpAttribute = {
  keyStrindex: 0,
  value: undefined,
  unitStrindex: 0,
};
const ZERO_LINK: OtlpLink = {
  traceId: new Uint8Array(0),
  spanId: new Uint8Array(0),
};
