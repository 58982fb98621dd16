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
import {
  formatMethod,
  methodTier,
  readMethodTexts,
} from "../symbols/method_name.ts";
import type { ReportPart, ReportPartOptions } from "./report_part.ts";

const METHOD_TEXT_OFFSET = 36;
const STARTED_TEXT_OFFSET = 24;
const JITTED_FLAG = 8;
/** Compilations whose end is awaited at one time, and slowest ones that are kept. */
const MAX_STARTED = 100_000;
const MAX_SLOWEST = 1_000;

/** One method that was compiled while the trace ran. */
export interface Compilation {
  /** Namespace, type, name and arguments. */
  readonly method: string;
  /** How it was compiled, empty where the runtime does not say. */
  readonly tier: string;
  /** Start in ns since the sync point, `undefined` where the trace does not tell. */
  readonly startNs: number | undefined;
  /** Length in ns, 0 where the trace does not tell its start. */
  readonly durationNs: number;
  /** Bytes of its intermediate code, 0 where the trace does not tell. */
  readonly ilBytes: number;
  /** Bytes of native code. */
  readonly nativeBytes: number;
  /** Thread that compiled it. */
  readonly threadId: number;
}

interface Started {
  readonly ns: number;
  readonly ilBytes: number;
}

interface TierTally {
  count: number;
  durationNs: number;
  ilBytes: number;
  nativeBytes: number;
}

/** Tells which methods were compiled while the trace ran, and how long that took. */
export class JitPart implements ReportPart {
  readonly #payload = new EventPayload();
  readonly #started = new Map<string, Started>();
  readonly #tiers = new Map<string, TierTally>();
  #slowest: Compilation[] = [];
  #precompiled = 0;
  #entryPoints = 0;
  #backgroundStart: number | undefined;
  #backgroundNs = 0;
  #backgroundRuns = 0;
  #pauses = 0;
  #clock: NettraceClock | undefined;
  readonly #onCompilation: ((compilation: Compilation) => void) | undefined;

  /** @param onCompilation Gets every compilation as it ends. */
  constructor(onCompilation?: (compilation: Compilation) => void) {
    this.#onCompilation = onCompilation;
  }

