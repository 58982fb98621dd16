import type { KcapDialect } from "./dialect_table.ts";
import { eventTypeOf, type KcapEventType } from "./event_type_table.ts";
import {
  currentCategory,
  currentEventName,
  renamedParams,
} from "./legacy_name_table.ts";
import { type KcapParamType, WIRE, type WireKind } from "./param_type_table.ts";
import type { RecordCursor } from "./_record_cursor.ts";
import { equalBytes } from "./_text_cache.ts";

/** What is the same in all events of one type: type, names, description, host. */
export interface EventShape {
  readonly eventType: KcapEventType;
  readonly storedName: string;
  readonly storedCategory: string;
  readonly description: string;
  readonly host: string;
  /** Today's name, or the stored one when names are kept. */
  readonly name: string;
  /** Today's category, or the stored one when names are kept. */
  readonly category: string;
  /** The four texts with their lengths, as they lie in the file. */
  readonly block: DataView;
  /** Parameters that such events were seen with. */
  readonly params: ParamShape[];
  /** The same by hash of head and tail, in the next free place where it is taken. */
  readonly slots: (ParamShape | undefined)[];
  /** Whether a renamed parameter can meet one that has the new name already. */
  mayClash: boolean;
}

/** What is the same in all occurrences of a parameter. */
export interface ParamShape {
  readonly name: string;
  readonly storedName: string;
  readonly type: KcapParamType;
  readonly typeId: number;
  readonly wire: WireKind;
  /** Type id and name with its length, as they lie in the file. */
  readonly block: DataView;
  /** The first four bytes of the block: type id and length. */
  readonly head: number;
  /** The last four bytes of the block. */
  readonly tail: number;
}

interface TypeEntry {
  readonly word0: number;
  readonly word1: number;
  readonly word2: number;
  readonly word3: number;
  readonly eventType: KcapEventType;
  readonly shapes: EventShape[];
}

// Damaged input can hold any number of types, texts and names: what is beyond
// these is decoded each time.
const MAX_TYPES = 1024;
const MAX_SHAPES_PER_TYPE = 8;
const MAX_PARAMS_PER_SHAPE = 64;
/** A power of two, and so many that half are free. */
const PARAM_SLOTS = 2 * MAX_PARAMS_PER_SHAPE;

const RECENT_TYPES = 128;

const NO_RENAMES: ReadonlyMap<string, string> = new Map();

/**
 * Remembers the parts of events that repeat: an event type comes with the same
 * four texts and the same handful of parameter names each time, so comparing a
 * run of bytes replaces decoding, interning and renaming them one by one.
 */
