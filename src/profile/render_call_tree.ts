import { escapeForTerminal } from "../base/terminal_text.ts";
import type { CallTree, CallTreeNode } from "./call_tree.ts";

/** How {@linkcode renderCallTree} lays out. */
export interface RenderCallTreeOptions {
  /** Lines at most. @default {200} */
  readonly maxLines?: number | undefined;
  /** Renders a value, for example nanoseconds as milliseconds. @default {String} */
  readonly formatValue?: ((value: number) => string) | undefined;
}

/**
 * Lays a call tree out as indented lines: share of the total, value, name. A
 * chain of calls without branches keeps its indentation, so that deep stacks
 * stay legible.
 *
 * @param tree The tree.
 * @param options Length and values.
 * @returns The lines; names from captures are escaped.
 */
export function renderCallTree(
  tree: CallTree,
  options: RenderCallTreeOptions = {},
): string[] {
  const { maxLines = 200, formatValue = String } = options;
  const lines: string[] = [];
  const pending: { node: CallTreeNode; indent: string }[] = [];
  const push = (nodes: readonly CallTreeNode[], indent: string) => {
    for (const node of nodes.toReversed()) pending.push({ node, indent });
  };
  push(tree.roots, "");
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (lines.length >= maxLines) {
      lines.push(`… ${pending.length + 1} more branches`);
      break;
    }
    const { node, indent } = next;
    const share = tree.total === 0 ? 0 : (100 * node.total) / tree.total;
    lines.push(
      `${share.toFixed(1).padStart(5)} % ${
        formatValue(node.total).padStart(10)
      }  ${indent}${escapeForTerminal(node.name)}`,
    );
    push(
      node.children,
      node.children.length > 1 || node.self !== 0 ? `${indent}  ` : indent,
    );
  }
  return lines;
}
