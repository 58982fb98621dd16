import { gzipSync } from "node:zlib";
import type { RecordBatch } from "./record_batch.ts";
import { wholeRecordBytes } from "./record_batch.ts";
import { encodeTraceFileHeader } from "./trace_file_encoder.ts";

/** A gzip member is made of about this many bytes, or of what there is at a flush. */
const MEMBER_BYTES = 256 * 1024;
const GZIP_LEVEL = 3;

/** How a {@linkcode TraceFileWriter} writes. */
export interface TraceFileWriterOptions {
  /** Whether an existing file is an error; otherwise it is emptied. @default {false} */
  readonly createNew?: boolean | undefined;
  /** Whether to pack with gzip, in members that each unpack by themselves. @default {false} */
  readonly gzip?: boolean | undefined;
}

/**
 * Writes a trace file, byte for byte as gVisor's `tracereplay` does. Whatever
 * happens to the process, the file is complete up to the last batch that was
 * written, or with gzip up to the last flush.
 *
 * @example A file with one message
 * ```ts
 * import { TraceFileWriter } from "../../src/tracereplay/trace_file_writer.ts";
 * import { makeRecordBatch } from "../../src/tracereplay/record_batch.ts";
 * import { encodeMessage } from "../../src/tracereplay/message_encoder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile();
 * {
 *   using writer = new TraceFileWriter(path);
 *   writer.write(makeRecordBatch([encodeMessage("TaskExit", {})]));
 * }
 * assertEquals((await Deno.stat(path)).size, 37 + 8 + 8);
 * await Deno.remove(path);
 * ```
 */
export class TraceFileWriter implements Disposable {
  /** Where the file is. */
  readonly path: string;
  readonly #file: Deno.FsFile;
  readonly #gzip: boolean;
  #fileBytes = 0;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #isClosed = false;

  /**
   * @param path Where to write.
   * @param options What to do with an existing file, packing.
   * @throws {Deno.errors.AlreadyExists} When the file exists and must not.
   */
  constructor(path: string, options: TraceFileWriterOptions = {}) {
    const { createNew = false, gzip = false } = options;
    this.path = path;
    this.#gzip = gzip;
    this.#file = Deno.openSync(path, {
      write: true,
      ...(createNew ? { createNew } : { create: true, truncate: true }),
    });
    try {
      const header = encodeTraceFileHeader();
      this.#append(gzip ? gzipSync(header) : header);
    } catch (error) {
      const { isFile } = this.#file.statSync();
      this.#file.close();
      // Nothing of use is in it; a device is left alone.
      if (isFile) Deno.removeSync(path);
      throw error;
    }
  }

  /** Size of the file so far, without what waits to be packed. */
  get fileBytes(): number {
    return this.#fileBytes;
  }

  /**
   * Appends messages.
   *
   * @param batch The messages; copied or written before this returns.
   * @throws {Error} When the disk is full or broken; whole messages that were
   * written stay, half a message is taken back.
   */
  write(batch: RecordBatch): void {
    if (!this.#gzip) {
      this.#append(batch.bytes);
      return;
    }
    this.#pending.push(batch.bytes.slice());
    this.#pendingBytes += batch.bytes.length;
    if (this.#pendingBytes >= MEMBER_BYTES) this.flush();
  }

  /** Writes what waits to be packed. */
  flush(): void {
    if (this.#pendingBytes === 0) return;
    const joined = new Uint8Array(this.#pendingBytes);
    let at = 0;
    for (const bytes of this.#pending) {
      joined.set(bytes, at);
      at += bytes.length;
    }
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#append(gzipSync(joined, { level: GZIP_LEVEL }));
  }

  /** Writes what is left and closes the file. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      this.flush();
    } finally {
      this.#file.close();
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #append(bytes: Uint8Array): void {
    let written = 0;
    try {
      while (written < bytes.length) {
        written += this.#file.writeSync(bytes.subarray(written));
      }
    } catch (error) {
      const kept = this.#gzip
        ? 0
        : wholeRecordBytes(bytes.subarray(0, written));
      if (this.#file.statSync().isFile) {
        this.#file.truncateSync(this.#fileBytes + kept);
      }
      this.#fileBytes += kept;
      throw new Error(
        `Cannot write "${this.path}": ${
          error instanceof Error ? error.message : error
        }`,
        { cause: error },
      );
    }
    this.#fileBytes += written;
  }
}
