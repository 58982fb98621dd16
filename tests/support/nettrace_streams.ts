import { ByteWriter } from "../../src/codec/byte_writer.ts";
import { encodeUtf16le } from "../../src/codec/utf16.ts";
import { concatBytes } from "./byte_stream.ts";

// Builders of nettrace streams, byte for byte as the description has them, so
// that tests can build what no runtime writes.

type Bytes = Uint8Array<ArrayBuffer>;

/** Calls `write` with a fresh little-endian writer. */
export function bytesBy(write: (writer: ByteWriter) => void): Bytes {
  const writer = new ByteWriter({ littleEndian: true });
  write(writer);
  return writer.toBytes();
}

/** A text with its 16-bit zero. */
export function utf16z(text: string): Bytes {
  return concatBytes([encodeUtf16le(text), new Uint8Array(2)]);
}

/** A version 6 text. */
export function string6(text: string): Bytes {
  const bytes = new TextEncoder().encode(text);
  return bytesBy((writer) => {
    writer.varuint(bytes.length);
    writer.bytes(bytes);
  });
}

/** Fields of a Trace payload that differ from the builder's own. */
export interface TraceFields {
  readonly systemTime?: readonly number[];
  readonly syncTicks?: bigint;
  readonly frequency?: bigint;
  readonly pointerSize?: number;
}

/** The payload of a Trace object; 32 bytes for versions 1 and 2. */
export function tracePayload(fields: TraceFields = {}, length = 48): Bytes {
  const {
    systemTime = [2024, 2, 4, 29, 12, 30, 45, 678],
    syncTicks = 1000n,
    frequency = 1_000_000_000n,
    pointerSize = 8,
  } = fields;
  return bytesBy((writer) => {
    systemTime.forEach((word) => writer.u16(word));
    writer.i64(syncTicks);
    writer.i64(frequency);
    writer.i32(pointerSize);
    writer.i32(4242);
    writer.i32(4);
    writer.i32(1_000_000);
  }).slice(0, length);
}

/** Part of a stream of objects; gets its offset, for alignment. */
export type StreamPart = (offset: number) => Bytes;

/** How an object differs from a regular one. */
export interface ObjectFields {
  readonly version?: number;
  readonly minReaderVersion?: number;
  readonly tag?: number;
  readonly endTag?: number;
}

function typeBytes(
  name: string,
  tag: number,
  version: number,
  minReaderVersion: number,
): Bytes {
  return bytesBy((writer) => {
    writer.bytes(new Uint8Array([tag, tag, 1]));
    writer.i32(version);
    writer.i32(minReaderVersion);
    writer.i32(name.length);
    writer.utf8(name);
    writer.u8(6);
  });
}

/** A Trace object. */
export function traceObject(
  payload: Bytes = tracePayload(),
  fields: ObjectFields = {},
): StreamPart {
  const { version = 4, minReaderVersion = version, tag = 5, endTag = 6 } =
    fields;
  return () =>
    concatBytes([
      typeBytes("Trace", tag, version, minReaderVersion),
      payload,
      new Uint8Array([endTag]),
    ]);
}

/** A block object around its content. */
export function blockObject(
  name: string,
  content: Bytes,
  fields: ObjectFields & { readonly size?: number; readonly padding?: number } =
    {},
): StreamPart {
  const { version = 2, minReaderVersion = version, tag = 5, endTag = 6 } =
    fields;
  return (offset) => {
    const type = typeBytes(name, tag, version, minReaderVersion);
    const at = offset + type.length + 4;
    return concatBytes([
      type,
      bytesBy((writer) => writer.i32(fields.size ?? content.length)),
      new Uint8Array((4 - at % 4) % 4).fill(fields.padding ?? 0),
      content,
      new Uint8Array([endTag]),
    ]);
  };
}

/** A stream of version 4: magic, objects, end mark. */
export function v4Stream(
  parts: readonly StreamPart[],
  options: { readonly hasEnd?: boolean; readonly hasMagic?: boolean } = {},
): Bytes {
  const { hasEnd = true, hasMagic = true } = options;
  let stream = new TextEncoder().encode(
    `${hasMagic ? "Nettrace" : ""}\x14\0\0\0!FastSerialization.1`,
  );
  for (const part of parts) {
    stream = concatBytes([stream, part(stream.length)]);
  }
  return hasEnd ? concatBytes([stream, new Uint8Array([1])]) : stream;
}

/** The header of event and metadata blocks, then the blobs. */
export function eventBlock(
  blobs: readonly Bytes[],
  flags = 1,
  headerSize = 20,
): Bytes {
  return bytesBy((writer) => {
    writer.u16(headerSize);
    writer.u16(flags);
    writer.i64(0n);
    writer.i64(0n);
    writer.zeros(Math.max(0, headerSize - 20));
    blobs.forEach((blob) => writer.bytes(blob));
  });
}

