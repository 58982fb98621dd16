import { collectBytes } from "../container/collect_bytes.ts";
import { readGzip } from "../container/gzip.ts";
import { sniffGzip } from "../container/sniff_gzip.ts";
import { decodePprof, type DecodePprofOptions } from "./pprof_decoder.ts";
import type { Profile } from "./types.ts";

/** The message is held in memory as a whole, so it has a bound of its own. */
const MAX_MESSAGE_BYTES = 1024 ** 3;

/** How {@linkcode readPprof} reads. */
export interface ReadPprofOptions extends DecodePprofOptions {
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a pprof profile, packed by gzip or not.
 *
 * @param source The bytes.
 * @param options Limits (`maxDecompressedBytes` is 1 GiB where it is not
 * given), where faults are counted, and the signal.
 * @returns The profile.
 * @throws {FormatError} When packing or message are damaged.
 * @throws {TruncatedError} When the stream breaks off: names stand at the end
 * of the format, so nothing can be told without it.
 * @throws {LimitError} When it is larger than the limits allow.
 *
 * @example Writing and reading
 * ```ts
 * import {
 *   ProfileBuilder,
 *   readPprof,
 *   writePprof,
 * } from "@tracedeck/tracedeck/profile";
 * import { assertEquals } from "@std/assert";
 *
 * const builder = new ProfileBuilder({
 *   valueTypes: [{ type: "samples", unit: "count" }],
 * });
 * builder.addSample(-1, -1, [3]);
 * const profile = await readPprof(writePprof(builder.build()));
 * assertEquals(profile.samples.values[0]?.[0], 3);
 * ```
 */
export async function readPprof(
  source: AsyncIterable<Uint8Array>,
  options: ReadPprofOptions = {},
): Promise<Profile> {
  const { signal } = options;
  const limits = {
    maxDecompressedBytes: MAX_MESSAGE_BYTES,
    ...options.limits,
  };
  const collect = (stream: AsyncIterable<Uint8Array>) =>
    collectBytes(stream, {
      maxBytes: limits.maxDecompressedBytes,
      what: "pprof message",
      signal,
    });
  let bytes = await collect(source);
  if (sniffGzip(bytes)) {
    bytes = await collect(readGzip(streamOf(bytes), { limits, signal }));
  }
  return decodePprof(bytes, options);
}

async function* streamOf(
  bytes: Uint8Array,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}
