import type { FilterNode } from "./types.ts";

/**
 * Renders the tree of a filter as Fibratus prints it: operators in upper case,
 * texts without quotes, decimals with an exponent.
 *
 * @param node The tree.
 * @returns The text.
 */
export function renderFilter(node: FilterNode): string {
  switch (node.type) {
    case "field":
      return node.argument === undefined
        ? node.name
        : `${node.name}[${node.argument}]`;
    case "bound":
      return node.segment === undefined
        ? `$${node.variable}`
        : `$${node.variable}.${node.segment}`;
    case "string":
      return node.value;
    case "integer":
      return String(BigInt.asIntN(64, node.value));
    case "decimal":
      return exponential(node.value);
    case "ip":
      return node.text;
    case "bool":
      return String(node.value);
    case "list":
      return `(${node.items.join(", ")})`;
    case "function":
      return `${node.name.toLowerCase()}(${
        node.args.map(renderFilter).join(", ")
      })`;
    case "paren":
      return `(${renderFilter(node.inner)})`;
    case "not":
      return `NOT ${renderFilter(node.operand)}`;
    case "comparison":
      return `${node.isNegated ? "NOT " : ""}${
        renderFilter(node.left)
      } ${node.operator.toUpperCase()} ${renderFilter(node.right)}`;
    case "logic":
      return node.operands.map(renderFilter).join(
        ` ${node.operator.toUpperCase()} `,
      );
  }
}

/** Go's `%e` with as many digits as are needed. */
function exponential(value: number): string {
  const [mantissa, exponent] = value.toExponential().split("e") as [
    string,
    string,
  ];
  const sign = exponent.startsWith("-") ? "-" : "+";
  return `${mantissa}e${sign}${exponent.replace(/[+-]/, "").padStart(2, "0")}`;
}
