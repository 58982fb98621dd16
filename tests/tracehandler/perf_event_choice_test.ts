import { assert, assertEquals, assertThrows } from "@std/assert";
import { FRAME_TYPE } from "../../src/profile/frame_type_table.ts";
import { parseCpuList } from "../../src/platform/online_cpus.ts";
import {
  parsePerfEvent,
  perfEventChoices,
} from "../../src/tracehandler/parse_perf_event.ts";
import { parsePerfMapName } from "../../src/tracehandler/parse_perf_map_name.ts";
import { decodePerfAttr } from "../../src/tracehandler/perf_attr_decoder.ts";
import { encodePerfAttr } from "../../src/tracehandler/perf_attr_encoder.ts";
import {
  PERF_ATTR_FLAG,
  PERF_SAMPLE,
} from "../../src/tracehandler/perf_event_table.ts";

Deno.test("encodePerfAttr writes what decodePerfAttr reads", () => {
  const bytes = encodePerfAttr({
    type: 1,
    config: 3n,
    periodOrFrequency: 999,
    isFrequency: true,
    sampleType: PERF_SAMPLE.tid | PERF_SAMPLE.callchain,
    readFormat: 16,
    flags: [PERF_ATTR_FLAG.sampleIdAll, PERF_ATTR_FLAG.useClockId],
    watermarkBytes: 4096,
    clockId: 1,
    maxStack: 64,
  });
  const attr = decodePerfAttr(bytes, true);
  assertEquals(attr.name, "context-switches");
  assertEquals([attr.periodOrFrequency, attr.isFrequency], [999n, true]);
  assertEquals([attr.sampleType, attr.readFormat], [0x22, 16]);
  assertEquals([attr.hasSampleId, attr.clockId], [true, 1]);
  const view = new DataView(bytes.buffer);
  // As struct perf_event_attr of the kernel has them.
  assertEquals(view.getUint32(4, true), bytes.length);
  assertEquals(view.getUint32(48, true), 4096);
  assertEquals(view.getUint16(108, true), 64);
});

Deno.test("parsePerfEvent knows events by their names, numbers and modifiers", () => {
  const cases = [
    ["cpu-clock", 1, 0n, true, false, false],
    ["task-clock:u", 1, 1n, true, true, false],
    ["cs", 1, 3n, false, false, false],
    ["cycles:k", 0, 0n, false, false, true],
    ["cpu-cycles:uk", 0, 0n, false, false, false],
    ["instructions:upp", 0, 1n, false, true, false],
    ["r1c2", 4, 0x1c2n, false, false, false],
  ] as const;
  for (const [text, type, config, isClock, userOnly, kernelOnly] of cases) {
    const event = parsePerfEvent(text);
    assertEquals([event.type, event.config], [type, config], text);
    assertEquals(
      [event.isClock, event.userOnly, event.kernelOnly],
      [isClock, userOnly, kernelOnly],
      text,
    );
  }
  assert(perfEventChoices().includes("page-faults"));
  for (const name of perfEventChoices()) {
    assertEquals(parsePerfEvent(name).name, name);
  }
});

Deno.test("parsePerfEvent refuses what is no event", () => {
  for (const text of ["", ":u", "nothing", "cycles:x", "r", "rxyz"]) {
    assertThrows(
      () => parsePerfEvent(text),
      SyntaxError,
      "Cannot sample event",
    );
  }
});

Deno.test("parseCpuList reads numbers and ranges", () => {
  assertEquals(parseCpuList("0-3,5\n"), [0, 1, 2, 3, 5]);
  assertEquals(parseCpuList("7"), [7]);
  for (const text of ["", "a", "3-1", "-1", "1,,2", "0-99999"]) {
    assertThrows(
      () => parseCpuList(text),
      SyntaxError,
      "Cannot read list of processors",
    );
  }
});

Deno.test("parsePerfMapName takes names of runtimes apart", () => {
  const of = (name: string) => {
    const { type, functionName, sourceFile, sourceLine, sourceColumn } =
      parsePerfMapName(name);
    return [type, functionName, sourceFile, sourceLine, sourceColumn];
  };
  const { v8, dotnet, native } = FRAME_TYPE;
  assertEquals(of("JS:*fib /a b/c.js:3:19"), [v8, "fib", "/a b/c.js", 3, 19]);
  assertEquals(
    of("LazyCompile:~get size node:internal/x:46:7"),
    [v8, "get size", "node:internal/x", 46, 7],
  );
  assertEquals(
    of("JS:^ file:///app.mjs:1:1"),
    [v8, "(anonymous)", "file:///app.mjs", 1, 1],
  );
  assertEquals(
    of("int32 [app] App.Program::Fib(int32)[Tier0]"),
    [dotnet, "int32 [app] App.Program::Fib(int32)", "", 0, 0],
  );
  for (const name of ["Builtin:ArrayPush", "java.lang.Thread::run", "x[1]"]) {
    assertEquals(of(name), [native, name, "", 0, 0]);
  }
});
