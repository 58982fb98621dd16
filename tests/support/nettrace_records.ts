import { createHash } from "node:crypto";
import { DecodeStats, type StatEntry } from "../../src/base/decode_stats.ts";
import { decodeNettrace } from "../../src/eventpipe/nettrace/decode_nettrace.ts";
import type { NettraceDecodeOptions } from "../../src/eventpipe/nettrace/nettrace_decode_options.ts";
import { NettraceDecoder } from "../../src/eventpipe/nettrace/nettrace_decoder.ts";
import type {
  NettraceBlock,
  NettraceEvent,
  NettraceEventRecord,
  NettraceHeader,
  NettraceLoss,
  NettraceMetadata,
  NettraceOutcome,
  NettraceSequencePoint,
  NettraceSink,
  NettraceStack,
  NettraceThread,
} from "../../src/eventpipe/nettrace/types.ts";

/** Everything that a decoder delivered. */
export interface NettraceRecords {
  header: NettraceHeader | undefined;
  readonly metadata: NettraceMetadata[];
  readonly events: NettraceEventRecord[];
  readonly stacks: NettraceStack[];
  readonly threads: NettraceThread[];
  readonly removedThreads: NettraceThread[];
  readonly sequencePoints: NettraceSequencePoint[];
  readonly losses: NettraceLoss[];
  readonly blocks: NettraceBlock[];
  outcome: NettraceOutcome | undefined;
  stats: readonly StatEntry[];
  lost: number;
  /** What was thrown. */
  error: unknown;
}

/** How {@linkcode recordNettrace} pushes. */
export interface RecordNettraceOptions extends NettraceDecodeOptions {
  /** Size of the pieces; all in one where absent. */
  readonly chunkBytes?: number | undefined;
}

/**
 * Decodes a stream and keeps everything. Pieces are overwritten after each call,
 * so that a decoder that keeps one is found out.
 */
export function recordNettrace(
  bytes: Uint8Array,
  options: RecordNettraceOptions = {},
): NettraceRecords {
  const { chunkBytes = Math.max(1, bytes.length), stats = new DecodeStats() } =
    options;
  const records: NettraceRecords = {
    header: undefined,
    metadata: [],
    events: [],
    stacks: [],
    threads: [],
    removedThreads: [],
    sequencePoints: [],
    losses: [],
    blocks: [],
    outcome: undefined,
    stats: [],
    lost: 0,
    error: undefined,
  };
  const decoder = new NettraceDecoder({
    onHeader: (header) => {
      records.header = header;
    },
    onMetadata: (metadata) => records.metadata.push(metadata),
    onEvent: (event) => records.events.push(event.toRecord()),
    onStack: (stack) => records.stacks.push(stack),
    onThread: (thread) => records.threads.push(thread),
    onThreadRemoved: (thread) => records.removedThreads.push(thread),
    onSequencePoint: (point) => records.sequencePoints.push(point),
    onLoss: (loss) => records.losses.push(loss),
    onBlock: (block) => records.blocks.push(block),
  }, { ...options, stats });
  try {
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      const chunk = bytes.slice(at, at + chunkBytes);
      decoder.push(chunk);
      chunk.fill(0xa5);
    }
    records.outcome = decoder.finish();
  } catch (error) {
    records.error = error;
  }
  records.stats = stats.entries();
  records.lost = decoder.lostEventCount;
  return records;
}

/** Counts and digests of a stream, as the format's test vectors have them. */
export interface NettraceSummary {
  readonly header: NettraceHeader;
  readonly outcome: NettraceOutcome;
  readonly stats: readonly StatEntry[];
  readonly lost: number;
  readonly blockCounts: Readonly<Record<string, number>>;
  readonly blocks: readonly NettraceBlock[];
  readonly metadata: readonly NettraceMetadata[];
  readonly eventCount: number;
  readonly stackCount: number;
  readonly maxDepth: number;
  readonly emptyStacks: number;
  readonly sortedCount: number;
  readonly otherThreadCount: number;
  readonly activityCount: number;
  /** Events by processor. */
  readonly processors: Readonly<Record<number, number>>;
  /** Events by thread. */
  readonly threads: Readonly<Record<number, number>>;
  /** Events by `provider id`, without the version. */
  readonly kinds: Readonly<Record<string, number>>;
  readonly first: NettraceEventRecord | undefined;
  readonly last: NettraceEventRecord | undefined;
  readonly eventDigest: string;
  readonly metadataDigest: string;
  readonly stackDigest: string;
  readonly timeDigest: string;
}

