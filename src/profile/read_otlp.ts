import type { DecodeStats } from "../base/decode_stats.ts";
import { FormatError, TruncatedError } from "../base/errors.ts";
import { collectBytes } from "../container/collect_bytes.ts";
import { readGzip } from "../container/gzip.ts";
import { sniffGzip } from "../container/sniff_gzip.ts";
import { decodeOtlp, type DecodeOtlpOptions } from "./otlp_decoder.ts";
import { decodeOtlpJson } from "./otlp_json_decoder.ts";
import type { OtlpProfiles } from "./otlp_types.ts";

/** Messages are held in memory as a whole, so they have a bound of their own. */
const MAX_MESSAGE_BYTES = 1024 ** 3;
const PREFIX_BYTES = 4;
/** First byte of a message; lower ones are of a length. */
const FIRST_TAG = 0x0a;

/** How {@linkcode readOtlp} reads. */
export interface ReadOtlpOptions extends DecodeOtlpOptions {
  /** Counts what is wrong with the file and did not stop the reading. */
  readonly stats?: DecodeStats | undefined;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
}

/** What is in a file of OTLP profiles. */
export interface OtlpFile {
  /** Messages in the order of the file. */
  readonly messages: readonly OtlpProfiles[];
  /**
   * Where each begins: a byte of the unpacked file, or where the messages stand
   * on lines of their own the line, from 1.
   */
  readonly positions: readonly number[];
  /** How they are written. */
  readonly encoding: "protobuf" | "json";
  /** Whether each stands behind its length, or on a line of its own. */
  readonly isFramed: boolean;
}

/**
 * Reads a file of OTLP profiles, packed by gzip or not: one message, messages
 * behind their lengths as the file exporter of the OpenTelemetry collector
 * writes them, or JSON of one message per line. Of several messages those that
 * are damaged are counted and left out.
 *
 * @param source The bytes.
 * @param options Layout, limits (`maxDecompressedBytes` is 1 GiB where it is
 * not given), where faults are counted, and the signal.
 * @returns The messages.
 * @throws {FormatError} When the only message is damaged.
 * @throws {TruncatedError} When the only message breaks off.
 * @throws {LimitError} When it is larger than the limits allow.
 */
export async function readOtlp(
  source: AsyncIterable<Uint8Array>,
  options: ReadOtlpOptions = {},
): Promise<OtlpFile> {
  const limits = {
    maxDecompressedBytes: MAX_MESSAGE_BYTES,
    ...options.limits,
  };
  const collect = (stream: AsyncIterable<Uint8Array>) =>
    collectBytes(stream, {
      maxBytes: limits.maxDecompressedBytes,
      what: "OTLP message",
      signal: options.signal,
    });
  let bytes = await collect(source);
  if (sniffGzip(bytes)) {
    bytes = await collect(readGzip(once(bytes), { limits }));
  }
  const decode = { ...options, limits };
  const first = bytes.find((byte) => byte > 0x20);
  if (first === 0x7b && bytes[0] !== 0) return readJson(bytes, decode);
  if (bytes.length > PREFIX_BYTES && bytes[0]! < FIRST_TAG) {
    return {
      ...readFramed(bytes, decode),
      encoding: "protobuf",
      isFramed: true,
    };
  }
  return {
    messages: [decodeOtlp(bytes, decode)],
    positions: [0],
    encoding: "protobuf",
    isFramed: false,
  };
}

type Messages = Pick<OtlpFile, "messages" | "positions">;

/** Leaves out messages that cannot be read, unless none can. */
class MessageList implements Messages {
  readonly messages: OtlpProfiles[] = [];
  readonly positions: number[] = [];
  readonly #options: ReadOtlpOptions;
  #damaged = 0;
  #firstError: FormatError | undefined;

  constructor(options: ReadOtlpOptions) {
    this.#options = options;
  }

  get length(): number {
    return this.messages.length + this.#damaged;
  }

  add(position: number, isLine: boolean, decode: () => OtlpProfiles): void {
    try {
      this.messages.push(decode());
      this.positions.push(position);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.#damaged++;
      this.#firstError ??= error;
      this.#options.stats?.count("otlp_message_damaged", "error", {
        ...isLine ? {} : { offset: position },
        detail: `${isLine ? `line ${position}: ` : ""}${error.message}`,
      });
    }
  }

  /** @throws {FormatError} When there were only damaged messages. */
  finish(): this {
    if (this.messages.length === 0 && this.#firstError !== undefined) {
      throw this.#firstError;
    }
    return this;
  }
}

function readFramed(bytes: Uint8Array, options: ReadOtlpOptions): Messages {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const list = new MessageList(options);
  let at = 0;
  while (at < bytes.length) {
    const left = bytes.length - at - PREFIX_BYTES;
    const size = left < 0 ? 0 : view.getUint32(at);
    if (left < 0 || size > left) {
      const detail = left < 0
        ? `${bytes.length - at} bytes are left at the end`
        : `a message has ${size} bytes, ${left} are left`;
      // One message that is cut is a damaged file, not one with a bad end.
      if (list.length === 0) {
        throw new TruncatedError(
          `Cannot read OTLP message at byte ${at}: ${detail}`,
          {
            format: "OTLP",
            offset: at,
            missingBytes: Math.max(1, size - left),
          },
        );
      }
      options.stats?.count("otlp_framing_lost", "error", {
        offset: at,
        detail,
      });
      break;
    }
    at += PREFIX_BYTES;
    const start = at;
    list.add(
      start,
      false,
      () =>
        decodeOtlp(bytes.subarray(start, start + size), {
          ...options,
          baseOffset: start,
        }),
    );
    at += size;
  }
  return list.finish();
}

function readJson(bytes: Uint8Array, options: ReadOtlpOptions): OtlpFile {
  const text = new TextDecoder().decode(bytes).trim();
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  // Pretty-printed JSON has line breaks within its only message.
  const isFramed = lines.length > 1 &&
    lines.every((line) => line.trimStart().startsWith("{")) &&
    lines[0]!.trimEnd().endsWith("}");
  const list = new MessageList(options);
  (isFramed ? text.split("\n") : [text]).forEach((part, index) => {
    if (part.trim() === "") return;
    list.add(
      isFramed ? index + 1 : 0,
      isFramed,
      () => decodeOtlpJson(part, options),
    );
  });
  return { ...list.finish(), encoding: "json", isFramed };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
