import type { DecodeStats } from "../base/decode_stats.ts";
import type { Limits } from "../base/limits.ts";

/** How a compressed stream is unpacked. */
export interface UnpackOptions {
  /** Bounds on unpacked size and ratio. */
  readonly limits?: Partial<Limits> | undefined;
  /**
   * Counts a broken-off or damaged stream, which then simply ends. Without it
   * such a stream ends with an error, after everything before the fault.
   */
  readonly stats?: DecodeStats | undefined;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
}
