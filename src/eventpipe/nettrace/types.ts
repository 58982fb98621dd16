import type { QpcTicks, UnixNs } from "../../base/time.ts";

/** Generations of the stream format: 1 to 3 are "NetPerf", 4 covers what .NET 5 to 9 write as well. */
export type NettraceVersion = 1 | 2 | 3 | 4 | 6;

/** What the first record of a stream says about the trace. */
export interface NettraceHeader {
  /** Generation of the format. */
  readonly version: NettraceVersion;
  /** Minor version, 0 before version 6. */
  readonly minorVersion: number;
  /** Year, month, day of week, day, hour, minute, second and millisecond, as written. */
  readonly systemTime: readonly number[];
  /** Wall time of the sync tick, exact to 1 ms; `undefined` when no calendar has it. */
  readonly syncTime: UnixNs | undefined;
  /** Tick value at {@linkcode NettraceHeader.syncTime}, also called T0. */
  readonly syncTicks: QpcTicks;
  /** Ticks per second, above 0. */
  readonly frequency: bigint;
  /** Bytes of an address. */
  readonly pointerSize: 4 | 8;
  /** The traced process, where the trace has exactly one and says which. */
  readonly processId: number | undefined;
  /** Hardware threads of the machine, where known. */
  readonly processorCount: number | undefined;
  /** Configured time between two CPU samples in ns, where known. */
  readonly samplingIntervalNs: number | undefined;
  /** Keys and values of a version 6 stream, in its order. */
  readonly properties: readonly (readonly [key: string, value: string])[];
}

/** Type of a payload field. */
export type NettraceFieldType =
  | {
    readonly kind:
      | "boolean32"
      | "boolean8"
      | "char16"
      | "int8"
      | "uint8"
      | "int16"
      | "uint16"
      | "int32"
      | "uint32"
      | "int64"
      | "uint64"
      | "float32"
      | "float64"
      | "decimal"
      | "filetime"
      | "guid"
      | "utf16z"
      | "varint"
      | "varuint"
      | "char8";
  }
  /** Elements behind a 16-bit count. */
  | { readonly kind: "array"; readonly element: NettraceFieldType }
  /** A fixed number of elements without a count. */
  | {
    readonly kind: "fixedArray";
    readonly element: NettraceFieldType;
    readonly count: number;
  }
  /** Elements elsewhere in the payload, behind this field. */
  | { readonly kind: "relLoc"; readonly element: NettraceFieldType }
  /** Elements elsewhere in the payload, counted from its start. */
  | { readonly kind: "dataLoc"; readonly element: NettraceFieldType }
  /** Members in order. */
  | { readonly kind: "object"; readonly fields: readonly NettraceField[] };

/** A payload field as its stream declares it. */
export interface NettraceField {
  /** Name; empty for the one field of a self-describing event. */
  readonly name: string;
  /** Type. */
  readonly type: NettraceFieldType;
}

/** What a stream says about one kind of event. */
export interface NettraceMetadata {
  /** Position among all metadata of the stream, from 0: an index for tables of one's own. */
  readonly index: number;
  /** Id by which events refer to it; in versions 1 and 2 the offset of the record. */
  readonly id: number;
  /** Name of the provider; in version 1 found by its GUID where known, else the GUID. */
  readonly providerName: string;
  /** GUID that the stream gives for the provider, lower case; most streams give none. */
  readonly providerGuid: string | undefined;
  /** Event id; for self-describing events of no meaning beyond the process. */
  readonly eventId: number;
  /** Event name, empty for events that the runtime emits natively. */
  readonly eventName: string;
  /** Keywords as written, session bits included. */
  readonly keywords: bigint;
  /** Version of the event. */
  readonly version: number;
  /** 0 always, 1 critical, 2 error, 3 warning, 4 informational, 5 verbose. */
  readonly level: number;
  /** Opcode, where given. */
  readonly opcode: number | undefined;
  /** Message template (version 6), where given. */
  readonly messageTemplate: string | undefined;
  /** Description (version 6), where given. */
  readonly description: string | undefined;
  /** Further keys and values (version 6). */
  readonly attributes: readonly (readonly [key: string, value: string])[];
  /** Declared fields; `undefined` when the declaration could not be understood. */
  readonly fields: readonly NettraceField[] | undefined;
  /** Whether the fields come from a `V2Params` tag. */
  readonly hasV2Fields: boolean;
  /** Bytes of the definition, without tags that are damaged; a copy. */
  readonly definition: Uint8Array;
  /** Form of these bytes: of versions 1 and 2, of versions 3 to 5, of version 6. */
  readonly definitionForm: "early" | "record" | "row";
  /** Offset of the definition in the stream. */
  readonly offset: number;
}

/** Addresses of one call stack, leaf first. */
export interface NettraceStack {
  /**
   * Id within the interval between two sequence points: 0 for "no stack", -1
   * for a stack that is part of its event (versions 1 to 3).
   */
  readonly id: number;
  /**
   * Little-endian addresses. Those of a stack with an id stay as long as they
   * are referenced; those of a stack that is part of its event are valid
   * during the call that delivers the event.
   */
  readonly bytes: Uint8Array;
  /** Bytes of one address. */
  readonly pointerSize: 4 | 8;
  /** Number of addresses. */
  readonly depth: number;
}

