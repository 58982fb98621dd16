import { formatDurationNs } from "../base/duration.ts";
import { formatBytes } from "../base/byte_size.ts";
import type {
  ReportColumn,
  ReportSection,
  ReportTable,
} from "../base/report.ts";
import { buildCallTree } from "../profile/call_tree.ts";
import { columnOf } from "../profile/compare_profiles.ts";
import type { ProfileComparison } from "../profile/compare_profiles.ts";
import { findNeighbours } from "../profile/function_neighbours.ts";
import type { NeighbourTotal } from "../profile/function_neighbours.ts";
import { sumFunctions } from "../profile/function_totals.ts";
import { renderCallTree } from "../profile/render_call_tree.ts";
import { renderFlameGraph } from "../profile/render_flame_graph.ts";
import type { Profile, ValueType } from "../profile/types.ts";

/** What {@linkcode profileSections} tells. */
export interface ProfileSectionsOptions {
  /** Kind of value, by `ValueType.type`. @default {the profile's default} */
  readonly valueType?: string | undefined;
  /** Whether totals and the table of functions are told. @default {true} */
  readonly functions?: boolean | undefined;
  /** Rows of the table of functions. @default {20} */
  readonly top?: number | undefined;
  /** What the table is ordered by. @default {"exclusive"} */
  readonly sort?: "exclusive" | "inclusive" | undefined;
  /** Functions whose callers and callees are told. */
  readonly callersOf?: ((name: string) => boolean) | undefined;
  /** Whether the call tree is told. @default {false} */
  readonly tree?: boolean | undefined;
  /** Whether a flame graph is drawn. @default {false} */
  readonly flameGraph?: boolean | undefined;
  /** Width of the flame graph in columns. @default {80} */
  readonly columns?: number | undefined;
  /** Whether the flame graph has colours. @default {false} */
  readonly colour?: boolean | undefined;
}

/**
 * Tells where the samples of a profile are.
 *
 * @param profile The profile.
 * @param options Which value and which parts.
 * @returns Sections of a report.
 * @throws {OptionError} When the profile has no such value.
 */
export function profileSections(
  profile: Profile,
  options: ProfileSectionsOptions = {},
): ReportSection[] {
  const {
    top = 20,
    sort = "exclusive",
    callersOf,
    columns = 80,
    colour = false,
  } = options;
  const valueType = options.valueType === undefined
    ? profile.defaultValueType
    : columnOf(profile, options.valueType);
  const { type, unit } = profile.valueTypes[valueType]!;
  const { total, functions } = sumFunctions(profile, { valueType });
  const sections: ReportSection[] = options.functions === false ? [] : [{
    type: "facts",
    key: "profile",
    title: "Profile",
    facts: [
      { key: "value", title: "value", value: `${type} in ${unit}` },
      { key: "total", title: "total", value: total, unit: reportUnit(unit) },
      {
        key: "functions",
        title: "functions",
        value: functions.length,
        unit: "count",
      },
      {
        key: "threads",
        title: "threads",
        value: profile.threads.length,
        unit: "count",
      },
    ],
  }];
  const ordered = functions.toSorted((a, b) =>
    b[sort] - a[sort] || b.inclusive - a.inclusive || (a.name < b.name ? -1 : 1)
  );
  if (options.functions !== false) {
    sections.push({
      type: "table",
      key: "functions",
      title: `Top functions by ${sort} ${type}`,
      columns: [
        { key: "exclusive", title: "exclusive", unit: reportUnit(unit) },
        { key: "exclusiveShare", title: "share", unit: "percent" },
        { key: "inclusive", title: "inclusive", unit: reportUnit(unit) },
        { key: "inclusiveShare", title: "share", unit: "percent" },
        { key: "name", title: "function", unit: "function" },
      ],
      rows: ordered.slice(0, top).map(({ name, exclusive, inclusive }) => [
        exclusive,
        share(exclusive, total),
        inclusive,
        share(inclusive, total),
        name,
      ]),
      omittedRows: Math.max(0, ordered.length - top),
    });
  }
  if (callersOf !== undefined) {
    const { inclusive, callers, callees } = findNeighbours(profile, callersOf, {
      valueType,
    });
    sections.push(
      neighbourTable(
        "callers",
        "Callers",
        "no caller",
        callers,
        inclusive,
        unit,
        top,
      ),
      neighbourTable(
        "callees",
        "Callees",
        "the function itself",
        callees,
        inclusive,
        unit,
        top,
      ),
    );
  }
  if (options.tree === true) {
    const tree = buildCallTree(profile, { valueType, minShare: 0.005 });
    sections.push({
      type: "text",
      key: "tree",
      title: "Call tree (parts below 0.5 % are left out)",
      lines: renderCallTree(tree, {
        formatValue: (value) => formatValue(value, unit),
      }),
    });
  }
  if (options.flameGraph === true) {
    const tree = buildCallTree(profile, {
      valueType,
      minShare: 1 / columns / 2,
    });
    sections.push({
      type: "text",
      key: "flameGraph",
      title: "Flame graph",
      isLaidOut: true,
      lines: renderFlameGraph(tree, { columns: columns - 2, colour }),
    });
  }
  return sections;
}

