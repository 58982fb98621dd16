import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { DecodeStats } from "../../src/base/decode_stats.ts";
import { FormatError, LimitError } from "../../src/base/errors.ts";
import { writeZstd } from "../../src/container/zstd.ts";
import { decodeRawFrames } from "../../src/profile/raw_frames.ts";
import type { RawTrace } from "../../src/profile/raw_trace.ts";
import type { Profile } from "../../src/profile/types.ts";
import { writeFolded } from "../../src/profile/write_folded.ts";
import {
  PERF_ATTR_FLAG,
  PERF_RECORD,
  PERF_SAMPLE,
} from "../../src/tracehandler/perf_event_table.ts";
import {
  PerfDataSource,
  type PerfDataSourceOptions,
} from "../../src/tracehandler/perf_data_source.ts";
import {
  openPerfRecords,
  type OpenPerfRecordsOptions,
  type PerfRecordedRecord,
  type PerfRecordReader,
} from "../../src/tracehandler/perf_record_reader.ts";
import { PerfRecordSorter } from "../../src/tracehandler/perf_record_sorter.ts";
import type { PerfSampleRecord } from "../../src/tracehandler/perf_record_types.ts";
import { profileTraces } from "../../src/tracehandler/profile_traces.ts";
import {
  readPerfDataFeatures,
  scanPerfDataFeatures,
} from "../../src/tracehandler/read_perf_data_features.ts";
import { RecordedSymbolSource } from "../../src/tracehandler/recorded_symbol_source.ts";
import { sniffPerfData } from "../../src/tracehandler/sniff_perf_data.ts";
import { bytesOf, concatBytes, streamOf } from "../support/byte_stream.ts";
import { REPOSITORY } from "../support/file_url.ts";
import { mutations } from "../support/mutations.ts";
import {
  perfAttr,
  perfFile,
  type PerfFileParts,
  perfPipe,
  perfRecord,
} from "../support/perf_data.ts";
import { sha256Hex } from "../support/sha256.ts";

const FOLDER = `${REPOSITORY}/tests/fixtures/tracehandler/perf`;
const FILE = Deno.readFileSync(`${FOLDER}/workload.perf.data`);
const PIPE = Deno.readFileSync(`${FOLDER}/busy.perf.pipe.data`);

interface Recording {
  readonly reader: PerfRecordReader;
  readonly records: readonly PerfRecordedRecord[];
  readonly stats: DecodeStats;
}

async function read(
  bytes: Uint8Array,
  options: OpenPerfRecordsOptions = {},
  chunkBytes?: number,
): Promise<Recording> {
  const stats = new DecodeStats();
  const reader = await openPerfRecords(streamOf(bytes, chunkBytes), {
    stats,
    ...options,
  });
  const records: PerfRecordedRecord[] = [];
  for await (const batch of reader.batches()) records.push(...batch);
  return { reader, records, stats };
}

function samplesOf({ records }: Recording): PerfSampleRecord[] {
  return records.flatMap(({ record }) =>
    record.type === "sample" ? [record] : []
  );
}

function statsOf({ stats }: Pick<Recording, "stats">): Record<string, number> {
  return Object.fromEntries(
    stats.entries().map(({ name, count }) => [name, count]),
  );
}

async function profileOf(
  bytes: Uint8Array,
  options: PerfDataSourceOptions = {},
): Promise<Profile> {
  const reader = await openPerfRecords(streamOf(bytes));
  const { profile } = await profileTraces(new PerfDataSource(reader, options));
  return profile;
}

async function tracesOf(
  bytes: Uint8Array,
  options: PerfDataSourceOptions = {},
): Promise<RawTrace[]> {
  const reader = await openPerfRecords(streamOf(bytes));
  const traces: RawTrace[] = [];
  for await (const batch of new PerfDataSource(reader, options).batches()) {
    traces.push(...batch);
  }
  return traces;
}

async function foldedOf(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const profile = await profileOf(bytes, {
    symbols: new RecordedSymbolSource({ roots: [FOLDER] }),
  });
  return await bytesOf(writeFolded(profile, { root: "thread" }));
}

