import { encodePcapHeader } from "../../container/pcap_encoder.ts";
import type { PacketSocket, RingPacket } from "../../platform/packet_socket.ts";
import { Poller } from "../../platform/poller.ts";
import { checkSnapLength, openInterfaceSocket } from "./_interface_socket.ts";
import { addedBytes, copyPacket, isLoopbackCopy } from "./_ring_packet.ts";

/** What became of a capture. */
export interface CapturePcapStatistics {
  /** Packets written. */
  readonly packets: number;
  /** Packets that the kernel could not hand over. */
  readonly drops: number;
}

/** How {@linkcode capturePcap} captures. */
export interface CapturePcapOptions {
  /** Bytes kept of each packet, 64 to 262144; 0 takes the default. @default {1518} */
  readonly snapLength?: number | undefined;
  /** Whether TCP segments with payload are left out. @default {false} */
  readonly withoutTcpPayload?: boolean | undefined;
  /** Whether packets for other machines are taken too. @default {true} */
  readonly promiscuous?: boolean | undefined;
  /** Ends after so many bytes of the file. @default {Infinity} */
  readonly maxBytes?: number | undefined;
  /** Blocks of 256 KiB in the ring of the kernel. @default {64} */
  readonly blockCount?: number | undefined;
  /** Told when packets are captured from now on. */
  readonly onReady?: (() => void) | undefined;
  /** Told at the end, in every case. */
  readonly onStatistics?:
    | ((statistics: CapturePcapStatistics) => void)
    | undefined;
  /** Ends the capture: what the kernel has is still written. */
  readonly signal?: AbortSignal | undefined;
}

const RECORD_HEADER_BYTES = 16;
const POLL_MS = 200;
const DEFAULT_BLOCK_COUNT = 64;
/** Blocks that make one piece of output. */
const BLOCKS_PER_PIECE = 8;
const PIECE_BYTES = 2 * 1024 * 1024;

/**
 * Captures all packets of an interface as a pcap file, until the signal.
 *
 * @param interfaceName The interface.
 * @param options Limits and signal.
 * @returns The file, piece by piece; a piece is valid until the next.
 * @throws {Error} When there is no such interface, it is down, or the kernel refuses.
 */
export async function* capturePcap(
  interfaceName: string,
  options: CapturePcapOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const {
    withoutTcpPayload = false,
    promiscuous = true,
    maxBytes = Infinity,
    blockCount = DEFAULT_BLOCK_COUNT,
    signal,
  } = options;
  const snapLength = checkSnapLength(options.snapLength);
  const { socket, linkType } = openInterfaceSocket(interfaceName, {
    snapLength,
    withoutTcpPayload,
    promiscuous,
    blockCount,
  });
  using _socket = socket;
  await using poller = new Poller();
  let packets = 0;
  let drops = 0;
  let total = 24;
  let piece = new Uint8Array(PIECE_BYTES);
  let view = new DataView(piece.buffer);
  let length = 0;
  const onPacket = (packet: RingPacket) => {
    if (isLoopbackCopy(packet)) return;
    const added = addedBytes(packet, linkType);
    const size = Math.min(packet.capturedLength + added, snapLength);
    const record = RECORD_HEADER_BYTES + size;
    if (total + record > maxBytes) {
      total = Infinity;
      return;
    }
    if (length + record > piece.length) {
      const larger = new Uint8Array(piece.length * 2);
      larger.set(piece.subarray(0, length));
      piece = larger;
      view = new DataView(piece.buffer);
    }
    view.setUint32(length, packet.seconds, true);
    view.setUint32(length + 4, packet.nanoseconds / 1000, true);
    view.setUint32(length + 8, size, true);
    view.setUint32(length + 12, packet.originalLength + added, true);
    copyPacket(packet, linkType, piece, length + RECORD_HEADER_BYTES, size);
    length += record;
    total += record;
    packets++;
  };
  try {
    options.onReady?.();
    yield encodePcapHeader({ linkType, snapLength });
    let isEnding = false;
    while (total < maxBytes) {
      length = 0;
      const blocks = socket.read(onPacket, BLOCKS_PER_PIECE);
      if (length > 0) yield piece.subarray(0, length);
      if (blocks > 0) continue;
      if (isEnding) break;
      if (!isAborted(signal)) await waitOrEnd(socket, poller, signal);
      if (isAborted(signal)) {
        // A block that is not full is handed over a moment later.
        await pause(POLL_MS);
        isEnding = true;
      }
    }
  } finally {
    drops += socket.statistics().drops;
    options.onStatistics?.({ packets, drops });
  }
}

/** The signal ends the waiting, not the capture. */
async function waitOrEnd(
  socket: PacketSocket,
  poller: Poller,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await socket.wait(poller, POLL_MS, signal);
  } catch (error) {
    if (!isAborted(signal) || error !== signal?.reason) throw error;
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
