import type { NettraceDecodeOptions } from "./nettrace_decode_options.ts";
import { NettraceDecoder } from "./nettrace_decoder.ts";
import type {
  NettraceEventRecord,
  NettraceOutcome,
  NettraceSink,
} from "./types.ts";

/** How a nettrace stream is read. */
export interface ReadNettraceOptions extends NettraceDecodeOptions {
  /** Ends the reading; the call then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Decodes a stream as it comes: a file, a connection, pieces in memory.
 *
 * @param source The bytes, in pieces of any size. It is read to its end, but not
 * beyond a place where the framing is broken.
 * @param sink Takes what is found.
 * @param options Order, filter, limits, signal.
 * @returns How the stream ended; what was complete has been delivered.
 * @throws {FormatError} When this is no nettrace stream or its header makes no
 * sense, or with `strict` anything is damaged.
 * @throws {TruncatedError} When it ends before its header is complete, or with
 * `strict` before its end mark.
 * @throws {LimitError} When a limit is exceeded.
 *
 * @example
 * ```ts ignore
 * const file = await Deno.open("app.nettrace");
 * let exceptions = 0;
 * await readNettrace(file.readable, {
 *   onEvent: (event) => {
 *     if (event.metadata.eventId === 80) exceptions++;
 *   },
 * });
 * ```
 */
export async function readNettrace(
  source: AsyncIterable<Uint8Array>,
  sink: NettraceSink,
  options: ReadNettraceOptions = {},
): Promise<NettraceOutcome> {
  const { signal } = options;
  const decoder = new NettraceDecoder(sink, options);
  signal?.throwIfAborted();
  for await (const chunk of source) {
    signal?.throwIfAborted();
    decoder.push(chunk);
    if (decoder.isDamaged) break;
  }
  return decoder.finish();
}

/**
 * Reads the events of a stream as copies that stay, in batches: one per piece of
 * the source that completes any.
 *
 * This costs several times what a sink costs, which sees each event in place;
 * see {@linkcode readNettrace}.
 *
 * @param source The bytes, in pieces of any size.
 * @param options Order, filter, limits, signal.
 * @returns Batches of events, never empty; the generator returns how the stream
 * ended.
 * @throws {FormatError} As {@linkcode readNettrace}.
 * @throws {TruncatedError} As {@linkcode readNettrace}.
 * @throws {LimitError} As {@linkcode readNettrace}.
 */
export async function* readNettraceEvents(
  source: AsyncIterable<Uint8Array>,
  options: ReadNettraceOptions = {},
): AsyncGenerator<readonly NettraceEventRecord[], NettraceOutcome, void> {
  const { signal } = options;
  let batch: NettraceEventRecord[] = [];
  const decoder = new NettraceDecoder({
    onEvent: (event) => {
      batch.push(event.toRecord());
    },
  }, options);
  signal?.throwIfAborted();
  for await (const chunk of source) {
    signal?.throwIfAborted();
    decoder.push(chunk);
    if (batch.length > 0) {
      yield batch;
      batch = [];
    }
    if (decoder.isDamaged) break;
  }
  const outcome = decoder.finish();
  if (batch.length > 0) yield batch;
  return outcome;
}
