import type { DumpContext, DumpEntry, DumpSource } from "../dump_entry.ts";
import { formatProbes } from "../probe/probes_json.ts";
import type { ProbeResult } from "../probe/types.ts";
import { readNetworkState } from "../state/read_network_state.ts";
import type { NetworkState } from "../state/types.ts";
import { collectBase, collectSockets } from "./collect_base.ts";
import { collectConntrack } from "./collect_conntrack.ts";
import { collectCounters } from "./collect_counters.ts";
import { collectEve } from "./collect_eve.ts";
import { collectFirewall } from "./collect_firewall.ts";
import { collectHardware } from "./collect_hardware.ts";
import { CollectKit } from "./collect_kit.ts";
import { collectLayer2 } from "./collect_layer2.ts";
import { collectLeases } from "./collect_leases.ts";
import { collectLogs } from "./collect_logs.ts";
import { collectNamespaces, findNamespaces } from "./collect_namespaces.ts";
import { collectProbes } from "./collect_probes.ts";
import { collectResolver } from "./collect_resolver.ts";
import { collectSysctl } from "./collect_sysctl.ts";
import { collectTime } from "./collect_time.ts";
import { collectWireless } from "./collect_wireless.ts";

/** Groups that can be left out, in the order in which they are written. */
export const COLLECT_GROUPS = [
  "leases",
  "firewall",
  "processes",
  "resolver",
  "counters",
  "conntrack",
  "sysctl",
  "hardware",
  "wireless",
  "layer2",
  "time",
  "logs",
  "probes",
  "namespaces",
] as const;

/** A group of {@linkcode COLLECT_GROUPS}. */
export type CollectGroup = typeof COLLECT_GROUPS[number];

/** Groups that are wanted even when little space is left. */
const NEEDED: ReadonlySet<CollectGroup> = new Set([
  "leases",
  "resolver",
  "conntrack",
  "probes",
]);

/** Why a group is not there that the caller left out. */
export const REASON_SKIPPED = "left out on request";
/** Why a group is not there that can wait when space is scarce. */
export const REASON_SCARCE = "little space is left";

/** What a {@linkcode LinuxCollector} gathers. */
export interface LinuxCollectorOptions {
  /** Groups to leave out. @default {[]} */
  readonly skip?: readonly CollectGroup[] | undefined;
  /** What requests are made to. @default {[]} */
  readonly targets?: readonly URL[] | undefined;
  /** Whether targets are reached by a proxy only. @default {false} */
  readonly usesProxy?: boolean | undefined;
  /** Time servers beside those that are configured. @default {[]} */
  readonly ntpServers?: readonly string[] | undefined;
  /** URL of plain HTTP that answers with status 204. */
  readonly portalUrl?: string | undefined;
  /** What requests told of clocks. @default {[]} */
  readonly dates?: readonly ProbeResult[] | undefined;
  /** Outcome of requests, where there were any. */
  readonly outcome?:
    | { readonly isOk: boolean; readonly error: string; readonly time: string }
    | undefined;
  /** Namespaces that are looked into, at most. @default {32} */
  readonly maxNamespaces?: number | undefined;
  /** Time for one program in ms. @default {10000} */
  readonly toolTimeoutMs?: number | undefined;
  /** Time for all programs together in ms. @default {60000} */
  readonly allToolsMs?: number | undefined;
  /** Whether listing the firewall may load modules of the kernel. @default {false} */
  readonly loadModules?: boolean | undefined;
  /** Whether the machine's id is given as it is. @default {false} */
  readonly rawMachineId?: boolean | undefined;
  /** Environment with proxies. @default {Deno.env} */
  readonly env?: ((name: string) => string | undefined) | undefined;
}

/**
 * Gathers all that a network engineer asks for of a Linux device, in EVE's
 * layout. Nothing that is missing or forbidden is an error: it becomes an entry
 * that says why.
 */
export class LinuxCollector implements DumpSource {
  readonly #options: LinuxCollectorOptions;

  /** @param options What to gather. */
  constructor(options: LinuxCollectorOptions = {}) {
    this.#options = options;
  }

  async *collect(context: DumpContext): AsyncGenerator<DumpEntry> {
    const { signal, isScarce } = context;
    const options = this.#options;
    const skipped = new Set<CollectGroup>(options.skip);
    const kit = new CollectKit({
      signal,
      toolTimeoutMs: options.toolTimeoutMs,
      allToolsMs: options.allToolsMs,
    });
    const wants = (group: CollectGroup): boolean =>
      !skipped.has(group) && (!isScarce || NEEDED.has(group));
    const first = await readNetworkState(kit);
    const namespaces = findNamespaces();
    const leases = wants("leases")
      ? await collectLeases(kit, first.links)
      : { entries: [], leases: [] };
    // What can go on at the same time does; entries come in order all the same.
    const probes = wants("probes")
      ? this.#probe({ ...first, leases: leases.leases }, signal)
      : Promise.resolve([]);
    const groups: Partial<Record<CollectGroup, Promise<DumpEntry[]>>> = {};
    const start = (
      group: CollectGroup,
      collect: () => Promise<DumpEntry[]> | DumpEntry[],
    ): void => {
      if (wants(group)) groups[group] = Promise.resolve().then(collect);
    };
    start(
      "firewall",
      () => collectFirewall(kit, { loadModules: options.loadModules }),
    );
    start("processes", () => collectSockets(kit));
    start("resolver", () => collectResolver(kit));
    start("counters", () => collectCounters(kit));
    start("conntrack", () => collectConntrack(kit));
    start("sysctl", () => [collectSysctl(kit)]);
    start("hardware", () => collectHardware(kit, first.links));
    start("wireless", () => collectWireless(kit, first.links));
    start("layer2", () => collectLayer2(kit, first.links));
    start("time", () => collectTime(kit));
    start("logs", () => collectLogs(kit));
    // Questions to neighbours have been answered by now, or not.
    const results = await probes;
    const state: NetworkState = {
      ...await readNetworkState(kit),
      leases: leases.leases,
    };
    yield* await collectEve(kit, state, {
      targets: (options.targets ?? []).map(({ href }) => href),
      namespaces: namespaces.map(({ name }) => name),
      rawMachineId: options.rawMachineId,
      outcome: options.outcome,
      env: options.env ?? readEnv,
    });
    yield* await collectBase(kit, state);
    yield* leases.entries;
    for (const group of COLLECT_GROUPS) {
      if (group === "leases") continue;
      if (group === "probes" && wants(group)) {
        yield kit.text("probes.json", formatProbes(results));
      } else if (group === "namespaces" && wants(group)) {
        yield* await collectNamespaces(namespaces, {
          limit: options.maxNamespaces ?? 32,
          signal,
          allToolsMs: options.allToolsMs,
        });
      } else if (groups[group] !== undefined) yield* await groups[group];
      else {
        yield kit.absent(
          group,
          isScarce && !skipped.has(group) ? REASON_SCARCE : REASON_SKIPPED,
        );
      }
    }
  }

  async #probe(
    state: NetworkState,
    signal: AbortSignal,
  ): Promise<readonly ProbeResult[]> {
    const { targets = [], ntpServers = [], usesProxy = false } = this.#options;
    const probes = await collectProbes(state, {
      targets,
      usesProxy,
      ntpServers,
      portalUrl: this.#options.portalUrl,
      signal,
    });
    return [...probes, ...this.#options.dates ?? []];
  }
}

function readEnv(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch {
    return undefined;
  }
}
