import { CLR_EVENT_TABLE } from "./clr_event_table.ts";
import type { PayloadField, PayloadType, ValueMap } from "./payload_types.ts";

/** What is known of one version of an event of the runtime. */
export interface ClrEvent {
  /** Event id. */
  readonly id: number;
  /** Event version. */
  readonly version: number;
  /** Name, for example `GCStart`. */
  readonly name: string;
  /** Task and opcode, for example `GC/Start`. */
  readonly displayName: string;
  /** Opcode, where it has one. */
  readonly opcode: number | undefined;
  /** Payload fields in order. */
  readonly fields: readonly PayloadField[];
}

interface EventLine {
  readonly version: number;
  readonly name: string;
  readonly displayName: string;
  readonly opcode: number | undefined;
  readonly fieldsText: string;
  event: ClrEvent | undefined;
}

/** One provider of the table; fields are parsed when an event is asked for. */
class ClrProvider {
  readonly keywords = new Map<string, bigint>();
  readonly maps = new Map<string, ValueMap>();
  /** Versions of each event, ascending. */
  readonly lines = new Map<number, EventLine[]>();
}

const FIELD_TYPES: Readonly<Record<string, PayloadType>> = {
  u8: { kind: "uint8" },
  u16: { kind: "uint16" },
  u32: { kind: "uint32" },
  u64: { kind: "uint64" },
  i32: { kind: "int32" },
  i64: { kind: "int64" },
  f64: { kind: "float64" },
  bool32: { kind: "boolean32" },
  guid: { kind: "guid" },
  ptr: { kind: "pointer" },
  utf16z: { kind: "utf16z" },
  utf8z: { kind: "utf8z" },
};

let providers: Map<string, ClrProvider> | undefined;

/**
 * Looks up an event of one of the runtime's native providers.
 *
 * @param provider Name of the provider.
 * @param id Event id.
 * @param version Event version; above the highest known one that one is meant.
 * @returns What is known, or `undefined`.
 *
 * @example The fields of an event
 * ```ts
 * import { findClrEvent } from "@tracedeck/tracedeck/eventpipe";
 * import { assertEquals } from "@std/assert";
 *
 * const event = findClrEvent("Microsoft-Windows-DotNETRuntime", 2, 9);
 * assertEquals(event?.displayName, "GC/Stop");
 * assertEquals(event?.fields.map((field) => field.name), [
 *   "Count",
 *   "Depth",
 *   "ClrInstanceID",
 * ]);
 * ```
 */
export function findClrEvent(
  provider: string,
  id: number,
  version: number,
): ClrEvent | undefined {
  const table = catalog().get(provider);
  const lines = table?.lines.get(id);
  if (table === undefined || lines === undefined) return undefined;
  let index = lines.length - 1;
  while (index > 0 && lines[index]!.version > version) index--;
  return eventAt(table, id, lines, index);
}

/**
 * Gives the keywords of one of the runtime's native providers.
 *
 * @param provider Name of the provider.
 * @returns Mask by word; empty for other providers.
 */
export function clrKeywords(provider: string): ReadonlyMap<string, bigint> {
  return catalog().get(provider)?.keywords ?? new Map();
}

function catalog(): Map<string, ClrProvider> {
  return providers ??= parseTable(CLR_EVENT_TABLE);
}

function parseTable(text: string): Map<string, ClrProvider> {
  const table = new Map<string, ClrProvider>();
  let provider = new ClrProvider();
  for (const line of text.split("\n")) {
    const parts = line.split(" ");
    switch (parts[0]) {
      case "P":
        provider = new ClrProvider();
        table.set(parts[1]!, provider);
        break;
      case "K":
        for (const [word, mask] of pairs(parts[1]!)) {
          provider.keywords.set(word, BigInt(mask));
        }
        break;
      case "M": {
        const map = parseMap(parts as [string, string, string, string]);
        provider.maps.set(map.name, map);
        break;
      }
      case "E":
        addEvent(provider, parts);
        break;
    }
  }
  return table;
}

function parseMap(
  [, name, form, text]: [string, string, string, string],
): ValueMap {
  const values = new Map<number, string>();
  const parts = new Map<number, Map<number, string>>();
  for (const [key, word] of pairs(text)) {
    const [mask, value] = key.split("/");
    if (value === undefined) {
      values.set(Number(key), word);
      continue;
    }
    const part = parts.get(Number(mask)) ?? new Map<number, string>();
    parts.set(Number(mask), part.set(Number(value), word));
  }
  return {
    name,
    isFlags: form === "flags",
    values,
    parts: [...parts].map(([mask, values]) => ({ mask, values })),
  };
}

function addEvent(provider: ClrProvider, parts: string[]): void {
  const [, id, version, name, display, opcode, fieldsText] = parts as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const lines = provider.lines.get(Number(id)) ?? [];
  lines.push({
    version: Number(version),
    name,
    displayName: display === "=" ? name : display,
    opcode: opcode === "-" ? undefined : Number(opcode),
    fieldsText,
    event: undefined,
  });
  provider.lines.set(Number(id), lines);
}

function pairs(text: string): [string, string][] {
  return text.split(",").map((pair) => pair.split("=") as [string, string]);
}

function eventAt(
  provider: ClrProvider,
  id: number,
  lines: EventLine[],
  index: number,
): ClrEvent {
  const line = lines[index]!;
  return line.event ??= {
    id,
    version: line.version,
    name: line.name,
    displayName: line.displayName,
    opcode: line.opcode,
    fields: line.fieldsText.startsWith("+")
      ? [
        ...eventAt(provider, id, lines, index - 1).fields,
        ...new FieldParser(line.fieldsText.slice(1), provider.maps).list(),
      ]
      : new FieldParser(line.fieldsText, provider.maps).list(),
  };
}

/** Parser of the table's field lists, by recursive descent. */
class FieldParser {
  readonly #text: string;
  readonly #maps: ReadonlyMap<string, ValueMap>;
  #at = 0;

  constructor(text: string, maps: ReadonlyMap<string, ValueMap>) {
    this.#text = text === "-" ? "" : text;
    this.#maps = maps;
  }

  list(): PayloadField[] {
    const fields: PayloadField[] = [];
    while (this.#at < this.#text.length && this.#text[this.#at] !== "}") {
      fields.push(this.#field());
      this.#skip(",");
    }
    return fields;
  }

  #field(): PayloadField {
    const name = this.#word();
    this.#skip(":");
    let type: PayloadType;
    if (this.#skip("{")) {
      type = { kind: "struct", fields: this.list() };
      this.#skip("}");
    } else type = FIELD_TYPES[this.#word()]!;
    const map = this.#skip("@") ? this.#maps.get(this.#word()) : undefined;
    if (this.#skip("*")) {
      const count = this.#word();
      type = /^\d+$/.test(count)
        ? { kind: "fixedArray", element: type, count: Number(count) }
        : { kind: "countedArray", element: type, countField: count };
    }
    return { name, type, map };
  }

  #word(): string {
    const start = this.#at;
    while (/\w/.test(this.#text[this.#at] ?? "")) this.#at++;
    return this.#text.slice(start, this.#at);
  }

  #skip(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }
}
