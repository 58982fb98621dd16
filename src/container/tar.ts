import { assertValidPath, TarStream } from "../deps/tar.ts";
import type { TarStreamInput } from "../deps/tar.ts";
import { TarDecoder } from "./tar_decoder.ts";
import type { TarDecodeOptions } from "./tar_decoder.ts";
import { encodeTarHeader } from "./tar_encoder.ts";
import type { TarHeaderInput } from "./tar_encoder.ts";
import type { TarEntry } from "./tar_entry.ts";

/** How {@linkcode readTar} reads. */
export interface ReadTarOptions extends TarDecodeOptions {
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
}

/** An entry with its content. */
export interface TarFile extends TarEntry {
  /**
   * The content, once, in views that are valid until the next one. What is not
   * read is skipped when the next entry is asked for.
   */
  readonly content: AsyncIterable<Uint8Array>;
}

/** An entry for {@linkcode writeTar}. */
export interface TarInput extends Omit<TarHeaderInput, "size"> {
  /** Content of a file. */
  readonly content?: Uint8Array | undefined;
}

/** How {@linkcode writeTar} writes. */
export interface WriteTarOptions {
  /**
   * `plain` gives ustar headers by the standard library and takes modes of six
   * octal digits; `go` is byte for byte what Go's `archive/tar` writes, with
   * GNU and PAX headers where they are needed.
   *
   * @default {"plain"}
   */
  readonly form?: "plain" | "go" | undefined;
}

/** Ends with two blocks of zeros. */
const END_BYTES = 1024;

type TarEvent =
  | { readonly type: "entry"; readonly entry: TarEntry }
  | { readonly type: "data"; readonly data: Uint8Array }
  | { readonly type: "end" };

/**
 * Reads a tar archive: old, ustar, GNU and PAX headers, also those that the
 * standard library refuses.
 *
 * @param source The archive, unpacked. It is read to its end, so that whatever
 * unpacks it gets to see its own end.
 * @param options Limits, where oddities are counted, and the signal.
 * @returns The entries in order; those before a fault come before it is thrown.
 * @throws {FormatError} When a header is damaged.
 * @throws {TruncatedError} When the archive ends inside an entry.
 * @throws {LimitError} When an entry is larger, or there are more, than allowed.
 *
 * @example Writing and reading
 * ```ts
 * import { readTar, writeTar } from "../../src/container/tar.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const content = new TextEncoder().encode("hello");
 * const archive = writeTar([{ path: "a", type: "file", mode: 0o600, content }]);
 * for await (const { path, content } of readTar(archive)) {
 *   assertEquals(path, "a");
 *   for await (const bytes of content) assertEquals(bytes.length, 5);
 * }
 * ```
 */
export async function* readTar(
  source: AsyncIterable<Uint8Array>,
  options: ReadTarOptions = {},
): AsyncGenerator<TarFile, void, undefined> {
  const reader = new EventReader(source, options);
  try {
    for (;;) {
      const event = await reader.next();
      if (event === undefined) return;
      // Data and ends that nobody asked for belong to the entry before.
      if (event.type !== "entry") continue;
      const content = contentOf(reader);
      yield { ...event.entry, content };
      // Content that is still being read ends here.
      for await (const _ of content);
    }
  } finally {
    await reader.close();
  }
}

async function* contentOf(
  reader: EventReader,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (;;) {
    const event = await reader.next();
    if (event?.type !== "data") return;
    yield event.data;
  }
}

/**
 * Tells whether a plain header can hold a path; else form `go` must be used.
 *
 * @param path The path, without a slash at the end.
 * @returns True when it can.
 */
export function fitsPlainTar(path: string): boolean {
  try {
    assertValidPath(path);
    return true;
  } catch {
    return false;
  }
}

/**
 * Writes a tar archive.
 *
 * @param entries The entries in order.
 * @param options Form of the headers.
 * @returns The archive, ending in exactly two blocks of zeros.
 * @throws {RangeError | TypeError} When the form cannot hold an entry.
 */
export async function* writeTar(
  entries: Iterable<TarInput> | AsyncIterable<TarInput>,
  options: WriteTarOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  if (options.form !== "go") {
    yield* ReadableStream.from(plainInputs(entries)).pipeThrough(
      new TarStream(),
    );
    return;
  }
  for await (const entry of entries) {
    const { content = new Uint8Array(0) } = entry;
    yield encodeTarHeader({ ...entry, size: content.length });
    if (content.length > 0) yield content as Uint8Array<ArrayBuffer>;
    const padding = -content.length & 511;
    if (padding > 0) yield new Uint8Array(padding);
  }
  yield new Uint8Array(END_BYTES);
}

async function* plainInputs(
  entries: Iterable<TarInput> | AsyncIterable<TarInput>,
): AsyncGenerator<TarStreamInput, void, undefined> {
  for await (const entry of entries) {
    const { path, type, content = new Uint8Array(0) } = entry;
    const options = {
      mode: entry.mode,
      uid: entry.uid ?? 0,
      gid: entry.gid ?? 0,
      mtime: entry.mtime ?? 0,
      uname: entry.userName ?? "",
      gname: entry.groupName ?? "",
    };
    yield type === "directory" ? { type, path, options } : {
      type,
      path,
      options,
      size: content.length,
      // A copy: the stream takes over the buffers that it is given.
      readable: ReadableStream.from(
        content.length === 0 ? [] : [content.slice()],
      ),
    };
  }
}

/** Gives the events of a decoder one by one, reading on when there are none. */
class EventReader {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #decoder: TarDecoder;
  readonly #signal: AbortSignal | undefined;
  #events: TarEvent[] = [];
  #at = 0;
  #fault: { readonly error: unknown } | undefined;
  #done = false;

  constructor(source: AsyncIterable<Uint8Array>, options: ReadTarOptions) {
    this.#source = source[Symbol.asyncIterator]();
    this.#signal = options.signal;
    this.#decoder = new TarDecoder({
      onEntry: (entry) => this.#events.push({ type: "entry", entry }),
      onData: (data) => this.#events.push({ type: "data", data }),
      onEntryEnd: () => this.#events.push({ type: "end" }),
    }, options);
  }

  async next(): Promise<TarEvent | undefined> {
    while (this.#at === this.#events.length) {
      if (this.#fault !== undefined) throw this.#fault.error;
      if (this.#done) return undefined;
      this.#events = [];
      this.#at = 0;
      this.#signal?.throwIfAborted();
      const { done, value } = await this.#source.next();
      try {
        if (!done) this.#decoder.push(value);
        else {
          this.#done = true;
          this.#decoder.finish();
        }
      } catch (error) {
        // What was decoded before the fault comes first.
        this.#fault = { error };
      }
    }
    return this.#events[this.#at++];
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }
}
