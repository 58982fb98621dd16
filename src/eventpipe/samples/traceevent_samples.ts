import type { EventCollector, EventHandler } from "../event_collector.ts";
import { EventPayload } from "../event_payload.ts";
import { NettraceClock } from "../nettrace/nettrace_time.ts";
import type {
  NettraceEvent,
  NettraceHeader,
  NettraceMetadata,
} from "../nettrace/types.ts";
import { ProfileBuilder } from "../../profile/profile_builder.ts";
import type { Profile } from "../../profile/types.ts";
import { PROVIDER_NAME } from "../provider_name_table.ts";
import { RawStacks } from "../symbols/raw_stacks.ts";
import { moduleName } from "../symbols/method_name.ts";
import type { TraceEventSymbols } from "../symbols/traceevent_symbols.ts";
import { isThreadWanted } from "./sample_filter.ts";
import type { SampleFilter } from "./sample_filter.ts";
import {
  isEventSourceKind,
  TraceEventEventFrames,
} from "./traceevent_event_frames.ts";
import type { TraceEventActivities } from "./traceevent_activities.ts";
import type { TraceEventThreads } from "./traceevent_threads.ts";

const MANAGED = 2;
const FIRST_SAMPLES = 1024;

/** Names of the leaf frames that say what a thread did. */
export const TRACE_EVENT_LEAF = {
  cpu: "CPU_TIME",
  unmanaged: "UNMANAGED_CODE_TIME",
} as const;

/** Options of {@linkcode TraceEventSamples}. */
export interface TraceEventSamplesOptions {
  /** Which part of the trace counts. */
  readonly filter?: SampleFilter | undefined;
  /** Whether time outside managed code is left out. @default {false} */
  readonly managedOnly?: boolean | undefined;
  /** Whether events of event sources count as observations, as for the list of top methods. @default {false} */
  readonly eventSources?: boolean | undefined;
}

/** A profile of {@linkcode TraceEventSamples}, with its times as TraceEvent has them. */
export interface TraceEventProfile {
  /** Timed samples of one number: `wall` in ns, rounded to integers. */
  readonly profile: Profile;
  /** Start of each sample in ms since the sync point, exact. */
  readonly timesMs: Float64Array;
  /** Length of each sample in ms, exact. */
  readonly lengthsMs: Float32Array;
}

/** Last observations of a thread in ms; `blocked` is negative while it runs, 0 when it is new. */
interface ThreadState {
  blocked: number;
  blockedNode: number;
  /** Index of the activity that it worked on, 0 for none. */
  blockedActivity: number;
  /** Index of the frames above the stack, 0 for none. */
  blockedExtra: number;
  cpu: number;
  cpuNode: number;
  cpuActivity: number;
}

/**
 * Time by stack as TraceEvent's sample computer reckons it, which
 * `dotnet-trace convert` uses: the time between two observations of a thread is
 * charged to the stack of the first, in milliseconds as 32-bit floats;
 * allocations count as observations of a running thread. Events must come in
 * order of time.
 *
 * Stacks of a thread stand below the activity that it worked on; see
 * {@linkcode TraceEventActivities} for those that are followed.
 */
export class TraceEventSamples implements EventCollector {
  readonly #symbols: TraceEventSymbols;
  readonly #threads: TraceEventThreads;
  readonly #activities: TraceEventActivities;
  readonly #stacks: RawStacks;
  readonly #filter: SampleFilter;
  readonly #managedOnly: boolean;
  readonly #eventSources: boolean;
  readonly #payload = new EventPayload();
  /** Frames above the stacks of events; index 0 stands for none. */
  readonly #extras: (readonly string[])[] = [[]];
  readonly #extraIndexes = new Map<string, number>();
  #eventFrames: TraceEventEventFrames | undefined;
  readonly #states = new Map<number, ThreadState>();
  #clock: NettraceClock | undefined;
  #pointerSize: 4 | 8 = 8;
  #processId = 0;
  #commandLine = "";

  #length = 0;
  #threadIds = new Float64Array(FIRST_SAMPLES);
  #nodes = new Int32Array(FIRST_SAMPLES);
  #extra = new Int32Array(FIRST_SAMPLES);
  #activity = new Int32Array(FIRST_SAMPLES);
  #isCpu = new Uint8Array(FIRST_SAMPLES);
  #times = new Float64Array(FIRST_SAMPLES);
  #metrics = new Float32Array(FIRST_SAMPLES);

