import { OpenCloseMerger } from "./_open_close_merger.ts";
import { frameNames } from "./frame_name.ts";
import type { Profile } from "./types.ts";

/** Times and lengths of samples as dotnet-trace has them. */
export interface DotnetTimes {
  /** Start of each sample in ms. @default {the profile's times} */
  readonly timesMs?: ArrayLike<number> | undefined;
  /** Length of each sample in ms; rounded to 32-bit floats. @default {the values} */
  readonly lengthsMs?: ArrayLike<number> | undefined;
  /** Index of the value column that holds lengths, in a unit of time. @default {profile.defaultValueType} */
  readonly valueType?: number | undefined;
}

/** A thread with its frames that begin and end. */
export interface DotnetTrack {
  /** Name of the thread's frame, or of the thread. */
  readonly name: string;
  /** Number of the process that is shown, as text. */
  readonly pid: string;
  /** Number of the thread, as text. */
  readonly tid: string;
  /** 1 where a frame begins, 0 where it ends. */
  readonly opens: readonly number[];
  /** Id of the frame, as many. */
  readonly frames: readonly number[];
  /** Time in ms, as many; never decreasing. */
  readonly times: readonly number[];
}

/** All threads and the frames that their events name. */
export interface DotnetTracks {
  /** In order of their first event. */
  readonly tracks: readonly DotnetTrack[];
  /** Names by id, in order of first appearance. */
  readonly frames: readonly string[];
  /** By id: the caller at its first appearance, -1 for none. */
  readonly callers: readonly number[];
}

/**
 * Sorts samples into threads and merges each thread's samples, as
 * dotnet-trace does. The thread is the innermost frame whose name begins with
 * `Thread (`; without one it is the sample's own thread.
 *
 * @param profile A profile with times.
 * @param options Times and lengths that are exact to the last digit.
 * @returns The threads.
 * @throws {RangeError} When the profile has no times, or its values are none.
 */
export function dotnetTracks(
  profile: Profile,
  options: DotnetTimes,
): DotnetTracks {
  const {
    timesMs = profile.samples.timeNs?.map((ns) => ns / 1e6),
    lengthsMs = milliseconds(profile, options.valueType),
  } = options;
  if (timesMs === undefined) {
    throw new RangeError("Cannot make events of samples: profile has no times");
  }
  const frames = new ExportedFrames(profile);
  const tracks = splitTracks(profile).map(({ rows, ...track }) => {
    rows.sort((a, b) =>
      timesMs[a]! - timesMs[b]! || lengthsMs[a]! - lengthsMs[b]! || a - b
    );
    return {
      ...track,
      ...mergeRows(profile, rows, frames, timesMs, lengthsMs),
    };
  });
  return {
    tracks: tracks.filter(({ times }) => times.length > 0)
      .toSorted((a, b) => a.times[0]! - b.times[0]!),
    frames: frames.names,
    callers: frames.callers,
  };
}

/** How many of each unit make a millisecond. */
const PER_MILLISECOND: Readonly<Record<string, number>> = {
  nanoseconds: 1e6,
  microseconds: 1e3,
  milliseconds: 1,
  seconds: 1e-3,
};

function milliseconds(
  profile: Profile,
  valueType: number = profile.defaultValueType,
): Float64Array {
  const type = profile.valueTypes[valueType];
  const factor = PER_MILLISECOND[type?.unit ?? ""];
  if (type === undefined || factor === undefined) {
    throw new RangeError(
      `Cannot make events of samples: value type ${valueType} is ${
        type === undefined ? "missing" : `in ${type.unit}`
      }, expected a time`,
    );
  }
  return profile.samples.values[valueType]!.map((value) => value / factor);
}

function mergeRows(
  profile: Profile,
  rows: Int32Array,
  exported: ExportedFrames,
  timesMs: ArrayLike<number>,
  lengthsMs: ArrayLike<number>,
): Pick<DotnetTrack, "opens" | "frames" | "times"> {
  const opens: number[] = [];
  const frames: number[] = [];
  const times: number[] = [];
  const put = (open: number) => (frame: number, at: number): void => {
    opens.push(open);
    frames.push(frame);
    times.push(at);
  };
  const merger = new OpenCloseMerger(
    { open: put(1), close: put(0) },
    Math.fround,
  );
  const depths: number[] = [];
  const ids: number[] = [];
  for (const row of rows) {
    exported.expand(profile.samples.stack[row]!, depths, ids);
    merger.add(timesMs[row]!, lengthsMs[row]!, depths, ids);
  }
  merger.finish();
  return { opens, frames, times };
}

