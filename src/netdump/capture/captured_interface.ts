import { escapeFileName } from "../traced_net_request.ts";
import {
  encodePcapHeader,
  encodePcapPacket,
} from "../../container/pcap_encoder.ts";

/** A captured packet. */
export interface CapturedPacket {
  /** Unix time in ns. */
  readonly timestamp: bigint;
  /** Bytes that it had. */
  readonly originalLength: number;
  /** The bytes that were kept. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** What was captured on one interface. */
export interface CapturedInterface {
  /** Name of the interface that the packets went through. */
  readonly interfaceName: string;
  /** What packets begin with, as in pcap. */
  readonly linkType: number;
  /** Bytes of a packet that were kept at most. */
  readonly snapLength: number;
  /** In order of arrival. */
  readonly packets: readonly CapturedPacket[];
  /** Whether the limit of size was reached and later packets are missing. */
  readonly isTruncated: boolean;
  /** Whether TCP segments with payload were left out. */
  readonly withoutTcpPayload: boolean;
  /** Packets that the kernel could not hand over. */
  readonly droppedPackets: number;
}

/**
 * Writes a capture as a pcap file.
 *
 * @param capture The capture.
 * @returns The file, piece by piece.
 */
export function* encodeCapture(
  capture: CapturedInterface,
): Generator<Uint8Array<ArrayBuffer>> {
  const { linkType, snapLength } = capture;
  yield encodePcapHeader({ linkType, snapLength });
  for (const packet of capture.packets) yield encodePcapPacket(packet);
}

/**
 * Names the file of a capture as EVE does.
 *
 * @param capture The capture.
 * @returns For example `eth0-truncated-nopayload.pcap`.
 */
export function captureFileName(
  capture: Pick<
    CapturedInterface,
    "interfaceName" | "isTruncated" | "withoutTcpPayload"
  >,
): string {
  const name = escapeFileName(capture.interfaceName);
  const truncated = capture.isTruncated ? "-truncated" : "";
  const noPayload = capture.withoutTcpPayload ? "-nopayload" : "";
  return `${name}${truncated}${noPayload}.pcap`;
}
