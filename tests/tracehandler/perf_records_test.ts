import { assertEquals, assertThrows } from "@std/assert";
import { FormatError } from "../../src/base/errors.ts";
import type { KTime, UnixNs } from "../../src/base/time.ts";
import { FRAME_TYPE } from "../../src/profile/frame_type_table.ts";
import { decodeRawFrames } from "../../src/profile/raw_frames.ts";
import type { RawFrame } from "../../src/profile/raw_trace.ts";
import {
  decodePerfAttr,
  perfSampleIdBytes,
} from "../../src/tracehandler/perf_attr_decoder.ts";
import {
  PERF_ATTR_FLAG,
  PERF_MISC,
  PERF_RECORD,
  PERF_SAMPLE,
  perfEventName,
} from "../../src/tracehandler/perf_event_table.ts";
import { PerfProcessTable } from "../../src/tracehandler/perf_process_table.ts";
import {
  PerfRecordDecoder,
  type PerfRecordFault,
} from "../../src/tracehandler/perf_record_decoder.ts";
import type {
  PerfRecord,
  PerfSampleRecord,
} from "../../src/tracehandler/perf_record_types.ts";
import { CLOCKLESS } from "../../src/tracehandler/trace_clock.ts";
import type { ByteWriter } from "../../src/codec/byte_writer.ts";
import {
  perfAttr,
  type PerfAttrFields,
  perfRecord,
} from "../support/perf_data.ts";

const USER_MARK = 0xffff_ffff_ffff_fe00n;
const KERNEL_MARK = 0xffff_ffff_ffff_ff80n;
const DEFAULT_SAMPLE = PERF_SAMPLE.ip | PERF_SAMPLE.tid | PERF_SAMPLE.time |
  PERF_SAMPLE.cpu | PERF_SAMPLE.callchain;

function decode(
  fields: PerfAttrFields,
  type: number,
  fill: (writer: ByteWriter) => void,
  misc = 0,
): PerfRecord | PerfRecordFault | undefined {
  const { littleEndian = true } = fields;
  const attr = decodePerfAttr(perfAttr(fields), littleEndian);
  const bytes = perfRecord(type, fill, { littleEndian, misc });
  return decodeBytes(new PerfRecordDecoder(attr, littleEndian), bytes, misc);
}

function decodeBytes(
  decoder: PerfRecordDecoder,
  bytes: Uint8Array<ArrayBuffer>,
  misc = 0,
): PerfRecord | PerfRecordFault | undefined {
  const littleEndian = bytes[0] !== 0;
  const view = new DataView(bytes.buffer);
  return decoder.decode(
    { view, bytes, at: 0, size: bytes.length },
    view.getUint32(0, littleEndian),
    misc,
  );
}

function framesOf(
  record: PerfRecord | PerfRecordFault | undefined,
): readonly RawFrame[] {
  if (record?.type !== "sample") throw new Error(`no sample: ${record?.type}`);
  return decodeRawFrames({ ...record, kernelFrameCount: 0 }).frames;
}

/** Frames as type, address and whether it is one to return to. */
function frameTexts(
  record: PerfRecord | PerfRecordFault | undefined,
): string[] {
  return framesOf(record).map(({ type, data, words, isReturnAddress }) =>
    `${type} ${
      (type === FRAME_TYPE.native ? words[1] ?? BigInt(data) : words[0]!)
        .toString(16)
    }${isReturnAddress ? " return" : ""}`
  );
}

