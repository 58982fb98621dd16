import { nearestWord } from "../../base/nearest.ts";
import { FIELDS, type FieldSpec, PSEUDO_FIELDS } from "./field_table.ts";
import { FilterError, syntaxError } from "./filter_error.ts";
import { checkForeach } from "./foreach_check.ts";
import {
  type ArgumentKind,
  FUNCTIONS,
  type FunctionSpec,
  KNOWN_FUNCTION_NAMES,
} from "./function_table.ts";
import { type Token, Tokenizer } from "./tokenizer.ts";
import type {
  BoundNode,
  ComparisonOperator,
  FieldNode,
  FilterNode,
  FunctionNode,
  ListNode,
} from "./types.ts";
import { typeOfNode } from "./value_type.ts";
import { isWordOperator } from "./word_operator_table.ts";

/** How {@linkcode parseFilter} reads. */
export interface ParseFilterOptions {
  /** Whether what Fibratus ignores at the end is ignored. @default {false} */
  readonly compat?: boolean | undefined;
  /** Whether functions that look at this machine's files exist. @default {false} */
  readonly allowLocal?: boolean | undefined;
}

/** Longest expression in characters, those within lists left out. */
const MAX_LENGTH = 64 * 1024;
/** Longest expression with all its lists. */
const MAX_LENGTH_WITH_LISTS = 4 * 1024 * 1024;
const MAX_DEPTH = 256;

const OPERAND = [
  "field",
  "bound field",
  "string",
  "number",
  "bool",
  "ip",
  "function",
];
const FOLLOW = ["operator", "')'", "','", "'|'"];
const BAD_STRING = ["a valid string but bad string or escape found"];
const ITEM = ["a list of strings, numbers or addresses"];

const OR_LEVEL = 1;
const AND_LEVEL = 2;
const COMPARISON_LEVEL = 4;
const WORD_LEVEL = 5;

const COMPARISONS: ReadonlyMap<string, ComparisonOperator> = new Map([
  ["=", "="],
  ["~=", "~="],
  ["!=", "!="],
  ["<>", "!="],
  ["<", "<"],
  ["<=", "<="],
  [">", ">"],
  [">=", ">="],
]);

/**
 * Parses a filter expression.
 *
 * @param expression The text.
 * @param options What is tolerated.
 * @returns Its tree.
 * @throws {FilterError} When it is malformed, too long or too deep, or uses
 * fields and functions wrongly.
 */
export function parseFilter(
  expression: string,
  options: ParseFilterOptions = {},
): FilterNode {
  if (expression.length > MAX_LENGTH_WITH_LISTS) {
    throw new FilterError(TOO_LONG);
  }
  return new FilterParser(expression.replace(/\r\n?/g, "\n"), options).parse();
}

const TOO_LONG = "expression too long";
const TOO_DEEP = "expression too deep";

type Operator =
  | { readonly level: number; readonly logic: "and" | "or" }
  | {
    readonly level: number;
    readonly comparison: ComparisonOperator;
    readonly isNegated: boolean;
  };

/** Recursive descent with precedence climbing; one use per expression. */
class FilterParser {
  readonly #expression: string;
  readonly #tokens: Tokenizer;
  readonly #compat: boolean;
  readonly #allowLocal: boolean;
  /** Characters within lists so far. */
  #listLength = 0;
  #depth = 0;
  /** Variables of the `foreach` calls around. */
  #variables: string[] = [];

  constructor(expression: string, options: ParseFilterOptions) {
    this.#expression = expression;
    this.#tokens = new Tokenizer(expression);
    this.#compat = options.compat ?? false;
    this.#allowLocal = options.allowLocal ?? false;
  }

  parse(): FilterNode {
    const first = this.#peek();
    if (first.kind === "keyword" && first.text === "sequence") {
      throw new FilterError("sequences are not supported on captures");
    }
    const node = this.#parseBinary(OR_LEVEL);
    const rest = this.#take();
    if (rest.kind !== "end" && !this.#compat) {
      throw this.#error(rest, ["end of expression"]);
    }
    return node;
  }

