// What a command takes does not depend on the length of a recording: of this one
// the frames alone, were they held, would need more than is allowed.
import { assert } from "@std/assert";
import { PERF_SAMPLE } from "../../src/tracehandler/perf_event_table.ts";
import { concatBytes } from "../support/byte_stream.ts";
import { perfAttr, perfPipe, perfRecord } from "../support/perf_data.ts";
import { peakMemory } from "../support/peak_memory.ts";
import { requireThat, testWith } from "../support/requirement.ts";

const MIB = 1024 * 1024;
const LONG_BYTES = 128 * MIB;
const MAX_MIB = 300;
const ROUND_SAMPLES = 512;
const FRAMES = 40;
const SAMPLE_TYPE = PERF_SAMPLE.ip | PERF_SAMPLE.tid | PERF_SAMPLE.time |
  PERF_SAMPLE.callchain;

const ROUND_END = perfRecord(68, () => {});

/** What two processors record in a round, each in order of its own times. */
function roundAt(timeNs: number): Uint8Array<ArrayBuffer> {
  const records: Uint8Array[] = [];
  for (let cpu = 0; cpu < 2; cpu++) {
    for (let index = 0; index < ROUND_SAMPLES / 2; index++) {
      records.push(perfRecord(9, (body) => {
        body.u64(0x1000n);
        body.u32(7);
        body.u32(8 + cpu);
        body.u64(BigInt(timeNs + index * 1000 + cpu));
        body.u64(BigInt(FRAMES));
        body.u64(0xffff_ffff_ffff_fe00n);
        for (let frame = 1; frame < FRAMES; frame++) {
          body.u64(BigInt(0x1000 + frame * 16 + index % 8));
        }
      }, { misc: 2 }));
    }
  }
  return concatBytes([...records, ROUND_END]);
}

async function* recording(sizeBytes: number): AsyncGenerator<Uint8Array> {
  const start = perfPipe({
    events: [{ attr: perfAttr({ sampleType: SAMPLE_TYPE }) }],
    records: [],
  });
  yield start;
  const round = roundAt(1_000_000);
  const view = new DataView(round.buffer);
  for (let size = start.length; size < sizeBytes; size += round.length) {
    // Every round is as long after the one before; a copy, as it is read later.
    yield await Promise.resolve(round.slice());
    for (let at = 0; at < round.length; at += view.getUint16(at + 6, true)) {
      if (view.getUint32(at, true) !== 9) continue;
      const time = view.getBigUint64(at + 24, true);
      view.setBigUint64(at + 24, time + 1_000_000n, true);
    }
  }
}

for (
  const args of [
    ["report", "-", "--raw-addresses"],
    ["events", "-", "--json", "--stacks", "--raw-addresses"],
  ]
) {
  testWith(
    `${args.join(" ")} takes little memory for a long recording`,
    [requireThat(Deno.build.os === "linux", "needs /proc")],
    async () => {
      const peak = await peakMemory(args, recording(LONG_BYTES));
      assert(peak < MAX_MIB, `${peak} MiB`);
    },
  );
}