for (const littleEndian of [true, false]) {
  const order = littleEndian ? "little" : "big";

  Deno.test(`decodePerfAttr reads flags in ${order}-endian order`, () => {
    const attr = decodePerfAttr(
      perfAttr({
        littleEndian,
        sampleType: DEFAULT_SAMPLE,
        frequency: 199n,
        flags: [
          PERF_ATTR_FLAG.freq,
          PERF_ATTR_FLAG.sampleIdAll,
          PERF_ATTR_FLAG.useClockId,
        ],
        clockId: 1,
      }),
      littleEndian,
    );
    assertEquals(
      [attr.type, attr.name, attr.periodOrFrequency, attr.isFrequency],
      [1, "cpu-clock", 199n, true],
    );
    assertEquals(
      [attr.hasSampleId, attr.clockId, attr.callGraph],
      [true, 1, "frame-pointers"],
    );
  });

  Deno.test(`PerfRecordDecoder decodes a sample in ${order}-endian order`, () => {
    const sample = decode(
      { littleEndian, sampleType: DEFAULT_SAMPLE | PERF_SAMPLE.period },
      PERF_RECORD.sample,
      (body) => {
        body.u64(0xffffffff81000010n);
        body.u32(7);
        body.u32(8);
        body.u64(0x1_0000_0001n);
        body.u32(3);
        body.u32(0);
        body.u64(0x1_0000_0002n);
        body.u64(6n);
        for (
          const address of [
            KERNEL_MARK,
            0xffffffff81000010n,
            0xffffffff81000020n,
            USER_MARK,
            0x7f00_0000_1000n,
            0x40_1000n,
          ]
        ) body.u64(address);
      },
      PERF_MISC.kernel,
    ) as PerfSampleRecord;
    assertEquals(
      [sample.pid, sample.tid, sample.cpu, sample.period, sample.time],
      [7, 8, 3, 0x1_0000_0002, 0x1_0000_0001n],
    );
    assertEquals(frameTexts(sample), [
      "4 ffffffff81000010",
      "4 ffffffff81000020 return",
      "3 7f0000001000",
      "3 401000 return",
    ]);
    assertEquals(sample.lacksUserStack, false);
  });

  Deno.test(`PerfRecordDecoder decodes a mapping in ${order}-endian order`, () => {
    const fields = {
      littleEndian,
      sampleType: DEFAULT_SAMPLE | PERF_SAMPLE.identifier,
      flags: [PERF_ATTR_FLAG.sampleIdAll],
    };
    const record = decode(
      fields,
      PERF_RECORD.mmap2,
      (body) => {
        body.u32(7);
        body.u32(8);
        body.u64(0x5500_0000n);
        body.u64(0x1000n);
        body.u64(0x2000n);
        body.u8(20);
        body.zeros(3);
        body.bytes(new Uint8Array(20).fill(0xab));
        body.u32(5);
        body.u32(2);
        body.utf8("/usr/bin/a b\0\0\0\0");
        body.u64(8n);
        body.u64(123n);
        body.zeros(16);
      },
      PERF_MISC.mmapBuildId,
    );
    assertEquals(record, {
      type: "mmap",
      timeNs: 123,
      pid: 7,
      tid: 8,
      start: 0x5500_0000n,
      length: 0x1000n,
      pageOffset: 0x2000n,
      fileName: "/usr/bin/a b",
      buildId: "ab".repeat(20),
      isData: false,
    });
  });
}

Deno.test("PerfRecordDecoder takes unmarked addresses of the upper half for the kernel's", () => {
  const sample = decode(
    { sampleType: PERF_SAMPLE.tid | PERF_SAMPLE.callchain },
    PERF_RECORD.sample,
    (body) => {
      body.u64(0n);
      body.u64(2n);
      body.u64(0xffff_8000_0000_1000n);
      body.u64(0x1000n);
    },
  );
  assertEquals(frameTexts(sample), ["4 ffff800000001000", "3 1000 return"]);
});

Deno.test("PerfRecordDecoder keeps addresses that do not fit a header, and those of guests", () => {
  const sample = decode(
    { sampleType: PERF_SAMPLE.tid | PERF_SAMPLE.callchain },
    PERF_RECORD.sample,
    (body) => {
      body.u64(0n);
      body.u64(4n);
      body.u64(USER_MARK);
      body.u64(0x00f0_0000_0000_1000n);
      body.u64(0xffff_ffff_ffff_f780n);
      body.u64(0x1234n);
    },
  );
  assertEquals(frameTexts(sample), ["3 f0000000001000", "0 1234"]);
});

