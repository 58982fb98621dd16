import { FormatError, TruncatedError } from "../base/errors.ts";
import type { RandomAccess } from "../base/random_access.ts";
import { ByteReader } from "../codec/byte_reader.ts";

// Header: 16 magic, class, data; 16 type, 18 machine, 32 phoff, 40 shoff, 54
// phentsize, 56 phnum, 58 shentsize, 60 shnum, 62 shstrndx. A program header
// has 56 bytes, a section header 64, a note 12 and name and description.
const HEADER_BYTES = 64;
const SEGMENT_BYTES = 56;
const SECTION_BYTES = 64;
const MAGIC = 0x464c457f;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const MANY_SEGMENTS = 0xffff;
const MANY_SECTIONS = 0xffff;
const FORMAT = "ELF";

const MAX_SECTIONS = 1_048_576;
const MAX_SEGMENTS = 65_536;
const MAX_NAME_TABLE_BYTES = 16 * 1024 * 1024;
const MAX_NOTE_BYTES = 1024 * 1024;
const MAX_DEBUGLINK_BYTES = 4096;

/** Kinds of sections that are looked at. */
export const ELF_SECTION_TYPE = {
  symbols: 2,
  strings: 3,
  relocationsWithAddend: 4,
  note: 7,
  noBits: 8,
  relocations: 9,
  dynamicSymbols: 11,
} as const;

/** Kinds of segments that are looked at. */
export const ELF_SEGMENT_TYPE = { load: 1, note: 4 } as const;

/** Processors that are told apart. */
export const ELF_MACHINE = { x86: 62, aarch64: 183 } as const;

/** A section of an {@linkcode ElfFile}. */
export interface ElfSection {
  /** Its name, empty where it has none. */
  readonly name: string;
  /** Its kind, see {@linkcode ELF_SECTION_TYPE}. */
  readonly type: number;
  /** Its flags. */
  readonly flags: number;
  /** Where it lies in memory, 0 where it does not. */
  readonly address: number;
  /** Where it lies in the file. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
  /** Index of a section that belongs to it. */
  readonly link: number;
  /** Bytes of one entry, 0 where it has none. */
  readonly entrySize: number;
}

/** A part of an {@linkcode ElfFile} that is loaded into memory or describes it. */
export interface ElfSegment {
  /** Its kind, see {@linkcode ELF_SEGMENT_TYPE}. */
  readonly type: number;
  /** Its flags: 1 executable, 2 writable, 4 readable. */
  readonly flags: number;
  /** Where it lies in the file. */
  readonly offset: number;
  /** Where it lies in the file's own addresses. */
  readonly address: number;
  /** Bytes in the file. */
  readonly fileSize: number;
  /** Bytes in memory. */
  readonly memorySize: number;
  /** Alignment. */
  readonly align: number;
}

/** A program, library or core dump. */
export interface ElfFile {
  /** The file. */
  readonly source: RandomAccess;
  /** 2 a program at fixed addresses, 3 a library or movable program, 4 a core dump. */
  readonly type: number;
  /** Processor, see {@linkcode ELF_MACHINE}. */
  readonly machine: number;
  readonly segments: readonly ElfSegment[];
  readonly sections: readonly ElfSection[];
}

/** A separate file with debug information. */
export interface ElfDebugLink {
  /** Name of the file, without folders. */
  readonly fileName: string;
  /** CRC-32 of its content. */
  readonly crc32: number;
}

/**
 * Tells whether bytes begin an ELF file.
 *
 * @param head First bytes of a file.
 * @returns True when the magic number is there.
 */
export function sniffElf(head: Uint8Array): boolean {
  return head.length >= 4 && head[0] === 0x7f && head[1] === 0x45 &&
    head[2] === 0x4c && head[3] === 0x46;
}

/**
 * Reads the tables of an ELF file of 64 bits, lowest byte first. Of the rest
 * nothing is read.
 *
 * @param source The file.
 * @returns Its segments and sections.
 * @throws {FormatError} When it is no such file or its tables cannot be right.
 * @throws {TruncatedError} When a table reaches behind its end.
 *
 * @example The sections of a program
 * ```ts ignore
 * import { readElf } from "../../src/container/elf.ts";
 * import { openRandomAccess } from "../../src/platform/random_access_file.ts";
 *
 * using file = await openRandomAccess("/bin/true");
 * const { sections } = await readElf(file);
 * ```
 */
