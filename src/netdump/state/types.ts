/** Address family of IP. */
export type IpFamily = 4 | 6;

/** Counters of an interface since it was made. */
export interface LinkCounters {
  readonly rxPackets: number;
  readonly rxBytes: number;
  readonly rxErrors: number;
  readonly rxDropped: number;
  readonly txPackets: number;
  readonly txBytes: number;
  readonly txErrors: number;
  readonly txDropped: number;
}

/** An address of an interface. */
export interface AddressState {
  /** The address. */
  readonly ip: string;
  /** Bits of its network. */
  readonly prefixLength: number;
  /** `global`, `link`, `host`, or a number. */
  readonly scope: string;
  /** Whether it has a lifetime, as those of DHCP and router advertisements have. */
  readonly isDynamic: boolean;
  /** Whether it is not yet known to be unique. */
  readonly isTentative: boolean;
  /** Whether another device has it too. */
  readonly isDuplicate: boolean;
}

/** A network interface. */
export interface LinkState {
  readonly name: string;
  readonly index: number;
  /** Whether somebody switched it on. */
  readonly isUp: boolean;
  /** Whether it has a carrier. */
  readonly hasCarrier: boolean;
  readonly isLoopback: boolean;
  /** Largest packet in bytes. */
  readonly mtu: number;
  /** Hardware address, empty where it has none. */
  readonly mac: string;
  /** Kind of a virtual interface, for example `veth`; empty for hardware. */
  readonly kind: string;
  /** Name of the bridge or bond that it belongs to, empty where there is none. */
  readonly master: string;
  /** Name or number of the interface below or at the other end, empty where there is none. */
  readonly parent: string;
  /** Id of a VLAN interface. */
  readonly vlanId?: number | undefined;
  readonly addresses: readonly AddressState[];
  readonly counters: LinkCounters | undefined;
}

/** Where a route leads. */
export interface RouteHop {
  /** Next router, empty where the destination is on the link. */
  readonly gateway: string;
  /** Interface, empty where it is not said. */
  readonly device: string;
}

/** A route. */
export interface RouteState {
  readonly family: IpFamily;
  /** Name or number of the table: `main`, `local`, `502`. */
  readonly table: string;
  /** `default`, or an address with the bits of its network. */
  readonly destination: string;
  /** `unicast`, `blackhole`, `unreachable`, `prohibit`, `local`, … */
  readonly type: string;
  /** Where it leads; several for a route of several paths. */
  readonly hops: readonly RouteHop[];
  /** Preferred source address, empty where there is none. */
  readonly source: string;
  readonly metric: number;
  /** Who made it: `kernel`, `dhcp`, `ra`, … */
  readonly protocol: string;
  readonly scope: string;
  /** Largest packet of the route, where it has one of its own. */
  readonly mtu?: number | undefined;
  /** Whether the kernel holds it to be dead or its link down. */
  readonly isDead: boolean;
}

/** A rule of policy routing. */
export interface RuleState {
  readonly family: IpFamily;
  readonly priority: number;
  /** For whom it holds, in the words of `ip rule`. */
  readonly selector: string;
  /** `lookup`, `blackhole`, `unreachable`, `prohibit`, `goto`, `nop`. */
  readonly action: string;
  /** Table of a `lookup`, else empty. */
  readonly table: string;
}

/** A neighbour on a link. */
export interface NeighbourState {
  readonly ip: string;
  readonly device: string;
  /** Empty where it is not known. */
  readonly mac: string;
  /** `reachable`, `stale`, `delay`, `probe`, `incomplete`, `failed`, `permanent`, `noarp`. */
  readonly state: string;
  readonly isRouter: boolean;
}

/** How names are looked up. */
export interface ResolverState {
  /** Addresses of name servers, in order. */
  readonly servers: readonly string[];
  /** Servers that a stub on this device asks, where one of the others is such. */
  readonly behindStub?: readonly string[] | undefined;
  /** Suffixes without a dot at the end. */
  readonly search: readonly string[];
  /** Where this was read. */
  readonly source: string;
}

/** The table of connections. */
export interface ConntrackState {
  readonly count: number;
  readonly max: number;
  /** Packets dropped since boot because it was full or they did not fit. */
  readonly drops: number;
}

/** The kernel's clock. */
export interface ClockState {
  /** Whether the kernel holds it to be right. */
  readonly isSynchronized: boolean | undefined;
}

/** A lease of DHCP; names are those of dhcpcd. */
export interface LeaseState {
  readonly device: string;
  /** Which client has it. */
  readonly source: string;
  readonly values: Readonly<Record<string, string>>;
}

/** State of a device's network at one moment. */
export interface NetworkState {
  /** When it was read, in ms since 1970. */
  readonly readAtMs: number;
  /** Where each part was read, by the part's name. */
  readonly sources: Readonly<Record<string, string>>;
  readonly links: readonly LinkState[];
  readonly routes: readonly RouteState[];
  readonly rules: readonly RuleState[];
  readonly neighbours: readonly NeighbourState[];
  readonly resolver: ResolverState | undefined;
  readonly conntrack: ConntrackState | undefined;
  readonly clock: ClockState | undefined;
  readonly leases: readonly LeaseState[];
}

/** A state of which nothing is known. */
export const EMPTY_NETWORK_STATE: NetworkState = {
  readAtMs: 0,
  sources: {},
  links: [],
  routes: [],
  rules: [],
  neighbours: [],
  resolver: undefined,
  conntrack: undefined,
  clock: undefined,
  leases: [],
};
