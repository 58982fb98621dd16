import { assertEquals } from "@std/assert";
import { FormatError, LimitError } from "../../../src/base/errors.ts";
import { collectNettrace } from "../../../src/eventpipe/collect_nettrace.ts";
import { LiveNames } from "../../../src/eventpipe/live/live_names.ts";
import { StackTraces } from "../../../src/eventpipe/live/stack_traces.ts";
import { DecodeStats } from "../../../src/base/decode_stats.ts";
import { shareStream } from "../../../src/eventpipe/event_collector.ts";
import { NettraceDecoder } from "../../../src/eventpipe/nettrace/nettrace_decoder.ts";
import { decodeRawFrames } from "../../../src/profile/raw_frames.ts";
import type { RawTrace } from "../../../src/profile/raw_trace.ts";
import { mutations } from "../../support/mutations.ts";
import {
  type BuiltEvent,
  methodPayload,
  samplePayload,
  TraceBuilder,
  type TraceBuilderOptions,
} from "../../support/trace_builder.ts";

const MS = 1_000_000;

function sample(
  time: number,
  stack: readonly bigint[] | undefined,
  type = 2,
  thread = 1,
): BuiltEvent {
  return {
    provider: "Microsoft-DotNETCore-SampleProfiler",
    id: 0,
    time,
    thread,
    payload: samplePayload(type),
    ...(stack === undefined ? {} : { stack }),
  };
}

function load(
  time: number,
  start: bigint,
  size: number,
  name: string,
): BuiltEvent {
  return {
    provider: "Microsoft-Windows-DotNETRuntime",
    id: 143,
    time,
    payload: methodPayload({ start, size, namespace: "N.C", name }),
  };
}

async function tracesOf(
  events: readonly BuiltEvent[],
  options: TraceBuilderOptions = {},
): Promise<RawTrace[]> {
  const traces = new StackTraces(() => 7);
  const trace = new TraceBuilder(options).add(...events);
  await collectNettrace([trace.bytes()], [traces]);
  const complete = traces.take();
  traces.finish();
  return [...complete, ...traces.take()];
}

function outline(traces: readonly RawTrace[]): unknown[] {
  return traces.map(({ ktime, tid, value, labels }) => [
    Number(ktime) / MS,
    tid,
    value / MS,
    labels[0]?.value,
  ]);
}

Deno.test("StackTraces gives each trace the time up to the next of its thread", async () => {
  assertEquals(
    outline(
      await tracesOf([
        sample(10 * MS, [0x1000n], 2, 1),
        sample(11 * MS, [0x1000n], 1, 2),
        sample(12 * MS, [0x1000n], 0, 1),
        sample(15 * MS, [0x1000n], 2, 2),
      ]),
    ),
    [
      [10, 1, 2, "managed"],
      [11, 2, 4, "external"],
      // The last of each thread counts with one period.
      [12, 1, 1, "external"],
      [15, 2, 1, "managed"],
    ],
  );
});

Deno.test("StackTraces lets go of threads that are not seen any more", async () => {
  assertEquals(
    outline(
      await tracesOf([
        sample(10 * MS, [0x1000n], 2, 1),
        sample(11 * MS, [0x1000n], 2, 2),
        sample(1500 * MS, [0x1000n], 2, 1),
        sample(1501 * MS, [0x1000n], 2, 1),
      ]),
    ),
    [
      [10, 1, 1, "managed"],
      [11, 2, 1, "managed"],
      [1500, 1, 1, "managed"],
      [1501, 1, 1, "managed"],
    ],
  );
});

Deno.test("StackTraces never counts time backwards", async () => {
  const [first, second] = await tracesOf([
    sample(10 * MS, [0x1000n]),
    sample(9 * MS, [0x1000n]),
  ]);
  assertEquals([first!.value, second!.value], [0, MS]);
});

