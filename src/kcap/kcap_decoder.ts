import { FormatError, LimitError } from "../base/errors.ts";
import { type Limits, resolveLimits } from "../base/limits.ts";
import { DIALECTS, type KcapDialect } from "./dialect_table.ts";
import { type DecodedEvent, EventDecoder } from "./event_decoder.ts";
import { decodeHandle } from "./handle_decoder.ts";
import {
  decodeSectionHeader,
  SECTION,
  SECTION_HEADER_BYTES,
  type SectionHeader,
} from "./section_header.ts";
import type {
  KcapFault,
  KcapFaultKind,
  KcapHandle,
  KcapHeader,
} from "./types.ts";
import { RecordCursor } from "./_record_cursor.ts";
import { sniffKcap } from "./sniff_kcap.ts";

/** How a {@linkcode KcapDecoder} decodes. */
export interface KcapDecoderOptions {
  /** Whether captures of major version 1 are refused, as Fibratus does. @default {false} */
  readonly strict?: boolean | undefined;
  /** Whether captures of a major version above 2 are read as the newest dialect. @default {false} */
  readonly force?: boolean | undefined;
  /** What becomes of names that earlier releases used. @default {"normalize"} */
  readonly legacyNames?: "normalize" | "keep" | undefined;
  /** Bounds on what is accepted. */
  readonly limits?: Partial<Limits> | undefined;
}

const HEADER_BYTES = 18;
const INVALID_MAGIC = "invalid capture file magic number";
const LITTLE_FIRST_BYTE = 0x73;
/** Of event bodies in the 18-byte form: high byte of the hook id. */
const HOOK_HIGH_AT = 32;
const PROVIDER_AT = 16;
const DNS_PROVIDER_HEX = "1c95126e7eea49a9a3fea378b03ddb4d";
const FIRST_CAPACITY = 256 * 1024;

type State =
  | "header"
  | "handleSection"
  | "handles"
  | "section"
  | "skip"
  | "end";
type Step = DecodedEvent | KcapFault | "more" | "again";

/** Where an event body is in the buffer, and its section header in the stream. */
interface Body {
  readonly start: number;
  readonly end: number;
  readonly offset: number;
}

/** Sections without body that follow each other: zeros look like that, and one fault will do. */
interface EmptyRun {
  readonly offset: number;
  readonly type: number;
  count: number;
}

/** A section that is passed over. */
interface Skip {
  readonly offset: number;
  readonly sizeBytes: number;
  left: number;
  /** Whether its fault was told when it was met. */
  readonly isTold: boolean;
}

/**
 * Decodes the decompressed stream of a capture, piece by piece:
 *
 * ```text
 * header: u64 magic, u8 major, u8 minor, u64 flags
 * section header (handles), that many handle records: u16 length, body
 * section header (event), body        … until the end of the stream
 * ```
 *
 * Bytes go in with {@linkcode KcapDecoder.push} and come out as events and
 * faults with {@linkcode KcapDecoder.next}, one at a time: whatever is derived
 * from an event can be looked at before the next one is decoded. Memory is the
 * longest record plus what was pushed.
 *
 * @example Decoding what is in memory
 * ```ts ignore
 * const decoder = new KcapDecoder();
 * decoder.push(streamBytes);
 * decoder.finish();
 * for (let item = decoder.next(); item !== undefined; item = decoder.next()) {
 *   if (item.type === "event") consume(item);
 * }
 * ```
 */
export class KcapDecoder {
  readonly #options: KcapDecoderOptions;
  readonly #limits: Limits;
  readonly #cursor = new RecordCursor();
  readonly #events: EventDecoder;
  #buffer = new Uint8Array(FIRST_CAPACITY);
  /** Undecoded bytes of the buffer. */
  #start = 0;
  #end = 0;
  /** Offset of the buffer's first byte in the stream. */
  #baseOffset = 0;
  #finished = false;
  #state: State = "header";
  #header: KcapHeader | undefined;
  #handles: KcapHandle[] = [];
  #handlesLeft = 0;
  #handleCount = 0;
  #skip: Skip | undefined;
  #emptyRun: EmptyRun | undefined;
  #dialect: KcapDialect | undefined;
  /** Which list the 18-byte records of section version 1 used last. */
  #wideDialect: KcapDialect = DIALECTS.C;

