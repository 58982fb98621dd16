import { assertEquals } from "@std/assert";
import { requireSharedData, sharedData } from "../support/shared_data.ts";
import { testWith } from "../support/requirement.ts";
import {
  METRIC_LIMIT,
  METRIC_LIMIT_2024,
  METRICS,
} from "../../src/tracehandler/metric_table.ts";
import {
  UNWIND_ERROR_IDS,
  UNWIND_ERROR_NAMES,
} from "../../src/tracehandler/unwind_error_table.ts";

interface Definition {
  id: number;
  name: string;
  obsolete?: boolean;
  type?: string;
  field?: string;
  unit?: string;
}

async function read(name: string): Promise<Definition[]> {
  return JSON.parse(
    await Deno.readTextFile(sharedData(`tracehandler/ids/${name}.json`)!),
  );
}

testWith(
  "METRICS is what the profiler defines",
  [requireSharedData("tracehandler/ids")],
  async () => {
    const old = await read("metrics-2024-10");
    const current = await read("metrics-2026-08");
    assertEquals([old.length, current.length], [272, 306]);
    assertEquals([METRIC_LIMIT_2024, METRIC_LIMIT], [272, 306]);
    const byId = new Map(METRICS.map((metric) => [metric.id, metric]));
    for (const { id, name, type, field = "", unit = "", obsolete } of current) {
      const metric = byId.get(id)!;
      assertEquals(
        [metric.name, metric.type, metric.field, metric.unit],
        [name, type as typeof metric.type, field, unit],
      );
      assertEquals(metric.obsoleteIn !== undefined, obsolete === true);
    }
    const gone = (definitions: Definition[]) =>
      definitions.filter(({ obsolete }) => obsolete).length;
    assertEquals([gone(old), gone(current)], [38, 74]);
    assertEquals(
      METRICS.filter(({ obsoleteIn }) => obsoleteIn === "2024-10").length,
      38,
    );
  },
);

testWith(
  "UNWIND_ERROR_NAMES is what the profiler defines",
  [requireSharedData("tracehandler/ids")],
  async () => {
    const old = await read("errors-2024-10");
    const current = await read("errors-2026-08");
    assertEquals([old.length, current.length], [53, 81]);
    for (const { id, name } of [...old, ...current]) {
      assertEquals(UNWIND_ERROR_NAMES[id], name);
      assertEquals(UNWIND_ERROR_IDS.get(name), id);
    }
  },
);

Deno.test("UNWIND_ERROR_NAMES has the errors that fixtures hold", () => {
  assertEquals(UNWIND_ERROR_NAMES[4014], "native_small_pc");
  assertEquals(UNWIND_ERROR_IDS.get("stack_length_exceeded"), 2);
});
