import { assertEquals } from "@std/assert";
import { traceCacheSize } from "../../src/tracehandler/trace_cache_size.ts";

Deno.test("traceCacheSize has room for six intervals, in 16 bits, rounded up", () => {
  const cases: readonly (readonly [number, number, number, number])[] = [
    [20, 5000, 4, 65_536],
    [20, 5999, 110, 131_072],
    [20, 5000, 109, 65_536],
    [20, 5000, 256, 262_144],
    // 100 * 5 * 132 is 66,000, of which 16 bits are 464.
    [100, 5000, 132, 65_536],
    [65_536, 5000, 8, 65_536],
    [0, 0, 0, 65_536],
  ];
  for (const [samplesPerSecond, monitorIntervalMs, cores, size] of cases) {
    assertEquals(
      traceCacheSize({ samplesPerSecond, monitorIntervalMs, cores }),
      size,
      `${samplesPerSecond} ${monitorIntervalMs} ${cores}`,
    );
  }
});
