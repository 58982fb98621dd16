import type { DumpEntry } from "../dump_entry.ts";
import { parseLease } from "../state/parse_lease.ts";
import type { LeaseState, LinkState } from "../state/types.ts";
import { escapeFileName } from "../traced_net_request.ts";
import type { CollectKit } from "./collect_kit.ts";
import { chooseLinks } from "./link_names.ts";
import {
  decodeDhcpPacket,
  parseDhclientLeases,
  parseNetworkdLease,
  parseNmcliLease,
} from "./parse_lease_files.ts";

/** Time for dhcpcd, which can wait for its daemon. */
const DHCPCD_TIMEOUT_MS = 5000;

/** Leases with the entries that hold them. */
export interface CollectedLeases {
  readonly entries: readonly DumpEntry[];
  readonly leases: readonly LeaseState[];
}

/**
 * Finds the lease of each interface, whichever client of DHCP has it: dhcpcd,
 * systemd-networkd, NetworkManager, dhclient. All are written as dhcpcd does.
 *
 * @param kit Programs and files.
 * @param links The interfaces.
 * @returns An entry for each interface, without content where there is no lease.
 */
export async function collectLeases(
  kit: CollectKit,
  links: readonly LinkState[],
): Promise<CollectedLeases> {
  const names = chooseLinks(links);
  const found = await Promise.all(
    names.map((name) =>
      findLease(kit, links.find((link) => link.name === name)!)
    ),
  );
  return {
    entries: found.map(({ entry }) => entry),
    leases: found.flatMap(({ lease }) => lease ?? []),
  };
}

async function findLease(
  kit: CollectKit,
  link: LinkState,
): Promise<{ readonly entry: DumpEntry; readonly lease?: LeaseState }> {
  const fileName = `dhcp-lease-${escapeFileName(link.name)}.txt`;
  const command = ["dhcpcd", "-U", "-4", link.name];
  const asked = await kit.tool(fileName, command, {
    timeoutMs: DHCPCD_TIMEOUT_MS,
    mixed: true,
  });
  if (asked.content !== undefined && asked.content.length > 0) {
    const text = new TextDecoder().decode(asked.content);
    const lease = parseLease(text, link.name);
    if (lease !== undefined) return { entry: asked, lease };
  }
  const other = await findOther(kit, link);
  if (other === undefined) {
    // Without any client an address with a lifetime is all that shows.
    const dynamic = link.addresses.filter((address) =>
      address.isDynamic && address.scope === "global"
    );
    if (dynamic.length === 0) {
      return { entry: kit.absent(fileName, "no lease was found") };
    }
    const values = { "ip_address": dynamic[0]!.ip };
    const lease = { device: link.name, source: "none", values };
    return { entry: leaseEntry(kit, fileName, lease), lease };
  }
  const lease = { device: link.name, ...other };
  return { entry: leaseEntry(kit, fileName, lease), lease };
}

function leaseEntry(
  kit: CollectKit,
  fileName: string,
  lease: LeaseState,
): DumpEntry {
  const lines = Object.entries(lease.values)
    .filter(([name]) => name !== "source")
    .map(([name, value]) => `${name}=${value.replaceAll("\n", " ")}`);
  return kit.text(
    fileName,
    `${[`source=${lease.source}`, ...lines].join("\n")}\n`,
  );
}

async function findOther(
  kit: CollectKit,
  link: LinkState,
): Promise<Omit<LeaseState, "device"> | undefined> {
  const networkd = readText(`/run/systemd/netif/leases/${link.index}`);
  if (networkd !== undefined) {
    return { source: "networkd", values: parseNetworkdLease(networkd) };
  }
  const shown = await kit.run([
    "nmcli",
    "-t",
    "-f",
    "DHCP4,IP4",
    "device",
    "show",
    link.name,
  ]);
  if (shown.status === "done" && shown.exit === 0) {
    const values = parseNmcliLease(new TextDecoder().decode(shown.stdout));
    if (values !== undefined) return { source: "networkmanager", values };
  }
  for (const path of dhclientFiles()) {
    const values = parseDhclientLeases(readText(path) ?? "", link.name);
    if (values !== undefined) return { source: "dhclient", values };
  }
  for (const folder of ["/var/lib/dhcpcd", "/var/lib/dhcpcd5"]) {
    const packet = readBytes(`${folder}/${link.name}.lease`);
    const values = packet === undefined ? undefined : decodeDhcpPacket(packet);
    if (values !== undefined) return { source: "dhcpcd", values };
  }
  return undefined;
}

function dhclientFiles(): string[] {
  const files: string[] = [];
  const folders = [
    "/var/lib/dhcp",
    "/var/lib/dhclient",
    "/var/lib/NetworkManager",
  ];
  for (const folder of folders) {
    try {
      for (const { name, isFile } of Deno.readDirSync(folder)) {
        if (isFile && /\.leases?$/.test(name)) files.push(`${folder}/${name}`);
      }
    } catch {
      // Not this client, or not to be read.
    }
  }
  return files.sort();
}

function readBytes(path: string): Uint8Array | undefined {
  try {
    const info = Deno.statSync(path);
    return info.isFile && info.size < 1024 * 1024
      ? Deno.readFileSync(path)
      : undefined;
  } catch {
    return undefined;
  }
}

function readText(path: string): string | undefined {
  const bytes = readBytes(path);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}
