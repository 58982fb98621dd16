/** Link types of pcap that captures have. */
export const LINK_TYPE = {
  ethernet: 1,
  raw: 101,
  cooked: 276,
} as const;

/** What packets of a capture begin with. */
export type LinkType = typeof LINK_TYPE[keyof typeof LINK_TYPE];

/** Hardware types (`ARPHRD_*`) whose packets begin with an Ethernet header: Ethernet and loopback. */
const ETHERNET_TYPES: ReadonlySet<number> = new Set([1, 772]);

/** Hardware types whose packets begin with the IP header: PPP, RAWIP, TUNNEL, TUNNEL6, SIT, IPGRE, NONE. */
const RAW_TYPES: ReadonlySet<number> = new Set([
  512,
  519,
  768,
  769,
  776,
  778,
  823,
  65_534,
]);

/**
 * Tells how packets of an interface are captured.
 *
 * @param hardwareType `ARPHRD_*` number.
 * @returns The link type: Ethernet, raw IP, or for all others Linux cooked capture.
 */
export function linkTypeOf(hardwareType: number): LinkType {
  if (ETHERNET_TYPES.has(hardwareType)) return LINK_TYPE.ethernet;
  return RAW_TYPES.has(hardwareType) ? LINK_TYPE.raw : LINK_TYPE.cooked;
}
