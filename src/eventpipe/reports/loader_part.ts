import type { ReportSection } from "../../base/report.ts";
import type { EventHandler } from "../event_collector.ts";
import { EventPayload } from "../event_payload.ts";
import { NettraceClock } from "../nettrace/nettrace_time.ts";
import type {
  NettraceEvent,
  NettraceHeader,
  NettraceMetadata,
} from "../nettrace/types.ts";
import { PROVIDER_NAME } from "../provider_name_table.ts";
import { moduleName } from "../symbols/method_name.ts";
import type { ReportPart, ReportPartOptions } from "./report_part.ts";

const DYNAMIC_FLAG = 4;
const READY_TO_RUN_FLAG = 0x20;
const MAX_MODULES = 100_000;

interface Module {
  readonly path: string;
  readonly flags: number;
  readonly assembly: bigint;
  loadNs: number | undefined;
  unloadNs: number | undefined;
}

/** Tells which modules and assemblies the process had, and when it loaded them. */
export class LoaderPart implements ReportPart {
  readonly #payload = new EventPayload();
  readonly #modules = new Map<bigint, Module>();
  readonly #assemblies = new Map<bigint, string>();
  readonly #domains = new Set<bigint>();
  #failedLoads = 0;
  #clock: NettraceClock | undefined;

  onHeader(header: NettraceHeader): void {
    this.#clock = new NettraceClock(header);
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    const { providerName, eventId } = metadata;
    if (providerName === PROVIDER_NAME.runtime) {
      switch (eventId) {
        case 152:
          return (event) => this.#onModule(event, "load");
        case 153:
          return (event) => this.#onModule(event, "unload");
        case 154:
          return (event) => this.#onAssembly(event);
        case 156:
          return (event) => this.#onDomain(event);
        case 291:
          return (event) => this.#onLoadStop(event);
      }
    } else if (providerName === PROVIDER_NAME.rundown) {
      switch (eventId) {
        case 153:
        case 154:
          return (event) => this.#onModule(event, "listed");
        case 155:
        case 156:
          return (event) => this.#onAssembly(event);
        case 157:
        case 158:
          return (event) => this.#onDomain(event);
      }
    }
    return undefined;
  }

  sections({ top }: ReportPartOptions): ReportSection[] {
    const modules = [...this.#modules.values()];
    if (modules.length === 0) return [];
    const loaded = modules.filter(({ loadNs }) => loadNs !== undefined);
    const ordered = modules.toSorted((a, b) =>
      (a.loadNs ?? -Infinity) - (b.loadNs ?? -Infinity)
    );
    return [
      {
        type: "facts",
        key: "loader",
        title: "Modules",
        facts: [
          {
            key: "modules",
            title: "modules",
            unit: "count",
            value: modules.length,
          },
          {
            key: "loaded",
            title: "of them loaded during the trace",
            unit: "count",
            value: loaded.length,
          },
          {
            key: "assemblies",
            title: "assemblies",
            unit: "count",
            value: this.#assemblies.size,
          },
          {
            key: "domains",
            title: "application domains",
            unit: "count",
            value: this.#domains.size || undefined,
          },
          {
            key: "failedLoads",
            title: "assembly loads that failed",
            unit: "count",
            value: this.#failedLoads || undefined,
          },
        ],
      },
      {
        type: "table",
        key: "modules",
        title: "Modules by time of loading",
        columns: [
          { key: "loaded", title: "loaded", unit: "ns" },
          { key: "unloaded", title: "unloaded", unit: "ns" },
          { key: "name", title: "module" },
          { key: "kind", title: "kind" },
          { key: "assembly", title: "assembly" },
          { key: "path", title: "path" },
        ],
        rows: ordered.slice(0, top).map((module) => [
          module.loadNs,
          module.unloadNs,
          moduleName(module.path) || "(dynamic)",
          moduleKind(module.flags),
          this.#assemblies.get(module.assembly),
          module.path,
        ]),
        omittedRows: Math.max(modules.length - top, 0),
      },
    ];
  }

  #onModule(event: NettraceEvent, what: "load" | "unload" | "listed"): void {
    const payload = this.#payload.start(event);
    const id = payload.u64();
    const assembly = payload.u64();
    const flags = payload.u32();
    payload.skip(4);
    if (payload.isShort) return;
    const path = payload.utf16z();
    const ns = this.#clock!.ns(event.time);
    let module = this.#modules.get(id);
    if (module === undefined || module.path !== path) {
      if (this.#modules.size >= MAX_MODULES) return;
      module = {
        path,
        flags,
        assembly,
        loadNs: undefined,
        unloadNs: undefined,
      };
      this.#modules.set(id, module);
    }
    if (what === "load") module.loadNs = ns;
    else if (what === "unload") module.unloadNs = ns;
  }

  #onAssembly(event: NettraceEvent): void {
    const payload = this.#payload.start(event);
    const id = payload.u64();
    payload.skip(event.version >= 1 ? 20 : 12);
    if (payload.isShort || this.#assemblies.size >= MAX_MODULES) return;
    this.#assemblies.set(id, payload.utf16z());
  }

  #onDomain(event: NettraceEvent): void {
    const payload = this.#payload.start(event);
    const id = payload.u64();
    if (!payload.isShort && this.#domains.size < MAX_MODULES) {
      this.#domains.add(id);
    }
  }

  #onLoadStop(event: NettraceEvent): void {
    const payload = this.#payload.start(event);
    payload.skip(2);
    for (let index = 0; index < 5; index++) payload.utf16z();
    const isLoaded = payload.u32() !== 0;
    if (!payload.isShort && !isLoaded) this.#failedLoads++;
  }
}

function moduleKind(flags: number): string {
  if ((flags & DYNAMIC_FLAG) !== 0) return "dynamic";
  return (flags & READY_TO_RUN_FLAG) !== 0 ? "ready to run" : "";
}
