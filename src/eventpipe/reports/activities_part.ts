import type { ReportSection } from "../../base/report.ts";
import type { EventHandler } from "../event_collector.ts";
import { activityPath } from "../nettrace/activity_path.ts";
import { displayName } from "../nettrace/display_name.ts";
import { NettraceClock } from "../nettrace/nettrace_time.ts";
import type {
  NettraceEvent,
  NettraceHeader,
  NettraceMetadata,
} from "../nettrace/types.ts";
import { PROVIDER_NAME } from "../provider_name_table.ts";
import type { ReportPart, ReportPartOptions } from "./report_part.ts";

/** Activities that run at one time, and kinds of them that are kept apart. */
const MAX_RUNNING = 100_000;
const MAX_KINDS = 10_000;
const MAX_LONGEST = 1_000;

/** One activity of an event source: from its start event to its stop event. */
export interface Activity {
  readonly provider: string;
  readonly name: string;
  /** Path of numbers within the activities around it, or its GUID. */
  readonly path: string;
  readonly threadId: number;
  readonly startNs: number;
  /** Length in ns. */
  readonly durationNs: number;
}

interface Running {
  readonly ns: number;
  readonly threadId: number;
}

interface KindTally {
  readonly provider: string;
  readonly name: string;
  count: number;
  totalNs: number;
  longestNs: number;
}

/** The runtime's own starts and stops are told elsewhere and have no activity of their own. */
const NATIVE_PROVIDERS: ReadonlySet<string> = new Set([
  PROVIDER_NAME.runtime,
  PROVIDER_NAME.rundown,
  PROVIDER_NAME.private,
  PROVIDER_NAME.stress,
]);

/** Tells how long the activities of event sources took: requests, queries, whatever has a start and a stop. */
export class ActivitiesPart implements ReportPart {
  readonly #running = new Map<string, Running>();
  readonly #kinds = new Map<string, KindTally>();
  #longest: Activity[] = [];
  #processId: number | undefined;
  #clock: NettraceClock | undefined;
  readonly #onActivity: ((activity: Activity) => void) | undefined;

  /** @param onActivity Gets every activity as it ends. */
  constructor(onActivity?: (activity: Activity) => void) {
    this.#onActivity = onActivity;
  }

  onHeader(header: NettraceHeader): void {
    this.#clock = new NettraceClock(header);
    this.#processId = header.processId;
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    if (NATIVE_PROVIDERS.has(metadata.providerName)) return undefined;
    const match = /^(.*)\/(Start|Stop)$/s.exec(displayName(metadata));
    if (match === null) return undefined;
    const [, name, phase] = match as unknown as [string, string, string];
    const kind = `${metadata.providerName}\0${name}`;
    return phase === "Start"
      ? (event) => this.#onStart(event, kind)
      : (event) => this.#onStop(event, kind, name);
  }

  sections({ top }: ReportPartOptions): ReportSection[] {
    const kinds = [...this.#kinds.values()].toSorted((a, b) =>
      b.totalNs - a.totalNs
    );
    if (kinds.length === 0) return [];
    this.#trim();
    const longest = this.#longest.slice(0, top);
    const count = kinds.reduce((sum, kind) => sum + kind.count, 0);
    return [
      {
        type: "table",
        key: "activities",
        title: "Activities",
        columns: [
          { key: "provider", title: "provider" },
          { key: "name", title: "activity" },
          { key: "count", title: "count", unit: "count" },
          { key: "time", title: "time", unit: "ns" },
          { key: "mean", title: "mean", unit: "ns" },
          { key: "longest", title: "longest", unit: "ns" },
        ],
        rows: kinds.slice(0, top).map((kind) => [
          kind.provider,
          kind.name,
          kind.count,
          kind.totalNs,
          kind.totalNs / kind.count,
          kind.longestNs,
        ]),
        omittedRows: Math.max(kinds.length - top, 0),
      },
      {
        type: "table",
        key: "activitiesLongest",
        title: "Activities that took longest",
        columns: [
          { key: "time", title: "time", unit: "ns" },
          { key: "start", title: "start", unit: "ns" },
          { key: "thread", title: "thread" },
          { key: "name", title: "activity" },
          { key: "path", title: "id" },
        ],
        rows: longest.map((activity) => [
          activity.durationNs,
          activity.startNs,
          String(activity.threadId),
          activity.name,
          activity.path,
        ]),
        omittedRows: Math.max(count - longest.length, 0),
      },
    ];
  }

  #onStart(event: NettraceEvent, kind: string): void {
    const { activityId } = event;
    if (activityId === undefined) return;
    if (this.#running.size >= MAX_RUNNING) this.#running.clear();
    this.#running.set(`${kind}\0${activityId}`, {
      ns: this.#clock!.ns(event.time),
      threadId: event.threadId,
    });
  }

  #onStop(event: NettraceEvent, kind: string, name: string): void {
    const { activityId } = event;
    if (activityId === undefined) return;
    const key = `${kind}\0${activityId}`;
    const running = this.#running.get(key);
    if (running === undefined) return;
    this.#running.delete(key);
    const provider = event.metadata.providerName;
    const activity: Activity = {
      provider,
      name,
      path: activityPath(activityId, event.processId ?? this.#processId ?? 0),
      threadId: running.threadId,
      startNs: running.ns,
      durationNs: Math.max(this.#clock!.ns(event.time) - running.ns, 0),
    };
    this.#onActivity?.(activity);
    let tally = this.#kinds.get(kind);
    if (tally === undefined) {
      if (this.#kinds.size >= MAX_KINDS) return;
      tally = { provider, name, count: 0, totalNs: 0, longestNs: 0 };
      this.#kinds.set(kind, tally);
    }
    tally.count++;
    tally.totalNs += activity.durationNs;
    tally.longestNs = Math.max(tally.longestNs, activity.durationNs);
    this.#longest.push(activity);
    if (this.#longest.length >= 2 * MAX_LONGEST) this.#trim();
  }

  #trim(): void {
    this.#longest = this.#longest.toSorted((a, b) =>
      b.durationNs - a.durationNs || a.startNs - b.startNs
    ).slice(0, MAX_LONGEST);
  }
}
