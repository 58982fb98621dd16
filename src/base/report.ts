/** A cell of a report: text, number (with its column's unit) or nothing. */
export type ReportCell = string | number | bigint | undefined;

/** A column of a {@linkcode ReportTable}. */
export interface ReportColumn {
  /** Stable key of the column in JSON, in camel case. */
  readonly key: string;
  /** Heading for people. */
  readonly title: string;
  /**
   * How numbers of the column are shown to people; JSON keeps the number.
   * `percent` takes 0 to 100, `ns` nanoseconds, `bytes` bytes, `time` Unix
   * nanoseconds. `function` is text: the name of one, of which the end tells
   * most where it must be cut.
   *
   * @default {"text"}
   */
  readonly unit?:
    | "text"
    | "function"
    | "count"
    | "percent"
    | "ns"
    | "bytes"
    | "time"
    | undefined;
}

/** Rows of equal shape under a heading. */
export interface ReportTable {
  readonly type: "table";
  /** Stable key of the section in JSON, in camel case. */
  readonly key: string;
  /** Heading for people. */
  readonly title: string;
  /** Columns from left to right. */
  readonly columns: readonly ReportColumn[];
  /** Cells in the order of the columns. */
  readonly rows: readonly (readonly ReportCell[])[];
  /** Rows that exist beyond those given. */
  readonly omittedRows?: number | undefined;
}

/** Single facts under a heading. */
export interface ReportFacts {
  readonly type: "facts";
  /** Stable key of the section in JSON, in camel case. */
  readonly key: string;
  /** Heading for people. */
  readonly title: string;
  /** The facts; key, title and unit as of a column. */
  readonly facts: readonly (ReportColumn & { readonly value: ReportCell })[];
}

/** Lines of text under a heading, already laid out. */
export interface ReportText {
  readonly type: "text";
  /** Stable key of the section in JSON, in camel case. */
  readonly key: string;
  /** Heading for people. */
  readonly title: string;
  /** The lines, without line breaks. */
  readonly lines: readonly string[];
  /**
   * Whether the lines are safe for a terminal and may hold colours; otherwise
   * control characters in them are escaped.
   *
   * @default {false}
   */
  readonly isLaidOut?: boolean | undefined;
}

/** One part of a {@linkcode Report}. */
export type ReportSection = ReportTable | ReportFacts | ReportText;

/**
 * What a capture tells, free of layout: the command line renders it as text or
 * JSON, the viewer as a page.
 */
export interface Report {
  /** What the report is about. */
  readonly title: string;
  /** Parts in reading order. */
  readonly sections: readonly ReportSection[];
}