Deno.test("PerfRecordDecoder skips what lies between thread and call chain", () => {
  const sample = decode(
    {
      sampleType: PERF_SAMPLE.identifier | PERF_SAMPLE.ip | PERF_SAMPLE.tid |
        PERF_SAMPLE.addr | PERF_SAMPLE.id | PERF_SAMPLE.streamId |
        PERF_SAMPLE.read | PERF_SAMPLE.callchain,
      // Enabled and running times, ids, a group.
      readFormat: 1 | 2 | 4 | 8,
    },
    PERF_RECORD.sample,
    (body) => {
      body.u64(77n);
      body.u64(0x1000n);
      body.u32(7);
      body.u32(8);
      for (let field = 0; field < 3; field++) body.u64(0n);
      body.u64(2n);
      body.zeros(16);
      body.zeros(32);
      body.u64(2n);
      body.u64(USER_MARK);
      body.u64(0x1000n);
    },
  );
  assertEquals(frameTexts(sample), ["3 1000"]);
});

Deno.test("PerfRecordDecoder refuses a call chain that is longer than its sample", () => {
  const record = decode(
    { sampleType: DEFAULT_SAMPLE },
    PERF_RECORD.sample,
    (body) => {
      body.zeros(32);
      body.u64(1000n);
      body.u64(0x1000n);
    },
  );
  assertEquals(record, {
    type: "fault",
    detail: "call chain of 1000 addresses does not fit 8 bytes",
  });
});

Deno.test("PerfRecordDecoder refuses every record that is cut, and reads nothing behind it", () => {
  const attr = decodePerfAttr(
    perfAttr({
      sampleType: DEFAULT_SAMPLE | PERF_SAMPLE.read | PERF_SAMPLE.period,
      readFormat: 8,
      flags: [PERF_ATTR_FLAG.sampleIdAll],
    }),
    true,
  );
  const decoder = new PerfRecordDecoder(attr, true);
  for (let type = 0; type < 24; type++) {
    for (let size = 8; size <= 160; size += 4) {
      const bytes = new Uint8Array(size);
      new DataView(bytes.buffer).setUint32(0, type, true);
      const record = decoder.decode(
        { view: new DataView(bytes.buffer), bytes, at: 0, size },
        type,
        0,
      );
      if (size === 8 && record !== undefined) {
        assertEquals(
          record.type === "fault" || record.type.endsWith("throttle"),
          true,
          `${type}`,
        );
      }
    }
  }
});

Deno.test("PerfRecordDecoder makes frames of a processor's record of calls", () => {
  const fields = {
    sampleType: DEFAULT_SAMPLE | PERF_SAMPLE.branchStack,
    flags: [PERF_ATTR_FLAG.excludeUserCallchain],
    // Of the program, calls, with an index.
    branchType: 1n | 1n << 11n | 1n << 17n,
  };
  const sample = decode(
    fields,
    PERF_RECORD.sample,
    (body) => {
      body.zeros(32);
      body.u64(2n);
      body.u64(KERNEL_MARK);
      body.u64(0xffffffff81000010n);
      body.u64(2n);
      body.u64(0n);
      for (const [from, to] of [[0x2050n, 0x3000n], [0x1050n, 0x2000n]]) {
        body.u64(from!);
        body.u64(to!);
        body.u64(0n);
      }
    },
    PERF_MISC.kernel,
  ) as PerfSampleRecord;
  assertEquals(frameTexts(sample), [
    "4 ffffffff81000010",
    "3 3000",
    "3 2050",
    "3 1050",
  ]);
  assertEquals(sample.lacksUserStack, false);
});