/** What a compressed blob says; what is left out is not written. */
export interface Blob {
  readonly metadataId?: number;
  /** Step of the number, capturing thread and processor. */
  readonly sequence?: readonly [
    step: number,
    captureThread: number | bigint,
    processor: number,
  ];
  readonly threadId?: number | bigint;
  readonly stackId?: number;
  readonly timeStep?: number | bigint;
  readonly activityId?: Bytes;
  readonly relatedActivityId?: Bytes;
  readonly labels?: number;
  readonly isSorted?: boolean;
  readonly payload?: Bytes;
  /** Overrides the size that is written. */
  readonly payloadSize?: number;
}

/** A compressed blob. */
export function blob(parts: Blob): Bytes {
  const size = parts.payloadSize ?? parts.payload?.length;
  return bytesBy((writer) => {
    writer.u8(
      (parts.metadataId === undefined ? 0 : 1) |
        (parts.sequence === undefined ? 0 : 2) |
        (parts.threadId === undefined ? 0 : 4) |
        (parts.stackId === undefined ? 0 : 8) |
        (parts.activityId === undefined && parts.labels === undefined
          ? 0
          : 0x10) |
        (parts.relatedActivityId === undefined ? 0 : 0x20) |
        (parts.isSorted ? 0x40 : 0) |
        (size === undefined ? 0 : 0x80),
    );
    if (parts.metadataId !== undefined) writer.varuint(parts.metadataId);
    for (const value of parts.sequence ?? []) writer.varuint(value);
    if (parts.threadId !== undefined) writer.varuint(parts.threadId);
    if (parts.stackId !== undefined) writer.varuint(parts.stackId);
    writer.varuint(parts.timeStep ?? 0);
    if (parts.activityId !== undefined) writer.bytes(parts.activityId);
    if (parts.labels !== undefined) writer.varuint(parts.labels);
    if (parts.relatedActivityId !== undefined) {
      writer.bytes(parts.relatedActivityId);
    }
    if (size !== undefined) writer.varuint(size);
    if (parts.payload !== undefined) writer.bytes(parts.payload);
  });
}

/** What a definition says. */
export interface Definition {
  readonly provider?: string;
  readonly eventId?: number;
  readonly name?: string;
  readonly keywords?: bigint;
  readonly version?: number;
  readonly level?: number;
  /** The field count and fields. */
  readonly fields?: Bytes;
  readonly tags?: Bytes;
}

const NO_FIELDS = new Uint8Array(4);

/** The payload of a metadata record of versions 3 to 5. */
export function definition(id: number, parts: Definition = {}): Bytes {
  return concatBytes([
    bytesBy((writer) => writer.i32(id)),
    utf16z(parts.provider ?? "Test"),
    bytesBy((writer) => writer.i32(parts.eventId ?? id)),
    utf16z(parts.name ?? `Event${id}`),
    bytesBy((writer) => {
      writer.u64(parts.keywords ?? 0n);
      writer.i32(parts.version ?? 0);
      writer.i32(parts.level ?? 4);
    }),
    parts.fields ?? NO_FIELDS,
    parts.tags ?? new Uint8Array(0),
  ]);
}

/** A tag behind a definition's fields. */
export function tag(kind: number, content: Bytes, size?: number): Bytes {
  return bytesBy((writer) => {
    writer.i32(size ?? content.length);
    writer.u8(kind);
    writer.bytes(content);
  });
}

/** A V1 field list of simple types. */
export function v1Fields(
  fields: readonly (readonly [code: number, name: string])[],
): Bytes {
  return bytesBy((writer) => {
    writer.i32(fields.length);
    for (const [code, name] of fields) {
      writer.i32(code);
      writer.bytes(utf16z(name));
    }
  });
}

/** A metadata block with these definitions. */
export function metadataBlock(definitions: readonly Bytes[]): StreamPart {
  return blockObject(
    "MetadataBlock",
    eventBlock(
      definitions.map((payload, index) =>
        blob({
          ...(index === 0 ? { sequence: [0xffff_ffff, 0, 0xffff_ffff] } : {}),
          payload,
        })
      ),
    ),
  );
}

/** The content of a stack block. */
export function stackBlock(
  firstId: number,
  stacks: readonly (readonly bigint[])[],
): Bytes {
  return bytesBy((writer) => {
    writer.u32(firstId);
    writer.u32(stacks.length);
    for (const stack of stacks) {
      writer.u32(stack.length * 8);
      stack.forEach((address) => writer.u64(address));
    }
  });
}

/** The content of a sequence point of version 4. */
export function sequencePoint(
  time: bigint,
  threads: readonly (readonly [threadId: bigint, sequence: number])[],
): Bytes {
  return bytesBy((writer) => {
    writer.i64(time);
    writer.i32(threads.length);
    for (const [threadId, sequence] of threads) {
      writer.u64(threadId);
      writer.u32(sequence);
    }
  });
}

