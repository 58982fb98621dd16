import type { DumpEntry } from "../dump_entry.ts";
import type { LinkState } from "../state/types.ts";
import { escapeFileName } from "../traced_net_request.ts";
import type { CollectKit } from "./collect_kit.ts";

/**
 * Gathers bridges, bonds, queues, tunnels and WireGuard without its keys.
 *
 * @param kit Programs and files.
 * @param links The interfaces.
 * @returns Entries.
 */
export async function collectLayer2(
  kit: CollectKit,
  links: readonly LinkState[],
): Promise<DumpEntry[]> {
  const has = (kind: string) => links.some((link) => link.kind === kind);
  const bridge = ["bridge", "-d", "-json"];
  const tasks: Promise<DumpEntry>[] = [];
  if (has("bridge")) {
    for (const part of ["link", "fdb", "vlan"]) {
      tasks.push(kit.tool(`bridge-${part}.json`, [...bridge, part, "show"]));
    }
  }
  for (const { name } of links.filter(({ kind }) => kind === "bond")) {
    const file = `bonding-${escapeFileName(name)}.txt`;
    tasks.push(Promise.resolve(kit.proc(file, `/proc/net/bonding/${name}`)));
  }
  tasks.push(
    kit.tool("tc-qdisc.json", ["tc", "-s", "-json", "qdisc", "show"]),
  );
  const shaped = links.filter(({ isUp, isLoopback }) => isUp && !isLoopback);
  for (const { name } of shaped.slice(0, 16)) {
    for (const part of ["class", "filter"]) {
      tasks.push(
        kit.tool(`tc-${part}-${escapeFileName(name)}.json`, [
          "tc",
          "-s",
          "-json",
          part,
          "show",
          "dev",
          name,
        ]),
      );
    }
  }
  if (links.some(({ kind }) => /^(gre|ipip|sit|ip6|vti|vxlan)/.test(kind))) {
    tasks.push(kit.tool("iptunnel.txt", ["ip", "-s", "tunnel", "show"]));
  }
  if (has("wireguard")) {
    // "show all dump" would show private keys.
    for (
      const part of [
        "endpoints",
        "latest-handshakes",
        "transfer",
        "allowed-ips",
      ]
    ) {
      tasks.push(kit.tool(`wg-${part}.txt`, ["wg", "show", "all", part]));
    }
  }
  return await Promise.all(tasks);
}