export async function readElf(source: RandomAccess): Promise<ElfFile> {
  const head = await readRange(source, 0, HEADER_BYTES, "header");
  const reader = readerOf(head, 0);
  if (reader.u32() !== MAGIC) {
    throw fault(0, `magic is ${head.subarray(0, 4).toHex()}`);
  }
  const bits = reader.u8();
  const order = reader.u8();
  if (bits !== CLASS_64 || order !== LITTLE_ENDIAN) {
    throw fault(
      4,
      `class is ${bits} and byte order ${order}, supported are files of 64 bits with the lowest byte first`,
    );
  }
  reader.seek(16);
  const type = reader.u16();
  const machine = reader.u16();
  reader.seek(32);
  const segmentsAt = reader.u64AsNumber();
  const sectionsAt = reader.u64AsNumber();
  reader.seek(54);
  const segmentBytes = reader.u16();
  let segmentCount = reader.u16();
  const sectionBytes = reader.u16();
  let sectionCount = reader.u16();
  let namesIndex = reader.u16();

  if (sectionsAt > 0 && sectionBytes !== SECTION_BYTES) {
    throw fault(58, `section headers have ${sectionBytes} bytes, expected 64`);
  }
  // Numbers that do not fit 16 bits stand in the first section.
  const isExtended = sectionsAt > 0 &&
    (sectionCount === 0 || namesIndex === MANY_SECTIONS ||
      segmentCount === MANY_SEGMENTS);
  if (isExtended) {
    const first = readerOf(
      await readRange(source, sectionsAt, SECTION_BYTES, "first section"),
      sectionsAt,
    );
    first.seek(32);
    const size = first.u64AsNumber();
    const link = first.u32();
    const info = first.u32();
    if (sectionCount === 0) sectionCount = size;
    if (namesIndex === MANY_SECTIONS) namesIndex = link;
    if (segmentCount === MANY_SEGMENTS) segmentCount = info;
  }
  if (sectionsAt === 0) sectionCount = 0;
  if (sectionCount > MAX_SECTIONS) {
    throw fault(
      60,
      `it has ${sectionCount} sections, limit is ${MAX_SECTIONS}`,
    );
  }
  if (segmentCount > MAX_SEGMENTS) {
    throw fault(
      56,
      `it has ${segmentCount} segments, limit is ${MAX_SEGMENTS}`,
    );
  }
  if (segmentCount > 0 && segmentBytes !== SEGMENT_BYTES) {
    throw fault(54, `program headers have ${segmentBytes} bytes, expected 56`);
  }
  const segments = await readSegments(source, segmentsAt, segmentCount);
  const sections = await readSections(
    source,
    sectionsAt,
    sectionCount,
    namesIndex,
  );
  return { source, type, machine, segments, sections };
}

/**
 * Finds where a place in the file lies in the file's own addresses.
 *
 * @param elf The file.
 * @param offset Place in the file.
 * @returns Its address, or `undefined` when it is not loaded.
 */
export function elfAddressOf(
  elf: Pick<ElfFile, "segments">,
  offset: number,
): number | undefined {
  for (const segment of elf.segments) {
    if (
      segment.type === ELF_SEGMENT_TYPE.load && offset >= segment.offset &&
      offset < segment.offset + segment.fileSize
    ) return offset - segment.offset + segment.address;
  }
  return undefined;
}

/** Build ids of a file. */
export interface ElfBuildIds {
  /** Of GNU's linker, in hexadecimal, empty where there is none. */
  readonly gnu: string;
  /** Of Go's linker, empty where there is none. */
  readonly go: string;
}

/**
 * Reads the build ids.
 *
 * @param elf The file.
 * @returns What its notes say; damaged notes say nothing.
 */
export async function readElfBuildIds(elf: ElfFile): Promise<ElfBuildIds> {
  const ids = { gnu: "", go: "" };
  const places = [
    ...elf.segments
      .filter(({ type }) => type === ELF_SEGMENT_TYPE.note)
      .map(({ offset, fileSize, align }) => ({
        offset,
        size: fileSize,
        align,
      })),
    ...elf.sections
      .filter(({ type }) => type === ELF_SECTION_TYPE.note)
      .map(({ offset, size }) => ({ offset, size, align: 4 })),
  ];
  for (const { offset, size, align } of places) {
    if (ids.gnu !== "" && ids.go !== "") break;
    const { sizeBytes } = elf.source;
    const length = Math.min(size, MAX_NOTE_BYTES, sizeBytes - offset);
    if (length <= 0) continue;
    const bytes = await elf.source.read(offset, length);
    takeBuildIds(bytes, align === 8 ? 8 : 4, ids);
  }
  return ids;
}

/**
 * Takes build ids out of notes.
 *
 * @param bytes Notes, one after the other.
 * @param align Alignment of their parts, 4 or 8.
 * @param ids Gets the first id of each kind.
 */
export function takeBuildIds(
  bytes: Uint8Array,
  align: 4 | 8,
  ids: { gnu: string; go: string },
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 12 <= bytes.length;) {
    const nameSize = view.getUint32(at, true);
    const size = view.getUint32(at + 4, true);
    const type = view.getUint32(at + 8, true);
    const nameAt = at + 12;
    const contentAt = roundUp(nameAt + nameSize, align);
    if (contentAt + size > bytes.length) return;
    const name = latin1.decode(bytes.subarray(nameAt, nameAt + nameSize));
    const content = bytes.subarray(contentAt, contentAt + size);
    if (type === 3 && name === "GNU\0" && ids.gnu === "") {
      ids.gnu = content.toHex();
    } else if (type === 4 && name === "Go\0\0" && ids.go === "") {
      ids.go = latin1.decode(content);
    }
    at = roundUp(contentAt + size, align);
  }
}

