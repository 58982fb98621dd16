import { encodeText } from "../container/encode_text.ts";
import { frameName } from "./frame_name.ts";
import type { Profile, ProfileThread } from "./types.ts";

/** How {@linkcode writeSpeedscope} writes. */
export interface WriteSpeedscopeOptions {
  /** Name of the whole, shown in the title. @default {"profile"} */
  readonly name?: string | undefined;
  /** What made the file. @default {"tracedeck"} */
  readonly exporter?: string | undefined;
  /** Index of the value column. @default {profile.defaultValueType} */
  readonly valueType?: number | undefined;
}

/** Units of pprof that speedscope knows under its own name. */
const UNITS: Readonly<Record<string, string>> = {
  nanoseconds: "nanoseconds",
  microseconds: "microseconds",
  milliseconds: "milliseconds",
  seconds: "seconds",
  bytes: "bytes",
};

/**
 * Writes a speedscope file of sampled stacks: one profile per thread, weights
 * exact. The samples of a timed profile stand in order of time. A profile
 * without samples has one empty profile in the file, which speedscope opens.
 *
 * @param profile The profile.
 * @param options Names, and which value.
 * @returns The bytes in pieces.
 * @throws {RangeError} When there is no such value type.
 *
 * @example One stack
 * ```ts
 * import {
 *   ProfileBuilder,
 *   writeSpeedscope,
 * } from "@tracedeck/tracedeck/profile";
 * import { assertEquals } from "@std/assert";
 *
 * const builder = new ProfileBuilder({
 *   valueTypes: [{ type: "cpu", unit: "nanoseconds" }],
 * });
 * const frame = builder.internFrame({
 *   function: builder.internFunction({ name: "main" }),
 * });
 * builder.addSample(builder.internStack(-1, frame), -1, [7]);
 * const pieces = await Array.fromAsync(writeSpeedscope(builder.build()));
 * const { profiles } = JSON.parse(
 *   pieces.map((piece) => new TextDecoder().decode(piece)).join(""),
 * );
 * assertEquals(profiles[0].samples, [[0]]);
 * assertEquals(profiles[0].weights, [7]);
 * ```
 */
export async function* writeSpeedscope(
  profile: Profile,
  options: WriteSpeedscopeOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  yield* encodeText(speedscopeText(profile, options));
}

function* speedscopeText(
  profile: Profile,
  options: WriteSpeedscopeOptions,
): Generator<string, void, undefined> {
  const {
    name = "profile",
    exporter = "tracedeck",
    valueType = profile.defaultValueType,
  } = options;
  const values = profile.samples.values[valueType];
  const type = profile.valueTypes[valueType];
  if (values === undefined || type === undefined) {
    throw new RangeError(
      `Cannot write speedscope file: value type is ${valueType}, expected 0 to ${
        profile.valueTypes.length - 1
      }`,
    );
  }
  const unit = UNITS[type.unit] ?? "none";
  const frames = new SharedFrames(profile);
  yield `{"$schema":"https://www.speedscope.app/file-format-schema.json",` +
    `"name":${JSON.stringify(name)},"exporter":${JSON.stringify(exporter)},` +
    `"activeProfileIndex":0,"shared":{"frames":[`;
  yield frames.entries.join(",");
  yield `]},"profiles":[`;
  let separator = "\n";
  for (const { title, rows } of splitByThread(profile, values, name)) {
    yield separator;
    yield* profileText(profile, rows, values, title, unit, frames);
    separator = ",\n";
  }
  yield "\n]}\n";
}

function* profileText(
  profile: Profile,
  rows: readonly number[],
  values: Float64Array,
  title: string,
  unit: string,
  frames: SharedFrames,
): Generator<string, void, undefined> {
  const total = rows.reduce((sum, row) => sum + values[row]!, 0);
  yield `{"type":"sampled","name":${JSON.stringify(title)},"unit":"${unit}",` +
    `"startValue":0,"endValue":${total},"samples":[`;
  for (let index = 0; index < rows.length; index++) {
    const stack = profile.samples.stack[rows[index]!]!;
    yield (index === 0 ? "[" : ",[") + frames.idsOf(stack) + "]";
  }
  yield `],"weights":[`;
  for (let index = 0; index < rows.length; index++) {
    yield (index === 0 ? "" : ",") + String(values[rows[index]!]!);
  }
  yield "]}";
}

/** Samples that count for something, by thread. */
function splitByThread(
  profile: Profile,
  values: Float64Array,
  name: string,
): { title: string; rows: number[] }[] {
  const { samples, threads } = profile;
  const tracks = new Map<number, { title: string; rows: number[] }>();
  for (let row = 0; row < samples.length; row++) {
    // A weight below 0, as in a difference, would make speedscope refuse all.
    if (!(values[row]! > 0)) continue;
    const index = samples.thread[row]!;
    let track = tracks.get(index);
    if (track === undefined) {
      track = { title: threadTitle(threads[index], name), rows: [] };
      tracks.set(index, track);
    }
    track.rows.push(row);
  }
  if (tracks.size === 0) return [{ title: name, rows: [] }];
  const { timeNs } = samples;
  for (const { rows } of tracks.values()) {
    if (timeNs !== undefined) {
      rows.sort((a, b) => timeNs[a]! - timeNs[b]! || a - b);
    }
  }
  return [...tracks.values()];
}

function threadTitle(thread: ProfileThread | undefined, name: string): string {
  if (thread === undefined) return name;
  const { processName, pid } = thread;
  const process = processName || (pid === undefined ? "" : `process ${pid}`);
  const own = thread.name ||
    (thread.tid === undefined || process !== "" ? "" : "thread");
  const id = thread.tid === undefined ? "" : `(${thread.tid})`;
  return [process, own, id].filter(Boolean).join(" ") || name;
}

/** Frames of equal name, file and first line are one, whatever line was being executed. */
class SharedFrames {
  readonly entries: string[] = [];
  readonly #ids: Int32Array;
  readonly #texts: string[] = [];
  readonly #profile: Profile;

  constructor(profile: Profile) {
    this.#profile = profile;
    const { frames, functions, strings } = profile;
    const known = new Map<string, number>();
    this.#ids = new Int32Array(frames.length);
    for (let frame = 0; frame < frames.length; frame++) {
      const fn = frames.function[frame]!;
      const file = fn < 0 ? "" : strings[functions.fileName[fn]!]!;
      const line = fn < 0 ? 0 : functions.startLine[fn]!;
      const entry = JSON.stringify({
        name: frameName(profile, frame),
        ...(file === "" ? {} : { file }),
        ...(line === 0 ? {} : { line }),
      });
      let id = known.get(entry);
      if (id === undefined) {
        id = this.entries.push(entry) - 1;
        known.set(entry, id);
      }
      this.#ids[frame] = id;
    }
  }

  /** Ids of a stack's frames, root first, joined by commas. */
  idsOf(stack: number): string {
    if (stack < 0) return "";
    let text = this.#texts[stack];
    if (text === undefined) {
      const { stacks } = this.#profile;
      const ids: number[] = [];
      for (let at = stack; at >= 0; at = stacks.prefix[at]!) {
        ids.push(this.#ids[stacks.frame[at]!]!);
      }
      text = ids.reverse().join(",");
      this.#texts[stack] = text;
    }
    return text;
  }
}
