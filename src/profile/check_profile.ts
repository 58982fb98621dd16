import type { Profile } from "./types.ts";

/** Problems beyond this number are not listed. */
const MAX_PROBLEMS = 20;

/**
 * Checks that a profile is what the model says: indexes lie in their tables,
 * stacks come after their prefixes, columns are equally long, numbers are
 * finite. Writers rely on it; run it on what comes from other code.
 *
 * @param profile Any profile.
 * @returns What is wrong, at most 20 phrases; nothing for a valid profile.
 *
 * @example A valid profile
 * ```ts
 * import { ProfileBuilder, checkProfile } from "@tracedeck/tracedeck/profile";
 * import { assertEquals } from "@std/assert";
 *
 * const builder = new ProfileBuilder({
 *   valueTypes: [{ type: "samples", unit: "count" }],
 * });
 * assertEquals(checkProfile(builder.build()), []);
 * ```
 */
export function checkProfile(profile: Profile): readonly string[] {
  const { functions, frames, stacks, samples } = profile;
  const problems: string[] = [];
  const report = (problem: string): void => {
    if (problems.length < MAX_PROBLEMS) problems.push(problem);
  };
  const checkIndexes = (
    what: string,
    column: Int32Array,
    length: number,
    from: number,
    to: number,
  ): void => {
    if (column.length !== length) {
      report(`${what} has ${column.length} entries, expected ${length}`);
    }
    for (let index = 0; index < column.length; index++) {
      const value = column[index]!;
      if (value < from || value >= to) {
        report(
          `${what} of ${index} is ${value}, expected ${from} to ${to - 1}`,
        );
      }
    }
  };
  const checkNumbers = (
    what: string,
    column: Float64Array,
    length: number,
  ): void => {
    if (column.length !== length) {
      report(`${what} has ${column.length} entries, expected ${length}`);
    }
    const bad = column.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) report(`${what} of ${bad} is ${column[bad]}`);
  };

  const strings = profile.strings.length;
  if (profile.strings[0] !== "") report("the first string is not empty");
  if (profile.labelSets[0]?.length !== 0) {
    report("the first set of labels is not empty");
  }
  const types = profile.valueTypes.length;
  if (types === 0) report("there is no value type");
  if (profile.valueTypes[profile.defaultValueType] === undefined) {
    report(`default value type is ${profile.defaultValueType} of ${types}`);
  }
  const integers = 2 ** 31;
  checkIndexes("function name", functions.name, functions.length, 0, strings);
  checkIndexes(
    "function system name",
    functions.systemName,
    functions.length,
    0,
    strings,
  );
  checkIndexes(
    "function file name",
    functions.fileName,
    functions.length,
    0,
    strings,
  );
  checkIndexes(
    "function start line",
    functions.startLine,
    functions.length,
    0,
    integers,
  );
  checkIndexes(
    "frame function",
    frames.function,
    frames.length,
    -1,
    functions.length,
  );
  checkIndexes(
    "frame mapping",
    frames.mapping,
    frames.length,
    -1,
    profile.mappings.length,
  );
  checkIndexes("frame line", frames.line, frames.length, 0, integers);
  checkIndexes("frame column", frames.column, frames.length, 0, integers);
  checkIndexes("frame kind", frames.kind, frames.length, 0, strings);
  if (frames.address.length !== frames.length) {
    report(
      `frame address has ${frames.address.length} entries, expected ${frames.length}`,
    );
  }
  checkIndexes("stack frame", stacks.frame, stacks.length, 0, frames.length);
  checkIndexes("stack prefix", stacks.prefix, stacks.length, -1, stacks.length);
  const late = stacks.prefix.findIndex((prefix, stack) => prefix >= stack);
  if (late >= 0) {
    report(`stack prefix of ${late} is ${stacks.prefix[late]}, expected less`);
  }
  checkIndexes(
    "sample stack",
    samples.stack,
    samples.length,
    -1,
    stacks.length,
  );
  checkIndexes(
    "sample thread",
    samples.thread,
    samples.length,
    -1,
    profile.threads.length,
  );
  checkIndexes(
    "sample labels",
    samples.labels,
    samples.length,
    0,
    profile.labelSets.length,
  );
  if (samples.values.length !== types) {
    report(
      `there are ${samples.values.length} value columns, expected ${types}`,
    );
  }
  samples.values.forEach((column, index) =>
    checkNumbers(`value column ${index}`, column, samples.length)
  );
  if (samples.timeNs !== undefined) {
    checkNumbers("sample time", samples.timeNs, samples.length);
  }
  profile.mappings.forEach(({ start, end }, index) => {
    if (end < start) report(`mapping ${index} ends before it starts`);
  });
  return problems;
}