/**
 * Tells what changed between two profiles.
 *
 * @param comparison The comparison.
 * @param unit Unit of the values, as of `ValueType.unit`.
 * @param top Rows of the table.
 * @returns Sections of a report.
 */
export function comparisonSections(
  comparison: ProfileComparison,
  unit: string,
  top: number,
): ReportSection[] {
  const { totalBefore, totalAfter, changes } = comparison;
  const changed = changes.filter((change) =>
    change.exclusiveBefore !== change.exclusiveAfter ||
    change.inclusiveBefore !== change.inclusiveAfter
  );
  const reported = reportUnit(unit);
  return [
    {
      type: "facts",
      key: "totals",
      title: "Totals",
      facts: [
        { key: "before", title: "before", value: totalBefore, unit: reported },
        { key: "after", title: "after", value: totalAfter, unit: reported },
        {
          key: "change",
          title: "change",
          value: totalAfter - totalBefore,
          unit: reported,
        },
        {
          key: "changeShare",
          title: "of before",
          value: totalBefore === 0
            ? undefined
            : share(totalAfter - totalBefore, totalBefore),
          unit: "percent",
        },
      ],
    },
    {
      type: "table",
      key: "functions",
      title: "Functions by change of their exclusive value",
      columns: [
        { key: "change", title: "change", unit: reported },
        { key: "exclusiveBefore", title: "before", unit: reported },
        { key: "exclusiveAfter", title: "after", unit: reported },
        { key: "inclusiveChange", title: "inclusive change", unit: reported },
        { key: "name", title: "function", unit: "function" },
      ],
      rows: changed.slice(0, top).map((change) => [
        change.exclusiveAfter - change.exclusiveBefore,
        change.exclusiveBefore,
        change.exclusiveAfter,
        change.inclusiveAfter - change.inclusiveBefore,
        change.name,
      ]),
      omittedRows: Math.max(0, changed.length - top),
    },
  ];
}

function neighbourTable(
  key: string,
  title: string,
  nobody: string,
  neighbours: readonly NeighbourTotal[],
  total: number,
  unit: string,
  top: number,
): ReportTable {
  return {
    type: "table",
    key,
    title,
    columns: [
      { key: "value", title: "value", unit: reportUnit(unit) },
      { key: "share", title: "share", unit: "percent" },
      { key: "name", title: "function", unit: "function" },
    ],
    rows: neighbours.slice(0, top).map(({ name, value }) => [
      value,
      share(value, total),
      name === "" ? `(${nobody})` : name,
    ]),
    omittedRows: Math.max(0, neighbours.length - top),
  };
}

function share(value: number, total: number): number {
  return total === 0 ? 0 : (100 * value) / total;
}

function reportUnit(
  unit: ValueType["unit"],
): NonNullable<ReportColumn["unit"]> {
  switch (unit) {
    case "nanoseconds":
      return "ns";
    case "bytes":
      return "bytes";
    default:
      return "count";
  }
}

function formatValue(value: number, unit: string): string {
  switch (unit) {
    case "nanoseconds":
      return formatDurationNs(value);
    case "bytes":
      return formatBytes(value);
    default:
      return String(value);
  }
}