Deno.test("openPerfRecords finds in a file what perf recorded", async () => {
  const recording = await read(FILE);
  const { reader } = recording;
  assertEquals([reader.isPipe, reader.littleEndian], [false, true]);
  assertEquals([...reader.recordCounts].sort(([a], [b]) => a - b), [
    [1, 1],
    [3, 5],
    [4, 4],
    [7, 3],
    [9, 844],
    [10, 8],
    [68, 1],
    [69, 1],
    [73, 1],
    [74, 1],
    [78, 2],
    [82, 1],
  ]);
  const { features } = reader;
  assertEquals(
    [features.hostname, features.version, features.arch],
    ["device", "6.1.187", "x86_64"],
  );
  assertEquals(features.eventDescriptions, [
    { name: "cpu-clock", ids: [38n, 39n] },
  ]);
  const [event] = reader.events;
  assertEquals([event?.name, event?.attr.periodOrFrequency], [
    "cpu-clock",
    199n,
  ]);
  assertEquals([event?.attr.sampleType, event?.attr.flags], [
    0x1a7,
    0x61943703n,
  ]);
  const samples = samplesOf(recording);
  assertEquals(samples.length, 844);
  assertEquals(
    samples.reduce((sum, { period }) => sum + period, 0),
    4_241_205_500,
  );
  assertEquals(samples.at(0)?.time, 961631908462n);
  assertEquals(samples.at(-1)?.time, 963759329425n);
  assertEquals(recording.stats.entries(), []);
});

Deno.test("openPerfRecords finds in a pipe what perf recorded", async () => {
  const recording = await read(PIPE);
  const { reader } = recording;
  assertEquals(reader.isPipe, true);
  assertEquals([...reader.recordCounts].sort(([a], [b]) => a - b), [
    [1, 1],
    [3, 2],
    [4, 1],
    [9, 181],
    [10, 4],
    [64, 1],
    [68, 1],
    [69, 1],
    [73, 1],
    [74, 1],
    [78, 3],
    [80, 19],
    [82, 1],
  ]);
  assertEquals(reader.events.map(({ name }) => name), ["cpu-clock"]);
  assertEquals(reader.events[0]?.attr.sampleType, 0x167);
  const samples = samplesOf(recording);
  assertEquals(
    [samples.length, samples.reduce((sum, { period }) => sum + period, 0)],
    [181, 1_865_979_318],
  );
  assertEquals(
    [samples.at(0)?.time, samples.at(-1)?.time],
    [964871850186n, 966755649947n],
  );
  assertEquals(recording.stats.entries(), []);
});

Deno.test("openPerfRecords knows what a pipe says of itself before the first record", async () => {
  const reader = await openPerfRecords(streamOf(PIPE));
  assertEquals(reader.features.version, "6.1.187");
  assertEquals(reader.features.eventDescriptions?.[0]?.ids, [53n, 54n]);
});

Deno.test("PerfDataSource counts frames and threads of the recordings", async () => {
  const traces = await tracesOf(FILE);
  let frames = 0;
  let withKernel = 0;
  const threads: Record<string, number> = {};
  for (const trace of traces) {
    const decoded = decodeRawFrames(trace).frames;
    frames += decoded.length;
    if (decoded.some(({ type }) => type === 4)) withKernel++;
    const key = `${trace.comm} ${trace.pid}/${trace.tid}`;
    threads[key] = (threads[key] ?? 0) + 1;
  }
  assertEquals([frames, withKernel], [8293, 258]);
  assertEquals(threads, {
    "cpu-thread 29367/29370": 284,
    "busy_nopie 29369/29369": 284,
    "io-thread 29367/29371": 276,
  });
  const piped = await tracesOf(PIPE);
  assertEquals(
    new Set(piped.map(({ comm, tid }) => `${comm} ${tid}`)),
    new Set(["busy 29374"]),
  );
  assertEquals(
    piped.reduce((sum, trace) => sum + decodeRawFrames(trace).frames.length, 0),
    1803,
  );
});

