import { formatIpAddress, parseIpAddress } from "../codec/ip_address.ts";

/** A TCP socket of this process that waits for an answer to its SYN. */
export interface ConnectingSocket {
  readonly sourceAddress: string;
  readonly sourcePort: number;
}

/** State of `/proc/net/tcp` of a socket that has sent a SYN. */
const STATE_SYN_SENT = "02";

/**
 * Finds this process's sockets that are connecting to an address, by
 * `/proc/net/tcp` and `/proc/self/fd`.
 *
 * @param address Destination address.
 * @param port Destination port.
 * @returns Their own ends; nothing where `/proc` may not be read.
 */
export async function findConnectingSockets(
  address: string,
  port: number,
): Promise<readonly ConnectingSocket[]> {
  const bytes = parseIpAddress(address);
  if (bytes === undefined || Deno.build.os !== "linux") return [];
  try {
    const table = await Deno.readTextFile(
      bytes.length === 4 ? "/proc/net/tcp" : "/proc/net/tcp6",
    );
    const wanted = `${toProcHex(bytes)}:${
      port.toString(16).toUpperCase().padStart(4, "0")
    }`;
    const rows = table.split("\n").map((line) => line.trim().split(/\s+/))
      .filter((row) => row[2] === wanted && row[3] === STATE_SYN_SENT);
    if (rows.length === 0) return [];
    const inodes = await ownSocketInodes();
    return rows.filter((row) => inodes.has(row[9] ?? "")).map((row) => {
      const [host = "", hexPort = ""] = row[1]!.split(":");
      return {
        sourceAddress: formatIpAddress(fromProcHex(host)),
        sourcePort: Number.parseInt(hexPort, 16),
      };
    });
  } catch (error) {
    const isExpected = error instanceof Deno.errors.NotCapable ||
      error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.PermissionDenied;
    if (isExpected) return [];
    throw error;
  }
}

async function ownSocketInodes(): Promise<Set<string>> {
  const inodes = new Set<string>();
  for await (const { name } of Deno.readDir("/proc/self/fd")) {
    try {
      const target = await Deno.readLink(`/proc/self/fd/${name}`);
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode !== undefined) inodes.add(inode);
    } catch (error) {
      // Descriptors come and go while they are listed.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return inodes;
}

/** Addresses are 32-bit words in the byte order of the host. */
function toProcHex(bytes: Uint8Array): string {
  return swapWords(bytes).toHex().toUpperCase();
}

function fromProcHex(hex: string): Uint8Array {
  return swapWords(Uint8Array.fromHex(hex));
}

function swapWords(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const swapped = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at++) {
    swapped[at] = bytes[(at & ~3) + 3 - (at & 3)]!;
  }
  return swapped;
}