  #parseBinary(lowestLevel: number): FilterNode {
    let left = this.#parseUnary();
    let chained = 0;
    while (true) {
      if (this.#tokens.at - this.#listLength > MAX_LENGTH) {
        throw new FilterError(TOO_LONG);
      }
      const start = this.#tokens.at;
      const operator = this.#takeOperator();
      if (operator === undefined || operator.level < lowestLevel) {
        this.#tokens.at = start;
        return left;
      }
      const rightAt = this.#peek();
      const right = this.#parseBinary(operator.level + 1);
      if ("logic" in operator) {
        const { logic } = operator;
        left = left.type === "logic" && left.operator === logic
          ? { ...left, operands: append(left.operands, right) }
          : { type: "logic", operator: logic, operands: [left, right] };
        continue;
      }
      if (++chained > MAX_DEPTH) throw new FilterError(TOO_DEEP);
      const { comparison, isNegated } = operator;
      if (comparison === "in" || comparison === "iin") {
        this.#checkMembership(left, right, rightAt);
      }
      left = {
        type: "comparison",
        operator: comparison,
        left,
        right,
        isNegated,
      };
    }
  }

  /** Membership in something that is no list is never true. */
  #checkMembership(left: FilterNode, right: FilterNode, at: Token): void {
    const type = typeOfNode(right);
    if (type === "list" || type === "u64list" || type === "any") return;
    // An element of a list can be asked for without parentheses.
    if (type === "string" && typeOfNode(left) === "list") return;
    const inner = right.type === "paren" ? this.#behindParen(at) : at;
    throw this.#error(inner, ITEM);
  }

  /** The first token within parentheses, for the place of an error. */
  #behindParen(paren: Token): Token {
    const back = this.#tokens.at;
    this.#tokens.at = paren.position + 1;
    const token = this.#peek();
    this.#tokens.at = back;
    return token;
  }

  /** The operator ahead; `undefined` at the end of the expression. */
  #takeOperator(): Operator | undefined {
    const token = this.#take();
    const operator = this.#operatorOf(token);
    if (operator !== undefined) return operator;
    const ends = token.kind === "end" ||
      (token.kind === "punctuation" && ")|,".includes(token.text));
    if (ends) return undefined;
    throw this.#error(token, FOLLOW);
  }

  #operatorOf({ kind, text }: Token): Operator | undefined {
    if (kind === "operator") {
      const comparison = COMPARISONS.get(text)!;
      return { level: COMPARISON_LEVEL, comparison, isNegated: false };
    }
    if (kind !== "keyword") return undefined;
    if (text === "or") return { level: OR_LEVEL, logic: "or" };
    if (text === "and") return { level: AND_LEVEL, logic: "and" };
    if (isWordOperator(text)) {
      return { level: WORD_LEVEL, comparison: text, isNegated: false };
    }
    if (text !== "not") return undefined;
    const next = this.#take();
    const negated = next.kind === "keyword" && next.text === "not"
      ? undefined
      : this.#operatorOf(next);
    if (negated === undefined || "logic" in negated) {
      throw this.#error(next, ["operator"]);
    }
    return { ...negated, isNegated: true };
  }

  #parseUnary(): FilterNode {
    return this.#nested(() => {
      const token = this.#take();
      if (token.kind === "punctuation" && token.text === "(") {
        return this.#parseParen();
      }
      if (token.kind === "keyword" && token.text === "not") {
        const operand = this.#parseUnary();
        if (!isTruthOperand(operand)) {
          throw this.#error(token, ["boolean field", "("]);
        }
        return { type: "not", operand };
      }
      return this.#parsePrimary(token);
    });
  }

  #parseParen(): FilterNode {
    const start = this.#tokens.at;
    const list = this.#parseList();
    if (list !== undefined) {
      this.#listLength += this.#tokens.at - start;
      return list;
    }
    this.#tokens.at = start;
    const inner = this.#parseBinary(OR_LEVEL);
    this.#expect(")", ["')'"]);
    return { type: "paren", inner };
  }

  /** Reads items up to `)`; `undefined` when it is no list but an expression. */
  #parseList(): ListNode | undefined {
    const items: string[] = [];
    while (true) {
      const item = this.#take();
      if (
        items.length > 0 || item.kind === "badIp" ||
        item.kind === "badEscape" || item.kind === "badString"
      ) {
        this.#refuseDamaged(item);
      }
      const isItem = item.kind === "string" || item.kind === "ip" ||
        item.kind === "integer";
      if (!isItem) {
        if (items.length === 0) return undefined;
        throw this.#error(item, ITEM);
      }
      items.push(item.text);
      const next = this.#take();
      if (next.kind === "punctuation" && next.text === ")") {
        return { type: "list", items };
      }
      if (next.kind === "punctuation" && next.text === ",") continue;
      const isOperator = next.kind === "operator" || next.kind === "keyword";
      if (isOperator && items.length === 1) return undefined;
      throw this.#error(next, isOperator ? ITEM : ["')'"]);
    }
  }

  #parsePrimary(token: Token): FilterNode {
    this.#refuseDamaged(token);
    switch (token.kind) {
      case "string":
        return { type: "string", value: token.text };
      case "integer":
        return { type: "integer", value: parseInteger(token) };
      case "decimal":
        return { type: "decimal", value: Number(token.text) };
      case "ip":
        return { type: "ip", text: token.text };
      case "boundVariable":
        return this.#parseBound(token);
      case "keyword":
        if (token.text === "true" || token.text === "false") {
          return { type: "bool", value: token.text === "true" };
        }
        break;
      case "identifier":
        if (this.#isAhead("(")) return this.#parseFunction(token);
        return this.#parseField(token);
    }
    throw this.#error(token, OPERAND);
  }

  #refuseDamaged(token: Token): void {
    switch (token.kind) {
      case "badString":
        throw this.#error(token, BAD_STRING);
      case "badEscape":
        throw this.#error(token, BAD_STRING, "write a backslash as \\\\");
      case "badIp":
        throw this.#error(token, ["a valid IP address"]);
    }
  }

  #parseBound({ text }: Token): BoundNode {
    const dot = text.indexOf(".");
    const variable = dot < 0 ? text : text.slice(0, dot);
    if (!this.#variables.includes(variable)) {
      throw new FilterError(
        `undeclared bound variable $${variable} in "${this.#expression}"`,
      );
    }
    return {
      type: "bound",
      variable,
      segment: dot < 0 ? undefined : text.slice(dot + 1),
    };
  }

  #parseField(token: Token): FieldNode {
    const spec = FIELDS.get(token.text);
    if (spec === undefined) {
      const near = nearestWord(token.text, FIELDS.keys());
      throw this.#error(
        token,
        OPERAND,
        near === undefined ? undefined : `did you mean ${near}?`,
      );
    }
    const argument = this.#isAhead("[") ? this.#parseArgument(spec) : undefined;
    if (argument === undefined && spec.argument?.isRequired === true) {
      throw this.#error(this.#tokens.next(), ["field argument"]);
    }
    return { type: "field", name: spec.name, argument };
  }

  #parseArgument(spec: FieldSpec): string {
    this.#tokens.next(); // [
    const token = this.#tokens.next();
    if (spec.argument === undefined) {
      throw this.#error(token, ["field without argument"]);
    }
    const isWord = token.kind === "identifier" || token.kind === "integer" ||
      token.kind === "keyword" || token.kind === "duration";
    if (!isWord) throw this.#error(token, ["ident", "integer"]);
    const { pattern } = spec.argument;
    if (!new RegExp(`^(?:${pattern})$`).test(token.text)) {
      throw this.#error(token, [
        `a valid field argument matching the pattern ${pattern}`,
      ]);
    }
    const close = this.#tokens.next();
    if (close.kind !== "punctuation" || close.text !== "]") {
      throw this.#error(close, ["]"]);
    }
    return token.text;
  }

  #parseFunction(token: Token): FunctionNode {
    const name = token.text.toUpperCase();
    const spec = FUNCTIONS.get(name);
    if (
      spec === undefined || (name === "SYMLINK" && !this.#allowLocal)
    ) {
      const near = nearestWord(name, KNOWN_FUNCTION_NAMES);
      throw new FilterError(
        `${token.text} function is undefined. Did you mean one of ${
          KNOWN_FUNCTION_NAMES.join("|")
        }?`,
        {
          hint: near === undefined
            ? undefined
            : `did you mean ${near.toLowerCase()}?`,
        },
      );
    }
    this.#tokens.next(); // (
    const args = this.#parseArguments(spec);
    checkArguments(spec, args);
    const node: FunctionNode = { type: "function", name, args };
    if (name === "FOREACH") checkForeach(node);
    return node;
  }

  #parseArguments(spec: FunctionSpec): readonly FilterNode[] {
    const args: FilterNode[] = [];
    const isForeach = spec.name === "FOREACH";
    const outer = this.#variables;
    const first = this.#peek();
    if (first.kind === "punctuation" && first.text === ")") {
      this.#take();
      return args;
    }
    while (true) {
      const token = this.#peek();
      if (isForeach && args.length === 0 && PSEUDO_FIELDS.has(token.text)) {
        this.#take();
        args.push({ type: "field", name: token.text, argument: undefined });
      } else if (
        isForeach && args.length === 1 && token.kind === "boundVariable"
      ) {
        this.#variables = [...outer, token.text];
        this.#take();
        args.push({ type: "bound", variable: token.text, segment: undefined });
      } else args.push(this.#parseBinary(OR_LEVEL));
      const next = this.#take();
      if (next.kind === "punctuation" && next.text === ",") continue;
      if (next.kind === "punctuation" && next.text === ")") break;
      throw this.#error(next, [")"]);
    }
    this.#variables = outer;
    return args;
  }

  #nested<Node>(parse: () => Node): Node {
    if (++this.#depth > MAX_DEPTH) throw new FilterError(TOO_DEEP);
    const node = parse();
    this.#depth--;
    return node;
  }

  /** The next token that is no blank. */
  #take(): Token {
    let token = this.#tokens.next();
    if (token.kind === "space") token = this.#tokens.next();
    return token;
  }

  /** The token that {@linkcode FilterParser.#take} will give. */
  #peek(): Token {
    const at = this.#tokens.at;
    const token = this.#take();
    this.#tokens.at = at;
    return token;
  }

  /** Whether that character follows without a blank. */
  #isAhead(punctuation: string): boolean {
    const at = this.#tokens.at;
    const token = this.#tokens.next();
    this.#tokens.at = at;
    return token.kind === "punctuation" && token.text === punctuation;
  }

  #expect(punctuation: string, expected: readonly string[]): void {
    const token = this.#take();
    if (token.kind !== "punctuation" || token.text !== punctuation) {
      throw this.#error(token, expected);
    }
  }

  #error(
    token: Token,
    expected: readonly string[],
    hint?: string,
  ): FilterError {
    return syntaxError(this.#expression, token.position, expected, hint);
  }
}

