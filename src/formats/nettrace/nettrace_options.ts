import type {
  NettraceProfileKind,
  NettraceProfileMethod,
  ReadNettraceProfileOptions,
} from "../../eventpipe/samples/read_nettrace_profile.ts";
import type { OptionValues } from "../option_spec.ts";
import type { FormatInput } from "../types.ts";

/**
 * Turns options of a verb into those of a profile.
 *
 * @param input Whose limits, statistics and signal count.
 * @param options Values of the options.
 * @param timed Whether every sample is wanted with its time.
 * @returns Options for `readNettraceProfile`.
 */
export function profileOptions(
  input: FormatInput,
  options: OptionValues,
  timed: boolean,
): ReadNettraceProfileOptions {
  return {
    kind: options["kind"] as NettraceProfileKind | undefined,
    method: options["method"] as NettraceProfileMethod | undefined,
    managedOnly: options["managed-only"] === true,
    cutGaps: options["cut-gaps"] === true,
    mergeGenerics: options["merge-generics"] === true,
    splitTiers: options["split-tiers"] === true,
    timed,
    limits: input.limits,
    stats: input.stats,
    signal: input.signal,
  };
}
