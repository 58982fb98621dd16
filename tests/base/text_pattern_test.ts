import { assertEquals } from "@std/assert";
import { compilePattern } from "../../src/base/text_pattern.ts";

for (
  const [pattern, text, expected] of [
    ["gc/*", "GC/Start", true],
    ["*start", "GC/Start", true],
    ["*c/s*", "GC/Start", true],
    ["gc*start", "GC/Start", true],
    ["gc/start", "GC/Start", true],
    ["gc", "GC/Start", false],
    ["*", "", true],
    ["a*a", "a", false],
    ["a*b*c", "axbxc", true],
    ["a*b*c", "axc", false],
    ["gc/st.rt", "GC/Start", false],
  ] as const
) {
  Deno.test(`compilePattern("${pattern}") ${expected ? "takes" : "refuses"} "${text}"`, () => {
    assertEquals(compilePattern(pattern)(text), expected);
  });
}
