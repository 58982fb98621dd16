import type { AddressState, LinkState } from "./types.ts";

/**
 * Reads the output of `ifconfig`, as net-tools and busybox print it.
 *
 * @param text The output.
 * @returns The interfaces; only those that are up are listed by it.
 */
export function parseIfconfig(text: string): LinkState[] {
  return text.split(/\n(?=\S)/).flatMap((block) => readInterface(block) ?? []);
}

function readInterface(block: string): LinkState | undefined {
  const name = /^([^\s]+?):?\s/.exec(block)?.[1];
  if (name === undefined || !/flags=|Link encap/.test(block)) return undefined;
  const newStyle = /flags=\d+<([^>]*)>/.exec(block)?.[1]?.split(",");
  const flags = newStyle ??
    /^\s+([A-Z ]+?)\s+MTU:/m.exec(block)?.[1]?.split(" ") ?? [];
  const count = (pattern: RegExp) => Number(pattern.exec(block)?.[1] ?? 0);
  return {
    name,
    index: 0,
    isUp: flags.includes("UP"),
    hasCarrier: flags.includes("RUNNING"),
    isLoopback: flags.includes("LOOPBACK"),
    mtu: count(/\bmtu[: ](\d+)/i),
    mac: (/\b(?:ether|HWaddr)\s+([0-9a-f:]{17})/i.exec(block)?.[1] ?? "")
      .toLowerCase(),
    kind: "",
    master: "",
    parent: "",
    addresses: readAddresses(block),
    counters: {
      rxPackets: count(/RX packets[: ](\d+)/),
      rxBytes: count(/(?:RX packets.*?bytes |RX bytes:)(\d+)/),
      rxErrors: count(/RX (?:packets:\d+ )?errors[: ](\d+)/),
      rxDropped: count(/RX .*?dropped[: ](\d+)/),
      txPackets: count(/TX packets[: ](\d+)/),
      txBytes: count(/(?:TX packets.*?bytes |TX bytes:)(\d+)/),
      txErrors: count(/TX (?:packets:\d+ )?errors[: ](\d+)/),
      txDropped: count(/TX .*?dropped[: ](\d+)/),
    },
  };
}

function readAddresses(block: string): AddressState[] {
  const addresses: AddressState[] = [];
  const known = { isDynamic: false, isTentative: false, isDuplicate: false };
  for (
    const [, ip, mask] of block.matchAll(
      /inet (?:addr:)?([\d.]+).*?(?:netmask |Mask:)([\d.]+)/g,
    )
  ) {
    addresses.push({
      ip: ip!,
      prefixLength: maskBits(mask!),
      scope: ip!.startsWith("127.")
        ? "host"
        : ip!.startsWith("169.254.")
        ? "link"
        : "global",
      ...known,
    });
  }
  for (
    const [, ip, bits] of block.matchAll(
      /inet6 (?:addr: ?)?([0-9a-f:]+)(?:\/|\s+prefixlen )(\d+)/gi,
    )
  ) {
    addresses.push({
      ip: ip!.toLowerCase(),
      prefixLength: Number(bits),
      scope: ip === "::1" ? "host" : /^fe80:/i.test(ip!) ? "link" : "global",
      ...known,
    });
  }
  return addresses;
}

function maskBits(mask: string): number {
  const bits = mask.split(".").map((part) =>
    Number(part).toString(2).replaceAll("0", "").length
  );
  return bits.reduce((sum, count) => sum + count, 0);
}