/**
 * Reads which file has the debug information of this one.
 *
 * @param elf The file.
 * @returns Name and checksum, or `undefined` when it does not say.
 */
export async function readElfDebugLink(
  elf: ElfFile,
): Promise<ElfDebugLink | undefined> {
  const section = elf.sections.find(({ name }) => name === ".gnu_debuglink");
  if (section === undefined || section.size > MAX_DEBUGLINK_BYTES) {
    return undefined;
  }
  const bytes = await elf.source.read(section.offset, section.size);
  const end = bytes.indexOf(0);
  const crcAt = roundUp(end + 1, 4);
  if (end <= 0 || crcAt + 4 > bytes.length) return undefined;
  return {
    fileName: utf8.decode(bytes.subarray(0, end)),
    crc32: new DataView(bytes.buffer, bytes.byteOffset).getUint32(crcAt, true),
  };
}

async function readSegments(
  source: RandomAccess,
  at: number,
  count: number,
): Promise<ElfSegment[]> {
  const bytes = await readRange(
    source,
    at,
    count * SEGMENT_BYTES,
    "program headers",
  );
  const reader = readerOf(bytes, at);
  const segments: ElfSegment[] = [];
  for (let index = 0; index < count; index++) {
    const type = reader.u32();
    const flags = reader.u32();
    const offset = clamp(reader.u64());
    const address = clamp(reader.u64());
    reader.skip(8);
    segments.push({
      type,
      flags,
      offset,
      address,
      fileSize: clamp(reader.u64()),
      memorySize: clamp(reader.u64()),
      align: clamp(reader.u64()),
    });
  }
  return segments;
}

async function readSections(
  source: RandomAccess,
  at: number,
  count: number,
  namesIndex: number,
): Promise<ElfSection[]> {
  const bytes = await readRange(
    source,
    at,
    count * SECTION_BYTES,
    "section headers",
  );
  const reader = readerOf(bytes, at);
  const nameOffsets: number[] = [];
  const sections: ElfSection[] = [];
  for (let index = 0; index < count; index++) {
    nameOffsets.push(reader.u32());
    const type = reader.u32();
    const flags = clamp(reader.u64());
    const address = clamp(reader.u64());
    const offset = clamp(reader.u64());
    const size = clamp(reader.u64());
    const link = reader.u32();
    reader.skip(12);
    sections.push({
      name: "",
      type,
      flags,
      address,
      offset,
      size,
      link,
      entrySize: clamp(reader.u64()),
    });
  }
  const names = sections[namesIndex];
  if (names === undefined || names.type !== ELF_SECTION_TYPE.strings) {
    return sections;
  }
  const table = await source.read(
    names.offset,
    Math.min(names.size, MAX_NAME_TABLE_BYTES),
  );
  return sections.map((section, index) => ({
    ...section,
    name: elfStringAt(table, nameOffsets[index]!),
  }));
}

/**
 * @param table A table of strings.
 * @param offset Where one begins.
 * @returns It, up to its NUL; at most 4096 bytes; empty when it is outside.
 */
export function elfStringAt(table: Uint8Array, offset: number): string {
  if (offset <= 0 || offset >= table.length) return "";
  const limit = Math.min(table.length, offset + MAX_STRING_BYTES);
  let end = offset;
  while (end < limit && table[end] !== 0) end++;
  return utf8.decode(table.subarray(offset, end));
}

const MAX_STRING_BYTES = 4096;
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
const latin1 = new TextDecoder("latin1");

/** Numbers beyond 2^53 occur in damaged files only; as places they lead nowhere. */
function clamp(value: bigint): number {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : Number.MAX_SAFE_INTEGER;
}

function roundUp(value: number, align: number): number {
  return Math.ceil(value / align) * align;
}

function readerOf(bytes: Uint8Array, baseOffset: number): ByteReader {
  return new ByteReader(bytes, {
    littleEndian: true,
    format: FORMAT,
    baseOffset,
  });
}

async function readRange(
  source: RandomAccess,
  offset: number,
  length: number,
  what: string,
): Promise<Uint8Array> {
  if (length === 0) return new Uint8Array(0);
  if (offset + length > source.sizeBytes) {
    throw new TruncatedError(
      `Cannot read ELF ${what} at byte ${offset}: file has ${source.sizeBytes} bytes, expected ${
        offset + length
      }`,
      {
        format: FORMAT,
        offset,
        missingBytes: offset + length - source.sizeBytes,
      },
    );
  }
  const bytes = await source.read(offset, length);
  if (bytes.length < length) {
    throw new TruncatedError(
      `Cannot read ELF ${what} at byte ${offset}: ${bytes.length} of ${length} bytes came`,
      { format: FORMAT, offset, missingBytes: length - bytes.length },
    );
  }
  return bytes;
}

function fault(offset: number, state: string): FormatError {
  return new FormatError(`Cannot read ELF header at byte ${offset}: ${state}`, {
    format: FORMAT,
    offset,
  });
}
