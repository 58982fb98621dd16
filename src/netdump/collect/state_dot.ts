import type { NetworkState } from "../state/types.ts";

/**
 * Draws what a device's network consists of and what depends on what, in the
 * language of Graphviz: links, their masters and parents, addresses, default
 * routes, rules, name servers.
 *
 * @param state State of the network.
 * @returns The graph.
 */
export function formatStateDot(state: NetworkState): string {
  const edges = new Set<string>();
  const nodes = new Set<string>();
  const edge = (from: string, to: string) =>
    edges.add(`\t${quote(from)} -> ${quote(to)};`);
  for (const link of state.links) {
    const own = `Interface/${link.name}`;
    nodes.add(`\t${quote(own)};`);
    if (link.master !== "") edge(own, `Interface/${link.master}`);
    if (link.parent !== "") edge(own, `Interface/${link.parent}`);
    for (const { ip, prefixLength } of link.addresses) {
      edge(own, `Address/${ip}/${prefixLength}`);
    }
  }
  for (const lease of state.leases) {
    edge(`Interface/${lease.device}`, `DHCP/${lease.device}`);
  }
  for (const { family, table, destination, hops } of state.routes) {
    if (table === "local") continue;
    for (const { gateway, device } of hops) {
      const route = `Route/IPv${family}/${table}/${destination}`;
      if (device !== "") edge(`Interface/${device}`, route);
      if (gateway !== "") edge(route, `Gateway/${gateway}`);
    }
  }
  for (const { family, priority, table } of state.rules) {
    if (table === "") continue;
    edge(`Rule/IPv${family}/${priority}`, `Table/IPv${family}/${table}`);
  }
  for (const server of state.resolver?.servers ?? []) {
    edge("Resolver", `NameServer/${server}`);
  }
  return graph(nodes, edges);
}

/**
 * Draws what a device's inner networks consist of: bridges with their ports,
 * pairs of interfaces, and namespaces.
 *
 * @param state State of the network.
 * @param namespaces Names of other network namespaces.
 * @returns The graph, `undefined` where there are none.
 */
export function formatInnerDot(
  state: NetworkState,
  namespaces: readonly string[],
): string | undefined {
  const nodes = new Set<string>();
  const edges = new Set<string>();
  for (const { name, kind, master, parent } of state.links) {
    if (kind === "bridge") nodes.add(`\t${quote(`Bridge/${name}`)};`);
    if (master !== "") {
      edges.add(`\t${quote(`Bridge/${master}`)} -> ${quote(`Port/${name}`)};`);
    }
    if (kind === "veth" && parent !== "") {
      edges.add(`\t${quote(`Port/${name}`)} -> ${quote(`Peer/${parent}`)};`);
    }
  }
  for (const name of namespaces) nodes.add(`\t${quote(`Namespace/${name}`)};`);
  return nodes.size + edges.size === 0 ? undefined : graph(nodes, edges);
}

function graph(
  nodes: ReadonlySet<string>,
  edges: ReadonlySet<string>,
): string {
  return ["digraph G {", "\tnode [shape=box];", ...nodes, ...edges, "}", ""]
    .join("\n");
}

function quote(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
