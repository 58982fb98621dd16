import type { WordOperator } from "./word_operator_table.ts";

/** A comparison between two operands. */
export type ComparisonOperator =
  | "="
  | "~="
  | "!="
  | "<"
  | "<="
  | ">"
  | ">="
  | WordOperator;

/** A field of an event. */
export interface FieldNode {
  readonly type: "field";
  readonly name: string;
  /** What stands in brackets. */
  readonly argument: string | undefined;
}

/** An element of the list that a `foreach` goes through, or one of its attributes. */
export interface BoundNode {
  readonly type: "bound";
  readonly variable: string;
  readonly segment: string | undefined;
}

/** Text between single quotes. */
export interface StringNode {
  readonly type: "string";
  readonly value: string;
}

/** An integer of up to 64 bits. */
export interface IntegerNode {
  readonly type: "integer";
  readonly value: bigint;
}

/** A number with a decimal point. */
export interface DecimalNode {
  readonly type: "decimal";
  readonly value: number;
}

/** An IPv4 address. */
export interface IpNode {
  readonly type: "ip";
  readonly text: string;
}

/** `true` or `false`. */
export interface BoolNode {
  readonly type: "bool";
  readonly value: boolean;
}

/** A list of texts; numbers and addresses keep their spelling. */
export interface ListNode {
  readonly type: "list";
  readonly items: readonly string[];
}

/** A call of a function. */
export interface FunctionNode {
  readonly type: "function";
  /** In upper case. */
  readonly name: string;
  readonly args: readonly FilterNode[];
}

/** An expression between parentheses. */
export interface ParenNode {
  readonly type: "paren";
  readonly inner: FilterNode;
}

/** `not` before an operand. */
export interface NotNode {
  readonly type: "not";
  readonly operand: FilterNode;
}

/** A comparison, possibly negated: `a not in b`. */
export interface ComparisonNode {
  readonly type: "comparison";
  readonly operator: ComparisonOperator;
  readonly left: FilterNode;
  readonly right: FilterNode;
  readonly isNegated: boolean;
}

/** `a and b and c`, or the same with `or`. */
export interface LogicNode {
  readonly type: "logic";
  readonly operator: "and" | "or";
  /** Two or more. */
  readonly operands: readonly FilterNode[];
}

/** A filter expression as a tree. */
export type FilterNode =
  | FieldNode
  | BoundNode
  | StringNode
  | IntegerNode
  | DecimalNode
  | IpNode
  | BoolNode
  | ListNode
  | FunctionNode
  | ParenNode
  | NotNode
  | ComparisonNode
  | LogicNode;

/** Kind of value that a part of an expression gives. */
export type ValueType =
  | "bool"
  | "string"
  | "u8"
  | "u16"
  | "u32"
  | "u64"
  | "i64"
  | "int"
  | "float"
  | "ip"
  | "time"
  | "bytes"
  | "list"
  | "u64list"
  /** Known only when the filter runs. */
  | "any";
