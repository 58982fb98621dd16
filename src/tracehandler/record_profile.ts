import type { DecodeStats } from "../base/decode_stats.ts";
import type { UnixNs } from "../base/time.ts";
import { readProcText } from "../platform/proc_file.ts";
import { machineClocks } from "../platform/read_clocks.ts";
import { processTable } from "../platform/running_process.ts";
import { ProfileReporter } from "../profile/profile_reporter.ts";
import type { SamplingFacts } from "../profile/raw_trace.ts";
import type { TraceReporter } from "../profile/trace_reporter.ts";
import type { Profile } from "../profile/types.ts";
import { FrameCachingProcessor } from "./frame_caching_processor.ts";
import { runningTasks } from "./list_running_tasks.ts";
import { type LivePerfCounts, LivePerfSource } from "./live_perf_source.ts";
import { LocalKernelSymbols } from "./local_kernel_symbols.ts";
import { LocalSymbolSource } from "./local_symbol_source.ts";
import { METRIC_ID } from "./metric_id_table.ts";
import type { MetricSink } from "./metrics_buffer.ts";
import {
  maxStackDepth,
  type OpenedPerfEvents,
  openPerfEvents,
  type PerfTarget,
} from "./open_perf_events.ts";
import type { PerfEventChoice } from "./parse_perf_event.ts";
import { PerfProcessTable } from "./perf_process_table.ts";
import { SyncedClock } from "./trace_clock.ts";
import { startTraceHandler, type TraceHandlerStats } from "./trace_handler.ts";
import { teeReporter } from "./tee_reporter.ts";

/** A program that is started for the recording. */
export interface RecordedProgram {
  readonly pid: number;
  /** Whether it has ended. */
  readonly hasEnded: boolean;
}

/** What is recorded by {@linkcode recordProfile}. */
export interface RecordProfileOptions {
  /** Who is sampled. */
  readonly target: PerfTarget;
  /** What is counted between two samples. */
  readonly event: PerfEventChoice;
  /** Samples a second and processor, unless `period` is given. @default {999} */
  readonly frequency?: number | undefined;
  /** Events between two samples. */
  readonly period?: number | undefined;
  /** Processors on which samples are taken. */
  readonly cpus: readonly number[];
  /** Pages of the ring of each processor, a power of two. @default {for some seconds, all rings together about 64 MiB} */
  readonly ringPages?: number | undefined;
  /** Most frames of a stack. @default {the system's limit} */
  readonly maxStack?: number | undefined;
  /** Whether processors that have nothing to do are sampled. @default {false} */
  readonly includeIdle?: boolean | undefined;
  /** Names of threads that are wanted. @default {all} */
  readonly comms?: readonly string[] | undefined;
  /** Starts a program when all is ready; the recording ends with it. */
  readonly launch?: (() => RecordedProgram) | undefined;
  /** Ends the recording after so many milliseconds. */
  readonly durationMs?: number | undefined;
  /** Ends the recording, which is complete then. */
  readonly stop?: AbortSignal | undefined;
  /** Whether each sample keeps its time. @default {true} */
  readonly timed?: boolean | undefined;
  /** Whether samples of different processors are told apart. @default {false} */
  readonly perCpu?: boolean | undefined;
  /** Gets every trace as well. */
  readonly reporter?: TraceReporter | undefined;
  /** Takes the handler's metrics. */
  readonly metrics?: MetricSink | undefined;
  /** Counts what could not be decoded or named. */
  readonly stats: DecodeStats;
  /** Told what could not be had as it was asked for. */
  readonly onNote: (text: string) => void;
  /** How often the rings are read at least, in milliseconds; each time costs processor time. @default {500} */
  readonly roundMs?: number | undefined;
  /** Told in every round what there is. */
  readonly onProgress?: ((counts: LivePerfCounts) => void) | undefined;
}

/** What {@linkcode recordProfile} recorded. */
export interface RecordedProfile {
  readonly profile: Profile;
  readonly counts: LivePerfCounts;
  /** What the handler did. */
  readonly handler: TraceHandlerStats;
  /** What was counted in the end. */
  readonly event: PerfEventChoice;
  /** Why it ended. */
  readonly endedBy: "stop" | "duration" | "target";
  /** How long samples were taken, in milliseconds. */
  readonly durationMs: number;
}

