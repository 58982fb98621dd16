import type { QpcTicks } from "../../base/time.ts";
import { formatGuid } from "../../codec/guid.ts";
import type {
  NettraceEvent,
  NettraceEventRecord,
  NettraceHeader,
  NettraceLabels,
  NettraceMetadata,
  NettraceStack,
  NettraceThread,
} from "./types.ts";

/** The label list of index 0. */
export const NO_LABELS: NettraceLabels = {
  index: 0,
  activityId: undefined,
  relatedActivityId: undefined,
  traceId: undefined,
  spanId: undefined,
  opcode: undefined,
  keywords: undefined,
  level: undefined,
  version: undefined,
  entries: [],
};

/** Memory of an event that is not in use. */
export const NO_BYTES: Uint8Array = new Uint8Array(0);
/** The same as {@linkcode NO_BYTES}. */
export const NO_VIEW: DataView = new DataView(NO_BYTES.buffer);

/** A copy of a block that waiting events refer to. */
export interface HeldBlock {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Events that wait. */
  pending: number;
}

/** Index in an event's memory that stands for "not there". */
export const ABSENT = -1;

/**
 * The reused event. Fields are set by the block decoders; what costs an
 * allocation (bigints, texts, inline stacks) is made when it is asked for.
 */
export class EventView implements NettraceEvent {
  metadata: NettraceMetadata = undefined as unknown as NettraceMetadata;
  index = 0;
  offset = 0;
  time = 0;
  sequenceNumber = 0;
  threadId = -1;
  captureThreadId = -1;
  thread: NettraceThread | undefined = undefined;
  captureThread: NettraceThread | undefined = undefined;
  processor = -1;
  isSorted = false;
  isSalvaged = false;
  stackId = 0;
  labels: NettraceLabels = NO_LABELS;
  bytes: Uint8Array = NO_BYTES;
  view: DataView = NO_VIEW;
  payloadStart = 0;
  payloadLength = 0;

  /** Absolute ticks when `time` is beyond 2^53. */
  wideTicks: bigint | undefined = undefined;
  /** Thread as the stream calls it; inexact when `wideThread` is there. */
  rawThread = 0;
  rawCaptureThread = 0;
  wideThread: bigint | undefined = undefined;
  wideCaptureThread: bigint | undefined = undefined;
  /** Where the GUIDs lie in `bytes`, or {@linkcode ABSENT}. */
  activityStart: number = ABSENT;
  relatedActivityStart: number = ABSENT;
  /** The stack, unless it is inline. */
  tableStack: NettraceStack;
  /** Where an inline stack lies in `bytes`. */
  stackStart = 0;
  stackLength = 0;
  /** The memory of a waiting event. */
  block: HeldBlock | undefined = undefined;
  /** Next event of the same queue. */
  next: EventView | undefined = undefined;

  readonly #header: NettraceHeader;

  constructor(header: NettraceHeader, noStack: NettraceStack) {
    this.#header = header;
    this.tableStack = noStack;
  }

  get ticks(): QpcTicks {
    return (this.wideTicks ??
      this.#header.syncTicks + BigInt(this.time)) as QpcTicks;
  }

  get threadKey(): bigint {
    return this.wideThread ?? BigInt(this.rawThread);
  }

  get captureThreadKey(): bigint {
    return this.wideCaptureThread ?? BigInt(this.rawCaptureThread);
  }

  get processId(): number | undefined {
    return this.thread?.processId ?? this.#header.processId;
  }

  get stack(): NettraceStack {
    if (this.stackId !== -1) return this.tableStack;
    const { pointerSize } = this.#header;
    const depth = Math.floor(this.stackLength / pointerSize);
    return {
      id: -1,
      bytes: this.bytes.subarray(
        this.stackStart,
        this.stackStart + depth * pointerSize,
      ),
      pointerSize,
      depth,
    };
  }

  get activityId(): string | undefined {
    return this.labels.activityId ?? this.#guidAt(this.activityStart);
  }

  get relatedActivityId(): string | undefined {
    return this.labels.relatedActivityId ??
      this.#guidAt(this.relatedActivityStart);
  }

  get opcode(): number | undefined {
    return this.labels.opcode ?? this.metadata.opcode;
  }

  get keywords(): bigint {
    return this.labels.keywords ?? this.metadata.keywords;
  }

  get level(): number {
    return this.labels.level ?? this.metadata.level;
  }

  get version(): number {
    return this.labels.version ?? this.metadata.version;
  }

  payload(): Uint8Array {
    return this.bytes.subarray(
      this.payloadStart,
      this.payloadStart + this.payloadLength,
    );
  }

  toRecord(): NettraceEventRecord {
    const { stack } = this;
    return {
      metadata: this.metadata,
      index: this.index,
      offset: this.offset,
      time: this.time,
      ticks: this.ticks,
      sequenceNumber: this.sequenceNumber,
      threadId: this.threadId,
      captureThreadId: this.captureThreadId,
      threadKey: this.threadKey,
      captureThreadKey: this.captureThreadKey,
      thread: this.thread,
      captureThread: this.captureThread,
      processId: this.processId,
      processor: this.processor,
      isSorted: this.isSorted,
      isSalvaged: this.isSalvaged,
      stack: stack.id === -1 ? { ...stack, bytes: stack.bytes.slice() } : stack,
      labels: this.labels,
      activityId: this.activityId,
      relatedActivityId: this.relatedActivityId,
      opcode: this.opcode,
      keywords: this.keywords,
      level: this.level,
      version: this.version,
      payload: this.payload().slice(),
    };
  }

  #guidAt(start: number): string | undefined {
    if (start === ABSENT) return undefined;
    const bytes = this.bytes.subarray(start, start + 16);
    return bytes.every((byte) => byte === 0) ? undefined : formatGuid(bytes);
  }
}
