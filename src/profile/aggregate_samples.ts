import { TupleTable } from "./tuple_table.ts";
import type { Profile } from "./types.ts";

/**
 * Sums the samples of equal stack, thread and labels and forgets their times.
 *
 * @param profile Any profile.
 * @returns A profile with the same tables and fewer samples, in order of first
 * appearance; the same profile if it holds sums already.
 */
export function aggregateSamples(profile: Profile): Profile {
  const { samples } = profile;
  if (samples.timeNs === undefined) return profile;
  const rows = new TupleTable(3);
  const rowOf = new Int32Array(samples.length);
  for (let index = 0; index < samples.length; index++) {
    rowOf[index] = rows.intern3(
      samples.stack[index]!,
      samples.thread[index]!,
      samples.labels[index]!,
    );
  }
  return {
    ...profile,
    samples: {
      length: rows.length,
      stack: rows.column(0),
      thread: rows.column(1),
      labels: rows.column(2),
      timeNs: undefined,
      values: samples.values.map((column) => {
        const sums = new Float64Array(rows.length);
        for (let index = 0; index < column.length; index++) {
          sums[rowOf[index]!]! += column[index]!;
        }
        return sums;
      }),
    },
  };
}
