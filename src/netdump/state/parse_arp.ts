import type { NeighbourState } from "./types.ts";

/**
 * Reads the output of `arp -n`.
 *
 * @param text The output.
 * @returns The neighbours.
 */
export function parseArp(text: string): NeighbourState[] {
  const neighbours: NeighbourState[] = [];
  for (const line of text.split("\n")) {
    const ip = /^([\d.]+)\s/.exec(line)?.[1];
    const device = /(\S+)\s*$/.exec(line)?.[1];
    if (ip === undefined || device === undefined) continue;
    const mac = /\b([0-9a-f]{2}(?::[0-9a-f]{2}){5})\b/i.exec(line)?.[1] ?? "";
    const isIncomplete = line.includes("incomplete");
    if (mac === "" && !isIncomplete) continue;
    neighbours.push({
      ip,
      device,
      mac: mac.toLowerCase(),
      state: isIncomplete ? "incomplete" : "reachable",
      isRouter: false,
    });
  }
  return neighbours;
}
