import { writeZstd } from "../container/zstd.ts";
import {
  KcapEncoder,
  type KcapEncoderOptions,
  type KcapWriteStats,
} from "./kcap_encoder.ts";
import type { KcapEvent, KcapHandle } from "./types.ts";

/** How {@linkcode writeKcap} writes. */
export interface WriteKcapOptions extends KcapEncoderOptions {
  /** The handle snapshot at the start of the capture. @default {[]} */
  readonly handles?: readonly KcapHandle[] | undefined;
  /** Level of compression, 1 to 22. @default {3} */
  readonly level?: number | undefined;
  /** Gets the error of an event that cannot be written; the rest goes on. Without it, it is thrown. */
  readonly onError?: ((error: Error, event: KcapEvent) => void) | undefined;
  /** Gets what was written, at the end. */
  readonly onEnd?: ((stats: KcapWriteStats) => void) | undefined;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
}

/** Encoded bytes are packed in pieces of this size. */
const PIECE_BYTES = 128 * 1024;

/**
 * Writes a capture in today's dialect. Equal events give equal bytes, and
 * memory does not grow with their number.
 *
 * @param events In the order to write; those of a reader fit.
 * @param options Handle snapshot, layout, compression.
 * @returns Bytes of the file.
 * @throws {RangeError} When a value of an event does not fit its type and there
 * is no `onError`.
 * @throws {TypeError} When a value of an event is of the wrong kind and there is
 * no `onError`.
 *
 * @example Writing an event of one's own
 * ```ts
 * import {
 *   makeEvent,
 *   openKcap,
 *   writeKcap,
 * } from "@tracedeck/tracedeck/kcap";
 * import { assertEquals } from "@std/assert";
 *
 * const event = makeEvent({
 *   guid: "90cbdc39-4a3e-11d1-84f4-0000f80464e3",
 *   hookId: 64,
 *   pid: 859,
 *   timestamp: "2024-10-10T08:00:01+02:00",
 *   params: [{ name: "file_path", type: "UnicodeString", value: "C:\\a.txt" }],
 * });
 * await using reader = await openKcap(writeKcap([event]));
 * for await (const item of reader.read()) {
 *   if (item.type === "event") assertEquals(item.name, "CreateFile");
 * }
 * ```
 */
export async function* writeKcap(
  events: AsyncIterable<KcapEvent> | Iterable<KcapEvent>,
  options: WriteKcapOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { handles = [], level, onError, onEnd, signal } = options;
  const encoder = new KcapEncoder(handles, options);
  async function* pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    yield encoder.take();
    // A capture that is cut off from here on still opens.
    yield new Uint8Array(0);
    for await (const event of events) {
      try {
        encoder.add(event);
      } catch (error) {
        const isOurs = error instanceof RangeError ||
          error instanceof TypeError;
        if (!isOurs || onError === undefined) throw error;
        onError(error, event);
      }
      if (encoder.pendingBytes >= PIECE_BYTES) yield encoder.take();
    }
    if (encoder.pendingBytes > 0) yield encoder.take();
  }
  yield* writeZstd(pieces(), { level, signal });
  onEnd?.(encoder.stats);
}
