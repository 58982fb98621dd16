import { assert, assertEquals, assertThrows } from "@std/assert";
import { OsError } from "../../src/base/errors.ts";
import { openLibc } from "../../src/platform/libc.ts";
import { onlineCpus } from "../../src/platform/online_cpus.ts";
import {
  PerfEventRings,
  type PerfRingRecord,
} from "../../src/platform/perf_event_rings.ts";
import { machineClocks } from "../../src/platform/read_clocks.ts";
import { encodePerfAttr } from "../../src/tracehandler/perf_attr_encoder.ts";
import {
  PERF_ATTR_FLAG,
  PERF_RECORD,
  PERF_SAMPLE,
} from "../../src/tracehandler/perf_event_table.ts";
import { requirePerf } from "../support/perf_right.ts";
import { requireThat, testWith } from "../support/requirement.ts";

const OWN = [requirePerf("own")];

function attr(period: number, sampleType: number): Uint8Array<ArrayBuffer> {
  return encodePerfAttr({
    type: 1,
    config: 0n,
    periodOrFrequency: period,
    isFrequency: false,
    sampleType,
    readFormat: 0x10,
    flags: [
      PERF_ATTR_FLAG.disabled,
      PERF_ATTR_FLAG.excludeKernel,
      PERF_ATTR_FLAG.watermark,
      PERF_ATTR_FLAG.useClockId,
    ],
    watermarkBytes: 1,
    clockId: 1,
    maxStack: 0,
  });
}

function openAll(rings: PerfEventRings): void {
  for (const cpu of onlineCpus()) rings.open({ pid: 0, cpu });
}

/** Works until a condition holds. */
function work(isDone: () => boolean): void {
  let sum = 0;
  while (!isDone()) for (let i = 0; i < 1e6; i++) sum += i % 7;
  assert(sum > 0);
}

testWith(
  "PerfEventRings delivers samples of this thread",
  OWN,
  async () => {
    using _libc = openLibc();
    using rings = new PerfEventRings(
      attr(1_000_000, PERF_SAMPLE.tid | PERF_SAMPLE.time),
      8,
    );
    openAll(rings);
    assertEquals(rings.eventCount, onlineCpus().length);
    const clocks = machineClocks();
    const before = clocks.monotonicNs();
    rings.enable();
    const times: bigint[] = [];
    const take = ({ view, at, size, type }: PerfRingRecord) => {
      if (type !== PERF_RECORD.sample) return;
      assertEquals(size, 24);
      assertEquals(view.getUint32(at + 8, true), Deno.pid);
      times.push(view.getBigUint64(at + 16, true));
    };
    work(() => {
      rings.read(take);
      return times.length >= 20;
    });
    rings.disable();
    const after = clocks.monotonicNs();
    for (const time of times) {
      assert(time > before && time < after);
    }
    while (rings.read(take) > 0);
    // Nothing comes any more, and the wait is as long as it was to be.
    await rings.wait(1);
    assertEquals(rings.read(take), 0);
    assertEquals(rings.lostCount(), 0);
    assertEquals(rings.allEnded(), false);
  },
);

testWith(
  "PerfEventRings goes round a ring many times and misses nothing",
  OWN,
  () => {
    using _libc = openLibc();
    // Records of 40 bytes, which do not fill a page exactly.
    using rings = new PerfEventRings(
      attr(
        100_000,
        PERF_SAMPLE.ip | PERF_SAMPLE.tid | PERF_SAMPLE.time |
          PERF_SAMPLE.period,
      ),
      1,
    );
    openAll(rings);
    rings.enable();
    let bytes = 0;
    let lost = 0;
    work(() => {
      rings.read(({ view, at, size, type }) => {
        if (type === PERF_RECORD.lost) {
          lost += Number(view.getBigUint64(at + 16, true));
          return;
        }
        assertEquals([type, size], [PERF_RECORD.sample, 40]);
        assertEquals(view.getUint32(at + 16, true), Deno.pid);
        assertEquals(view.getBigUint64(at + 32, true), 100_000n);
        bytes += size;
      });
      return bytes > rings.pageBytes * 4;
    });
    assert(lost <= (rings.lostCount() ?? lost));
  },
);

testWith("PerfEventRings counts what found no room", OWN, () => {
  using _libc = openLibc();
  using rings = new PerfEventRings(attr(100_000, PERF_SAMPLE.time), 1);
  openAll(rings);
  rings.enable();
  let lost = 0;
  work(() => (lost = rings.lostCount() ?? -1) !== 0);
  assert(lost > 0, "kernels from 6.0 on tell");
});

testWith("PerfEventRings says why the kernel refuses", OWN, () => {
  using _libc = openLibc();
  using rings = new PerfEventRings(attr(1_000_000, 0), 1);
  const error = assertThrows(
    () => rings.open({ pid: 0x3fff_ffff, cpu: 0 }),
    OsError,
    "Cannot sample thread 1073741823 on processor 0: perf_event_open failed with ESRCH",
  );
  assertEquals(error.code, "ESRCH");
  assertThrows(
    () => rings.open({ pid: -1, cpu: 0, cgroup: "/nowhere" }),
    OsError,
    "Cannot open control group /nowhere",
  );
  assertEquals(rings.eventCount, 0);
});

Deno.test("PerfEventRings refuses rings that are no power of two", () => {
  if (Deno.build.os !== "linux") return;
  using _libc = openLibc();
  for (const pages of [0, 3, -4]) {
    assertThrows(
      () => new PerfEventRings(new Uint8Array(112), pages),
      RangeError,
      "expected a power of two",
    );
  }
});

testWith(
  "PerfEventRings is not to be had where there is no such kernel",
  [requireThat(Deno.build.os !== "linux", "this is Linux")],
  () => {
    assertThrows(
      () => new PerfEventRings(new Uint8Array(112), 1),
      Deno.errors.NotSupported,
      "has no perf_event_open",
    );
  },
);
