import type { OsError } from "../base/errors.ts";
import { openLibc } from "./libc.ts";

const O_RDONLY = 0;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const READ_BYTES = 64 * 1024;
const DEFAULT_MAX_BYTES = 8 * 1024 * 1024;

/** What {@linkcode readProcFile} got. */
export interface ProcFile {
  /** The content, or its beginning. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether there was more. */
  readonly truncated: boolean;
}

/** How {@linkcode readProcFile} reads. */
export interface ReadProcFileOptions {
  /** Most bytes to read. @default {8388608} */
  readonly maxBytes?: number | undefined;
}

/**
 * Reads a file of `/proc` or `/sys`, whose size is unknown beforehand. Deno
 * gives these to nobody but programs with all permissions; others read by the
 * C library, if they may.
 *
 * The call is synchronous, so that it can be made within another namespace.
 *
 * @param path The file.
 * @param options How much to read.
 * @returns The content.
 * @throws {Deno.errors.NotFound} When there is no such file.
 * @throws {Deno.errors.PermissionDenied} When the system refuses it.
 * @throws {Deno.errors.NotCapable} When Deno refuses it and FFI too.
 * @throws {OsError | Error} When reading fails otherwise.
 */
export function readProcFile(
  path: string,
  options: ReadProcFileOptions = {},
): ProcFile {
  const { maxBytes = DEFAULT_MAX_BYTES } = options;
  try {
    using file = Deno.openSync(path);
    return readUpTo(maxBytes, (buffer) => file.readSync(buffer) ?? 0);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    return readByLibc(path, maxBytes, error);
  }
}

/**
 * Reads a file of `/proc` or `/sys` as text.
 *
 * @param path The file.
 * @param options How much to read.
 * @returns The text, or `undefined` when it cannot be read, for whatever reason.
 */
export function readProcText(
  path: string,
  options: ReadProcFileOptions = {},
): string | undefined {
  try {
    return new TextDecoder().decode(readProcFile(path, options).bytes);
  } catch {
    return undefined;
  }
}

function readByLibc(
  path: string,
  maxBytes: number,
  refusal: Deno.errors.NotCapable,
): ProcFile {
  let libc;
  try {
    libc = openLibc();
  } catch {
    throw refusal;
  }
  const { open, read, close } = libc.symbols;
  const name = new TextEncoder().encode(`${path}\0`);
  const fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) throw systemError(libc.errorOf("open", libc.errno()), path);
  try {
    return readUpTo(maxBytes, (buffer) => {
      const size = read(fd, buffer, BigInt(buffer.length));
      return libc.check(size, "read", `read ${path}`);
    });
  } finally {
    close(fd);
  }
}

function systemError(error: OsError, path: string): Error {
  switch (error.code) {
    case "ENOENT":
      return new Deno.errors.NotFound(`Cannot open ${path}: it does not exist`);
    case "EACCES":
    case "EPERM":
      return new Deno.errors.PermissionDenied(
        `Cannot open ${path}: permission is denied`,
      );
    default:
      return error;
  }
}

let readBuffer: Uint8Array<ArrayBuffer> | undefined;

function readUpTo(
  maxBytes: number,
  read: (buffer: Uint8Array<ArrayBuffer>) => number,
): ProcFile {
  const parts: Uint8Array[] = [];
  let total = 0;
  // Nothing else runs until it is free again, and new memory would be zeroed.
  const buffer = readBuffer ??= new Uint8Array(READ_BYTES);
  for (;;) {
    const size = read(buffer);
    if (size === 0) break;
    parts.push(buffer.slice(0, size));
    total += size;
    if (total > maxBytes) break;
  }
  const bytes = new Uint8Array(Math.min(total, maxBytes));
  let at = 0;
  for (const part of parts) {
    const rest = part.subarray(0, bytes.length - at);
    bytes.set(rest, at);
    at += rest.length;
  }
  return { bytes, truncated: total > maxBytes };
}
