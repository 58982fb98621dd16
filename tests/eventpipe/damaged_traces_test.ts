import { assert, assertEquals } from "@std/assert";
import { DecodeStats } from "../../src/base/decode_stats.ts";
import { FormatError, LimitError } from "../../src/base/errors.ts";
import type { ReportSection } from "../../src/base/report.ts";
import { collectNettrace } from "../../src/eventpipe/collect_nettrace.ts";
import { CounterReader } from "../../src/eventpipe/counters/counter_reader.ts";
import { formatCounterCsv } from "../../src/eventpipe/counters/counter_text.ts";
import { TraceSpans } from "../../src/eventpipe/events/trace_spans.ts";
import { readNettraceTimeline } from "../../src/eventpipe/events/read_nettrace_timeline.ts";
import { readHeapDump } from "../../src/eventpipe/gcdump/read_heap_dump.ts";
import { heapReport } from "../../src/eventpipe/gcdump/heap_report.ts";
import { readNettraceReport } from "../../src/eventpipe/reports/read_nettrace_report.ts";
import { readNettraceProfile } from "../../src/eventpipe/samples/read_nettrace_profile.ts";
import type { ReadNettraceProfileOptions } from "../../src/eventpipe/samples/read_nettrace_profile.ts";
import type { NettraceHeader } from "../../src/eventpipe/nettrace/types.ts";
import { writeNettrace } from "../../src/eventpipe/nettrace/write_nettrace.ts";
import { checkProfile } from "../../src/profile/check_profile.ts";
import { writeJsonLines } from "../../src/timeline/json_lines_writer.ts";
import { bytesOf, streamOf } from "../support/byte_stream.ts";
import { HEAP_TRACE } from "../support/heap_dumps.ts";
import { mutations } from "../support/mutations.ts";
import { ownCapture } from "../support/nettrace_captures.ts";

type Consumer = (bytes: Uint8Array<ArrayBuffer>) => Promise<void>;

function profileBy(options: ReadNettraceProfileOptions): Consumer {
  return async (bytes) => {
    const { profile } = await readNettraceProfile([bytes], options);
    assertEquals(checkProfile(profile), []);
    for (const column of profile.samples.values) {
      assert(column.every(Number.isFinite));
    }
  };
}

function checkSections(sections: readonly ReportSection[]): void {
  for (const section of sections) {
    if (section.type !== "table") continue;
    for (const row of section.rows) {
      assert(
        row.every((cell) => typeof cell !== "number" || Number.isFinite(cell)),
        `${section.key}: ${row}`,
      );
    }
  }
}

async function readCounters(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  let header: NettraceHeader | undefined;
  const reader = new CounterReader((sample) => {
    formatCounterCsv(sample, header!, {});
  });
  await collectNettrace([bytes], [{
    handlerOf: (metadata) => reader.handlerOf(metadata),
    onHeader: (value) => {
      header = value;
      reader.onHeader(value);
    },
  }]);
}

const CONSUMERS: Readonly<Record<string, Consumer>> = {
  samples: profileBy({}),
  timed: profileBy({ timed: true, cutGaps: true, managedOnly: true }),
  dotnetdiag: profileBy({ method: "dotnetdiag" }),
  traceevent: profileBy({ method: "traceevent", eventSources: true }),
  allocations: profileBy({ kind: "allocations" }),
  contention: profileBy({ kind: "contention" }),
  exceptions: profileBy({ kind: "exceptions" }),
  cswitch: profileBy({ kind: "cswitch" }),
  report: async (bytes) => {
    checkSections((await readNettraceReport([bytes])).report.sections);
  },
  timeline: async (bytes) => {
    const events = readNettraceTimeline(
      { open: () => [bytes], isRepeatable: true },
      { stacks: true, full: true },
    );
    for await (const _ of writeJsonLines(events));
  },
  spans: async (bytes) => {
    const spans = new TraceSpans();
    await collectNettrace([bytes], [spans], { order: "time" });
    spans.records();
  },
  counters: readCounters,
  heap: async (bytes) => {
    checkSections(heapReport(
      await readHeapDump([bytes], { stats: new DecodeStats() }),
    ));
  },
};

async function survive(
  consumer: Consumer,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  try {
    await consumer(bytes);
  } catch (error) {
    if (error instanceof FormatError || error instanceof LimitError) return;
    throw error;
  }
}

Deno.test("everything made of traces survives 10,000 damaged traces", async () => {
  const corpus = [
    ownCapture("events"),
    ownCapture("v5Features"),
    ownCapture("v6Full"),
    ownCapture("gcdumpMini"),
  ];
  const consumers = Object.entries(CONSUMERS);
  let round = 0;
  for (const bytes of mutations(corpus, 10_000, 5)) {
    const [name, consumer] = consumers[round++ % consumers.length]!;
    try {
      await survive(consumer, bytes);
    } catch (cause) {
      throw new Error(`Cannot survive round ${round} by ${name}`, { cause });
    }
  }
});

/** A few events of each kind that a program of .NET 10 gave. */
async function fewOfEach(): Promise<Uint8Array<ArrayBuffer>> {
  const counts = new Map<number, number>();
  return await bytesOf(
    writeNettrace([streamOf(ownCapture("workload"), 65_536)], {
      keepSymbols: false,
      filter: ({ metadata }) => {
        const count = counts.get(metadata.index) ?? 0;
        counts.set(metadata.index, count + 1);
        return count < 3;
      },
    }),
  );
}

Deno.test("everything made of traces survives damage in events of each kind", async () => {
  const corpus = [
    await fewOfEach(),
    ownCapture("jit"),
    await Deno.readFile(HEAP_TRACE),
  ];
  const consumers = Object.entries(CONSUMERS);
  let round = 0;
  for (const bytes of mutations(corpus, 1200, 7)) {
    const [name, consumer] = consumers[round++ % consumers.length]!;
    try {
      await survive(consumer, bytes);
    } catch (cause) {
      throw new Error(`Cannot survive round ${round} by ${name}`, { cause });
    }
  }
});

for (const [name, consumer] of Object.entries(CONSUMERS)) {
  Deno.test(`${name}: a trace may be cut anywhere`, async () => {
    for (const capture of ["gcdumpMini", "v6Full", "v5Features"] as const) {
      const bytes = ownCapture(capture);
      for (let length = 0; length < bytes.length; length += 7) {
        await survive(consumer, bytes.slice(0, length));
      }
    }
  });
}