Deno.test("StackTraces encodes addresses of every width", async () => {
  const wide = 0xffff_8000_1234_5678n;
  const [trace] = await tracesOf([
    sample(10 * MS, [0x7fff_1234_5678n, wide, 0n]),
  ]);
  const { frames } = decodeRawFrames(trace!);
  assertEquals(
    frames.map(({ data, words, isReturnAddress, isPidSpecific }) => [
      words[0] ?? BigInt(data),
      isReturnAddress,
      isPidSpecific,
    ]),
    [
      [0x7fff_1234_5678n, false, true],
      [wide, true, true],
      [0n, true, true],
    ],
  );
  assertEquals(new LiveNames().unknownIn(trace!.frameData), [
    0x7fff_1234_5678n,
    wide,
    0n,
  ]);
  const [narrow] = await tracesOf([sample(10 * MS, [0xffff_fff0n])], {
    pointerSize: 4,
  });
  assertEquals(decodeRawFrames(narrow!).frames[0]?.data, 0xffff_fff0);
  const [none] = await tracesOf([sample(10 * MS, undefined)]);
  assertEquals(none!.frameData.length, 0);
});

/** Name of what lies at an address. */
function nameAt(names: LiveNames, address: bigint, isReturnAddress = false) {
  const { frames, isCacheable } = names.convertFrame({
    type: 10,
    isError: false,
    isReturnAddress,
    isPidSpecific: true,
    data: Number(address),
    words: [],
  });
  return [frames[0]!.functionName || `0x${frames[0]!.address.toString(16)}`, {
    isCacheable,
  }];
}

Deno.test("LiveNames follows code that is loaded, replaced and listed anew", async () => {
  const names = new LiveNames();
  const feed = async (...events: readonly BuiltEvent[]) => {
    await collectNettrace([new TraceBuilder().add(...events).bytes()], [names]);
    names.update();
  };
  await feed(load(1, 0x1000n, 0x100, "First"));
  const [found] = nameAt(names, 0x1010n);
  assertEquals(String(found).startsWith("N.C.First"), true, String(found));
  // Behind the last call of a method lies its neighbour.
  assertEquals(nameAt(names, 0x1100n, true)[0], found);
  assertEquals(nameAt(names, 0x1100n), ["0x1100", { isCacheable: false }]);

  const before = names.generation;
  await feed(load(2, 0x1080n, 0x100, "Second"));
  assertEquals(names.generation, before + 1);
  assertEquals(String(nameAt(names, 0x1090n)[0]).includes("Second"), true);
  assertEquals(nameAt(names, 0x1010n)[0], "0x1010");
  assertEquals(names.loadedCount, 2);

  // A list that is cut changes nothing; a whole one replaces all.
  names.beginList();
  names.endList(false);
  assertEquals(String(nameAt(names, 0x1090n)[0]).includes("Second"), true);
  names.giveUp([0x9000n]);
  const list = names.beginList();
  const listed = new TraceBuilder().add(load(1, 0x5000n, 0x10, "Listed"));
  await collectNettrace([listed.bytes()], [list]);
  await feed(load(3, 0x6000n, 0x10, "Meanwhile"));
  names.endList(true);
  assertEquals(nameAt(names, 0x1090n)[0], "0x1090");
  assertEquals(String(nameAt(names, 0x5000n)[0]).includes("Listed"), true);
  assertEquals(String(nameAt(names, 0x6000n)[0]).includes("Meanwhile"), true);
  assertEquals(names.loadedCount, 0);
});

Deno.test("live stacks and names survive 10000 mutations of a stream", () => {
  const stream = new TraceBuilder().add(
    load(1, 0x1000n, 0x100, "First"),
    sample(2 * MS, [0x1010n, 0xffff_8000_1234_5678n]),
    load(3 * MS, 0x1080n, 0x100, "Second"),
    sample(4 * MS, [0x1090n, 0x1010n], 1),
    sample(5 * MS, [0x1090n], 2, 2),
  ).bytes();
  let traceCount = 0;
  for (const bytes of mutations([stream])) {
    const names = new LiveNames();
    const traces = new StackTraces(() => 7);
    const { sink, wants } = shareStream([names, traces]);
    const decoder = new NettraceDecoder(sink, {
      wants,
      stats: new DecodeStats(),
    });
    try {
      decoder.push(bytes);
      decoder.finish();
    } catch (error) {
      const isOurs = error instanceof FormatError ||
        error instanceof LimitError;
      if (!isOurs) throw error;
    }
    names.update();
    traces.finish();
    for (const trace of traces.take()) {
      traceCount++;
      const { frames } = decodeRawFrames(trace);
      for (const frame of frames) names.convertFrame(frame);
      names.giveUp(names.unknownIn(trace.frameData));
      assertEquals(names.unknownIn(trace.frameData), []);
    }
  }
  assertEquals(traceCount > 1000, true, String(traceCount));
});