  onHeader(header: NettraceHeader): void {
    this.#clock = new NettraceClock(header);
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    if (metadata.providerName !== PROVIDER_NAME.runtime) return undefined;
    switch (metadata.eventId) {
      case 143:
        return (event) => this.#onLoad(event);
      case 145:
        return (event) => this.#onStarted(event);
      case 159:
        return () => {
          this.#entryPoints++;
        };
      case 281:
        return () => {
          this.#pauses++;
        };
      case 283:
        return (event) => {
          this.#backgroundStart = this.#clock!.ns(event.time);
        };
      case 284:
        return (event) => {
          if (this.#backgroundStart === undefined) return;
          this.#backgroundNs += this.#clock!.ns(event.time) -
            this.#backgroundStart;
          this.#backgroundRuns++;
          this.#backgroundStart = undefined;
        };
      default:
        return undefined;
    }
  }

  sections({ top, durationNs }: ReportPartOptions): ReportSection[] {
    const tiers = [...this.#tiers].toSorted((a, b) => b[1].count - a[1].count);
    const count = tiers.reduce((sum, [, tier]) => sum + tier.count, 0);
    if (count === 0 && this.#precompiled === 0 && this.#entryPoints === 0) {
      return [];
    }
    const time = tiers.reduce((sum, [, tier]) => sum + tier.durationNs, 0);
    this.#trim();
    const slowest = this.#slowest.filter((each) => each.durationNs > 0)
      .slice(0, top);
    return [
      {
        type: "facts",
        key: "jit",
        title: "Compilation",
        facts: [
          {
            key: "methods",
            title: "methods compiled",
            unit: "count",
            value: count,
          },
          { key: "time", title: "time to compile", unit: "ns", value: time },
          {
            key: "share",
            title: "of the trace, over all threads",
            unit: "percent",
            value: durationNs > 0 ? time / durationNs * 100 : undefined,
          },
          {
            key: "precompiled",
            title: "methods loaded precompiled",
            unit: "count",
            value: this.#precompiled || undefined,
          },
          {
            key: "entryPoints",
            title: "precompiled entry points looked up",
            unit: "count",
            value: this.#entryPoints || undefined,
          },
          {
            key: "backgroundRuns",
            title: "background runs",
            unit: "count",
            value: this.#backgroundRuns || undefined,
          },
          {
            key: "backgroundTime",
            title: "time of background runs",
            unit: "ns",
            value: this.#backgroundNs || undefined,
          },
          {
            key: "tieringPauses",
            title: "times that tiering was put off",
            unit: "count",
            value: this.#pauses || undefined,
          },
        ],
      },
      {
        type: "table",
        key: "jitTiers",
        title: "Compilation by tier",
        columns: [
          { key: "tier", title: "tier" },
          { key: "methods", title: "methods", unit: "count" },
          { key: "time", title: "time", unit: "ns" },
          { key: "mean", title: "mean", unit: "ns" },
          { key: "il", title: "intermediate code", unit: "bytes" },
          { key: "native", title: "native code", unit: "bytes" },
        ],
        rows: tiers.map(([name, tier]) => [
          name || "unknown",
          tier.count,
          tier.durationNs,
          tier.durationNs / tier.count,
          tier.ilBytes,
          tier.nativeBytes,
        ]),
      },
      ...(slowest.length === 0 ? [] : [{
        type: "table" as const,
        key: "jitSlowest",
        title: "Methods that took longest to compile",
        columns: [
          { key: "time", title: "time", unit: "ns" as const },
          { key: "il", title: "intermediate", unit: "bytes" as const },
          { key: "native", title: "native", unit: "bytes" as const },
          { key: "tier", title: "tier" },
          { key: "method", title: "method" },
        ],
        rows: slowest.map((each) => [
          each.durationNs,
          each.ilBytes,
          each.nativeBytes,
          each.tier,
          each.method,
        ]),
        omittedRows: Math.max(count - slowest.length, 0),
      }]),
    ];
  }

  #onStarted(event: NettraceEvent): void {
    const payload = this.#payload.start(event);
    const methodId = payload.u64();
    payload.skip(12);
    const ilBytes = payload.u32();
    if (payload.isShort || payload.remaining < 0) return;
    if (event.payloadLength < STARTED_TEXT_OFFSET) return;
    if (this.#started.size >= MAX_STARTED) this.#started.clear();
    this.#started.set(`${event.threadId} ${methodId}`, {
      ns: this.#clock!.ns(event.time),
      ilBytes,
    });
  }

  #onLoad(event: NettraceEvent): void {
    const payload = this.#payload.start(event);
    const methodId = payload.u64();
    payload.skip(16);
    const nativeBytes = payload.u32();
    payload.skip(4);
    const flags = payload.u32();
    if (payload.isShort) return;
    if ((flags & JITTED_FLAG) === 0) {
      this.#precompiled++;
      return;
    }
    const key = `${event.threadId} ${methodId}`;
    const started = this.#started.get(key);
    this.#started.delete(key);
    const tier = methodTier(flags);
    const durationNs = started === undefined
      ? 0
      : Math.max(this.#clock!.ns(event.time) - started.ns, 0);
    const ilBytes = started?.ilBytes ?? 0;
    let tally = this.#tiers.get(tier);
    if (tally === undefined) {
      tally = { count: 0, durationNs: 0, ilBytes: 0, nativeBytes: 0 };
      this.#tiers.set(tier, tally);
    }
    tally.count++;
    tally.durationNs += durationNs;
    tally.ilBytes += ilBytes;
    tally.nativeBytes += nativeBytes;
    const compilation: Compilation = {
      method: formatMethod(
        readMethodTexts(event.payload().subarray(METHOD_TEXT_OFFSET)),
      ),
      tier,
      startNs: started?.ns,
      durationNs,
      ilBytes,
      nativeBytes,
      threadId: event.threadId,
    };
    this.#onCompilation?.(compilation);
    this.#slowest.push(compilation);
    if (this.#slowest.length >= 2 * MAX_SLOWEST) this.#trim();
  }

  #trim(): void {
    this.#slowest = this.#slowest.toSorted((a, b) =>
      b.durationNs - a.durationNs
    ).slice(0, MAX_SLOWEST);
  }
}
