import { assertEquals, assertThrows } from "@std/assert";
import { checkProfile } from "../../src/profile/check_profile.ts";
import {
  filterProfile,
  type FilterProfileOptions,
} from "../../src/profile/filter_profile.ts";
import { foldedStacks } from "../../src/profile/write_folded.ts";
import { exampleProfile } from "../support/example_profile.ts";

function kept(options: FilterProfileOptions, timed = false): string[] {
  const profile = filterProfile(exampleProfile({ timed }), options);
  assertEquals(checkProfile(profile), []);
  return foldedStacks(profile, { valueType: 0 })
    .map(([stack, value]) => `${stack} ${value}`);
}

const ODD = 'main;std::map<int, "x">::operator[]: <T & U> 1';

Deno.test("filterProfile without conditions keeps everything", () => {
  assertEquals(kept({}).length, 6);
});

Deno.test("filterProfile focuses on and ignores stacks by frame names", () => {
  assertEquals(kept({ focus: /^outer$/g }), [
    "main;outer;middle 4",
    "main;outer;middle;inner;leaf 5",
  ]);
  assertEquals(kept({ ignore: /leaf|libc/ }), [
    " 1",
    "main;outer;middle 4",
    ODD,
  ]);
  assertEquals(kept({ focus: /leaf/, ignore: /inner/ }), ["main;leaf 3"]);
});

Deno.test("filterProfile hides frames and sums what becomes equal", () => {
  assertEquals(kept({ hide: /^(main|middle|inner|std.*)$/s }), [
    " 2",
    "leaf 3",
    "libc.so.6+0x1234;0xffffffff81000000 2",
    "outer 4",
    "outer;leaf 5",
  ]);
});

Deno.test("filterProfile shows stacks from a frame on", () => {
  assertEquals(kept({ showFrom: /^(outer|inner)$/ }), [
    "outer;middle 4",
    "outer;middle;inner;leaf 5",
  ]);
  assertEquals(kept({ showFrom: /^middle$/, hide: /^inner$/ }), [
    "middle 4",
    "middle;leaf 5",
  ]);
});

Deno.test("filterProfile keeps threads and labels", () => {
  assertEquals(kept({ thread: (thread) => thread?.tid === 7 }).length, 2);
  assertEquals(kept({ thread: (thread) => thread === undefined }), []);
  assertEquals(
    kept({
      labels: (labels) => labels.some(({ value }) => value === "/a;b"),
    }),
    ["main;outer;middle;inner;leaf 5"],
  );
});

Deno.test("filterProfile keeps a range of time, its end left out", () => {
  assertEquals(kept({ fromNs: 1e6, toNs: 6e6 }, true), [
    "main;libc.so.6+0x1234;0xffffffff81000000 2",
    "main;outer;middle;inner;leaf 5",
  ]);
  assertThrows(
    () => kept({ fromNs: 0 }),
    RangeError,
    "it has no times",
  );
});
