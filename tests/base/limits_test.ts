import { assertEquals, assertThrows } from "@std/assert";
import { DEFAULT_LIMITS, resolveLimits } from "../../src/base/limits.ts";

Deno.test("resolveLimits fills in finite defaults", () => {
  const limits = resolveLimits({ maxDepth: 4 });
  assertEquals(limits, { ...DEFAULT_LIMITS, maxDepth: 4 });
  assertEquals(Object.values(limits).every(Number.isSafeInteger), true);
});

for (const value of [0, -1, 1.5, NaN, Infinity]) {
  Deno.test(`resolveLimits refuses ${value}`, () => {
    assertThrows(
      () => resolveLimits({ maxDepth: value }),
      RangeError,
      `"maxDepth": value is ${value}`,
    );
  });
}
