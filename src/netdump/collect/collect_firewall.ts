import type { DumpEntry } from "../dump_entry.ts";
import type { CollectKit } from "./collect_kit.ts";

/** Tables in EVE's order. */
const TABLES = ["raw", "filter", "mangle", "nat"] as const;

/** How {@linkcode collectFirewall} works. */
export interface CollectFirewallOptions {
  /**
   * Whether tables are listed that do not exist yet, which loads modules of the
   * kernel and can switch connection tracking on.
   *
   * @default {false}
   */
  readonly loadModules?: boolean | undefined;
}

/**
 * Gathers the rules of the firewall.
 *
 * @param kit Programs and files.
 * @param options What may be touched.
 * @returns Entries in EVE's order.
 */
export async function collectFirewall(
  kit: CollectKit,
  options: CollectFirewallOptions = {},
): Promise<DumpEntry[]> {
  const existing = new Set(
    (kit.procText("/proc/net/ip_tables_names") ?? "").split("\n"),
  );
  const nft = await kit.tool("nft.txt", ["nft", "-a", "list", "ruleset"]);
  // iptables in its newer form keeps its tables there.
  const ruleset = new TextDecoder().decode(nft.content ?? new Uint8Array(0));
  const tables = TABLES.map((table) => {
    const name = `iptables-${table}.txt`;
    const exists = existing.has(table) ||
      new RegExp(`^table ip ${table} \\{`, "m").test(ruleset);
    if (!exists && options.loadModules !== true) {
      const reason =
        "table does not exist, and listing it would load kernel modules";
      return Promise.resolve(kit.absent(name, reason, "command"));
    }
    const list = ["iptables", "-L", "-v", "-n", "--line-numbers", "-t", table];
    return kit.tool(name, list, { mixed: true });
  });
  return [
    ...await Promise.all([
      ...tables,
      kit.tool("iptables-save.txt", ["iptables-save", "-c"]),
      kit.tool("ip6tables-save.txt", ["ip6tables-save", "-c"]),
    ]),
    nft,
  ];
}
