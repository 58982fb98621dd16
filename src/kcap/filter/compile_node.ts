import { parseIpAddress } from "../../codec/ip_address.ts";
import {
  currentCategory,
  currentEventName,
  FORMER_NAMES,
} from "../legacy_name_table.ts";
import type { KcapEvent } from "../types.ts";
import { bindFunction } from "./call_function.ts";
import { compareValues, relate } from "./compare_values.ts";
import { foldCase } from "./fold_case.ts";
import { ELEMENT_SOURCES } from "./foreach_elements.ts";
import type { FilterValue } from "./filter_value.ts";
import { IpValue } from "./ip_value.ts";
import type { LocalFiles } from "./local_files.ts";
import { NumberList } from "./number_list.ts";
import {
  compileTextTest,
  intersects,
  isTextOperator,
} from "./text_operators.ts";
import type {
  BoundNode,
  ComparisonNode,
  ComparisonOperator,
  FieldNode,
  FilterNode,
  FunctionNode,
  ListNode,
  LogicNode,
  NotNode,
  ValueType,
} from "./types.ts";
import { typeOfNode } from "./value_type.ts";

/** Gives the value of a part of a filter for an event. */
export type Evaluator = (event: KcapEvent) => FilterValue;

/** A field that is ready to be read. */
export interface BoundField {
  readonly read: Evaluator;
  readonly type: ValueType;
}

/** How {@linkcode compileNode} compiles. */
export interface CompileNodeOptions {
  /** Finds the values of fields. */
  readonly bindField: (node: FieldNode) => BoundField;
  /** Whether Fibratus' own behaviour is kept where it is a defect. */
  readonly compat: boolean;
  /** Whether event names and categories of earlier releases mean today's. */
  readonly normalizes: boolean;
  /** Files of this machine; absent where they must not be looked at. */
  readonly local?: LocalFiles | undefined;
  /** Gets what is wrong without being an error. */
  readonly warn: (message: string) => void;
}

/**
 * Compiles the tree of a filter to functions.
 *
 * @param node The tree.
 * @param options Fields, rules, warnings.
 * @returns The function of an event.
 */
export function compileNode(
  node: FilterNode,
  options: CompileNodeOptions,
): Evaluator {
  return new NodeCompiler(options).compile(node);
}

/** The element that a `foreach` looks at. */
interface Variable {
  readonly iterable: string;
  element: unknown;
}

/** Bits of the numbers that Fibratus cuts literals to. */
const WIDTHS: Readonly<Partial<Record<ValueType, number>>> = {
  u8: 8,
  u16: 16,
  u32: 32,
};

const NUMERIC: ReadonlySet<ValueType> = new Set([
  "u8",
  "u16",
  "u32",
  "u64",
  "i64",
  "int",
  "float",
]);

class NodeCompiler {
  readonly #options: CompileNodeOptions;
  readonly #variables = new Map<string, Variable>();

  constructor(options: CompileNodeOptions) {
    this.#options = options;
  }

  compile(node: FilterNode): Evaluator {
    switch (node.type) {
      case "field":
        return this.#options.bindField(node).read;
      case "bound":
        return this.#compileBound(node);
      case "function":
        return this.#compileFunction(node);
      case "paren":
        return this.compile(node.inner);
      case "not":
        return this.#compileNot(node);
      case "comparison":
        return this.#compileComparison(node);
      case "logic":
        return this.#compileLogic(node);
      default: {
        const value = constantOf(node);
        return () => value;
      }
    }
  }

