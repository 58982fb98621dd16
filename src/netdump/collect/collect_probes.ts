import { parseIpAddress } from "../../codec/ip_address.ts";
import { probeConnect } from "../probe/probe_connect.ts";
import { probeDns } from "../probe/probe_dns.ts";
import { probeGateways } from "../probe/probe_gateways.ts";
import { probeNtp } from "../probe/probe_ntp.ts";
import { probePath } from "../probe/probe_path.ts";
import { probePortal } from "../probe/probe_portal.ts";
import type { ProbeResult } from "../probe/types.ts";
import type { NetworkState } from "../state/types.ts";

/** Addresses of a target that are tried, of each family. */
const MAX_ADDRESSES = 2;
const MAX_NTP_SERVERS = 4;
const NTP_FILES = [
  "/etc/systemd/timesyncd.conf",
  "/etc/chrony.conf",
  "/etc/chrony/chrony.conf",
  "/etc/ntp.conf",
  "/etc/ntpsec/ntp.conf",
] as const;

/** What is probed. */
export interface CollectProbesOptions {
  /** What requests are made to. */
  readonly targets: readonly URL[];
  /** Whether targets are reached by a proxy only. */
  readonly usesProxy: boolean;
  /** Time servers beside those that are configured. */
  readonly ntpServers: readonly string[];
  /** URL of plain HTTP that answers with status 204. */
  readonly portalUrl?: string | undefined;
  /** Ends the work. */
  readonly signal: AbortSignal;
}

/**
 * Tries what of the network works: gateways, name servers, the ways to the
 * targets, time servers.
 *
 * @param state State of the network.
 * @param options What to try.
 * @returns What was found out.
 */
export async function collectProbes(
  state: NetworkState,
  options: CollectProbesOptions,
): Promise<ProbeResult[]> {
  const { targets, signal, portalUrl } = options;
  const hosts = [...new Set(targets.map(hostOf))];
  const gateways = probeGateways(state, signal);
  const names = probeDns(state, hosts, signal);
  const dns = await names;
  const resolve = (name: string) =>
    Promise.resolve(addressesOf(name, dns)[0] ?? undefined);
  const ntpNames = await ntpAddresses(
    [...options.ntpServers, ...configuredNtpServers(state)],
    state,
    signal,
  );
  const ways = options.usesProxy
    ? []
    : targets.flatMap((url) => waysTo(url, dns, state, signal));
  const rest = await Promise.all([
    ...ways,
    ...ntpNames.map(({ server, address }) =>
      probeNtp(server, {
        signal,
        resolve: () =>
          address === undefined ? resolve(server) : Promise.resolve(address),
      })
    ),
    ...(portalUrl === undefined ? [] : [probePortal(portalUrl, signal)]),
  ]);
  return [...await gateways, ...dns, ...rest];
}

function waysTo(
  url: URL,
  dns: readonly ProbeResult[],
  state: NetworkState,
  signal: AbortSignal,
): Promise<ProbeResult>[] {
  const name = hostOf(url);
  const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
  const addresses = addressesOf(name, dns);
  const [four, six] = [4, 16].map((length) =>
    addresses.filter((address) => parseIpAddress(address)?.length === length)
      .slice(0, MAX_ADDRESSES)
  );
  const linkMtu = Math.max(
    0,
    ...state.links.filter(({ isLoopback, isUp }) => !isLoopback && isUp)
      .map(({ mtu }) => mtu),
  );
  return [
    ...[...four!, ...six!].map((address) =>
      probeConnect({ name, address, port }, signal)
    ),
    ...[four![0], six![0]].flatMap((address) =>
      address === undefined ? [] : [
        probePath(address, {
          name,
          linkMtu: linkMtuTowards(address, state) ?? linkMtu,
          signal,
        }),
      ]
    ),
  ];
}

/** The interface that a default route of the family leads through. */
function linkMtuTowards(
  address: string,
  state: NetworkState,
): number | undefined {
  const family = address.includes(":") ? 6 : 4;
  const route = state.routes.find((each) =>
    each.family === family && each.destination === "default"
  );
  const device = route?.hops[0]?.device;
  return state.links.find(({ name }) => name === device)?.mtu;
}

function addressesOf(name: string, dns: readonly ProbeResult[]): string[] {
  if (parseIpAddress(name) !== undefined) return [name];
  const found = new Set<string>();
  const wanted = name.toLowerCase().replace(/\.$/, "");
  for (const { probe, outcome, details } of dns) {
    if (probe !== "dns" || outcome !== "ok") continue;
    const asked = String(details["name"]).toLowerCase().replace(/\.$/, "");
    // A short name was asked for with the first suffix of the search list.
    if (asked !== wanted && !asked.startsWith(`${wanted}.`)) continue;
    for (const answer of details["answers"] as readonly string[] ?? []) {
      if (parseIpAddress(answer) !== undefined) found.add(answer);
    }
  }
  return [...found];
}

async function ntpAddresses(
  servers: readonly string[],
  state: NetworkState,
  signal: AbortSignal,
): Promise<
  { readonly server: string; readonly address: string | undefined }[]
> {
  const chosen = [...new Set(servers)].slice(0, MAX_NTP_SERVERS);
  const names = chosen.filter((server) => parseIpAddress(server) === undefined);
  const dns = names.length === 0 ? [] : await probeDns(state, names, signal);
  return chosen.map((server) => ({
    server,
    address: addressesOf(server, dns)[0],
  }));
}

function configuredNtpServers(state: NetworkState): string[] {
  const servers = state.leases.flatMap(({ values }) =>
    values["ntp_servers"]?.split(/\s+/) ?? []
  );
  for (const path of NTP_FILES) {
    let text: string;
    try {
      text = Deno.readTextFileSync(path);
    } catch {
      continue;
    }
    for (const [, list] of text.matchAll(/^\s*NTP=(.*)$/gm)) {
      servers.push(...list!.trim().split(/\s+/));
    }
    for (
      const [, name] of text.matchAll(/^\s*(?:server|pool|peer)\s+(\S+)/gm)
    ) servers.push(name!);
  }
  return servers.filter((server) => server !== "");
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}