for (
  const [name, bytes, digest, lines, resolved, kernel] of [
    [
      "workload",
      FILE,
      "de701b0010ea0ad555afe54ddb394722135dba318e7ef768fef25d1c4ea44c01",
      38,
      5702,
      1471,
    ],
    [
      "busy",
      PIPE,
      "6b84eb45ec6a5ff0bdcc8ee35366c4bec9e1a8c0e79a8d94ed28b35d06731ae4",
      3,
      1620,
      2,
    ],
  ] as const
) {
  Deno.test(`PerfDataSource names the stacks of ${name} by the programs that ran`, async () => {
    const folded = await foldedOf(bytes);
    assertEquals(
      new TextDecoder().decode(folded),
      await Deno.readTextFile(`${FOLDER}/${name}.folded.expected.txt`),
    );
    assertEquals(await sha256Hex(folded), digest);
    const stacks = new TextDecoder().decode(folded).trimEnd().split("\n");
    assertEquals(stacks.length, lines);
    let named = 0;
    let ofKernel = 0;
    for (const stack of stacks) {
      const [, frames = "", count = ""] = /^[^;]*;(.*) (\d+)$/.exec(stack)!;
      for (const frame of frames.split(";")) {
        if (frame.startsWith("[kernel]+0x")) ofKernel += Number(count);
        else if (/^\w+$/.test(frame)) named += Number(count);
      }
    }
    assertEquals([named, ofKernel], [resolved, kernel]);
  });
}

Deno.test("openPerfRecords reads the same however the recording is cut into pieces", async () => {
  for (const bytes of [FILE.subarray(0, 20_000), PIPE]) {
    const whole = (await read(bytes)).records;
    for (const chunkBytes of [1, 7, 4093]) {
      assertEquals((await read(bytes, {}, chunkBytes)).records, whole);
    }
  }
});

Deno.test("readPerfDataFeatures reads the end of a file without its records", async () => {
  const features = await readPerfDataFeatures(`${FOLDER}/workload.perf.data`);
  assertEquals(features.commandLine?.slice(0, 3), [
    "/usr/bin/perf",
    "record",
    "-F",
  ]);
  assertEquals(features.cpuCounts, { available: 2, online: 2 });
  assertEquals(features, await scanPerfDataFeatures(streamOf(FILE, 1000)));
  assertEquals(features, (await read(FILE)).reader.features);
  // A pipe has nothing there, and another file neither.
  assertEquals(
    await readPerfDataFeatures(`${FOLDER}/busy.perf.pipe.data`),
    {},
  );
  assertEquals(await readPerfDataFeatures(`${FOLDER}/workload`), {});
});

Deno.test("sniffPerfData knows both byte orders and versions", () => {
  const encoder = new TextEncoder();
  assertEquals(
    ["PERFILE2", "2ELIFREP", "PERFFILE", "ELIFFREP", "PERFILE3", "PERF"].map(
      (text) => sniffPerfData(encoder.encode(text)),
    ),
    [true, true, true, true, false, false],
  );
});

// What follows is made, not recorded.

const SAMPLE_TYPE = PERF_SAMPLE.identifier | PERF_SAMPLE.ip | PERF_SAMPLE.tid |
  PERF_SAMPLE.time | PERF_SAMPLE.cpu | PERF_SAMPLE.period |
  PERF_SAMPLE.callchain;
const USER_MARK = 0xffff_ffff_ffff_fe00n;

interface Order {
  readonly littleEndian?: boolean;
}

function event(
  config: bigint,
  ids: readonly bigint[],
  { littleEndian = true }: Order = {},
): PerfFileParts["events"][number] {
  return {
    attr: perfAttr({
      littleEndian,
      config,
      sampleType: SAMPLE_TYPE,
      flags: [PERF_ATTR_FLAG.freq, PERF_ATTR_FLAG.sampleIdAll],
    }),
    ids,
  };
}

function sample(
  time: number,
  fields: Order & { id?: bigint; tid?: number; chain?: readonly bigint[] } = {},
): Uint8Array<ArrayBuffer> {
  const { id = 1n, tid = 7, chain = [USER_MARK, 0x1000n] } = fields;
  return perfRecord(PERF_RECORD.sample, (body) => {
    body.u64(id);
    body.u64(chain.at(-1)!);
    body.u32(7);
    body.u32(tid);
    body.u64(BigInt(time));
    body.u32(0);
    body.u32(0);
    body.u64(10n);
    body.u64(BigInt(chain.length));
    for (const address of chain) body.u64(address);
  }, { ...fields, misc: 2 });
}

