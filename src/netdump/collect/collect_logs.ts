import type { DumpEntry } from "../dump_entry.ts";
import type { CollectKit } from "./collect_kit.ts";

/** Lines that are kept of each log. */
const MAX_LINES = 2000;
const MAX_LOG_BYTES = 2 * 1024 * 1024;

/** Services that have to do with networks. */
const UNITS: readonly string[] = [
  "NetworkManager",
  "systemd-networkd",
  "systemd-resolved",
  "systemd-timesyncd",
  "chronyd",
  "dhcpcd",
  "dhclient",
  "wpa_supplicant",
  "iwd",
  "connman",
  "ModemManager",
  "firewalld",
  "nftables",
];

/**
 * Gathers the last lines of the kernel's log and of network services.
 *
 * @param kit Programs and files.
 * @returns Entries.
 */
export async function collectLogs(kit: CollectKit): Promise<DumpEntry[]> {
  const journal = [
    "journalctl",
    "--no-pager",
    "-q",
    "-o",
    "short-iso",
    "-n",
    String(MAX_LINES),
  ];
  const limits = { maxBytes: MAX_LOG_BYTES };
  const [kernel, services] = await Promise.all([
    kit.tool("kernel-log.txt", [...journal, "-k"], limits),
    kit.tool(
      "network-log.txt",
      [...journal, ...UNITS.flatMap((unit) => ["-u", unit])],
      limits,
    ),
  ]);
  const entries: DumpEntry[] = [];
  if (kernel.content !== undefined && kernel.content.length > 0) {
    entries.push(kernel);
  } else {entries.push(
      lastLines(await kit.tool("dmesg.txt", ["dmesg"], limits)),
    );}
  entries.push(services);
  return entries;
}

function lastLines(entry: DumpEntry): DumpEntry {
  if (entry.content === undefined) return entry;
  const lines = new TextDecoder().decode(entry.content).split("\n");
  if (lines.length <= MAX_LINES) return entry;
  return {
    ...entry,
    content: new TextEncoder().encode(lines.slice(-MAX_LINES).join("\n")),
    truncated: true,
  };
}