  /** @param options Versions, names and limits. */
  constructor(options: KcapDecoderOptions = {}) {
    this.#options = options;
    this.#limits = resolveLimits(options.limits);
    this.#events = new EventDecoder({
      normalize: options.legacyNames !== "keep",
    });
    this.#cursor.attach(this.#buffer);
  }

  /** The file header, once it is there. */
  get header(): KcapHeader | undefined {
    return this.#header;
  }

  /** Layout of the last event, once there is one. */
  get dialect(): KcapDialect | undefined {
    return this.#dialect;
  }

  /** Handles of the snapshot so far, in the order of the file. */
  get handles(): readonly KcapHandle[] {
    return this.#handles;
  }

  /** Handles that the snapshot is said to have. */
  get handleCount(): number {
    return this.#handleCount;
  }

  /** Whether the handle snapshot is over. */
  get hasHandles(): boolean {
    return this.#state === "section" || this.#state === "skip" ||
      this.#state === "end";
  }

  /** Bytes of the stream that were decoded. */
  get offset(): number {
    return this.#baseOffset + this.#start;
  }

  /** Events so far whose timestamp is no RFC 3339 text. */
  get badTimestamps(): number {
    return this.#events.badTimestamps;
  }

  /** Bytes that were pushed so far. */
  get pushedBytes(): number {
    return this.#baseOffset + this.#end;
  }

  /**
   * Takes the next bytes of the stream.
   *
   * @param chunk Copied; may be changed afterwards.
   */
  push(chunk: Uint8Array): void {
    let bytes = chunk;
    const skip = this.#skip;
    if (skip !== undefined && this.#start === this.#end) {
      const dropped = Math.min(skip.left, bytes.length);
      skip.left -= dropped;
      this.#baseOffset += dropped;
      this.#cursor.baseOffset = this.#baseOffset;
      bytes = bytes.subarray(dropped);
    }
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Says that the stream is over. */
  finish(): void {
    this.#finished = true;
  }

  /**
   * Decodes the next record.
   *
   * @returns An event or a fault, or `undefined` when more bytes are needed or,
   * after {@linkcode KcapDecoder.finish}, when the capture is over.
   * @throws {FormatError} When the stream is not a capture, or one of a version
   * that is refused.
   */
  next(): DecodedEvent | KcapFault | undefined {
    let step = this.#step();
    while (step === "again") step = this.#step();
    return step === "more" ? undefined : step;
  }

  /**
   * Decodes the header and the handle snapshot but no event.
   *
   * @returns A fault, or `undefined` when {@linkcode KcapDecoder.hasHandles} or
   * when more bytes are needed.
   * @throws {FormatError} As of {@linkcode KcapDecoder.next}.
   */
  nextOfSnapshot(): KcapFault | undefined {
    while (!this.hasHandles) {
      const step = this.#step();
      if (step === "more") return undefined;
      if (step !== "again" && step.type === "fault") return step;
    }
    return undefined;
  }

  #step(): Step {
    switch (this.#state) {
      case "section":
        return this.#readSection();
      case "skip":
        return this.#skipSection(this.#skip!);
      case "handles":
        return this.#readHandle();
      case "handleSection":
        return this.#readHandleSection();
      case "header":
        return this.#readHeader();
      case "end":
        return "more";
    }
  }

  #readHeader(): Step {
    const available = this.#end - this.#start;
    const bytes = this.#buffer.subarray(this.#start, this.#end);
    if (available < 8) {
      if (!this.#finished) return "more";
      throw headerError(
        `${INVALID_MAGIC}${this.pushedBytes === 0 ? " (empty file)" : ""}`,
        0,
      );
    }
    if (!sniffKcap(bytes)) {
      throw headerError(INVALID_MAGIC, 0);
    }
    if (available < HEADER_BYTES) {
      if (!this.#finished) return "more";
      throw headerError(describeShortHeader(available), available);
    }
    const littleEndian = bytes[0] === LITTLE_FIRST_BYTE;
    const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
    const header: KcapHeader = {
      littleEndian,
      major: view.getUint8(8),
      minor: view.getUint8(9),
      flags: view.getBigUint64(10, littleEndian),
    };
    this.#checkVersion(header);
    this.#header = header;
    this.#cursor.littleEndian = littleEndian;
    this.#start += HEADER_BYTES;
    this.#state = "handleSection";
    return "again";
  }

  #checkVersion({ major, minor }: KcapHeader): void {
    const { strict = false, force = false } = this.#options;
    const isRead = major === 2 || (major === 1 && !strict) ||
      (major > 2 && force);
    if (isRead) return;
    throw headerError(
      `incompatible cap version format. Required version 2.0 but ${major}.${minor} found`,
      8,
    );
  }

  #readHandleSection(): Step {
    const section = this.#peekSection();
    if (section === undefined) {
      return this.#needMore("the header of the handle snapshot");
    }
    if (section.type !== SECTION.handle) {
      this.#state = "section";
      return this.#fault(
        "section",
        `section of type ${section.type} where the handle snapshot is expected`,
      );
    }
    this.#start += SECTION_HEADER_BYTES;
    this.#handleCount = section.count;
    this.#handlesLeft = section.count;
    this.#state = "handles";
    return "again";
  }

  #readHandle(): Step {
    if (this.#handlesLeft === 0) {
      this.#state = "section";
      return "again";
    }
    const cursor = this.#openCursor();
    const length = cursor.remaining < 2 ? undefined : cursor.u16();
    if (length === undefined || length > cursor.remaining) {
      if (!this.#finished) return "more";
      const read = this.#handleCount - this.#handlesLeft;
      const fault = this.#fault(
        "handle",
        `handle snapshot is damaged: the stream ends after ${read} of ${this.#handleCount} records`,
      );
      this.#state = "end";
      return fault;
    }
    const offset = cursor.offset;
    cursor.end = cursor.position + length;
    this.#start = cursor.end;
    this.#handlesLeft--;
    try {
      const handle = decodeHandle(cursor);
      if (this.#handles.length < this.#limits.maxTableEntries) {
        this.#handles.push(handle);
        return "again";
      }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      return {
        type: "fault",
        kind: "handle",
        offset,
        message: `fail to unmarshal handle: ${error.message}`,
      };
    }
    throw new LimitError(
      `Cannot read kcap handle snapshot: more than ${this.#limits.maxTableEntries} handles`,
      {
        limit: "maxTableEntries",
        value: this.#handleCount,
        offset,
      },
    );
  }

  #readSection(): Step {
    const start = this.#start;
    const available = this.#end - start;
    if (available < SECTION_HEADER_BYTES) {
      if (this.#finished && this.#emptyRun !== undefined) {
        return this.#endEmptyRun(this.#emptyRun);
      }
      if (this.#finished && available === 0) {
        this.#state = "end";
        return "more";
      }
      return this.#needMore("a section header");
    }
    const { view, littleEndian } = this.#cursor;
    const type = view.getUint8(start);
    const version = view.getUint8(start + 1);
    const sizeBytes = view.getUint32(start + 6, littleEndian);
    if (type !== SECTION.event && sizeBytes === 0) {
      this.#emptyRun ??= { offset: this.offset, type, count: 0 };
      this.#emptyRun.count++;
      this.#start = start + SECTION_HEADER_BYTES;
      return "again";
    }
    if (this.#emptyRun !== undefined) return this.#endEmptyRun(this.#emptyRun);
    if (
      type !== SECTION.event || sizeBytes > this.#limits.maxRecordBytes
    ) return this.#startSkip(type, sizeBytes);
    if (available < SECTION_HEADER_BYTES + sizeBytes) {
      return this.#needMore(
        `a record of ${SECTION_HEADER_BYTES + sizeBytes} bytes`,
      );
    }
    const offset = this.#baseOffset + start;
    const bodyStart = start + SECTION_HEADER_BYTES;
    this.#start = bodyStart + sizeBytes;
    try {
      return this.#decodeEvent(version, bodyStart, sizeBytes, offset);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      return {
        type: "fault",
        kind: "event",
        offset,
        message: `fail to unmarshal event: ${error.message}`,
      };
    }
  }

  #endEmptyRun({ offset, type, count }: EmptyRun): Step {
    this.#emptyRun = undefined;
    const message = count === 1
      ? `section of type ${type} is unknown, 0 bytes are skipped`
      : `${count} empty sections of unknown types are skipped`;
    return { type: "fault", kind: "section", offset, message };
  }

  #startSkip(type: number, sizeBytes: number): Step {
    const isEvent = type === SECTION.event;
    const offset = this.offset;
    this.#start += SECTION_HEADER_BYTES;
    this.#skip = { offset, sizeBytes, left: sizeBytes, isTold: !isEvent };
    this.#state = "skip";
    if (isEvent) return "again";
    return {
      type: "fault",
      kind: "section",
      offset,
      message:
        `section of type ${type} is unknown, ${sizeBytes} bytes are skipped`,
    };
  }

  #decodeEvent(
    version: number,
    start: number,
    sizeBytes: number,
    offset: number,
  ): DecodedEvent {
    const body: Body = { start, end: start + sizeBytes, offset };
    const isMajor1 = this.#header!.major < 2;
    if (version === 2 && !isMajor1) {
      const event = this.#decodeAs(DIALECTS.E, body);
      // The two differ in process sections only.
      if (event.processVersion === DIALECTS.D.processVersion) {
        event.dialect = "D";
        this.#dialect = DIALECTS.D;
      }
      return event;
    }
    if (version !== 1) {
      this.#cursor.position = start;
      throw this.#cursor.fault(
        `version of the event section is ${version}, expected 1${
          isMajor1 ? "" : " or 2"
        }`,
      );
    }
    if (isMajor1) return this.#decodeAs(DIALECTS.A, body);
    if (!this.#hasWideType(start, sizeBytes)) {
      return this.#decodeAs(DIALECTS.B, body);
    }

    // The parameter list changed without a new version number. Most records
    // read alike with both; the first that does not settles it for the rest.
    const first = this.#wideDialect;
    const second = first === DIALECTS.C ? DIALECTS.C2 : DIALECTS.C;
    try {
      return this.#decodeAs(first, body);
    } catch (firstError) {
      try {
        const event = this.#decodeAs(second, body);
        this.#wideDialect = second;
        return event;
      } catch {
        throw firstError;
      }
    }
  }

  #decodeAs(dialect: KcapDialect, { start, end, offset }: Body): DecodedEvent {
    const cursor = this.#cursor;
    cursor.position = start;
    cursor.end = end;
    const event = this.#events.decode(cursor, dialect, offset);
    this.#dialect = dialect;
    return event;
  }

  /**
   * Fibratus 2.0.0 wrote event types of 18 bytes under the section version of
   * those of 17. Byte 32 tells: it is the hook id in the short form, which is
   * never 0, and its high byte in the long form, which is 0 for all providers
   * but DNS.
   */
  #hasWideType(start: number, sizeBytes: number): boolean {
    if (sizeBytes <= HOOK_HIGH_AT) return false;
    if (this.#buffer[start + HOOK_HIGH_AT] === 0) return true;
    const at = start + PROVIDER_AT;
    return this.#buffer.subarray(at, at + 16).toHex() === DNS_PROVIDER_HEX;
  }

  #skipSection(skip: Skip): Step {
    const dropped = Math.min(skip.left, this.#end - this.#start);
    skip.left -= dropped;
    this.#start += dropped;
    if (skip.left > 0 && !this.#finished) return "more";
    this.#skip = undefined;
    this.#state = skip.left > 0 ? "end" : "section";
    if (skip.isTold && skip.left === 0) return "again";
    const limit = this.#limits.maxRecordBytes;
    return {
      type: "fault",
      kind: skip.left > 0 ? "truncated" : "event",
      offset: skip.offset,
      message: skip.left > 0
        ? `record of ${skip.sizeBytes} bytes exceeds the rest of the stream`
        : `record of ${skip.sizeBytes} bytes exceeds the limit of ${limit} bytes`,
    };
  }

  /** The section header ahead, `undefined` when it is not whole. */
  #peekSection(): SectionHeader | undefined {
    if (this.#end - this.#start < SECTION_HEADER_BYTES) return undefined;
    return decodeSectionHeader(this.#openCursor());
  }

  #openCursor(): RecordCursor {
    const cursor = this.#cursor;
    cursor.position = this.#start;
    cursor.end = this.#end;
    return cursor;
  }

  #needMore(what: string): Step {
    if (!this.#finished) return "more";
    const left = this.#end - this.#start;
    const fault = this.#fault(
      "truncated",
      `capture is truncated: the stream ends ${left} bytes into ${what}`,
    );
    this.#state = "end";
    return fault;
  }

  #fault(kind: KcapFaultKind, message: string): KcapFault {
    return { type: "fault", kind, offset: this.offset, message };
  }

  #reserve(count: number): void {
    if (this.#end + count <= this.#buffer.length) return;
    const used = this.#end - this.#start;
    let buffer = this.#buffer;
    if (used + count > buffer.length) {
      buffer = new Uint8Array(Math.max(used + count, buffer.length * 2));
    }
    buffer.set(this.#buffer.subarray(this.#start, this.#end));
    this.#baseOffset += this.#start;
    this.#start = 0;
    this.#end = used;
    this.#cursor.baseOffset = this.#baseOffset;
    if (buffer !== this.#buffer) {
      this.#buffer = buffer;
      this.#cursor.attach(buffer);
    }
  }
}

function headerError(message: string, offset: number): FormatError {
  return new FormatError(message, { format: "kcap", offset, record: "header" });
}

/** Fibratus' text for a stream that ends in the header, in Go's terms. */
function describeShortHeader(available: number): string {
  if (available === 8) return "couldn't read major version digit: EOF";
  if (available === 9) return "couldn't read minor version digit: EOF";
  return `fail to read cap flags: ${
    available === 10 ? "EOF" : "unexpected EOF"
  }`;
}
