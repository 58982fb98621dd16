import type { FilterNode } from "./types.ts";

/**
 * Goes through a tree from the top.
 *
 * @param node The tree.
 * @param see Gets the node itself, then all parts of it in the order of the text.
 */
export function visitNode(
  node: FilterNode,
  see: (part: FilterNode) => void,
): void {
  see(node);
  switch (node.type) {
    case "paren":
      return visitNode(node.inner, see);
    case "not":
      return visitNode(node.operand, see);
    case "comparison":
      visitNode(node.left, see);
      return visitNode(node.right, see);
    case "logic":
      for (const operand of node.operands) visitNode(operand, see);
      return;
    case "function":
      for (const arg of node.args) visitNode(arg, see);
  }
}