/** A thread of a version 6 stream. */
export interface NettraceThread {
  /** Index by which the stream refers to it. */
  readonly index: bigint;
  /** Name, where given. */
  readonly name: string | undefined;
  /** Process id of the operating system, where given. */
  readonly processId: number | undefined;
  /** Thread id of the operating system, where given. */
  readonly threadId: number | undefined;
  /** Further keys and values. */
  readonly attributes: readonly (readonly [key: string, value: string])[];
}

/** What version 6 attaches to events by a label list. */
export interface NettraceLabels {
  /** Index of the list, 0 for none. */
  readonly index: number;
  /** Activity id, lower case. */
  readonly activityId: string | undefined;
  /** Related activity id, lower case. */
  readonly relatedActivityId: string | undefined;
  /** W3C trace id, 32 hexadecimal digits. */
  readonly traceId: string | undefined;
  /** W3C span id. */
  readonly spanId: bigint | undefined;
  /** Opcode instead of the metadata's. */
  readonly opcode: number | undefined;
  /** Keywords instead of the metadata's. */
  readonly keywords: bigint | undefined;
  /** Level instead of the metadata's. */
  readonly level: number | undefined;
  /** Event version instead of the metadata's. */
  readonly version: number | undefined;
  /** Text and number labels in the list's order. */
  readonly entries: readonly (readonly [key: string, value: string | bigint])[];
}

/**
 * One event, as a decoder shows it to its sink.
 *
 * It is **one object that the decoder reuses**: it and what it refers to by
 * offset (`bytes`, `view`, the payload) are valid during the call only. Keep
 * numbers and strings read from it, or {@linkcode NettraceEvent.toRecord}.
 */
export interface NettraceEvent {
  /** What the stream says about events of this kind. */
  readonly metadata: NettraceMetadata;
  /** Position among all events of the stream, in the order of the file, from 0. */
  readonly index: number;
  /** Offset of the event in the stream. */
  readonly offset: number;
  /**
   * Ticks since the header's sync tick, negative before it. Exact as long as it
   * is within 2^53, which no clock of a real machine leaves.
   */
  readonly time: number;
  /** Absolute ticks, exact; made on demand. */
  readonly ticks: QpcTicks;
  /** Number within the capturing thread, 0 in versions 1 to 3. */
  readonly sequenceNumber: number;
  /** Thread that the event is about, in the operating system's numbers; -1 where unknown. */
  readonly threadId: number;
  /** Thread that wrote the event; -1 where unknown. */
  readonly captureThreadId: number;
  /** What the stream itself calls the thread: an index in version 6, else the thread id, exact; made on demand. */
  readonly threadKey: bigint;
  /** As {@linkcode NettraceEvent.threadKey}, of the capturing thread. */
  readonly captureThreadKey: bigint;
  /** The thread (version 6). */
  readonly thread: NettraceThread | undefined;
  /** The capturing thread (version 6). */
  readonly captureThread: NettraceThread | undefined;
  /** Process, where known. */
  readonly processId: number | undefined;
  /** Processor on which it was written, -1 where unknown. */
  readonly processor: number;
  /** Whether all events that are still to come are at least as young. */
  readonly isSorted: boolean;
  /** Whether it was found in a block that the end of the stream cuts. */
  readonly isSalvaged: boolean;
  /** Id of {@linkcode NettraceEvent.stack}, for caches between two sequence points. */
  readonly stackId: number;
  /** Call stack, empty where none was recorded. */
  readonly stack: NettraceStack;
  /** Label list; an empty one before version 6. */
  readonly labels: NettraceLabels;
  /** Activity id, lower case, `undefined` when it is zero; made on demand. */
  readonly activityId: string | undefined;
  /** Related activity id, lower case, `undefined` when it is zero; made on demand. */
  readonly relatedActivityId: string | undefined;
  /** Opcode of the labels, else of the metadata. */
  readonly opcode: number | undefined;
  /** Keywords of the labels, else of the metadata. */
  readonly keywords: bigint;
  /** Level of the labels, else of the metadata. */
  readonly level: number;
  /** Version of the labels, else of the metadata. */
  readonly version: number;
  /** Memory in which the payload lies. */
  readonly bytes: Uint8Array;
  /** The same memory, for numbers. */
  readonly view: DataView;
  /** Where in {@linkcode NettraceEvent.bytes} the payload begins. */
  readonly payloadStart: number;
  /** Bytes of the payload. */
  readonly payloadLength: number;
  /** @returns The payload as a view that is valid during the call. */
  payload(): Uint8Array;
  /** @returns A copy that stays. */
  toRecord(): NettraceEventRecord;
}

