/**
 * Layout of `struct tpacket_block_desc` of the kernel's packet ring.
 *
 * | offset | size | field |
 * | --- | --- | --- |
 * | 0 | 8 | version, offset of private data |
 * | 8 | 4 | status: bit 0 set while the program owns the block |
 * | 12 | 4 | number of packets |
 * | 16 | 4 | offset of the first packet |
 * | 20 | 4 | bytes used |
 */
export const BLOCK_LAYOUT = {
  status: 8,
  packets: 12,
  firstOffset: 16,
  length: 20,
  headerBytes: 48,
} as const;

/**
 * Layout of `struct tpacket3_hdr` and of the `struct sockaddr_ll` behind it.
 *
 * | offset | size | field |
 * | --- | --- | --- |
 * | 0 | 4 | offset of the next packet from this one, 0 for the last |
 * | 4 | 8 | seconds, nanoseconds |
 * | 12 | 8 | captured and original length |
 * | 20 | 4 | status |
 * | 24 | 4 | offsets of link and network header |
 * | 28 | 4 | hash |
 * | 32 | 6 | VLAN TCI (u32) and TPID |
 * | 48 | 20 | `sockaddr_ll`: family, protocol (big endian), interface, hardware type, packet type, address length, address |
 */
export const PACKET_HEADER_LAYOUT = {
  next: 0,
  seconds: 4,
  nanoseconds: 8,
  captured: 12,
  original: 16,
  status: 20,
  macOffset: 24,
  vlanTci: 32,
  vlanTpid: 36,
  protocol: 50,
  hardwareType: 56,
  packetType: 58,
  addressLength: 59,
  address: 60,
  bytes: 68,
  /** Status bit: a VLAN tag was taken off. */
  statusVlan: 0x10,
  /** Status bit: the TPID of the tag is known. */
  statusVlanTpid: 0x40,
  /** TPID of 802.1Q, for kernels that do not tell. */
  defaultTpid: 0x8100,
} as const;
