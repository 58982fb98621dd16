import { ByteWriter } from "../../codec/byte_writer.ts";
import { writeString6 } from "./_field_list_writer.ts";
import type { NettraceHeader } from "./types.ts";

/** What a stream says about the trace, as it is written. */
export type EncodableHeader = Omit<
  NettraceHeader,
  "version" | "minorVersion" | "syncTime"
>;

/** Blocks that both versions have, and those of version 6 only. */
export type WrittenBlockKind =
  | "EventBlock"
  | "MetadataBlock"
  | "StackBlock"
  | "SPBlock"
  | "ThreadBlock"
  | "LabelListBlock";

/** Puts blocks into the framing of one version. */
export interface StreamWriter {
  /** Bytes written so far. */
  readonly offset: number;
  /** Most bytes that the content of a block may have. */
  readonly maxBlockBytes: number;
  writeHeader(header: EncodableHeader): void;
  writeBlock(kind: WrittenBlockKind, content: Uint8Array): void;
  writeEnd(): void;
}

type OnBytes = (bytes: Uint8Array) => void;

const FRAME_CAPACITY = 128 * 1024;

function writeTraceStart(writer: ByteWriter, header: EncodableHeader): void {
  header.systemTime.forEach((word) => writer.u16(word));
  writer.i64(header.syncTicks);
  writer.i64(header.frequency);
  writer.i32(header.pointerSize);
}

/** Writes the objects of version 4; see `_object_stream.ts`. */
export class V4StreamWriter implements StreamWriter {
  readonly maxBlockBytes: number = 0x7fff_ffff;
  offset = 0;
  readonly #onBytes: OnBytes;
  readonly #frame = new ByteWriter({
    littleEndian: true,
    initialCapacity: FRAME_CAPACITY,
  });

  constructor(onBytes: OnBytes) {
    this.#onBytes = onBytes;
  }

  writeHeader(header: EncodableHeader): void {
    const frame = this.#frame;
    frame.utf8("Nettrace");
    frame.u32(20);
    frame.utf8("!FastSerialization.1");
    this.#writeType("Trace", 4);
    writeTraceStart(frame, header);
    frame.u32(header.processId ?? 0);
    frame.i32(header.processorCount ?? 0);
    frame.i32(header.samplingIntervalNs ?? 0);
    frame.u8(6);
    this.#emit();
  }

  writeBlock(kind: WrittenBlockKind, content: Uint8Array): void {
    const frame = this.#frame;
    this.#writeType(kind, 2);
    frame.i32(content.length);
    frame.zeros((4 - (this.offset + frame.length) % 4) % 4);
    frame.bytes(content);
    frame.u8(6);
    this.#emit();
  }

  writeEnd(): void {
    this.#frame.u8(1);
    this.#emit();
  }

  #writeType(name: string, version: number): void {
    const frame = this.#frame;
    frame.u8(5);
    frame.u8(5);
    frame.u8(1);
    frame.i32(version);
    frame.i32(version);
    frame.i32(name.length);
    frame.utf8(name);
    frame.u8(6);
  }

  #emit(): void {
    this.offset += this.#frame.length;
    this.#onBytes(this.#frame.view());
    this.#frame.clear();
  }
}

const V6_KINDS: Readonly<Record<WrittenBlockKind, number>> = {
  EventBlock: 2,
  MetadataBlock: 3,
  SPBlock: 4,
  StackBlock: 5,
  ThreadBlock: 6,
  LabelListBlock: 8,
};
const V6_TRACE = 1;

/** Writes the blocks of version 6; see `_block_stream.ts`. */
export class V6StreamWriter implements StreamWriter {
  readonly maxBlockBytes: number = 0xff_ffff;
  offset = 0;
  readonly #onBytes: OnBytes;
  readonly #frame = new ByteWriter({
    littleEndian: true,
    initialCapacity: FRAME_CAPACITY,
  });

  constructor(onBytes: OnBytes) {
    this.#onBytes = onBytes;
  }

  writeHeader(header: EncodableHeader): void {
    const frame = this.#frame;
    frame.utf8("Nettrace");
    frame.u32(0);
    frame.u32(6);
    frame.u32(0);
    const trace = new ByteWriter({ littleEndian: true });
    writeTraceStart(trace, header);
    const properties = propertiesOf(header);
    trace.i32(properties.length);
    for (const [key, value] of properties) {
      writeString6(trace, key);
      writeString6(trace, value);
    }
    this.#write(V6_TRACE, trace.view());
  }

  writeBlock(kind: WrittenBlockKind, content: Uint8Array): void {
    this.#write(V6_KINDS[kind], content);
  }

  writeEnd(): void {
    this.#write(0, new Uint8Array(0));
  }

  #write(kind: number, content: Uint8Array): void {
    const frame = this.#frame;
    frame.u32(kind * 0x100_0000 + content.length);
    frame.bytes(content);
    this.offset += frame.length;
    this.#onBytes(frame.view());
    frame.clear();
  }
}

/** Earlier versions have as fields what version 6 has as texts. */
function propertiesOf(
  header: EncodableHeader,
): readonly (readonly [key: string, value: string])[] {
  if (header.properties.length > 0) return header.properties;
  return ([
    ["ProcessId", header.processId],
    ["HardwareThreadCount", header.processorCount],
    ["ExpectedCPUSamplingRate", header.samplingIntervalNs],
  ] as const).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, String(value)] as const]
  );
}
