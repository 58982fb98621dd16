import { ProfileBuilder } from "../../src/profile/profile_builder.ts";
import type { Profile } from "../../src/profile/types.ts";
import { seededRandom } from "./mutations.ts";

/** Frames of each stack of {@linkcode largeStacks}. */
export const STACK_DEPTH = 24;

/**
 * Makes stacks as programs have them: callers are few, leaves are many.
 *
 * @param count How many.
 * @returns Indexes of functions, root first.
 */
export function largeStacks(count: number): readonly Int32Array[] {
  const random = seededRandom(11);
  return Array.from(
    { length: count },
    () =>
      Int32Array.from(
        { length: STACK_DEPTH },
        (_, depth) => depth * 40 + random(1 + Math.min(30, depth * 2)),
      ),
  );
}

/** @param index A function of {@linkcode largeStacks}. @returns Its name. */
export function largeFunctionName(index: number): string {
  return `Example.Namespace${index % 17}.Type${
    index % 91
  }.Method${index}(int32,class System.String)`;
}

/**
 * Makes a profile of as many distinct stacks, each with one sample.
 *
 * @param count How many.
 * @returns The profile.
 */
export function largeProfile(count: number): Profile {
  const builder = new ProfileBuilder({
    valueTypes: [
      { type: "samples", unit: "count" },
      { type: "cpu", unit: "nanoseconds" },
    ],
    defaultValueType: 1,
  });
  const thread = builder.internThread({ pid: 1, tid: 2, name: "main" });
  const values = new Float64Array([1, 10_000_000]);
  for (const stack of largeStacks(count)) {
    let prefix = -1;
    for (const index of stack) {
      const frame = builder.internFrame({
        function: builder.internFunction({ name: largeFunctionName(index) }),
        address: 0x40_0000 + index * 64,
      });
      prefix = builder.internStack(prefix, frame);
    }
    builder.addSample(prefix, thread, values);
  }
  return builder.build();
}
