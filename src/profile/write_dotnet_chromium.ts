import { encodeText } from "../container/encode_text.ts";
import { escapeDotnetJson, formatDotnetNumber } from "./dotnet_text.ts";
import { type DotnetTimes, dotnetTracks } from "./_dotnet_tracks.ts";
import type { Profile } from "./types.ts";

/** How {@linkcode writeDotnetChromium} writes. */
export interface WriteDotnetChromiumOptions extends DotnetTimes {
  /** What made the file, for example `Microsoft.Diagnostics.Tracing.TraceEvent@3.1.0.0`. */
  readonly exporter: string;
  /** Name of the profile: the output file's name without its last extension. */
  readonly name: string;
}

/**
 * Writes a Chromium trace of begin and end events as dotnet-trace does, its
 * habits included: the process is always 0 for its own profiles, and a frame
 * has the caller of its first appearance. For any other purpose
 * `writeChromiumProfile` has the real process, names and callers.
 *
 * @param profile A profile with times.
 * @param options Exporter, name, and times that are exact to the last digit.
 * @returns The bytes in pieces.
 * @throws {RangeError} When the profile has no times.
 */
export async function* writeDotnetChromium(
  profile: Profile,
  options: WriteDotnetChromiumOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  yield* encodeText(chromiumText(profile, options));
}

function* chromiumText(
  profile: Profile,
  options: WriteDotnetChromiumOptions,
): Generator<string, void, undefined> {
  const { tracks, frames, callers } = dotnetTracks(profile, options);
  const names = frames.map((name) => splitName(name));
  yield `{"otherData": { "name": "${escapeDotnetJson(options.name)}", ` +
    `"exporter": "${escapeDotnetJson(options.exporter)}" }, "traceEvents": [`;
  let separator = "";
  for (const { opens, frames, times, pid, tid } of tracks) {
    for (let index = 0; index < times.length; index++) {
      const frame = frames[index]!;
      yield `${separator}{"name": "${names[frame]!.name}", ` +
        `"cat": "sampleEvent", "ph": "${opens[index] === 1 ? "B" : "E"}", ` +
        `"ts": ${formatDotnetNumber(times[index]! * 1000)}, ` +
        `"pid": ${pid}, "tid": ${tid}, "sf": ${frame}}`;
      separator = ", ";
    }
  }
  yield `], "displayTimeUnit": "ms", "stackFrames": {`;
  for (let frame = 0; frame < names.length; frame++) {
    const { name, category } = names[frame]!;
    const caller = callers[frame]!;
    yield `${frame === 0 ? "" : ", "}"${frame}": {"name": "${name}", ` +
      `"category": "${category}"` +
      (caller < 0 ? "}" : `, "parent": ${caller}}`);
  }
  yield "}}";
}

/** What stands before the first `!` is the category, which dotnet-trace escapes no more than JSON needs. */
function splitName(name: string): { name: string; category: string } {
  const at = name.indexOf("!");
  if (at <= 0) return { name: escapeDotnetJson(name), category: "" };
  return {
    name: escapeDotnetJson(name.slice(at + 1)),
    category: JSON.stringify(name.slice(0, at)).slice(1, -1),
  };
}