/** Gives ids to frame names in order of first appearance. */
class ExportedFrames {
  readonly names: string[] = [];
  readonly callers: number[] = [];
  readonly #profile: Profile;
  readonly #frameNames: readonly string[];
  readonly #ids = new Map<string, number>();
  /** By frame of the profile: its id, -1 before its first appearance. */
  readonly #idOf: Int32Array;

  constructor(profile: Profile) {
    this.#profile = profile;
    this.#frameNames = frameNames(profile);
    this.#idOf = new Int32Array(profile.frames.length).fill(-1);
  }

  /** Fills in depth and id of each frame, root first. */
  expand(stack: number, depths: number[], ids: number[]): void {
    const { stacks } = this.#profile;
    ids.length = 0;
    for (let at = stack; at >= 0; at = stacks.prefix[at]!) {
      ids.push(stacks.frame[at]!);
    }
    ids.reverse();
    depths.length = ids.length;
    let caller = -1;
    for (let depth = 0; depth < ids.length; depth++) {
      depths[depth] = depth;
      caller = this.#id(ids[depth]!, caller);
      ids[depth] = caller;
    }
  }

  #id(frame: number, caller: number): number {
    let id = this.#idOf[frame]!;
    if (id >= 0) return id;
    const name = this.#frameNames[frame]!;
    id = this.#ids.get(name) ?? -1;
    if (id < 0) {
      id = this.names.push(name) - 1;
      this.callers.push(caller);
      this.#ids.set(name, id);
    }
    this.#idOf[frame] = id;
    return id;
  }
}

interface SplitTrack {
  readonly name: string;
  readonly pid: string;
  readonly tid: string;
  readonly rows: Int32Array;
}

function splitTracks(profile: Profile): SplitTrack[] {
  const { samples, stacks, threads } = profile;
  const threadStacks = findThreadStacks(profile);
  const names = frameNames(profile);
  const nameOf = (stack: number): string =>
    stack < 0 ? "" : names[stacks.frame[stack]!]!;
  const tracks = new Map<
    string,
    { name: string; pid: string; tid: string; rows: number[] }
  >();
  for (let row = 0; row < samples.length; row++) {
    const threadStack = threadStacks[samples.stack[row]!] ?? -1;
    let name: string;
    let pid: string;
    let tid: string;
    let key: string;
    if (threadStack >= 0) {
      const caller = nameOf(stacks.prefix[threadStack]!);
      name = nameOf(threadStack);
      pid = bracketedDigits(caller);
      tid = bracketedDigits(name);
      key = `${name}\n${caller}`;
    } else {
      const index = samples.thread[row]!;
      const thread = threads[index];
      pid = String(thread?.pid ?? 0);
      tid = String(thread?.tid ?? 0);
      name = `${thread?.name || "Thread"} (${tid})`;
      key = String(index);
    }
    let track = tracks.get(key);
    if (track === undefined) {
      track = { name, pid, tid, rows: [] };
      tracks.set(key, track);
    }
    track.rows.push(row);
  }
  return [...tracks.values()].map((track) => ({
    ...track,
    rows: Int32Array.from(track.rows),
  }));
}

/** By stack: the innermost stack whose leaf is a thread's frame, or -1. */
function findThreadStacks(profile: Profile): Int32Array {
  const { stacks } = profile;
  const isThread = frameNames(profile).map((name) =>
    name.startsWith("Thread (")
  );
  const found = new Int32Array(stacks.length);
  for (let stack = 0; stack < stacks.length; stack++) {
    const prefix = stacks.prefix[stack]!;
    found[stack] = isThread[stacks.frame[stack]!]
      ? stack
      : prefix < 0
      ? -1
      : found[prefix]!;
  }
  return found;
}

function bracketedDigits(name: string): string {
  return /\((\d+)\)/.exec(name)?.[1] ?? "0";
}
