import type { UnixNs } from "../base/time.ts";

/** What every kind of timeline record has. */
export interface TimelineRecord {
  /** Wall time, where the capture has one. */
  readonly timestamp: UnixNs | undefined;
  /** Nanoseconds since the start of the capture, where it has one. */
  readonly relativeNs: number | undefined;
  /** Who emitted it: provider, category, point. */
  readonly provider: string;
  /** What happened. */
  readonly name: string;
  /** Process id, where known. */
  readonly pid?: number | undefined;
  /** Thread id, where known. */
  readonly tid?: number | undefined;
  /** Name of the process, where known. */
  readonly processName?: string | undefined;
  /** Name of the thread, where known. */
  readonly threadName?: string | undefined;
  /** Processor number, where known. */
  readonly cpu?: number | undefined;
  /** Severity in the capture's own word, where it has one. */
  readonly level?: string | undefined;
  /**
   * Payload in the capture's order. Values are what JSON can hold plus
   * `bigint` and `Uint8Array`.
   */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Frames, leaf first, where recorded and resolved. */
  readonly stack?: readonly string[] | undefined;
}

/** Something that happened at one moment. */
export interface TimelineInstant extends TimelineRecord {
  readonly type: "event";
}

/** Something that took time; the record's time is its start. */
export interface TimelineSpan extends TimelineRecord {
  readonly type: "span";
  /** Length in ns. */
  readonly durationNs: number;
}

/** A measured number. */
export interface TimelineCounter extends TimelineRecord {
  readonly type: "counter";
  /** The number. */
  readonly value: number;
  /** Its unit, empty where unknown. */
  readonly unit: string;
}

/** One record of a timeline: an event, a span or a counter value. */
export type TimelineEvent = TimelineInstant | TimelineSpan | TimelineCounter;