Deno.test("PerfRecordDecoder keeps the place in the program whose stack is a copy of memory", () => {
  const fields = {
    sampleType: DEFAULT_SAMPLE | PERF_SAMPLE.userRegisters |
      PERF_SAMPLE.userStack,
    flags: [PERF_ATTR_FLAG.excludeUserCallchain],
    // What perf asks for on x86-64: all but four segment registers.
    userRegisters: 0xff0fffn,
  };
  const inKernel = decode(fields, PERF_RECORD.sample, (body) => {
    body.zeros(32);
    body.u64(2n);
    body.u64(KERNEL_MARK);
    body.u64(0xffffffff81000010n);
    body.u64(2n);
    for (let register = 0; register < 20; register++) {
      body.u64(register === 8 ? 0x401234n : 1n);
    }
    body.u64(0n);
  }, PERF_MISC.kernel) as PerfSampleRecord;
  assertEquals(frameTexts(inKernel), ["4 ffffffff81000010", "3 401234"]);
  assertEquals(inKernel.lacksUserStack, true);

  const inProgram = decode(fields, PERF_RECORD.sample, (body) => {
    body.u64(0x401234n);
    body.zeros(24);
    body.u64(0n);
    body.u64(0n);
    body.u64(0n);
  }, PERF_MISC.user) as PerfSampleRecord;
  assertEquals(frameTexts(inProgram), ["3 401234"]);
  assertEquals(inProgram.lacksUserStack, true);

  const kernelThread = decode(fields, PERF_RECORD.sample, (body) => {
    body.u64(0xffffffff81000010n);
    body.zeros(24);
    body.u64(0n);
    body.u64(0n);
    body.u64(0n);
  }, PERF_MISC.kernel) as PerfSampleRecord;
  assertEquals(frameTexts(kernelThread), ["4 ffffffff81000010"]);
  assertEquals(kernelThread.lacksUserStack, false);
});

Deno.test("PerfRecordDecoder tells how many records were lost, by either record", () => {
  const fields = { sampleType: DEFAULT_SAMPLE };
  const lost = decode(fields, PERF_RECORD.lost, (body) => {
    body.u64(1n);
    body.u64(42n);
  });
  const samples = decode(fields, PERF_RECORD.lostSamples, (body) => {
    body.u64(43n);
  });
  assertEquals(
    [lost, samples].map((record) =>
      record?.type === "lost" && [record.count, record.isOfSamples]
    ),
    [[42, false], [43, true]],
  );
});

Deno.test("PerfRecordDecoder finds the event of samples and of other records", () => {
  const withIdentifier = new PerfRecordDecoder(
    decodePerfAttr(
      perfAttr({
        sampleType: PERF_SAMPLE.identifier | PERF_SAMPLE.tid |
          PERF_SAMPLE.callchain,
        flags: [PERF_ATTR_FLAG.sampleIdAll],
      }),
      true,
    ),
    true,
  );
  const bytes = perfRecord(PERF_RECORD.sample, (body) => {
    body.u64(11n);
    body.u64(12n);
  });
  const record = {
    view: new DataView(bytes.buffer),
    bytes,
    at: 0,
    size: bytes.length,
  };
  assertEquals(withIdentifier.idOfSample(record), 11n);
  assertEquals(withIdentifier.idOfOther(record), 12n);
  const withId = new PerfRecordDecoder(
    decodePerfAttr(
      perfAttr({
        sampleType: PERF_SAMPLE.ip | PERF_SAMPLE.id | PERF_SAMPLE.callchain,
      }),
      true,
    ),
    true,
  );
  assertEquals(withId.idOfSample(record), 12n);
  assertEquals(withId.idOfOther(record), undefined);
});

Deno.test("decodePerfAttr refuses an event that is shorter than any was", () => {
  assertThrows(
    () => decodePerfAttr(new Uint8Array(63), true, 264),
    FormatError,
    "Cannot read perf event at byte 264: it has 63 bytes, expected at least 64",
  );
});

Deno.test("decodePerfAttr reads the first kernels' short events", () => {
  const attr = decodePerfAttr(
    perfAttr({
      sampleType: DEFAULT_SAMPLE,
      flags: [PERF_ATTR_FLAG.useClockId],
      clockId: 7,
      size: 64,
    }),
    true,
  );
  assertEquals([attr.clockId, attr.userRegisters], [undefined, 0n]);
});

