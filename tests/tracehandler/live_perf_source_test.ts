import { assertEquals } from "@std/assert";
import type { ByteWriter } from "../../src/codec/byte_writer.ts";
import { DecodeStats } from "../../src/base/decode_stats.ts";
import {
  type ProcessTable,
  processTable,
} from "../../src/platform/running_process.ts";
import { FrameCachingProcessor } from "../../src/tracehandler/frame_caching_processor.ts";
import { LivePerfSource } from "../../src/tracehandler/live_perf_source.ts";
import type {
  LivePerfSourceOptions,
  PerfRingBytes,
} from "../../src/tracehandler/live_perf_source.ts";
import { LocalSymbolSource } from "../../src/tracehandler/local_symbol_source.ts";
import { decodePerfAttr } from "../../src/tracehandler/perf_attr_decoder.ts";
import {
  PERF_ATTR_FLAG,
  PERF_MISC,
  PERF_RECORD,
  PERF_SAMPLE,
} from "../../src/tracehandler/perf_event_table.ts";
import { PerfProcessTable } from "../../src/tracehandler/perf_process_table.ts";
import { CLOCKLESS } from "../../src/tracehandler/trace_clock.ts";
import { perfAttr, perfRecord } from "../support/perf_data.ts";

const ATTR = decodePerfAttr(
  perfAttr({
    sampleType: PERF_SAMPLE.tid | PERF_SAMPLE.time | PERF_SAMPLE.cpu |
      PERF_SAMPLE.callchain,
    flags: [PERF_ATTR_FLAG.freq, PERF_ATTR_FLAG.sampleIdAll],
  }),
  true,
);
const USER_MARK = 0xffff_ffff_ffff_fe00n;

interface Record {
  readonly type: number;
  readonly misc?: number;
  readonly fill: (writer: ByteWriter) => void;
}

/** What ends every record that is no sample: thread, time, processor. */
function endOf(writer: ByteWriter, pid: number, time: number): void {
  writer.u32(pid);
  writer.u32(pid);
  writer.u64(BigInt(time));
  writer.u64(0n);
}

function sample(
  time: number,
  pid: number,
  ...addresses: readonly number[]
): Record {
  return {
    type: PERF_RECORD.sample,
    fill: (writer) => {
      writer.u32(pid);
      writer.u32(pid);
      writer.u64(BigInt(time));
      writer.u64(0n);
      writer.u64(BigInt(1 + addresses.length));
      writer.u64(USER_MARK);
      for (const address of addresses) writer.u64(BigInt(address));
    },
  };
}

function comm(
  time: number,
  pid: number,
  name: string,
  isExec = false,
): Record {
  return {
    type: PERF_RECORD.comm,
    misc: isExec ? PERF_MISC.commExec : 0,
    fill: (writer) => {
      writer.u32(pid);
      writer.u32(pid);
      writer.bytes(new TextEncoder().encode(name.padEnd(16, "\0")));
      endOf(writer, pid, time);
    },
  };
}

function mmap(time: number, pid: number, start: number, path: string): Record {
  return {
    type: PERF_RECORD.mmap,
    fill: (writer) => {
      writer.u32(pid);
      writer.u32(pid);
      writer.u64(BigInt(start));
      writer.u64(0x1000n);
      writer.u64(0n);
      writer.bytes(new TextEncoder().encode(path.padEnd(32, "\0")));
      endOf(writer, pid, time);
    },
  };
}

function lost(time: number, count: number): Record {
  return {
    type: PERF_RECORD.lost,
    fill: (writer) => {
      writer.u64(1n);
      writer.u64(BigInt(count));
      endOf(writer, 0, time);
    },
  };
}

function throttle(time: number): Record {
  return {
    type: PERF_RECORD.throttle,
    fill: (writer) => {
      writer.u64(BigInt(time));
      writer.u64(1n);
      writer.u64(1n);
    },
  };
}

/** Processes of which nothing can be seen. */
const NOBODY: ProcessTable = {
  ...processTable(),
  rootPath: (pid) => `/nowhere/${pid}/root`,
  namespacePids: () => [],
  startTicks: () => undefined,
};

/** A source of rounds of records; all but the last round end with a wait. */
function sourceOf(
  rounds: readonly (readonly Record[])[],
  options: Partial<LivePerfSourceOptions> = {},
): LivePerfSource {
  let round = 0;
  let isDisabled = false;
  return new LivePerfSource({
    rings: {
      read(onRecord: (record: PerfRingBytes) => void) {
        // Whatever was recorded before the end must still be read.
        if (round === rounds.length - 1) assertEquals(isDisabled, true);
        for (const { type, misc = 0, fill } of rounds[round++]!) {
          const bytes = perfRecord(type, fill, { misc });
          onRecord({
            view: new DataView(bytes.buffer),
            bytes,
            at: 0,
            size: bytes.length,
            type,
            misc,
          });
          // The kernel writes there again.
          bytes.fill(0xff);
        }
        return 1;
      },
      wait: () => Promise.resolve(),
      disable: () => void (isDisabled = true),
    },
    attr: ATTR,
    facts: { period: 1000 },
    clock: CLOCKLESS,
    symbols: new LocalSymbolSource({ processes: NOBODY }),
    processes: new PerfProcessTable({ buildIdOf: () => "", clock: CLOCKLESS }),
    kernelSymbols: () => undefined,
    waitMs: () => 0,
    isOver: () => round === rounds.length - 1,
    ...options,
  });
}

