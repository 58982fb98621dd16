import type { DecodeStats } from "../../base/decode_stats.ts";
import { LimitError } from "../../base/errors.ts";
import { escapeForTerminal } from "../../base/terminal_text.ts";
import { BlockDamage } from "./_block_damage.ts";
import type { ByteWindow } from "./_byte_window.ts";
import { DecodeState } from "./_decode_state.ts";
import { EventBlockReader } from "./_event_block_reader.ts";
import { EventRecordReader, MIN_RECORD_SIZE } from "./_event_record_reader.ts";
import { readSequencePoint } from "./_sequence_point_reader.ts";
import { StreamDamage, type StreamFraming } from "./_stream_framing.ts";
import { readTrace, TRACE_PAYLOAD_BYTES } from "./_trace_reader.ts";
import type { NettraceDecodeOptions } from "./nettrace_decode_options.ts";
import type { NettraceBlockKind, NettraceSink } from "./types.ts";

// Object of versions 3 to 5 (tag: 4 in version 3, 5 from version 4 on):
//
// | at     | type | field                                                     |
// | ------ | ---- | --------------------------------------------------------- |
// | 0      | u8   | tag; 1 ends the stream                                    |
// | 1      | u8   | tag of the type                                           |
// | 2      | u8   | 1, the type's type                                        |
// | 3      | i32  | version                                                   |
// | 7      | i32  | oldest reader that can read it                            |
// | 11     | i32  | length n of the name                                      |
// | 15     |      | name                                                      |
// | 15 + n | u8   | 6, end of the type                                        |
// | 16 + n |      | Trace: payload; blocks: i32 size, padding to a multiple   |
// |        |      | of 4 of the stream's offset, content                      |
// | then   | u8   | 6, end of the object                                      |
//
// Versions 1 and 2 have one object of type EventPipeFile: i32 index of a forward
// reference, Trace payload, records back to back, end of the object. Then comes
// the table of forward references:
//
// | at E       | type | field                                                |
// | ---------- | ---- | ---------------------------------------------------- |
// | 0          | u8   | 6, end of the object; E is where the records end     |
// | 1          | i32  | count n of references                                |
// | 5          | u32  | each: offset; the first one is E                     |
// | 5 + 4n     | u32  | offset of the table, E + 1                           |
// | 9 + 4n     | u32  | offset of the field before, E + 5 + 4n               |
//
// A stream is read without knowing its length, so the end of the records is not
// looked up but recognised: these bytes name their own offset three times, which
// no record does.
const TAG_NULL_REFERENCE = 1;
const TAG_END_OBJECT = 6;
const MAX_NAME_BYTES = 38;
const MAX_BLOCK_VERSION = 2;
const EARLY_TYPE = "Microsoft.DotNet.Runtime.EventPipeFile";
const GCDUMP_TYPE = "GCHeapDump";
const FORWARD_REFERENCE_BYTES = 4;
const MAX_FORWARD_REFERENCES = 8;

const BLOCK_KINDS: ReadonlySet<string> = new Set(
  [
    "EventBlock",
    "MetadataBlock",
    "StackBlock",
    "SPBlock",
  ] satisfies NettraceBlockKind[],
);

interface ObjectType {
  readonly name: string;
  readonly version: number;
  readonly minReaderVersion: number;
}

/** Reads the objects of versions 1 to 4. */
export class ObjectStream implements StreamFraming {
  neededBytes = 1;
  record = "object";
  isSizeKnown = false;
  isComplete = false;

  readonly #tag: 4 | 5;
  readonly #sink: NettraceSink;
  readonly #stats: DecodeStats;
  readonly #options: NettraceDecodeOptions;
  #state: DecodeState | undefined;
  #blocks: EventBlockReader | undefined;
  #records: EventRecordReader | undefined;

  constructor(
    hasMagic: boolean,
    sink: NettraceSink,
    stats: DecodeStats,
    options: NettraceDecodeOptions,
  ) {
    this.#tag = hasMagic ? 5 : 4;
    this.#sink = sink;
    this.#stats = stats;
    this.#options = options;
  }

  get state(): DecodeState | undefined {
    return this.#state;
  }

  step(window: ByteWindow): number {
    const { version } = this.#state?.header ?? {};
    return version === 1 || version === 2
      ? this.#stepRecord(window)
      : this.#stepObject(window);
  }

