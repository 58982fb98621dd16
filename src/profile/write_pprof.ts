import { writeGzip } from "../container/gzip.ts";
import { encodePprof, type EncodePprofOptions } from "./pprof_encoder.ts";
import type { Profile } from "./types.ts";

/** How {@linkcode writePprof} writes. */
export interface WritePprofOptions extends EncodePprofOptions {
  /** Whether the message is packed by gzip, as readers expect it. @default {true} */
  readonly compress?: boolean | undefined;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a profile as pprof. Equal profiles give equal bytes: the gzip header
 * holds no time.
 *
 * @param profile The profile.
 * @param options Packing, label keys, where losses are counted, and the signal.
 * @returns The bytes in pieces.
 */
export async function* writePprof(
  profile: Profile,
  options: WritePprofOptions = {},
): AsyncGenerator<Uint8Array<ArrayBufferLike>, void, undefined> {
  const { compress = true, signal } = options;
  const message = encodePprof(profile, options);
  if (compress) yield* writeGzip(message, { signal });
  else yield* message;
}
