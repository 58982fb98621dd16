/**
 * Decoding of perf.data within one process: samples per second follow from the
 * counts in the titles. The baseline cuts the file into records and looks at
 * none.
 */
import { DecodeStats } from "../../src/base/decode_stats.ts";
import { PerfDataDecoder } from "../../src/tracehandler/perf_data_decoder.ts";
import { PerfDataSource } from "../../src/tracehandler/perf_data_source.ts";
import { openPerfRecords } from "../../src/tracehandler/perf_record_reader.ts";
import { profileTraces } from "../../src/tracehandler/profile_traces.ts";
import { readPerfScript } from "../../src/tracehandler/read_perf_script.ts";
import { streamOf } from "../support/byte_stream.ts";
import { REPOSITORY } from "../support/file_url.ts";

const FOLDER = `${REPOSITORY}/tests/fixtures/tracehandler/perf`;
const FILE = await Deno.readFile(`${FOLDER}/workload.perf.data`);
const SCRIPT = await Deno.readFile(`${FOLDER}/busy.perf.pipe.script.txt`);
const FILE_TITLE = "844 samples, 8,293 frames, 0.12 MiB";
const SCRIPT_TITLE = "181 samples, 1,803 frames, 0.08 MiB";

function countTokens(): number {
  const decoder = new PerfDataDecoder({ stats: new DecodeStats() });
  decoder.push(FILE);
  decoder.finish();
  let bytes = 0;
  for (let token = decoder.next(); token; token = decoder.next()) {
    if (token.type === "record") bytes += token.size;
  }
  return bytes;
}

async function countRecords(): Promise<number> {
  const reader = await openPerfRecords(streamOf(FILE));
  let count = 0;
  for await (const batch of reader.batches()) count += batch.length;
  return count;
}

async function countTraces(): Promise<number> {
  const reader = await openPerfRecords(streamOf(FILE));
  let count = 0;
  for await (const batch of new PerfDataSource(reader).batches()) {
    count += batch.length;
  }
  return count;
}

async function countProfile(): Promise<number> {
  const reader = await openPerfRecords(streamOf(FILE));
  const { profile } = await profileTraces(new PerfDataSource(reader), {
    timed: false,
  });
  return profile.samples.length;
}

async function countScript(): Promise<number> {
  let count = 0;
  for await (const batch of readPerfScript(streamOf(SCRIPT))) {
    count += batch.length;
  }
  return count;
}

/** Fails where nothing was decoded, so that no work is left out. */
function check(count: number): void {
  if (count === 0) throw new Error("Cannot measure: nothing was decoded");
}

Deno.bench(
  `cut into records: ${FILE_TITLE}`,
  { group: "perf.data", baseline: true },
  () => check(countTokens()),
);
Deno.bench(
  `decoded, in order of time: ${FILE_TITLE}`,
  { group: "perf.data" },
  async () => check(await countRecords()),
);
Deno.bench(
  `traces with their processes: ${FILE_TITLE}`,
  { group: "perf.data" },
  async () => check(await countTraces()),
);
Deno.bench(
  `profile without names: ${FILE_TITLE}`,
  { group: "perf.data" },
  async () => check(await countProfile()),
);
Deno.bench(
  `lines: ${SCRIPT_TITLE}`,
  { group: "perf script", baseline: true },
  () => check(new TextDecoder().decode(SCRIPT).split("\n").length),
);
Deno.bench(
  `samples: ${SCRIPT_TITLE}`,
  { group: "perf script" },
  async () => check(await countScript()),
);
