import { encodeText } from "../container/encode_text.ts";
import { escapeDotnetJson, formatDotnetNumber } from "./dotnet_text.ts";
import {
  type DotnetTimes,
  type DotnetTrack,
  dotnetTracks,
} from "./_dotnet_tracks.ts";
import type { Profile } from "./types.ts";

/** How {@linkcode writeSpeedscopeEvented} writes. */
export interface WriteSpeedscopeEventedOptions extends DotnetTimes {
  /** What made the file, for example `Microsoft.Diagnostics.Tracing.TraceEvent@3.1.0.0`. */
  readonly exporter: string;
  /** Name of the profile: the output file's name without its last extension. */
  readonly name: string;
}

/**
 * Writes a speedscope file of open and close events, byte for byte as
 * dotnet-trace does: one profile per thread, times in ms, lengths added up as
 * 32-bit floats. For any other purpose `writeSpeedscope` is exact and smaller.
 *
 * @param profile A profile with times.
 * @param options Exporter, name, and times that are exact to the last digit.
 * @returns The bytes in pieces.
 * @throws {RangeError} When the profile has no times.
 */
export async function* writeSpeedscopeEvented(
  profile: Profile,
  options: WriteSpeedscopeEventedOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  yield* encodeText(speedscopeText(profile, options));
}

function* speedscopeText(
  profile: Profile,
  options: WriteSpeedscopeEventedOptions,
): Generator<string, void, undefined> {
  const { tracks, frames } = dotnetTracks(profile, options);
  yield `{"exporter": "${escapeDotnetJson(options.exporter)}", ` +
    `"name": "${escapeDotnetJson(options.name)}", "activeProfileIndex": 0, ` +
    `"$schema": "https://www.speedscope.app/file-format-schema.json", ` +
    `"shared": { "frames": [ `;
  yield* separated(
    frames,
    (name) => `{ "name": "${escapeDotnetJson(name)}" }`,
  );
  yield `] }, "profiles": [ `;
  let first = true;
  for (const track of tracks) {
    if (!first) yield ", ";
    first = false;
    yield* profileText(track);
  }
  yield "] }";
}

function* profileText(track: DotnetTrack): Generator<string, void, undefined> {
  const { name, opens, frames, times } = track;
  yield `{ "type": "evented", "name": "${escapeDotnetJson(name)}", ` +
    `"unit": "milliseconds", "startValue": ${formatDotnetNumber(times[0]!)}, ` +
    `"endValue": ${formatDotnetNumber(times.at(-1)!)}, "events": [ `;
  yield* separated(
    times,
    (at, index) =>
      `{ "type": "${opens[index] === 1 ? "O" : "C"}", ` +
      `"frame": ${frames[index]}, "at": ${formatDotnetNumber(at)} }`,
  );
  yield "]}";
}

function* separated<T>(
  items: readonly T[],
  format: (item: T, index: number) => string,
): Generator<string, void, undefined> {
  for (let index = 0; index < items.length; index++) {
    yield (index === 0 ? "" : ", ") + format(items[index]!, index);
  }
}
