import { encodeText } from "../container/encode_text.ts";
import { integerText } from "./_integer_text.ts";
import { sortByBytes } from "./_sort_by_bytes.ts";
import { frameNames } from "./frame_name.ts";
import type { Profile } from "./types.ts";

/** How {@linkcode writeFolded} writes. */
export interface WriteFoldedOptions {
  /** Index of the value column. @default {profile.defaultValueType} */
  readonly valueType?: number | undefined;
  /**
   * Values are divided by it and rounded: 1000 makes microseconds of
   * nanoseconds. Above 0.
   *
   * @default {1}
   */
  readonly divisor?: number | undefined;
  /** What stands before the outermost frame: the name of the process or of the thread. @default {"none"} */
  readonly root?: "none" | "process" | "thread" | undefined;
  /** Whether kernel, JIT and inlined frames end with `_[k]`, `_[j]` and `_[i]`. @default {false} */
  readonly annotate?: boolean | undefined;
}

/**
 * Writes folded stacks, the input of flame graph tools: one line per distinct
 * stack, frames from root to leaf joined by `;`, a space and a whole number.
 * In names `;` becomes `:` and line breaks become spaces. Lines are sorted by
 * their bytes; stacks of value 0 are left out. A sample without stack has an
 * empty list of frames.
 *
 * @param profile The profile.
 * @param options Which value, its unit, and what is added to the frames.
 * @returns The bytes in pieces.
 * @throws {RangeError} When there is no such value type or the divisor is not above 0.
 *
 * @example One stack
 * ```ts
 * import { ProfileBuilder, writeFolded } from "@tracedeck/tracedeck/profile";
 * import { assertEquals } from "@std/assert";
 *
 * const builder = new ProfileBuilder({
 *   valueTypes: [{ type: "samples", unit: "count" }],
 * });
 * let stack = -1;
 * for (const name of ["main", "work"]) {
 *   const frame = builder.internFrame({
 *     function: builder.internFunction({ name }),
 *   });
 *   stack = builder.internStack(stack, frame);
 * }
 * builder.addSample(stack, -1, [7]);
 * const [bytes] = await Array.fromAsync(writeFolded(builder.build()));
 * assertEquals(new TextDecoder().decode(bytes), "main;work 7\n");
 * ```
 */
export async function* writeFolded(
  profile: Profile,
  options: WriteFoldedOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  yield* encodeText(foldedLines(profile, options));
}

function* foldedLines(
  profile: Profile,
  options: WriteFoldedOptions,
): Generator<string, void, undefined> {
  const { divisor = 1 } = options;
  for (const [stack, value] of foldedStacks(profile, options)) {
    const rounded = Math.round(value / divisor);
    if (rounded !== 0) yield `${stack} ${integerText(rounded)}\n`;
  }
}

/**
 * Sums a profile by stacks of frame names, as {@linkcode writeFolded} shows them.
 *
 * @param profile The profile.
 * @param options Which value, and what is added to the frames; values are not divided.
 * @returns Frames joined by `;` and their values, sorted by the bytes of the frames.
 * @throws {RangeError} When there is no such value type or the divisor is not above 0.
 */
export function foldedStacks(
  profile: Profile,
  options: WriteFoldedOptions = {},
): readonly (readonly [string, number])[] {
  const { valueType = profile.defaultValueType, divisor = 1 } = options;
  const { samples } = profile;
  if (!(divisor > 0)) {
    throw new RangeError(
      `Cannot fold stacks: divisor is ${divisor}, expected above 0`,
    );
  }
  const values = samples.values[valueType];
  if (values === undefined) {
    throw new RangeError(
      `Cannot fold stacks: value type is ${valueType}, expected 0 to ${
        samples.values.length - 1
      }`,
    );
  }
  const texts = stackTexts(profile, options.annotate ?? false);
  const roots = rootTexts(profile, options.root ?? "none");
  const sums = new Map<string, number>();
  for (let row = 0; row < samples.length; row++) {
    const stack = texts[samples.stack[row]!] ?? "";
    const root = roots?.[samples.thread[row]!] ?? "";
    const key = root === "" || stack === "" ? root + stack : `${root};${stack}`;
    sums.set(key, (sums.get(key) ?? 0) + values[row]!);
  }
  return sortByBytes([...sums.keys()]).map((key) =>
    [key, sums.get(key)!] as const
  );
}

/** By stack; a stack's text begins with that of its prefix, so most of it is shared. */
function stackTexts(profile: Profile, annotate: boolean): readonly string[] {
  const { frames, stacks, strings } = profile;
  const names = frameNames(profile).map((name, frame) => {
    const safe = foldedName(name);
    if (!annotate) return safe;
    if (frames.inlined[frame] === 1) return `${safe}_[i]`;
    const kind = strings[frames.kind[frame]!]!;
    return kind === "kernel"
      ? `${safe}_[k]`
      : kind === "jit"
      ? `${safe}_[j]`
      : safe;
  });
  const texts: string[] = [];
  for (let stack = 0; stack < stacks.length; stack++) {
    const prefix = stacks.prefix[stack]!;
    const name = names[stacks.frame[stack]!]!;
    texts.push(prefix < 0 ? name : `${texts[prefix]!};${name}`);
  }
  return texts;
}

function rootTexts(
  profile: Profile,
  root: "none" | "process" | "thread",
): readonly string[] | undefined {
  if (root === "none") return undefined;
  return profile.threads.map(({ name, processName, tid, pid }) => {
    const text = root === "thread"
      ? name || (tid === undefined ? "" : `thread ${tid}`)
      : processName || name || (pid === undefined ? "" : `process ${pid}`);
    return foldedName(text);
  });
}

function foldedName(name: string): string {
  return /[;\r\n]/.test(name)
    ? name.replaceAll(";", ":").replaceAll(/[\r\n]/g, " ")
    : name;
}