const DEFAULT_FREQUENCY = 999;
const NS_PER_SECOND = 1_000_000_000;
const MONITOR_INTERVAL_MS = 5000;
const CLOCK_SYNC_MS = 180_000;
/** Waking up costs more than what a round has to do at 999 Hz. */
const DEFAULT_ROUND_MS = 500;
/** Longer ones would be over at once. */
const MAX_TIMER_MS = 0x7fff_ffff;
const CACHE_SIZE = 65_536;
const FRAME_CACHE_SIZE = 65_536;
const SAMPLE_BYTES = 440;
const RING_SECONDS = 5;
const MIN_RING_PAGES = 128;
const MAX_RING_BYTES = 16 * 1024 * 1024;
const ALL_RINGS_BYTES = 64 * 1024 * 1024;
const PAGE_BYTES = 4096;

/**
 * Samples the stacks of running programs and of the kernel, and names them.
 *
 * @param options Who, what, how long.
 * @returns The profile.
 * @throws {Error} When the kernel refuses; the message says what can be done.
 * @throws {Deno.errors.NotSupported} When this system is not Linux.
 */
export async function recordProfile(
  options: RecordProfileOptions,
): Promise<RecordedProfile> {
  const {
    target,
    frequency = DEFAULT_FREQUENCY,
    period,
    stats,
    durationMs = Infinity,
    roundMs = DEFAULT_ROUND_MS,
  } = options;
  const maxStack = options.maxStack ?? maxStackDepth();
  const opened = openPerfEvents({
    target,
    event: options.event,
    frequency,
    period,
    cpus: options.cpus,
    ringPages: options.ringPages ??
      ringPagesFor(period, frequency, options.cpus.length),
    maxStack: options.maxStack ?? 0,
    includeIdle: options.includeIdle === true,
    onNote: options.onNote,
  });
  using rings = opened.rings;
  const clocks = machineClocks();
  const clock = new SyncedClock(clocks);
  const running = processTable();
  const processes = new PerfProcessTable({
    buildIdOf: () => "",
    clock,
    containerOf: readContainerId,
  });
  if (target.type === "all" && !isInitialNamespace()) {
    options.onNote(
      "this is a container: processes outside of it appear as one with the number 0 and without names",
    );
  }
  const symbols = new LocalSymbolSource({ processes: running, stats });
  const kernel = new LocalKernelSymbols({
    space: processes.kernelSpace,
    stats,
  });

  // Now, so that nothing waits for it while samples come.
  if (!opened.event.userOnly) kernel.symbols();
  const startNs = clocks.unixNs();
  const started = performance.now();
  if (target.type !== "next-program") rings.enable();
  for (const record of runningTasks(pidsOf(target, running.list() ?? []))) {
    processes.apply(record);
  }
  const program = options.launch?.();

  let endedBy: RecordedProfile["endedBy"] = "stop";
  let endedAt: number | undefined;
  let syncedAt = started;
  // Naming may take its time; samples are taken no longer than they are to be.
  const end = () => {
    if (endedAt !== undefined) return;
    endedAt = performance.now();
    rings.disable();
  };
  const timer = durationMs > MAX_TIMER_MS
    ? undefined
    : setTimeout(end, durationMs);
  options.stop?.addEventListener("abort", end);
  const source: LivePerfSource = new LivePerfSource({
    rings,
    attr: opened.attr,
    facts: factsOf(opened, period, frequency),
    clock,
    symbols,
    processes,
    kernelSymbols: () => kernel.symbols(),
    ownPid: Deno.pid,
    comms: options.comms,
    maxStack,
    stats,
    waitMs: () =>
      Math.max(0, Math.min(roundMs, started + durationMs - performance.now())),
    isOver() {
      options.onProgress?.(source.counts);
      const now = performance.now();
      if (now - syncedAt > CLOCK_SYNC_MS) {
        clock.sync();
        syncedAt = now;
      }
      if (options.stop?.aborted === true) endedBy = "stop";
      else if (now - started >= durationMs) endedBy = "duration";
      else if (program?.hasEnded ?? rings.allEnded()) endedBy = "target";
      else return false;
      end();
      return true;
    },
  });
  const reporter = new ProfileReporter({
    facts: () => source.facts,
    timed: options.timed,
    perCpu: options.perCpu,
    // A chain as long as the limit was most likely cut.
    maxDepth: maxStack > 1 ? maxStack - 1 : undefined,
  });
  const handler = startTraceHandler(
    new AbortController().signal,
    options.reporter === undefined
      ? reporter
      : teeReporter(reporter, options.reporter),
    new FrameCachingProcessor(source.converter, {
      cacheSize: FRAME_CACHE_SIZE,
      processOf: (trace) => source.processOf(trace),
    }),
    source.batches(),
    { monitorInterval: () => MONITOR_INTERVAL_MS },
    CACHE_SIZE,
    { clock, metrics: options.metrics },
  );
  try {
    await handler.workerExited;
  } finally {
    clearTimeout(timer);
    options.stop?.removeEventListener("abort", end);
  }
  const counts = withLost(source.counts, opened);
  options.metrics?.addSlice([
    { id: METRIC_ID.perfEventLost, value: counts.lost },
    { id: METRIC_ID.unwindErrStackLengthExceeded, value: counts.truncated },
  ]);
  const handled = handler.stats();
  if (handled.errors > 0) {
    stats.count("trace_not_handled", "data_loss", {
      amount: handled.errors,
      detail: handled.firstError,
    });
  }
  return {
    profile: reporter.build({
      start: startNs as UnixNs,
      end: clocks.unixNs() as UnixNs,
    }),
    counts,
    handler: handled,
    event: opened.event,
    endedBy,
    durationMs: (endedAt ?? performance.now()) - started,
  };
}