  salvage(window: ByteWindow): void {
    if (this.record !== "EventBlock") return;
    const content = this.#contentOf(window);
    if (content === undefined) return;
    try {
      this.#readEvents(
        { ...content, end: Math.min(content.end, window.end) },
        true,
      );
    } catch (error) {
      // Where the cut is; the outcome tells it.
      if (!(error instanceof BlockDamage)) throw error;
    }
  }

  describeRest(window: ByteWindow): string | undefined {
    const { view, start, end } = window;
    const { version } = this.#state?.header ?? {};
    if (version !== 1 && version !== 2) return undefined;
    const size = referenceTableBytes(window);
    if (size === undefined || end - start !== size) return undefined;
    return `end of events is said to be at ${
      view.getUint32(start + 5, true)
    }, the table at ${view.getUint32(end - 8, true)}, the trailer at ${
      view.getUint32(end - 4, true)
    }`;
  }

  #stepObject(window: ByteWindow): number {
    const { bytes, view, start, end, base } = window;
    const available = end - start;
    const offset = base + start;
    this.record = "object";
    this.isSizeKnown = false;
    if (available < 1) return this.#need(1);
    if (bytes[start] === TAG_NULL_REFERENCE) {
      if (this.#state === undefined) {
        throw new StreamDamage("Trace", "stream ends without it", offset);
      }
      this.isComplete = true;
      return 1;
    }
    expectTag(bytes[start]!, this.#tag, "object", offset, " or 1");
    if (available < 15) return this.#need(15);
    expectTag(bytes[start + 1]!, this.#tag, "type", offset + 1);
    expectTag(bytes[start + 2]!, TAG_NULL_REFERENCE, "type", offset + 2);
    const nameLength = view.getInt32(start + 11, true);
    if (nameLength < 0 || nameLength > MAX_NAME_BYTES) {
      throw new StreamDamage(
        "object",
        `name of its type is ${nameLength} bytes long, expected 0 to ${MAX_NAME_BYTES}`,
        offset,
      );
    }
    const typeBytes = 16 + nameLength;
    if (available < typeBytes) return this.#need(typeBytes);
    const type: ObjectType = {
      name: latin1(bytes.subarray(start + 15, start + 15 + nameLength)),
      version: view.getInt32(start + 3, true),
      minReaderVersion: view.getInt32(start + 7, true),
    };
    expectTag(
      bytes[start + typeBytes - 1]!,
      TAG_END_OBJECT,
      "type",
      offset + typeBytes - 1,
    );
    return this.#state === undefined
      ? this.#stepTrace(window, type, typeBytes)
      : this.#stepBlock(window, type, typeBytes, this.#state);
  }

  #stepTrace(window: ByteWindow, type: ObjectType, typeBytes: number): number {
    const offset = window.base + window.start;
    const version = this.#traceVersion(type, offset);
    const isEarly = version === 1 || version === 2;
    const payloadBytes = TRACE_PAYLOAD_BYTES[version];
    const payloadAt = typeBytes + (isEarly ? FORWARD_REFERENCE_BYTES : 0);
    const size = payloadAt + payloadBytes + (isEarly ? 0 : 1);
    this.record = "Trace";
    this.isSizeKnown = true;
    if (window.end - window.start < size) return this.#need(size);
    const start = window.start + payloadAt;
    const payload = { ...window, start, end: start + payloadBytes };
    const header = readTrace(payload, version, 0, this.#stats, 0);
    if (!isEarly) {
      expectTag(
        window.bytes[payload.end]!,
        TAG_END_OBJECT,
        "Trace",
        window.base + payload.end,
      );
    }
    const state = new DecodeState(
      header,
      this.#sink,
      this.#stats,
      this.#options,
    );
    this.#state = state;
    this.#blocks = new EventBlockReader(state);
    this.#records = new EventRecordReader(state);
    this.#sink.onHeader?.(header);
    this.#reportBlock("Trace", payload);
    return this.#consume(size);
  }

  #traceVersion(type: ObjectType, offset: number): 1 | 2 | 3 | 4 {
    const { name, version, minReaderVersion } = type;
    const hasMagic = this.#tag === 5;
    if (name === "Trace") {
      if (version > 4 || minReaderVersion > 4) {
        throw new StreamDamage(
          "Trace",
          `version ${
            Math.max(version, minReaderVersion)
          } needs a newer reader, supported are 1 to 4 and 6`,
          offset,
        );
      }
      if (version === (hasMagic ? 4 : 3)) return version as 3 | 4;
      throw new StreamDamage(
        "Trace",
        `version is ${version}, expected ${hasMagic ? 4 : 3} in a stream ${
          hasMagic ? "with" : "without"
        } magic`,
        offset,
      );
    }
    if (name === EARLY_TYPE && !hasMagic) {
      if (version === 1 || version === 2) return version;
      throw new StreamDamage(
        "EventPipeFile",
        `version is ${version}, expected 1 or 2`,
        offset,
      );
    }
    throw new StreamDamage(
      "Trace",
      name === GCDUMP_TYPE
        ? "stream looks like a gcdump file"
        : `first object is of type "${escapeForTerminal(name)}"`,
      offset,
    );
  }

  #stepBlock(
    window: ByteWindow,
    type: ObjectType,
    typeBytes: number,
    state: DecodeState,
  ): number {
    const offset = window.base + window.start;
    const { name } = type;
    if (!BLOCK_KINDS.has(name)) {
      throw new StreamDamage(
        "object",
        name === "Trace"
          ? "a second Trace follows"
          : `type "${escapeForTerminal(name)}" is unknown`,
        offset,
      );
    }
    this.record = name;
    const newest = Math.max(type.version, type.minReaderVersion);
    if (newest > MAX_BLOCK_VERSION) {
      throw new StreamDamage(
        name,
        `version ${newest} needs a newer reader, supported are 1 to ${MAX_BLOCK_VERSION}`,
        offset,
      );
    }
    if (window.end - window.start < typeBytes + 4) {
      return this.#need(typeBytes + 4);
    }
    const length = window.view.getInt32(window.start + typeBytes, true);
    if (length < 0) {
      throw new StreamDamage(name, `block of ${length} bytes`, offset);
    }
    if (length > state.limits.maxRecordBytes) {
      throw new LimitError(
        `Cannot read nettrace ${name} at byte ${offset}: block of ${length} bytes exceeds the limit of ${state.limits.maxRecordBytes}`,
        { limit: "maxRecordBytes", value: length, offset },
      );
    }
    const content = this.#contentOf(window)!;
    const size = content.end + 1 - window.start;
    this.isSizeKnown = true;
    if (window.end - window.start < size) return this.#need(size);
    this.#checkPadding(window, typeBytes + 4, content.start);
    const kind = name as NettraceBlockKind;
    state.readBlock(kind, content, () => this.#readContent(kind, content));
    this.#reportBlock(kind, content);
    expectTag(
      window.bytes[content.end]!,
      TAG_END_OBJECT,
      name,
      window.base + content.end,
    );
    return this.#consume(size);
  }

  /** Where the content of a block lies, which may be beyond what is there. */
  #contentOf(window: ByteWindow): ByteWindow | undefined {
    const { view, start, end, base } = window;
    if (this.#state === undefined || end - start < 16) return undefined;
    const sizeAt = start + 16 + view.getInt32(start + 11, true);
    if (sizeAt + 4 > end) return undefined;
    const at = sizeAt + 4;
    const contentStart = at + (4 - ((base + at) & 3)) % 4;
    return {
      ...window,
      start: contentStart,
      end: contentStart + view.getInt32(sizeAt, true),
    };
  }

  #readContent(kind: NettraceBlockKind, content: ByteWindow): void {
    switch (kind) {
      case "EventBlock":
        this.#readEvents(content, false);
        break;
      case "MetadataBlock":
        this.#blocks!.read(content, "MetadataBlock");
        break;
      case "StackBlock":
        this.#state!.stacks.addBlock(content);
        break;
      case "SPBlock":
        readSequencePoint(content, this.#state!);
        break;
    }
  }

  #readEvents(content: ByteWindow, isSalvaging: boolean): void {
    if (this.#state!.header.version === 3) {
      this.#records!.readBlock(content, isSalvaging);
    } else this.#blocks!.read(content, "EventBlock", isSalvaging);
  }

  #checkPadding(window: ByteWindow, from: number, contentStart: number): void {
    for (let at = window.start + from; at < contentStart; at++) {
      if (window.bytes[at] === 0) continue;
      this.#stats.count("nettrace_padding", "info", {
        offset: window.base + at,
        detail: "padding of a block is not zero",
      });
      return;
    }
  }

  #stepRecord(window: ByteWindow): number {
    const { view, start, end, base } = window;
    const available = end - start;
    const offset = base + start;
    this.record = "event";
    this.isSizeKnown = false;
    if (available < 5) return this.#need(5);
    const tableBytes = referenceTableBytes(window);
    if (tableBytes !== undefined) {
      if (available < tableBytes) return this.#need(tableBytes);
      const tableEnd = start + tableBytes;
      if (
        view.getUint32(start + 5, true) === offset &&
        view.getUint32(tableEnd - 8, true) === offset + 1 &&
        view.getUint32(tableEnd - 4, true) === base + tableEnd - 8
      ) {
        this.isComplete = true;
        return tableBytes;
      }
    }
    const size = view.getInt32(start, true);
    const state = this.#state!;
    if (size < MIN_RECORD_SIZE || size > state.limits.maxRecordBytes) {
      throw new StreamDamage("event", `it has ${size} bytes`, offset);
    }
    this.isSizeKnown = true;
    if (available < 4 + size) return this.#need(4 + size);
    const record = { ...window, end: start + 4 + size };
    state.readBlock(
      "EventBlock",
      record,
      () => this.#records!.readRecord(record),
    );
    return this.#consume(4 + size);
  }

  #reportBlock(kind: NettraceBlockKind, content: ByteWindow): void {
    this.#sink.onBlock?.({
      kind,
      kindCode: 0,
      offset: content.base + content.start,
      length: content.end - content.start,
    });
  }

  #need(count: number): 0 {
    this.neededBytes = count;
    return 0;
  }

  #consume(count: number): number {
    this.neededBytes = 1;
    return count;
  }
}

/** Size of the end of a version 1 or 2 stream, if it can be one. */
function referenceTableBytes(window: ByteWindow): number | undefined {
  const { bytes, view, start, end } = window;
  if (end - start < 5 || bytes[start] !== TAG_END_OBJECT) return undefined;
  const count = view.getUint32(start + 1, true);
  if (count < 1 || count > MAX_FORWARD_REFERENCES) return undefined;
  return 13 + 4 * count;
}

function expectTag(
  found: number,
  expected: number,
  record: string,
  offset: number,
  alternative = "",
): void {
  if (found === expected) return;
  throw new StreamDamage(
    record,
    `tag is ${found}, expected ${expected}${alternative}`,
    offset,
  );
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
