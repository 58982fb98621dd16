import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../src/cli/usage_error.ts";
import { compileEventFilter } from "../../src/cli/verbs/event_filter.ts";
import { parseUnixNs } from "../../src/base/time.ts";
import type { TimelineEvent } from "../../src/timeline/types.ts";

const EVENT: TimelineEvent = {
  type: "event",
  timestamp: parseUnixNs("2026-01-01T00:00:02Z"),
  relativeNs: 2e9,
  provider: "Microsoft-Windows-DotNETRuntime",
  name: "GC/Start",
  pid: 42,
  tid: 7,
  fields: {},
};

Deno.test("compileEventFilter wants everything without options", () => {
  assertEquals(compileEventFilter({}), undefined);
});

for (
  const [options, expected] of [
    [{ provider: ["*runtime", "other"] }, true],
    [{ provider: ["other"] }, false],
    [{ name: ["gc/start"], pid: ["42"] }, true],
    [{ name: ["gc/start"], pid: ["43"] }, false],
    [{ tid: ["1,7"] }, true],
    [{ since: "2s" }, true],
    [{ since: "+2.1s" }, false],
    [{ until: "2s" }, false],
    [
      {
        since: "2026-01-01T00:00:02Z",
        until: "2026-01-01T00:00:02.000000001Z",
      },
      true,
    ],
  ] as const
) {
  Deno.test(`compileEventFilter(${JSON.stringify(options)}) ${expected ? "takes" : "refuses"}`, () => {
    assertEquals(compileEventFilter(options)!(EVENT), expected);
  });
}

Deno.test("compileEventFilter refuses records that lack what is asked for", () => {
  const { pid: _pid, ...rest } = EVENT;
  const bare: TimelineEvent = {
    ...rest,
    timestamp: undefined,
    relativeNs: undefined,
  };
  assertEquals(compileEventFilter({ pid: ["42"] })!(bare), false);
  assertEquals(compileEventFilter({ since: "0" })!(bare), false);
  assertEquals(compileEventFilter({ until: "2030-01-01" })!(bare), false);
});

Deno.test("compileEventFilter refuses malformed values", () => {
  assertThrows(
    () => compileEventFilter({ pid: ["x"] }),
    UsageError,
    'Cannot use "x" for --pid',
  );
  assertThrows(
    () => compileEventFilter({ since: "soon" }),
    UsageError,
    "Option --since",
  );
  assertThrows(
    () => compileEventFilter({ until: "2026-99-01" }),
    UsageError,
    "Option --until",
  );
});
