import { assertEquals, assertThrows } from "@std/assert";
import { compileSelection } from "../../src/cli/verbs/profile_filter.ts";
import { UsageError } from "../../src/cli/usage_error.ts";
import type { OptionValues } from "../../src/formats/option_spec.ts";
import { foldedStacks } from "../../src/profile/write_folded.ts";
import { exampleProfile } from "../support/example_profile.ts";

function selected(options: OptionValues): string[] {
  const profile = compileSelection(options).profile!(
    exampleProfile({ timed: true }),
  );
  return foldedStacks(profile, { valueType: 0 })
    .map(([stack, value]) => `${stack} ${value}`);
}

Deno.test("compileSelection without options selects nothing", () => {
  assertEquals(compileSelection({}).profile, undefined);
});

Deno.test("compileSelection finds functions by patterns", () => {
  assertEquals(selected({ focus: ["INN*"] }), [
    "main;outer;middle;inner;leaf 5",
  ]);
  assertEquals(selected({ focus: ["leaf"], ignore: ["*out*"] }), [
    "main;leaf 3",
  ]);
  assertEquals(selected({ focus: ["inner"], hide: ["m*", "leaf"] }), [
    "outer;inner 5",
  ]);
});

Deno.test("compileSelection puts processes and threads below what is selected", () => {
  assertEquals(selected({ focus: ["inner"], root: ["process", "thread"] }), [
    "app;worker;main;outer;middle;inner;leaf 5",
  ]);
  assertEquals(selected({ tid: ["7"], root: ["thread"] }), [
    "tid 7;main;leaf 3",
    "tid 7;main;libc.so.6+0x1234;0xffffffff81000000 2",
  ]);
});

Deno.test("compileSelection takes a part of the time", () => {
  assertEquals(selected({ since: "4ms", until: "10ms" }), [
    "main;outer;middle 4",
  ]);
  assertThrows(() => selected({ since: "soon" }), UsageError, "--since");
});
