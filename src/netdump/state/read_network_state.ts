import { isClockSynchronized } from "../../platform/clock_state.ts";
import { splitHostPort } from "../../codec/ip_address.ts";
import type { CollectKit } from "../collect/collect_kit.ts";
import { parseResolvConf } from "../tracer/resolv_conf.ts";
import {
  parseIpJsonLinks,
  parseIpJsonNeighbours,
  parseIpJsonRoutes,
  parseIpJsonRules,
} from "./parse_ip_json.ts";
import {
  parseConntrackState,
  parseProcArp,
  parseProcDev,
  parseProcIfInet6,
  parseProcIpv6Route,
  parseProcRoute,
} from "./parse_proc_net.ts";
import { readRtnetlink } from "./read_rtnetlink.ts";
import type { RtnetlinkState } from "./read_rtnetlink.ts";
import type {
  ClockState,
  LeaseState,
  LinkState,
  NetworkState,
  ResolverState,
} from "./types.ts";

/** The stub of systemd, behind which other servers are. */
const STUB_SERVERS: ReadonlySet<string> = new Set(["127.0.0.53", "127.0.0.54"]);
const STUB_FILE = "/run/systemd/resolve/resolv.conf";

/** What {@linkcode readNetworkState} is told. */
export interface ReadNetworkStateOptions {
  /** The resolver's configuration. @default {"/etc/resolv.conf"} */
  readonly resolvConf?: string | undefined;
  /** Leases that were found. */
  readonly leases?: readonly LeaseState[] | undefined;
  /** The present, in ms since 1970. @default {Date.now()} */
  readonly now?: number | undefined;
}

/**
 * Reads the state of this device's network: by netlink, or by the program `ip`,
 * or from `/proc`, or what the runtime tells, whichever is the first to work.
 *
 * @param kit How programs are run and files are read, and in which namespace.
 * @param options Files and leases.
 * @returns The state, and where each part was read; what cannot be read is empty.
 */
export async function readNetworkState(
  kit: CollectKit,
  options: ReadNetworkStateOptions = {},
): Promise<NetworkState> {
  const sources: Record<string, string> = {};
  const found = await readAny(kit, sources);
  const resolver = readResolver(options.resolvConf ?? "/etc/resolv.conf");
  if (resolver !== undefined) sources["resolver"] = resolver.source;
  const sysctl = "/proc/sys/net/netfilter/nf_conntrack";
  const conntrack = parseConntrackState(
    kit.procText(`${sysctl}_count`),
    kit.procText(`${sysctl}_max`),
    kit.procText("/proc/net/stat/nf_conntrack"),
  );
  if (conntrack !== undefined) sources["conntrack"] = `${sysctl}_count`;
  const clock = await readClock(kit);
  if (clock.isSynchronized !== undefined) sources["clock"] = "adjtimex";
  return {
    readAtMs: options.now ?? Date.now(),
    sources,
    ...found,
    resolver,
    conntrack,
    clock,
    leases: options.leases ?? [],
  };
}

async function readAny(
  kit: CollectKit,
  sources: Record<string, string>,
): Promise<RtnetlinkState> {
  const setAll = (source: string): void => {
    for (
      const part of ["links", "addresses", "routes", "rules", "neighbours"]
    ) sources[part] = source;
  };
  try {
    const state = kit.within(readRtnetlink);
    setAll("netlink");
    return state;
  } catch {
    // No FFI, or another system: the next way.
  }
  const byTool = await readByTool(kit);
  if (byTool !== undefined) {
    setAll("ip -json");
    return byTool;
  }
  const byProc = readByProc(kit);
  if (byProc.links.length > 0) {
    setAll("/proc/net");
    // There is no file for these.
    delete sources["rules"];
    return byProc;
  }
  const links = readByRuntime();
  if (links.length > 0) sources["addresses"] = "Deno.networkInterfaces";
  return { links, routes: [], rules: [], neighbours: [] };
}

async function readByTool(
  kit: CollectKit,
): Promise<RtnetlinkState | undefined> {
  const ask = async (...args: string[]): Promise<string | undefined> => {
    const { status, exit, stdout } = await kit.run(["ip", ...args]);
    return status === "done" && exit === 0
      ? new TextDecoder().decode(stdout)
      : undefined;
  };
  const addresses = await ask("-s", "-d", "-json", "addr");
  if (addresses === undefined) return undefined;
  const links = parseIpJsonLinks(addresses);
  if (links.length === 0) return undefined;
  const routes = ["route", "show", "table", "all"];
  const [routes4 = "", routes6 = "", rules4 = "", rules6 = "", neigh = ""] =
    await Promise.all([
      ask("-json", "-4", ...routes),
      ask("-json", "-6", ...routes),
      ask("-json", "-4", "rule"),
      ask("-json", "-6", "rule"),
      ask("-json", "neigh"),
    ]);
  return {
    links,
    routes: [
      ...parseIpJsonRoutes(routes4, 4),
      ...parseIpJsonRoutes(routes6, 6),
    ],
    rules: [...parseIpJsonRules(rules4, 4), ...parseIpJsonRules(rules6, 6)],
    neighbours: parseIpJsonNeighbours(neigh),
  };
}

