import { parseIpAddress } from "../../codec/ip_address.ts";
import { globalAddresses } from "../check/check_links.ts";
import type { LinkState, NetworkState } from "../state/types.ts";
import { formatGoJson, GO_ZERO_TIME } from "./go_json.ts";
import type { GoJson } from "./go_json.ts";

/** State of EVE's test of a configuration. */
const STATE_NONE = 0;
const STATE_FAIL = 1;
const STATE_FAIL_WITH_IP_AND_DNS = 2;
const STATE_SUCCESS = 3;
const DHCP_STATIC = 1;
const DHCP_CLIENT = 4;
const BOND_MODES: Readonly<Record<string, number>> = {
  "balance-rr": 1,
  "active-backup": 2,
  "balance-xor": 3,
  "broadcast": 4,
  "802.3ad": 5,
  "balance-tlb": 6,
  "balance-alb": 7,
};

/** What {@linkcode formatDnsJson} knows beside the state. */
export interface DnsJsonOptions {
  /** Which network manager is in charge. */
  readonly manager: string;
  /** PCI address of an interface, empty where it has none. */
  readonly pciAddress: (link: string) => string;
  /** Whether an interface is of Wi-Fi. */
  readonly isWireless: (link: string) => boolean;
  /** Text of `/sys/class/net/<if>/bonding/<file>`. */
  readonly bonding: (link: string, file: string) => string;
  /** Proxies by scheme. */
  readonly proxies: readonly {
    readonly scheme: "http" | "https" | "socks" | "ftp";
    readonly server: string;
    readonly port: number;
  }[];
  /** Exceptions of proxies. */
  readonly noProxy: string;
  /** Outcome of our own requests, where there were any. */
  readonly outcome:
    | { readonly isOk: boolean; readonly error: string; readonly time: string }
    | undefined;
}

/**
 * Describes the state of the ports as EVE does in `dns.json`.
 *
 * @param state State of the network.
 * @param options What else is known.
 * @returns The text.
 */
export function formatDnsJson(
  state: NetworkState,
  options: DnsJsonOptions,
): string {
  const ports = state.links.filter(({ isLoopback, master }) =>
    !isLoopback && master === ""
  );
  return formatGoJson({
    DPCKey: options.manager,
    Version: 1,
    Testing: false,
    State: overallState(state, options),
    CurrentIndex: 0,
    RadioSilence: {
      ChangeInProgress: false,
      ChangeRequestedAt: GO_ZERO_TIME,
      ConfigError: "",
      Imposed: false,
    },
    Ports: ports.map((link) => describePort(link, state, options)),
  });
}

function overallState(state: NetworkState, options: DnsJsonOptions): number {
  if (options.outcome === undefined) return STATE_NONE;
  if (options.outcome.isOk) return STATE_SUCCESS;
  const hasAddress = state.links.some((link) =>
    !link.isLoopback && globalAddresses(link).length > 0
  );
  const hasDns = (state.resolver?.servers.length ?? 0) > 0;
  return hasAddress && hasDns ? STATE_FAIL_WITH_IP_AND_DNS : STATE_FAIL;
}

