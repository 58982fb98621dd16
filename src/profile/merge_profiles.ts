import type { UnixNs } from "../base/time.ts";
import { ProfileCopier } from "./_profile_copier.ts";
import { ProfileBuilder } from "./profile_builder.ts";
import type { Profile, ValueType } from "./types.ts";

/**
 * Merges profiles into one with the samples of all.
 *
 * Value types of equal type and unit share a column; where a profile lacks one
 * its samples have 0. The result keeps times if all profiles have them,
 * otherwise samples of equal stack, thread and labels are summed.
 *
 * @param profiles At least one; earlier ones decide the order of tables and the default.
 * @returns The merged profile. It starts with the earliest and covers the time up
 * to the latest end; where a start is unknown, durations are added up. One
 * profile alone is returned as it is.
 * @throws {RangeError} When there is no profile.
 */
export function mergeProfiles(profiles: readonly Profile[]): Profile {
  const first = profiles[0];
  if (first === undefined) {
    throw new RangeError("Cannot merge profiles: there is none");
  }
  if (profiles.length === 1) return first;
  const valueTypes: ValueType[] = [];
  const columnsOf = profiles.map((profile) =>
    profile.valueTypes.map((type) => columnIndex(valueTypes, type))
  );
  const builder = new ProfileBuilder({
    valueTypes,
    defaultValueType: columnsOf[0]![first.defaultValueType]!,
    timed: profiles.every(({ samples }) => samples.timeNs !== undefined),
  });
  const startTime = earliest(profiles);
  const values = new Float64Array(valueTypes.length);
  profiles.forEach((profile, index) => {
    const { samples } = profile;
    const copier = new ProfileCopier(profile, builder);
    const shiftNs = startTime === undefined || profile.startTime === undefined
      ? 0
      : Number(profile.startTime - startTime);
    const columns = columnsOf[index]!;
    for (let row = 0; row < samples.length; row++) {
      values.fill(0);
      columns.forEach((column, own) =>
        values[column]! += samples.values[own]![row]!
      );
      builder.addSample(
        copier.stack(samples.stack[row]!),
        copier.thread(samples.thread[row]!),
        values,
        {
          labels: copier.labels(samples.labels[row]!),
          timeNs: (samples.timeNs?.[row] ?? 0) + shiftNs,
        },
      );
    }
  });
  mergeFacts(builder, profiles, startTime);
  return builder.build();
}

function columnIndex(columns: ValueType[], wanted: ValueType): number {
  const index = columns.findIndex(({ type, unit }) =>
    type === wanted.type && unit === wanted.unit
  );
  return index < 0 ? columns.push(wanted) - 1 : index;
}

function earliest(profiles: readonly Profile[]): UnixNs | undefined {
  let result: UnixNs | undefined;
  for (const { startTime } of profiles) {
    if (startTime === undefined) continue;
    if (result === undefined || startTime < result) result = startTime;
  }
  return result;
}

function mergeFacts(
  { facts }: ProfileBuilder,
  profiles: readonly Profile[],
  startTime: UnixNs | undefined,
): void {
  const first = profiles[0]!;
  if (startTime !== undefined) facts.startTime = startTime;
  facts.durationNs = coveredNs(profiles, startTime);
  const { periodType } = first;
  const sameType = profiles.every((profile) =>
    profile.periodType?.type === periodType?.type &&
    profile.periodType?.unit === periodType?.unit
  );
  if (sameType && periodType !== undefined) {
    facts.periodType = periodType;
    for (const { period } of profiles) {
      facts.period = Math.max(facts.period, period);
    }
  }
  const comments = new Set(profiles.flatMap((profile) => profile.comments));
  for (const comment of comments) facts.comments.push(comment);
  for (const { dropFrames, keepFrames, docUrl } of profiles) {
    facts.dropFrames ??= dropFrames;
    facts.keepFrames ??= keepFrames;
    facts.docUrl ??= docUrl;
  }
}

function coveredNs(
  profiles: readonly Profile[],
  startTime: UnixNs | undefined,
): number {
  let sum = 0;
  let end = 0;
  let known = startTime !== undefined;
  for (const profile of profiles) {
    sum += profile.durationNs;
    if (profile.startTime === undefined) known = false;
    else {
      const shiftNs = Number(profile.startTime - startTime!);
      end = Math.max(end, shiftNs + profile.durationNs);
    }
  }
  return known ? end : sum;
}