export class EventShapes {
  /** Layout of the events. */
  readonly dialect: KcapDialect;
  readonly #normalize: boolean;
  readonly #types = new Map<number, TypeEntry[]>();
  #typeCount = 0;
  /** The last type of each of a few groups, to save looking it up. */
  readonly #recent: (TypeEntry | undefined)[] = new Array(RECENT_TYPES).fill(
    undefined,
  );

  /**
   * @param dialect Layout of the events.
   * @param normalize Whether names of earlier releases become today's.
   */
  constructor(dialect: KcapDialect, normalize: boolean) {
    this.dialect = dialect;
    this.#normalize = normalize;
  }

  /**
   * Reads type, processor, name, category, description and host.
   *
   * @param cursor At the event type, of which the whole is in the record;
   * afterwards at the timestamp.
   * @returns What was read but the processor, the byte behind the type.
   * @throws {FormatError} When the record ends in it.
   */
  readShape(cursor: RecordCursor): EventShape {
    const { typeBytes } = this.dialect;
    const entry = this.#type(cursor);
    const at = cursor.position + typeBytes + 1;
    const { shapes } = entry;
    for (let index = 0; index < shapes.length; index++) {
      const shape = shapes[index]!;
      const length = shape.block.byteLength;
      if (
        at + length <= cursor.end &&
        equalBytes(cursor.view, at, shape.block, 0, length)
      ) {
        cursor.position = at + length;
        return shape;
      }
    }
    cursor.position = at;
    const shape = this.#decodeShape(cursor, entry.eventType);
    if (shapes.length < MAX_SHAPES_PER_TYPE) shapes.push(shape);
    return shape;
  }

  /**
   * Reads type and name of a parameter.
   *
   * @param cursor At the type id; afterwards at the value.
   * @param shape Of the event.
   * @returns The parameter's shape.
   * @throws {FormatError} When the record ends in it.
   */
  readParam(cursor: RecordCursor, shape: EventShape): ParamShape {
    const { view, end, position } = cursor;
    const nameAt = position + 4;
    if (nameAt > end) return this.#decodeParam(cursor, shape);
    const nameBytes = view.getUint16(position + 2, cursor.littleEndian);
    const behind = nameAt + nameBytes;
    if (behind > end) return this.#decodeParam(cursor, shape);
    const head = view.getInt32(position, true);
    const tail = view.getInt32(behind - 4, true);
    const { slots } = shape;
    let slot = slotOf(head, tail);
    for (let param = slots[slot]; param !== undefined; param = slots[slot]) {
      if (
        param.head === head && param.tail === tail &&
        (nameBytes <= 4 ||
          equalBytes(view, nameAt, param.block, 4, nameBytes))
      ) {
        cursor.position = behind;
        return param;
      }
      slot = nextSlot(slot);
    }
    return this.#decodeParam(cursor, shape);
  }

  #type(cursor: RecordCursor): TypeEntry {
    const { view, position: at } = cursor;
    const hookId = this.dialect.typeBytes === 18
      ? view.getUint16(at + 16)
      : view.getUint8(at + 16);
    const word0 = view.getInt32(at);
    const word1 = view.getInt32(at + 4);
    const word2 = view.getInt32(at + 8);
    const word3 = view.getInt32(at + 12);
    const slot = (word0 ^ hookId) & (RECENT_TYPES - 1);
    const recent = this.#recent[slot];
    if (
      recent !== undefined && recent.eventType.hookId === hookId &&
      recent.word0 === word0 && recent.word1 === word1 &&
      recent.word2 === word2 && recent.word3 === word3
    ) return recent;
    const key = word0 ^ (hookId << 8);
    let bucket = this.#types.get(key);
    for (const entry of bucket ?? []) {
      if (
        entry.eventType.hookId === hookId && entry.word0 === word0 &&
        entry.word1 === word1 && entry.word2 === word2 &&
        entry.word3 === word3
      ) {
        this.#recent[slot] = entry;
        return entry;
      }
    }
    const hex = cursor.bytes.subarray(at, at + 16).toHex();
    const guid = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${
      hex.slice(16, 20)
    }-${hex.slice(20)}`;
    const eventType = eventTypeOf(guid, hookId);
    const entry = { word0, word1, word2, word3, eventType, shapes: [] };
    if (this.#typeCount < MAX_TYPES) {
      this.#typeCount++;
      if (bucket === undefined) this.#types.set(key, bucket = []);
      bucket.push(entry);
    }
    return entry;
  }

  #decodeShape(cursor: RecordCursor, eventType: KcapEventType): EventShape {
    const at = cursor.position;
    const storedName = cursor.text();
    const storedCategory = cursor.text();
    const description = cursor.text();
    const host = cursor.text();
    const { known } = eventType;
    const name = this.#normalize
      ? currentEventName(storedName, known?.name)
      : storedName;
    const category = this.#normalize
      ? currentCategory(storedCategory, known?.category)
      : storedCategory;
    return {
      eventType,
      storedName,
      storedCategory,
      description,
      host,
      name: internalize(name),
      category: internalize(category),
      block: copyBlock(cursor, at),
      params: [],
      slots: new Array(PARAM_SLOTS).fill(undefined),
      mayClash: false,
    };
  }

  #decodeParam(cursor: RecordCursor, shape: EventShape): ParamShape {
    const at = cursor.position;
    const { types, wires } = this.dialect.params;
    const typeId = cursor.u16();
    const storedName = cursor.text();
    const wire = wires[typeId] ?? WIRE.none;
    const block = copyBlock(cursor, at);
    const renamed = this.#normalize
      ? renamedParams(shape.name, shape.category)
      : NO_RENAMES;
    const param: ParamShape = {
      name: internalize(renamed.get(storedName) ?? storedName),
      storedName,
      // A type without an encoding is refused by the caller.
      type: types[typeId] ?? "Null",
      typeId,
      wire: wire as WireKind,
      block,
      head: block.getInt32(0, true),
      tail: block.getInt32(block.byteLength - 4, true),
    };
    if (wire !== WIRE.none && shape.params.length < MAX_PARAMS_PER_SHAPE) {
      shape.mayClash ||= shape.params.some((other) =>
        other.name === param.name
      );
      shape.params.push(param);
      addSlot(shape, param);
    } else {
      shape.mayClash = true;
    }
    return param;
  }
}

function slotOf(head: number, tail: number): number {
  const hash = Math.imul(head ^ Math.imul(tail, 0x85ebca6b), 0x9e3779b1);
  return (hash >>> 16) & (PARAM_SLOTS - 1);
}

function nextSlot(slot: number): number {
  return (slot + 1) & (PARAM_SLOTS - 1);
}

function addSlot({ slots }: EventShape, param: ParamShape): void {
  let slot = slotOf(param.head, param.tail);
  while (slots[slot] !== undefined) slot = nextSlot(slot);
  slots[slot] = param;
}

/**
 * Gives the runtime's one copy of a text, which it has for names of properties:
 * comparing it with the literals of the program then takes one step.
 */
function internalize(text: string): string {
  return Object.keys({ [text]: 0 })[0]!;
}

function copyBlock(cursor: RecordCursor, from: number): DataView {
  return new DataView(cursor.bytes.slice(from, cursor.position).buffer);
}
