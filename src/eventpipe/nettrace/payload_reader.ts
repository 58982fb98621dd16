import {
  compileMember,
  cut,
  MISSING,
  type PayloadCursor,
  setMember,
  uniqueNames,
} from "./_payload_steps.ts";
import { payloadSchemaOf } from "./payload_schema.ts";
import type {
  NettracePayload,
  PayloadSchema,
  PayloadSource,
  ValueMap,
} from "./payload_types.ts";
import type { NettraceEvent, NettraceMetadata } from "./types.ts";

/** How {@linkcode PayloadReader.read} presents values. */
export interface ReadPayloadOptions {
  /**
   * Whether numbers whose values have names become those names: `Induced`
   * rather than 1, `Dynamic, Jitted` rather than 9. Members of objects stay
   * numbers.
   *
   * @default {false}
   */
  readonly useValueNames?: boolean | undefined;
}

/** Decodes payloads of one kind of event; its schema is compiled once. */
export class PayloadReader {
  /** What the payloads look like. */
  readonly schema: PayloadSchema;
  readonly #names: readonly string[];
  readonly #steps: readonly ReturnType<typeof compileMember>[];
  readonly #maps: readonly (ValueMap | undefined)[];
  readonly #hasMaps: boolean;

  /**
   * @param schema What the payloads look like.
   * @param pointerSize Bytes of an address in the traced process.
   */
  constructor(schema: PayloadSchema, pointerSize: 4 | 8) {
    const { fields } = schema;
    this.schema = schema;
    this.#names = uniqueNames(fields);
    this.#steps = fields.map((field, index) =>
      compileMember(field, this.#names, index, fields, pointerSize)
    );
    this.#maps = fields.map(({ map }) => map);
    this.#hasMaps = this.#maps.some((map) => map !== undefined);
  }

  /**
   * Decodes all fields.
   *
   * @param source An event, or where its payload lies.
   * @param options How to present values.
   * @returns The values and what is wrong with them, in an object of their own; never throws.
   */
  read(
    source: PayloadSource,
    options: ReadPayloadOptions = {},
  ): NettracePayload {
    const useValueNames = options.useValueNames === true && this.#hasMaps;
    const cursor = cursorOf(source);
    const numbers: Record<string, unknown> = {};
    const fields: Record<string, unknown> = useValueNames ? {} : numbers;
    for (let index = 0; index < this.#steps.length; index++) {
      const name = this.#names[index]!;
      cursor.field = name;
      const value = this.#steps[index]!(cursor, numbers);
      if (value === MISSING) {
        cut(cursor, name);
        break;
      }
      if (value !== undefined) {
        setMember(numbers, name, value);
        if (useValueNames) {
          const map = this.#maps[index];
          setMember(
            fields,
            name,
            map === undefined ? value : valueName(map, Number(value)),
          );
        }
      }
      if (cursor.isCut) break;
    }
    return {
      fields,
      faults: cursor.faults,
      extraBytes: cursor.isCut
        ? 0
        : cursor.end - Math.max(cursor.at, cursor.reach),
    };
  }

  /**
   * Decodes one field and, as far as needed to find it, those before it.
   *
   * @param source An event, or where its payload lies.
   * @param name Name of the field.
   * @returns The value, `undefined` when there is no such field or the payload
   * ends before it.
   */
  readField(source: PayloadSource, name: string): unknown {
    const last = this.#names.indexOf(name);
    const cursor = cursorOf(source);
    const before: Record<string, unknown> = {};
    for (let index = 0; index <= last; index++) {
      const value = this.#steps[index]!(cursor, before);
      if (value === MISSING) return undefined;
      if (index === last) return value;
      if (cursor.isCut) return undefined;
      setMember(before, this.#names[index]!, value);
    }
    return undefined;
  }
}

/**
 * Keeps one {@linkcode PayloadReader} for each kind of event of a stream.
 *
 * @example Texts of exceptions
 * ```ts ignore
 * const readers = new PayloadReaders(header.pointerSize);
 * const { fields } = readers.of(event).read(event);
 * console.log(fields.ExceptionType, fields.ExceptionMessage);
 * ```
 */
export class PayloadReaders {
  readonly #pointerSize: 4 | 8;
  readonly #readers: (PayloadReader | undefined)[] = [];
  /** Readers of events whose labels override the version. */
  readonly #overridden = new Map<string, PayloadReader>();

  /** @param pointerSize Bytes of an address in the traced process. */
  constructor(pointerSize: 4 | 8) {
    this.#pointerSize = pointerSize;
  }

  /**
   * @param event An event.
   * @returns The reader for its payload.
   */
  of(event: Pick<NettraceEvent, "metadata" | "version">): PayloadReader {
    const { metadata, version } = event;
    if (version === metadata.version) return this.ofMetadata(metadata);
    const key = `${metadata.index} ${version}`;
    let reader = this.#overridden.get(key);
    if (reader === undefined) {
      reader = new PayloadReader(
        payloadSchemaOf(metadata, version),
        this.#pointerSize,
      );
      this.#overridden.set(key, reader);
    }
    return reader;
  }

  /**
   * @param metadata A kind of event.
   * @returns The reader for its payloads.
   */
  ofMetadata(metadata: NettraceMetadata): PayloadReader {
    return this.#readers[metadata.index] ??= new PayloadReader(
      payloadSchemaOf(metadata),
      this.#pointerSize,
    );
  }
}

/**
 * Gives a payload that was copied out of its stream the form that readers take.
 *
 * @param payload All bytes of the payload.
 * @returns Where it lies.
 */
export function payloadSourceOf(payload: Uint8Array): PayloadSource {
  return {
    bytes: payload,
    view: new DataView(
      payload.buffer,
      payload.byteOffset,
      payload.byteLength,
    ),
    payloadStart: 0,
    payloadLength: payload.length,
  };
}

/**
 * Gives the name of a value.
 *
 * @param map Names of values.
 * @param value A value.
 * @returns Its name; of a bit set the names of its bits, with the unknown ones in
 * hexadecimal, or `None`; an unknown value in decimal.
 */
export function valueName(map: ValueMap, value: number): string {
  if (!map.isFlags) return map.values.get(value) ?? String(value);
  if (value === 0) return map.values.get(0) ?? "None";
  const names: string[] = [];
  let rest = value >>> 0;
  for (const [bits, name] of map.values) {
    if (bits === 0 || (rest & bits) >>> 0 !== bits) continue;
    names.push(name);
    rest = (rest & ~bits) >>> 0;
  }
  for (const { mask, values } of map.parts ?? []) {
    const name = values.get((rest & mask) >>> 0);
    if (name === undefined) continue;
    names.push(name);
    rest = (rest & ~mask) >>> 0;
  }
  if (rest !== 0) names.push(`0x${rest.toString(16)}`);
  return names.join(", ");
}

function cursorOf(source: PayloadSource): PayloadCursor {
  const { bytes, view, payloadStart, payloadLength } = source;
  return {
    bytes,
    view,
    start: payloadStart,
    at: payloadStart,
    end: payloadStart + payloadLength,
    reach: payloadStart,
    field: "",
    faults: [],
    isCut: false,
  };
}