function describePort(
  link: LinkState,
  state: NetworkState,
  options: DnsJsonOptions,
): GoJson {
  const { name } = link;
  const lease = state.leases.find(({ device }) => device === name);
  const addresses = globalAddresses(link);
  const four = addresses.filter(({ ip }) => !ip.includes(":"));
  const six = addresses.filter(({ ip }) => ip.includes(":"));
  const defaults = state.routes.filter(({ destination, hops, type }) =>
    destination === "default" && type === "unicast" &&
    hops.some(({ device }) => device === name)
  );
  const isDynamic = lease !== undefined ||
    four.some((address) => address.isDynamic) ||
    defaults.some(({ protocol }) => protocol === "dhcp");
  const servers = lease?.values["domain_name_servers"]?.split(/\s+/) ??
    state.resolver?.servers ?? [];
  const isMgmt = defaults.length > 0;
  return {
    IfName: name,
    Phylabel: name,
    Logicallabel: name,
    Alias: "",
    SharedLabels: isMgmt ? ["all", "uplink"] : ["all"],
    PciLong: options.pciAddress(name),
    IsMgmt: isMgmt,
    IsL3Port: true,
    InvalidConfig: false,
    Cost: defaults.length === 0
      ? 0
      : Math.min(255, ...defaults.map(({ metric }) => metric)),
    Dhcp: isDynamic ? DHCP_CLIENT : DHCP_STATIC,
    Type: four.length > 0 && six.length > 0 ? 8 : six.length > 0 ? 6 : 4,
    ConfiguredSubnet: null,
    ConfiguredIP: "",
    IgnoredDhcpIPs: false,
    IPv4Subnet: subnetOf(four[0]),
    IPv6Subnets: six.length === 0 ? null : six.map(subnetOf),
    DomainName: lease?.values["domain_name"] ?? state.resolver?.search[0] ?? "",
    DNSServers: servers.filter((server) => server !== ""),
    NtpServers: lease?.values["ntp_servers"]?.split(/\s+/) ?? null,
    AddrInfoList: addresses.map(({ ip }) => ({
      Addr: ip,
      Mask: null,
      Geo: {
        city: "",
        country: "",
        hostname: "",
        ip: "",
        loc: "",
        org: "",
        postal: "",
        region: "",
      },
      LastGeoTimestamp: GO_ZERO_TIME,
    })),
    ClusterIPAddr: "",
    DefaultRouters: [
      ...new Set(
        defaults.flatMap(({ hops }) =>
          hops.filter(({ device }) => device === name)
            .map(({ gateway }) => gateway)
        ).filter((gateway) => gateway !== ""),
      ),
    ],
    Up: link.isUp && link.hasCarrier,
    MacAddr: link.mac === ""
      ? null
      : Uint8Array.fromHex(link.mac.replaceAll(":", "")).toBase64(),
    MTU: link.mtu,
    WirelessCfg: { WType: options.isWireless(name) ? 2 : 0 },
    WirelessStatus: { WType: options.isWireless(name) ? 2 : 0 },
    PNAC: {
      Enabled: false,
      State: 0,
      LastAuthTimestamp: GO_ZERO_TIME,
      Error: "",
    },
    BondStatus: describeBond(link, state, options),
    ConfigSource: {},
    LpsConfigError: "",
    ...describeProxies(options),
    L2Type: link.kind === "vlan" ? 1 : link.kind === "bond" ? 2 : 0,
    VLAN: {
      ParentPort: link.vlanId === undefined ? "" : link.parent,
      ID: link.vlanId ?? 0,
    },
    Bond: { ARPMonitor: {}, MIIMonitor: {} },
    ...describeTest(options, isMgmt),
  };
}

function subnetOf(
  address: { readonly ip: string; readonly prefixLength: number } | undefined,
): GoJson {
  const bytes = parseIpAddress(address?.ip ?? "");
  if (address === undefined || bytes === undefined) return null;
  const mask = bytes.map((_, index) => {
    const bits = Math.min(8, Math.max(0, address.prefixLength - index * 8));
    return 256 - 2 ** (8 - bits);
  });
  const network = bytes.map((byte, index) => byte & mask[index]!);
  const text = network.length === 4
    ? network.join(".")
    : Array.from({ length: 8 }, (_, at) =>
      (network[at * 2]! << 8 | network[at * 2 + 1]!).toString(16)).join(":");
  return {
    IP: network.length === 4
      ? text
      : new URL(`http://[${text}]`).hostname.slice(1, -1),
    Mask: mask.toBase64(),
  };
}

function describeBond(
  link: LinkState,
  { links }: NetworkState,
  { bonding }: DnsJsonOptions,
): GoJson {
  if (link.kind !== "bond") return { ARPMonitor: {}, MIIMonitor: {} };
  const mode = bonding(link.name, "mode").split(" ")[0] ?? "";
  return {
    Mode: BOND_MODES[mode] ?? 0,
    ActiveMember: bonding(link.name, "active_slave"),
    ARPMonitor: {},
    MIIMonitor: {},
    Members: links.filter(({ master }) => master === link.name).map((
      { name },
    ) => ({ IfName: name })),
  };
}

function describeProxies({ proxies, noProxy }: DnsJsonOptions): {
  readonly [key: string]: GoJson;
} {
  const types = ["http", "https", "socks", "ftp"];
  return {
    Proxies: proxies.length === 0 ? null : proxies.map((proxy) => ({
      type: types.indexOf(proxy.scheme),
      server: proxy.server,
      port: proxy.port,
    })),
    Exceptions: noProxy,
    Pacfile: "",
    NetworkProxyEnable: false,
    NetworkProxyURL: "",
    WpadURL: "",
  };
}

function describeTest(
  { outcome }: DnsJsonOptions,
  isTested: boolean,
): { readonly [key: string]: GoJson } {
  const isKnown = outcome !== undefined && isTested;
  return {
    LastFailed: isKnown && !outcome.isOk ? outcome.time : GO_ZERO_TIME,
    LastSucceeded: isKnown && outcome.isOk ? outcome.time : GO_ZERO_TIME,
    LastError: isKnown && !outcome.isOk ? outcome.error : "",
    LastWarning: "",
  };
}
