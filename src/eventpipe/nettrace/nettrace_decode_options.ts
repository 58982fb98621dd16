import type { DecodeStats } from "../../base/decode_stats.ts";
import type { Limits } from "../../base/limits.ts";
import type { NettraceMetadata } from "./types.ts";

/** How a nettrace stream is decoded. */
export interface NettraceDecodeOptions {
  /**
   * Order in which events are delivered: as they lie in the stream, or by time.
   * By time holds back at most the events between two that are marked as
   * sorted, within the limits `maxQueuedRecords` and `maxQueuedBytes` (blocks in
   * which events wait, and 256 bytes for each event); when they are reached,
   * what is held back is delivered and counted as `nettrace_order_limit`. Events of equal time keep the order of the stream.
   *
   * @default {"file"}
   */
  readonly order?: "file" | "time" | undefined;
  /**
   * Which kinds of events to deliver; asked once for each kind. Events of other
   * kinds cost only the walk over their header.
   *
   * @default {all}
   */
  readonly wants?: ((metadata: NettraceMetadata) => boolean) | undefined;
  /**
   * Whether a stream that is cut or broken behind its header throws instead of
   * being counted in `stats` after all that is complete was delivered.
   *
   * @default {false}
   */
  readonly strict?: boolean | undefined;
  /**
   * Whether the complete events of a block that the end of the stream cuts are
   * delivered too, marked as salvaged.
   *
   * @default {false}
   */
  readonly salvage?: boolean | undefined;
  /** Bounds on what is accepted: `maxRecordBytes` for a block, `maxDepth` for nested fields, `maxTableEntries` for metadata, threads, stacks and labels, `maxQueuedBytes` and `maxQueuedRecords` for order by time. */
  readonly limits?: Partial<Limits> | undefined;
  /** Collects what was survived. */
  readonly stats?: DecodeStats | undefined;
}
