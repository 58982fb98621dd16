import { choosePerfEvent } from "../../tracehandler/choose_perf_event.ts";
import { PerfDataSource } from "../../tracehandler/perf_data_source.ts";
import {
  openPerfRecords,
  type PerfRecordReader,
} from "../../tracehandler/perf_record_reader.ts";
import { profileTraces } from "../../tracehandler/profile_traces.ts";
import {
  readPerfDataFeatures,
  scanPerfDataFeatures,
} from "../../tracehandler/read_perf_data_features.ts";
import { readRecordedKernelSymbols } from "../../tracehandler/recorded_kernel_symbols.ts";
import { RecordedSymbolSource } from "../../tracehandler/recorded_symbol_source.ts";
import { NO_SYMBOLS } from "../../tracehandler/symbol_source.ts";
import type { OptionValues } from "../option_spec.ts";
import type { Format, FormatInput } from "../types.ts";
import { describePerfData } from "./describe_perf_data.ts";
import { perfDataEvents } from "./perf_data_events.ts";

/** Reads recordings of `perf record`. */
export const perfDataFormat: Format = {
  async info(input) {
    return await describePerfData(await open(input));
  },
  async *events(input, options) {
    await using reader = await open(input);
    const source = options["stacks"] === true
      ? sourceOf(reader, input, options)
      : undefined;
    yield* perfDataEvents(reader, {
      source,
      event: options["event"] === undefined
        ? undefined
        : choosePerfEvent(reader.events, String(options["event"])),
    });
  },
  async traces(input, options) {
    const reader = await open(input);
    try {
      return sourceOf(reader, input, options);
    } catch (error) {
      await reader[Symbol.asyncDispose]();
      throw error;
    }
  },
  async profile(input, options, { timed }) {
    await using reader = await open(input);
    const { profile } = await profileTraces(sourceOf(reader, input, options), {
      timed,
      perCpu: options["per-cpu"] === true,
      stats: input.stats,
      signal: input.signal,
    });
    return profile;
  },
};

/** Events' names and build ids stand at the end of a file, so that is looked at first. */
async function open(input: FormatInput): Promise<PerfRecordReader> {
  const { path, wrappers, limits, stats, signal } = input;
  const features = path === undefined
    ? {}
    : wrappers.length === 0
    ? await readPerfDataFeatures(path, limits)
    : await scanPerfDataFeatures(input.open(), limits);
  return await openPerfRecords(input.open(), {
    features,
    limits,
    stats,
    signal,
  });
}

function sourceOf(
  reader: PerfRecordReader,
  { stats }: FormatInput,
  options: OptionValues,
): PerfDataSource {
  const event = options["event"] as string | undefined;
  if (options["raw-addresses"] === true) {
    return new PerfDataSource(reader, { event, symbols: NO_SYMBOLS, stats });
  }
  const roots = options["sysroot"] as readonly string[] | undefined;
  const path = options["kallsyms"] as string | undefined;
  return new PerfDataSource(reader, {
    event,
    symbols: new RecordedSymbolSource({
      roots,
      debugFolders: options["debug-dir"] as readonly string[] | undefined,
      stats,
    }),
    // The kernel that runs here is none of another machine's.
    kernelSymbols: path === undefined && roots !== undefined
      ? undefined
      : (kernel) => readRecordedKernelSymbols(kernel, { path, stats }),
    stats,
  });
}
