import { formatBytes } from "../base/byte_size.ts";
import { formatDurationNs } from "../base/duration.ts";
import type {
  Report,
  ReportCell,
  ReportColumn,
  ReportSection,
} from "../base/report.ts";
import { escapeForTerminal } from "../base/terminal_text.ts";
import { formatUnixNs } from "../base/time.ts";
import type { UnixNs } from "../base/time.ts";

/** How {@linkcode renderReport} lays out. */
export interface RenderReportOptions {
  /** Width to which the last text column is cut; 0 cuts nothing. @default {0} */
  readonly columns?: number | undefined;
}

/**
 * Lays out a report for people.
 *
 * @param report The report.
 * @param options Width.
 * @returns Lines without control characters, without a line break at the end.
 */
export function renderReport(
  report: Report,
  options: RenderReportOptions = {},
): string {
  return [
    escapeForTerminal(report.title),
    ...report.sections.map((section) => renderSection(section, options)),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

/**
 * Lays out one part of a report for people.
 *
 * @param section The part.
 * @param options Width.
 * @returns Lines, the heading first, without a line break at the end.
 */
export function renderSection(
  section: ReportSection,
  options: RenderReportOptions = {},
): string {
  const heading = section.title === ""
    ? []
    : [escapeForTerminal(section.title)];
  switch (section.type) {
    case "facts": {
      const facts = section.facts.filter(({ value }) => value !== undefined);
      const width = Math.max(0, ...facts.map(({ title }) => title.length));
      return [
        ...heading,
        ...facts.map((fact) =>
          `  ${fact.title.padEnd(width)}  ${renderCell(fact.value, fact)}`
        ),
      ].join("\n");
    }
    case "text":
      return [
        ...heading,
        ...section.lines.map((line) =>
          `  ${section.isLaidOut === true ? line : escapeForTerminal(line)}`
        ),
      ].join("\n");
    case "table":
      return [...heading, ...renderTable(section, options.columns ?? 0)].join(
        "\n",
      );
  }
}

/**
 * Makes the JSON form of a report: sections by key, table rows as objects by
 * column key.
 *
 * @param report The report.
 * @returns What `toJsonText` takes.
 */
export function reportToJson(report: Report): Record<string, unknown> {
  return { title: report.title, ...sectionsToJson(report.sections) };
}

/**
 * Makes the JSON form of parts of a report.
 *
 * @param sections The parts.
 * @returns Members by the parts' keys.
 */
export function sectionsToJson(
  sections: readonly ReportSection[],
): Record<string, unknown> {
  return Object.fromEntries(
    sections.map((section) => [section.key, sectionToJson(section)]),
  );
}

function sectionToJson(section: ReportSection): unknown {
  switch (section.type) {
    case "facts":
      return Object.fromEntries(
        section.facts.map(({ key, value }) => [key, value]),
      );
    case "text":
      return section.lines;
    case "table":
      return section.rows.map((row) =>
        Object.fromEntries(
          section.columns.map(({ key }, index) => [key, row[index]]),
        )
      );
  }
}

function renderTable(
  table: Extract<ReportSection, { type: "table" }>,
  columns: number,
): string[] {
  const cells = table.rows.map((row) =>
    table.columns.map((column, index) => renderCell(row[index], column))
  );
  const widths = table.columns.map(({ title }, index) =>
    Math.max(title.length, ...cells.map((row) => row[index]!.length))
  );
  const render = (row: readonly string[]) => {
    const line = `  ${
      row.map((cell, index) =>
        isNumeric(table.columns[index]!)
          ? cell.padStart(widths[index]!)
          : cell.padEnd(widths[index]!)
      ).join("  ")
    }`.trimEnd();
    if (columns === 0 || line.length <= columns) return line;
    if (table.columns.at(-1)?.unit === "function") {
      const name = row.at(-1)!;
      const start = line.length - name.length;
      const room = columns - start;
      if (room >= MIN_NAME_LENGTH) {
        return line.slice(0, start) + cutFunctionName(name, room);
      }
    }
    return `${line.slice(0, columns - 1)}…`;
  };
  const lines = [
    render(table.columns.map(({ title }) => title)),
    ...cells.map(render),
  ];
  if (table.rows.length === 0) lines.push("  none");
  if (table.omittedRows !== undefined && table.omittedRows > 0) {
    lines.push(`  and ${table.omittedRows} more`);
  }
  return lines;
}

/** Shorter names are not worth an attempt to cut them well. */
const MIN_NAME_LENGTH = 8;

/** Takes the arguments off a name, then its module, then its start. */
function cutFunctionName(name: string, length: number): string {
  const module = name.indexOf("!") + 1;
  const bracket = name.indexOf("(", module + 1);
  const path = bracket < 0 ? name : `${name.slice(0, bracket)}(…)`;
  if (path.length <= length) return path;
  const method = path.slice(module);
  return method.length <= length ? method : `…${method.slice(1 - length)}`;
}

function isNumeric({ unit = "text" }: ReportColumn): boolean {
  return unit !== "text" && unit !== "function" && unit !== "time";
}

function renderCell(
  value: ReportCell,
  { unit = "text" }: ReportColumn,
): string {
  if (value === undefined) return "";
  if (typeof value === "string") return escapeForTerminal(value);
  switch (unit) {
    case "percent":
      return `${Number(value).toFixed(2)} %`;
    case "ns":
      return formatDurationNs(Number(value));
    case "bytes":
      return formatBytes(Number(value));
    case "time":
      return formatUnixNs(BigInt(value) as UnixNs, 3);
    case "count":
      return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, " ");
    case "text":
    case "function":
      return String(value);
  }
}
