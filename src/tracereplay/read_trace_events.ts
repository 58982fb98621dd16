import type { DecodeStats } from "../base/decode_stats.ts";
import { FormatError, LimitError, TruncatedError } from "../base/errors.ts";
import { decodeMessage } from "./message_decoder.ts";
import { readTraceFile } from "./read_trace_file.ts";
import type { ReadTraceFileOptions } from "./read_trace_file.ts";
import type { TraceEvent } from "./types.ts";

/**
 * Reads and decodes the messages of a trace file. With `stats`, a fault in the
 * framing behind the configuration is counted there and ends the events;
 * without, it is thrown. A bad message never ends them.
 *
 * @param source The file in pieces of any size, or as a whole.
 * @param options Signal, statistics and callbacks.
 * @returns The events, which refer to the pieces.
 * @throws {FormatError} When it is not a trace file.
 *
 * @example Names of the files that were opened
 * ```ts
 * import { readTraceEvents } from "../../src/tracereplay/read_trace_events.ts";
 * import { encodeMessage } from "../../src/tracereplay/message_encoder.ts";
 * import {
 *   encodeTraceFileHeader,
 *   encodeTraceRecord,
 * } from "../../src/tracereplay/trace_file_encoder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * async function* file() {
 *   yield encodeTraceFileHeader();
 *   yield encodeTraceRecord(encodeMessage("Open", { pathname: "/etc/hosts" }));
 * }
 * const paths = [];
 * for await (const event of readTraceEvents(file())) {
 *   if (event.type === "decoded" && event.message === "Open") {
 *     paths.push(event.payload.pathname);
 *   }
 * }
 * assertEquals(paths, ["/etc/hosts"]);
 * ```
 */
export async function* readTraceEvents(
  source: AsyncIterable<Uint8Array> | Uint8Array,
  options: ReadTraceFileOptions = {},
): AsyncGenerator<TraceEvent> {
  const { stats, onConfig } = options;
  let hasConfig = false;
  const records = readTraceFile(source, {
    ...options,
    onConfig(config) {
      hasConfig = true;
      onConfig?.(config);
    },
  });
  try {
    for await (const { seq, offset, bytes } of records) {
      const event = decodeMessage(bytes, { seq });
      if (stats !== undefined) countEvent(stats, event, offset);
      yield event;
    }
  } catch (error) {
    const isFraming = error instanceof FormatError ||
      error instanceof LimitError;
    if (!isFraming || !hasConfig || stats === undefined) throw error;
    stats.count(
      error instanceof TruncatedError
        ? "tracereplay_truncated"
        : "tracereplay_damaged_framing",
      error instanceof TruncatedError ? "data_loss" : "error",
      { offset: error.offset, detail: stateOf(error.message) },
    );
  }
}

function countEvent(
  stats: DecodeStats,
  event: TraceEvent,
  offset: number,
): void {
  if (event.type === "malformed") {
    stats.count("tracereplay_malformed_message", "error", {
      offset,
      detail: stateOf(event.error),
    });
  } else if (event.type === "opaque") {
    const isUnknown = event.error === undefined;
    stats.count(
      isUnknown ? "tracereplay_unknown_type" : "tracereplay_damaged_payload",
      isUnknown ? "notice" : "error",
      {
        offset,
        detail: event.error === undefined
          ? `type ${event.typeId}`
          : event.error.replace("Cannot decode ", ""),
      },
    );
  } else {
    if (event.unknownFieldCount > 0) {
      stats.count("tracereplay_unknown_fields", "info", {
        amount: event.unknownFieldCount,
        offset,
        detail: event.message,
      });
    }
    for (const warning of event.warnings) {
      stats.count("tracereplay_odd_text", "notice", {
        offset,
        detail: warning,
      });
    }
  }
}

/** An error without what could not be done. */
function stateOf(message: string): string {
  return message.slice(message.indexOf(": ") + 2);
}
