/**
 * Writes `src/tracehandler/metric_table.ts` and
 * `src/tracehandler/unwind_error_table.ts` from the profiler's definitions of
 * October 2024 and August 2026 in `../shared/data/tracehandler/ids`.
 *
 * ```sh
 * deno run -A tests/tools/generate_tracehandler_tables.ts
 * ```
 *
 * The definitions of 2026 contain those of 2024 under the same ids and names.
 */
import { fromFileUrl } from "../support/file_url.ts";
import { sharedData } from "../support/shared_data.ts";

interface Definition {
  id: number;
  name: string;
  obsolete?: boolean;
  type?: "counter" | "gauge";
  field?: string;
  unit?: string;
}

const OLD = "2024-10";
const NEW = "2026-08";

async function read(name: string): Promise<Definition[]> {
  const path = sharedData(`tracehandler/ids/${name}.json`);
  if (path === undefined) {
    throw new Error(`Cannot read ${name}: it is not among the shared data`);
  }
  return JSON.parse(await Deno.readTextFile(path));
}

/** Which of the two versions first calls an entry obsolete. */
async function readBoth(
  name: string,
): Promise<(Definition & { obsoleteIn?: string })[]> {
  const old = new Map(
    (await read(`${name}-${OLD}`)).map((entry) => [entry.id, entry]),
  );
  return (await read(`${name}-${NEW}`)).map((entry) => {
    const since = old.get(entry.id)?.obsolete ? OLD : NEW;
    return entry.obsolete ? { ...entry, obsoleteIn: since } : entry;
  });
}

async function write(name: string, text: string): Promise<void> {
  const path = fromFileUrl(
    new URL(`../../src/tracehandler/${name}`, import.meta.url),
  );
  await Deno.writeTextFile(path, text);
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", path] })
    .output();
}

const metrics = await readBoth("metrics");
await write(
  "metric_table.ts",
  `// Written by tests/tools/generate_tracehandler_tables.ts.

/** A metric of the profiler. */
export interface MetricDefinition {
  /** Number by which it is reported. */
  readonly id: number;
  /** Name in the profiler's source. */
  readonly name: string;
  /** Name under which it is exported, empty where it is not. */
  readonly field: string;
  /** Whether values add up or replace each other. */
  readonly type: "counter" | "gauge";
  /** Unit, empty for plain numbers. */
  readonly unit: string;
  /** First version of the definitions that no longer uses it. */
  readonly obsoleteIn?: "2024-10" | "2026-08" | undefined;
}

/** Ids are below this. */
export const METRIC_LIMIT = ${Math.max(...metrics.map(({ id }) => id)) + 1};

/** Ids of October 2024 are below this. */
export const METRIC_LIMIT_2024 = ${(await read(`metrics-${OLD}`)).length};

type Row = readonly [
  id: number,
  name: string,
  field: string,
  type: "counter" | "gauge",
  unit: string,
  obsoleteIn?: "2024-10" | "2026-08",
];

const ROWS: readonly Row[] = [
${
    metrics.toSorted((a, b) => a.id - b.id).map((
      { id, name, field = "", type = "counter", unit = "", obsoleteIn },
    ) =>
      `  ${
        JSON.stringify([
          id,
          name,
          field,
          type,
          unit,
          ...(obsoleteIn === undefined ? [] : [obsoleteIn]),
        ])
      },`
    ).join("\n")
  }
];

/** All metrics in order of their ids. */
export const METRICS: readonly MetricDefinition[] = ROWS.map(
  ([id, name, field, type, unit, obsoleteIn]) => ({
    id,
    name,
    field,
    type,
    unit,
    obsoleteIn,
  }),
);
`,
);

const errors = await readBoth("errors");
await write(
  "unwind_error_table.ts",
  `// Written by tests/tools/generate_tracehandler_tables.ts.

/** Names of the unwinder's errors by number; none was ever renamed. */
export const UNWIND_ERROR_NAMES: Readonly<Record<number, string>> = {
${
    errors.toSorted((a, b) => a.id - b.id).map(({ id, name }) =>
      `  ${id}: ${JSON.stringify(name)},`
    ).join("\n")
  }
};

/** Numbers of the unwinder's errors by name. */
export const UNWIND_ERROR_IDS: ReadonlyMap<string, number> = new Map(
  Object.entries(UNWIND_ERROR_NAMES).map(([id, name]) => [name, Number(id)]),
);
`,
);
