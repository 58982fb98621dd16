import { createHmac } from "node:crypto";
import { isClockSynchronized } from "../platform/clock_state.ts";
import { readOwnAccount } from "../platform/own_account.ts";
import { readProcText } from "../platform/proc_file.ts";
import { borrowLibc } from "../platform/libc.ts";
import type { Manifest, ManifestPrivileges } from "./manifest.ts";

/** Salt of host ids, so that they lead nowhere else. */
const HOST_SALT = "tracedeck netdump host id 1";

/** Capabilities that matter here, by bit. */
const CAPABILITIES: readonly (readonly [bit: bigint, name: string])[] = [
  [1n, "CAP_DAC_OVERRIDE"],
  [2n, "CAP_DAC_READ_SEARCH"],
  [12n, "CAP_NET_ADMIN"],
  [13n, "CAP_NET_RAW"],
  [19n, "CAP_SYS_PTRACE"],
  [21n, "CAP_SYS_ADMIN"],
  [34n, "CAP_SYSLOG"],
];

/** What a manifest says of the machine. */
export type HostFacts = Pick<
  Manifest,
  "bootId" | "uptimeMs" | "clockSynchronized" | "hostHash" | "privileges"
>;

/**
 * Reads what a manifest says of the machine and of what this process may do.
 *
 * @returns The facts; what cannot be read is absent.
 */
export async function readHostFacts(): Promise<HostFacts> {
  const uptime = readProcText("/proc/uptime")?.split(" ")[0];
  return {
    bootId: readProcText("/proc/sys/kernel/random/boot_id")?.trim(),
    uptimeMs: uptime === undefined
      ? undefined
      : Math.round(Number(uptime) * 1000),
    clockSynchronized: isClockSynchronized(),
    hostHash: hashHost(),
    privileges: await readPrivileges(),
  };
}

/**
 * Makes an id for the machine that does not give away its own.
 *
 * @param purpose Ids for different purposes have nothing in common.
 * @returns 16 bytes, or `undefined` where the machine has no id.
 */
export function hashMachineId(purpose: string): Uint8Array | undefined {
  for (const path of ["/etc/machine-id", "/var/lib/dbus/machine-id"]) {
    try {
      const id = Deno.readTextFileSync(path).trim();
      if (!/^[0-9a-f]{32}$/.test(id)) continue;
      const digest = createHmac("sha256", purpose).update(id).digest();
      return new Uint8Array(digest.subarray(0, 16));
    } catch {
      // Not there, or not to be read.
    }
  }
  return undefined;
}

function hashHost(): string | undefined {
  return hashMachineId(HOST_SALT)?.toHex();
}

async function readPrivileges(): Promise<ManifestPrivileges> {
  const status = readProcText("/proc/self/status") ?? "";
  const hex = /^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? "0";
  const effective = BigInt(`0x${hex}`);
  const run = await Deno.permissions.query({ name: "run" });
  return {
    uid: readOwnAccount()?.uid,
    capabilities: CAPABILITIES
      .filter(([bit]) => (effective >> bit & 1n) === 1n)
      .map(([, name]) => name),
    ffi: canCallLibc(),
    run: run.state === "granted",
  };
}

function canCallLibc(): boolean {
  try {
    return borrowLibc(() => true);
  } catch {
    return false;
  }
}
