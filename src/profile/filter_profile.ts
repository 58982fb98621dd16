import { frameNames } from "./frame_name.ts";
import { selectSamples } from "./select_samples.ts";
import { TupleTable } from "./tuple_table.ts";
import type { Label, Profile, ProfileThread } from "./types.ts";

/** What {@linkcode filterProfile} keeps. Conditions add up: a sample must meet all. */
export interface FilterProfileOptions {
  /** Keeps samples with a frame whose name matches. */
  readonly focus?: RegExp | undefined;
  /** Drops samples with a frame whose name matches. */
  readonly ignore?: RegExp | undefined;
  /** Takes frames whose names match out of their stacks. */
  readonly hide?: RegExp | undefined;
  /** Takes the callers of the outermost matching frame off; drops samples without one. */
  readonly showFrom?: RegExp | undefined;
  /** Keeps samples whose thread is wanted; asked with `undefined` for an unknown thread. */
  readonly thread?:
    | ((thread: ProfileThread | undefined) => boolean)
    | undefined;
  /** Keeps samples whose set of labels is wanted. */
  readonly labels?: ((labels: readonly Label[]) => boolean) | undefined;
  /** Keeps samples from this moment on, in ns since the start of the profile. */
  readonly fromNs?: number | undefined;
  /** Keeps samples before this moment, in ns since the start of the profile. */
  readonly toNs?: number | undefined;
}

/**
 * Keeps a part of a profile.
 *
 * @param profile The profile.
 * @param options What is kept.
 * @returns A profile with fewer samples or shorter stacks.
 * @throws {RangeError} When a time is asked for and the profile has none.
 *
 * @example Only what happens in or below a function
 * ```ts
 * import { ProfileBuilder, filterProfile } from "@tracedeck/tracedeck/profile";
 * import { assertEquals } from "@std/assert";
 *
 * const builder = new ProfileBuilder({
 *   valueTypes: [{ type: "samples", unit: "count" }],
 * });
 * for (const name of ["parse", "render"]) {
 *   const frame = builder.internFrame({
 *     function: builder.internFunction({ name }),
 *   });
 *   builder.addSample(builder.internStack(-1, frame), -1, [1]);
 * }
 * const part = filterProfile(builder.build(), { focus: /^parse$/ });
 * assertEquals(part.samples.length, 1);
 * ```
 */
export function filterProfile(
  profile: Profile,
  options: FilterProfileOptions,
): Profile {
  const { focus, ignore, hide, showFrom, fromNs, toNs } = options;
  const { samples, threads, labelSets } = profile;
  const { timeNs } = samples;
  if ((fromNs !== undefined || toNs !== undefined) && timeNs === undefined) {
    throw new RangeError(
      "Cannot filter profile by time: it has no times, only sums over time",
    );
  }
  const from = fromNs ?? -Infinity;
  const to = toNs ?? Infinity;
  const names = frameNames(profile);
  const wanted = [focus, showFrom].filter((pattern) => pattern !== undefined)
    .map((pattern) => stacksWith(profile, matches(names, pattern)));
  const unwanted = ignore === undefined
    ? undefined
    : stacksWith(profile, matches(names, ignore));
  const threadWanted = options.thread && threads.map(options.thread);
  const unknownWanted = options.thread?.(undefined) ?? true;
  const labelsWanted = options.labels && labelSets.map(options.labels);
  const kept = selectSamples(profile, (row) => {
    const stack = samples.stack[row]!;
    const thread = samples.thread[row]!;
    const at = timeNs?.[row] ?? 0;
    return at >= from && at < to &&
      wanted.every((stacks) => stacks[stack] === 1) &&
      unwanted?.[stack] !== 1 &&
      (thread < 0 ? unknownWanted : threadWanted?.[thread] ?? true) &&
      (labelsWanted?.[samples.labels[row]!] ?? true);
  });
  if (hide === undefined && showFrom === undefined) return kept;
  return shortenStacks(
    kept,
    hide && matches(names, hide),
    showFrom && matches(names, showFrom),
  );
}

/** By frame: 1 where its name matches. */
function matches(names: readonly string[], pattern: RegExp): Uint8Array {
  // A pattern with state would match every other name.
  const stateless = new RegExp(
    pattern.source,
    pattern.flags.replace(/[gy]/g, ""),
  );
  return Uint8Array.from(names, (name) => stateless.test(name) ? 1 : 0);
}

/** By stack: 1 where one of its frames is marked. */
function stacksWith({ stacks }: Profile, frames: Uint8Array): Uint8Array {
  const found = new Uint8Array(stacks.length);
  for (let stack = 0; stack < stacks.length; stack++) {
    const prefix = stacks.prefix[stack]!;
    found[stack] = frames[stacks.frame[stack]!]! |
      (prefix < 0 ? 0 : found[prefix]!);
  }
  return found;
}

function shortenStacks(
  profile: Profile,
  hidden: Uint8Array | undefined,
  roots: Uint8Array | undefined,
): Profile {
  const { stacks, samples } = profile;
  const table = new TupleTable(2);
  const shortened = new Int32Array(stacks.length);
  // Below the first frame to be shown there is nothing.
  const begun = roots === undefined ? undefined : stacksWith(profile, roots);
  for (let stack = 0; stack < stacks.length; stack++) {
    const prefix = stacks.prefix[stack]!;
    const frame = stacks.frame[stack]!;
    const below = prefix < 0 ? -1 : shortened[prefix]!;
    shortened[stack] = begun?.[stack] === 0 || hidden?.[frame] === 1
      ? below
      : table.intern2(below, frame);
  }
  return {
    ...profile,
    stacks: {
      length: table.length,
      prefix: table.column(0),
      frame: table.column(1),
    },
    samples: {
      ...samples,
      stack: samples.stack.map((stack) => stack < 0 ? -1 : shortened[stack]!),
    },
  };
}
