import { assert, assertEquals } from "@std/assert";

interface SpeedscopeProfile {
  readonly type: string;
  readonly startValue: number;
  readonly endValue: number;
  readonly events?: readonly {
    readonly type: string;
    readonly frame: number;
    readonly at: number;
  }[];
  readonly samples?: readonly (readonly number[])[];
  readonly weights?: readonly number[];
}

/**
 * Checks the conditions under which speedscope opens a file: times never
 * decrease, every close matches the innermost open frame, everything is closed
 * at the end, samples and weights are equally many and lie in the range.
 *
 * @param text The file.
 * @returns The parsed file.
 */
// deno-lint-ignore no-explicit-any -- tests look into it freely
export function assertValidSpeedscope(text: string): any {
  const file = JSON.parse(text);
  const frames: unknown[] = file.shared.frames;
  for (const profile of file.profiles as SpeedscopeProfile[]) {
    assert(profile.endValue >= profile.startValue);
    if (profile.type === "evented") checkEvents(profile, frames.length);
    else checkSamples(profile, frames.length);
  }
  return file;
}

function checkEvents(
  { events = [], startValue, endValue }: SpeedscopeProfile,
  frameCount: number,
): void {
  const open: number[] = [];
  let last = startValue;
  for (const { type, frame, at } of events) {
    assert(at >= last, `time steps back from ${last} to ${at}`);
    assert(frame >= 0 && frame < frameCount, `frame ${frame} exists`);
    last = at;
    if (type === "O") open.push(frame);
    else assertEquals(open.pop(), frame, "a close matches the innermost open");
  }
  assertEquals(open, [], "all is closed");
  assertEquals(last, endValue);
}

function checkSamples(
  { samples = [], weights = [], startValue, endValue }: SpeedscopeProfile,
  frameCount: number,
): void {
  assertEquals(samples.length, weights.length);
  assert(samples.flat().every((frame) => frame >= 0 && frame < frameCount));
  assert(weights.every((weight) => weight > 0));
  const sum = weights.reduce((a, b) => a + b, 0);
  assert(endValue - startValue >= sum * (1 - 1e-9));
}
