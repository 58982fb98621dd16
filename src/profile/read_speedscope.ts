import type { DecodeStats } from "../base/decode_stats.ts";
import { FormatError, TruncatedError } from "../base/errors.ts";
import { type Limits, resolveLimits } from "../base/limits.ts";
import { collectBytes } from "../container/collect_bytes.ts";
import { ProfileBuilder } from "./profile_builder.ts";
import type { Profile, ValueType } from "./types.ts";

/** JSON is parsed as a whole, and no text in memory can be longer. */
const MAX_TEXT_BYTES = 0x1fff_ffe8;
const FORMAT = "speedscope";

interface UnitMeaning {
  readonly valueType: ValueType;
  readonly factor: number;
  readonly isTime: boolean;
}

const WALL = { type: "wall", unit: "nanoseconds" };
const UNITS: Readonly<Record<string, UnitMeaning>> = {
  nanoseconds: { valueType: WALL, factor: 1, isTime: true },
  microseconds: { valueType: WALL, factor: 1e3, isTime: true },
  milliseconds: { valueType: WALL, factor: 1e6, isTime: true },
  seconds: { valueType: WALL, factor: 1e9, isTime: true },
  bytes: {
    valueType: { type: "space", unit: "bytes" },
    factor: 1,
    isTime: false,
  },
  none: {
    valueType: { type: "samples", unit: "count" },
    factor: 1,
    isTime: false,
  },
};

/** How {@linkcode readSpeedscope} reads. */
export interface ReadSpeedscopeOptions {
  /** Bounds; uses `maxDecompressedBytes` (at most 512 MiB) and `maxQueuedRecords` for stacks. */
  readonly limits?: Partial<Limits> | undefined;
  /** Counts what is wrong with the content and did not stop the reading. */
  readonly stats?: DecodeStats | undefined;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a speedscope file: all profiles in it, evented and sampled. Each
 * becomes a thread. Times become nanoseconds; if all profiles measure time,
 * samples keep theirs.
 *
 * Events that close what is not open, or in the wrong order, and times that
 * step back are counted and put right.
 *
 * @param source The JSON text as UTF-8.
 * @param options Limits, where faults are counted, and the signal.
 * @returns The profile.
 * @throws {FormatError} When it is no JSON or does not follow the schema.
 * @throws {TruncatedError} When the text breaks off.
 * @throws {LimitError} When it is larger than the limits allow.
 */
export async function readSpeedscope(
  source: AsyncIterable<Uint8Array>,
  options: ReadSpeedscopeOptions = {},
): Promise<Profile> {
  const limits = resolveLimits(options.limits);
  const bytes = await collectBytes(source, {
    maxBytes: Math.min(MAX_TEXT_BYTES, limits.maxDecompressedBytes),
    what: "speedscope file",
    signal: options.signal,
  });
  const text = new TextDecoder().decode(bytes);
  const file = object(parseJson(text), "file");
  const profiles = array(file["profiles"], "profiles").map((entry, index) =>
    profileHead(object(entry, `profile ${index}`), index)
  );
  const units = profiles.map(({ unit }) => unit);
  const valueTypes = uniqueTypes(units);
  const active = units[Number(file["activeProfileIndex"] ?? 0)] ?? units[0];
  const reader = new SpeedscopeReader(
    new ProfileBuilder({
      valueTypes,
      defaultValueType: active === undefined
        ? 0
        : valueTypes.indexOf(active.valueType),
      timed: units.length > 0 && units.every(({ isTime }) => isTime),
      maxStacks: limits.maxQueuedRecords,
    }),
    valueTypes,
    options.stats,
  );
  reader.addFrames(array(object(file["shared"], "shared")["frames"], "frames"));
  const only = profiles.length === 1 && profiles[0]!.name === file["name"];
  for (const profile of profiles) {
    reader.addProfile(profile, only ? -1 : reader.thread(profile.name));
  }
  return reader.build(file["exporter"]);
}

interface ProfileHead {
  readonly what: string;
  readonly name: string;
  readonly unit: UnitMeaning;
  readonly start: number;
  readonly end: number;
  readonly type: "evented" | "sampled";
  readonly body: Readonly<Record<string, unknown>>;
}

function profileHead(
  body: Readonly<Record<string, unknown>>,
  index: number,
): ProfileHead {
  const what = `profile ${index}`;
  const { type, name, unit } = body;
  if (type !== "evented" && type !== "sampled") {
    throw wrong(what, `type is ${show(type)}, expected evented or sampled`);
  }
  const meaning = typeof unit === "string" ? UNITS[unit] : undefined;
  if (meaning === undefined || !Object.hasOwn(UNITS, String(unit))) {
    throw wrong(
      what,
      `unit is ${show(unit)}, expected ${Object.keys(UNITS).join(", ")}`,
    );
  }
  return {
    what,
    name: typeof name === "string" ? name : "",
    unit: meaning,
    start: number(body["startValue"] ?? 0, `${what} startValue`),
    end: number(body["endValue"] ?? 0, `${what} endValue`),
    type,
    body,
  };
}

function uniqueTypes(units: readonly UnitMeaning[]): ValueType[] {
  const types = new Set(units.map(({ valueType }) => valueType));
  return types.size === 0 ? [WALL] : [...types];
}

class SpeedscopeReader {
  readonly #builder: ProfileBuilder;
  readonly #valueTypes: readonly ValueType[];
  readonly #stats: DecodeStats | undefined;
  readonly #frames: number[] = [];
  readonly #values: Float64Array;