/** Appends in place: the list belongs to the parser until it is done. */
function append(
  operands: readonly FilterNode[],
  operand: FilterNode,
): readonly FilterNode[] {
  (operands as FilterNode[]).push(operand);
  return operands;
}

function isTruthOperand(node: FilterNode): boolean {
  switch (node.type) {
    case "function":
    case "paren":
    case "not":
    case "bool":
      return true;
    case "field":
      return FIELDS.get(node.name)?.type === "bool";
    case "bound":
      return node.segment !== undefined;
    default:
      return false;
  }
}

function parseInteger({ text, position }: Token): bigint {
  const value = BigInt(text);
  if (value < 2n ** 64n) return value;
  throw new FilterError(`unable to parse integer at char ${position + 1}`, {
    position,
  });
}

function checkArguments(
  spec: FunctionSpec,
  args: readonly FilterNode[],
): void {
  const required = spec.args.filter(({ isRequired }) => isRequired).length;
  if (args.length < required || args.length > spec.maxArguments) {
    throw new FilterError(
      `${spec.countName} function requires ${required} argument(s) but ${args.length} argument(s) given`,
    );
  }
  for (const [index, node] of args.entries()) {
    const arg = spec.args[Math.min(index, spec.args.length - 1)]!;
    if (arg.kinds.includes(kindOf(node))) continue;
    throw new FilterError(
      `argument #${
        index + 1
      } (${arg.keyword}) in function ${spec.name} should be one of: ${
        arg.kinds.join("|")
      }`,
    );
  }
  const fault = spec.validate(args);
  if (fault !== undefined) throw new FilterError(fault);
}

function kindOf(node: FilterNode): ArgumentKind {
  switch (node.type) {
    case "field":
      return "field";
    case "bound":
      return node.segment === undefined ? "bareboundvar" : "boundsegment";
    case "string":
      return "string";
    case "integer":
    case "decimal":
      return "number";
    case "ip":
      return "ip";
    case "bool":
      return "bool";
    case "list":
      return "slice";
    case "function":
      return "func";
    case "paren":
      return kindOf(node.inner);
    default:
      return "expression";
  }
}
