import type { DumpEntry } from "../dump_entry.ts";
import type { LinkState } from "../state/types.ts";
import { escapeFileName } from "../traced_net_request.ts";
import type { CollectKit } from "./collect_kit.ts";
import { chooseLinks } from "./link_names.ts";

/** Questions to ethtool; `-e`, which disturbs some cards, is not among them. */
const ETHTOOL = ["", "-i", "-k", "-S", "-a", "-m"] as const;
const SYSFS_FILES = [
  "operstate",
  "carrier",
  "carrier_changes",
  "carrier_up_count",
  "carrier_down_count",
  "speed",
  "duplex",
  "mtu",
  "address",
  "tx_queue_len",
  "device/vendor",
  "device/device",
  "device/uevent",
] as const;
/** Interfaces that ethtool is asked about. */
const MAX_ETHTOOL_LINKS = 16;

/**
 * Gathers what is known of network cards.
 *
 * @param kit Programs and files.
 * @param links The interfaces.
 * @returns Entries.
 */
export async function collectHardware(
  kit: CollectKit,
  links: readonly LinkState[],
): Promise<DumpEntry[]> {
  const names = chooseLinks(links);
  const hardware = names.filter((name) =>
    links.some((link) => link.name === name && link.kind === "")
  );
  const cards = await Promise.all(
    hardware.slice(0, MAX_ETHTOOL_LINKS).map((name) => ethtool(kit, name)),
  );
  return [
    ...cards,
    describeSysfs(kit, names),
    await kit.tool("rfkill.json", ["rfkill", "-J"]),
  ];
}

async function ethtool(kit: CollectKit, link: string): Promise<DumpEntry> {
  const fileName = `ethtool-${escapeFileName(link)}.txt`;
  const parts: string[] = [];
  let isMissing = false;
  for (const option of ETHTOOL) {
    const command = ["ethtool", ...(option === "" ? [] : [option]), link];
    const run = await kit.run(command, { mixed: true });
    isMissing ||= run.status === "missing";
    if (isMissing) break;
    const text = new TextDecoder().decode(run.stdout);
    parts.push(`# ${command.join(" ")}\n${text}`);
  }
  return isMissing
    ? kit.absent(fileName, "program is missing", "command")
    : kit.text(fileName, parts.join("\n"), "command");
}

function describeSysfs(
  kit: CollectKit,
  names: readonly string[],
): DumpEntry {
  const lines: string[] = [];
  for (const name of names) {
    const folder = `/sys/class/net/${name}`;
    for (const file of SYSFS_FILES) {
      const value = kit.procText(`${folder}/${file}`)?.trim();
      if (value === undefined || value === "") continue;
      lines.push(`${name} ${file} ${value.replaceAll("\n", " ")}`);
    }
    for (const link of ["device", "device/driver", "master"]) {
      const target = readLink(`${folder}/${link}`);
      if (target !== undefined) lines.push(`${name} ${link} -> ${target}`);
    }
  }
  return lines.length === 0
    ? kit.absent("sysfs-net.txt", "/sys/class/net cannot be read", "proc")
    : kit.text("sysfs-net.txt", `${lines.join("\n")}\n`, "proc");
}

function readLink(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return undefined;
  }
}
