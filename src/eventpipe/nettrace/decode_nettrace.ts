import type { NettraceDecodeOptions } from "./nettrace_decode_options.ts";
import { NettraceDecoder } from "./nettrace_decoder.ts";
import type { NettraceOutcome, NettraceSink } from "./types.ts";

/**
 * Decodes a stream that is in memory as a whole.
 *
 * @param bytes The stream.
 * @param sink Takes what is found.
 * @param options Order, filter, limits.
 * @returns How the stream ended; what was complete has been delivered.
 * @throws {FormatError} When this is no nettrace stream or its header makes no
 * sense, or with `strict` anything is damaged.
 * @throws {TruncatedError} When it ends before its header is complete, or with
 * `strict` before its end mark.
 * @throws {LimitError} When a limit is exceeded.
 */
export function decodeNettrace(
  bytes: Uint8Array,
  sink: NettraceSink,
  options: NettraceDecodeOptions = {},
): NettraceOutcome {
  const decoder = new NettraceDecoder(sink, options);
  decoder.push(bytes);
  return decoder.finish();
}
