import type { LinkCounters, LinkState } from "./types.ts";

/**
 * Reads the output of `ip -s link`.
 *
 * @param text The output.
 * @returns The interfaces, without addresses.
 */
export function parseIpLink(text: string): LinkState[] {
  return text.split(/\n(?=\d+: )/).flatMap((block) =>
    readInterface(block) ?? []
  );
}

function readInterface(block: string): LinkState | undefined {
  const head = /^(\d+): ([^:@\s]+)(?:@([^:\s]+))?: <([^>]*)>(.*)/.exec(block);
  if (head === null) return undefined;
  const [, index, name, parent = "", flagText, rest] = head;
  const flags = flagText!.split(",");
  const value = (key: string) =>
    new RegExp(`\\b${key} (\\S+)`).exec(rest!)?.[1] ?? "";
  return {
    name: name!,
    index: Number(index),
    isUp: flags.includes("UP"),
    hasCarrier: flags.includes("LOWER_UP"),
    isLoopback: flags.includes("LOOPBACK"),
    mtu: Number(value("mtu")) || 0,
    mac: /link\/ether ([0-9a-f:]{17})/.exec(block)?.[1] ?? "",
    kind: "",
    master: value("master"),
    parent,
    addresses: [],
    counters: readCounters(block),
  };
}

function readCounters(block: string): LinkCounters | undefined {
  const rx = /RX:.*\n\s*([\d ]+)/.exec(block)?.[1]?.trim().split(/\s+/);
  const tx = /TX:.*\n\s*([\d ]+)/.exec(block)?.[1]?.trim().split(/\s+/);
  if (rx === undefined || tx === undefined) return undefined;
  const [rxBytes = 0, rxPackets = 0, rxErrors = 0, rxDropped = 0] = rx.map(
    Number,
  );
  const [txBytes = 0, txPackets = 0, txErrors = 0, txDropped = 0] = tx.map(
    Number,
  );
  return {
    rxBytes,
    rxPackets,
    rxErrors,
    rxDropped,
    txBytes,
    txPackets,
    txErrors,
    txDropped,
  };
}
