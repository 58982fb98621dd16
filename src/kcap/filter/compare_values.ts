import { foldCase } from "./fold_case.ts";
import type { FilterValue } from "./filter_value.ts";
import { IpValue } from "./ip_value.ts";
import { parseIpAddress } from "../../codec/ip_address.ts";
import { NumberList } from "./number_list.ts";
import { intersects, isTextOperator, makeTextTest } from "./text_operators.ts";
import type { ComparisonOperator } from "./types.ts";

/** How {@linkcode compareValues} compares. */
export interface CompareOptions {
  /** Whether a list compares with a text only where Fibratus does so. */
  readonly compat: boolean;
}

/** Operators whose comparison of things that do not go together is false, not without value. */
const PLAIN: ReadonlySet<ComparisonOperator> = new Set([
  "=",
  "~=",
  "!=",
  "<",
  "<=",
  ">",
  ">=",
]);

/** Operators that Fibratus knows between a list and a single text. */
const LIST_WITH_TEXT: ReadonlySet<ComparisonOperator> = new Set([
  "contains",
  "in",
  "iin",
]);

const NUMBER_RELATIONS: ReadonlySet<ComparisonOperator> = new Set([
  "=",
  "!=",
  "<",
  "<=",
  ">",
  ">=",
]);

/**
 * Compares two values of any kind.
 *
 * @param operator The operator.
 * @param left What stands on its left.
 * @param right What stands on its right.
 * @param options Which rules hold.
 * @returns The result; `undefined`, no value, where the operator is not defined
 * for such values.
 */
export function compareValues(
  operator: ComparisonOperator,
  left: FilterValue,
  right: FilterValue,
  options: CompareOptions,
): boolean | undefined {
  const result = compareKnown(operator, left, right, options);
  return result === undefined && PLAIN.has(operator) ? false : result;
}

/**
 * @param operator The operator.
 * @param left A value of the kind on its left.
 * @param right A value of the kind on its right.
 * @returns Whether the operator is defined for such values.
 */
export function isComparable(
  operator: ComparisonOperator,
  left: FilterValue,
  right: FilterValue,
): boolean {
  return compareKnown(operator, left, right, { compat: false }) !== undefined;
}

function compareKnown(
  operator: ComparisonOperator,
  left: FilterValue,
  right: FilterValue,
  options: CompareOptions,
): boolean | undefined {
  switch (typeof left) {
    case "string":
      return compareText(operator, left, right);
    case "number":
    case "bigint":
      return compareNumber(operator, left, right);
    case "boolean":
      if (typeof right !== "boolean") return undefined;
      if (operator === "=") return left === right;
      return operator === "!=" ? left !== right : undefined;
    case "object":
      if (left instanceof IpValue) return compareIp(operator, left, right);
      if (left instanceof BigUint64Array) {
        return compareWideList(operator, left, right);
      }
      if (left instanceof Uint8Array) return undefined;
      return compareList(operator, left, right, options);
    default:
      return undefined;
  }
}

function isList(value: FilterValue): value is readonly string[] {
  return Array.isArray(value);
}

function isNumber(value: FilterValue): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

function compareText(
  operator: ComparisonOperator,
  left: string,
  right: FilterValue,
): boolean | undefined {
  if (typeof right === "string") {
    switch (operator) {
      case "=":
        return left === right;
      case "!=":
        return left !== right;
      case "~=":
        return foldCase(left) === foldCase(right);
      case "in":
      case "iin":
        return false; // a text is no list
    }
    return isTextOperator(operator)
      ? makeTextTest(operator, [right])(left)
      : undefined;
  }
  return isList(right) && isTextOperator(operator)
    ? makeTextTest(operator, right)(left)
    : undefined;
}

function compareNumber(
  operator: ComparisonOperator,
  left: number | bigint,
  right: FilterValue,
): boolean | undefined {
  if (isNumber(right)) return relate(operator, left, right);
  return operator === "in" && isList(right)
    ? new NumberList(right).has(left)
    : undefined;
}

/**
 * Compares numbers by value, of whatever width.
 *
 * @param operator The operator.
 * @param left Left number.
 * @param right Right number.
 * @returns The result; `undefined` when it is no operator for numbers.
 */
export function relate(
  operator: ComparisonOperator,
  left: number | bigint,
  right: number | bigint,
): boolean | undefined {
  if (!NUMBER_RELATIONS.has(operator)) return undefined;
  // Mixed comparisons are exact.
  const isLess = left < right;
  const isGreater = left > right;
  switch (operator) {
    case "=":
      return !isLess && !isGreater;
    case "!=":
      return isLess || isGreater;
    case "<":
      return isLess;
    case "<=":
      return !isGreater;
    case ">":
      return isGreater;
    default:
      return !isLess;
  }
}

function compareIp(
  operator: ComparisonOperator,
  left: IpValue,
  right: FilterValue,
): boolean | undefined {
  if (right instanceof IpValue) {
    if (operator === "=") return left.equals(right);
    return operator === "!=" ? !left.equals(right) : undefined;
  }
  if (typeof right === "string") {
    if (operator === "startswith") return left.text.startsWith(right);
    return operator === "endswith" ? left.text.endsWith(right) : undefined;
  }
  if (operator !== "in" || !isList(right)) return undefined;
  return right.some((item) => {
    const bytes = parseIpAddress(item);
    return bytes !== undefined && left.equals(new IpValue(bytes));
  });
}

function compareWideList(
  operator: ComparisonOperator,
  left: BigUint64Array,
  right: FilterValue,
): boolean | undefined {
  if (!isNumber(right) || (operator !== ">" && operator !== ">=")) {
    return undefined;
  }
  return left.some((item) => relate(operator, item, right) === true);
}

function compareList(
  operator: ComparisonOperator,
  left: readonly string[],
  right: FilterValue,
  options: CompareOptions,
): boolean | undefined {
  let wanted: readonly string[];
  if (isList(right)) wanted = right;
  else if (typeof right === "string") {
    if (options.compat && !LIST_WITH_TEXT.has(operator)) return undefined;
    wanted = [right];
  } else return undefined;
  if (operator === "intersects" || operator === "iintersects") {
    return intersects(left, wanted, operator === "iintersects");
  }
  if (!isTextOperator(operator) || operator.includes("fuzzy")) {
    return undefined;
  }
  return left.some(makeTextTest(operator, wanted));
}
