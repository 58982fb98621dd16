import { FormatError, TruncatedError } from "../base/errors.ts";
import { sniffZstd } from "../container/sniff_zstd.ts";
import { readZstd } from "../container/zstd.ts";
import type { KcapDialect } from "./dialect_table.ts";
import type { DecodedEvent } from "./event_decoder.ts";
import { KcapDecoder, type KcapDecoderOptions } from "./kcap_decoder.ts";
import { KcapState } from "./kcap_state.ts";
import { sniffKcap } from "./sniff_kcap.ts";
import type {
  KcapEvent,
  KcapFault,
  KcapFaultKind,
  KcapHandle,
  KcapHeader,
  KcapItem,
} from "./types.ts";

/** Decides whether an event is delivered. */
export type KcapEventTest = (event: KcapEvent) => boolean;

/** How a capture is read. */
export interface OpenKcapOptions extends KcapDecoderOptions {
  /** Only events that pass are delivered; see {@linkcode KcapReader.setFilter}. */
  readonly filter?: KcapEventTest | undefined;
  /** Whether events that only carry state are delivered too. @default {false} */
  readonly includeState?: boolean | undefined;
  /** Whether open handles are followed; see `KcapStateOptions`. @default {true} */
  readonly tracksHandles?: boolean | undefined;
  /** Gets the faults instead of {@linkcode KcapReader.read}. */
  readonly onFault?: ((fault: KcapFault) => void) | undefined;
  /** Ends the reading. */
  readonly signal?: AbortSignal | undefined;
}

/** What a {@linkcode KcapReader} has met so far. */
export interface KcapReaderCounters {
  /** Events that were delivered. */
  readonly events: number;
  /** Bytes of all event bodies that were read, state-only ones included. */
  readonly bytes: number;
  /** State-only events. */
  readonly stateEvents: number;
  /** Events that the filter kept back. */
  readonly droppedByFilter: number;
  /** Events and sections that could not be read. */
  readonly eventErrors: number;
  /** Handles of the snapshot that could not be read. */
  readonly handleErrors: number;
  /** Events whose effect on the state could not be determined. */
  readonly stateWarnings: number;
  /** Events whose timestamp could not be read. */
  readonly badTimestamps: number;
}

/** Faults of the handle snapshot that are kept one by one. */
const MAX_EARLY_FAULTS = 1000;
/** How far a stream that is no capture is read to tell whether it was closed. */
const MAX_DRAINED_BYTES = 16 * 1024 * 1024;

/**
 * Opens a capture and reads its header.
 *
 * @param source Bytes of the file; the zstd envelope is optional.
 * @param options Versions, names, filter, limits, signal.
 * @returns The reader; whoever does not read to the end closes it.
 * @throws {FormatError} When it is not a capture, or of a version that is refused.
 * @throws {LimitError} When the stream unpacks to more than the limits allow.
 *
 * @example Counting what happened
 * ```ts
 * import { openKcap, writeKcap } from "@tracedeck/tracedeck/kcap";
 * import { assertEquals } from "@std/assert";
 *
 * const file = writeKcap([]); // an empty capture
 * await using reader = await openKcap(file);
 * const names = [];
 * for await (const item of reader.read()) {
 *   if (item.type === "event") names.push(item.name);
 * }
 * assertEquals(reader.header.major, 2);
 * assertEquals(names, []);
 * ```
 */
export async function openKcap(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: OpenKcapOptions = {},
): Promise<KcapReader> {
  const reader = new KcapReader(source, options);
  try {
    await reader.readHeader();
  } catch (error) {
    await reader.close();
    throw error;
  }
  return reader;
}

/**
 * Reads a capture: events and faults in the order of the file, with the
 * process that each event belongs to. Made by {@linkcode openKcap}.
 *
 * Memory is bounded by the state of what is alive in the capture, not by its
 * length: the next event is decoded when it is asked for.
 */
export class KcapReader implements AsyncDisposable {
  readonly #options: OpenKcapOptions;
  readonly #decoder: KcapDecoder;
  readonly #state: KcapState;
  readonly #chunks: AsyncGenerator<Uint8Array, void, undefined>;
  #filter: KcapEventTest | undefined;
  #hasSnapshot = false;
  /** Faults to deliver before the next event; at first those of the snapshot. */
  readonly #waiting: KcapFault[] = [];
  /** An event that waits for the warning about it. */
  #held: DecodedEvent | undefined;
  /** Faults of the envelope, told after the last event. */
  #late: KcapFault[] = [];
  #isOver = false;
  #events = 0;
  #bytes = 0;
  #stateEvents = 0;
  #dropped = 0;
  #eventErrors = 0;
  #handleErrors = 0;
  #stateWarnings = 0;

  /**
   * @param source Bytes of the file.
   * @param options As of {@linkcode openKcap}.
   */
  constructor(
    source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    options: OpenKcapOptions = {},
  ) {
    this.#options = options;
    this.#decoder = new KcapDecoder(options);
    this.#state = new KcapState(options);
    this.#filter = options.filter;
    this.#chunks = unpack(source, options);
  }