/** A copy of a {@linkcode NettraceEvent} that stays. */
export interface NettraceEventRecord {
  readonly metadata: NettraceMetadata;
  readonly index: number;
  readonly offset: number;
  readonly time: number;
  readonly ticks: QpcTicks;
  readonly sequenceNumber: number;
  readonly threadId: number;
  readonly captureThreadId: number;
  readonly threadKey: bigint;
  readonly captureThreadKey: bigint;
  readonly thread: NettraceThread | undefined;
  readonly captureThread: NettraceThread | undefined;
  readonly processId: number | undefined;
  readonly processor: number;
  readonly isSorted: boolean;
  readonly isSalvaged: boolean;
  /** A stack whose bytes stay. */
  readonly stack: NettraceStack;
  readonly labels: NettraceLabels;
  readonly activityId: string | undefined;
  readonly relatedActivityId: string | undefined;
  readonly opcode: number | undefined;
  readonly keywords: bigint;
  readonly level: number;
  readonly version: number;
  /** A copy of the payload. */
  readonly payload: Uint8Array;
}

/** Names of the records that a stream is made of. */
export type NettraceBlockKind =
  | "Trace"
  | "EventBlock"
  | "MetadataBlock"
  | "StackBlock"
  | "SPBlock"
  | "ThreadBlock"
  | "RemoveThreadBlock"
  | "LabelListBlock"
  | "EndOfStream"
  | "unknown";

/** A record of the stream that was met complete. */
export interface NettraceBlock {
  /** What it holds. */
  readonly kind: NettraceBlockKind;
  /** Kind number in version 6, 0 before. */
  readonly kindCode: number;
  /** Offset of its content. */
  readonly offset: number;
  /** Bytes of its content, without framing. */
  readonly length: number;
}

/** A moment at which everything written before has been delivered. */
export interface NettraceSequencePoint {
  /** Ticks since the header's sync tick. */
  readonly time: number;
  /** Absolute ticks. */
  readonly ticks: QpcTicks;
  /** Capturing threads (indexes in version 6) and the number of the last event of each. */
  readonly threads: readonly (readonly [key: bigint, sequenceNumber: number])[];
  /** Whether thread indexes are void from here (version 6). */
  readonly clearsThreads: boolean;
  /** Whether metadata ids are void from here (version 6). */
  readonly clearsMetadata: boolean;
  /** Offset of its content. */
  readonly offset: number;
}

/** Events of one capturing thread that the writer had to drop. */
export interface NettraceLoss {
  /** How many. */
  readonly count: number;
  /** What revealed it: the number of a later event, of a sequence point, or of the removal of a thread. */
  readonly cause: "event" | "sequencePoint" | "removeThread";
  /** The capturing thread as the stream calls it. */
  readonly captureThreadKey: bigint;
  /** The capturing thread in the operating system's numbers, -1 where unknown. */
  readonly captureThreadId: number;
  /** The capturing thread (version 6). */
  readonly captureThread: NettraceThread | undefined;
  /** Number of the last event seen before. */
  readonly lastSequenceNumber: number;
  /** Number that revealed the loss. */
  readonly sequenceNumber: number;
  /** Time of the last event seen before, in ticks since the sync tick; `undefined` when none was seen. */
  readonly afterTime: number | undefined;
  /** Time of what revealed the loss; `undefined` for a removal. */
  readonly beforeTime: number | undefined;
}

/**
 * How a stream ended.
 *
 * `complete`: with its end mark. `truncated`: the bytes ended early.
 * `damaged`: the framing is broken and nothing behind it can be trusted.
 */
export interface NettraceOutcome {
  readonly type: "complete" | "truncated" | "damaged";
  /** Offset of the record that is incomplete or broken, else of the end. */
  readonly offset: number;
  /** Name of that record. */
  readonly record: string | undefined;
  /** Bytes that the record needs, where known. */
  readonly neededBytes: number | undefined;
  /** Bytes that are there from its start on. */
  readonly availableBytes: number;
  /** One sentence for people; empty when complete. */
  readonly message: string;
}

/**
 * Takes what a decoder finds, in the order of the stream. All parts are
 * optional; what is missing is not made.
 */
export interface NettraceSink {
  /** The header, once, before all else. */
  onHeader?(header: NettraceHeader): void;
  /** A kind of event, before the first event of that kind. */
  onMetadata?(metadata: NettraceMetadata): void;
  /** An event; the object is reused, see {@linkcode NettraceEvent}. */
  onEvent?(event: NettraceEvent): void;
  /** A stack that later events refer to by its id until the next sequence point. */
  onStack?(stack: NettraceStack): void;
  /** A thread of a version 6 stream. */
  onThread?(thread: NettraceThread): void;
  /** A thread of a version 6 stream ended. */
  onThreadRemoved?(thread: NettraceThread): void;
  /** Stack ids and label indexes are void from here. All older events have been delivered. */
  onSequencePoint?(point: NettraceSequencePoint): void;
  /** Events were dropped by the writer. */
  onLoss?(loss: NettraceLoss): void;
  /** A record of the stream was decoded, after its content was delivered. */
  onBlock?(block: NettraceBlock): void;
}