Deno.test("perfSampleIdBytes counts 8 bytes for each field at the end of records", () => {
  assertEquals(
    [0, DEFAULT_SAMPLE, DEFAULT_SAMPLE | PERF_SAMPLE.identifier | 0x240]
      .map(perfSampleIdBytes),
    [0, 24, 48],
  );
});

Deno.test("perfEventName names events of software and hardware, else by numbers", () => {
  assertEquals(
    [
      perfEventName(1, 0n),
      perfEventName(0, 0n),
      perfEventName(0, 0x4_0000_0001n),
      perfEventName(2, 314n),
      perfEventName(4, 0xc0n),
      perfEventName(1, 99n),
    ],
    [
      "cpu-clock",
      "cycles",
      "instructions",
      "tracepoint:314",
      "type4:0xc0",
      "software:99",
    ],
  );
});

function tableOf(): PerfProcessTable {
  return new PerfProcessTable({
    clock: {
      isWallClock: true,
      unixNs: (ktime: KTime) => (ktime + 1000n) as bigint as UnixNs,
    },
    buildIdOf: (_, path) => path === "/bin/known" ? "abcd" : "",
  });
}

function sampleOf(pid: number, tid: number): PerfSampleRecord {
  return framesSample(pid, tid, [USER_MARK, 0x1000n]);
}

function framesSample(
  pid: number,
  tid: number,
  chain: readonly bigint[],
): PerfSampleRecord {
  return decode(
    { sampleType: PERF_SAMPLE.tid | PERF_SAMPLE.callchain },
    PERF_RECORD.sample,
    (body) => {
      body.i32(pid);
      body.i32(tid);
      body.u64(BigInt(chain.length));
      for (const address of chain) body.u64(address);
    },
  ) as PerfSampleRecord;
}

function mapping(pid: number, start: bigint, fileName: string): PerfRecord {
  return {
    type: "mmap",
    timeNs: 0,
    pid,
    tid: pid,
    start,
    length: 0x1000n,
    pageOffset: 0n,
    fileName,
    buildId: "",
    isData: false,
  };
}

function task(
  type: "fork" | "exit",
  pid: number,
  tid: number,
  parentPid: number,
  fields: { timeNs?: number; isOfRunning?: boolean } = {},
): PerfRecord {
  const { timeNs = 0, isOfRunning = false } = fields;
  return {
    type,
    timeNs,
    pid,
    tid,
    parentPid,
    parentTid: parentPid,
    isOfRunning,
  };
}

function comm(
  pid: number,
  tid: number,
  name: string,
  isExec = false,
): PerfRecord {
  return { type: "comm", timeNs: 0, pid, tid, comm: name, isExec };
}

Deno.test("PerfProcessTable gives a forked process its parent's mappings and name until it runs another program", () => {
  const table = tableOf();
  table.apply(comm(7, 7, "parent"));
  table.apply(mapping(7, 0x1000n, "/bin/parent"));
  table.apply(task("fork", 9, 9, 7));
  assertEquals(table.spaceOf(9)?.find(0x1000)?.file.path, "/bin/parent");
  assertEquals(table.traceOf(sampleOf(9, 9)).comm, "parent");
  table.apply(comm(9, 9, "child", true));
  assertEquals(table.spaceOf(9)?.ranges, []);
  table.apply(mapping(9, 0x1000n, "/bin/known"));
  assertEquals(table.spaceOf(9)?.find(0x1000)?.file, {
    path: "/bin/known",
    buildId: "abcd",
  });
  assertEquals(table.spaceOf(7)?.find(0x1000)?.file.path, "/bin/parent");
  assertEquals(
    [table.metaOf(7)?.executablePath, table.metaOf(9)?.executablePath],
    ["/bin/parent", "/bin/known"],
  );
  assertEquals(table.traceOf(sampleOf(9, 9)).comm, "child");
});

