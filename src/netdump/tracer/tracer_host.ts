import { findConnectingSockets } from "../../platform/connecting_sockets.ts";
import type { ConnectingSocket } from "../../platform/connecting_sockets.ts";
import { findSourceAddress } from "../../platform/source_address.ts";
import { openPacketCapture } from "../capture/packet_capture.ts";
import type {
  LiveCapture,
  PacketCaptureOptions,
} from "../capture/packet_capture.ts";
import { openConntrackTable } from "./conntrack_source.ts";
import type { ConntrackTable } from "./conntrack_source.ts";

/** The system as a tracer needs it; tests give parts of their own. */
export interface TracerHost {
  /**
   * Reads a small text file.
   *
   * @param path For example `/etc/resolv.conf`.
   * @returns The text and when it was changed last, `undefined` when it cannot be read.
   */
  readText(
    path: string,
  ): Promise<
    { readonly text: string; readonly modifiedMs: number } | undefined
  >;
  /** @param destination An address. @returns The address that would be sent from. */
  findSourceAddress(destination: string): string | undefined;
  /** @param address Destination. @param port Its port. @returns Own sockets that wait for an answer to their SYN. */
  findConnectingSockets(
    address: string,
    port: number,
  ): Promise<readonly ConnectingSocket[]>;
  /** Opens connection tracking. @throws {Error} When it cannot be asked. */
  openConntrack(): ConntrackTable;
  /** Opens a capture. @throws {Error} When it cannot be opened. */
  openCapture(options: PacketCaptureOptions): LiveCapture;
}

/** This machine. */
export const SYSTEM_HOST: TracerHost = {
  readText: readSmallFile,
  findSourceAddress,
  findConnectingSockets,
  openConntrack: openConntrackTable,
  openCapture: openPacketCapture,
};

async function readSmallFile(
  path: string,
): Promise<{ text: string; modifiedMs: number } | undefined> {
  try {
    const info = await Deno.stat(path);
    const text = await Deno.readTextFile(path);
    return { text, modifiedMs: info.mtime?.getTime() ?? 0 };
  } catch (error) {
    const isExpected = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.NotCapable;
    if (isExpected) return undefined;
    throw error;
  }
}
