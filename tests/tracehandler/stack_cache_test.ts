import { assertEquals, assertStrictEquals } from "@std/assert";
import { encodeRawFrames } from "../../src/profile/raw_frames.ts";
import type { RawTrace } from "../../src/profile/raw_trace.ts";
import { FrameCachingProcessor } from "../../src/tracehandler/frame_caching_processor.ts";
import { StackCache } from "../../src/tracehandler/stack_cache.ts";
import { rawFrame, rawTrace, rawTraceOf, traceFrame } from "./_traces.ts";

const KNOWN = { trace: { frames: [traceFrame({})] }, frameCount: 1 };

Deno.test("StackCache knows a stack by all that its names depend on", () => {
  const frameData = encodeRawFrames([rawFrame({ data: 5 })], [7n]);
  const trace = rawTrace({ pid: 3, frameData, kernelFrameCount: 1 });
  const cache = new StackCache(16);
  assertEquals(cache.get(trace, 1), undefined);
  cache.add(trace, 1, KNOWN);
  const others: readonly (readonly [RawTrace, number])[] = [
    [trace, 2],
    [{ ...trace, pid: 4 }, 1],
    [{ ...trace, kernelFrameCount: 0 }, 1],
    [{ ...trace, frameData: frameData.with(0, 8) }, 1],
    [{ ...trace, frameData: frameData.subarray(0, 2) }, 1],
  ];
  for (const [other, generation] of others) {
    assertEquals(cache.get(other, generation), undefined);
  }
  const copy = { ...trace, frameData: frameData.slice(), tid: 99 };
  assertStrictEquals(cache.get(copy, 1)?.trace, KNOWN.trace);
});

Deno.test("StackCache keeps what is used and forgets the rest", () => {
  const cache = new StackCache(8);
  const traces = Array.from({ length: 40 }, (_, data) => rawTraceOf([data]));
  for (const trace of traces) {
    cache.get(trace, 0);
    cache.add(trace, 0, KNOWN);
    // In use all the time.
    assertEquals(cache.get(traces[0]!, 0) === undefined, false);
  }
  const known = traces.filter((trace) => cache.get(trace, 0) !== undefined);
  assertEquals([known.length <= 8, known.includes(traces[20]!)], [true, false]);
});

Deno.test("StackCache does not keep very long stacks, nor words that change later", () => {
  const cache = new StackCache(8);
  const long = rawTraceOf(Array.from({ length: 257 }, (_, data) => data));
  cache.get(long, 0);
  cache.add(long, 0, KNOWN);
  assertEquals(cache.get(long, 0), undefined);
  const words = encodeRawFrames([rawFrame({ data: 5 })]);
  const trace = rawTrace({ frameData: words });
  const before = { ...trace, frameData: words.slice() };
  cache.get(trace, 0);
  cache.add(trace, 0, KNOWN);
  words[0] = 6;
  assertEquals(cache.get(trace, 0), undefined);
  assertEquals(cache.get(before, 0) === undefined, false);
});

Deno.test("FrameCachingProcessor gives the very same trace for a stack that comes again", async () => {
  let asked = 0;
  let isCacheable = true;
  const processor = new FrameCachingProcessor({
    generation: 0,
    convertFrame: () => {
      asked++;
      return { frames: [traceFrame({})], isCacheable };
    },
    convertKernelAddress: () => ({ frames: [], isCacheable }),
  });
  const first = await processor.convertTrace(rawTraceOf([1, 2, 1]));
  const second = await processor.convertTrace(rawTraceOf([1, 2, 1]));
  assertStrictEquals(second, first);
  assertEquals(asked, 2);
  // As many as if each frame had been looked up.
  assertEquals(processor.takeFrameCacheCounts(), { hits: 4, misses: 2 });
  isCacheable = false;
  const third = await processor.convertTrace(rawTraceOf([1, 9]));
  assertEquals(
    await processor.convertTrace(rawTraceOf([1, 9])) === third,
    false,
  );
  assertEquals(asked, 4);
});
