import type { KcapDialect, KcapDialectName } from "./dialect_table.ts";
import { WIRE } from "./param_type_table.ts";
import { decodeProcessState } from "./process_state_decoder.ts";
import { SECTION } from "./section_header.ts";
import type {
  KcapEvent,
  KcapParam,
  KcapProcess,
  KcapSlice,
  KcapValue,
} from "./types.ts";
import { CaptureClock, ZERO_TIME, ZERO_TIME_NS } from "./capture_time.ts";
import { type EventShape, EventShapes } from "./_event_shapes.ts";
import type { RecordCursor } from "./_record_cursor.ts";

/** An event whose process is found by the reader. */
export interface DecodedEvent extends KcapEvent {
  dialect: KcapDialectName;
  process: KcapProcess | undefined;
}

/** How an {@linkcode EventDecoder} decodes. */
export interface EventDecoderOptions {
  /** Whether names of earlier releases become today's. */
  readonly normalize: boolean;
}

interface DecodedParam extends KcapParam {
  name: string;
}

/** Bytes of a body in which everything is empty, beyond the event type. */
const FIXED_BYTES = 41;
/** Growing an array costs more than a few parameters, but a count is only a claim. */
const MAX_PREALLOCATED = 64;
/** Element kinds of slices on disk, the letters `s` and `8`. */
const SLICE_STRINGS = 0x73;
const SLICE_ADDRESSES = 0x38;

/**
 * Decodes event bodies:
 *
 * ```text
 * u64 sequence, u32 pid, u32 tid
 * event type: 16 bytes of provider in display order, then the hook id,
 *             big-endian: u16, or one byte in dialects A and B
 * u8 cpu, text name, category, description, host, timestamp
 * u16 count of parameters: u16 type id, text name, value
 * u16 count of metadata:   text key, text value
 * section header (process), process state
 * ```
 */
export class EventDecoder {
  readonly #normalize: boolean;
  readonly #clock = new CaptureClock();
  readonly #shapes = new Map<KcapDialect, EventShapes>();
  #last: EventShapes | undefined;
  #badTimestamps = 0;

  /** @param options What to do with legacy names. */
  constructor(options: EventDecoderOptions) {
    this.#normalize = options.normalize;
  }

  /** Events so far whose timestamp is no RFC 3339 text. */
  get badTimestamps(): number {
    return this.#badTimestamps;
  }

  /**
   * Decodes one body. Every field is checked, so a body of another dialect
   * fails.
   *
   * @param cursor At the body; its end is the body's.
   * @param dialect Layout of the body.
   * @param offset Where the section header is in the stream.
   * @returns The event.
   * @throws {FormatError} When the body is not exactly one event.
   */
  decode(
    cursor: RecordCursor,
    dialect: KcapDialect,
    offset: number,
  ): DecodedEvent {
    const sizeBytes = cursor.remaining;
    const smallest = FIXED_BYTES + dialect.typeBytes;
    if (sizeBytes < smallest) {
      throw cursor.fault(
        `expected at least ${smallest} bytes but got ${sizeBytes} bytes`,
      );
    }
    const seq = cursor.u64();
    const pid = cursor.u32();
    const tid = cursor.u32();
    const cpu = cursor.bytes[cursor.position + dialect.typeBytes]!;
    const shapes = this.#shapesOf(dialect);
    const shape = shapes.readShape(cursor);
    const timestampBytes = cursor.u16();
    const timestampAt = cursor.take("timestamp", timestampBytes);
    let timeNs = this.#clock.read(
      cursor.bytes,
      cursor.view,
      timestampAt,
      cursor.position,
    );
    const storedTimestamp = this.#clock.text;
    let timestamp = storedTimestamp;
    if (timeNs === undefined) {
      this.#badTimestamps++;
      timestamp = ZERO_TIME;
      timeNs = ZERO_TIME_NS;
    }
    const params = decodeParams(cursor, shapes, shape);
    const meta = cursor.pairs();

