import { Fnv1a128 } from "../codec/fnv1a.ts";
import { type Id128, id128FromBytes } from "../codec/id128.ts";
import type { RandomAccess } from "../base/random_access.ts";

const ALL_ONES = 0xffff_ffff_ffff_ffffn;
const PIECE_BYTES = 4096;

/** File of a frame that could not be told. */
export const UNSYMBOLIZED_FILE_ID: Id128 = { hi: ALL_ONES, lo: ALL_ONES };

/** File of a kernel frame in no known module, as of October 2024. */
export const UNKNOWN_KERNEL_FILE_ID: Id128 = {
  hi: ALL_ONES - 2n,
  lo: ALL_ONES - 2n,
};

/**
 * Makes the id by which the profiler tells executable files apart: SHA-256 over
 * the first and the last 4096 bytes and the size, of which the first 16 bytes
 * count.
 *
 * @param file The file; pieces of it are read.
 * @returns The id.
 *
 * @example The id of a file of one byte
 * ```ts
 * import { formatId128 } from "../../src/codec/id128.ts";
 * import { randomAccessOf } from "../../src/base/random_access.ts";
 * import { fileIdOf } from "../../src/tracehandler/file_id.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const id = await fileIdOf(randomAccessOf(new Uint8Array(1)));
 * assertEquals(formatId128(id), "52807a4607ea5debf0b7d4ccb452f4af");
 * ```
 */
export async function fileIdOf(file: RandomAccess): Promise<Id128> {
  const { sizeBytes } = file;
  const piece = Math.min(sizeBytes, PIECE_BYTES);
  const head = await file.read(0, piece);
  const tail = await file.read(sizeBytes - piece, piece);
  const message = new Uint8Array(piece * 2 + 8);
  message.set(head);
  message.set(tail, piece);
  new DataView(message.buffer).setBigUint64(piece * 2, BigInt(sizeBytes));
  const digest = await crypto.subtle.digest("SHA-256", message);
  return id128FromBytes(new Uint8Array(digest, 0, 16));
}

/**
 * Makes the id of the kernel or a module of it.
 *
 * @param buildId Its GNU build id in hexadecimal.
 * @returns The id.
 */
export function kernelFileId(buildId: string): Id128 {
  const text = new TextEncoder().encode(buildId.toLowerCase());
  return id128FromBytes(new Fnv1a128().update(text).digest());
}

/**
 * @param id Id of a file.
 * @returns The 64 bits of it that raw traces carry.
 */
export function hostFileId(id: Id128): bigint {
  return id.hi;
}

/**
 * @param bytes Eight bytes, highest first.
 * @returns The id of a file as raw traces carry it.
 * @throws {SyntaxError} When there are not eight.
 */
export function hostFileIdFromBytes(bytes: Uint8Array): bigint {
  if (bytes.length !== 8) {
    throw new SyntaxError(
      `Cannot read file id of a raw trace: it has ${bytes.length} bytes, expected 8`,
    );
  }
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0);
}

/** @param id Id of a file as raw traces carry it. @returns Its 16 hexadecimal digits, twice. */
export function formatHostFileId(id: bigint): string {
  return id.toString(16).padStart(16, "0").repeat(2);
}
