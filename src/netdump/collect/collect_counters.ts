import type { DumpEntry } from "../dump_entry.ts";
import type { CollectKit } from "./collect_kit.ts";
import { pause } from "../probe/pause.ts";
import { counterDelta } from "./counter_delta.ts";

/** Time between the two readings. */
const INTERVAL_MS = 1000;

const FILES = [
  "snmp",
  "snmp6",
  "netstat",
  "sockstat",
  "sockstat6",
  "softnet_stat",
  "dev",
  "dev_mcast",
  "igmp",
  "wireless",
  "stat/nf_conntrack",
] as const;
/** Files whose values count and do not just name things. */
const COUNTING: ReadonlySet<string> = new Set([
  "snmp",
  "snmp6",
  "netstat",
  "softnet_stat",
  "dev",
]);

/**
 * Gathers the counters of the kernel, and what they did within a second.
 *
 * @param kit Files.
 * @returns Entries.
 */
export async function collectCounters(kit: CollectKit): Promise<DumpEntry[]> {
  const nameOf = (file: string) => `proc-net-${file.replaceAll("/", "-")}.txt`;
  const entries = FILES.map((file) =>
    kit.proc(nameOf(file), `/proc/net/${file}`)
  );
  await pause(INTERVAL_MS, kit.signal);
  const lines: string[] = [];
  for (const [index, file] of FILES.entries()) {
    const before = entries[index]!.content;
    const after = kit.procText(`/proc/net/${file}`);
    if (!COUNTING.has(file) || before === undefined || after === undefined) {
      continue;
    }
    const changes = counterDelta(new TextDecoder().decode(before), after);
    if (changes.length > 0) lines.push(`# ${file}`, ...changes);
  }
  return [
    ...entries,
    kit.text(
      "counters-delta.txt",
      `# what changed within ${INTERVAL_MS} ms\n${lines.join("\n")}\n`,
    ),
  ];
}
