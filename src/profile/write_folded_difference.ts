import { encodeText } from "../container/encode_text.ts";
import { integerText } from "./_integer_text.ts";
import { sortByBytes } from "./_sort_by_bytes.ts";
import type { Profile } from "./types.ts";
import { foldedStacks, type WriteFoldedOptions } from "./write_folded.ts";

/**
 * Writes the folded difference of two profiles, the input of differential
 * flame graphs: a line per stack of either, with its value before and after.
 * Everything else is as `writeFolded` has it.
 *
 * @param before The first profile.
 * @param after The second profile.
 * @param options Which value, its unit, and what is added to the frames.
 * @returns The bytes in pieces.
 * @throws {RangeError} When a profile has no such value type or the divisor is not above 0.
 */
export async function* writeFoldedDifference(
  before: Profile,
  after: Profile,
  options: WriteFoldedOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  yield* encodeText(differenceLines(before, after, options));
}

function* differenceLines(
  before: Profile,
  after: Profile,
  options: WriteFoldedOptions,
): Generator<string, void, undefined> {
  const one = new Map(foldedStacks(before, options));
  const two = new Map(foldedStacks(after, options));
  const { divisor = 1 } = options;
  const valueOf = (sums: ReadonlyMap<string, number>, stack: string) =>
    Math.round((sums.get(stack) ?? 0) / divisor);
  for (
    const stack of sortByBytes([...new Set([...one.keys(), ...two.keys()])])
  ) {
    const [a, b] = [valueOf(one, stack), valueOf(two, stack)];
    if (a !== 0 || b !== 0) {
      yield `${stack} ${integerText(a)} ${integerText(b)}\n`;
    }
  }
}
