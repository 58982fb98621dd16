import { parseIpAddress } from "../../codec/ip_address.ts";
import type { KcapEvent } from "../types.ts";
import { isComparable } from "./compare_values.ts";
import { compileNode } from "./compile_node.ts";
import { FIELDS } from "./field_table.ts";
import { bindField } from "./field_values.ts";
import { FilterError } from "./filter_error.ts";
import { parseFilter } from "./filter_parser.ts";
import type { FilterValue } from "./filter_value.ts";
import { FUNCTIONS } from "./function_table.ts";
import { IpValue } from "./ip_value.ts";
import type { LocalFiles } from "./local_files.ts";
import { renderFilter } from "./render_filter.ts";
import type {
  ComparisonNode,
  FieldNode,
  FilterNode,
  ValueType,
} from "./types.ts";
import { typeOfNode } from "./value_type.ts";
import { visitNode } from "./visit_node.ts";

/** How {@linkcode compileFilter} compiles. */
export interface CompileFilterOptions {
  /**
   * Whether Fibratus' own behaviour is kept where it is a defect: rules F1, F2,
   * F3, F5 and F6 of the documentation.
   *
   * @default {false}
   */
  readonly compat?: boolean | undefined;
  /** As the capture is read: event names of earlier releases then mean today's. @default {"normalize"} */
  readonly legacyNames?: "normalize" | "keep" | undefined;
  /** Files of this machine for `glob`, `is_minidump` and `symlink`, which do nothing without. */
  readonly local?: LocalFiles | undefined;
}

/** A filter that is ready to use. */
export interface KcapFilter {
  /** Its text. */
  readonly expression: string;
  /** Its tree as Fibratus prints it. */
  readonly tree: string;
  /** Names of all fields in it. */
  readonly fields: readonly string[];
  /** What is odd about it: deprecated fields, comparisons that are never true, bad regular expressions. */
  readonly warnings: readonly string[];
  /**
   * @param event An event of a reader, with its process.
   * @returns Whether it passes.
   */
  readonly test: (event: KcapEvent) => boolean;
}

/**
 * Compiles an expression of Fibratus' filter language.
 *
 * @param expression The expression.
 * @param options Rules and files.
 * @returns The filter; `undefined` when the expression is empty.
 * @throws {FilterError} When it is wrong, with a caret under the place.
 *
 * @example A filter for a reader
 * ```ts
 * import { compileFilter, makeEvent } from "@tracedeck/tracedeck/kcap";
 * import { assertEquals } from "@std/assert";
 *
 * const filter = compileFilter("file.path icontains 'temp' and evt.cpu < 2");
 * const event = makeEvent({
 *   guid: "90cbdc39-4a3e-11d1-84f4-0000f80464e3",
 *   hookId: 64,
 *   params: [{
 *     name: "file_path",
 *     type: "UnicodeString",
 *     value: "C:\\Windows\\Temp\\a.txt",
 *   }],
 * });
 * assertEquals(filter?.test(event), true);
 * ```
 */
export function compileFilter(
  expression: string,
  options: CompileFilterOptions = {},
): KcapFilter | undefined {
  const { compat = false, legacyNames = "normalize", local } = options;
  if (expression.trim() === "") return undefined;
  const node = parseFilter(expression, {
    compat,
    allowLocal: local !== undefined,
  });
  if (!usesEvent(node)) {
    throw new FilterError(
      "expected at least one field or operator but zero found",
    );
  }
  const warnings: string[] = [];
  const fields = new Set<string>();
  visitNode(node, (part) => {
    if (part.type === "field") {
      fields.add(part.name);
      warnOfDeprecation(part, warnings);
    } else if (part.type === "comparison") warnOfNever(part, warnings);
    else if (
      part.type === "function" && local === undefined &&
      FUNCTIONS.get(part.name)?.isLocal === true
    ) {
      warnings.push(
        `${part.name.toLowerCase()} looks at files of this machine, which is not allowed`,
      );
    }
  });
  const evaluate = compileNode(node, {
    bindField: (field) => ({
      read: bindField(FIELDS.get(field.name)!, field.argument),
      type: typeOfNode(field),
    }),
    compat,
    normalizes: legacyNames === "normalize",
    local,
    warn: (message) => warnings.push(message),
  });
  return {
    expression,
    tree: renderFilter(node),
    fields: [...fields],
    warnings: [...new Set(warnings)],
    test: (event) => evaluate(event) === true,
  };
}

/** A field alone counts only where it is a truth value. */
function usesEvent(node: FilterNode): boolean {
  switch (node.type) {
    case "function":
      return true;
    case "field":
      return FIELDS.get(node.name)?.type === "bool";
    case "paren":
      return usesEvent(node.inner);
    case "not":
      return usesEvent(node.operand);
    case "comparison":
      return [node.left, node.right].some(isOperandOfEvent);
    case "logic":
      return node.operands.some(isOperandOfEvent);
    default:
      return false;
  }
}

function isOperandOfEvent(node: FilterNode): boolean {
  const inner = node.type === "paren" ? node.inner : node;
  return inner.type === "field" || usesEvent(inner);
}

function warnOfDeprecation({ name }: FieldNode, warnings: string[]): void {
  const deprecated = FIELDS.get(name)?.deprecated;
  if (deprecated === undefined) return;
  warnings.push(
    `field ${name} is deprecated since ${deprecated.since}; use ${deprecated.use}`,
  );
}

/** One value of each kind, to ask which comparisons exist. */
const SAMPLES: Readonly<Partial<Record<ValueType, FilterValue>>> = {
  bool: true,
  string: "",
  u8: 0,
  u16: 0,
  u32: 0,
  u64: 0n,
  i64: 0n,
  int: 0,
  float: 0,
  ip: new IpValue(parseIpAddress("0.0.0.0")!),
  list: [],
  u64list: new BigUint64Array(1),
};

function warnOfNever(node: ComparisonNode, warnings: string[]): void {
  const left = typeOfNode(node.left);
  const right = typeOfNode(node.right);
  if (left === "any" || right === "any") return;
  // No operator is defined for times and bytes, which have no sample.
  if (isComparable(node.operator, SAMPLES[left], SAMPLES[right])) return;
  warnings.push(
    `"${
      renderFilter(node)
    }" is always false: ${left} does not compare with ${right} by ${node.operator}${
      left === "ip" && right === "string"
        ? "; write the address without quotes"
        : ""
    }`,
  );
}