/** Each trace as time, thread's name and frames, as it is named while it is delivered. */
async function namesOf(source: LivePerfSource): Promise<string[]> {
  const processor = new FrameCachingProcessor(source.converter);
  const names: string[] = [];
  for await (const batch of source.batches()) {
    for (const trace of batch) {
      const { frames } = await processor.convertTrace(trace);
      const places = frames.map(({ mapping }) => mapping?.fileName ?? "?");
      names.push(`${trace.ktime} ${trace.comm} ${places.join(";")}`);
    }
  }
  return names;
}

Deno.test("LivePerfSource brings records of several processors into order of time", async () => {
  const source = sourceOf([
    // The second processor is behind the first one.
    [sample(50, 7, 0x1010), sample(90, 7, 0x1010), sample(10, 7, 0x1010)],
    [sample(120, 7, 0x1010), comm(40, 7, "app"), mmap(45, 7, 0x1000, "/app")],
    [sample(110, 7, 0x1010)],
  ]);
  assertEquals(await namesOf(source), [
    "10  [unknown]",
    "50 app /app",
    "90 app /app",
    "110 app /app",
    "120 app /app",
  ]);
  assertEquals(source.counts.samples, 5);
});

Deno.test("LivePerfSource names each frame by what was mapped when it was sampled", async () => {
  const source = sourceOf([[
    comm(1, 7, "sh"),
    mmap(2, 7, 0x1000, "/bin/sh"),
    sample(3, 7, 0x1010),
    comm(4, 7, "app", true),
    sample(5, 7, 0x1010),
    mmap(6, 7, 0x1000, "/bin/app"),
    sample(7, 7, 0x1010),
  ]]);
  assertEquals(await namesOf(source), [
    "3 sh /bin/sh",
    "5 app [unknown]",
    "7 app /bin/app",
  ]);
});

Deno.test("LivePerfSource tells processes apart that had the same number", async () => {
  const task = (
    type: number,
    time: number,
    pid: number,
    parent: number,
  ): Record => ({
    type,
    fill: (writer) => {
      for (const id of [pid, parent, pid, parent]) writer.u32(id);
      writer.u64(BigInt(time));
      endOf(writer, pid, time);
    },
  });
  const processes = new PerfProcessTable({
    buildIdOf: () => "",
    clock: CLOCKLESS,
  });
  const source = sourceOf([[
    comm(1, 7, "old"),
    mmap(2, 7, 0x1000, "/bin/old"),
    sample(3, 7, 0x1010),
    task(PERF_RECORD.exit, 4, 7, 1),
    comm(5, 1, "init"),
    task(PERF_RECORD.fork, 6, 7, 1),
    sample(7, 7, 0x1010),
  ]], { processes });
  const starts: unknown[] = [];
  const names: string[] = [];
  const processor = new FrameCachingProcessor(source.converter);
  for await (const batch of source.batches()) {
    for (const trace of batch) {
      const { frames } = await processor.convertTrace(trace);
      names.push(`${trace.comm} ${frames[0]?.mapping?.fileName}`);
      starts.push(source.processOf(trace)?.startTime);
    }
  }
  assertEquals(names, ["old /bin/old", "init [unknown]"]);
  assertEquals(starts, [undefined, 6n]);
});

Deno.test("LivePerfSource leaves out the recorder and threads that are not wanted", async () => {
  const records = [
    comm(1, 7, "app"),
    comm(1, 8, "other"),
    sample(2, 7, 0x1010),
    sample(3, 8, 0x1010),
    sample(4, 9, 0x1010),
  ];
  const withoutOwn = sourceOf([records], { ownPid: 9 });
  assertEquals(
    (await namesOf(withoutOwn)).map((text) => text.split(" ")[1]),
    ["app", "other"],
  );
  const chosen = sourceOf([records], { comms: ["other"] });
  assertEquals(await namesOf(chosen), ["3 other [unknown]"]);
  assertEquals(chosen.counts.samples, 1);
});

Deno.test("LivePerfSource counts what was lost, cut, slowed down and damaged", async () => {
  const stats = new DecodeStats();
  const source = sourceOf([[
    lost(1, 5),
    throttle(2),
    lost(3, 2),
    { type: PERF_RECORD.sample, fill: (writer) => writer.u64(1n) },
    sample(4, 7, 0x1010),
    sample(5, 7, 0x1010, 0x1020),
  ]], { stats, maxStack: 2 });
  assertEquals((await namesOf(source)).length, 2);
  assertEquals(source.counts, {
    samples: 2,
    lost: 7,
    throttled: 1,
    truncated: 1,
  });
  assertEquals(stats.get("perf_record_not_decoded"), 1);
});