  /**
   * @param symbols Names the addresses; must read the same stream.
   * @param threads Labels the threads; must read the same stream.
   * @param activities Tells what threads work on; must read the same stream before this.
   * @param options Filter.
   */
  constructor(
    symbols: TraceEventSymbols,
    threads: TraceEventThreads,
    activities: TraceEventActivities,
    options: TraceEventSamplesOptions = {},
  ) {
    this.#symbols = symbols;
    this.#threads = threads;
    this.#activities = activities;
    this.#stacks = new RawStacks(symbols);
    symbols.serve(this.#stacks);
    this.#filter = options.filter ?? {};
    this.#managedOnly = options.managedOnly ?? false;
    this.#eventSources = options.eventSources ?? false;
  }

  onHeader(header: NettraceHeader): void {
    this.#clock = new NettraceClock(header);
    this.#pointerSize = header.pointerSize;
    this.#processId = header.processId ?? 0;
    this.#eventFrames = new TraceEventEventFrames(header.pointerSize);
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    const { providerName, eventId } = metadata;
    switch (providerName) {
      case PROVIDER_NAME.sampleProfiler:
        return eventId !== 0 ? undefined : (event) => {
          const { view, payloadStart, payloadLength } = event;
          const isManaged = payloadLength >= 4 &&
            view.getInt32(payloadStart, true) === MANAGED;
          this.#observe(event, isManaged);
        };
      case PROVIDER_NAME.runtime:
        return eventId === 10 || eventId === 20 || eventId === 32
          ? (event) => this.#observe(event, true)
          : undefined;
      case PROVIDER_NAME.eventPipe:
        return eventId === 1
          ? (event) => {
            this.#commandLine = this.#payload.start(event).utf16z();
            if (this.#eventSources) this.#observeEvent(event);
          }
          : undefined;
      default:
        return this.#eventSources && isEventSourceKind(metadata)
          ? (event) => this.#observeEvent(event)
          : undefined;
    }
  }

  onSequencePoint(): void {
    this.#stacks.clearIds();
  }

  /** Samples so far. */
  get length(): number {
    return this.#length;
  }

  /**
   * Makes the profile; call it at the end of the stream.
   *
   * @returns The profile. Frames are those of `dotnet-trace`: process,
   * `(Non-Activities)` or `(Activities)` and the activities, `Threads`, thread,
   * methods and what the thread did.
   */
  build(): TraceEventProfile {
    this.#symbols.finish();
    const builder = new ProfileBuilder({
      valueTypes: [{ type: "wall", unit: "nanoseconds" }],
      timed: true,
    });
    const frameOf = (name: string) =>
      builder.internFrame({ function: builder.internFunction({ name }) });
    const leaves = [
      frameOf(TRACE_EVENT_LEAF.unmanaged),
      frameOf(TRACE_EVENT_LEAF.cpu),
    ];
    const process = builder.internStack(-1, frameOf(this.#processName()));
    const roots = new Map<number, number>();
    const rootOf = (activity: number): number => {
      let root = roots.get(activity);
      if (root === undefined) {
        const names = activity === 0
          ? ["(Non-Activities)"]
          : ["(Activities)", ...this.#activities.frames(activity)];
        root = [...names, "Threads"].reduce(
          (stack, name) => builder.internStack(stack, frameOf(name)),
          process,
        );
        roots.set(activity, root);
      }
      return root;
    };
    const stacks = this.#stacks;
    const frames = new Int32Array(stacks.length).fill(-1);
    const toStack = (node: number, base: number): number => {
      if (node < 0) return base;
      const path: number[] = [];
      for (let at = node; at >= 0; at = stacks.prefix(at)) path.push(at);
      let stack = base;
      for (const each of path.reverse()) {
        if (frames[each] === -1) {
          frames[each] = frameOf(this.#symbols.nameOf(stacks.address(each)));
        }
        stack = builder.internStack(stack, frames[each]!);
      }
      return stack;
    };
    const threads = new Map<number, { frame: number; index: number }>();
    const times = this.#times.subarray(0, this.#length);
    // A sample is known when the next one of its thread comes: threads overtake each other.
    const order = Uint32Array.from(times, (_, index) => index)
      .sort((a, b) => times[a]! - times[b]! || a - b);
    for (const at of order) {
      const threadId = this.#threadIds[at]!;
      let thread = threads.get(threadId);
      if (thread === undefined) {
        const name = this.#threads.nameOf(threadId);
        thread = {
          frame: frameOf(name),
          index: builder.internThread({
            pid: this.#processId,
            tid: threadId,
            name,
          }),
        };
        threads.set(threadId, thread);
      }
      const base = builder.internStack(
        rootOf(this.#activity[at]!),
        thread.frame,
      );
      let stack = toStack(this.#nodes[at]!, base);
      for (const name of this.#extras[this.#extra[at]!]!) {
        stack = builder.internStack(stack, frameOf(name));
      }
      builder.addSample(
        builder.internStack(stack, leaves[this.#isCpu[at]!]!),
        thread.index,
        [Math.round(this.#metrics[at]! * 1e6)],
        { timeNs: Math.round(times[at]! * 1e6) },
      );
    }
    return {
      profile: builder.build(),
      timesMs: Float64Array.from(order, (at) => times[at]!),
      lengthsMs: Float32Array.from(order, (at) => this.#metrics[at]!),
    };
  }

  #observeEvent(event: NettraceEvent): void {
    const frames = this.#eventFrames!.of(event);
    const key = frames.join("\0");
    let extra = this.#extraIndexes.get(key);
    if (extra === undefined) {
      extra = this.#extras.push(frames) - 1;
      this.#extraIndexes.set(key, extra);
    }
    this.#observe(event, false, extra);
  }

  #observe(event: NettraceEvent, isRunning: boolean, extra = 0): void {
    if (!isThreadWanted(this.#filter, event)) return;
    const { threadId } = event;
    let state = this.#states.get(threadId);
    if (state === undefined) {
      state = {
        blocked: 0,
        blockedNode: -1,
        blockedActivity: 0,
        blockedExtra: 0,
        cpu: 0,
        cpuNode: -1,
        cpuActivity: 0,
      };
      this.#states.set(threadId, state);
    }
    const now = this.#clock!.compatibleMs(event.time);
    const node = this.#stacks.nodeOf(event);
    const wasBlocked = state.blocked > 0 ||
      (!isRunning && state.blocked === 0);
    this.#add(threadId, state, wasBlocked, now);
    const activity = this.#activities.indexAt(event);
    if (isRunning) {
      if (state.blocked === 0) state.blocked = -1;
      else if (state.blocked > 0) state.blocked = -now;
      state.cpu = now;
      state.cpuNode = node;
      state.cpuActivity = activity;
    } else {
      state.blocked = now;
      state.blockedNode = node;
      state.blockedActivity = activity;
      state.blockedExtra = extra;
    }
  }

  #add(
    threadId: number,
    state: ThreadState,
    wasBlocked: boolean,
    end: number,
  ): void {
    const start = wasBlocked ? state.blocked : state.cpu;
    if (start <= 0 || (this.#managedOnly && wasBlocked)) return;
    const { fromNs = -Infinity, toNs = Infinity } = this.#filter;
    if (start * 1e6 < fromNs || start * 1e6 >= toNs) return;
    const at = this.#length++;
    if (at >= this.#nodes.length) this.#grow();
    this.#threadIds[at] = threadId;
    this.#nodes[at] = wasBlocked ? state.blockedNode : state.cpuNode;
    this.#extra[at] = wasBlocked ? state.blockedExtra : 0;
    this.#activity[at] = wasBlocked ? state.blockedActivity : state.cpuActivity;
    this.#isCpu[at] = wasBlocked ? 0 : 1;
    this.#times[at] = start;
    this.#metrics[at] = end - start;
  }

  #grow(): void {
    const size = this.#nodes.length * 2;
    const grown = <T extends { set(old: T): void }>(
      Column: new (length: number) => T,
      old: T,
    ): T => {
      const column = new Column(size);
      column.set(old);
      return column;
    };
    this.#threadIds = grown(Float64Array, this.#threadIds);
    this.#nodes = grown(Int32Array, this.#nodes);
    this.#extra = grown(Int32Array, this.#extra);
    this.#activity = grown(Int32Array, this.#activity);
    this.#isCpu = grown(Uint8Array, this.#isCpu);
    this.#times = grown(Float64Array, this.#times);
    this.#metrics = grown(Float32Array, this.#metrics);
  }

  #processName(): string {
    const line = this.#commandLine;
    const space = line.indexOf(" ");
    let image = space > 0 ? line.slice(0, space) : line;
    if (image.length > 2 && image.startsWith('"') && image.endsWith('"')) {
      image = image.slice(1, -1);
    }
    const name = moduleName(image) ||
      (this.#processId > 0 ? `Process(${this.#processId})` : "");
    const end = line.startsWith('"') ? line.indexOf('"', 1) : space;
    const args = line.slice(end + 1);
    const bits = this.#pointerSize * 8;
    return `Process${bits} ${name} (${this.#processId}) Args: ${args}`;
  }
}