function readByProc(kit: CollectKit): RtnetlinkState {
  const counters = parseProcDev(kit.procText("/proc/net/dev") ?? "");
  const ipv6 = parseProcIfInet6(kit.procText("/proc/net/if_inet6") ?? "");
  const runtime = readByRuntime();
  const links = [...counters].map(([name, counts]): LinkState => {
    const value = (file: string) =>
      kit.procText(`/sys/class/net/${name}/${file}`)?.trim() ?? "";
    const flags = Number(value("flags")) || 0;
    return {
      name,
      index: Number(value("ifindex")) || 0,
      isUp: (flags & 1) !== 0,
      hasCarrier: value("carrier") === "1",
      isLoopback: (flags & 8) !== 0,
      mtu: Number(value("mtu")) || 0,
      mac: value("address"),
      kind: "",
      master: "",
      parent: "",
      addresses: [
        ...runtime.find((link) => link.name === name)?.addresses.filter(
          ({ ip }) => !ip.includes(":"),
        ) ?? [],
        ...ipv6.filter(({ device }) => device === name)
          .map(({ address }) => address),
      ],
      counters: counts,
    };
  });
  return {
    links,
    routes: [
      ...parseProcRoute(kit.procText("/proc/net/route") ?? ""),
      ...parseProcIpv6Route(kit.procText("/proc/net/ipv6_route") ?? ""),
    ],
    rules: [],
    neighbours: parseProcArp(kit.procText("/proc/net/arp") ?? ""),
  };
}

/** The runtime lists interfaces that are up, by their addresses. */
function readByRuntime(): LinkState[] {
  const links = new Map<string, LinkState>();
  let interfaces: Deno.NetworkInterfaceInfo[] = [];
  try {
    interfaces = Deno.networkInterfaces();
  } catch {
    // It may not be asked.
  }
  for (const { name, address, cidr, mac } of interfaces) {
    const isLoopback = address === "127.0.0.1" || address === "::1";
    const known = links.get(name);
    links.set(name, {
      name,
      index: 0,
      isUp: true,
      hasCarrier: true,
      isLoopback: isLoopback || known?.isLoopback === true,
      mtu: 0,
      mac,
      kind: "",
      master: "",
      parent: "",
      counters: undefined,
      addresses: [...known?.addresses ?? [], {
        ip: address,
        prefixLength: Number(cidr.split("/")[1] ?? 0),
        scope: isLoopback
          ? "host"
          : /^fe80:/i.test(address)
          ? "link"
          : "global",
        isDynamic: false,
        isTentative: false,
        isDuplicate: false,
      }],
    });
  }
  return [...links.values()];
}

function readResolver(path: string): ResolverState | undefined {
  const own = readServers(path);
  if (own === undefined) return undefined;
  const isStub = own.servers.some((server) => STUB_SERVERS.has(server));
  const behind = isStub ? readServers(STUB_FILE)?.servers ?? [] : [];
  return {
    servers: own.servers,
    behindStub: behind.filter((server) => !STUB_SERVERS.has(server)),
    search: own.search,
    source: path,
  };
}

function readServers(
  path: string,
): Pick<ResolverState, "servers" | "search"> | undefined {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
  const { nameservers, search } = parseResolvConf(text);
  // Without a line, resolvers ask this machine; that is no configuration.
  const isConfigured = /^\s*nameserver\s/m.test(text);
  return {
    servers: isConfigured
      ? nameservers.map((each) => splitHostPort(each, 53)?.host ?? each)
      : [],
    search: search.map((suffix) => suffix.replace(/\.$/, "")),
  };
}

async function readClock(kit: CollectKit): Promise<ClockState> {
  const isSynchronized = isClockSynchronized();
  if (isSynchronized !== undefined) return { isSynchronized };
  // No FFI: systemd may know.
  const { status, stdout } = await kit.run([
    "timedatectl",
    "show",
    "-p",
    "NTPSynchronized",
  ]);
  const answer = new TextDecoder().decode(stdout).trim();
  if (status !== "done" || !answer.includes("=")) {
    return { isSynchronized: undefined };
  }
  return { isSynchronized: answer.endsWith("=yes") };
}