  #typeOf(node: FilterNode): ValueType {
    if (node.type === "paren") return this.#typeOf(node.inner);
    return node.type === "field" && !ELEMENT_SOURCES.has(node.name)
      ? this.#options.bindField(node).type
      : typeOfNode(node);
  }

  #compileLogic({ operator, operands }: LogicNode): Evaluator {
    const parts = operands.map((operand) => this.compile(operand));
    const isAnd = operator === "and";
    const [first, ...rest] = parts as [Evaluator, ...Evaluator[]];
    return (event) => {
      let value = first(event);
      for (const part of rest) {
        // The left side alone decides.
        if (value === !isAnd) return value;
        value = combine(isAnd, value, part(event));
      }
      return value;
    };
  }

  #compileNot({ operand }: NotNode): Evaluator {
    const part = this.compile(operand);
    if (this.#options.compat && operand.type === "field") {
      return () => undefined;
    }
    // A function without value counts as false, anything else stays without.
    const isFunction = operand.type === "function";
    return (event) => {
      const value = part(event);
      if (value === undefined) return isFunction ? true : undefined;
      return typeof value === "boolean" ? !value : undefined;
    };
  }

  #compileComparison(node: ComparisonNode): Evaluator {
    const { left, isNegated } = node;
    const operator = node.operator;
    const right = this.#withSynonyms(node);
    const read = this.compile(left);
    let compare: Evaluator;
    const constant = unwrapped(right);
    if (this.#options.compat && this.#neverCompares(left, right, operator)) {
      compare = () => false;
    } else if (constant.type === "list") {
      compare = compareWithList(operator, read, constant, this.#options.compat);
    } else if (constant.type === "string") {
      compare = this.#compareWithText(operator, read, constant.value);
    } else if (constant.type === "integer" || constant.type === "decimal") {
      compare = this.#compareWithNumber(
        operator,
        read,
        this.#literalFor(left, constant),
      );
    } else {
      const readRight = this.compile(right);
      const { compat } = this.#options;
      compare = (event) =>
        compareValues(operator, read(event), readRight(event), { compat });
    }
    if (!isNegated) return compare;
    return (event) => {
      const value = compare(event);
      return typeof value === "boolean" ? !value : undefined;
    };
  }

  #compareWithText(
    operator: ComparisonOperator,
    read: Evaluator,
    wanted: string,
  ): Evaluator {
    const { compat } = this.#options;
    const fallback = (value: FilterValue) =>
      compareValues(operator, value, wanted, { compat });
    if (operator === "=") {
      return (event) => {
        const value = read(event);
        return typeof value === "string" ? value === wanted : fallback(value);
      };
    }
    if (operator === "~=") {
      const folded = foldCase(wanted);
      return (event) => {
        const value = read(event);
        return typeof value === "string"
          ? foldCase(value) === folded
          : fallback(value);
      };
    }
    if (
      !isTextOperator(operator) || operator === "in" || operator === "iin"
    ) return (event) => fallback(read(event));
    const test = compileTextTest(operator, [wanted]);
    return (event) => {
      const value = read(event);
      return typeof value === "string" ? test(value) : fallback(value);
    };
  }

  #compareWithNumber(
    operator: ComparisonOperator,
    read: Evaluator,
    wanted: number | bigint,
  ): Evaluator {
    const { compat } = this.#options;
    const slow = (value: FilterValue) =>
      typeof value === "number" || typeof value === "bigint"
        ? relate(operator, value, wanted)
        : compareValues(operator, value, wanted, { compat });
    const quick = typeof wanted === "number"
      ? quickRelation(operator, wanted)
      : undefined;
    if (quick === undefined) return (event) => slow(read(event));
    return (event) => {
      const value = read(event);
      return typeof value === "number" ? quick(value) : slow(value);
    };
  }

  /** Fibratus cuts literals to the width of what they are compared with. */
  #literalFor(left: FilterNode, node: FilterNode): number | bigint {
    const value = constantOf(node) as number | bigint;
    if (!this.#options.compat || node.type !== "integer") return value;
    const width = WIDTHS[this.#typeOf(left)];
    return width === undefined ? value : BigInt.asUintN(width, node.value);
  }

  /** Numbers of different widths, and lists beside some of them, in Fibratus. */
  #neverCompares(
    left: FilterNode,
    right: FilterNode,
    operator: ComparisonOperator,
  ): boolean {
    const leftType = this.#typeOf(left);
    if (!NUMERIC.has(leftType)) return false;
    const rightType = this.#typeOf(right);
    if (rightType === "list") {
      return operator !== "in" || (leftType !== "u16" && leftType !== "u32");
    }
    if (!NUMERIC.has(rightType) || rightType === "float") return false;
    const kind = unwrapped(right).type;
    if (kind === "integer") return false;
    const isNarrow = leftType === "u16" || leftType === "u32";
    return rightType !== (isNarrow ? leftType : "u64");
  }

  /** Accepts names that events and categories had in earlier releases. */
  #withSynonyms({ left, right, operator }: ComparisonNode): FilterNode {
    const isEquality = operator === "=" || operator === "~=" ||
      operator === "in" || operator === "iin";
    if (
      !this.#options.normalizes || !isEquality || left.type !== "field"
    ) return right;
    const rename = left.name === "evt.name" || left.name === "kevt.name"
      ? currentEventName
      : left.name === "evt.category" || left.name === "kevt.category"
      ? currentCategory
      : undefined;
    if (rename === undefined) return right;
    const foldsCase = operator === "~=" || operator === "iin";
    const toCurrent = (text: string) =>
      rename(foldsCase ? formerSpelling(text) : text, undefined);
    if (right.type === "string") {
      return { ...right, value: toCurrent(right.value) };
    }
    return right.type === "list"
      ? { ...right, items: right.items.map(toCurrent) }
      : right;
  }

  #compileFunction(node: FunctionNode): Evaluator {
    if (node.name === "FOREACH") return this.#compileForeach(node);
    const call = bindFunction(node, this.#options);
    const args = node.args.map((arg) => this.compile(arg));
    return (event) => call(args.map((read) => read(event)));
  }

  #compileForeach(node: FunctionNode): Evaluator {
    const [iterable, bound, predicate] = node.args as readonly [
      FilterNode,
      BoundNode,
      FilterNode,
    ];
    const name = iterable.type === "field" ? iterable.name : "";
    const source = ELEMENT_SOURCES.get(name);
    const readList = source === undefined ? this.compile(iterable) : undefined;
    const variable: Variable = { iterable: name, element: undefined };
    const outer = this.#variables.get(bound.variable);
    this.#variables.set(bound.variable, variable);
    const test = this.compile(predicate);
    if (outer === undefined) this.#variables.delete(bound.variable);
    else this.#variables.set(bound.variable, outer);
    return (event) => {
      const list = source === undefined
        ? readList!(event)
        : source.elements(event);
      if (!Array.isArray(list)) return false;
      for (const element of list) {
        variable.element = element;
        if (test(event) === true) return true;
      }
      return false;
    };
  }

  #compileBound({ variable: name, segment }: BoundNode): Evaluator {
    const variable = this.#variables.get(name);
    if (variable === undefined) return () => undefined;
    if (segment === undefined) {
      return () =>
        typeof variable.element === "string" ? variable.element : undefined;
    }
    const read = ELEMENT_SOURCES.get(variable.iterable)?.reader(segment);
    return () => read?.(variable.element);
  }
}

