import { assertEquals, assertThrows } from "@std/assert";
import { encodeRawFrames } from "../../src/profile/raw_frames.ts";
import type {
  ConvertedFrame,
  FrameConverter,
  RawFrame,
  RawTrace,
} from "../../src/profile/raw_trace.ts";
import {
  FRAME_KEY_WORDS,
  FrameCache,
} from "../../src/tracehandler/frame_cache.ts";
import { FrameCachingProcessor } from "../../src/tracehandler/frame_caching_processor.ts";
import { seededRandom } from "../support/mutations.ts";
import { rawFrame, rawTrace, rawTraceOf, traceFrame } from "./_traces.ts";

/** Names frames after their address and counts how often it is asked. */
class FakeConverter implements FrameConverter {
  generation = 0;
  asked: string[] = [];
  isCacheable = true;
  copies = 1;
  isLate = false;

  convertFrame(frame: RawFrame): ConvertedFrame | Promise<ConvertedFrame> {
    this.asked.push(`frame ${frame.data}`);
    const converted = {
      frames: Array.from(
        { length: this.copies },
        (_, copy) => traceFrame({ functionName: `f${frame.data}_${copy}` }),
      ),
      isCacheable: this.isCacheable,
    };
    return this.isLate ? Promise.resolve(converted) : converted;
  }

  convertKernelAddress(address: bigint): ConvertedFrame {
    this.asked.push(`kernel ${address}`);
    return {
      frames: [traceFrame({ functionName: `k${address}` })],
      isCacheable: this.isCacheable,
    };
  }
}

async function names(
  processor: FrameCachingProcessor,
  trace: RawTrace,
): Promise<string[]> {
  const { frames } = await processor.convertTrace(trace);
  return frames.map(({ functionName }) => functionName);
}

Deno.test("FrameCachingProcessor converts an equal frame once", async () => {
  const converter = new FakeConverter();
  const processor = new FrameCachingProcessor(converter);
  assertEquals(await names(processor, rawTraceOf([1, 2, 1])), [
    "f1_0",
    "f2_0",
    "f1_0",
  ]);
  assertEquals(converter.asked, ["frame 1", "frame 2"]);
  assertEquals(processor.takeFrameCacheCounts(), { hits: 1, misses: 2 });
  assertEquals(processor.takeFrameCacheCounts(), { hits: 0, misses: 0 });
});

Deno.test("FrameCachingProcessor counts a cached frame once however many it gives", async () => {
  const converter = new FakeConverter();
  converter.copies = 3;
  const processor = new FrameCachingProcessor(converter);
  await names(processor, rawTraceOf([1]));
  assertEquals(await names(processor, rawTraceOf([1])), [
    "f1_0",
    "f1_1",
    "f1_2",
  ]);
  assertEquals(processor.takeFrameCacheCounts(), { hits: 1, misses: 1 });
});

Deno.test("FrameCachingProcessor neither keeps nor counts what cannot be cached", async () => {
  const converter = new FakeConverter();
  converter.isCacheable = false;
  const processor = new FrameCachingProcessor(converter);
  await names(processor, rawTraceOf([1, 1]));
  assertEquals(converter.asked.length, 2);
  assertEquals(processor.takeFrameCacheCounts(), { hits: 0, misses: 0 });
});

Deno.test("FrameCachingProcessor tells processes apart where a frame belongs to one", async () => {
  const converter = new FakeConverter();
  const processor = new FrameCachingProcessor(converter);
  for (const isPidSpecific of [false, true]) {
    converter.asked = [];
    const frameData = encodeRawFrames([rawFrame({ data: 9, isPidSpecific })]);
    for (const pid of [1, 2, 1]) {
      await names(processor, rawTrace({ pid, frameData }));
    }
    assertEquals(converter.asked.length, isPidSpecific ? 2 : 1);
  }
});

Deno.test("FrameCachingProcessor tells frames apart by their first three words", async () => {
  const converter = new FakeConverter();
  const processor = new FrameCachingProcessor(converter);
  const ask = async (words: bigint[]) => {
    await names(
      processor,
      rawTrace({ frameData: encodeRawFrames([rawFrame({ words })]) }),
    );
  };
  await ask([1n, 2n, 3n]);
  await ask([1n, 2n, 4n]);
  assertEquals(converter.asked.length, 1, "the fourth word does not count");
  await ask([1n, 3n, 3n]);
  await ask([1n, 2n ** 32n + 2n, 3n]);
  assertEquals(converter.asked.length, 3);
});