function comm(
  time: number,
  text: string,
  fields: Order & { misc?: number } = {},
): Uint8Array<ArrayBuffer> {
  return perfRecord(PERF_RECORD.comm, (body) => {
    body.u32(7);
    body.u32(7);
    body.utf8(text.padEnd(8, "\0"));
    body.u32(7);
    body.u32(7);
    body.u64(BigInt(time));
    body.u32(0);
    body.u32(0);
    body.u64(1n);
  }, fields);
}

function round(fields: Order = {}): Uint8Array<ArrayBuffer> {
  return perfRecord(PERF_RECORD.finishedRound, () => {}, fields);
}

function lost(count: bigint): Uint8Array<ArrayBuffer> {
  return perfRecord(PERF_RECORD.lost, (body) => {
    body.u64(1n);
    body.u64(count);
    body.zeros(32);
  });
}

async function compressed(
  records: readonly (readonly Uint8Array[])[],
): Promise<Uint8Array<ArrayBuffer>[]> {
  // As perf does: one stream that is flushed after each record.
  const pieces: Uint8Array[][] = records.map(() => []);
  let current = 0;
  async function* parts(): AsyncGenerator<Uint8Array> {
    for (const [index, part] of records.entries()) {
      current = index;
      yield concatBytes(part);
      yield await Promise.resolve(new Uint8Array(0));
    }
    current = records.length;
  }
  for await (const piece of writeZstd(parts())) {
    pieces[current]?.push(piece.slice());
  }
  return pieces.map((piece) =>
    perfRecord(
      PERF_RECORD.compressed,
      (body) => body.bytes(concatBytes(piece)),
      { exact: true },
    )
  );
}

function timesOf(recording: Recording): number[] {
  return samplesOf(recording).map(({ timeNs }) => timeNs);
}

for (const littleEndian of [true, false]) {
  const name = littleEndian ? "little" : "big";
  const order = { littleEndian };
  const parts = {
    littleEndian,
    events: [event(0n, [1n, 2n], order)],
    records: [
      comm(5, "app", order),
      sample(20, order),
      round(order),
      sample(10, order),
      round(order),
      sample(30, order),
    ],
    features: {
      3: hostname("device", littleEndian),
    },
  };

  for (const kind of ["file", "pipe"] as const) {
    Deno.test(`openPerfRecords reads a ${name}-endian ${kind} in order of time`, async () => {
      const bytes = kind === "file" ? perfFile(parts) : perfPipe(parts);
      const recording = await read(bytes);
      assertEquals(timesOf(recording), [10, 20, 30]);
      assertEquals(recording.reader.littleEndian, littleEndian);
      if (kind === "file") {
        assertEquals(recording.reader.features.hostname, "device");
      }
      assertEquals(
        (await tracesOf(bytes)).map(({ comm, pid, tid, value }) =>
          `${comm} ${pid}/${tid} ${value}`
        ),
        Array(3).fill("app 7/7 10"),
      );
      assertEquals(statsOf(recording), {});
    });
  }
}

function hostname(
  text: string,
  littleEndian = true,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 + 64);
  new DataView(bytes.buffer).setUint32(0, 64, littleEndian);
  new TextEncoder().encodeInto(text, bytes.subarray(4));
  return bytes;
}

Deno.test("openPerfRecords unpacks compressed records that straddle", async () => {
  const first = sample(10);
  const second = sample(20);
  const [one, two] = await compressed([
    [comm(5, "app"), first, second.subarray(0, 20)],
    [second.subarray(20), sample(30)],
  ]);
  for (const make of [perfFile, perfPipe]) {
    const bytes = make({
      events: [event(0n, [1n])],
      records: [one!, round(), two!],
    });
    for (const chunkBytes of [bytes.length, 5]) {
      const recording = await read(bytes, {}, chunkBytes);
      assertEquals(timesOf(recording), [10, 20, 30]);
      assertEquals(recording.reader.recordCounts.get(9), 3);
      assertEquals(statsOf(recording), {});
    }
  }
});

