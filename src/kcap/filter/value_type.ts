import { FIELDS } from "./field_table.ts";
import { FUNCTIONS } from "./function_table.ts";
import type { FilterNode, ValueType } from "./types.ts";

/**
 * Tells what kind of value a part of an expression gives.
 *
 * @param node The part.
 * @returns The kind; `any` where only an event tells.
 */
export function typeOfNode(node: FilterNode): ValueType {
  switch (node.type) {
    case "field": {
      const spec = FIELDS.get(node.name);
      if (spec === undefined) return "any";
      // One element of a list is a text.
      return node.argument !== undefined && spec.type === "list"
        ? "string"
        : spec.type;
    }
    case "bound":
      return "any";
    case "string":
      return "string";
    case "integer":
      return node.value < 2n ** 63n ? "i64" : "u64";
    case "decimal":
      return "float";
    case "ip":
      return "ip";
    case "list":
      return "list";
    case "function": {
      const [first] = node.args;
      const returns = FUNCTIONS.get(node.name)?.returns ?? "any";
      const keepsLists = node.name === "BASE" || node.name === "DIR";
      return keepsLists && first !== undefined && typeOfNode(first) === "list"
        ? "list"
        : returns;
    }
    case "paren":
      return typeOfNode(node.inner);
    default:
      return "bool";
  }
}
