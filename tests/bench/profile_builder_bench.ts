import { ProfileBuilder } from "../../src/profile/profile_builder.ts";
import { largeStacks, STACK_DEPTH } from "../support/large_profile.ts";

const SAMPLES = 100_000;
const stacks = largeStacks(5000);
const size = `${SAMPLES} samples of ${STACK_DEPTH} frames`;
const values = new Float64Array([1]);
let consumed = 0;

function build(timed: boolean): ProfileBuilder {
  const builder = new ProfileBuilder({
    valueTypes: [{ type: "samples", unit: "count" }],
    timed,
  });
  for (let index = 0; index < SAMPLES; index++) {
    let stack = -1;
    const frames = stacks[index % stacks.length]!;
    for (let depth = 0; depth < frames.length; depth++) {
      stack = builder.internStack(stack, frames[depth]!);
    }
    builder.addSample(stack, -1, values);
  }
  return builder;
}

Deno.bench(`builder, summed: ${size}`, { group: "builder" }, () => {
  consumed += build(false).sampleCount;
});

Deno.bench(`builder, timed: ${size}`, { group: "builder" }, () => {
  consumed += build(true).sampleCount;
});

Deno.bench(
  `Map by joined text: ${size}`,
  { group: "builder", baseline: true },
  () => {
    const sums = new Map<string, number>();
    for (let index = 0; index < SAMPLES; index++) {
      const key = stacks[index % stacks.length]!.join(";");
      sums.set(key, (sums.get(key) ?? 0) + 1);
    }
    consumed += sums.size;
  },
);
