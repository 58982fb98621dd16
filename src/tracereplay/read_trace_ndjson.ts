import type { DecodeStats } from "../base/decode_stats.ts";
import { LineSplitter } from "../container/line_splitter.ts";
import { decodeMessage } from "./message_decoder.ts";
import { parseEventJson } from "./parse_event_json.ts";
import type { TraceEvent } from "./types.ts";

/** A message of 1 MiB in hexadecimal, or of control characters that JSON escapes. */
const MAX_LINE_CHARACTERS = 8 * 1024 * 1024;

/** How {@linkcode readTraceNdjson} reads. */
export interface ReadTraceNdjsonOptions {
  /** Where lines are counted that are no events; without it they are thrown. */
  readonly stats?: DecodeStats | undefined;
  /** Ends the reading. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads events that were written as JSON lines, or by hand. Positions are
 * counted anew.
 *
 * @param source The text in pieces of any size.
 * @param options Statistics and signal.
 * @returns The events, with the messages they stand for in `raw`.
 * @throws {SyntaxError} When a line is no event and there is no `stats`.
 * @throws {LimitError} When a line is longer than 8 Mi characters.
 *
 * @example One event
 * ```ts
 * import { readTraceNdjson } from "../../src/tracereplay/read_trace_ndjson.ts";
 * import { assertEquals } from "@std/assert";
 *
 * async function* text() {
 *   yield new TextEncoder().encode('{"message":"TaskExit"}\n');
 * }
 * for await (const event of readTraceNdjson(text())) {
 *   assertEquals(event.raw.toHex(), "0800050000000000");
 * }
 * ```
 */
export async function* readTraceNdjson(
  source: AsyncIterable<Uint8Array>,
  options: ReadTraceNdjsonOptions = {},
): AsyncGenerator<TraceEvent> {
  const { stats, signal } = options;
  const splitter = new LineSplitter({ maxLineCharacters: MAX_LINE_CHARACTERS });
  let line = 0;
  let seq = 0;
  function* take(lines: readonly string[]): Generator<TraceEvent> {
    for (const text of lines) {
      line++;
      if (text.trim() === "") continue;
      let packet: Uint8Array;
      try {
        packet = parseEventJson(text);
      } catch (error) {
        if (!(error instanceof SyntaxError) || stats === undefined) throw error;
        stats.count("tracereplay_line_skipped", "error", {
          detail: `line ${line}, ${
            error.message.slice(error.message.indexOf(": ") + 2)
          }`,
        });
        continue;
      }
      seq++;
      yield decodeMessage(packet, { seq });
    }
  }
  for await (const chunk of source) {
    signal?.throwIfAborted();
    yield* take(splitter.push(chunk));
  }
  yield* take(splitter.finish());
}
