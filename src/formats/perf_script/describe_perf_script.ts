import { readPerfScript } from "../../tracehandler/read_perf_script.ts";
import type { FormatInfo, FormatInput } from "../types.ts";

/** Events that are told apart. */
const MAX_EVENTS = 1000;
const MAX_THREADS = 100_000;

/**
 * Reads text of `perf script` to its end and tells what is in it.
 *
 * @param input The text.
 * @returns What `info` tells.
 */
export async function describePerfScript(
  input: FormatInput,
): Promise<FormatInfo> {
  const events = new Map<string, { samples: number; total: number }>();
  const threads = new Set<number>();
  let header: ReadonlyMap<string, string> = new Map();
  let samples = 0;
  let frames = 0;
  let first: bigint | undefined;
  let last: bigint | undefined;
  const { stats, limits, signal } = input;
  const onHeader = (found: ReadonlyMap<string, string>) => header = found;
  const batches = readPerfScript(input.open(), {
    stats,
    limits,
    signal,
    onHeader,
  });
  for await (const batch of batches) {
    for (const sample of batch) {
      samples++;
      frames += sample.frames.length;
      if (threads.size < MAX_THREADS) threads.add(sample.tid);
      first ??= sample.timeNs;
      last = sample.timeNs ?? last;
      let event = events.get(sample.event);
      if (event === undefined && events.size < MAX_EVENTS) {
        event = { samples: 0, total: 0 };
        events.set(sample.event, event);
      }
      if (event === undefined) continue;
      event.samples++;
      event.total += sample.period;
    }
  }
  const version = header.get("perf version");
  return {
    version: undefined,
    writer: version === undefined ? undefined : `perf ${version}`,
    startTime: undefined,
    endTime: undefined,
    sections: [
      {
        type: "facts",
        key: "samples",
        title: "Samples",
        facts: [
          { key: "samples", title: "samples", unit: "count", value: samples },
          { key: "frames", title: "frames", unit: "count", value: frames },
          {
            key: "threads",
            title: "threads",
            unit: "count",
            value: threads.size,
          },
          ...(first === undefined || last === undefined ? [] : [{
            key: "durationNs",
            title: "from first to last sample",
            unit: "ns" as const,
            value: Number(last - first),
          }]),
          ...(header.has("cmdline")
            ? [{
              key: "commandLine",
              title: "command line",
              value: header.get("cmdline"),
            }]
            : []),
        ],
      },
      {
        type: "table",
        key: "events",
        title: "Events",
        columns: [
          { key: "name", title: "event" },
          { key: "samples", title: "samples", unit: "count" },
          { key: "total", title: "total", unit: "count" },
        ],
        rows: [...events].map((
          [name, { samples, total }],
        ) => [name, samples, total]),
      },
    ],
    next: samples === 0 ? [] : [
      "report FILE",
      "report FILE --flame",
      "convert FILE -o profile.speedscope.json",
    ],
  };
}
