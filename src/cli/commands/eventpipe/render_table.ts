import { escapeForTerminal } from "../../../base/terminal_text.ts";

/** A column of {@linkcode renderTable}. */
export interface TextColumn {
  readonly title: string;
  /** Whether its cells are aligned to the right. @default {false} */
  readonly right?: boolean | undefined;
  /** Longer cells lose their beginning. @default {Infinity} */
  readonly maxColumns?: number | undefined;
}

/**
 * Lays out rows of text.
 *
 * @param columns Columns from left to right.
 * @param rows Cells; control characters are escaped.
 * @returns Lines, the heading first.
 */
export function renderTable(
  columns: readonly TextColumn[],
  rows: readonly (readonly string[])[],
): string[] {
  const cells = [
    columns.map(({ title }) => title),
    ...rows.map((row) =>
      row.map((cell, at) =>
        cutFront(escapeForTerminal(cell), columns[at]!.maxColumns ?? Infinity)
      )
    ),
  ];
  const widths = columns.map((_, at) =>
    Math.max(...cells.map((row) => row[at]!.length))
  );
  return cells.map((row) =>
    row.map((cell, at) =>
      columns[at]!.right === true
        ? cell.padStart(widths[at]!)
        : cell.padEnd(widths[at]!)
    ).join("  ").trimEnd()
  );
}

function cutFront(text: string, maxColumns: number): string {
  return text.length <= maxColumns ? text : `…${text.slice(1 - maxColumns)}`;
}