  /** The file header. @throws {Error} Before it was read. */
  get header(): KcapHeader {
    const { header } = this.#decoder;
    if (header === undefined) {
      throw new Error("Cannot give the header of the capture: it is not read");
    }
    return header;
  }

  /** Layout of the last event, `undefined` before the first. */
  get dialect(): KcapDialect | undefined {
    return this.#decoder.dialect;
  }

  /** The handle snapshot, once {@linkcode KcapReader.recoverSnapshotters} or an event was awaited. */
  get handles(): readonly KcapHandle[] {
    return this.#decoder.handles;
  }

  /** What is running and open after the last event that was read. */
  get state(): KcapState {
    return this.#state;
  }

  /** Bytes of the decompressed stream that were decoded. */
  get offset(): number {
    return this.#decoder.offset;
  }

  /** What was met so far. */
  get counters(): KcapReaderCounters {
    return {
      events: this.#events,
      bytes: this.#bytes,
      stateEvents: this.#stateEvents,
      droppedByFilter: this.#dropped,
      eventErrors: this.#eventErrors,
      handleErrors: this.#handleErrors,
      stateWarnings: this.#stateWarnings,
      badTimestamps: this.#decoder.badTimestamps,
    };
  }

  /**
   * Chooses which events are delivered from now on. State-only events are not
   * filtered: they have their effect, and are delivered only with
   * `includeState`.
   *
   * @param filter The test, such as one made by `compileFilter`; `undefined`
   * delivers all.
   */
  setFilter(filter: KcapEventTest | undefined): void {
    this.#filter = filter;
  }

  /** Reads the file header; {@linkcode openKcap} has done so. */
  async readHeader(): Promise<void> {
    try {
      while (this.#decoder.header === undefined && !this.#isOver) {
        await this.#feed();
        this.#readSnapshot();
      }
    } catch (error) {
      throw await this.#explain(error);
    }
  }

