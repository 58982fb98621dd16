import { SYSTEM_HOST } from "../../../src/netdump/tracer/tracer_host.ts";
import type { TracerHost } from "../../../src/netdump/tracer/tracer_host.ts";

/**
 * A host whose files are given and which looks into neither the interfaces nor
 * the kernel of this machine.
 */
export function testHost(
  files: Readonly<Record<string, string>> = {},
  parts: Partial<TracerHost> = {},
): TracerHost {
  return {
    ...SYSTEM_HOST,
    readText: (path) =>
      Promise.resolve(
        files[path] === undefined
          ? undefined
          : { text: files[path], modifiedMs: 0 },
      ),
    findSourceAddress: (destination) =>
      destination.includes(":") ? "::1" : "127.0.0.1",
    findConnectingSockets: () => Promise.resolve([]),
    ...parts,
  };
}

/** Takes the number off what differs from run to run: ports, ids, times. */
export function withoutNumbers(text: string): string {
  return text.replace(/127\.0\.0\.1:\d{4,5}/g, "127.0.0.1:PORT");
}
