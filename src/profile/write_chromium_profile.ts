import { encodeText } from "../container/encode_text.ts";
import { OpenCloseMerger } from "./_open_close_merger.ts";
import { frameNames } from "./frame_name.ts";
import type { Profile } from "./types.ts";

/** How {@linkcode writeChromiumProfile} writes. */
export interface WriteChromiumProfileOptions {
  /** What made the file. @default {"tracedeck"} */
  readonly exporter?: string | undefined;
  /**
   * Index of the value column that says how long a sample lasts, if it is in
   * nanoseconds; otherwise each sample lasts as long as the profile's period,
   * or up to the next one of its thread.
   *
   * @default {profile.defaultValueType}
   */
  readonly valueType?: number | undefined;
  /** Further trace events, each a JSON object as text; they stand before the slices. */
  readonly moreEvents?: Iterable<string> | undefined;
}

/**
 * Writes a timed profile in the Trace Event Format that Perfetto and
 * `chrome://tracing` open: frames as slices that begin and end, with real
 * process and thread numbers, names of processes and threads as metadata, the
 * module of a frame as its category.
 *
 * Samples of equal frames without a gap between them are one slice.
 *
 * @param profile A profile with times.
 * @param options Exporter, and which value.
 * @returns The bytes in pieces.
 * @throws {RangeError} When the profile has no times: sums over time have no place on a time axis.
 */
export async function* writeChromiumProfile(
  profile: Profile,
  options: WriteChromiumProfileOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  yield* encodeText(chromiumText(profile, options));
}

function* chromiumText(
  profile: Profile,
  options: WriteChromiumProfileOptions,
): Generator<string, void, undefined> {
  const { exporter = "tracedeck" } = options;
  const { timeNs } = profile.samples;
  if (timeNs === undefined) {
    throw new RangeError(
      "Cannot write Chromium trace: profile has no times, only sums over time",
    );
  }
  const other: Record<string, string> = { exporter };
  if (profile.startTime !== undefined) {
    other["startTimeUnixNs"] = String(profile.startTime);
  }
  yield `{"displayTimeUnit":"ns","otherData":${JSON.stringify(other)},` +
    `"traceEvents":[`;
  let separator = "\n";
  for (const line of metadata(profile)) {
    yield separator + line;
    separator = ",\n";
  }
  for (const line of options.moreEvents ?? []) {
    yield separator + line;
    separator = ",\n";
  }
  const texts = new EventTexts(profile);
  for (const [thread, rows] of rowsByThread(profile, timeNs)) {
    const lengthOf = sampleLength(profile, timeNs, rows, options);
    for (const line of slices(profile, rows, thread, texts, lengthOf)) {
      yield separator + line;
      separator = ",\n";
    }
  }
  yield "\n]}\n";
}

function* metadata(profile: Profile): Generator<string, void, undefined> {
  const named = new Set<number>();
  for (const thread of profile.threads) {
    const { pid = 0, tid = 0, name, processName } = thread;
    if (processName !== "" && !named.has(pid)) {
      named.add(pid);
      yield metadataEvent("process_name", pid, tid, processName);
    }
    if (name !== "") yield metadataEvent("thread_name", pid, tid, name);
  }
}

function metadataEvent(
  event: string,
  pid: number,
  tid: number,
  name: string,
): string {
  return JSON.stringify({ ph: "M", name: event, pid, tid, args: { name } });
}

/** Rows of each thread in order of time; threads in order of first appearance. */
function rowsByThread(
  { samples }: Profile,
  timeNs: Float64Array,
): Map<number, number[]> {
  const threads = new Map<number, number[]>();
  for (let row = 0; row < samples.length; row++) {
    const thread = samples.thread[row]!;
    const rows = threads.get(thread);
    if (rows === undefined) threads.set(thread, [row]);
    else rows.push(row);
  }
  for (const rows of threads.values()) {
    rows.sort((a, b) => timeNs[a]! - timeNs[b]! || a - b);
  }
  return threads;
}

function* slices(
  profile: Profile,
  rows: readonly number[],
  thread: number,
  texts: EventTexts,
  lengthOf: (index: number) => number,
): Generator<string, void, undefined> {
  const { samples, stacks, threads } = profile;
  const { pid = 0, tid = 0 } = threads[thread] ?? {};
  const place = `"pid":${pid},"tid":${tid}`;
  let lines: string[] = [];
  const merger = new OpenCloseMerger({
    open: (frame, at) =>
      lines.push(`{"ph":"B",${texts.text(frame)},"ts":${at / 1000},${place}}`),
    // Perfetto needs no name here; speedscope closes by it.
    close: (frame, at) =>
      lines.push(`{"ph":"E",${texts.text(frame)},"ts":${at / 1000},${place}}`),
  }, (length) => length);
  const frames: number[] = [];
  const depths: number[] = [];
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]!;
    frames.length = 0;
    for (let at = samples.stack[row]!; at >= 0; at = stacks.prefix[at]!) {
      frames.push(texts.id(stacks.frame[at]!));
    }
    frames.reverse();
    while (depths.length < frames.length) depths.push(depths.length);
    merger.add(samples.timeNs![row]!, lengthOf(index), depths, frames);
    yield* lines;
    lines = [];
  }
  merger.finish();
  yield* lines;
}

function sampleLength(
  { samples, valueTypes, defaultValueType, periodType, period }: Profile,
  timeNs: Float64Array,
  rows: readonly number[],
  { valueType = defaultValueType }: WriteChromiumProfileOptions,
): (index: number) => number {
  const values = samples.values[valueType];
  if (values !== undefined && valueTypes[valueType]!.unit === "nanoseconds") {
    return (index) => values[rows[index]!]!;
  }
  const periodNs = periodType?.unit === "nanoseconds" ? period : 0;
  return (index) => {
    const next = rows[index + 1];
    if (next === undefined) return periodNs;
    const gap = timeNs[next]! - timeNs[rows[index]!]!;
    return periodNs > 0 ? Math.min(gap, periodNs) : gap;
  };
}

/** Name and category of frames; frames that are equal in these are one, whatever their line. */
class EventTexts {
  readonly #texts: string[] = [];
  readonly #ids: Int32Array;

  constructor(profile: Profile) {
    const { frames, mappings, strings } = profile;
    const known = new Map<string, number>();
    this.#ids = Int32Array.from(frameNames(profile), (name, frame) => {
      const mapping = mappings[frames.mapping[frame]!];
      const category = mapping?.fileName.replace(/^.*[/\\]/, "") ||
        strings[frames.kind[frame]!] || "sample";
      const text = `"name":${JSON.stringify(name)},` +
        `"cat":${JSON.stringify(category)}`;
      let id = known.get(text);
      if (id === undefined) {
        id = this.#texts.push(text) - 1;
        known.set(text, id);
      }
      return id;
    });
  }

  id(frame: number): number {
    return this.#ids[frame]!;
  }

  text(id: number): string {
    return this.#texts[id]!;
  }
}
