import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DecodeStats } from "../../src/base/decode_stats.ts";
import {
  FormatError,
  LimitError,
  TruncatedError,
} from "../../src/base/errors.ts";
import { formatFrameType } from "../../src/profile/frame_type_table.ts";
import { decodeRawFrames } from "../../src/profile/raw_frames.ts";
import type { RawTrace } from "../../src/profile/raw_trace.ts";
import {
  decodeRawTrace2024,
  rawTraceFrom2024,
} from "../../src/tracehandler/raw_trace_2024_decoder.ts";
import {
  decodeRawTrace2026,
  rawTraceFrom2026,
} from "../../src/tracehandler/raw_trace_2026_decoder.ts";
import {
  type RawRecord,
  readRawRecords,
  readRawTraces,
  type ReadRawTracesOptions,
} from "../../src/tracehandler/read_raw_traces.ts";
import { sniffRawTraces } from "../../src/tracehandler/sniff_raw_traces.ts";
import { concatBytes, streamOf } from "../support/byte_stream.ts";
import { mutations } from "../support/mutations.ts";

const FOLDER = new URL("../fixtures/tracehandler/raw/", import.meta.url);
const [OLD, NEW] = ["raw-2024-10", "raw-2026-08"].map((name) =>
  Deno.readFileSync(new URL(`${name}.bin`, FOLDER))
) as [Uint8Array, Uint8Array];
const [OLD_EXPECTED, NEW_EXPECTED] = ["raw-2024-10", "raw-2026-08"].map(
  (name) =>
    JSON.parse(Deno.readTextFileSync(new URL(`${name}.expected.json`, FOLDER))),
);

async function recordsOf(
  bytes: Uint8Array,
  options: ReadRawTracesOptions = {},
  chunkBytes?: number,
): Promise<RawRecord[]> {
  const records: RawRecord[] = [];
  const stream = streamOf(bytes, chunkBytes);
  for await (const batch of readRawRecords(stream, options)) {
    records.push(...batch);
  }
  return records;
}

async function tracesOf(
  bytes: Uint8Array,
  options: ReadRawTracesOptions = {},
): Promise<RawTrace[]> {
  const traces: RawTrace[] = [];
  for await (
    const batch of readRawTraces(streamOf(bytes), options).batches()
  ) traces.push(...batch);
  return traces;
}

/** Cuts a fixture into its records. */
function cut(bytes: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = new DataView(bytes.buffer, bytes.byteOffset + at)
      .getUint32(0, true);
    records.push(bytes.subarray(at + 4, at + 4 + size));
    at += 4 + size;
  }
  return records;
}

function hex(value: bigint): string {
  return value.toString(16).padStart(16, "0");
}

Deno.test("decodeRawTrace2024 finds what is in the records", () => {
  const records = cut(OLD);
  assertEquals(records.map(({ length }) => length), [
    112,
    112,
    136,
    64,
    116,
    3136,
  ]);
  records.forEach((bytes, index) => {
    const expected = OLD_EXPECTED[index];
    const record = decodeRawTrace2024(bytes);
    assertEquals(
      {
        recordBytes: bytes.length,
        ...record,
        ktime: String(record.ktime),
        hostHash: hex(record.hash),
        hash: undefined,
        frameCount: record.frames.length,
        frames: undefined,
      },
      { ...expected, hash: undefined, frames: undefined },
    );
    const frames = record.frames.map((frame) => ({
      ...frame,
      file: hex(frame.file),
      lineno: String(frame.lineno),
    }));
    // Of the full record the file lists only the first, second, one but last and last.
    const listed = frames.length > 4
      ? [frames[0], frames[1], frames[126], frames[127]]
      : frames;
    assertEquals(listed, expected.frames);
  });
});

Deno.test("decodeRawTrace2026 finds what is in the records", () => {
  const records = cut(NEW);
  assertEquals(records.map(({ length }) => length), [
    760,
    760,
    776,
    752,
    728,
  ]);
  records.forEach((bytes, index) => {
    const expected = NEW_EXPECTED[index];
    const record = decodeRawTrace2026(bytes);
    const { kernelAddresses, frames } = decodeRawFrames(record);
    assertEquals(
      {
        recordBytes: bytes.length,
        pid: record.pid,
        tid: record.tid,
        ktime: String(record.ktime),
        comm: record.comm,
        apmTransactionId: record.apmTransactionId,
        apmTraceId: record.apmTraceId,
        labels: Object.fromEntries(
          record.labels.map(({ key, value }) => [key, value]),
        ),
        origin: record.origin,
        value: String(record.value),
        cpu: record.cpu,
        kernelFrames: kernelAddresses.map(hex),
        frames: frames.map((frame) => ({
          type: frame.type,
          flags: Number(frame.isError) + 2 * Number(frame.isReturnAddress) +
            4 * Number(frame.isPidSpecific),
          length: 1 + frame.words.length,
          data: String(frame.data),
          vars: frame.words.map(hex),
        })),
      },
      expected,
    );
  });
});

