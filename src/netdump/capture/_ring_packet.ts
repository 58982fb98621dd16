import type { RingPacket } from "../../platform/packet_socket.ts";
import { LINK_TYPE } from "./link_type_table.ts";
import type { LinkType } from "./link_type_table.ts";

const MAC_BYTES = 12;
const TAG_BYTES = 4;
const COOKED_BYTES = 20;
/** Hardware type of loopback interfaces. */
const LOOPBACK = 772;
/** Direction of a packet that this machine sent. */
const OUTGOING = 4;

/**
 * @param packet A packet of the ring.
 * @returns Whether it is the second sight of a packet that a loopback interface shows twice.
 */
export function isLoopbackCopy(packet: RingPacket): boolean {
  return packet.direction === OUTGOING && packet.hardwareType === LOOPBACK;
}

/**
 * @param packet A packet of the ring.
 * @param linkType Link type of the capture.
 * @returns Bytes that have to be put into it: a VLAN tag that the kernel took off, or a header of cooked capture.
 */
export function addedBytes(packet: RingPacket, linkType: LinkType): number {
  if (linkType === LINK_TYPE.cooked) return COOKED_BYTES;
  const isTagged = linkType === LINK_TYPE.ethernet && packet.vlanTpid !== 0;
  return isTagged && packet.capturedLength >= MAC_BYTES ? TAG_BYTES : 0;
}

/**
 * Copies a packet with what has to be put into it.
 *
 * @param packet A packet of the ring.
 * @param linkType Link type of the capture.
 * @param target Where to.
 * @param at Offset there.
 * @param length Bytes to copy at most, what is put in included.
 */
export function copyPacket(
  packet: RingPacket,
  linkType: LinkType,
  target: Uint8Array,
  at: number,
  length: number,
): void {
  const { bytes, offset, capturedLength } = packet;
  const added = addedBytes(packet, linkType);
  if (added === 0) {
    target.set(bytes.subarray(offset, offset + length), at);
    return;
  }
  const whole = new Uint8Array(capturedLength + added);
  const view = new DataView(whole.buffer);
  if (linkType === LINK_TYPE.cooked) {
    // Linux cooked capture v2: protocol, reserved, interface, hardware type,
    // packet type, address length, address.
    view.setUint16(0, packet.protocol);
    view.setUint16(8, packet.hardwareType);
    view.setUint8(10, packet.direction);
    view.setUint8(11, packet.addressLength);
    whole.set(
      bytes.subarray(packet.addressOffset, packet.addressOffset + 8),
      12,
    );
    whole.set(bytes.subarray(offset, offset + capturedLength), COOKED_BYTES);
  } else {
    whole.set(bytes.subarray(offset, offset + MAC_BYTES));
    view.setUint16(MAC_BYTES, packet.vlanTpid);
    view.setUint16(MAC_BYTES + 2, packet.vlanTci);
    whole.set(
      bytes.subarray(offset + MAC_BYTES, offset + capturedLength),
      MAC_BYTES + TAG_BYTES,
    );
  }
  target.set(whole.subarray(0, length), at);
}