Deno.test("FrameCachingProcessor tells kernel addresses from frames", async () => {
  const address = 0x30100000_00000005n;
  const converter = new FakeConverter();
  const processor = new FrameCachingProcessor(converter);
  const frameData = encodeRawFrames([], [address]);
  const asKernel = rawTrace({ frameData, kernelFrameCount: 1 });
  assertEquals(await names(processor, asKernel), [`k${address}`]);
  assertEquals(await names(processor, rawTrace({ frameData })), ["f5_0"]);
  assertEquals(converter.asked.length, 2);
});

Deno.test("FrameCachingProcessor forgets when the generation changes", async () => {
  const converter = new FakeConverter();
  const processor = new FrameCachingProcessor(converter);
  await names(processor, rawTraceOf([1]));
  converter.generation++;
  await names(processor, rawTraceOf([1]));
  assertEquals(converter.asked.length, 2);
});

Deno.test("FrameCachingProcessor drops errors of the unwinder, or keeps them", async () => {
  const frameData = encodeRawFrames([
    rawFrame({ data: 1 }),
    rawFrame({ type: 1, isError: true, data: 2006, words: [] }),
    rawFrame({ type: 0, isError: true, data: 4014, words: [] }),
  ]);
  const trace = rawTrace({ frameData });
  const dropping = new FrameCachingProcessor(new FakeConverter());
  assertEquals((await dropping.convertTrace(trace)).frames.length, 1);
  const keeping = new FrameCachingProcessor(new FakeConverter(), {
    keepErrorFrames: true,
  });
  const { frames } = await keeping.convertTrace(trace);
  assertEquals(
    frames.slice(1).map(({ type, address }) => [type, address]),
    [[0x81, 2006n], [0x80, 4014n]],
  );
});

Deno.test("FrameCachingProcessor goes on where a frame had to be waited for", async () => {
  const converter = new FakeConverter();
  converter.isLate = true;
  const processor = new FrameCachingProcessor(converter);
  const converted = processor.convertTrace(rawTraceOf([1, 2, 1, 3]));
  assertEquals(converted instanceof Promise, true);
  assertEquals((await converted).frames.map((frame) => frame.functionName), [
    "f1_0",
    "f2_0",
    "f1_0",
    "f3_0",
  ]);
  assertEquals(processor.takeFrameCacheCounts(), { hits: 1, misses: 3 });
  assertEquals(
    processor.convertTrace(rawTraceOf([1])) instanceof Promise,
    false,
  );
});

Deno.test("FrameCachingProcessor refuses frames that reach behind the words", () => {
  const processor = new FrameCachingProcessor(new FakeConverter());
  for (const frameData of [new Uint32Array(2), Uint32Array.of(0, 0x30200000)]) {
    assertThrows(
      () => processor.convertTrace(rawTrace({ frameData })),
      RangeError,
    );
  }
});

Deno.test("FrameCachingProcessor refuses sizes of its cache that the profiler refuses", () => {
  for (const cacheSize of [1023, 1_048_577, 2048.5]) {
    assertThrows(
      () => new FrameCachingProcessor(new FakeConverter(), { cacheSize }),
      RangeError,
    );
  }
  new FrameCachingProcessor(new FakeConverter(), { cacheSize: 1024 });
});

Deno.test("FrameCache does what a map in order of use does", () => {
  const random = seededRandom(3);
  const cache = new FrameCache<number>(100);
  const model = new Map<number, number>();
  const key = new Int32Array(FRAME_KEY_WORDS);
  for (let step = 0; step < 30_000; step++) {
    const id = random(160);
    key.fill(id);
    const known = model.get(id);
    assertEquals(cache.get(key), known);
    model.delete(id);
    if (known === undefined) {
      if (model.size === 100) model.delete(model.keys().next().value!);
      cache.add(key, step);
      model.set(id, step);
    } else model.set(id, known);
  }
  assertEquals(cache.size, 100);
});
