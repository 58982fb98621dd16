import type { NetdumpArchive } from "../netdump_archive.ts";
import { parseResolvConf } from "../tracer/resolv_conf.ts";
import { splitHostPort } from "../../codec/ip_address.ts";
import { parseEvePorts } from "./eve_ports.ts";
import { parseNetworkState, STATE_NAME } from "./network_state_json.ts";
import { parseArp } from "./parse_arp.ts";
import { parseIfconfig } from "./parse_ifconfig.ts";
import { parseIpLink } from "./parse_ip_link.ts";
import { parseIpRoute } from "./parse_ip_route.ts";
import { parseIpRule } from "./parse_ip_rule.ts";
import { parseLease } from "./parse_lease.ts";
import { EMPTY_NETWORK_STATE } from "./types.ts";
import type {
  LeaseState,
  LinkState,
  NetworkState,
  ResolverState,
  RouteState,
} from "./types.ts";

/** Lines that are read of what a tool says, and characters of each. */
const MAX_LINES = 20_000;
const MAX_LINE_LENGTH = 500;

/**
 * Finds out from a dump what the state of the network was: from our own file,
 * or from the texts that EVE has.
 *
 * @param archive The dump.
 * @returns The state, and where each part of it comes from.
 */
export function readArchiveState(archive: NetdumpArchive): NetworkState {
  const text = archive.text(STATE_NAME);
  const own = text === undefined ? undefined : parseNetworkState(text);
  if (own === undefined) return readEveState(archive);
  const sources = Object.keys(own.sources).map((part) => [part, STATE_NAME]);
  return { ...own, sources: Object.fromEntries(sources) };
}

function readEveState(archive: NetdumpArchive): NetworkState {
  const sources: Record<string, string> = {};
  const read = <T>(
    part: string,
    name: string,
    parse: (text: string) => T,
  ): T | undefined => {
    const text = archive.text(name);
    if (text === undefined) return undefined;
    sources[part] ??= name;
    return parse(name.endsWith(".json") ? text : limitLines(text));
  };
  const links = mergeLinks(
    read("links", "linux/iplink.txt", parseIpLink),
    read("addresses", "linux/ifconfig.txt", parseIfconfig),
  );
  const routes: RouteState[] = [];
  for (const { name } of archive.filesIn("linux")) {
    const table = /^linux\/iproute-(.+)\.txt$/.exec(name)?.[1];
    if (table === undefined) continue;
    sources["routes"] ??= "linux/iproute-main.txt";
    routes.push(...parseIpRoute(limitLines(archive.text(name)!), { table }));
  }
  const leases: LeaseState[] = [];
  for (const { name } of archive.filesIn("linux")) {
    const device = /^linux\/dhcp-lease-(.+)\.txt$/.exec(name)?.[1];
    if (device === undefined) continue;
    const lease = parseLease(limitLines(archive.text(name)!), device);
    if (lease !== undefined) leases.push(lease);
    sources["leases"] ??= name;
  }
  return {
    ...EMPTY_NETWORK_STATE,
    readAtMs: archive.dumpName?.time.getTime() ?? 0,
    links,
    routes,
    rules: read("rules", "linux/iprule.txt", parseIpRule) ?? [],
    neighbours: read("neighbours", "linux/arp.txt", parseArp) ?? [],
    resolver: read("resolver", "linux/resolv.conf", resolverOf) ??
      read("resolver", "eve/dns.json", eveResolverOf),
    leases,
    sources,
  };
}

/** What looks for its words in a line looks through it more than once. */
function limitLines(text: string): string {
  return text.split("\n", MAX_LINES)
    .map((line) => line.slice(0, MAX_LINE_LENGTH)).join("\n");
}

/** Carriers come from one tool, addresses from the other. */
function mergeLinks(
  links: readonly LinkState[] | undefined,
  withAddresses: readonly LinkState[] | undefined,
): readonly LinkState[] {
  if (links === undefined) return withAddresses ?? [];
  return links.map((link) => ({
    ...link,
    addresses:
      withAddresses?.find(({ name }) => name === link.name)?.addresses ?? [],
  }));
}

function resolverOf(text: string): ResolverState {
  const { nameservers, search } = parseResolvConf(text);
  return {
    servers: nameservers.map((each) => splitHostPort(each, 53)?.host ?? each),
    search: search.map((suffix) => suffix.replace(/\.$/, "")),
    source: "linux/resolv.conf",
  };
}

function eveResolverOf(text: string): ResolverState | undefined {
  const status = parseEvePorts(text);
  if (status === undefined) return undefined;
  const { ports } = status;
  return {
    servers: [...new Set(ports.flatMap(({ dnsServers }) => dnsServers))],
    search: [
      ...new Set(ports.flatMap(({ domain }) => domain === "" ? [] : domain)),
    ],
    source: "eve/dns.json",
  };
}
