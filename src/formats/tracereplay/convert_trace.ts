import {
  decodeMessage,
  HEADER_BYTES,
} from "../../tracereplay/message_decoder.ts";
import { encodePayload } from "../../tracereplay/message_encoder.ts";
import { DropMerger } from "../../tracereplay/drop_merger.ts";
import { redactMessage } from "../../tracereplay/redact_message.ts";
import type { RedactKind } from "../../tracereplay/redact_message.ts";
import { renderJson } from "../../tracereplay/render_json.ts";
import {
  encodeTraceFileHeader,
  encodeTraceRecord,
} from "../../tracereplay/trace_file_encoder.ts";
import type { AnyMessage, TraceEvent } from "../../tracereplay/types.ts";
import type { ByteStream, ConvertRequest } from "../types.ts";
import { findArchitecture, TimelineConverter } from "./trace_timeline.ts";
import type { ReadEvents } from "./read_events.ts";

const CHUNK_BYTES = 64 * 1024;
const encoder = new TextEncoder();

/**
 * Writes a trace file: what can be read of a damaged one, a part of one, one of
 * several, or one of JSON lines. Messages stay as they are, but for what is
 * redacted, and for drop counters where several inputs become one.
 *
 * @param request Inputs and options.
 * @param readEvents Reads events.
 * @returns The bytes.
 */
export async function* convertToTrace(
  request: ConvertRequest,
  readEvents: ReadEvents,
): ByteStream {
  const chunks = new Chunks();
  chunks.add(encodeTraceFileHeader());
  for await (const { event } of selectEvents(request, readEvents)) {
    chunks.add(encodeTraceRecord(event.raw));
    yield* chunks.takeFull();
  }
  yield* chunks.takeAll();
}

/**
 * Writes events as JSON lines from which the same messages can be made again:
 * an event that its fields do not determine has its bytes in `raw_hex`.
 *
 * @param request Inputs and options.
 * @param readEvents Reads events.
 * @returns The bytes.
 */
export async function* convertToNdjson(
  request: ConvertRequest,
  readEvents: ReadEvents,
): ByteStream {
  const chunks = new Chunks();
  for await (
    const { event, architecture } of selectEvents(request, readEvents)
  ) {
    const line = renderJson(event, {
      architecture,
      raw: !isDetermined(event),
    });
    chunks.add(encoder.encode(`${line}\n`));
    yield* chunks.takeFull();
  }
  yield* chunks.takeAll();
}

interface SelectedEvent {
  readonly event: TraceEvent;
  readonly architecture: Awaited<ReturnType<typeof findArchitecture>>;
}

async function* selectEvents(
  request: ConvertRequest,
  readEvents: ReadEvents,
): AsyncGenerator<SelectedEvent> {
  const { inputs, options, selection } = request;
  const kinds: RedactKind[] = [];
  if (options["redact-argv"] === true) kinds.push("argv");
  if (options["redact-env"] === true) kinds.push("env");
  const merger = inputs.length > 1 ? new DropMerger() : undefined;
  let seq = 0;
  for (const input of inputs) {
    const architecture = await findArchitecture(input, readEvents, options);
    const timeline = new TimelineConverter(architecture);
    const mergeDrops = merger?.addSource();
    for await (const event of readEvents(input)) {
      const isWanted = selection?.events === undefined ||
        selection.events(timeline.convert(event));
      // The counter of a message that is left out counts all the same.
      let packet = mergeDrops?.(event.raw) ?? event.raw;
      if (!isWanted) continue;
      seq++;
      if (kinds.length > 0) packet = redactMessage(packet.slice(), kinds);
      const isSame = packet === event.raw && seq === event.seq;
      yield {
        event: isSame ? event : decodeMessage(packet, { seq }),
        architecture,
      };
    }
  }
}

/** Whether encoding the fields of an event gives its bytes. */
function isDetermined(event: TraceEvent): boolean {
  if (event.type === "malformed") return true;
  if (event.headerSize !== HEADER_BYTES) return false;
  if (event.type === "opaque") return true;
  if (event.unknownFieldCount > 0 || event.warnings.length > 0) return false;
  const encoded = encodePayload(event.message, event.payload as AnyMessage);
  const payload = event.raw.subarray(HEADER_BYTES);
  return encoded.length === payload.length &&
    encoded.every((byte, index) => byte === payload[index]);
}

/** Joins small pieces to ones that are worth a write. */
class Chunks {
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  add(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
  }

  *takeFull(): Generator<Uint8Array> {
    if (this.#bytes >= CHUNK_BYTES) yield* this.takeAll();
  }

  *takeAll(): Generator<Uint8Array> {
    if (this.#bytes === 0) return;
    const joined = new Uint8Array(this.#bytes);
    let at = 0;
    for (const piece of this.#pieces) {
      joined.set(piece, at);
      at += piece.length;
    }
    this.#pieces = [];
    this.#bytes = 0;
    yield joined;
  }
}
