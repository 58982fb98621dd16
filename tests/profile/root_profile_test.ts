import { assertEquals } from "@std/assert";
import { checkProfile } from "../../src/profile/check_profile.ts";
import { ProfileBuilder } from "../../src/profile/profile_builder.ts";
import {
  type ProfileRoot,
  rootProfile,
} from "../../src/profile/root_profile.ts";
import type { Profile } from "../../src/profile/types.ts";
import { foldedStacks } from "../../src/profile/write_folded.ts";
import { exampleProfile } from "../support/example_profile.ts";

function rooted(profile: Profile, ...roots: ProfileRoot[]): string[] {
  const result = rootProfile(profile, roots);
  assertEquals(checkProfile(result), []);
  return foldedStacks(result, { valueType: 0 })
    .map(([stack, value]) => `${stack} ${value}`);
}

Deno.test("rootProfile puts names of processes and threads below the stacks", () => {
  assertEquals(rooted(exampleProfile(), "process", "thread"), [
    "app;tid 7;main;leaf 3",
    "app;tid 7;main;libc.so.6+0x1234;0xffffffff81000000 2",
    "app;worker 1",
    "app;worker;main;outer;middle 4",
    "app;worker;main;outer;middle;inner;leaf 5",
    'app;worker;main;std::map<int, "x">::operator[]: <T & U> 1',
  ]);
});

Deno.test("rootProfile keeps stacks that threads share apart, and those of nobody as they are", () => {
  const builder = new ProfileBuilder({
    valueTypes: [{ type: "samples", unit: "count" }],
  });
  const frame = (name: string) =>
    builder.internFrame({ function: builder.internFunction({ name }) });
  const outer = builder.internStack(-1, frame("outer"));
  const inner = builder.internStack(outer, frame("inner"));
  const threads = [
    builder.internThread({ pid: 1, processName: "one" }),
    builder.internThread({ pid: 2 }),
    builder.internThread({ tid: 3 }),
    builder.internThread({ pid: 4, processName: "one" }),
    -1,
  ];
  for (const thread of threads) {
    builder.addSample(inner, thread, [1]);
    builder.addSample(outer, thread, [10]);
  }
  assertEquals(rooted(builder.build(), "process"), [
    "one;outer 20",
    "one;outer;inner 2",
    "outer 10",
    "outer;inner 1",
    "pid 2;outer 10",
    "pid 2;outer;inner 1",
    "unknown pid;outer 10",
    "unknown pid;outer;inner 1",
  ]);
});
