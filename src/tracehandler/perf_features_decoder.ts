import { FormatError, LimitError } from "../base/errors.ts";
import { ByteReader } from "../codec/byte_reader.ts";
import { PERF_FEATURE, PERF_MISC } from "./perf_event_table.ts";

/** A mapped file with its build id. */
export interface PerfBuildId {
  /** Process, -1 for any. */
  readonly pid: number;
  /** Build id in hexadecimal. */
  readonly buildId: string;
  readonly fileName: string;
}

/** Name of an event with the ids by which samples name it. */
export interface PerfEventDescription {
  readonly name: string;
  readonly ids: readonly bigint[];
}

/** When the clock of the samples showed what. */
export interface PerfClockData {
  /** Nanoseconds since 1970. */
  readonly wallNs: bigint;
  /** The samples' clock at that moment. */
  readonly clockNs: bigint;
}

/** What a recorder says about itself and the machine. */
export interface PerfFeatures {
  readonly hostname?: string | undefined;
  readonly osRelease?: string | undefined;
  /** Version of perf. */
  readonly version?: string | undefined;
  readonly arch?: string | undefined;
  readonly cpuDescription?: string | undefined;
  readonly cpuId?: string | undefined;
  /** Memory of the machine in bytes. */
  readonly totalMemory?: number | undefined;
  /** Times of the first and the last sample. */
  readonly sampleTime?:
    | { readonly first: bigint; readonly last: bigint }
    | undefined;
  /** Processors that were there, and that were on. */
  readonly cpuCounts?: {
    readonly available: number;
    readonly online: number;
  } | undefined;
  readonly commandLine?: readonly string[] | undefined;
  readonly buildIds?: readonly PerfBuildId[] | undefined;
  readonly eventDescriptions?: readonly PerfEventDescription[] | undefined;
  readonly clockData?: PerfClockData | undefined;
  /** Whether the data lies in files of a folder. */
  readonly isDirectory?: boolean | undefined;
}

const MAX_STRINGS = 65_536;
const MAX_EVENTS = 65_536;
const ATTR_MIN_BYTES = 64;

/**
 * Decodes a section of a perf.data file that tells of the recorder.
 *
 * @param id Number of the section.
 * @param bytes Its content.
 * @param littleEndian Byte order.
 * @returns What it says; nothing for sections that are not looked at.
 * @throws {FormatError} When it is damaged.
 * @throws {TruncatedError} When it is cut.
 */
export function decodePerfFeature(
  id: number,
  bytes: Uint8Array,
  littleEndian: boolean,
): PerfFeatures {
  const reader = new ByteReader(bytes, { littleEndian, format: "perf.data" });
  switch (id) {
    case PERF_FEATURE.hostname:
      return { hostname: readString(reader) };
    case PERF_FEATURE.osRelease:
      return { osRelease: readString(reader) };
    case PERF_FEATURE.perfVersion:
      return { version: readString(reader) };
    case PERF_FEATURE.arch:
      return { arch: readString(reader) };
    case PERF_FEATURE.cpuDescription:
      return { cpuDescription: readString(reader) };
    case PERF_FEATURE.cpuId:
      return { cpuId: readString(reader) };
    case PERF_FEATURE.totalMemory:
      return { totalMemory: reader.u64AsNumber() * 1024 };
    case PERF_FEATURE.sampleTime:
      return { sampleTime: { first: reader.u64(), last: reader.u64() } };
    case PERF_FEATURE.cpuCounts:
      return { cpuCounts: { available: reader.u32(), online: reader.u32() } };
    case PERF_FEATURE.commandLine:
      return { commandLine: readStrings(reader) };
    case PERF_FEATURE.buildIds:
      return { buildIds: readBuildIds(reader) };
    case PERF_FEATURE.eventDescriptions:
      return { eventDescriptions: readEventDescriptions(reader) };
    case PERF_FEATURE.clockData: {
      reader.skip(8);
      return { clockData: { wallNs: reader.u64(), clockNs: reader.u64() } };
    }
    case PERF_FEATURE.directory:
      return { isDirectory: true };
    default:
      return {};
  }
}

function readString(reader: ByteReader): string {
  const bytes = reader.bytes(reader.u32());
  const end = bytes.indexOf(0);
  return utf8.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function readStrings(reader: ByteReader): string[] {
  const count = checkCount(reader, reader.u32(), MAX_STRINGS);
  return Array.from({ length: count }, () => readString(reader));
}

function readBuildIds(reader: ByteReader): PerfBuildId[] {
  const ids: PerfBuildId[] = [];
  while (reader.remaining >= 8) {
    reader.skip(4);
    const misc = reader.u16();
    const size = reader.u16();
    if (size < 8 + 4 + 24) break;
    const entry = reader.sub(Math.min(size - 8, reader.remaining));
    const pid = entry.i32();
    const id = entry.bytes(20);
    const length = entry.u8();
    entry.skip(3);
    const name = entry.rest();
    const end = name.indexOf(0);
    ids.push({
      pid,
      buildId: id.subarray(
        0,
        (misc & PERF_MISC.buildIdSize) !== 0 ? Math.min(length, 20) : 20,
      ).toHex(),
      fileName: utf8.decode(end < 0 ? name : name.subarray(0, end)),
    });
  }
  return ids;
}

function readEventDescriptions(reader: ByteReader): PerfEventDescription[] {
  const count = checkCount(reader, reader.u32(), MAX_EVENTS);
  const attrBytes = reader.u32();
  if (attrBytes < ATTR_MIN_BYTES) {
    throw new FormatError(
      `Cannot read perf event descriptions: an event has ${attrBytes} bytes`,
      { format: "perf.data", offset: reader.offset },
    );
  }
  const descriptions: PerfEventDescription[] = [];
  for (let index = 0; index < count; index++) {
    reader.skip(attrBytes);
    const idCount = reader.u32();
    const name = readString(reader);
    checkCount(reader, idCount, reader.remaining / 8);
    descriptions.push({
      name,
      ids: Array.from({ length: idCount }, () => reader.u64()),
    });
  }
  return descriptions;
}

function checkCount(
  reader: ByteReader,
  count: number,
  limit: number,
): number {
  if (count <= limit) return count;
  throw new LimitError(
    `Cannot read perf.data section at byte ${reader.offset}: ${count} entries do not fit`,
    { limit: "maxTableEntries", value: count, offset: reader.offset },
  );
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