  /**
   * Reads the handle snapshot. Reading events does it by itself.
   *
   * @returns The state, which goes on to follow the events.
   */
  async recoverSnapshotters(): Promise<KcapState> {
    if (this.#decoder.header === undefined) await this.readHeader();
    this.#readSnapshot();
    while (!this.#decoder.hasHandles && !this.#isOver) {
      await this.#feed();
      this.#readSnapshot();
    }
    if (!this.#hasSnapshot) {
      this.#hasSnapshot = true;
      this.#state.addHandles(this.#decoder.handles);
    }
    return this.#state;
  }

  /**
   * Reads on to the end. A fault ends neither the reading nor the iterator.
   *
   * @returns Events and, unless `onFault` gets them, faults.
   * @throws {LimitError} When the stream unpacks to more than the limits allow.
   */
  async *read(): AsyncGenerator<KcapItem, void, undefined> {
    await this.recoverSnapshotters();
    while (true) {
      const item = this.#nextItem();
      if (item !== undefined) yield item;
      else if (this.#isOver) return;
      else await this.#feed();
    }
  }

  /**
   * Reads on to the end as {@linkcode KcapReader.read} does, without waiting
   * for anything between two events of the same piece of the file: a third
   * faster where little is done with each.
   *
   * @param onItem Gets events and, unless `onFault` gets them, faults; `false`
   * ends the reading.
   * @throws {LimitError} When the stream unpacks to more than the limits allow.
   */
  async forEach(onItem: (item: KcapItem) => boolean | void): Promise<void> {
    await this.recoverSnapshotters();
    while (true) {
      const item = this.#nextItem();
      if (item === undefined) {
        if (this.#isOver) return;
        await this.#feed();
      } else if (onItem(item) === false) return;
    }
  }

  /** What comes next; `undefined` when more bytes are needed, or at the end. */
  #nextItem(): KcapItem | undefined {
    while (true) {
      const waiting = this.#waiting.shift();
      if (waiting !== undefined) {
        if (this.#deliversFault(waiting)) return waiting;
        continue;
      }
      const held = this.#held;
      this.#held = undefined;
      const item = held ?? this.#decoder.next();
      if (item === undefined) {
        if (!this.#isOver || this.#late.length === 0) return undefined;
        this.#waiting.push(...this.#late.splice(0));
      } else if (item.type === "fault") {
        this.#countFault(item);
        if (this.#deliversFault(item)) return item;
      } else if (held === undefined && this.#warns(item)) {
        // The warning first, then the event.
        this.#held = item;
      } else if (this.#isDelivered(item)) return item;
    }
  }

  #deliversFault(fault: KcapFault): boolean {
    const { onFault } = this.#options;
    onFault?.(fault);
    return onFault === undefined;
  }

  /** Takes an event into account; whether there is something to say about it. */
  #warns(event: DecodedEvent): boolean {
    this.#bytes += event.sizeBytes;
    const warning = this.#state.apply(event);
    if (warning === undefined) return false;
    this.#stateWarnings++;
    this.#waiting.push(faultAt("state", event.offset, warning));
    return true;
  }

  #isDelivered(event: DecodedEvent): boolean {
    if (event.eventType.known?.isState === true) {
      this.#stateEvents++;
      return this.#options.includeState === true;
    }
    if (this.#filter === undefined || this.#filter(event)) {
      this.#events++;
      return true;
    }
    this.#dropped++;
    return false;
  }

  /** Stops reading and lets go of the source. Closing twice is harmless. */
  async close(): Promise<void> {
    this.#isOver = true;
    await this.#chunks.return();
  }

  /** Closes. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #readSnapshot(): void {
    let fault = this.#decoder.nextOfSnapshot();
    while (fault !== undefined) {
      this.#addEarly(fault);
      fault = this.#decoder.nextOfSnapshot();
    }
  }

  #countFault({ kind }: KcapFault): void {
    if (kind === "handle") this.#handleErrors++;
    else if (kind === "event" || kind === "section") this.#eventErrors++;
  }

  #addEarly(fault: KcapFault): void {
    this.#countFault(fault);
    if (this.#waiting.length < MAX_EARLY_FAULTS) this.#waiting.push(fault);
    else {
      const more = this.#handleErrors - MAX_EARLY_FAULTS + 1;
      this.#waiting[MAX_EARLY_FAULTS - 1] = faultAt(
        "handle",
        fault.offset,
        `${more} more handle records are damaged; the last: ${fault.message}`,
      );
    }
  }

  /** Gives the decoder the next piece of the stream, or its end. */
  async #feed(): Promise<void> {
    this.#options.signal?.throwIfAborted();
    try {
      const next = await this.#chunks.next();
      if (next.done !== true) {
        this.#decoder.push(next.value);
        return;
      }
    } catch (error) {
      if (!(error instanceof FormatError) || error.format !== "zstd") {
        throw error;
      }
      if (
        error instanceof TruncatedError && this.#decoder.pushedBytes === 0
      ) throw noData(error);
      this.#late.push(this.#describeEnvelope(error));
    }
    this.#isOver = true;
    this.#decoder.finish();
  }

  #describeEnvelope(error: FormatError): KcapFault {
    const at = this.#decoder.pushedBytes;
    if (error instanceof TruncatedError) {
      return faultAt(
        "unclosed",
        at,
        "capture was not closed: the zstd stream has no end",
      );
    }
    if (error.record === "trailer") {
      return faultAt(
        "trailing",
        at,
        `trailing data ignored: it begins at byte ${error.offset} of the file`,
      );
    }
    return faultAt("truncated", at, `zstd stream is damaged: ${error.message}`);
  }

  /** Says of a stream that is no capture that it was not closed either. */
  async #explain(error: unknown): Promise<unknown> {
    if (!(error instanceof FormatError) || error.record !== "header") {
      return error;
    }
    try {
      let drained = 0;
      for await (const chunk of this.#chunks) {
        drained += chunk.length;
        if (drained > MAX_DRAINED_BYTES) return error;
      }
    } catch (envelopeError) {
      if (!(envelopeError instanceof TruncatedError)) return error;
      this.#late.push(this.#describeEnvelope(envelopeError));
    }
    if (!this.#late.some(({ kind }) => kind === "unclosed")) return error;
    return new FormatError(
      `${error.message} (the zstd stream was not closed)`,
      { format: error.format, offset: error.offset, record: error.record },
    );
  }
}

function faultAt(
  kind: KcapFaultKind,
  offset: number,
  message: string,
): KcapFault {
  return { type: "fault", kind, offset, message };
}

function noData(cause: TruncatedError): FormatError {
  return new FormatError("Cannot read kcap: truncated zstd stream, no data", {
    format: "kcap",
    offset: 0,
    cause,
  });
}

/** Takes the envelope off, if there is one. */
async function* unpack(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: OpenKcapOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { limits, signal } = options;
  const iterator = toAsync(source);
  const first: Uint8Array[] = [];
  let head = new Uint8Array(0);
  try {
    while (head.length < 8) {
      const next = await iterator.next();
      if (next.done === true) break;
      first.push(next.value);
      const joined = new Uint8Array(head.length + next.value.length);
      joined.set(head);
      joined.set(next.value, head.length);
      head = joined;
    }
  } catch (error) {
    await iterator.return();
    throw error;
  }
  async function* whole(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* first;
      yield* iterator;
    } finally {
      await iterator.return();
    }
  }
  if (sniffZstd(head)) yield* readZstd(whole(), { limits, signal });
  else if (head.length === 0 || sniffKcap(head)) yield* whole();
  else {
    await iterator.return();
    throw new FormatError(
      `Cannot read kcap: not a zstd stream, its first bytes are ${
        head.subarray(0, 8).toHex()
      }`,
      { format: "kcap", offset: 0, record: "envelope" },
    );
  }
}

async function* toAsync(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* source;
}
