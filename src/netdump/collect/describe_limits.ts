import { readProcText } from "../../platform/proc_file.ts";
import { readHostFacts } from "../host_facts.ts";

/**
 * Tells what this process cannot see, for lack of rights.
 *
 * @returns One sentence for each lack; none for root with all permissions.
 */
export async function describeLimits(): Promise<readonly string[]> {
  if (Deno.build.os !== "linux") {
    return ["this system is not Linux: much cannot be seen"];
  }
  const { privileges } = await readHostFacts();
  const { capabilities, ffi, run } = privileges;
  const limits: string[] = [];
  if (readProcText("/proc/self/status") === undefined) {
    limits.push(
      "deno may not read /proc and /sys: run it with --allow-all, or with --allow-ffi",
    );
  }
  if (!ffi) {
    limits.push(
      "the C library may not be called: no packets, no table of connections, no pings",
    );
  }
  if (!run) limits.push("programs may not be started: their texts are missing");
  // Without FFI and /proc nobody knows what is permitted.
  if (!ffi) return limits;
  const has = (name: string) => capabilities.includes(name);
  if (!has("CAP_NET_RAW")) {
    limits.push("no CAP_NET_RAW: packets are not captured");
  }
  if (!has("CAP_NET_ADMIN")) {
    limits.push("no CAP_NET_ADMIN: the table of connections is not read");
  }
  if (!has("CAP_SYS_PTRACE")) {
    limits.push(
      "no CAP_SYS_PTRACE: whose the sockets of other users are is not told",
    );
  }
  if (!has("CAP_SYS_ADMIN")) {
    limits.push("no CAP_SYS_ADMIN: other namespaces are not looked into");
  }
  return limits;
}
