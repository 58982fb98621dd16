import type { Id128 } from "../codec/id128.ts";
import { type FrameId, hashFrameId } from "./frame_id.ts";

// The 32-bit hashes by which the profiler's caches spread their keys.

/** @param hash Hash of a trace. @returns Its lowest 32 bits. */
export function traceHash32({ lo }: Id128): number {
  return low32(lo);
}

/** @param fileId Id of a file. @returns The lowest 32 bits of its upper half. */
export function fileId32({ hi }: Id128): number {
  return low32(hi);
}

/** @param hash Hash of a raw trace. @returns Its lowest 32 bits. */
export function hostTraceHash32(hash: bigint): number {
  return low32(hash);
}

/** @param id Id of a frame. @returns The lowest 32 bits of its hash. */
export function frameId32(id: FrameId): number {
  return low32(hashFrameId(id));
}

function low32(value: bigint): number {
  return Number(value & 0xffff_ffffn);
}