Deno.test("readRawRecords reads the same in pieces of any size", async () => {
  for (const fixture of [OLD, NEW]) {
    const whole = await recordsOf(fixture);
    for (const size of [1, 7, 4093]) {
      assertEquals(await recordsOf(fixture, {}, size), whole);
    }
  }
  assertEquals((await recordsOf(OLD)).length, 6);
  assertEquals((await recordsOf(NEW)).length, 5);
});

Deno.test("readRawRecords reads records in hexadecimal on lines of JSON", async () => {
  for (const fixture of [OLD, NEW]) {
    const lines = cut(fixture).map((record, index) =>
      index % 2 === 0
        ? JSON.stringify(record.toHex())
        : JSON.stringify({ note: 1, record: record.toHex() })
    );
    const text = new TextEncoder().encode(`${lines.join("\n\n")}\n`);
    assertEquals(sniffRawTraces(text.subarray(0, 4096)), true);
    assertEquals(await recordsOf(text), await recordsOf(fixture));
  }
  const stats = new DecodeStats();
  const bad = new TextEncoder().encode(
    `"${cut(OLD)[0]!.toHex()}"\n"xyz"\n{"a":1}\n`,
  );
  assertEquals((await recordsOf(bad, { stats })).length, 1);
  assertEquals(stats.get("raw_bad_line"), 2);
});

Deno.test("sniffRawTraces knows both layouts and nothing else", () => {
  assertEquals(sniffRawTraces(OLD.subarray(0, 4096)), true);
  assertEquals(sniffRawTraces(NEW.subarray(0, 4096)), true);
  assertEquals(sniffRawTraces(new Uint8Array(4096)), false);
  assertEquals(sniffRawTraces(new Uint8Array(0)), false);
  assertEquals(sniffRawTraces(new TextEncoder().encode('{"a":"b"}')), false);
});

Deno.test("rawTraceFrom2024 keeps frames and ids", async () => {
  const [first, second, third, , , last] = await tracesOf(OLD);
  assertEquals(first!.hash, second!.hash);
  assertEquals(first!.traceId, "");
  assertEquals(second!.spanId, "0102030405060708");
  const frames = decodeRawFrames(third!).frames;
  assertEquals(frames.map(({ type, isError }) => [type, isError]), [
    [1, false],
    [3, false],
    [0, true],
  ]);
  assertEquals(frames[0]!.words, [0x0badc0ffee0ddf00n, 30064771192n]);
  assertEquals(frames[1]!.data, 22136);
  assertEquals(frames[2]!.data, 4014);
  assertEquals(decodeRawFrames(last!).frames.length, 128);
});

Deno.test("rawTraceFrom2024 puts the kernel's frames first, up to the first 0", async () => {
  const stats = new DecodeStats();
  const asked: number[] = [];
  const traces = await tracesOf(OLD, {
    stats,
    kernelStack: (id) => {
      asked.push(id);
      return [0xffffffff81000000n, 5n, 0n, 7n];
    },
  });
  assertEquals(asked, [7]);
  assertEquals(decodeRawFrames(traces[3]!).kernelAddresses, [
    0xffffffff81000000n,
    5n,
  ]);
  assertEquals(stats.entries(), []);
  await tracesOf(OLD, { stats });
  assertEquals(
    stats.entries()[0]?.firstDetail,
    "stack 7 of trace f924d5aa48a6ae89",
  );
});

Deno.test("rawTraceFrom2024 keeps a frame of an unknown type as invalid", () => {
  const record = decodeRawTrace2024(cut(OLD)[0]!);
  const trace = rawTraceFrom2024({
    ...record,
    frames: [{ file: 1n, lineno: 2n, type: 0x20, returnAddress: false }],
  });
  const [frame] = decodeRawFrames(trace).frames;
  assertEquals(formatFrameType(frame!.type), "<invalid>");
});

Deno.test("readRawTraces counts records whose origin is not known", async () => {
  const stats = new DecodeStats();
  const traces = await tracesOf(NEW, { stats });
  assertEquals(traces.map(({ origin }) => origin), [
    "sampling",
    "sampling",
    "sampling",
    "off_cpu",
  ]);
  assertEquals(traces[3]!.value, 12345678);
  assertEquals(stats.get("raw_unknown_origin"), 1);
  assertEquals(stats.hasLoss, true);
});

Deno.test("decodeRawTrace2024 refuses a record that is too short or too full", () => {
  const record = cut(OLD)[0]!;
  const short = assertThrows(
    () => decodeRawTrace2024(record.subarray(0, 63), { index: 3, offset: 8 }),
    TruncatedError,
  );
  assertEquals(
    short.message,
    "Cannot read raw trace of 2024-10 3 at byte 8: it has 63 bytes, expected at least 64",
  );
  const cutOff = assertThrows(
    () => decodeRawTrace2024(record.subarray(0, 111)),
    TruncatedError,
  );
  assertEquals(cutOff.missingBytes, 1);
  const full = record.slice();
  full[60] = 129;
  assertThrows(() => decodeRawTrace2024(full), FormatError, "129 frames");
});

