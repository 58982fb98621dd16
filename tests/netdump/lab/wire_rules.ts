/** What the cable between device and router loses; nothing where absent. */
export interface WireRules {
  /** IP packets lost at random, in percent. */
  readonly lossPercent?: number;
  /** IP packets longer than this many bytes are lost without a word. */
  readonly dropOver?: number;
  /** Whether IPv6 packets other than ICMPv6 are lost. */
  readonly dropIpv6?: boolean;
  /** TCP ports whose packets are lost, seen from the device. */
  readonly dropTcpPorts?: readonly number[];
  /** UDP ports whose packets are lost, seen from the device. */
  readonly dropUdpPorts?: readonly number[];
}
