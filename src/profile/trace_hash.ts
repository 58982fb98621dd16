import { Fnv1a128 } from "../codec/fnv1a.ts";
import {
  type Id128,
  id128FromBytes,
  id128ToBytes,
  parseId128,
  ZERO_ID128,
} from "../codec/id128.ts";
import type { Trace } from "./trace.ts";

const encoder = new TextEncoder();

/** What {@linkcode hashFrames} takes of a frame. */
export interface HashedFrame {
  /** The file. */
  readonly fileId: Id128;
  /** Address in the file, or line; from 0 to 2^64 - 1. */
  readonly addressOrLine: bigint;
}

/**
 * Makes the hash by which the profiler names a stack trace: FNV-1a of 128 bits
 * over file and address of each frame. Nothing else is in it, so frames of
 * interpreters, which have neither, look alike: never take equal hashes for
 * equal stacks.
 *
 * @param frames Frames, leaf first.
 * @returns The hash.
 *
 * @example One frame
 * ```ts
 * import { formatId128, parseId128 } from "../../src/codec/id128.ts";
 * import { hashFrames } from "../../src/profile/trace_hash.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const fileId = parseId128("0123456789abcdeffedcba9876543210");
 * const hash = hashFrames([{ fileId, addressOrLine: 0n }]);
 * assertEquals(formatId128(hash), "d114c3c60a8eb49a88a27bf1e9c07b1f");
 * ```
 */
export function hashFrames(frames: Iterable<HashedFrame>): Id128 {
  const hash = new Fnv1a128();
  for (const { fileId, addressOrLine } of frames) {
    hash.update(id128ToBytes(fileId));
    hash.update(
      encoder.encode(String(BigInt.asUintN(64, addressOrLine))),
    );
  }
  return id128FromBytes(hash.digest());
}

/**
 * @param trace A trace.
 * @returns Its own hash where it has one; else that of its frames, with the
 * file of a frame's mapping, or none.
 */
export function hashTrace(trace: Trace): Id128 {
  return trace.hash ?? hashFrames(
    trace.frames.map(({ mapping, address }) => ({
      fileId: mapping?.fileId ? parseId128(mapping.fileId) : ZERO_ID128,
      addressOrLine: address,
    })),
  );
}
