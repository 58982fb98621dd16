import { escapeForTerminal } from "../base/terminal_text.ts";
import type { CallTree, CallTreeNode } from "./call_tree.ts";
import { shortFunctionName } from "./short_name.ts";

/** How {@linkcode renderFlameGraph} draws. */
export interface RenderFlameGraphOptions {
  /** Columns of the terminal. @default {80} */
  readonly columns?: number | undefined;
  /** Rows at most; what lies deeper is left out. @default {40} */
  readonly rows?: number | undefined;
  /** Whether boxes are coloured by ANSI sequences; else `|` parts them. @default {false} */
  readonly colour?: boolean | undefined;
}

/** Background colours of the 256-colour palette on which black text is legible. */
const WARM_COLOURS = [208, 214, 215, 216, 220, 221, 209, 222] as const;

interface Box {
  readonly node: CallTreeNode;
  readonly start: number;
  readonly width: number;
}

/**
 * Draws a call tree as boxes for a terminal, roots at the top, as wide as
 * their share of the total. A function too small for one column is left out.
 *
 * @param tree The tree.
 * @param options Size and colour.
 * @returns The lines; names from captures are escaped.
 */
export function renderFlameGraph(
  tree: CallTree,
  options: RenderFlameGraphOptions = {},
): string[] {
  const { columns = 80, rows = 40, colour = false } = options;
  if (tree.total <= 0) return [];
  let level = layOut(tree.roots, 0, columns, tree.total / columns);
  const lines: string[] = [];
  while (level.length > 0 && lines.length < rows) {
    lines.push(renderLevel(level, colour));
    level = level.flatMap(({ node, start, width }) =>
      layOut(node.children, start, width, tree.total / columns)
    );
  }
  return lines;
}

/** Gives each node the columns of its share, rounded so that neighbours never overlap. */
function layOut(
  nodes: readonly CallTreeNode[],
  start: number,
  columns: number,
  valuePerColumn: number,
): Box[] {
  const boxes: Box[] = [];
  let sum = 0;
  for (const node of nodes) {
    const from = Math.round(sum / valuePerColumn);
    sum += Math.max(0, node.total);
    const to = Math.min(columns, Math.round(sum / valuePerColumn));
    if (to > from) boxes.push({ node, start: start + from, width: to - from });
  }
  return boxes;
}

function renderLevel(boxes: readonly Box[], colour: boolean): string {
  let line = "";
  let at = 0;
  for (const { node, start, width } of boxes) {
    line += " ".repeat(start - at);
    const label = fit(escapeForTerminal(node.name), colour ? width : width - 1);
    line += colour
      ? `\x1b[30;48;5;${colourOf(node.name)}m${label}\x1b[0m`
      : `|${label}`;
    at = start + width;
  }
  return line;
}

/** Pads a name, or shortens it: first to the bare method, then by its end. */
function fit(name: string, width: number): string {
  if (name.length <= width) return name.padEnd(width);
  const short = shortFunctionName(name);
  if (short.length <= width) return short.padEnd(width);
  return width <= 1 ? "…".repeat(width) : `${short.slice(0, width - 1)}…`;
}

function colourOf(name: string): number {
  let hash = 0;
  for (let index = 0; index < name.length; index++) {
    hash = (Math.imul(hash, 31) + name.charCodeAt(index)) | 0;
  }
  return WARM_COLOURS[(hash >>> 0) % WARM_COLOURS.length]!;
}
