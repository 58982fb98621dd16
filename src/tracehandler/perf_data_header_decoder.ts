import { FormatError } from "../base/errors.ts";
import { ByteReader } from "../codec/byte_reader.ts";
import { decodePerfAttr, type PerfEventAttr } from "./perf_attr_decoder.ts";
import { PERF_DATA_MAGIC } from "./sniff_perf_data.ts";

// u64 magic, u64 header size, u64 size of an event's entry, {offset, size} of
// events, data and event types, bits of features (4 words). An event's entry is
// its description, then {offset, size} of its ids.
const FORMAT = "perf.data";
const PIPE_HEADER_BYTES = 16;
const SECTION_BYTES = 16;
const MIN_ATTR_BYTES = 64;
const MAX_ATTR_BYTES = 65_536;
const MAX_IDS = 1_048_576;
const MAX_EVENTS = 65_536;

/** Bytes that tell a file from a pipe. */
export const PERF_DATA_START_BYTES = 16;
/** Bytes of a file's header. */
export const PERF_DATA_HEADER_BYTES = 104;

/** An event of a file with the ids by which samples name it. */
export interface PerfEvent {
  readonly attr: PerfEventAttr;
  readonly ids: readonly bigint[];
}

/** A part of a file. */
export interface PerfDataSection {
  readonly offset: number;
  readonly size: number;
}

/** What a stream begins with. */
export interface PerfDataStart {
  readonly littleEndian: boolean;
  /** Whether records follow at once, as `perf record` writes to a pipe. */
  readonly isPipe: boolean;
}

/** Header of a file. */
export interface PerfDataHeader {
  /** Bytes of an event's entry. */
  readonly entryBytes: number;
  readonly events: PerfDataSection;
  readonly data: PerfDataSection;
  /** Numbers of the sections behind the data, ascending. */
  readonly features: readonly number[];
}

/**
 * Decodes the first bytes of a stream.
 *
 * @param bytes At least {@linkcode PERF_DATA_START_BYTES}.
 * @returns Byte order, and whether it is a pipe.
 * @throws {FormatError} When it is no perf.data stream, or of an unknown version.
 */
export function decodePerfDataStart(bytes: Uint8Array): PerfDataStart {
  const magic = bytes.subarray(0, 8).toHex();
  if (
    magic === PERF_DATA_MAGIC.oldLittleEndian ||
    magic === PERF_DATA_MAGIC.oldBigEndian
  ) throw fault(0, "version is 1, supported is 2");
  const littleEndian = magic === PERF_DATA_MAGIC.littleEndian;
  if (!littleEndian && magic !== PERF_DATA_MAGIC.bigEndian) {
    throw fault(0, `it is no perf.data file, magic is ${magic}`);
  }
  const reader = new ByteReader(bytes, { littleEndian, format: FORMAT });
  reader.seek(8);
  const size = reader.u64AsNumber();
  if (size !== PIPE_HEADER_BYTES && size < PERF_DATA_HEADER_BYTES) {
    throw fault(
      8,
      `header has ${size} bytes, expected ${PERF_DATA_HEADER_BYTES}, or ${PIPE_HEADER_BYTES} from a pipe`,
    );
  }
  return { littleEndian, isPipe: size === PIPE_HEADER_BYTES };
}

/**
 * Decodes the header of a file.
 *
 * @param bytes At least {@linkcode PERF_DATA_HEADER_BYTES}.
 * @param littleEndian Byte order.
 * @returns Where everything is.
 * @throws {FormatError} When it contradicts itself.
 */
export function decodePerfDataHeader(
  bytes: Uint8Array,
  littleEndian: boolean,
): PerfDataHeader {
  const reader = new ByteReader(bytes, { littleEndian, format: FORMAT });
  reader.seek(16);
  const entryBytes = reader.u64AsNumber();
  const events = readSection(reader);
  const data = readSection(reader);
  reader.skip(SECTION_BYTES);
  const features: number[] = [];
  for (let word = 0; word < 4; word++) {
    const value = reader.u64();
    for (let bit = 0; bit < 64; bit++) {
      if ((value >> BigInt(bit) & 1n) === 1n) features.push(word * 64 + bit);
    }
  }
  if (
    entryBytes < MIN_ATTR_BYTES + SECTION_BYTES ||
    entryBytes > MAX_ATTR_BYTES + SECTION_BYTES
  ) throw fault(16, `an event has ${entryBytes} bytes`);
  if (data.offset < PERF_DATA_HEADER_BYTES) {
    throw fault(40, `data begins at byte ${data.offset}`);
  }
  return { entryBytes, events, data, features };
}

/**
 * Decodes the events of a file.
 *
 * @param start The file up to its data.
 * @param header Its header.
 * @param littleEndian Byte order.
 * @returns The events.
 * @throws {FormatError} When they or their ids lie elsewhere.
 */
export function decodePerfDataEvents(
  start: Uint8Array,
  { events, entryBytes }: PerfDataHeader,
  littleEndian: boolean,
): PerfEvent[] {
  const within = ({ offset, size }: PerfDataSection) =>
    offset + size <= start.length;
  if (!within(events)) {
    throw fault(events.offset, "events are not described before the data");
  }
  const count = Math.floor(events.size / entryBytes);
  if (count > MAX_EVENTS) throw fault(24, `it has ${count} events`);
  const attrBytes = entryBytes - SECTION_BYTES;
  const decoded: PerfEvent[] = [];
  for (let index = 0; index < count; index++) {
    const at = events.offset + index * entryBytes;
    const reader = new ByteReader(start, { littleEndian, format: FORMAT });
    reader.seek(at + attrBytes);
    const ids = readSection(reader);
    if (!within(ids)) throw fault(ids.offset, "ids do not lie before the data");
    decoded.push({
      attr: decodePerfAttr(
        start.subarray(at, at + attrBytes),
        littleEndian,
        at,
      ),
      ids: decodePerfIds(
        start.subarray(ids.offset, ids.offset + ids.size),
        littleEndian,
      ),
    });
  }
  return decoded;
}

/**
 * @param bytes A list of ids.
 * @param littleEndian Byte order.
 * @returns The ids; of a list that is absurdly long, the first ones.
 */
export function decodePerfIds(
  bytes: Uint8Array,
  littleEndian: boolean,
): bigint[] {
  const reader = new ByteReader(bytes, { littleEndian, format: FORMAT });
  const ids: bigint[] = [];
  while (reader.remaining >= 8 && ids.length < MAX_IDS) ids.push(reader.u64());
  return ids;
}

function readSection(reader: ByteReader): PerfDataSection {
  return { offset: reader.u64AsNumber(), size: reader.u64AsNumber() };
}

function fault(offset: number, state: string): FormatError {
  return new FormatError(
    `Cannot read perf.data file at byte ${offset}: ${state}`,
    { format: FORMAT, offset },
  );
}
