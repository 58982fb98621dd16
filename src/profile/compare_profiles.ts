import { OptionError } from "../base/errors.ts";
import { sumFunctions } from "./function_totals.ts";
import type { Profile } from "./types.ts";

/** A function in two profiles. */
export interface FunctionChange {
  /** Name of the function, as of `frameName`. */
  readonly name: string;
  readonly exclusiveBefore: number;
  readonly exclusiveAfter: number;
  readonly inclusiveBefore: number;
  readonly inclusiveAfter: number;
}

/** Two profiles side by side. */
export interface ProfileComparison {
  /** Value of all samples of the first profile. */
  readonly totalBefore: number;
  /** Value of all samples of the second profile, scaled. */
  readonly totalAfter: number;
  /** Every function of either, the largest change of the exclusive value first. */
  readonly changes: readonly FunctionChange[];
}

/** What {@linkcode compareProfiles} compares. */
export interface CompareProfilesOptions {
  /** Kind of value, by `ValueType.type`. @default {that of the first profile's default} */
  readonly valueType?: string | undefined;
  /** Whether the second profile is scaled to the total of the first one. @default {false} */
  readonly normalize?: boolean | undefined;
}

/**
 * Compares two profiles by function name.
 *
 * @param before The first profile.
 * @param after The second profile.
 * @param options Which value, and whether to scale.
 * @returns The comparison.
 * @throws {OptionError} When one of them lacks the value.
 * @throws {RangeError} When their units differ.
 */
export function compareProfiles(
  before: Profile,
  after: Profile,
  options: CompareProfilesOptions = {},
): ProfileComparison {
  const {
    valueType = before.valueTypes[before.defaultValueType]!.type,
    normalize = false,
  } = options;
  const one = columnOf(before, valueType);
  const two = columnOf(after, valueType);
  const [unitBefore, unitAfter] = [
    before.valueTypes[one]!.unit,
    after.valueTypes[two]!.unit,
  ];
  if (unitBefore !== unitAfter) {
    throw new RangeError(
      `Cannot compare profiles: "${valueType}" is in ${unitBefore} in one and in ${unitAfter} in the other`,
    );
  }
  const sumsBefore = sumFunctions(before, { valueType: one });
  const sumsAfter = sumFunctions(after, { valueType: two });
  const scale = normalize && sumsAfter.total !== 0
    ? sumsBefore.total / sumsAfter.total
    : 1;

  const changes = new Map<
    string,
    { -readonly [Key in keyof FunctionChange]: FunctionChange[Key] }
  >();
  for (const { name, exclusive, inclusive } of sumsBefore.functions) {
    changes.set(name, {
      name,
      exclusiveBefore: exclusive,
      exclusiveAfter: 0,
      inclusiveBefore: inclusive,
      inclusiveAfter: 0,
    });
  }
  for (const { name, exclusive, inclusive } of sumsAfter.functions) {
    const change = changes.get(name) ??
      {
        name,
        exclusiveBefore: 0,
        exclusiveAfter: 0,
        inclusiveBefore: 0,
        inclusiveAfter: 0,
      };
    change.exclusiveAfter = exclusive * scale;
    change.inclusiveAfter = inclusive * scale;
    changes.set(name, change);
  }
  const size = (change: FunctionChange) =>
    Math.abs(change.exclusiveAfter - change.exclusiveBefore);
  const inclusiveSize = (change: FunctionChange) =>
    Math.abs(change.inclusiveAfter - change.inclusiveBefore);
  return {
    totalBefore: sumsBefore.total,
    totalAfter: sumsAfter.total * scale,
    changes: [...changes.values()].sort((a, b) =>
      size(b) - size(a) || inclusiveSize(b) - inclusiveSize(a) ||
      (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
    ),
  };
}

/**
 * Finds a value column by its kind.
 *
 * @param profile The profile.
 * @param type Kind of value, as of `ValueType.type`.
 * @returns Index of the column.
 * @throws {OptionError} When the profile has no such values.
 */
export function columnOf(profile: Profile, type: string): number {
  const index = profile.valueTypes.findIndex((valueType) =>
    valueType.type === type
  );
  if (index >= 0) return index;
  throw new OptionError(
    `Cannot take "${type}" of the profile: it has ${
      profile.valueTypes.map((valueType) => valueType.type).join(", ")
    }`,
  );
}
