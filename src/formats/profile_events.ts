import type { UnixNs } from "../base/time.ts";
import { frameNames } from "../profile/frame_name.ts";
import type { Profile } from "../profile/types.ts";
import type { TimelineEvent } from "../timeline/types.ts";

/** How {@linkcode profileEvents} tells samples. */
export interface ProfileEventsOptions {
  /** Who made the samples, for example the name of the format. */
  readonly provider: string;
  /** Whether stacks are told. @default {false} */
  readonly stacks?: boolean | undefined;
}

const BATCH = 1024;

/**
 * Tells the samples of a profile as records, in order of time where they have
 * times.
 *
 * @param profile The profile.
 * @param options Name and stacks.
 * @returns Records in batches: name of the first value type, labels and values as fields.
 */
export async function* profileEvents(
  profile: Profile,
  options: ProfileEventsOptions,
): AsyncGenerator<readonly TimelineEvent[]> {
  const { samples, threads, labelSets, valueTypes, startTime } = profile;
  const { provider, stacks = false } = options;
  const times = samples.timeNs;
  const order = Array.from({ length: samples.length }, (_, row) => row);
  if (times !== undefined) order.sort((a, b) => times[a]! - times[b]!);
  const names = stacks ? frameNames(profile) : [];
  const typeName = valueTypes[0]?.type || "sample";
  let batch: TimelineEvent[] = [];
  for (const row of order) {
    const thread = threads[samples.thread[row]!];
    const fields: Record<string, unknown> = {};
    if (thread?.processName) fields["process"] = thread.processName;
    if (thread?.name) fields["thread"] = thread.name;
    valueTypes.forEach(({ type, unit }, column) => {
      const value = samples.values[column]![row]!;
      if (value !== 0) fields[`${type}_${unit}`] = value;
    });
    for (const { key, value } of labelSets[samples.labels[row]!] ?? []) {
      fields[key] = value;
    }
    const relativeNs = times?.[row];
    batch.push({
      type: "event",
      timestamp: relativeNs === undefined || startTime === undefined
        ? undefined
        : (startTime + BigInt(Math.round(relativeNs))) as UnixNs,
      relativeNs,
      provider,
      name: typeName,
      pid: thread?.pid,
      tid: thread?.tid,
      fields,
      ...(stacks ? { stack: stackOf(profile, row, names) } : {}),
    });
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function stackOf(
  { samples, stacks }: Profile,
  row: number,
  names: readonly string[],
): string[] {
  const stack: string[] = [];
  for (let at = samples.stack[row]!; at >= 0; at = stacks.prefix[at]!) {
    stack.push(names[stacks.frame[at]!]!);
  }
  return stack;
}
