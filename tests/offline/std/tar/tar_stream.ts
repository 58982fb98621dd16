/**
 * Stands in for `@std/tar/tar-stream` on networks without JSR.
 *
 * @module
 */

import { encodeHeader, splitPath } from "./_header.ts";

/** What an entry says of itself beside its name, kind and size. */
export interface TarStreamOptions {
  /** Rights. Default 0o755 for folders, 0o644 for files. */
  mode?: number;
  /** Number of the owner. @default {0} */
  uid?: number;
  /** Number of the group. @default {0} */
  gid?: number;
  /** Seconds since 1970. Default is now. */
  mtime?: number;
  /** Name of the owner, ASCII. @default {""} */
  uname?: string;
  /** Name of the group, ASCII. @default {""} */
  gname?: string;
  /** Major number of a device. @default {""} */
  devmajor?: string;
  /** Minor number of a device. @default {""} */
  devminor?: string;
}

/** A file to be archived. */
export interface TarStreamFile {
  /** Tells it from a folder. */
  type: "file";
  /** Where it lies in the archive. */
  path: string;
  /** Its exact size in bytes. */
  size: number;
  /** Its content; the buffers of its chunks are taken over. */
  readable: ReadableStream<Uint8Array>;
  /** What else is known of it. */
  options?: TarStreamOptions;
}

/** A folder to be archived. */
export interface TarStreamDir {
  /** Tells it from a file. */
  type: "directory";
  /** Where it lies in the archive. */
  path: string;
  /** What else is known of it. */
  options?: TarStreamOptions;
}

/** A link to be archived. */
export interface TarStreamSymlink {
  /** Tells it from a file. */
  type: "symlink";
  /** Where it lies in the archive. */
  path: string;
  /** Where it leads, at most 100 bytes. */
  linkname: string;
  /** What else is known of it. */
  options?: TarStreamOptions;
}

/** What can be archived. */
export type TarStreamInput = TarStreamFile | TarStreamDir | TarStreamSymlink;

/** Turns entries into an ustar archive. */
export class TarStream
  implements TransformStream<TarStreamInput, Uint8Array<ArrayBuffer>> {
  /** The archive. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Takes the entries. */
  readonly writable: WritableStream<TarStreamInput>;

  /** Makes a stream for one archive. */
  constructor() {
    const inputs = new TransformStream<TarStreamInput, TarStreamInput>();
    this.writable = inputs.writable;
    const archive = writeArchive(inputs.readable);
    this.readable = new ReadableStream({
      type: "bytes",
      async pull(controller) {
        const { done, value } = await archive.next();
        if (!done) {
          controller.enqueue(value);
          return;
        }
        controller.close();
        controller.byobRequest?.respond(0);
      },
    }) as ReadableStream<Uint8Array<ArrayBuffer>>;
  }
}

/**
 * Checks that an archive can hold a path.
 *
 * @param path The path.
 * @throws {RangeError} When it, or its last part, is too long.
 * @throws {TypeError} When no slash cuts it into parts that fit.
 */
export function assertValidPath(path: string): void {
  splitPath(new TextEncoder().encode(path));
}

async function* writeArchive(
  inputs: ReadableStream<TarStreamInput>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, undefined> {
  for await (const input of inputs) {
    yield encodeHeader(input);
    if (input.type !== "file") continue;
    let size = 0;
    for await (const chunk of input.readable) {
      size += chunk.length;
      if (chunk.length > 0) yield chunk as Uint8Array<ArrayBuffer>;
    }
    if (size !== input.size) {
      throw new RangeError(
        `Cannot archive "${input.path}": its size is ${size} bytes, ${input.size} were announced`,
      );
    }
    if (size % 512 > 0) yield new Uint8Array(512 - size % 512);
  }
  yield new Uint8Array(1024);
}
