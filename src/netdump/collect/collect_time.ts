import type { DumpEntry } from "../dump_entry.ts";
import type { CollectKit } from "./collect_kit.ts";

/**
 * Gathers what keeps the clock.
 *
 * @param kit Programs and files.
 * @returns Entries.
 */
export function collectTime(kit: CollectKit): Promise<DumpEntry[]> {
  return Promise.all([
    kit.tool("chrony-sources.txt", ["chronyc", "-n", "sources"]),
    kit.tool("ntpq-peers.txt", ["ntpq", "-pn"]),
    kit.tool("timedatectl.txt", ["timedatectl", "show"]),
  ]);
}
