import { readInterfaceState } from "../../platform/network_interface.ts";
import { PacketSocket } from "../../platform/packet_socket.ts";
import { encodeCaptureFilter } from "./capture_filter_encoder.ts";
import { LINK_TYPE, linkTypeOf } from "./link_type_table.ts";
import type { LinkType } from "./link_type_table.ts";

/** How {@linkcode openInterfaceSocket} captures. */
export interface InterfaceSocketOptions {
  readonly snapLength: number;
  readonly withoutTcpPayload: boolean;
  readonly promiscuous: boolean;
  readonly blockBytes?: number | undefined;
  readonly blockCount?: number | undefined;
}

/** A socket with the link type that fits its interface. */
export interface InterfaceSocket {
  readonly socket: PacketSocket;
  readonly linkType: LinkType;
}

/**
 * Opens a capture on one interface with the filter that fits its kind.
 *
 * @param name The interface.
 * @param options What is kept.
 * @returns The open socket.
 * @throws {Error} When there is no such interface, it is down, or the kernel refuses.
 */
export function openInterfaceSocket(
  name: string,
  options: InterfaceSocketOptions,
): InterfaceSocket {
  const state = readInterfaceState(name);
  if (!state.isUp) {
    throw new Deno.errors.NotConnected(
      `Cannot capture on interface "${name}": it is down`,
    );
  }
  const linkType = linkTypeOf(state.hardwareType);
  const { snapLength, withoutTcpPayload } = options;
  const socket = new PacketSocket(state, {
    filter: encodeCaptureFilter({ linkType, withoutTcpPayload, snapLength }),
    cooked: linkType === LINK_TYPE.cooked,
    promiscuous: options.promiscuous,
    blockBytes: options.blockBytes,
    blockCount: options.blockCount,
  });
  return { socket, linkType };
}

/** Snap length that holds where none, or 0, is given. */
export const DEFAULT_SNAP_LENGTH = 1518;

/** Largest snap length. */
export const MAX_SNAP_LENGTH = 262_144;

/**
 * @param snapLength Value of the option; 0 takes the default.
 * @returns The snap length.
 * @throws {RangeError} When it is out of range.
 */
export function checkSnapLength(snapLength: number | undefined): number {
  const value = snapLength === undefined || snapLength === 0
    ? DEFAULT_SNAP_LENGTH
    : snapLength;
  if (Number.isInteger(value) && value >= 64 && value <= MAX_SNAP_LENGTH) {
    return value;
  }
  throw new RangeError(
    `Cannot use option "snapLength": value is ${snapLength}, expected 0 or an integer from 64 to ${MAX_SNAP_LENGTH}`,
  );
}
