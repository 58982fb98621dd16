import { assertEquals } from "@std/assert";
import { sumFunctions } from "../../src/profile/function_totals.ts";
import { foldedProfile } from "../support/folded_profile.ts";

Deno.test("sumFunctions counts a function that calls itself once per sample", () => {
  const { total, functions } = sumFunctions(
    foldedProfile({ "a;b;a;b": 10, "a;c": 5, "b": 1, "": 4 }),
  );
  assertEquals(total, 20);
  assertEquals(functions, [
    { name: "a", exclusive: 0, inclusive: 15 },
    { name: "b", exclusive: 11, inclusive: 11 },
    { name: "c", exclusive: 5, inclusive: 5 },
  ]);
});

Deno.test("sumFunctions takes stacks deeper than the call stack", () => {
  const path = Array.from({ length: 50_000 }, (_, index) => `f${index % 7}`)
    .join(";");
  const { functions } = sumFunctions(foldedProfile({ [path]: 3 }));
  assertEquals(functions.map(({ inclusive }) => inclusive), Array(7).fill(3));
});

Deno.test("sumFunctions of nothing is nothing", () => {
  assertEquals(sumFunctions(foldedProfile({})), { total: 0, functions: [] });
});
