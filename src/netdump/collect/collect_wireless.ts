import type { DumpEntry } from "../dump_entry.ts";
import type { LinkState } from "../state/types.ts";
import { escapeFileName } from "../traced_net_request.ts";
import type { CollectKit } from "./collect_kit.ts";
import { isWireless } from "./wireless_link.ts";

/**
 * Gathers what is known of Wi-Fi, if there is any.
 *
 * @param kit Programs and files.
 * @param links The interfaces.
 * @returns Entries; keys are never asked for.
 */
export async function collectWireless(
  kit: CollectKit,
  links: readonly LinkState[],
): Promise<DumpEntry[]> {
  const names = links.map(({ name }) => name).filter(isWireless);
  if (names.length === 0) return [];
  return await Promise.all([
    kit.tool("iw-dev.txt", ["iw", "dev"]),
    ...names.flatMap((name) => {
      const file = escapeFileName(name);
      return [
        kit.tool(`iw-link-${file}.txt`, ["iw", "dev", name, "link"]),
        kit.tool(`iw-station-${file}.txt`, [
          "iw",
          "dev",
          name,
          "station",
          "dump",
        ]),
        kit.tool(`wpa-status-${file}.txt`, ["wpa_cli", "-i", name, "status"]),
      ];
    }),
    kit.tool("nmcli-wifi.txt", ["nmcli", "-t", "device", "wifi", "list"]),
  ]);
}
