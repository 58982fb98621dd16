import type { DumpEntry } from "../dump_entry.ts";
import { openNetworkNamespace } from "../../platform/network_namespace.ts";
import { readNetworkState } from "../state/read_network_state.ts";
import { escapeFileName } from "../traced_net_request.ts";
import { collectBase, collectSockets } from "./collect_base.ts";
import { CollectKit } from "./collect_kit.ts";
import { processIds } from "./proc_lists.ts";

const NAMED_FOLDER = "/run/netns";
/** Time for all programs in one namespace. */
const TOOLS_MS = 15_000;
/** Time for all namespaces together. */
const ALL_MS = 60_000;

/** A namespace that was found. */
export interface FoundNamespace {
  /** Name as of `ip netns`, or `pid-` and a process in it. */
  readonly name: string;
  /** What opens it. */
  readonly target: string;
}

/**
 * Finds the network namespaces of this device other than the own one: those
 * with a name and those that processes are in.
 *
 * @returns The namespaces; only what can be seen.
 */
export function findNamespaces(): readonly FoundNamespace[] {
  const seen = new Set<string>();
  const own = readLink("/proc/self/ns/net");
  if (own !== undefined) seen.add(own);
  const found: FoundNamespace[] = [];
  for (const name of listNames(NAMED_FOLDER)) {
    const id = inodeOf(`${NAMED_FOLDER}/${name}`);
    if (id === undefined || seen.has(id)) continue;
    seen.add(id);
    found.push({ name, target: name });
  }
  for (const pid of processIds()) {
    const id = readLink(`/proc/${pid}/ns/net`);
    if (id === undefined || seen.has(id)) continue;
    seen.add(id);
    found.push({ name: `pid-${pid}`, target: pid });
  }
  return found;
}

/** How {@linkcode collectNamespaces} works. */
export interface CollectNamespacesOptions {
  /** Namespaces that are looked into, at most. */
  readonly limit: number;
  /** Ends the work. */
  readonly signal: AbortSignal;
  /** Time for all namespaces together in ms. @default {60000} */
  readonly allToolsMs?: number | undefined;
}

/**
 * Gathers the base set of other network namespaces.
 *
 * @param namespaces The namespaces.
 * @param options How many.
 * @returns Entries below `linux/netns/`.
 */
export async function collectNamespaces(
  namespaces: readonly FoundNamespace[],
  options: CollectNamespacesOptions,
): Promise<DumpEntry[]> {
  const { limit, signal, allToolsMs = ALL_MS } = options;
  const deadline = performance.now() + allToolsMs;
  const entries: DumpEntry[] = [];
  for (const { name, target } of namespaces.slice(0, limit)) {
    const folder = `linux/netns/${escapeFileName(name)}/`;
    if (signal.aborted) {
      entries.push(absent(folder, "interrupted"));
      continue;
    }
    const left = deadline - performance.now();
    if (left <= 0) {
      entries.push(absent(folder, "time for all namespaces is up"));
      continue;
    }
    try {
      using namespace = openNetworkNamespace(target);
      // Who may open it need not be allowed to enter: then there is nothing to tell.
      namespace.within(() => {});
      const kit = new CollectKit({
        signal,
        folder,
        within: (run) => namespace.within(run),
        allToolsMs: Math.min(TOOLS_MS, left),
      });
      const resolvConf = `/etc/netns/${name}/resolv.conf`;
      const state = await readNetworkState(kit, { resolvConf });
      entries.push(
        ...await collectBase(kit, state),
        ...await collectSockets(kit),
      );
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      entries.push(absent(folder, reason));
    }
  }
  if (namespaces.length > limit) {
    entries.push(
      absent(
        "linux/netns/",
        `there are ${namespaces.length} namespaces, the first ${limit} were looked into`,
      ),
    );
  }
  return entries;
}

function absent(folder: string, skippedReason: string): DumpEntry {
  return {
    name: folder.replace(/\/$/, ""),
    source: "generated",
    skippedReason,
  };
}

function listNames(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  } catch {
    return [];
  }
}

/** `net:[4026531840]`: the number is the inode of the file. */
function inodeOf(path: string): string | undefined {
  try {
    const { ino } = Deno.statSync(path);
    return ino === null ? undefined : `net:[${ino}]`;
  } catch {
    return undefined;
  }
}

function readLink(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return undefined;
  }
}
