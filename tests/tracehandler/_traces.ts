import type { KTime } from "../../src/base/time.ts";
import type { Id128 } from "../../src/codec/id128.ts";
import { encodeRawFrames } from "../../src/profile/raw_frames.ts";
import type { RawFrame, RawTrace } from "../../src/profile/raw_trace.ts";
import type { Trace, TraceFrame } from "../../src/profile/trace.ts";
import type {
  TraceMeta,
  TraceReporter,
} from "../../src/profile/trace_reporter.ts";
import type { TraceProcessor } from "../../src/tracehandler/trace_processor.ts";

/** A raw trace without frames. */
export function rawTrace(fields: Partial<RawTrace> = {}): RawTrace {
  return {
    ktime: 1n as KTime,
    pid: 1,
    tid: 2,
    comm: "thread",
    cpu: 0,
    origin: "sampling",
    value: 0,
    frameData: new Uint32Array(0),
    kernelFrameCount: 0,
    labels: [],
    traceId: "",
    spanId: "",
    hash: 0n,
    ...fields,
  };
}

/** A raw frame of machine code in file 1. */
export function rawFrame(fields: Partial<RawFrame> = {}): RawFrame {
  return {
    type: 3,
    isError: false,
    isReturnAddress: false,
    isPidSpecific: false,
    data: 0,
    words: [1n],
    ...fields,
  };
}

/** A raw trace of native frames at these addresses. */
export function rawTraceOf(
  addresses: readonly number[],
  fields: Partial<RawTrace> = {},
): RawTrace {
  return rawTrace({
    frameData: encodeRawFrames(addresses.map((data) => rawFrame({ data }))),
    ...fields,
  });
}

/** A named frame. */
export function traceFrame(fields: Partial<TraceFrame> = {}): TraceFrame {
  return {
    type: 3,
    functionName: "",
    functionOffset: 0,
    sourceFile: "",
    sourceLine: 0,
    sourceColumn: 0,
    address: 0n,
    mapping: undefined,
    ...fields,
  };
}

/** Writes down the calls of a handler, in order. */
export class CallRecorder implements TraceReporter, TraceProcessor {
  readonly calls: string[] = [];
  readonly metas: TraceMeta[] = [];
  supports: () => boolean = () => false;
  convert: (trace: RawTrace) => Trace | Promise<Trace> = (trace) => ({
    frames: [],
    hash: { hi: trace.hash!, lo: trace.hash! },
  });

  supportsReportTraceEvent(): boolean {
    return this.supports();
  }

  reportTraceEvent(trace: Trace, meta: TraceMeta): void | Promise<void> {
    this.metas.push(meta);
    this.calls.push(`event ${trace.hash?.lo}`);
  }

  reportCountForTrace(
    hash: Id128,
    count: number,
    meta: TraceMeta,
  ): void | Promise<void> {
    this.metas.push(meta);
    this.calls.push(`count ${hash.lo} ${count} ${meta.apmServiceName}`);
  }

  reportFramesForTrace(trace: Trace): void | Promise<void> {
    this.calls.push(`frames ${trace.hash?.lo}`);
  }

  maybeNotifyApmAgent(trace: RawTrace, hash: Id128, count: number): string {
    this.calls.push(`notify ${trace.hash} ${hash.lo} ${count}`);
    return `service${hash.lo}`;
  }

  convertTrace(trace: RawTrace): Trace | Promise<Trace> {
    this.calls.push(`convert ${trace.hash}`);
    return this.convert(trace);
  }

  symbolizationComplete(ktime: bigint): void | Promise<void> {
    this.calls.push(`complete ${ktime}`);
  }
}

/** Gives items one after the other. */
export async function* streamOfItems<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}