Deno.test("openPerfRecords keeps what was before a damaged compressed record", async () => {
  const [one, two, three] = await compressed([
    [sample(10)],
    [sample(20)],
    [sample(30)],
  ]);
  two!.fill(0xff, 8);
  const recording = await read(perfFile({
    events: [event(0n, [1n])],
    records: [one!, two!, three!, sample(40)],
  }));
  assertEquals(timesOf(recording), [10, 40]);
  assertEquals(statsOf(recording), {
    perf_compressed_record_damaged: 1,
    perf_compressed_record_skipped: 1,
  });
  const [fault] = recording.stats.entries();
  assertEquals(
    [fault?.severity, fault?.firstOffset],
    ["error", 104 + 8 + 152 + one!.length],
  );
});

Deno.test("openPerfRecords stops early without leaving anything open", async () => {
  const [one, two] = await compressed([[sample(10)], [sample(20)]]);
  const reader = await openPerfRecords(streamOf(
    perfPipe({
      events: [event(0n, [1n])],
      records: [one!, round(), round(), two!],
    }),
    16,
  ));
  for await (const batch of reader.batches()) {
    assertEquals(batch.length, 1);
    break;
  }
});

Deno.test("openPerfRecords tells samples of several events apart", async () => {
  const bytes = perfFile({
    events: [event(9n, [1n]), event(0n, [2n]), event(2n, [3n, 4n])],
    records: [
      sample(10, { id: 2n }),
      sample(20, { id: 4n }),
      sample(30, { id: 3n }),
      sample(40, { id: 99n }),
    ],
  });
  const recording = await read(bytes);
  assertEquals(
    recording.records.map(({ event }) => event),
    [1, 2, 2],
  );
  assertEquals(statsOf(recording), { perf_sample_of_unknown_event: 1 });
  // The first one only follows processes and has no samples.
  const times = async (event?: string) =>
    (await tracesOf(bytes, { event })).map(({ ktime }) => Number(ktime));
  assertEquals(await times(), [10]);
  assertEquals(await times("page-faults"), [20, 30]);
  await assertRejects(
    () => times("cycles"),
    RangeError,
    `Cannot take samples of event "cycles": there are dummy, cpu-clock, page-faults`,
  );
});

Deno.test("PerfDataSource says that samples of other events are left out", async () => {
  const stats = new DecodeStats();
  const traces = await tracesOf(
    perfFile({
      events: [event(0n, [1n]), event(2n, [2n])],
      records: [sample(10), sample(20, { id: 2n })],
    }),
    { stats },
  );
  assertEquals(traces.length, 1);
  const [entry] = stats.entries();
  assertEquals([entry?.name, entry?.severity, entry?.firstDetail], [
    "perf_samples_of_other_events",
    "notice",
    `taken are those of "cpu-clock"; there are cpu-clock, page-faults`,
  ]);
});

Deno.test("openPerfRecords takes names of events from the recorder's updates", async () => {
  const update = perfRecord(PERF_RECORD.eventUpdate, (body) => {
    body.u64(2n);
    body.u64(2n);
    body.utf8("my:event\0");
  });
  const reader = await openPerfRecords(streamOf(perfPipe({
    events: [event(0n, [1n]), event(1n, [2n])],
    records: [update, sample(1)],
  })));
  assertEquals(reader.events.map(({ name }) => name), [
    "cpu-clock",
    "my:event",
  ]);
});

Deno.test("openPerfRecords counts what was lost while recording", async () => {
  const recording = await read(perfFile({
    events: [event(0n, [1n])],
    records: [
      sample(10),
      lost(5n),
      lost(7n),
      perfRecord(PERF_RECORD.lostSamples, (body) => {
        body.u64(11n);
        body.zeros(32);
      }),
      perfRecord(PERF_RECORD.throttle, (body) => body.zeros(24)),
    ],
  }));
  assertEquals(statsOf(recording), {
    perf_records_lost: 12,
    perf_samples_lost: 11,
    perf_sampling_throttled: 1,
  });
  assertEquals(recording.stats.hasLoss, true);
});

