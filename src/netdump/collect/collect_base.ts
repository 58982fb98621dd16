import type { DumpEntry } from "../dump_entry.ts";
import { formatNetworkState } from "../state/network_state_json.ts";
import type { NetworkState } from "../state/types.ts";
import { escapeFileName } from "../traced_net_request.ts";
import type { CollectKit } from "./collect_kit.ts";
import { listProcesses, listSockets } from "./proc_lists.ts";

/** Tables of rules that are listed, at most. */
const MAX_TABLES = 64;

/**
 * Gathers what EVE gathers of every device, with EVE's programs and names, and
 * the same as JSON and for IPv6 beside it.
 *
 * @param kit Programs and files.
 * @param state State of the network.
 * @returns Entries in EVE's order.
 */
export async function collectBase(
  kit: CollectKit,
  state: NetworkState,
): Promise<DumpEntry[]> {
  const mixed = { mixed: true };
  const route = ["ip", "route", "show", "table"];
  const tables = new Set(
    state.rules.filter(({ family, table }) =>
      family === 4 && /^\d+$/.test(table)
    ).map(({ table }) => table),
  );
  const entries = await Promise.all([
    kit.tool("ifconfig.txt", ["ifconfig"], mixed),
    kit.tool("iplink.txt", ["ip", "-s", "link"], mixed),
    kit.tool("arp.txt", ["arp", "-n"], mixed),
    kit.tool("iprule.txt", ["ip", "rule", "list"], mixed),
    kit.tool("iproute-main.txt", [...route, "main"], mixed),
    ...[...tables].slice(0, MAX_TABLES).map((table) =>
      kit.tool(`iproute-${escapeFileName(table)}.txt`, [...route, table], mixed)
    ),
  ]);
  return [...entries, ...await collectJson(kit), stateEntry(kit, state)];
}

/**
 * Gathers sockets and processes.
 *
 * @param kit Programs and files.
 * @returns Entries in EVE's order.
 */
export async function collectSockets(kit: CollectKit): Promise<DumpEntry[]> {
  const [netstat, ss, ps] = await Promise.all([
    kit.tool("netstat.txt", ["netstat", "-tuapn"], { mixed: true }),
    kit.tool("ss.txt", ["ss", "-tuapnieH"]),
    kit.tool("ps.txt", ["ps", "-e", "-f"], { mixed: true }),
  ]);
  const entries = [netstat, ss];
  if (netstat.content === undefined && ss.content === undefined) {
    entries.push(kit.text("proc-sockets.txt", listSockets(kit), "proc"));
  }
  entries.push(ps);
  if (ps.content !== undefined) return entries;
  // The small ps of busybox knows no options.
  const small = await kit.tool("ps-busybox.txt", ["ps"]);
  entries.push(small);
  if (small.content === undefined) {
    entries.push(kit.text("proc-ps.txt", listProcesses(kit), "proc"));
  }
  return entries;
}

function collectJson(kit: CollectKit): Promise<DumpEntry[]> {
  const all = ["route", "show", "table", "all"];
  return Promise.all([
    kit.tool("iprule6.txt", ["ip", "-6", "rule", "list"]),
    kit.tool("iproute6-main.txt", ["ip", "-6", "route", "show"]),
    kit.tool("ipaddr.json", ["ip", "-s", "-d", "-json", "addr"]),
    kit.tool("iplink.json", ["ip", "-s", "-s", "-d", "-json", "link"]),
    kit.tool("ipneigh.json", ["ip", "-s", "-json", "neigh"]),
    kit.tool("iprule.json", ["ip", "-json", "rule"]),
    kit.tool("iprule6.json", ["ip", "-6", "-json", "rule"]),
    kit.tool("iproute.json", ["ip", "-json", ...all]),
    kit.tool("iproute6.json", ["ip", "-6", "-json", ...all]),
  ]);
}

function stateEntry(kit: CollectKit, state: NetworkState): DumpEntry {
  const source = state.sources["links"] === "netlink" ? "netlink" : "generated";
  return kit.text("state.json", formatNetworkState(state), source);
}
