/**
 * Runs one command line of tracedeck and tells on standard error, behind all
 * else, how many MiB the process took at most.
 */
import { main } from "../../src/cli/main.ts";
import { processHost } from "../../src/cli/process_host.ts";

const host = processHost();
Deno.exitCode = await main(Deno.args, host, new AbortController().signal);
const status = Deno.readTextFileSync("/proc/self/status");
const [, kib = ""] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
host.writeStderr(
  new TextEncoder().encode(`peak ${Math.round(Number(kib) / 1024)} MiB\n`),
);