Deno.test("openPerfRecords skips records that it does not know, and what follows some uncounted", async () => {
  const auxtrace = concatBytes([
    perfRecord(PERF_RECORD.auxtrace, (body) => {
      body.u64(24n);
      body.zeros(32);
    }),
    new Uint8Array(24).fill(9),
  ]);
  const tracing = concatBytes([
    perfRecord(PERF_RECORD.tracingData, (body) => {
      body.u32(13);
    }),
    new Uint8Array(16).fill(9),
  ]);
  const recording = await read(
    perfPipe({
      events: [event(0n, [1n])],
      records: [
        tracing,
        sample(10),
        auxtrace,
        perfRecord(PERF_RECORD.aux, (body) => body.zeros(24)),
        perfRecord(200, (body) => body.zeros(8)),
        sample(20),
      ],
    }),
    {},
    10,
  );
  assertEquals(timesOf(recording), [10, 20]);
  assertEquals(
    [11, 66, 71, 200].map((type) => recording.reader.recordCounts.get(type)),
    [1, 1, 1, 1],
  );
  assertEquals(statsOf(recording), { perf_aux_data_skipped: 24 });
});

Deno.test("openPerfRecords reads a recording that was not finished to its end", async () => {
  const recording = await read(perfFile({
    events: [event(0n, [1n])],
    records: [sample(10), sample(20)],
    dataBytes: 0,
  }));
  assertEquals(timesOf(recording), [10, 20]);
  assertEquals(statsOf(recording), { perf_data_unfinished: 1 });
});

Deno.test("openPerfRecords keeps what is before a record that cannot be, and what follows the data", async () => {
  for (const size of [0, 7, 60_000]) {
    const damaged = sample(20);
    new DataView(damaged.buffer).setUint16(6, size, true);
    const recording = await read(perfFile({
      events: [event(0n, [1n])],
      records: [sample(10), damaged, sample(30)],
      features: { 3: hostname("device") },
    }));
    assertEquals(timesOf(recording), [10]);
    assertEquals(statsOf(recording), { perf_data_record_damaged: 1 });
    assertEquals(recording.reader.features.hostname, "device");
  }
});

Deno.test("openPerfRecords refuses a call chain that cannot be, and goes on", async () => {
  const damaged = sample(20);
  new DataView(damaged.buffer).setUint32(8 + 48, 1000, true);
  const recording = await read(perfFile({
    events: [event(0n, [1n])],
    records: [sample(10), damaged, sample(30)],
  }));
  assertEquals(timesOf(recording), [10, 30]);
  assertEquals(statsOf(recording), { perf_sample_refused: 1 });
  assertStringIncludes(
    recording.stats.entries()[0]!.firstDetail!,
    "call chain of 1000 addresses does not fit 16 bytes",
  );
});

Deno.test("openPerfRecords says what a file is that it cannot read", async () => {
  const good = perfFile({ events: [event(0n, [1n])], records: [] });
  const changed = (at: number, ...bytes: number[]) => {
    const copy = good.slice();
    copy.set(bytes, at);
    return copy;
  };
  for (
    const [bytes, message] of [
      [new Uint8Array(7), "it ends after 7 bytes"],
      [changed(0, 0x20), "it is no perf.data file"],
      [
        changed(0, ...new TextEncoder().encode("PERFFILE")),
        "version is 1, supported is 2",
      ],
      [changed(8, 17), "header has 17 bytes"],
      [changed(16, 20), "an event has 20 bytes"],
      [changed(40, 3, 0), "data begins at byte 3"],
      [good.subarray(0, 50), "its header is truncated"],
      [good.subarray(0, 200), "truncated before the data at byte 264"],
      [
        perfFile({ events: [], records: [sample(1)] }),
        "it describes no event",
      ],
    ] as const
  ) {
    await assertRejects(() => read(bytes), FormatError, message);
  }
  await assertRejects(
    () => read(changed(40, 0, 0, 0, 0, 1)),
    LimitError,
    "data begins at byte 4294967296, limit is 67108864",
  );
});

Deno.test("PerfDataSource refuses samples without call chains and says how to record them", async () => {
  const reader = await openPerfRecords(streamOf(perfFile({
    events: [{
      attr: perfAttr({ sampleType: PERF_SAMPLE.ip | PERF_SAMPLE.tid }),
    }],
    records: [],
  })));
  let message = "";
  try {
    new PerfDataSource(reader);
  } catch (error) {
    message = (error as Error).message;
  }
  assertEquals(
    message,
    `Cannot make stacks of perf.data: samples of event "cpu-clock" have no call chains; record them with "perf record -g"`,
  );
});

