import { frameNames } from "./frame_name.ts";
import type { Profile } from "./types.ts";

/** Frames that are folded into their callers: leaves that only name a kind of time, and threads. */
const FOLDED = ["CPU_TIME", "UNMANAGED_CODE_TIME", "Thread ("] as const;
/** Names with these in them are never listed; methods with "Process" in their name suffer. */
const HIDDEN = ["ROOT", "Process"] as const;
const NAME_WIDTH = 70;
const MEASURE_WIDTH = 20;
const HEADER_WIDTH = 77;

/** A row of {@linkcode dotnetTop}. */
export interface DotnetTopRow {
  /** Name of the method as dotnet-trace shortens it. */
  readonly name: string;
  /** Share of the samples in which it occurs, in percent. */
  readonly inclusivePercent: number;
  /** Share of the samples in which it is the leaf, in percent. */
  readonly exclusivePercent: number;
}

/** What {@linkcode dotnetTop} lists. */
export interface DotnetTopOptions {
  /** Most rows, at least 1. @default {5} */
  readonly rows?: number | undefined;
  /** Whether rows are ordered by the inclusive share. @default {false} */
  readonly inclusive?: boolean | undefined;
  /** Index of the value column. @default {profile.defaultValueType} */
  readonly valueType?: number | undefined;
}

/**
 * Lists the top methods as `dotnet-trace report topN` does, from stacks with
 * the frames that it puts around those of a thread.
 *
 * @param profile The profile.
 * @param options How many, by which share, which value.
 * @returns The rows in order; of equal shares, whose order dotnet-trace
 * leaves open, the one that appears last comes first: methods before threads.
 */
export function dotnetTop(
  profile: Profile,
  options: DotnetTopOptions = {},
): readonly DotnetTopRow[] {
  const { rows = 5, inclusive = false } = options;
  const { names, inclusives, exclusives, total } = sumByName(profile, options);
  const measure = inclusive ? inclusives : exclusives;
  const percent = (value: number) => total === 0 ? 0 : value / total * 100;
  return [...names.keys()]
    .filter((id) => !HIDDEN.some((word) => names[id]!.includes(word)))
    .sort((a, b) => Math.abs(measure[b]!) - Math.abs(measure[a]!) || b - a)
    .slice(0, rows)
    .map((id) => ({
      name: shortenDotnetName(names[id]!),
      inclusivePercent: percent(inclusives[id]!),
      exclusivePercent: percent(exclusives[id]!),
    }));
}

/** What {@linkcode renderDotnetTop} shows. */
export interface RenderDotnetTopOptions {
  /** Whether the rows are ordered by the inclusive share. @default {false} */
  readonly inclusive?: boolean | undefined;
  /** Whether names go on in further lines instead of being cut. @default {false} */
  readonly verbose?: boolean | undefined;
}

/**
 * Renders rows as `dotnet-trace report topN` prints them.
 *
 * @param rows What {@linkcode dotnetTop} gave.
 * @param options Heading, and whether names are cut.
 * @returns The lines without line breaks, nothing for no rows.
 */
export function renderDotnetTop(
  rows: readonly DotnetTopRow[],
  options: RenderDotnetTopOptions = {},
): readonly string[] {
  const { inclusive = false, verbose = false } = options;
  if (rows.length === 0) return [];
  const digits = String(rows.length).length;
  const order = inclusive ? "Inclusive" : "Exclusive";
  const lines = [
    `Top ${rows.length} Functions (${order})`.padEnd(HEADER_WIDTH) +
    " ".repeat(digits - 1) +
    "Inclusive".padEnd(MEASURE_WIDTH) +
    "Exclusive".padEnd(MEASURE_WIDTH),
  ];
  rows.forEach(({ name, inclusivePercent, exclusivePercent }, index) => {
    const number = `${index + 1}.`.padEnd(digits + 2);
    lines.push(
      rowLine(
        number,
        name.slice(0, NAME_WIDTH),
        percentText(inclusivePercent),
        percentText(exclusivePercent),
      ),
    );
    if (!verbose) return;
    const indent = " ".repeat(digits + 2);
    for (let at = NAME_WIDTH; at < name.length; at += NAME_WIDTH) {
      lines.push(rowLine(indent, name.slice(at, at + NAME_WIDTH), "", ""));
    }
  });
  return lines;
}

function rowLine(
  number: string,
  name: string,
  inclusive: string,
  exclusive: string,
): string {
  return number + name.padEnd(NAME_WIDTH) + "    " +
    inclusive.padEnd(MEASURE_WIDTH) + exclusive.padEnd(MEASURE_WIDTH);
}

/** Two decimals at most, halves to even as .NET rounds. */
function percentText(percent: number): string {
  const scaled = percent * 100;
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  const up = rest > 0.5 || rest === 0.5 && floor % 2 !== 0;
  return `${(up ? floor + 1 : floor) / 100}%`;
}

/**
 * Shortens a method's full name as dotnet-trace does: the last two parts before
 * the arguments, and the arguments.
 *
 * @param name For example `app!A.B.C.Work(int32)`.
 * @returns For example `C.Work(int32)`; `Missing Symbol` for `?!?`.
 */
export function shortenDotnetName(name: string): string {
  if (name === "?!?") return "Missing Symbol";
  const end = name.lastIndexOf(")");
  const open = end < 0 ? -1 : name.lastIndexOf("(", end);
  const path = name.slice(0, Math.max(0, open));
  if (!path.includes(".")) return name;
  return path.split(".").slice(-2).join(".") + name.slice(open, end + 1);
}

function sumByName(
  profile: Profile,
  { valueType = profile.defaultValueType }: DotnetTopOptions,
): {
  names: readonly string[];
  inclusives: Float64Array;
  exclusives: Float64Array;
  total: number;
} {
  const { samples, stacks } = profile;
  const values = samples.values[valueType]!;
  const names: string[] = [];
  const ids = new Map<string, number>();
  const idOfFrame = Int32Array.from(frameNames(profile), (name) => {
    if (FOLDED.some((word) => name.includes(word))) return -1;
    let id = ids.get(name);
    if (id === undefined) {
      id = names.push(name) - 1;
      ids.set(name, id);
    }
    return id;
  });
  const inclusives = new Float64Array(names.length);
  const exclusives = new Float64Array(names.length);
  const lastRow = new Int32Array(names.length).fill(-1);
  let total = 0;
  for (let row = 0; row < samples.length; row++) {
    const value = values[row]!;
    total += value;
    let leaf = -1;
    for (
      let stack = samples.stack[row]!;
      stack >= 0;
      stack = stacks.prefix[stack]!
    ) {
      const id = idOfFrame[stacks.frame[stack]!]!;
      if (id < 0) continue;
      if (leaf < 0) leaf = id;
      if (lastRow[id] === row) continue;
      lastRow[id] = row;
      inclusives[id]! += value;
    }
    if (leaf >= 0) exclusives[leaf]! += value;
  }
  return { names, inclusives, exclusives, total };
}