    const sectionType = cursor.u8();
    const processVersion = cursor.u8();
    cursor.u32(); // a count, always 0 in this section
    const processBytes = cursor.u32();
    if (sectionType !== SECTION.process) {
      throw cursor.fault(
        `section in the event has type ${sectionType}, expected ${SECTION.process} (process)`,
      );
    }
    if (processBytes !== cursor.remaining) {
      throw cursor.fault(
        `process state of ${processBytes} bytes does not fill the record, of which ${cursor.remaining} bytes are left`,
      );
    }
    return {
      type: "event",
      offset,
      sizeBytes,
      dialect: dialect.name,
      seq,
      pid,
      tid,
      cpu,
      eventType: shape.eventType,
      name: shape.name,
      category: shape.category,
      storedName: shape.storedName,
      storedCategory: shape.storedCategory,
      description: shape.description,
      host: shape.host,
      timestamp,
      storedTimestamp,
      timeNs,
      params,
      meta,
      embedded: processBytes === 0
        ? undefined
        : decodeProcessState(cursor, processVersion),
      processVersion,
      process: undefined,
    };
  }

  #shapesOf(dialect: KcapDialect): EventShapes {
    // Nearly all captures have one dialect.
    if (this.#last?.dialect === dialect) return this.#last;
    let shapes = this.#shapes.get(dialect);
    if (shapes === undefined) {
      shapes = new EventShapes(dialect, this.#normalize);
      this.#shapes.set(dialect, shapes);
    }
    this.#last = shapes;
    return shapes;
  }
}

function decodeParams(
  cursor: RecordCursor,
  shapes: EventShapes,
  shape: EventShape,
): readonly KcapParam[] {
  const count = cursor.u16();
  const params: DecodedParam[] = count <= MAX_PREALLOCATED
    ? new Array(count)
    : [];
  for (let index = 0; index < count; index++) {
    const param = shapes.readParam(cursor, shape);
    const value = decodeValue(cursor, param.wire);
    if (value === undefined) {
      throw cursor.fault(
        `parameter ${index + 1} has unsupported type ${param.typeId}`,
      );
    }
    params[index] = {
      name: param.name,
      storedName: param.storedName,
      type: param.type,
      value,
    };
  }
  if (shape.mayClash) keepDistinct(params);
  return params;
}

/** A parameter that has today's name already keeps it for itself. */
function keepDistinct(params: readonly DecodedParam[]): void {
  for (const param of params) {
    if (param.name === param.storedName) continue;
    for (const other of params) {
      if (other.storedName === param.name) {
        param.name = param.storedName;
        break;
      }
    }
  }
}

/** Value of a parameter, `undefined` for a type that cannot be read. */
function decodeValue(
  cursor: RecordCursor,
  wire: number,
): KcapValue | undefined {
  switch (wire) {
    case WIRE.text:
      return cursor.text();
    case WIRE.u64:
      return cursor.u64();
    case WIRE.u32:
      return cursor.u32();
    case WIRE.u8:
      return cursor.u8();
    case WIRE.u16:
      return cursor.u16();
    case WIRE.i8:
      return (cursor.u8() << 24) >> 24;
    case WIRE.i16:
      return (cursor.u16() << 16) >> 16;
    case WIRE.i32:
      return cursor.i32();
    case WIRE.i64:
      return BigInt.asIntN(64, cursor.u64());
    case WIRE.f32:
      return cursor.f32();
    case WIRE.f64:
      return cursor.f64();
    case WIRE.bool:
      return cursor.u8() === 1;
    case WIRE.blob: {
      const length = cursor.u32();
      return cursor.copy(length);
    }
    case WIRE.ipv4:
      return cursor.copy(4);
    case WIRE.ipv6:
      return cursor.copy(16);
    case WIRE.slice:
      return decodeSlice(cursor);
    default:
      return undefined;
  }
}

function decodeSlice(cursor: RecordCursor): KcapSlice {
  const kind = cursor.u8();
  if (kind === SLICE_STRINGS) return { kind: "strings", items: cursor.texts() };
  if (kind === SLICE_ADDRESSES) {
    const count = cursor.u16();
    const items: bigint[] = [];
    for (let index = 0; index < count; index++) items.push(cursor.u64());
    return { kind: "addresses", items };
  }
  throw cursor.fault(`kind of slice elements is ${kind}, expected 56 or 115`);
}