Deno.test("openPerfRecords says that the rest of a folder is not read", async () => {
  const recording = await read(perfFile({
    events: [event(0n, [1n])],
    records: [sample(10)],
    features: { 24: new Uint8Array(8) },
  }));
  assertEquals(statsOf(recording), { perf_data_directory: 1 });
});

Deno.test("PerfRecordSorter brings records into order by rounds and within its bound", () => {
  const give = (
    sorter: PerfRecordSorter<{ timeNs: number }>,
    times: number[],
  ) =>
    times.flatMap((timeNs) =>
      sorter.add({ timeNs }, 100).map(({ timeNs }) => timeNs)
    );
  const byRounds = new PerfRecordSorter<{ timeNs: number }>();
  assertEquals(give(byRounds, [5, 9, 3]), []);
  assertEquals(byRounds.endRound(), []);
  assertEquals(give(byRounds, [8, 12]), []);
  assertEquals(byRounds.endRound().map(({ timeNs }) => timeNs), [3, 5, 8, 9]);
  assertEquals(byRounds.finish().map(({ timeNs }) => timeNs), [12]);

  const stats = new DecodeStats();
  const byCount = new PerfRecordSorter<{ timeNs: number }>({
    maxRecords: 4,
    stats,
  });
  assertEquals(give(byCount, [4, 3, 2, 1]), [1, 2]);
  assertEquals(give(byCount, [1, 0]), [0, 1]);
  assertEquals(stats.get("perf_record_late"), 1);
  assertEquals(byCount.held, 2);

  const byBytes = new PerfRecordSorter<{ timeNs: number }>({ maxBytes: 300 });
  assertEquals(give(byBytes, [3, 2, 1]), [1, 2]);
});

const SMALL: readonly Uint8Array[] = [
  perfFile({
    events: [event(0n, [1n]), event(2n, [2n])],
    records: [
      comm(5, "app"),
      perfRecord(PERF_RECORD.mmap2, (body) => {
        body.u32(7);
        body.u32(7);
        body.u64(0x1000n);
        body.u64(0x1000n);
        body.u64(0n);
        body.zeros(24);
        body.u64(5n);
        body.utf8("/bin/app");
        body.zeros(40);
      }),
      sample(20),
      round(),
      sample(10, { id: 2n }),
      lost(3n),
      round(),
    ],
    features: { 3: hostname("device"), 29: new Uint8Array(24) },
  }),
  perfPipe({
    littleEndian: false,
    events: [event(0n, [1n], { littleEndian: false })],
    records: [
      comm(5, "app", { littleEndian: false }),
      sample(20, { littleEndian: false }),
      round({ littleEndian: false }),
    ],
  }),
  perfPipe({
    events: [event(0n, [1n])],
    records: await compressed([[comm(5, "app"), sample(10)], [sample(20)]]),
  }),
];

async function survive(bytes: Uint8Array): Promise<number> {
  const stats = new DecodeStats();
  try {
    const reader = await openPerfRecords(streamOf(bytes), {
      stats,
      limits: { maxRecordBytes: 1 << 20, maxDecompressedBytes: 1 << 20 },
    });
    const { profile } = await profileTraces(
      new PerfDataSource(reader, { stats }),
      { stats },
    );
    return profile.samples.length;
  } catch (error) {
    const isOurs = error instanceof FormatError || error instanceof LimitError;
    if (!isOurs) throw error;
    return -1;
  }
}

Deno.test("PerfDataSource keeps what is there of recordings cut at any byte", async () => {
  for (const bytes of SMALL) {
    const whole = await survive(bytes);
    let last = -1;
    for (let size = 0; size <= bytes.length; size++) {
      const count = await survive(bytes.subarray(0, size));
      assert(count >= last, `${size} bytes give ${count} samples`);
      last = count;
    }
    assertEquals(last, whole);
  }
});

Deno.test("PerfDataSource survives 10,000 damaged recordings", async () => {
  let usable = 0;
  for (const bytes of mutations(SMALL, 10_000, 23)) {
    if (await survive(bytes) > 0) usable++;
  }
  assert(usable > 1000, `${usable} still had samples`);
});
