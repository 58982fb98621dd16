import type { EventCollector, EventHandler } from "../event_collector.ts";
import { EventPayload } from "../event_payload.ts";
import { activityPath } from "../nettrace/activity_path.ts";
import { displayName } from "../nettrace/display_name.ts";
import { NettraceClock } from "../nettrace/nettrace_time.ts";
import { PayloadReaders } from "../nettrace/payload_reader.ts";
import type {
  NettraceEvent,
  NettraceHeader,
  NettraceMetadata,
} from "../nettrace/types.ts";
import { PROVIDER_NAME } from "../provider_name_table.ts";
import { isEventSourceKind } from "./traceevent_event_frames.ts";

const NO_ACTIVITY = "00000000-0000-0000-0000-000000000000";
/** Activities that are kept apart. */
const MAX_ACTIVITIES = 100_000;
/** Activities within activities that frames tell of. */
const MAX_DEPTH = 64;

/** Ids of the runtime's events that matter. */
const EVENT = {
  poolThreadWait: 57,
  exceptionCatchStart: 250,
  exceptionCatchStop: 251,
} as const;

/** Events by which work flows between threads, by provider. */
const TASK_EVENTS: ReadonlyMap<string, ReadonlySet<number>> = new Map([
  [PROVIDER_NAME.runtime, new Set([61, 62, 63, 64, 65])],
  [PROVIDER_NAME.tasks, new Set([7, 8, 9, 10, 11, 12])],
]);

interface Activity {
  readonly name: string;
  readonly id: string;
  readonly creator: Activity | undefined;
  readonly startMs: number;
  /** Index of its frames, 0 before they are asked for. */
  frames: number;
  /** 0 until it was told to stop. */
  lengthMs: number;
  /** What the thread that stopped it worked on, -1 when the stop took effect. */
  stopTask: number;
}

/**
 * Follows activities from their start to their stop as TraceEvent does, which
 * puts the stacks of a thread below the activity that it works on: spans of
 * event sources whose activity ids are paths, and the handling of exceptions.
 * What flows between threads by the events of tasks and of the thread pool is
 * not followed. It must see the stream before who asks it.
 */
export class TraceEventActivities implements EventCollector {
  readonly #payload = new EventPayload();
  readonly #active = new Map<string, Activity>();
  readonly #tasks = new Map<number, number>();
  readonly #byTask = new Map<number, Activity>();
  readonly #frames: (readonly string[])[] = [[]];
  readonly #frameIndexes = new Map<string, number>();
  #readers: PayloadReaders | undefined;
  #clock: NettraceClock | undefined;
  #processId = 0;
  #nextTask = 0;
  #hasTasks = false;
  /** A stop takes effect behind its event. */
  #stopping: Activity | undefined;
  #stopOffset = -1;

  /** Whether the trace has events of tasks, by which TraceEvent moves stacks below who asked for the work. */
  get hasTasks(): boolean {
    return this.#hasTasks;
  }

