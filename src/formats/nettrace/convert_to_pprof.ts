import { readNettraceProfile } from "../../eventpipe/samples/read_nettrace_profile.ts";
import { mergeProfiles } from "../../profile/merge_profiles.ts";
import type { Profile } from "../../profile/types.ts";
import { writePprof } from "../../profile/write_pprof.ts";
import { noteEmptyProfile } from "../note_empty_profile.ts";
import type { ByteStream, ConvertRequest } from "../types.ts";
import { profileOptions } from "./nettrace_options.ts";

/**
 * Converts traces to pprof. Names of functions have no module there: it stands
 * in their file and mapping.
 *
 * @param request Inputs, options, selection.
 * @returns The bytes.
 */
export async function* convertToPprof(request: ConvertRequest): ByteStream {
  const { inputs, options, selection, stats, signal } = request;
  const timed = selection?.needsTimes === true;
  const profiles: Profile[] = [];
  for (const input of inputs) {
    const { profile } = await readNettraceProfile(input.open(), {
      ...profileOptions(input, options, timed),
      withModule: false,
    });
    profiles.push(selection?.profile?.(profile) ?? profile);
  }
  const profile = profiles.length === 1
    ? profiles[0]!
    : mergeProfiles(profiles);
  noteEmptyProfile(profile, stats);
  yield* writePprof(profile, {
    stats,
    signal,
    threadLabelKeys: { tid: "thread_id", name: "thread_name" },
  });
}
