import { FormatError, TruncatedError } from "../base/errors.ts";
import type { UnixNs } from "../base/time.ts";
import { ByteReader } from "../codec/byte_reader.ts";
import { ChunkQueue } from "../codec/chunk_queue.ts";

// Header: u32 magic, u16 major, u16 minor, i32 zone, u32 accuracy, u32 snap
// length, u32 link type. Record: u32 seconds, u32 fraction, u32 captured
// length, u32 original length, data. The magic tells byte order and resolution.
const HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const MAGIC_MICRO = 0xa1b2c3d4;
const MAGIC_NANO = 0xa1b23c4d;
const PCAPNG_MAGIC = 0x0a0d0d0a;
/** No tool captures longer packets, whatever the snap length says. */
const MAX_PACKET_BYTES = 256 * 1024;

/** The file header of a pcap file. */
export interface PcapHeader {
  /** Byte order of all numbers in the file. */
  readonly littleEndian: boolean;
  /** Unit of the fractions of time stamps. */
  readonly resolution: "us" | "ns";
  /** Version of the format, 2.4 in practice. */
  readonly version: string;
  /** Most bytes of a packet that were to be kept; packets can be longer all the same. */
  readonly snapLength: number;
  /** What a packet begins with: 1 Ethernet, 101 raw IP, 113 and 276 cooked. */
  readonly linkType: number;
}

/** One packet of a pcap file. */
export interface PcapPacket {
  /** Number of the packet in the file, from 0. */
  readonly index: number;
  /** Time of capture. */
  readonly timestamp: UnixNs;
  /** Bytes that the packet had on the wire. */
  readonly originalLength: number;
  /** The bytes kept; a view that is valid until the next push. */
  readonly data: Uint8Array;
  /** Absolute offset of the record in the file. */
  readonly offset: number;
}

/** Receives what a {@linkcode PcapDecoder} finds. */
export interface PcapSink {
  /** @param header The file header, once, before all packets. */
  onHeader?(header: PcapHeader): void;
  /** @param packet The next packet. */
  onPacket(packet: PcapPacket): void;
}

/**
 * Tells whether bytes begin as a pcap file does, in either byte order and
 * resolution.
 *
 * @param head The first bytes.
 * @returns True when they do.
 */
export function sniffPcap(head: Uint8Array): boolean {
  return head.length >= 4 && readMagic(head) !== undefined;
}

/**
 * Decodes a pcap file that arrives in pieces. It holds at most one unfinished
 * packet.
 *
 * @example Decoding an empty file
 * ```ts
 * import { PcapDecoder } from "../../src/container/pcap_decoder.ts";
 * import { encodePcapHeader } from "../../src/container/pcap_encoder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * let linkType = 0;
 * const decoder = new PcapDecoder({
 *   onHeader: (header) => linkType = header.linkType,
 *   onPacket: () => {},
 * });
 * decoder.push(encodePcapHeader({ linkType: 101 }));
 * decoder.finish();
 * assertEquals(linkType, 101);
 * ```
 */
export class PcapDecoder {
  readonly #sink: PcapSink;
  readonly #queue = new ChunkQueue();
  #header: PcapHeader | undefined;
  #index = 0;

  /** @param sink Receives header and packets. */
  constructor(sink: PcapSink) {
    this.#sink = sink;
  }

  /**
   * Decodes what is complete.
   *
   * @param chunk The next bytes of the file; must not change until the next push.
   * @throws {FormatError} When the file is of another kind, or a record cannot be.
   */
  push(chunk: Uint8Array): void {
    this.#queue.push(chunk);
    if (this.#header === undefined && !this.#readHeader()) return;
    while (this.#readPacket());
  }

  /**
   * Ends the file.
   *
   * @throws {TruncatedError} When it ends inside the header or a packet.
   */
  finish(): void {
    const { offset, available } = this.#queue;
    if (this.#header !== undefined && available === 0) return;
    const part = this.#header === undefined
      ? { name: "header", bytes: HEADER_BYTES }
      : { name: `packet ${this.#index}`, bytes: this.#recordBytes() };
    throw new TruncatedError(
      `Cannot read pcap ${part.name} at byte ${offset}: file ends after ${available} of its bytes`,
      {
        format: "pcap",
        offset,
        record: part.name,
        missingBytes: part.bytes - available,
      },
    );
  }

  #readHeader(): boolean {
    const head = this.#queue.peek(4);
    if (head === undefined) return false;
    const kind = readMagic(head);
    if (kind === undefined) throw notPcap(head);
    const bytes = this.#queue.take(HEADER_BYTES);
    if (bytes === undefined) return false;
    const reader = new ByteReader(bytes, {
      littleEndian: kind.littleEndian,
      format: "pcap",
    });
    reader.skip(4);
    const version = `${reader.u16()}.${reader.u16()}`;
    reader.skip(8);
    const snapLength = reader.u32();
    // The upper half says whether packets end in a checksum.
    const linkType = reader.u32() & 0xffff;
    this.#header = { ...kind, version, snapLength, linkType };
    this.#sink.onHeader?.(this.#header);
    return true;
  }

  #readPacket(): boolean {
    const { resolution, littleEndian } = this.#header!;
    const head = this.#queue.peek(RECORD_HEADER_BYTES);
    if (head === undefined) return false;
    const view = new DataView(head.buffer, head.byteOffset, head.length);
    const captured = view.getUint32(8, littleEndian);
    const { offset } = this.#queue;
    if (captured > MAX_PACKET_BYTES) {
      throw new FormatError(
        `Cannot read pcap packet ${this.#index} at byte ${offset}: captured length is ${captured} bytes, ${MAX_PACKET_BYTES} are the most`,
        { format: "pcap", offset, record: `packet ${this.#index}` },
      );
    }
    const seconds = view.getUint32(0, littleEndian);
    const fraction = view.getUint32(4, littleEndian);
    const originalLength = view.getUint32(12, littleEndian);
    const record = this.#queue.take(RECORD_HEADER_BYTES + captured);
    if (record === undefined) return false;
    this.#sink.onPacket({
      index: this.#index++,
      timestamp: (BigInt(seconds) * 1_000_000_000n +
        BigInt(fraction) * (resolution === "us" ? 1000n : 1n)) as UnixNs,
      originalLength,
      data: record.subarray(RECORD_HEADER_BYTES),
      offset,
    });
    return true;
  }

  #recordBytes(): number {
    const head = this.#queue.peek(RECORD_HEADER_BYTES);
    if (head === undefined) return RECORD_HEADER_BYTES;
    const view = new DataView(head.buffer, head.byteOffset, head.length);
    return RECORD_HEADER_BYTES + view.getUint32(8, this.#header!.littleEndian);
  }
}

function readMagic(
  head: Uint8Array,
): Pick<PcapHeader, "littleEndian" | "resolution"> | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  for (const littleEndian of [true, false]) {
    const magic = view.getUint32(0, littleEndian);
    if (magic === MAGIC_MICRO) return { littleEndian, resolution: "us" };
    if (magic === MAGIC_NANO) return { littleEndian, resolution: "ns" };
  }
  return undefined;
}

function notPcap(head: Uint8Array): FormatError {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const state = view.getUint32(0) === PCAPNG_MAGIC
    ? "file is pcapng, supported is pcap"
    : `magic is ${head.toHex()}`;
  return new FormatError(`Cannot read pcap header at byte 0: ${state}`, {
    format: "pcap",
    offset: 0,
  });
}
