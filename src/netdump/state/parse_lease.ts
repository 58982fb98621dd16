import type { LeaseState } from "./types.ts";

/**
 * Reads a lease in the form of dhcpcd: `name=value` per line.
 *
 * @param text The text; a first line `source=` names the client.
 * @param device Interface of the lease.
 * @returns The lease, or `undefined` when nothing is in it.
 */
export function parseLease(
  text: string,
  device: string,
): LeaseState | undefined {
  const values: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const match = /^([a-z][a-z0-9_]*)=(.*?)\r?$/.exec(line);
    if (match !== null) values[match[1]!] = match[2]!;
  }
  if (Object.keys(values).length === 0) return undefined;
  return { device, source: values["source"] ?? "dhcpcd", values };
}
