import { DecodeStats } from "../../base/decode_stats.ts";
import { OptionError } from "../../base/errors.ts";
import type { Limits } from "../../base/limits.ts";
import type { UnixNs } from "../../base/time.ts";
import type { Profile } from "../../profile/types.ts";
import { collectNettrace } from "../collect_nettrace.ts";
import type { CollectNettraceResult } from "../collect_nettrace.ts";
import type { EventCollector } from "../event_collector.ts";
import { ProcessFacts } from "../process_facts.ts";
import type { FrameNameOptions } from "../symbols/name_method.ts";
import { DotnetdiagSymbols } from "../symbols/dotnetdiag_symbols.ts";
import type { UnresolvedReason } from "../symbols/resolve_addresses.ts";
import { SymbolCollector } from "../symbols/symbol_collector.ts";
import { TraceEventSymbols } from "../symbols/traceevent_symbols.ts";
import { AllocationSamples } from "./allocation_samples.ts";
import { buildProfile } from "./build_profile.ts";
import { ContentionSamples } from "./contention_samples.ts";
import { DotnetdiagSamples } from "./dotnetdiag_samples.ts";
import { ExceptionSamples } from "./exception_samples.ts";
import { ProviderNames } from "./provider_names.ts";
import type { SampleFilter } from "./sample_filter.ts";
import type { SampleContext, SampleSource } from "./sample_source.ts";
import { ThreadTimeSamples } from "./thread_time_samples.ts";
import { TracedThreads } from "./traced_threads.ts";
import { TraceEventActivities } from "./traceevent_activities.ts";
import { TraceEventSamples } from "./traceevent_samples.ts";
import type { TraceEventProfile } from "./traceevent_samples.ts";
import { TraceEventThreads } from "./traceevent_threads.ts";
import { UniversalSamples } from "./universal_samples.ts";

/** What a profile of a trace counts. */
export type NettraceProfileKind =
  | "samples"
  | "allocations"
  | "contention"
  | "exceptions"
  | "cswitch"
  | "heap";

/** How time is reckoned from samples. */
export type NettraceProfileMethod = "native" | "dotnetdiag" | "traceevent";

/** Options of {@linkcode readNettraceProfile}. */
export interface ReadNettraceProfileOptions
  extends SampleFilter, FrameNameOptions {
  /** What to count. @default {"samples"} */
  readonly kind?: NettraceProfileKind | undefined;
  /**
   * How time is reckoned from samples: `native` charges it to the stack at the
   * start of an interval, in ns; `dotnetdiag` and `traceevent` give what those
   * tools give, with their names of frames. Only for `samples`.
   *
   * @default {"native"}
   */
  readonly method?: NettraceProfileMethod | undefined;
  /** Whether time outside managed code is left out. @default {false} */
  readonly managedOnly?: boolean | undefined;
  /** Whether a gap of more than 20 sampling periods counts as one; `native` only. @default {false} */
  readonly cutGaps?: boolean | undefined;
  /**
   * Whether samples keep their time; those of a thread that follow each other
   * on one stack become one. Memory then grows with the changes of stacks.
   *
   * @default {false}
   */
  readonly timed?: boolean | undefined;
  /** Whether events of event sources count as observations, as for dotnet-trace's list of top methods; `traceevent` only. @default {false} */
  readonly eventSources?: boolean | undefined;
  /** Others who take from the same pass over the stream; events then come in order of time. */
  readonly alsoFor?: readonly EventCollector[] | undefined;
  /** Bounds on what is accepted. */
  readonly limits?: Partial<Limits> | undefined;
  /** Collects what was survived. */
  readonly stats?: DecodeStats | undefined;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
}

/** What {@linkcode readNettraceProfile} found. */
export interface NettraceProfile {
  readonly profile: Profile;
  /** How the pass over the stream went. */
  readonly result: CollectNettraceResult;
  /** Distinct addresses without a name, by reason; empty for the methods of other tools. */
  readonly unresolved: ReadonlyMap<UnresolvedReason, number>;
  /** Distinct addresses. */
  readonly addressCount: number;
  /** Times and lengths as TraceEvent has them; method `traceevent` only. */
  readonly traceEvent?:
    | Pick<TraceEventProfile, "timesMs" | "lengthsMs">
    | undefined;
}

