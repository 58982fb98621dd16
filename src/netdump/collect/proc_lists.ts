import { formatIpAddress, joinHostPort } from "../../codec/ip_address.ts";
import { readProcText } from "../../platform/proc_file.ts";
import type { CollectKit } from "./collect_kit.ts";

/** Processes that are looked at, at most. */
const MAX_PROCESSES = 20_000;
/** Longest command line shown. */
const MAX_COMMAND_LENGTH = 4096;

const TCP_STATES: Readonly<Record<string, string>> = {
  "01": "ESTABLISHED",
  "02": "SYN_SENT",
  "03": "SYN_RECV",
  "04": "FIN_WAIT1",
  "05": "FIN_WAIT2",
  "06": "TIME_WAIT",
  "07": "CLOSE",
  "08": "CLOSE_WAIT",
  "09": "LAST_ACK",
  "0A": "LISTEN",
  "0B": "CLOSING",
};

/**
 * Lists sockets as `/proc/net` has them, with the processes that hold them as
 * far as these can be seen.
 *
 * @param kit How files are read.
 * @returns A table.
 */
export function listSockets(kit: CollectKit): string {
  const owners = socketOwners();
  const lines = ["proto local remote state inode process"];
  for (const protocol of ["tcp", "tcp6", "udp", "udp6", "raw", "raw6"]) {
    const text = kit.procText(`/proc/net/${protocol}`) ?? "";
    for (const line of text.split("\n").slice(1)) {
      const words = line.trim().split(/\s+/);
      const [, local, remote, state, , , , , , inode] = words;
      if (inode === undefined) continue;
      lines.push(
        [
          protocol,
          decodeEndpoint(local!),
          decodeEndpoint(remote!),
          TCP_STATES[state!] ?? state!,
          inode,
          owners.get(inode) ?? "-",
        ].join(" "),
      );
    }
  }
  return `${lines.join("\n")}\n`;
}

/** Addresses are words of 32 bits in the byte order of the machine. */
function decodeEndpoint(text: string): string {
  const [hex = "", port = "0"] = text.split(":");
  if (!/^([0-9A-F]{8}|[0-9A-F]{32})$/i.test(hex)) return text;
  const bytes = Uint8Array.fromHex(hex);
  for (let at = 0; at < bytes.length; at += 4) {
    bytes.subarray(at, at + 4).reverse();
  }
  return joinHostPort(formatIpAddress(bytes), parseInt(port, 16));
}

/** Which process holds a socket, by the socket's inode. */
function socketOwners(): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const pid of processIds()) {
    try {
      for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
        const link = Deno.readLinkSync(`/proc/${pid}/fd/${name}`);
        const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1];
        if (inode === undefined || owners.has(inode)) continue;
        const command = readProcText(`/proc/${pid}/comm`)?.trim() ?? "";
        owners.set(inode, `${pid}/${command}`);
      }
    } catch {
      // Another user's, or gone.
    }
  }
  return owners;
}

/**
 * Lists processes as `/proc` has them.
 *
 * @param kit Ends the work.
 * @returns A table.
 */
export function listProcesses(kit: CollectKit): string {
  const lines = ["PID PPID UID STATE COMMAND"];
  for (const pid of processIds()) {
    if (kit.signal.aborted) break;
    const status = readProcText(`/proc/${pid}/status`);
    if (status === undefined) continue;
    const field = (name: string) =>
      new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(status)?.[1] ?? "-";
    const command = readProcText(`/proc/${pid}/cmdline`)
      ?.replace(/\0+$/, "").replaceAll("\0", " ").replaceAll("\n", " ")
      .slice(0, MAX_COMMAND_LENGTH) || `[${field("Name")}]`;
    lines.push(
      `${pid} ${field("PPid")} ${field("Uid")} ${field("State")} ${command}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

/** @returns Numbers of processes, as far as they can be seen. */
export function processIds(): readonly string[] {
  try {
    return [...Deno.readDirSync("/proc")].map(({ name }) => name)
      .filter((name) => /^\d+$/.test(name))
      .sort((a, b) => Number(a) - Number(b)).slice(0, MAX_PROCESSES);
  } catch {
    return [];
  }
}