Deno.test("PerfProcessTable gives a task that ran already nothing of its parent", () => {
  const table = tableOf();
  table.apply(mapping(7, 0x1000n, "/bin/parent"));
  table.apply(mapping(9, 0x2000n, "/bin/child"));
  table.apply(task("fork", 9, 9, 7, { isOfRunning: true }));
  assertEquals(
    table.spaceOf(9)?.ranges.map(({ file }) => file.path),
    ["/bin/child"],
  );
});

Deno.test("PerfProcessTable names threads by themselves, and idle and ended ones", () => {
  const table = tableOf();
  table.apply(comm(7, 7, "main"));
  table.apply(task("fork", 7, 8, 7));
  assertEquals(table.traceOf(sampleOf(7, 8)).comm, "main");
  table.apply(comm(7, 8, "worker 1"));
  assertEquals(
    [[7, 7], [7, 8], [7, 10], [0, 0], [-1, -1]].map(([pid, tid]) =>
      table.traceOf(sampleOf(pid!, tid!)).comm
    ),
    ["main", "worker 1", "main", "swapper", ""],
  );
  table.apply(task("exit", 7, 8, 7));
  assertEquals(table.traceOf(sampleOf(7, 8)).comm, "worker 1");
});

Deno.test("PerfProcessTable tells processes apart that have the same number", () => {
  const table = tableOf();
  table.apply(task("fork", 9, 9, 7));
  assertEquals(table.metaOf(9)?.startTime, undefined);
  table.apply(task("exit", 9, 9, 7));
  table.apply(task("fork", 9, 9, 7, { timeNs: 5 }));
  assertEquals(table.metaOf(9)?.startTime, 1005n as UnixNs);
});

Deno.test("PerfProcessTable forgets processes that ended long ago", () => {
  const table = tableOf();
  for (let pid = 10; pid < 5000; pid++) {
    table.apply(task("fork", pid, pid, 1));
    table.apply(task("exit", pid, pid, 1));
  }
  assertEquals(table.spaceOf(10), undefined);
  assertEquals(table.spaceOf(4999) === undefined, false);
  // Its number was used before, and that is still known.
  table.apply(task("fork", 10, 10, 1, { timeNs: 1 }));
  assertEquals(table.metaOf(10)?.startTime, 1001n as UnixNs);
});

Deno.test("PerfProcessTable writes into frames of which state of the process they are", () => {
  const table = new PerfProcessTable({
    clock: CLOCKLESS,
    buildIdOf: () => "",
  });
  table.apply(mapping(7, 0x1000n, "/bin/a"));
  const chain = [USER_MARK, 0x1000n, 0x00f0_0000_0000_1000n];
  const before = table.traceOf(framesSample(7, 7, chain));
  table.apply(mapping(7, 0x1000n, "/bin/b"));
  const after = table.traceOf(framesSample(7, 7, chain));
  const generations = [before, after].map((trace) =>
    decodeRawFrames(trace).frames.map(({ words }) => words[0])
  );
  assertEquals(generations[0]![0], generations[0]![1]);
  assertEquals(generations[0]![0] === generations[1]![0], false);
});

Deno.test("PerfProcessTable maps the kernel, its modules and code that it made", () => {
  const table = tableOf();
  table.apply({
    ...mapping(-1, 0xffffffff81000000n, "[kernel.kallsyms]_text"),
    type: "mmap",
  } as PerfRecord);
  table.apply({
    type: "kernel-symbol",
    timeNs: 0,
    address: 0xffffffffc0001000n,
    length: 0x100,
    name: "bpf_prog_1",
    isRemoved: false,
  });
  const path = (address: bigint) =>
    table.kernelSpace.find(Number(BigInt.asIntN(64, address)))?.file.path;
  assertEquals(
    [path(0xffffffff81000800n), path(0xffffffffc0001080n), path(0n)],
    ["[kernel.kallsyms]_text", "bpf_prog_1", undefined],
  );
});
