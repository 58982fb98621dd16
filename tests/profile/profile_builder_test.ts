import { assertEquals, assertThrows } from "@std/assert";
import { LimitError } from "../../src/base/errors.ts";
import { ProfileBuilder } from "../../src/profile/profile_builder.ts";

const SAMPLES = { type: "samples", unit: "count" };
const WALL = { type: "wall", unit: "nanoseconds" };

function frameOf(builder: ProfileBuilder, name: string): number {
  return builder.internFrame({ function: builder.internFunction({ name }) });
}

Deno.test("ProfileBuilder sums samples of equal stack, thread and labels", () => {
  const builder = new ProfileBuilder({ valueTypes: [SAMPLES, WALL] });
  const main = builder.internStack(-1, frameOf(builder, "main"));
  const leaf = builder.internStack(main, frameOf(builder, "leaf"));
  const thread = builder.internThread({ tid: 7 });
  const labels = builder.internLabels([{ key: "a", value: 1, unit: "" }]);
  const values = new Float64Array([1, 10]);
  builder.addSample(leaf, thread, values);
  builder.addSample(leaf, thread, values);
  builder.addSample(main, thread, values);
  builder.addSample(leaf, -1, values);
  builder.addSample(leaf, thread, values, { labels });
  const { samples } = builder.build();
  assertEquals([...samples.stack], [leaf, main, leaf, leaf]);
  assertEquals([...samples.thread], [thread, thread, -1, thread]);
  assertEquals([...samples.labels], [0, 0, 0, labels]);
  assertEquals([...samples.values[0]!], [2, 1, 1, 1]);
  assertEquals([...samples.values[1]!], [20, 10, 10, 10]);
  assertEquals(samples.timeNs, undefined);
});

Deno.test("ProfileBuilder keeps every sample of a timed profile", () => {
  const builder = new ProfileBuilder({ valueTypes: [SAMPLES], timed: true });
  const stack = builder.internStack(-1, frameOf(builder, "main"));
  for (let index = 0; index < 1000; index++) {
    builder.addSample(stack, -1, [index], { timeNs: index * 5 });
  }
  const { samples } = builder.build();
  assertEquals(samples.length, 1000);
  assertEquals(samples.timeNs![999], 4995);
  assertEquals(samples.values[0]![999], 999);
  assertEquals(samples.stack[999], stack);
});

Deno.test("ProfileBuilder gives equal frames one index and different ones another", () => {
  const builder = new ProfileBuilder({ valueTypes: [SAMPLES] });
  const variants = [
    {},
    { function: 0 },
    { mapping: 0 },
    { address: 1 },
    { address: 2 ** 32 },
    { address: 0xffff_8000_0000_0001n },
    { line: 1 },
    { column: 1 },
    { kind: "native" },
    { inlined: true },
  ];
  const ids = variants.map((each) => builder.internFrame(each));
  assertEquals(ids, variants.map((_, index) => index));
  assertEquals(variants.map((each) => builder.internFrame(each)), ids);
  assertEquals(builder.internFrame({ address: 1n << 32n }), 4);
  const { frames, strings } = builder.build();
  assertEquals(frames.address[4], 1n << 32n);
  assertEquals(frames.address[5], 0xffff_8000_0000_0001n);
  assertEquals(strings[frames.kind[8]!], "native");
  assertEquals(frames.inlined[9], 1);
});

Deno.test("ProfileBuilder stores a system name only where it differs", () => {
  const builder = new ProfileBuilder({ valueTypes: [SAMPLES] });
  builder.internFunction({ name: "f", systemName: "f" });
  assertEquals(
    builder.internFunction({ name: "f" }),
    0,
  );
  assertEquals(builder.internFunction({ name: "f", systemName: "_Zf" }), 1);
});

Deno.test("ProfileBuilder keeps stacks of 200,000 distinct frames apart", () => {
  const builder = new ProfileBuilder({ valueTypes: [SAMPLES] });
  const stacks = [];
  for (let address = 1; address <= 200_000; address++) {
    stacks.push(builder.internStack(-1, builder.internFrame({ address })));
  }
  assertEquals(new Set(stacks).size, 200_000);
  assertEquals(
    builder.internStack(-1, builder.internFrame({ address: 77_777 })),
    stacks[77_776],
  );
  assertEquals(builder.stackFrame(stacks[99]!), 99);
  assertEquals(builder.stackPrefix(stacks[99]!), -1);
});

Deno.test("ProfileBuilder takes labels in any order as one set", () => {
  const builder = new ProfileBuilder({ valueTypes: [SAMPLES] });
  const a = { key: "a", value: "1", unit: "" };
  const b = { key: "b", value: 1n, unit: "bytes" };
  const id = builder.internLabels([a, b]);
  assertEquals(builder.internLabels([b, a]), id);
  assertEquals(builder.internLabels([]), 0);
  assertEquals(
    builder.internLabels([{ ...a, value: 1 }, b]) === id,
    false,
    "text and number differ",
  );
  assertEquals(builder.build().labelSets[id], [a, b]);
});

Deno.test("ProfileBuilder tells mappings apart by every field", () => {
  const builder = new ProfileBuilder({ valueTypes: [SAMPLES] });
  const mapping = {
    start: 1n,
    end: 2n,
    fileOffset: 3n,
    fileName: "f",
    buildId: "b",
  };
  const variants = [
    mapping,
    { ...mapping, start: 0n },
    { ...mapping, end: 9n },
    { ...mapping, fileOffset: 0n },
    { ...mapping, fileName: "g" },
    { ...mapping, buildId: "c" },
    { ...mapping, goBuildId: "go" },
    { ...mapping, fileId: "id" },
  ];
  assertEquals(variants.map((each) => builder.internMapping(each)), [
    ...variants.keys(),
  ]);
  assertEquals(builder.internMapping({ ...mapping }), 0);
});

Deno.test("ProfileBuilder can build, go on and build again", () => {
  const builder = new ProfileBuilder({ valueTypes: [SAMPLES] });
  const stack = builder.internStack(-1, frameOf(builder, "a"));
  builder.addSample(stack, -1, [1]);
  const first = builder.build();
  builder.addSample(stack, -1, [1]);
  builder.facts.comments.push("later");
  assertEquals(first.samples.values[0]![0], 1);
  assertEquals(first.comments, []);
  assertEquals(builder.build().samples.values[0]![0], 2);
});

Deno.test("ProfileBuilder refuses more stacks than allowed", () => {
  const builder = new ProfileBuilder({ valueTypes: [SAMPLES], maxStacks: 2 });
  builder.internStack(-1, 0);
  builder.internStack(-1, 1);
  assertThrows(() => builder.internStack(-1, 2), LimitError, "2 entries");
});

Deno.test("ProfileBuilder refuses options that make no profile", () => {
  assertThrows(() => new ProfileBuilder({ valueTypes: [] }), RangeError);
  assertThrows(
    () => new ProfileBuilder({ valueTypes: [SAMPLES], defaultValueType: 1 }),
    RangeError,
    "expected 0 to 0",
  );
});
