import type {
  NettraceBlock,
  NettraceEvent,
  NettraceHeader,
  NettraceLoss,
  NettraceMetadata,
  NettraceSequencePoint,
  NettraceSink,
  NettraceThread,
} from "./nettrace/types.ts";

/** Takes one event; the object is reused, see {@linkcode NettraceEvent}. */
export type EventHandler = (event: NettraceEvent) => void;

/**
 * One reader of a stream among several that share a pass over it: it says
 * which kinds of events it wants, and nobody decodes the others.
 */
export interface EventCollector {
  /**
   * Asked once for each kind of event.
   *
   * @param metadata The kind.
   * @returns What takes events of the kind, `undefined` when they are not needed.
   */
  handlerOf(metadata: NettraceMetadata): EventHandler | undefined;
  /** The header, before all else. */
  onHeader?(header: NettraceHeader): void;
  /** Stack ids are void from here. */
  onSequencePoint?(point: NettraceSequencePoint): void;
  /** A thread of a version 6 stream. */
  onThread?(thread: NettraceThread): void;
  /** Events were dropped by the writer. */
  onLoss?(loss: NettraceLoss): void;
  /** A record of the stream was decoded. */
  onBlock?(block: NettraceBlock): void;
}

/** A sink that hands on to collectors, and the question to the decoder that goes with it. */
export interface CollectorSink {
  readonly sink: NettraceSink;
  readonly wants: (metadata: NettraceMetadata) => boolean;
}

/**
 * Lets several collectors share one pass over a stream.
 *
 * @param collectors The collectors; every event goes to them in this order.
 * @returns Sink and `wants` option for a decoder.
 */
export function shareStream(
  collectors: readonly EventCollector[],
): CollectorSink {
  const handlers: (EventHandler | undefined)[] = [];
  const sink: NettraceSink = {
    onHeader: (header) => collectors.forEach((each) => each.onHeader?.(header)),
    onEvent: (event) => handlers[event.metadata.index]?.(event),
  };
  const forward = <K extends keyof NettraceSink & keyof EventCollector>(
    name: K,
  ) => {
    const takers = collectors.filter((each) => each[name] !== undefined);
    if (takers.length === 0) return;
    sink[name] = ((value: never) => {
      for (const each of takers) (each[name] as (value: never) => void)(value);
    }) as NettraceSink[K];
  };
  forward("onSequencePoint");
  forward("onThread");
  forward("onLoss");
  forward("onBlock");
  return {
    sink,
    wants: (metadata) => {
      const takers = collectors.flatMap((each) =>
        each.handlerOf(metadata) ?? []
      );
      handlers[metadata.index] = takers.length < 2 ? takers[0] : (event) => {
        for (const take of takers) take(event);
      };
      return takers.length > 0;
    },
  };
}
