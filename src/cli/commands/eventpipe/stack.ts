import { DecodeStats } from "../../../base/decode_stats.ts";
import { escapeForTerminal } from "../../../base/terminal_text.ts";
import { sampleStacks } from "../../../eventpipe/sample_stacks.ts";
import type { Profile } from "../../../profile/types.ts";
import type { CommandContext } from "../../command.ts";
import { reportDamage } from "../../report_damage.ts";
import { openTarget } from "./target_options.ts";

/** After this long people want to know what is waited for. */
const PATIENCE_MS = 5_000;
/** Stands for frames that the runtime does not see or name. */
const NATIVE_FRAMES = "[Native Frames]";

/** A thread and its stack. */
interface ThreadStack {
  readonly threadId: number | null;
  readonly name: string;
  readonly frames: readonly string[];
}

/**
 * Prints the stacks of all threads.
 *
 * @param context Arguments and the outside.
 * @returns The exit code: 3 when the process ended before its methods were named.
 */
export async function run(context: CommandContext): Promise<number> {
  const { options, console, signal } = context;
  await using target = await openTarget(context);
  const durationMs = options["duration"] as number / 1e6;
  const stats = new DecodeStats();
  const patience = setTimeout(
    () => console.note("the process names its methods, which may take minutes"),
    durationMs + PATIENCE_MS,
  );
  let profile: Profile;
  try {
    profile = await sampleStacks(target.client, {
      durationMs,
      timed: true,
      stats,
      stop: signal,
    });
  } finally {
    clearTimeout(patience);
  }
  const stacks = firstStacks(profile);
  if (stacks.length === 0) {
    console.note("no thread was sampled; try a longer --duration");
  }
  if (options["json"] === true) {
    await console.print(JSON.stringify(stacks, undefined, 2));
    return reportDamage(console, target.name, stats);
  }
  for (const { threadId, name, frames } of stacks) {
    const id = threadId === null ? "?" : `0x${threadId.toString(16)}`;
    const title = name === "" ? id : `${id} ${escapeForTerminal(name)}`;
    await console.print(`Thread (${title}):`);
    for (const frame of frames) {
      await console.print(`  ${escapeForTerminal(frame)}`);
    }
    await console.print("");
  }
  return reportDamage(console, target.name, stats);
}

function firstStacks(profile: Profile): ThreadStack[] {
  const { samples, threads, stacks, frames, functions, strings } = profile;
  const first = new Map<number, number>();
  for (let sample = 0; sample < samples.length; sample++) {
    const thread = samples.thread[sample]!;
    const best = first.get(thread);
    const isEarlier = best === undefined ||
      (samples.timeNs?.[sample] ?? 0) < (samples.timeNs?.[best] ?? 0);
    if (isEarlier) first.set(thread, sample);
  }
  const result: ThreadStack[] = [];
  for (const [thread, sample] of first) {
    const names: string[] = isOutsideManagedCode(profile, sample)
      ? [NATIVE_FRAMES]
      : [];
    for (
      let stack = samples.stack[sample]!;
      stack >= 0;
      stack = stacks.prefix[stack]!
    ) {
      const frame = stacks.frame[stack]!;
      const at = frames.function[frame]!;
      const name = at < 0 ? NATIVE_FRAMES : strings[functions.name[at]!]!;
      if (name !== NATIVE_FRAMES || names.at(-1) !== name) names.push(name);
    }
    const known = threads[thread];
    result.push({
      threadId: known?.tid ?? null,
      name: known?.name ?? "",
      frames: names,
    });
  }
  return result.sort((a, b) => (a.threadId ?? 0) - (b.threadId ?? 0));
}

/** Whether the thread waited or ran native code, called by its innermost managed method. */
function isOutsideManagedCode(
  { valueTypes, samples }: Profile,
  sample: number,
): boolean {
  const valueOf = (type: string) =>
    samples.values[valueTypes.findIndex((each) => each.type === type)]
      ?.[sample] ?? 0;
  return valueOf("wall") > 0 && valueOf("managed") === 0;
}
