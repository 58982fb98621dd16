import { VERSION } from "../../base/version.ts";
import { readNettraceProfile } from "../../eventpipe/samples/read_nettrace_profile.ts";
import { mergeProfiles } from "../../profile/merge_profiles.ts";
import type { Profile } from "../../profile/types.ts";
import { writeSpeedscope } from "../../profile/write_speedscope.ts";
import { writeSpeedscopeEvented } from "../../profile/write_speedscope_evented.ts";
import { noteEmptyProfile } from "../note_empty_profile.ts";
import type { ByteStream, ConvertRequest } from "../types.ts";
import { profileOptions } from "./nettrace_options.ts";

/**
 * Converts traces to speedscope: sampled profiles, or with method `traceevent`
 * the file that dotnet-trace writes.
 *
 * @param request Inputs, options, selection.
 * @returns The bytes.
 * @throws {RangeError} When several inputs or a selection are to become dotnet-trace's file.
 */
export async function* convertToSpeedscope(
  request: ConvertRequest,
): ByteStream {
  const { inputs, options, outputName, selection, stats } = request;
  if (options["method"] === "traceevent" && isPlain(request)) {
    const [input] = inputs;
    const { profile, traceEvent } = await readNettraceProfile(
      input!.open(),
      profileOptions(input!, options, true),
    );
    noteEmptyProfile(profile, stats);
    yield* writeSpeedscopeEvented(profile, {
      ...traceEvent,
      exporter: exporterName(request),
      name: stemOf(outputName ?? input!.name),
    });
    return;
  }
  const profiles: Profile[] = [];
  for (const input of inputs) {
    const { profile } = await readNettraceProfile(
      input.open(),
      profileOptions(input, options, true),
    );
    profiles.push(selection?.profile?.(profile) ?? profile);
  }
  const profile = profiles.length === 1
    ? profiles[0]!
    : mergeProfiles(profiles);
  noteEmptyProfile(profile, stats);
  yield* writeSpeedscope(profile, { name: outputName });
}

/**
 * @param request A conversion.
 * @returns Whether it is of one whole file, as dotnet-trace converts.
 */
export function isPlain({ inputs, selection }: ConvertRequest): boolean {
  return inputs.length === 1 && selection?.profile === undefined;
}

/**
 * @param request A conversion.
 * @returns Name of the exporter for files in the form of dotnet-trace.
 */
export function exporterName({ options }: ConvertRequest): string {
  return (options["exporter"] as string | undefined) ?? `tracedeck@${VERSION}`;
}

/**
 * @param name Name of a file.
 * @returns It without folders and its last extension.
 */
export function stemOf(name: string): string {
  return name.replace(/^.*[/\\]/s, "").replace(/\.[^.]*$/, "");
}
