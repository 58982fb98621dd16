import { ByteWriter } from "../../src/codec/byte_writer.ts";
import { concatBytes } from "./byte_stream.ts";

/** "PERFILE2", lowest byte first. */
const MAGIC = 0x32454c4946524550n;

/** An event for {@linkcode perfAttr}. */
export interface PerfAttrFields {
  readonly littleEndian?: boolean;
  readonly type?: number;
  readonly config?: bigint;
  readonly frequency?: bigint;
  readonly sampleType: number;
  readonly readFormat?: number;
  /** Numbers of the flags that are set. */
  readonly flags?: readonly number[];
  readonly branchType?: bigint;
  readonly userRegisters?: bigint;
  readonly clockId?: number;
  readonly size?: number;
}

/** @param fields What it says. @returns The description of an event. */
export function perfAttr(fields: PerfAttrFields): Uint8Array<ArrayBuffer> {
  const { littleEndian = true, size = 136 } = fields;
  const writer = new ByteWriter({ littleEndian });
  writer.u32(fields.type ?? 1);
  writer.u32(size);
  writer.u64(fields.config ?? 0n);
  writer.u64(fields.frequency ?? 99n);
  writer.u64(BigInt(fields.sampleType));
  writer.u64(BigInt(fields.readFormat ?? 0));
  writer.u64(
    (fields.flags ?? []).reduce(
      (flags, bit) => flags | (1n << BigInt(littleEndian ? bit : 63 - bit)),
      0n,
    ),
  );
  writer.zeros(24);
  writer.u64(fields.branchType ?? 0n);
  writer.u64(fields.userRegisters ?? 0n);
  writer.zeros(4);
  writer.i32(fields.clockId ?? 0);
  writer.zeros(Math.max(0, size - writer.length));
  return writer.view().slice(0, size);
}

/** How records are written. */
export interface PerfRecordFields {
  readonly littleEndian?: boolean;
  readonly misc?: number;
  /** Whether it is not padded to 8 bytes. @default {false} */
  readonly exact?: boolean;
}

/**
 * Makes a record.
 *
 * @param type Its kind.
 * @param fill Writes what follows the header; padded to 8 bytes.
 * @param fields Byte order and flags.
 * @returns The record.
 */
export function perfRecord(
  type: number,
  fill: (writer: ByteWriter) => void,
  { littleEndian = true, misc = 0, exact = false }: PerfRecordFields = {},
): Uint8Array<ArrayBuffer> {
  const body = new ByteWriter({ littleEndian });
  fill(body);
  if (!exact) body.align(8);
  const writer = new ByteWriter({ littleEndian });
  writer.u32(type);
  writer.u16(misc);
  writer.u16(8 + body.length);
  writer.bytes(body.view());
  return writer.view().slice();
}

/** What is in a {@linkcode perfFile}. */
export interface PerfFileParts {
  readonly littleEndian?: boolean;
  readonly events: readonly {
    readonly attr: Uint8Array;
    readonly ids?: readonly bigint[];
  }[];
  readonly records: readonly Uint8Array[];
  /** Sections behind the data, by their number. */
  readonly features?: Readonly<Record<number, Uint8Array>>;
  /** Size of the data as the header has it. @default {the real one} */
  readonly dataBytes?: number;
}

/** @param parts What is in it. @returns A file as `perf record` writes it. */
export function perfFile(parts: PerfFileParts): Uint8Array<ArrayBuffer> {
  const { littleEndian = true, events, records } = parts;
  const features = Object.entries(parts.features ?? {})
    .map(([id, bytes]) => [Number(id), bytes] as const)
    .sort(([a], [b]) => a - b);
  const attrBytes = events[0]?.attr.length ?? 136;
  const idLists = events.map(({ ids = [] }) => {
    const writer = new ByteWriter({ littleEndian });
    for (const id of ids) writer.u64(id);
    return writer.view().slice();
  });
  const data = concatBytes(records);
  const writer = new ByteWriter({ littleEndian });
  const section = (offset: number, size: number) => {
    writer.u64(BigInt(offset));
    writer.u64(BigInt(size));
  };
  const idsAt = 104;
  const attrsAt = idsAt + idLists.reduce((sum, list) => sum + list.length, 0);
  const dataAt = attrsAt + events.length * (attrBytes + 16);
  writer.u64(MAGIC);
  writer.u64(104n);
  writer.u64(BigInt(attrBytes + 16));
  section(attrsAt, events.length * (attrBytes + 16));
  section(dataAt, parts.dataBytes ?? data.length);
  section(0, 0);
  let bits = 0n;
  for (const [id] of features) bits |= 1n << BigInt(id);
  writer.u64(bits);
  writer.zeros(24);
  for (const list of idLists) writer.bytes(list);
  let idAt = idsAt;
  for (const [index, { attr }] of events.entries()) {
    writer.bytes(attr);
    section(idAt, idLists[index]!.length);
    idAt += idLists[index]!.length;
  }
  writer.bytes(data);
  let featureAt = dataAt + data.length + features.length * 16;
  for (const [, bytes] of features) {
    section(featureAt, bytes.length);
    featureAt += bytes.length;
  }
  for (const [, bytes] of features) writer.bytes(bytes);
  return writer.view().slice();
}

/**
 * @param parts What is in it.
 * @returns What `perf record -o -` writes.
 */
export function perfPipe(
  parts: Pick<PerfFileParts, "littleEndian" | "events" | "records">,
): Uint8Array<ArrayBuffer> {
  const { littleEndian = true, events, records } = parts;
  const writer = new ByteWriter({ littleEndian });
  writer.u64(MAGIC);
  writer.u64(16n);
  const attrs = events.map(({ attr, ids = [] }) =>
    perfRecord(64, (body) => {
      body.bytes(attr);
      for (const id of ids) body.u64(id);
    }, { littleEndian })
  );
  return concatBytes([writer.view(), ...attrs, ...records]);
}
