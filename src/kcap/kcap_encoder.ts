import { ByteWriter } from "../codec/byte_writer.ts";
import { DIALECTS, type KcapDialectName } from "./dialect_table.ts";
import { EventEncoder } from "./event_encoder.ts";
import { PROVIDERS } from "./event_type_table.ts";
import { encodeHandle } from "./handle_encoder.ts";
import { SECTION } from "./section_header.ts";
import type { KcapEvent, KcapHandle } from "./types.ts";
import { RecordWriter } from "./_record_writer.ts";

/** How a {@linkcode KcapEncoder} writes. */
export interface KcapEncoderOptions {
  /**
   * Layout. Older ones are for readers of that time; the event types and
   * parameters of newer captures do not fit dialect A.
   *
   * @default {"E"}
   */
  readonly dialect?: KcapDialectName | undefined;
  /** Byte order. @default {true} */
  readonly littleEndian?: boolean | undefined;
  /** Minor version. @default {0} */
  readonly minor?: number | undefined;
  /**
   * `sorted` writes parameters, metadata, variables and resources by name, so
   * that equal events give equal bytes; `kept` leaves the order of the input.
   *
   * @default {"sorted"}
   */
  readonly order?: "sorted" | "kept" | undefined;
  /** Largest event body in bytes. @default {4294967295} */
  readonly maxEventBytes?: number | undefined;
}

/** What was written. */
export interface KcapWriteStats {
  /** Events, state-only ones left out. */
  readonly events: number;
  /** Bytes of all event bodies. */
  readonly bytes: number;
  /** Events that show a process first. */
  readonly processes: number;
  /** Handles of the snapshot. */
  readonly handles: number;
  /** Texts and lists that were too long and clipped. */
  readonly clipped: number;
}

const MAGIC = 0x6669627261747573n;
const MAX_EVENT_BYTES = 0xffff_ffff;

/**
 * Encodes the decompressed stream of a capture: the header with the handle
 * snapshot first, then events. What is encoded gathers until it is taken.
 */
export class KcapEncoder {
  readonly #writer: RecordWriter;
  readonly #events: EventEncoder;
  #eventCount = 0;
  #byteCount = 0;
  #processCount = 0;
  #handleCount = 0;

  /**
   * Writes the file header and the handle snapshot.
   *
   * @param handles The snapshot.
   * @param options Layout and order.
   * @throws {RangeError} When `maxEventBytes` is not from 1 to 2^32 - 1.
   */
  constructor(
    handles: readonly KcapHandle[],
    options: KcapEncoderOptions = {},
  ) {
    const {
      littleEndian = true,
      minor = 0,
      order = "sorted",
      maxEventBytes = MAX_EVENT_BYTES,
    } = options;
    if (!(maxEventBytes >= 1 && maxEventBytes <= MAX_EVENT_BYTES)) {
      throw new RangeError(
        `Cannot write kcap: maxEventBytes is ${maxEventBytes}, expected 1 to ${MAX_EVENT_BYTES}`,
      );
    }
    const dialect = DIALECTS[options.dialect ?? "E"];
    const bytes = new ByteWriter({ littleEndian, initialCapacity: 256 * 1024 });
    this.#writer = new RecordWriter(bytes);
    this.#events = new EventEncoder({
      dialect,
      order,
      maxBodyBytes: maxEventBytes,
    });
    bytes.u64(MAGIC);
    bytes.u8(dialect.major);
    bytes.u8(minor);
    bytes.u64(0n);
    bytes.u8(SECTION.handle);
    bytes.u8(1);
    bytes.u32(handles.length);
    bytes.u32(0);
    for (const handle of handles) encodeHandle(this.#writer, handle);
    this.#handleCount = handles.length;
  }

  /** Bytes that were encoded and not taken. */
  get pendingBytes(): number {
    return this.#writer.bytes.length;
  }

  /** What was written so far. */
  get stats(): KcapWriteStats {
    return {
      events: this.#eventCount,
      bytes: this.#byteCount,
      processes: this.#processCount,
      handles: this.#handleCount,
      clipped: this.#writer.clipped,
    };
  }

  /**
   * Encodes an event.
   *
   * @param event The event; its stored names are written.
   * @throws {RangeError} When it is too large, or a value does not fit its
   * type; nothing is written of it then.
   * @throws {TypeError} When a value is not what its type asks for.
   */
  add(event: KcapEvent): void {
    this.#byteCount += this.#events.encode(this.#writer, event);
    const { guid, hookId, known } = event.eventType;
    if (known?.isState !== true) this.#eventCount++;
    if (guid === PROVIDERS.process && (hookId === 1 || hookId === 3)) {
      this.#processCount++;
    }
  }

  /** @returns What was encoded since the last call. */
  take(): Uint8Array {
    const bytes = this.#writer.bytes.toBytes();
    this.#writer.bytes.clear();
    return bytes;
  }
}