  constructor(
    builder: ProfileBuilder,
    valueTypes: readonly ValueType[],
    stats: DecodeStats | undefined,
  ) {
    this.#builder = builder;
    this.#valueTypes = valueTypes;
    this.#stats = stats;
    this.#values = new Float64Array(valueTypes.length);
  }

  addFrames(entries: readonly unknown[]): void {
    entries.forEach((entry, index) => {
      const what = `frame ${index}`;
      const { name, file, line, col } = object(entry, what);
      if (typeof name !== "string") {
        throw wrong(what, `name is ${show(name)}, expected text`);
      }
      const fn = this.#builder.internFunction({
        name,
        fileName: typeof file === "string" ? file : "",
        startLine: lineNumber(line),
      });
      this.#frames.push(
        this.#builder.internFrame({ function: fn, column: lineNumber(col) }),
      );
    });
  }

  thread(title: string): number {
    const match = /^(.*?) ?\((\d{1,15})\)$/s.exec(title);
    return this.#builder.internThread(
      match === null
        ? { name: title }
        : { name: match[1]!, tid: Number(match[2]) },
    );
  }

  addProfile(profile: ProfileHead, thread: number): void {
    if (profile.type === "evented") this.#addEvents(profile, thread);
    else this.#addSamples(profile, thread);
    const { facts } = this.#builder;
    if (profile.unit.isTime) {
      facts.durationNs = Math.max(
        facts.durationNs,
        (profile.end - profile.start) * profile.unit.factor,
      );
    }
  }

  build(exporter: unknown): Profile {
    if (typeof exporter === "string" && exporter !== "") {
      this.#builder.facts.comments.push(`written by ${exporter}`);
    }
    return this.#builder.build();
  }

  #addSamples(profile: ProfileHead, thread: number): void {
    const { what } = profile;
    const samples = array(profile.body["samples"], `${what} samples`);
    const weights = array(profile.body["weights"], `${what} weights`);
    if (samples.length !== weights.length) {
      this.#stats?.count("speedscope_weights_missing", "error", {
        detail:
          `${what} has ${samples.length} samples and ${weights.length} weights`,
      });
    }
    let at = profile.start;
    const count = Math.min(samples.length, weights.length);
    for (let index = 0; index < count; index++) {
      const sample = `${what} sample ${index}`;
      const weight = number(weights[index], `${what} weight ${index}`);
      let stack = -1;
      for (const frame of array(samples[index], sample)) {
        stack = this.#builder.internStack(stack, this.#frame(frame, sample));
      }
      this.#add(profile, thread, stack, at, weight);
      at += weight;
    }
  }

  #addEvents(profile: ProfileHead, thread: number): void {
    const { what } = profile;
    const events = array(profile.body["events"], `${what} events`);
    const stacks: number[] = [];
    let last = profile.start;
    const advance = (to: number): void => {
      if (to > last && stacks.length > 0) {
        this.#add(profile, thread, stacks.at(-1)!, last, to - last);
      }
      last = Math.max(last, to);
    };
    for (let index = 0; index < events.length; index++) {
      const place = `${what} event ${index}`;
      const { type, frame: reference, at } = object(events[index], place);
      const time = number(at, `${place} at`);
      const frame = this.#frame(reference, place);
      if (time < last) {
        this.#stats?.count("speedscope_time_steps_back", "error", {
          detail: `${place} is at ${time}, the one before at ${last}`,
        });
      }
      advance(time);
      if (type === "O") {
        stacks.push(this.#builder.internStack(stacks.at(-1) ?? -1, frame));
      } else if (type === "C") this.#close(stacks, frame, place);
      else throw wrong(place, `type is ${show(type)}, expected O or C`);
    }
    if (stacks.length > 0) {
      this.#stats?.count("speedscope_frames_left_open", "error", {
        amount: stacks.length,
        detail: `${what} ends with open frames`,
      });
      advance(profile.end);
    }
  }

  /** Closes down to the frame, which should be the innermost one. */
  #close(stacks: number[], frame: number, place: string): void {
    let at = stacks.length - 1;
    while (at >= 0 && this.#builder.stackFrame(stacks[at]!) !== frame) at--;
    if (at !== stacks.length - 1 || at < 0) {
      this.#stats?.count("speedscope_unbalanced_close", "error", {
        detail: `${place} closes a frame that is not the innermost one`,
      });
    }
    if (at >= 0) stacks.length = at;
  }

  #frame(reference: unknown, place: string): number {
    const frame = typeof reference === "number"
      ? this.#frames[reference]
      : undefined;
    if (frame !== undefined) return frame;
    throw wrong(
      place,
      `frame is ${show(reference)}, expected 0 to ${this.#frames.length - 1}`,
    );
  }

  #add(
    { unit }: ProfileHead,
    thread: number,
    stack: number,
    at: number,
    weight: number,
  ): void {
    this.#values.fill(0);
    this.#values[this.#valueTypes.indexOf(unit.valueType)] = weight *
      unit.factor;
    this.#builder.addSample(stack, thread, this.#values, {
      timeNs: at * unit.factor,
    });
  }
}

function lineNumber(value: unknown): number {
  return typeof value === "number" && value > 0 && value < 2 ** 31
    ? Math.floor(value)
    : 0;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const position = /position (\d+)/.exec(message);
    const offset = position === null ? text.length : Number(position[1]);
    const options = { format: FORMAT, offset, cause };
    if (offset >= text.length) {
      throw new TruncatedError(
        `Cannot read speedscope file at character ${offset}: text breaks off`,
        { ...options, missingBytes: 1 },
      );
    }
    throw new FormatError(
      `Cannot read speedscope file at character ${offset}: it is not JSON`,
      options,
    );
  }
}

function object(
  value: unknown,
  what: string,
): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw wrong(what, `it is ${show(value)}, expected an object`);
}

function array(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw wrong(what, `it is ${show(value)}, expected a list`);
}

function number(value: unknown, what: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw wrong(what, `it is ${show(value)}, expected a number`);
}

function show(value: unknown): string {
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  return JSON.stringify(value).slice(0, 32);
}

function wrong(what: string, state: string): FormatError {
  return new FormatError(`Cannot read speedscope ${what}: ${state}`, {
    format: FORMAT,
    offset: 0,
    record: what,
  });
}