/** What the kernel says in the end counts more than what it could write into full rings. */
function withLost(
  counts: LivePerfCounts,
  { rings, countsLost }: OpenedPerfEvents,
): LivePerfCounts {
  const lost = countsLost ? rings.lostCount() ?? 0 : 0;
  return { ...counts, lost: Math.max(lost, counts.lost) };
}

function factsOf(
  { event }: OpenedPerfEvents,
  period: number | undefined,
  frequency: number,
): SamplingFacts {
  if (event.isClock) {
    return {
      periodType: { type: "cpu", unit: "nanoseconds" },
      period: period ?? Math.floor(NS_PER_SECOND / frequency),
    };
  }
  const type = { type: event.name, unit: "count" };
  return { periodType: type, period: period ?? 0, valueType: type };
}

function pidsOf(
  target: PerfTarget,
  all: readonly number[],
): readonly number[] {
  switch (target.type) {
    case "processes":
      return target.pids;
    case "next-program":
      return [];
    case "threads":
      return [...new Set(target.tids.map(processOfThread))];
    default:
      return all;
  }
}

/** Elsewhere the kernel has no numbers for processes of other namespaces. */
function isInitialNamespace(): boolean {
  try {
    return Deno.readLinkSync("/proc/self/ns/pid") === INITIAL_NAMESPACE;
  } catch {
    return true;
  }
}

/** The number is part of the kernel's interface. */
const INITIAL_NAMESPACE = "pid:[4026531836]";

function processOfThread(tid: number): number {
  const text = readProcText(`/proc/${tid}/status`) ?? "";
  return Number(/^Tgid:\s*(\d+)/m.exec(text)?.[1] ?? tid);
}

/** Container runtimes name the control group after the container. */
function readContainerId(pid: number): string {
  const text = readProcText(`/proc/${pid}/cgroup`) ?? "";
  return /[0-9a-f]{64}/.exec(text)?.[0] ?? "";
}

/** For some seconds, but no more than a share of what all rings may take together. */
function ringPagesFor(
  period: number | undefined,
  frequency: number,
  cpuCount: number,
): number {
  const bytes = period === undefined
    ? frequency * SAMPLE_BYTES * RING_SECONDS
    : MAX_RING_BYTES;
  const wanted = Math.min(bytes, MAX_RING_BYTES, ALL_RINGS_BYTES / cpuCount);
  let pages = MIN_RING_PAGES;
  while (pages * PAGE_BYTES < wanted) pages *= 2;
  return pages;
}
