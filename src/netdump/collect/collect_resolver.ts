import type { DumpEntry } from "../dump_entry.ts";
import type { CollectKit } from "./collect_kit.ts";

/**
 * Gathers how names are looked up.
 *
 * @param kit Programs and files.
 * @returns Entries.
 */
export function collectResolver(kit: CollectKit): Promise<DumpEntry[]> {
  const { folder } = kit;
  return Promise.all([
    kit.file(`${folder}resolv.conf`, "/etc/resolv.conf"),
    kit.file(`${folder}hosts`, "/etc/hosts"),
    kit.file(`${folder}nsswitch.conf`, "/etc/nsswitch.conf"),
    kit.file(
      `${folder}resolv-uplink.conf`,
      "/run/systemd/resolve/resolv.conf",
    ),
    kit.tool("resolvectl.json", ["resolvectl", "--json=short", "status"]),
    kit.tool("resolvectl-statistics.json", [
      "resolvectl",
      "--json=short",
      "statistics",
    ]),
  ]);
}
