import type { DecodeStats } from "../base/decode_stats.ts";
import { FormatError, TruncatedError } from "../base/errors.ts";
import { PcapDecoder } from "./pcap_decoder.ts";
import type { PcapHeader, PcapPacket } from "./pcap_decoder.ts";

/** How {@linkcode readPcap} reads. */
export interface ReadPcapOptions {
  /**
   * Counts a file that breaks off or is damaged, which then simply ends.
   * Without it such a file ends with an error, after the packets before.
   */
  readonly stats?: DecodeStats | undefined;
  /** Receives the file header before the first packet. */
  readonly onHeader?: ((header: PcapHeader) => void) | undefined;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads the packets of a pcap file of either byte order, with microseconds or
 * nanoseconds.
 *
 * @param source The file.
 * @param options Where faults are counted, and the signal.
 * @returns The packets in the order of the file; their data is valid until the next.
 * @throws {TruncatedError} When the file ends inside a packet and there is no `stats`.
 * @throws {FormatError} When it is of another kind, or damaged and there is no `stats`.
 *
 * @example Writing and reading
 * ```ts
 * import { readPcap } from "../../src/container/pcap.ts";
 * import {
 *   encodePcapHeader,
 *   encodePcapPacket,
 * } from "../../src/container/pcap_encoder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * async function* file() {
 *   yield encodePcapHeader({ linkType: 1 });
 *   const data = new Uint8Array([1, 2, 3]);
 *   yield encodePcapPacket({ timestamp: 5000n, originalLength: 3, data });
 * }
 * const packets = await Array.fromAsync(readPcap(file()));
 * assertEquals(packets.map(({ timestamp }) => timestamp), [5000n]);
 * ```
 */
export async function* readPcap(
  source: AsyncIterable<Uint8Array>,
  options: ReadPcapOptions = {},
): AsyncGenerator<PcapPacket, void, undefined> {
  const { stats, onHeader, signal } = options;
  let header: PcapHeader | undefined;
  let packets: PcapPacket[] = [];
  const decoder = new PcapDecoder({
    onHeader: (found) => {
      header = found;
      onHeader?.(found);
    },
    onPacket: (packet) => packets.push(packet),
  });
  // Packets in front of a fault are delivered before it is thrown.
  let fault: unknown;
  const attempt = (step: () => void): PcapPacket[] => {
    packets = [];
    try {
      step();
    } catch (error) {
      fault = error;
    }
    return packets;
  };
  for await (const chunk of source) {
    signal?.throwIfAborted();
    yield* attempt(() => decoder.push(chunk));
    if (fault !== undefined) break;
  }
  if (fault === undefined) yield* attempt(() => decoder.finish());
  if (fault === undefined) return;
  // A file of another kind is no damaged pcap file.
  if (stats === undefined || !(fault instanceof FormatError)) throw fault;
  const truncated = fault instanceof TruncatedError;
  if (header === undefined && !truncated) throw fault;
  stats.count(
    truncated ? "pcap_truncated" : "pcap_damaged",
    truncated ? "data_loss" : "error",
    { offset: fault.offset, detail: fault.message },
  );
}