/**
 * Makes a profile of a trace: time by stack from its samples, or allocations,
 * waits for locks, exceptions, or the objects of a heap dump.
 *
 * Memory depends on the number of distinct stacks and of methods, not on the
 * length of the trace, unless `timed` or method `traceevent` is asked for.
 *
 * @param source The stream in pieces of any size.
 * @param options What to count and how.
 * @returns The profile; without samples it is empty and a comment says what the trace holds.
 * @throws {FormatError} When it is no nettrace stream or ends within its header.
 * @throws {LimitError} When a limit is exceeded.
 * @throws {OptionError} When a method is asked for that the kind has not.
 */
export async function readNettraceProfile(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: ReadNettraceProfileOptions = {},
): Promise<NettraceProfile> {
  const { kind = "samples", method = "native" } = options;
  if (kind !== "samples" && method !== "native") {
    throw new OptionError(
      `Cannot reckon ${kind} by method ${method}: it is for samples alone`,
    );
  }
  switch (method) {
    case "native":
      return kind === "heap"
        ? await readHeap(source, options)
        : await readNative(source, options, kind);
    case "dotnetdiag":
      return await readDotnetdiag(source, options);
    case "traceevent":
      return await readTraceEvent(source, options);
  }
}

async function readNative(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: ReadNettraceProfileOptions,
  kind: SampledKind,
): Promise<NettraceProfile> {
  const { timed = false } = options;
  const symbols = new SymbolCollector();
  const threads = new TracedThreads();
  const process = new ProcessFacts();
  const context: SampleContext = {
    symbols,
    threads,
    filter: options,
    isTimed: timed,
  };
  const sources = sourcesOf(kind, context, options);
  const names = new ProviderNames();
  const result = await collect(source, options, [
    names,
    ...sources,
    threads,
    process,
    symbols,
  ]);
  for (const each of sources) each.finish();
  const chosen = sources.find(({ samples }) => samples.length > 0) ??
    sources[0]!;
  const built = buildProfile({
    source: chosen,
    symbols,
    threads,
    processName: process.programName,
    isTimed: timed,
  }, options);
  const { syncTime } = result.header;
  const { firstNs } = chosen.samples;
  const comments = [
    ...commentsOf(result, process, names, chosen.samples.length > 0, kind),
    ...built.profile.comments,
    ...unresolvedComments(built.unresolved, built.addressCount),
  ];
  return {
    profile: {
      ...built.profile,
      startTime: syncTime === undefined
        ? undefined
        : (syncTime + BigInt(Number.isFinite(firstNs) ? firstNs : 0)) as UnixNs,
      comments,
    },
    result,
    unresolved: built.unresolved,
    addressCount: built.addressCount,
  };
}

async function readHeap(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: ReadNettraceProfileOptions,
): Promise<NettraceProfile> {
  const { stats = new DecodeStats() } = options;
  const { HeapCollector } = await import("../gcdump/heap_collector.ts");
  const { heapProfile } = await import("../gcdump/heap_profile.ts");
  const heap = new HeapCollector();
  const process = new ProcessFacts();
  const names = new ProviderNames();
  const result = await collect(source, { ...options, stats }, [
    names,
    heap,
    process,
  ]);
  const dump = heap.finish(stats);
  const profile = heapProfile(
    dump && { ...dump, processName: process.programName },
  );
  const hasSamples = profile.samples.length > 0;
  return {
    profile: {
      ...profile,
      comments: commentsOf(result, process, names, hasSamples, "heap"),
    },
    result,
    unresolved: new Map(),
    addressCount: 0,
  };
}

/** What is counted by samples; a heap is counted at one moment. */
type SampledKind = Exclude<NettraceProfileKind, "heap">;

