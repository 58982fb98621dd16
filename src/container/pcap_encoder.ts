import { ByteWriter } from "../codec/byte_writer.ts";

/** Largest captured length that readers accept. */
const MAX_PACKET_BYTES = 256 * 1024;

/** How {@linkcode encodePcapHeader} describes the file. */
export interface EncodePcapHeaderOptions {
  /** What a packet begins with: 1 Ethernet, 101 raw IP, 113 and 276 cooked. @default {1} */
  readonly linkType?: number | undefined;
  /** Most bytes of a packet that are kept, 1 to 262,144. @default {1518} */
  readonly snapLength?: number | undefined;
}

/** A packet for {@linkcode encodePcapPacket}. */
export interface PcapPacketInput {
  /** Time of capture in Unix ns, 0 to 2^32 seconds; fractions of a microsecond are cut. */
  readonly timestamp: bigint;
  /** Bytes that the packet had on the wire, at least the length of `data`. */
  readonly originalLength: number;
  /** The bytes to keep. */
  readonly data: Uint8Array;
}

/**
 * Encodes the header of a pcap file: little endian, microseconds, version 2.4.
 *
 * @param options Link type and snap length.
 * @returns 24 bytes.
 * @throws {RangeError} When an option is out of its range.
 */
export function encodePcapHeader(
  options: EncodePcapHeaderOptions = {},
): Uint8Array<ArrayBuffer> {
  const { linkType = 1, snapLength = 1518 } = options;
  checkRange("linkType", linkType, 0, 0xffff);
  checkRange("snapLength", snapLength, 1, MAX_PACKET_BYTES);
  const writer = new ByteWriter({ littleEndian: true });
  writer.u32(0xa1b2c3d4);
  writer.u16(2);
  writer.u16(4);
  writer.zeros(8);
  writer.u32(snapLength);
  writer.u32(linkType);
  return writer.toBytes();
}

/**
 * Encodes a packet as it stands in a file that begins with
 * {@linkcode encodePcapHeader}.
 *
 * @param packet The packet.
 * @returns 16 bytes and a copy of the data.
 * @throws {RangeError} When time or lengths do not fit the format.
 *
 * @example A file of one packet
 * ```ts
 * import { encodePcapPacket } from "../../src/container/pcap_encoder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const record = encodePcapPacket({
 *   timestamp: 1_000_002_000n,
 *   originalLength: 1500,
 *   data: new Uint8Array(60),
 * });
 * assertEquals(record.length, 76);
 * ```
 */
export function encodePcapPacket(
  packet: PcapPacketInput,
): Uint8Array<ArrayBuffer> {
  const { timestamp, originalLength, data } = packet;
  const seconds = Number(timestamp / 1_000_000_000n);
  checkRange("timestamp seconds", seconds, 0, 0xffff_ffff);
  checkRange("data length", data.length, 0, MAX_PACKET_BYTES);
  checkRange("originalLength", originalLength, data.length, 0xffff_ffff);
  const record = new Uint8Array(16 + data.length);
  const view = new DataView(record.buffer);
  view.setUint32(0, seconds, true);
  view.setUint32(4, Number(timestamp % 1_000_000_000n / 1000n), true);
  view.setUint32(8, data.length, true);
  view.setUint32(12, originalLength, true);
  record.set(data, 16);
  return record;
}

function checkRange(
  name: string,
  value: number,
  min: number,
  max: number,
): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new RangeError(
    `Cannot encode pcap: ${name} is ${value}, expected ${min} to ${max}`,
  );
}
