import { FormatError } from "../base/errors.ts";
import { PcapDecoder } from "../container/pcap_decoder.ts";
import type { PcapHeader, PcapPacket } from "../container/pcap_decoder.ts";
import {
  encodePcapHeader,
  encodePcapPacket,
} from "../container/pcap_encoder.ts";

/** A capture file with its name. */
export interface NamedCapture {
  /** Name for messages. */
  readonly name: string;
  /** A pcap file. */
  readonly content: Uint8Array;
}

/** Packets of one capture file. */
export interface DecodedCapture {
  /** The file's header; absent when even that cannot be read. */
  readonly header: PcapHeader | undefined;
  /** The packets that can be read; their data are views of the file. */
  readonly packets: readonly PcapPacket[];
  /** Why packets behind these cannot be read. */
  readonly fault: FormatError | undefined;
}

/**
 * Decodes a capture file in memory.
 *
 * @param content A pcap file.
 * @returns Its packets up to the first fault.
 */
export function decodeCapture(content: Uint8Array): DecodedCapture {
  let header: PcapHeader | undefined;
  const packets: PcapPacket[] = [];
  const decoder = new PcapDecoder({
    onHeader: (found) => header = found,
    onPacket: (packet) => packets.push(packet),
  });
  try {
    decoder.push(content);
    decoder.finish();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { header, packets, fault: error };
  }
  return { header, packets, fault: undefined };
}

/**
 * Merges capture files into one, by time.
 *
 * @param captures The files, all of one link type.
 * @returns Pieces of a pcap file. A single capture is given as it is.
 * @throws {FormatError} When a file cannot be read.
 * @throws {TypeError} When their link types differ.
 */
export function* mergeCaptures(
  captures: readonly NamedCapture[],
): Generator<Uint8Array, void, undefined> {
  if (captures.length === 1) {
    yield captures[0]!.content;
    return;
  }
  const decoded = captures.map(({ name, content }) => {
    const { header, packets, fault } = decodeCapture(content);
    if (header === undefined) {
      throw fault ?? new TypeError(`Cannot read ${name}`);
    }
    return { name, header, packets };
  });
  const linkTypes = new Set(decoded.map(({ header }) => header.linkType));
  if (linkTypes.size > 1) {
    throw new TypeError(
      `Cannot merge captures: their link types are ${
        decoded.map(({ name, header }) => `${header.linkType} (${name})`).join(
          ", ",
        )
      }`,
    );
  }
  const [linkType] = linkTypes;
  const snapLength = Math.max(
    ...decoded.map(({ header }) => Math.min(262_144, header.snapLength || 1)),
    1,
  );
  yield encodePcapHeader({ linkType, snapLength });
  const packets = decoded.flatMap(({ packets }) => packets)
    .sort((a, b) => Number(a.timestamp - b.timestamp));
  for (const { timestamp, data, originalLength } of packets) {
    yield encodePcapPacket({
      timestamp,
      data,
      originalLength: Math.max(originalLength, data.length),
    });
  }
}
