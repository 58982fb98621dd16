import { createOutputFile, type OutputFile } from "../platform/output_file.ts";

/** How an {@linkcode OtlpPartWriter} writes. */
export interface OtlpPartWriterOptions {
  /** Bytes after which the next file is begun. @default {67108864} */
  readonly maxBytes?: number | undefined;
  /** Milliseconds after which the next file is begun. @default {3600000} */
  readonly maxAgeMs?: number | undefined;
  /** Files that are kept; older ones are removed. @default {all} */
  readonly maxParts?: number | undefined;
  /** Told of each file that is complete. @default {nobody} */
  readonly onPart?: ((path: string) => void) | undefined;
  /** Told what did not work and was survived. @default {nobody} */
  readonly log?: ((message: string) => void) | undefined;
  /** Milliseconds since 1970. @default {the clock of the system} */
  readonly now?: (() => number) | undefined;
}

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
const DEFAULT_MAX_AGE_MS = 3_600_000;
const PREFIX_BYTES = 4;
const PART_NAME = /^profiles-\d{8}T\d{9}Z(?:-\d+)?\.otlp$/;

interface Part {
  readonly path: string;
  readonly file: OutputFile;
  readonly endMs: number;
  size: number;
}

/**
 * Writes OTLP messages into files of limited size and age, as the file exporter
 * of the OpenTelemetry collector does: each message behind its length. A file
 * appears under its name when it is complete.
 */
export class OtlpPartWriter implements AsyncDisposable {
  readonly #directory: string;
  readonly #options: OtlpPartWriterOptions;
  #part: Part | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last: Promise<void> = Promise.resolve();
  #partCount = 0;

  /**
   * @param directory Folder of the files; it is made when it is missing.
   * @param options When a file ends, how many are kept.
   */
  constructor(directory: string, options: OtlpPartWriterOptions = {}) {
    this.#directory = directory;
    this.#options = options;
  }

  /** Files that are complete. */
  get partCount(): number {
    return this.#partCount;
  }

  /**
   * Appends a message.
   *
   * @param message Protobuf.
   * @returns When it is written.
   * @throws {Error} When it cannot be written; the file is ended before it then.
   */
  write(message: Uint8Array): Promise<void> {
    return this.#inTurn(() => this.#append(message));
  }

  /** Completes the file that is being written. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inTurn(() => this.#end());
  }

  /** Messages come at the same time, but stand one behind the other. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  async #append(message: Uint8Array): Promise<void> {
    const { maxBytes = DEFAULT_MAX_BYTES } = this.#options;
    const frame = new Uint8Array(PREFIX_BYTES + message.length);
    new DataView(frame.buffer).setUint32(0, message.length);
    frame.set(message, PREFIX_BYTES);
    const open = this.#part;
    if (open !== undefined) {
      const isFull = open.size + frame.length > maxBytes;
      if (isFull || this.#now() >= open.endMs) await this.#end();
    }
    const part = this.#part ??= await this.#begin();
    try {
      await part.file.write(frame);
      part.size += frame.length;
    } catch (error) {
      // Nothing can be found behind half a message.
      if (part.size > 0) await this.#end();
      else await this.#drop();
      throw error;
    }
  }

  async #begin(): Promise<Part> {
    const { maxAgeMs = DEFAULT_MAX_AGE_MS } = this.#options;
    await Deno.mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const now = this.#now();
    const stamp = new Date(now).toISOString().replaceAll(/[-:.]/g, "");
    const stem = `${this.#directory}/profiles-${stamp}`;
    let path = `${stem}.otlp`;
    for (let number = 2; await exists(path); number++) {
      path = `${stem}-${number}.otlp`;
    }
    const file = await createOutputFile(path, { mode: 0o600 });
    // A file of which nobody sends more is completed all the same.
    this.#timer = setTimeout(
      () =>
        void this.#inTurn(() => this.#end()).catch((error) =>
          this.#options.log?.(error.message)
        ),
      maxAgeMs,
    );
    return { path, file, endMs: now + maxAgeMs, size: 0 };
  }

  async #end(): Promise<void> {
    const part = this.#part;
    if (part === undefined) return;
    this.#part = undefined;
    clearTimeout(this.#timer);
    await using file = part.file;
    await file.commit();
    this.#partCount++;
    this.#options.onPart?.(part.path);
    await this.#removeOldest();
  }

  async #drop(): Promise<void> {
    const part = this.#part;
    this.#part = undefined;
    clearTimeout(this.#timer);
    await part?.file[Symbol.asyncDispose]();
  }

  async #removeOldest(): Promise<void> {
    const { maxParts } = this.#options;
    if (maxParts === undefined) return;
    const names: string[] = [];
    for await (const { name, isFile } of Deno.readDir(this.#directory)) {
      if (isFile && PART_NAME.test(name)) names.push(name);
    }
    // Names are times.
    names.sort();
    for (const name of names.slice(0, Math.max(0, names.length - maxParts))) {
      await Deno.remove(`${this.#directory}/${name}`);
    }
  }

  #now(): number {
    return this.#options.now?.() ?? Date.now();
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