/** Comparison with a number that is no 64-bit one, as nearly all are. */
function quickRelation(
  operator: ComparisonOperator,
  wanted: number,
): ((value: number) => boolean) | undefined {
  switch (operator) {
    case "=":
      return (value) => value === wanted;
    case "!=":
      return (value) => value !== wanted;
    case "<":
      return (value) => value < wanted;
    case "<=":
      return (value) => value <= wanted;
    case ">":
      return (value) => value > wanted;
    case ">=":
      return (value) => value >= wanted;
    default:
      return undefined;
  }
}

/** A former name in the case in which it was written. */
function formerSpelling(text: string): string {
  const folded = foldCase(text);
  return FORMER_NAMES.find((name) => foldCase(name) === folded) ?? text;
}

function unwrapped(node: FilterNode): FilterNode {
  return node.type === "paren" ? unwrapped(node.inner) : node;
}

function constantOf(node: FilterNode): FilterValue {
  switch (node.type) {
    case "string":
    case "decimal":
    case "bool":
      return node.value;
    case "integer":
      return node.value <= Number.MAX_SAFE_INTEGER
        ? Number(node.value)
        : node.value;
    case "ip":
      return new IpValue(parseIpAddress(canonicalIp(node.text))!);
    case "list":
      return node.items;
    default:
      return undefined;
  }
}

/** Leading zeros are allowed in the language. */
function canonicalIp(text: string): string {
  return text.split(".").map(Number).join(".");
}

/** Nothing beside a truth value counts as false. */
function combine(
  isAnd: boolean,
  left: FilterValue,
  right: FilterValue,
): boolean | undefined {
  const a = left === undefined && typeof right === "boolean" ? false : left;
  const b = right === undefined && typeof left === "boolean" ? false : right;
  if (typeof a !== "boolean" || typeof b !== "boolean") return undefined;
  return isAnd ? a && b : a || b;
}

function compareWithList(
  operator: ComparisonOperator,
  read: Evaluator,
  { items }: ListNode,
  compat: boolean,
): Evaluator {
  const fallback = (value: FilterValue) =>
    compareValues(operator, value, items, { compat });
  if (operator === "intersects" || operator === "iintersects") {
    const ignoreCase = operator === "iintersects";
    return (event) => {
      const value = read(event);
      return Array.isArray(value)
        ? intersects(value, items, ignoreCase)
        : fallback(value);
    };
  }
  if (!isTextOperator(operator)) return (event) => fallback(read(event));
  const test = compileTextTest(operator, items);
  const numbers = new NumberList(items);
  const addresses = operator === "in"
    ? items.flatMap((item) => {
      const bytes = parseIpAddress(item);
      return bytes === undefined ? [] : [new IpValue(bytes)];
    })
    : [];
  return (event) => {
    const value = read(event);
    if (typeof value === "string") return test(value);
    if (Array.isArray(value)) {
      return operator.includes("fuzzy") ? undefined : value.some(test);
    }
    if (operator !== "in") return undefined;
    if (typeof value === "number" || typeof value === "bigint") {
      return numbers.has(value);
    }
    return value instanceof IpValue
      ? addresses.some((address) => address.equals(value))
      : undefined;
  };
}