function sourcesOf(
  kind: SampledKind,
  context: SampleContext,
  options: ReadNettraceProfileOptions,
): readonly [SampleSource, ...SampleSource[]] {
  switch (kind) {
    case "samples":
      return [
        new ThreadTimeSamples(context, options),
        new UniversalSamples("cpu", context),
      ];
    case "allocations":
      return [new AllocationSamples(context)];
    case "contention":
      return [new ContentionSamples(context)];
    case "exceptions":
      return [new ExceptionSamples(context)];
    case "cswitch":
      return [new UniversalSamples("cswitch", context)];
  }
}

async function readDotnetdiag(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: ReadNettraceProfileOptions,
): Promise<NettraceProfile> {
  const symbols = new DotnetdiagSymbols();
  const samples = new DotnetdiagSamples(symbols, options);
  const result = await collect(source, options, [samples, symbols]);
  return foreignProfile(samples.build(), result);
}

async function readTraceEvent(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: ReadNettraceProfileOptions,
): Promise<NettraceProfile> {
  const symbols = new TraceEventSymbols();
  const threads = new TraceEventThreads();
  const activities = new TraceEventActivities();
  const samples = new TraceEventSamples(symbols, threads, activities, {
    filter: options,
    managedOnly: options.managedOnly,
    eventSources: options.eventSources,
  });
  const result = await collect(
    source,
    options,
    [activities, samples, threads, symbols],
    "time",
  );
  if (activities.hasTasks) {
    options.stats?.count("nettrace_tasks_not_followed", "notice", {
      detail:
        "the trace tells which task asked for which; dotnet-trace puts stacks below the asking task's, this does not",
    });
  }
  const { profile, ...traceEvent } = samples.build();
  return { ...foreignProfile(profile, result), traceEvent };
}

function foreignProfile(
  profile: Profile,
  result: CollectNettraceResult,
): NettraceProfile {
  return {
    profile: { ...profile, startTime: result.header.syncTime },
    result,
    unresolved: new Map(),
    addressCount: 0,
  };
}

function collect(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: ReadNettraceProfileOptions,
  collectors: readonly EventCollector[],
  order: "file" | "time" = "file",
): Promise<CollectNettraceResult> {
  const { alsoFor = [], limits, signal, stats = new DecodeStats() } = options;
  return collectNettrace(source, [...collectors, ...alsoFor], {
    order: alsoFor.length > 0 ? "time" : order,
    limits,
    stats,
    signal,
  });
}

const KIND_TITLE: Readonly<Record<NettraceProfileKind, string>> = {
  samples: "CPU samples",
  allocations: "sampled allocations",
  contention: "waits for locks",
  exceptions: "exceptions",
  cswitch: "context switches",
  heap: "heap dump",
};

function commentsOf(
  result: CollectNettraceResult,
  process: ProcessFacts,
  names: ProviderNames,
  hasSamples: boolean,
  kind: NettraceProfileKind,
): string[] {
  const comments: string[] = [];
  if (process.commandLine !== "") {
    comments.push(`command line: ${process.commandLine}`);
  }
  if (!hasSamples) {
    comments.push(
      `no ${KIND_TITLE[kind]}: providers in the trace are ${
        names.list().join(", ") || "none"
      }`,
    );
  }
  if (result.lostEventCount > 0) {
    comments.push(`the runtime dropped ${result.lostEventCount} events`);
  }
  if (result.outcome.type !== "complete") {
    comments.push(`the trace is not complete: ${result.outcome.message}`);
  }
  return comments;
}

/** Why addresses have no name, in words that end a sentence. */
export const UNRESOLVED_REASON_TEXT: Readonly<
  Record<UnresolvedReason, string>
> = {
  noMethods: "the trace names no methods (it has no rundown)",
  noRundown: "the trace has no rundown, only methods compiled while it ran",
  rundownCut: "the rundown is not complete",
  native: "they lie outside managed code",
  null: "they are zero",
};

function unresolvedComments(
  unresolved: ReadonlyMap<UnresolvedReason, number>,
  addressCount: number,
): string[] {
  return Array.from(
    unresolved,
    ([reason, count]) =>
      `${count} of ${addressCount} addresses have no name: ${
        UNRESOLVED_REASON_TEXT[reason]
      }`,
  );
}