/** An event record of versions 1 to 3. */
export function eventRecord(
  metadataId: number,
  parts: {
    readonly time?: bigint;
    readonly threadId?: number;
    readonly payload?: Bytes;
    readonly stack?: readonly bigint[];
    readonly isPadded?: boolean;
  } = {},
): Bytes {
  const { payload = new Uint8Array(0), stack = [] } = parts;
  return bytesBy((writer) => {
    writer.i32(0);
    writer.i32(metadataId);
    writer.i32(parts.threadId ?? 7);
    writer.i64(parts.time ?? 1000n);
    writer.zeros(32);
    writer.i32(payload.length);
    writer.bytes(payload);
    writer.i32(stack.length * 8);
    stack.forEach((address) => writer.u64(address));
    if (parts.isPadded) writer.align(4);
    writer.u32At(0, writer.length - 4);
  });
}

/** The payload of a metadata record of versions 1 and 2. */
export function earlyDefinition(
  provider: Bytes,
  eventId: number,
  name?: string,
): Bytes {
  const event = name === undefined ? new Uint8Array(0) : concatBytes([
    bytesBy((writer) => writer.i32(eventId)),
    utf16z(name),
    bytesBy((writer) => {
      writer.u64(3n);
      writer.i32(1);
      writer.i32(5);
    }),
    NO_FIELDS,
  ]);
  return concatBytes([
    provider,
    bytesBy((writer) => {
      writer.i32(eventId);
      writer.i32(1);
      writer.i32(event.length);
    }),
    event,
  ]);
}

/** Offset of the first record in a stream of {@linkcode earlyStream}. */
export const EARLY_FIRST_RECORD = 114;

/** A stream of version 1 or 2 with its table of forward references. */
export function earlyStream(
  version: number,
  records: readonly Bytes[],
  options: { readonly hasTable?: boolean; readonly label?: number } = {},
): Bytes {
  const { hasTable = true } = options;
  const head = concatBytes([
    new TextEncoder().encode("\x14\0\0\0!FastSerialization.1"),
    typeBytes("Microsoft.DotNet.Runtime.EventPipeFile", 4, version, 0),
    new Uint8Array(4),
    tracePayload({}, 32),
    ...records,
  ]);
  if (!hasTable) return head;
  const end = head.length;
  return concatBytes([
    head,
    bytesBy((writer) => {
      writer.u8(6);
      writer.u32(1);
      writer.u32(options.label ?? end);
      writer.u32(end + 1);
      writer.u32(end + 9);
    }),
  ]);
}

/** A block of version 6. */
export function v6Block(kind: number, content: Bytes): Bytes {
  return bytesBy((writer) => {
    writer.u32((kind << 24 | content.length) >>> 0);
    writer.bytes(content);
  });
}

/** The content of a Trace block of version 6. */
export function v6Trace(
  properties: readonly (readonly [key: string, value: string])[] = [],
  fields: TraceFields = {},
): Bytes {
  return concatBytes([
    tracePayload(fields, 36),
    bytesBy((writer) => writer.i32(properties.length)),
    ...properties.flatMap(([key, value]) => [string6(key), string6(value)]),
  ]);
}

/** A stream of version 6: header, Trace, blocks, end. */
export function v6Stream(
  blocks: readonly Bytes[],
  options: {
    readonly trace?: Bytes;
    readonly major?: number;
    readonly hasEnd?: boolean;
  } = {},
): Bytes {
  const { trace = v6Trace(), major = 6, hasEnd = true } = options;
  return concatBytes([
    new TextEncoder().encode("Nettrace"),
    bytesBy((writer) => {
      writer.u32(0);
      writer.u32(major);
      writer.u32(0);
    }),
    v6Block(1, trace),
    ...blocks,
    ...(hasEnd ? [v6Block(0, new Uint8Array(0))] : []),
  ]);
}

/** A row or field with its 16-bit size in front. */
export function sized16(content: Bytes): Bytes {
  return bytesBy((writer) => {
    writer.u16(content.length);
    writer.bytes(content);
  });
}

/** A field of version 6. */
export function v6Field(name: string, type: readonly number[]): Bytes {
  return sized16(concatBytes([string6(name), new Uint8Array(type)]));
}

/** The content of a metadata block of version 6. */
export function v6Metadata(rows: readonly Bytes[]): Bytes {
  return concatBytes([new Uint8Array(2), ...rows.map(sized16)]);
}

/** A row of a metadata block of version 6. */
export function v6Row(
  id: number,
  parts: {
    readonly provider?: string;
    readonly name?: string;
    readonly fields?: readonly Bytes[];
    readonly options?: Bytes;
  } = {},
): Bytes {
  const { fields = [], options = new Uint8Array(0) } = parts;
  return bytesBy((writer) => {
    writer.varuint(id);
    writer.bytes(string6(parts.provider ?? "Test"));
    writer.varuint(id);
    writer.bytes(string6(parts.name ?? `Event${id}`));
    writer.u16(fields.length);
    fields.forEach((field) => writer.bytes(field));
    writer.u16(options.length);
    writer.bytes(options);
  });
}

/** A row of a thread block: index and items. */
export function v6Thread(
  index: number,
  processId: number,
  threadId: number,
): Bytes {
  return sized16(bytesBy((writer) => {
    writer.varuint(index);
    writer.u8(2);
    writer.varuint(processId);
    writer.u8(3);
    writer.varuint(threadId);
  }));
}