  onHeader(header: NettraceHeader): void {
    this.#readers = new PayloadReaders(header.pointerSize);
    this.#clock = new NettraceClock(header);
    this.#processId = header.processId ?? 0;
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    const { providerName, eventId } = metadata;
    if (TASK_EVENTS.get(providerName)?.has(eventId)) {
      return () => {
        this.#hasTasks = true;
      };
    }
    if (providerName === PROVIDER_NAME.runtime) {
      switch (eventId) {
        case EVENT.poolThreadWait:
          // The thread waits for other work.
          return ({ threadId }) => {
            this.#tasks.set(threadId, this.#nextTask++);
          };
        case EVENT.exceptionCatchStart:
          return (event) => {
            const payload = this.#payload.start(event);
            payload.skip(16);
            this.#start(event, "ExceptionHandling", payload.utf16z());
          };
        case EVENT.exceptionCatchStop:
          return (event) => this.#stop(event);
        default:
          return undefined;
      }
    }
    if (
      providerName === PROVIDER_NAME.framework || !isEventSourceKind(metadata)
    ) return undefined;
    const [, task, verb] = /^(.*)\/(Start|Stop)$/.exec(displayName(metadata)) ??
      [];
    if (task === undefined) return undefined;
    return (event) => {
      const { activityId } = event;
      if (
        activityId === undefined ||
        activityPath(activityId, this.#processId) === activityId
      ) return;
      if (verb === "Start") this.#start(event, task, this.#firstText(event));
      else this.#stop(event);
    };
  }

  /**
   * @param event An event.
   * @returns Index of the frames of what its thread works on, for
   * {@linkcode TraceEventActivities.frames}; 0 for no activity.
   */
  indexAt(event: NettraceEvent): number {
    this.#settle(event.offset);
    const activity = running(this.#byTask.get(this.#taskOf(event)));
    if (activity === undefined) return 0;
    return activity.frames ||= this.#indexFrames(activity);
  }

  /** @param index What {@linkcode TraceEventActivities.indexAt} gave. @returns Names of frames, the outermost first. */
  frames(index: number): readonly string[] {
    return this.#frames[index]!;
  }

  #start(event: NettraceEvent, task: string, extra: string): void {
    this.#settle(event.offset);
    const { activityId: id = NO_ACTIVITY, relatedActivityId } = event;
    const taskIndex = this.#taskOf(event);
    const creator =
      (relatedActivityId === undefined
        ? undefined
        : this.#active.get(relatedActivityId)) ??
        running(this.#byTask.get(taskIndex));
    const path = activityPath(id, this.#processId);
    const activity: Activity = {
      name: `Activity ${task}(${path}${extra === "" ? "" : `,${extra}`})`,
      id,
      creator,
      startMs: this.#clock!.compatibleMs(event.time),
      frames: 0,
      lengthMs: 0,
      stopTask: 0,
    };
    if (this.#active.size < MAX_ACTIVITIES || this.#active.has(id)) {
      this.#active.set(id, activity);
    }
    this.#byTask.set(taskIndex, activity);
  }

  #stop(event: NettraceEvent): void {
    this.#settle(event.offset);
    const activity = this.#active.get(event.activityId ?? NO_ACTIVITY);
    if (activity === undefined) return;
    if (activity.lengthMs === 0) {
      activity.stopTask = this.#taskOf(event);
      activity.lengthMs = this.#clock!.compatibleMs(event.time) -
        activity.startMs;
    }
    this.#stopping = activity;
    this.#stopOffset = event.offset;
  }

  #settle(offset: number): void {
    const stopped = this.#stopping;
    if (stopped === undefined || offset === this.#stopOffset) return;
    this.#stopping = undefined;
    const creator = running(stopped.creator);
    if (creator === undefined) this.#byTask.delete(stopped.stopTask);
    else this.#byTask.set(stopped.stopTask, creator);
    if (creator?.id === stopped.id) this.#active.set(stopped.id, creator);
    else this.#active.delete(stopped.id);
    stopped.stopTask = -1;
  }

  #taskOf({ threadId }: NettraceEvent): number {
    let task = this.#tasks.get(threadId);
    if (task === undefined) {
      task = this.#nextTask++;
      this.#tasks.set(threadId, task);
    }
    return task;
  }

  /** The first field of an event, if it is a text. */
  #firstText(event: NettraceEvent): string {
    const reader = this.#readers!.of(event);
    const [first] = reader.schema.fields;
    if (first === undefined) return "";
    const value = reader.read(event).fields[first.name];
    return typeof value === "string" ? `/${first.name}=${value}` : "";
  }

  #indexFrames(activity: Activity): number {
    const names: string[] = [];
    for (
      let each: Activity | undefined = activity;
      each !== undefined && names.length < MAX_DEPTH;
      each = each.creator
    ) names.unshift(each.name);
    const key = names.join("\0");
    let index = this.#frameIndexes.get(key);
    if (index === undefined) {
      index = this.#frames.push(names) - 1;
      this.#frameIndexes.set(key, index);
    }
    return index;
  }
}

/** @returns The activity, or the innermost one around it that has not stopped. */
function running(activity: Activity | undefined): Activity | undefined {
  let found = activity;
  while (found !== undefined && found.lengthMs !== 0 && found.stopTask === -1) {
    found = found.creator;
  }
  return found;
}