/** Decodes a stream and sums it up in constant memory, but for the timestamps. */
export function summarizeNettrace(
  bytes: Uint8Array,
  options: NettraceDecodeOptions = {},
): NettraceSummary {
  const stats = new DecodeStats();
  const eventHash = createHash("sha256");
  const metadataHash = createHash("sha256");
  const stackHash = createHash("sha256");
  const counts = {
    blocks: {} as Record<string, number>,
    processors: {} as Record<number, number>,
    threads: {} as Record<number, number>,
    kinds: {} as Record<string, number>,
  };
  const blocks: NettraceBlock[] = [];
  const metadata: NettraceMetadata[] = [];
  const times: number[] = [];
  let header: NettraceHeader | undefined;
  let first: NettraceEventRecord | undefined;
  let last: NettraceEventRecord | undefined;
  let keep: NettraceEvent | undefined;
  let lines: string[] = [];
  let [stackCount, maxDepth, emptyStacks, sortedCount] = [0, 0, 0, 0];
  let [otherThreadCount, activityCount, lost] = [0, 0, 0];
  const flush = () => {
    eventHash.update(lines.join(""));
    lines = [];
  };
  const sink: NettraceSink = {
    onHeader: (found) => {
      header = found;
    },
    onMetadata: (each) => {
      metadata.push(each);
      metadataHash.update(
        `${each.id}|${each.providerName}|${each.eventId}|${each.eventName}|${
          each.keywords.toString(16)
        }|${each.version}|${each.level}|${each.fields?.length ?? 0}\n`,
      );
    },
    onStack: (stack) => {
      stackCount++;
      maxDepth = Math.max(maxDepth, stack.depth);
      if (stack.depth === 0) emptyStacks++;
      stackHash.update(`${stack.id} ${stack.bytes.toHex()}\n`);
    },
    onEvent: (event) => {
      lines.push(eventLine(event, header!));
      if (lines.length === 4096) flush();
      if (event.isSorted) sortedCount++;
      if (event.threadId !== event.captureThreadId) otherThreadCount++;
      if (event.activityId !== undefined) activityCount++;
      count(counts.processors, event.processor);
      count(counts.threads, event.threadId);
      count(
        counts.kinds,
        `${event.metadata.providerName} ${event.metadata.eventId}`,
      );
      times.push(event.time);
      first ??= event.toRecord();
      keep = event;
      last = undefined;
    },
    onLoss: (loss) => {
      lost += loss.count;
    },
    onBlock: (block) => {
      blocks.push(block);
      count(counts.blocks, block.kind);
      // The event is valid until its block is done.
      if (keep !== undefined) last = keep.toRecord();
      keep = undefined;
    },
  };
  const outcome = decodeNettrace(bytes, sink, { ...options, stats });
  flush();
  const { syncTicks } = header!;
  const timeHash = createHash("sha256").update(
    Float64Array.from(times).sort().reduce<string[]>((texts, time) => {
      texts.push(String(syncTicks + BigInt(time)));
      return texts;
    }, []).join("\n"),
  );
  return {
    header: header!,
    outcome,
    stats: stats.entries(),
    lost,
    blockCounts: counts.blocks,
    blocks,
    metadata,
    eventCount: times.length,
    stackCount,
    maxDepth,
    emptyStacks,
    sortedCount,
    otherThreadCount,
    activityCount,
    processors: counts.processors,
    threads: counts.threads,
    kinds: counts.kinds,
    first,
    last,
    eventDigest: eventHash.digest("hex"),
    metadataDigest: metadataHash.digest("hex"),
    stackDigest: stackHash.digest("hex"),
    timeDigest: timeHash.digest("hex"),
  };
}

function eventLine(event: NettraceEvent, header: NettraceHeader): string {
  const payload = event.payload();
  const payloadText = `${payload.length} ${payload.toHex()}`;
  if (header.version >= 4) {
    return `${event.metadata.id} ${event.sequenceNumber} ${event.threadId} ${event.captureThreadId} ${event.processor} ${event.stackId} ${event.ticks} ${
      event.isSorted ? 1 : 0
    } ${payloadText}\n`;
  }
  const stack = event.stack.bytes;
  return `${event.metadata.id} ${event.threadId} ${event.ticks} ${payloadText} ${stack.length} ${stack.toHex()}\n`;
}

function count<Key extends string | number>(
  counts: Record<Key, number>,
  key: Key,
): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