Deno.test("decodeRawTrace2024 does not hash padding", () => {
  const record = cut(OLD)[4]!;
  const other = record.slice();
  other.fill(0xaa, 112);
  assertEquals(decodeRawTrace2024(other).hash, decodeRawTrace2024(record).hash);
  const elsewhere = record.slice();
  elsewhere[4]! ^= 1;
  assertEquals(
    decodeRawTrace2024(elsewhere).hash === decodeRawTrace2024(record).hash,
    false,
    "the thread counts",
  );
});

Deno.test("decodeRawTrace2026 refuses counts and lengths that cannot be right", () => {
  const record = cut(NEW)[0]!;
  const refuse = (at: number, value: number, message: string) => {
    const copy = record.slice();
    copy[at] = value;
    assertThrows(() => decodeRawTrace2026(copy), FormatError, message);
  };
  refuse(56, 11, "11 labels");
  refuse(700, 5, "expected at least 768");
  refuse(701, 0xff, "limit is 3072");
  refuse(704, 5, "5 kernel frames do not fit 4 words");
  // The upper half of the first header ends at byte 735: type, flags, length.
  refuse(734, 0, "frame at word 0 has length 0");
  refuse(734, 0x50, "frame at word 0 has 5 words, 4 are left");
  assertThrows(
    () => decodeRawTrace2026(record.subarray(0, 727)),
    TruncatedError,
  );
});

Deno.test("decodeRawTrace2026 drops labels without name or value", () => {
  const record = cut(NEW)[0]!.slice();
  const labels: [number[], number[]][] = [
    [[], [65]],
    [[0xff], [65]],
    [[65], [0xff]],
    [[66], []],
    [[67], [68, 0xc3]],
    [[68], [0xff, 69]],
  ];
  record[56] = labels.length;
  labels.forEach(([key, value], index) => {
    record.fill(0, 60 + index * 64, 124 + index * 64);
    record.set(key, 60 + index * 64);
    record.set(value, 76 + index * 64);
  });
  const decoded = decodeRawTrace2026(record);
  assertEquals(decoded.labels.map(({ key, value }) => [key, value]), [
    ["B", ""],
    ["C", "D"],
  ]);
  assertEquals(decoded.droppedLabels, { invalidName: 2, invalidValue: 2 });
  const trace = rawTraceFrom2026(decoded);
  assertEquals(trace?.labels.length, 2);
});

Deno.test("readRawRecords leaves out a damaged record and goes on", async () => {
  const stats = new DecodeStats();
  const bytes = OLD.slice();
  bytes[4 + 60] = 200;
  // The first record tells the layout, so it is given.
  const records = await recordsOf(bytes, { stats, layout: "2024-10" });
  assertEquals(records.length, 5);
  const [entry] = stats.entries();
  assertEquals([entry?.name, entry?.firstOffset], ["raw_record_refused", 64]);
});

Deno.test("readRawRecords stops where the framing is lost and keeps what it has", async () => {
  for (const tail of [[1, 0, 0, 5], [200, 0, 0, 0, 1], [7]]) {
    const stats = new DecodeStats();
    const bytes = concatBytes([OLD, Uint8Array.from(tail)]);
    assertEquals((await recordsOf(bytes, { stats })).length, 6);
    assertEquals(
      stats.entries().map(({ name, firstOffset }) => [
        name,
        firstOffset,
      ]),
      [["raw_framing_lost", OLD.length]],
    );
  }
});

Deno.test("readRawRecords refuses a file whose first record has neither layout", async () => {
  const bytes = new Uint8Array(104);
  bytes[0] = 100;
  await assertRejects(() => recordsOf(bytes), FormatError, "neither known");
});

Deno.test("readRawTraces survives damage of every kind", async () => {
  const corpus = [OLD.subarray(0, 600), NEW.subarray(0, 1600)];
  for (const bytes of mutations(corpus, 10_000, 11)) {
    const layout = bytes.length % 2 === 0 ? "2024-10" : "2026-08";
    try {
      for (const trace of await tracesOf(bytes, { layout })) {
        decodeRawFrames(trace);
      }
    } catch (error) {
      if (error instanceof FormatError || error instanceof LimitError) continue;
      throw error;
    }
  }
});

Deno.test("readRawRecords reads every cut file without another error than ours", async () => {
  for (let end = 0; end < 400; end++) {
    const stats = new DecodeStats();
    await recordsOf(OLD.subarray(0, end), { stats });
    // Ends of records: 116, 232, 372.
    assertEquals(stats.hasLoss, ![0, 116, 232, 372].includes(end));
  }
});
