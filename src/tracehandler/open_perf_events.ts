import { OsError } from "../base/errors.ts";
import {
  type PerfEventPlace,
  PerfEventRings,
} from "../platform/perf_event_rings.ts";
import { readProcText } from "../platform/proc_file.ts";
import { listThreads } from "./list_running_tasks.ts";
import type { PerfEventChoice } from "./parse_perf_event.ts";
import { parsePerfEvent } from "./parse_perf_event.ts";
import { decodePerfAttr, type PerfEventAttr } from "./perf_attr_decoder.ts";
import { encodePerfAttr } from "./perf_attr_encoder.ts";
import { PERF_ATTR_FLAG, PERF_SAMPLE } from "./perf_event_table.ts";

const CLOCK_MONOTONIC = 1;
const READ_FORMAT_LOST = 0x10;
/** Part of a ring from which on its reader is woken. */
const WATERMARK_PART = 4;
const FALLBACK_EVENT = "cpu-clock";

/** Who is sampled. */
export type PerfTarget =
  | { readonly type: "all" }
  | { readonly type: "processes"; readonly pids: readonly number[] }
  | { readonly type: "threads"; readonly tids: readonly number[] }
  | { readonly type: "cgroup"; readonly path: string }
  /** The program that the calling thread starts next, from its first instruction. */
  | { readonly type: "next-program" };

/** What {@linkcode openPerfEvents} opens. */
export interface OpenPerfEventsOptions {
  /** Who is sampled. */
  readonly target: PerfTarget;
  /** What is counted. */
  readonly event: PerfEventChoice;
  /** Samples a second, unless `period` is given. */
  readonly frequency: number;
  /** Events between two samples. */
  readonly period?: number | undefined;
  /** Processors. */
  readonly cpus: readonly number[];
  /** Pages of each ring, a power of two. */
  readonly ringPages: number;
  /** Most addresses of a call chain, 0 for the system's limit. */
  readonly maxStack: number;
  /** Whether processors that have nothing to do are sampled. */
  readonly includeIdle: boolean;
  /** Told what could not be had as it was asked for. */
  readonly onNote: (text: string) => void;
}

/** Events that {@linkcode openPerfEvents} opened; they do not count yet. */
export interface OpenedPerfEvents {
  readonly rings: PerfEventRings;
  /** The event as the kernel took it. */
  readonly attr: PerfEventAttr;
  /** What is counted in the end. */
  readonly event: PerfEventChoice;
  /** Whether the kernel tells how many samples were lost. */
  readonly countsLost: boolean;
}

/** What is tried, one after the other, until the kernel takes it. */
interface Attempt {
  readonly event: PerfEventChoice;
  /** Whether it needs a kernel that gives build ids and counts what is lost. */
  readonly isModern: boolean;
  /** What is done without. */
  readonly notes: readonly string[];
}

/**
 * Opens events on every processor. Where the kernel refuses something that can
 * be done without, it is done without, and said so.
 *
 * @param options Who, what, how often.
 * @returns The events; close their rings.
 * @throws {Error} When the kernel refuses; the message says what can be done.
 * @throws {Deno.errors.NotSupported} When this system is not Linux.
 */
export function openPerfEvents(
  options: OpenPerfEventsOptions,
): OpenedPerfEvents {
  let attempt: Attempt = { event: options.event, isModern: true, notes: [] };
  while (true) {
    try {
      const opened = openAttempt(options, attempt);
      for (const note of attempt.notes) options.onNote(note);
      return opened;
    } catch (error) {
      if (!(error instanceof OsError)) throw error;
      const next = nextAttempt(attempt, error, options);
      if (next === undefined) throw explain(error, options);
      attempt = next;
    }
  }
}

function nextAttempt(
  { event, isModern, notes }: Attempt,
  { code }: OsError,
  { frequency, period }: OpenPerfEventsOptions,
): Attempt | undefined {
  const isTooFast = period === undefined && frequency > maxSampleRate();
  if (code === "EINVAL" && isModern && !isTooFast) {
    return { event, isModern: false, notes };
  }
  if (NOT_COUNTED.has(code) && !event.isClock) {
    return {
      event: {
        ...parsePerfEvent(FALLBACK_EVENT),
        userOnly: event.userOnly,
        kernelOnly: event.kernelOnly,
      },
      isModern,
      notes: [
        ...notes,
        `this machine does not count ${event.name} (${code}); sampling by ${FALLBACK_EVENT}`,
      ],
    };
  }
  if (DENIED.has(code) && !event.userOnly && !event.kernelOnly) {
    return {
      event: { ...event, userOnly: true },
      isModern,
      notes: [
        ...notes,
        `the kernel's own stacks are not recorded: kernel.perf_event_paranoid is ${paranoidLevel()}, they need root, CAP_PERFMON or a level of at most 1`,
      ],
    };
  }
  return undefined;
}

const DENIED = new Set(["EACCES", "EPERM"]);
const NOT_COUNTED = new Set(["ENOENT", "EOPNOTSUPP", "ENODEV", "EBUSY"]);

function openAttempt(
  options: OpenPerfEventsOptions,
  { event, isModern }: Attempt,
): OpenedPerfEvents {
  const { target, ringPages } = options;
  const bytes = attrOf(options, event, isModern);
  const rings = new PerfEventRings(bytes, ringPages);
  try {
    if (target.type === "processes") openProcesses(rings, options, target.pids);
    else {
      for (const place of placesOf(target, options.cpus)) rings.open(place);
    }
    return {
      rings,
      attr: decodePerfAttr(bytes, true),
      event,
      countsLost: isModern,
    };
  } catch (error) {
    rings.close();
    throw error;
  }
}

/** Threads may begin while events are opened: those of threads that have one inherit it. */
function openProcesses(
  rings: PerfEventRings,
  { cpus }: OpenPerfEventsOptions,
  pids: readonly number[],
): void {
  const opened = new Set<number>();
  for (const pid of new Set(pids)) {
    let isNew = true;
    while (isNew) {
      isNew = false;
      for (const tid of listThreads(pid)) {
        if (opened.has(tid)) continue;
        opened.add(tid);
        isNew = openThread(rings, tid, cpus) || isNew;
      }
    }
  }
  if (rings.eventCount === 0) {
    throw new OsError(
      `Cannot sample process ${pids.join(", ")}: there is no such process`,
      { syscall: "perf_event_open", errno: 3, code: "ESRCH" },
    );
  }
}

/** @returns Whether the thread still ran. */
function openThread(
  rings: PerfEventRings,
  tid: number,
  cpus: readonly number[],
): boolean {
  for (const cpu of cpus) {
    try {
      rings.open({ pid: tid, cpu });
    } catch (error) {
      if (error instanceof OsError && error.code === "ESRCH") return false;
      throw error;
    }
  }
  return true;
}

function placesOf(
  target: Exclude<PerfTarget, { readonly type: "processes" }>,
  cpus: readonly number[],
): readonly PerfEventPlace[] {
  switch (target.type) {
    case "all":
      return cpus.map((cpu) => ({ pid: -1, cpu }));
    case "threads":
      return target.tids.flatMap((pid) => cpus.map((cpu) => ({ pid, cpu })));
    case "cgroup":
      return cpus.map((cpu) => ({ pid: -1, cpu, cgroup: target.path }));
    case "next-program":
      return cpus.map((cpu) => ({ pid: 0, cpu }));
  }
}

function attrOf(
  options: OpenPerfEventsOptions,
  { type, config, isClock, userOnly, kernelOnly }: PerfEventChoice,
  isModern: boolean,
): Uint8Array<ArrayBuffer> {
  const { target, frequency, period, maxStack, includeIdle } = options;
  const flags: number[] = [
    PERF_ATTR_FLAG.disabled,
    PERF_ATTR_FLAG.mmap,
    PERF_ATTR_FLAG.comm,
    PERF_ATTR_FLAG.task,
    PERF_ATTR_FLAG.watermark,
    PERF_ATTR_FLAG.sampleIdAll,
    PERF_ATTR_FLAG.mmap2,
    PERF_ATTR_FLAG.commExec,
    PERF_ATTR_FLAG.useClockId,
  ];
  if (target.type === "processes" || target.type === "next-program") {
    flags.push(PERF_ATTR_FLAG.inherit);
  }
  if (target.type === "next-program") flags.push(PERF_ATTR_FLAG.enableOnExec);
  if (!includeIdle) flags.push(PERF_ATTR_FLAG.excludeIdle);
  if (userOnly) {
    flags.push(PERF_ATTR_FLAG.excludeKernel, PERF_ATTR_FLAG.excludeHypervisor);
  }
  if (kernelOnly) {
    flags.push(PERF_ATTR_FLAG.excludeUser, PERF_ATTR_FLAG.excludeUserCallchain);
  }
  if (isModern) flags.push(PERF_ATTR_FLAG.buildId);
  return encodePerfAttr({
    type,
    config,
    periodOrFrequency: period ?? frequency,
    isFrequency: period === undefined,
    sampleType: PERF_SAMPLE.tid | PERF_SAMPLE.time | PERF_SAMPLE.cpu |
      PERF_SAMPLE.callchain | (isClock ? 0 : PERF_SAMPLE.period),
    readFormat: isModern ? READ_FORMAT_LOST : 0,
    flags,
    watermarkBytes: Math.floor(
      options.ringPages * PAGE_BYTES / WATERMARK_PART,
    ),
    clockId: CLOCK_MONOTONIC,
    maxStack,
  });
}

/** Smallest size of a page; larger ones are woken a little early. */
const PAGE_BYTES = 4096;

/** Says what can be done. */
function explain(error: OsError, options: OpenPerfEventsOptions): Error {
  const { target, cpus, event, frequency, maxStack } = options;
  const hint = (): string | undefined => {
    if (
      target.type === "cgroup" && ["EBADF", "ENOENT"].includes(error.code)
    ) {
      return "it is no control group that counts events; with version 1 these lie below /sys/fs/cgroup/perf_event";
    }
    switch (error.code) {
      case "EACCES":
      case "EPERM": {
        const level = paranoidLevel();
        if (target.type === "all" || target.type === "cgroup") {
          return `kernel.perf_event_paranoid is ${level}; sampling all processes needs root, CAP_PERFMON or a level of at most 0`;
        }
        if (event.kernelOnly) {
          return `kernel.perf_event_paranoid is ${level}; sampling the kernel needs root, CAP_PERFMON or a level of at most 1`;
        }
        return level > 2
          ? `kernel.perf_event_paranoid is ${level}; sampling needs root, CAP_PERFMON or a level of at most 2`
          : "processes of other users need root or CAP_PERFMON, and a container may forbid perf_event_open";
      }
      case "EINVAL":
        return options.period === undefined && frequency > maxSampleRate()
          ? `kernel.perf_event_max_sample_rate is ${maxSampleRate()}, asked for are ${frequency} samples a second`
          : "a processor that was named may be switched off";
      case "EMFILE":
      case "ENFILE":
        return `each of its threads needs a file for each of ${cpus.length} processors; raise the limit with ulimit -n, or name fewer processors`;
      case "EOVERFLOW":
        return `kernel.perf_event_max_stack is ${
          readNumber("perf_event_max_stack") ?? "unknown"
        }, asked for are ${maxStack}`;
      case "ENOENT":
      case "EOPNOTSUPP":
      case "ENODEV":
        return `this machine does not count ${event.name}`;
      case "ENOSYS":
        return "this kernel has no performance events";
      default:
        return undefined;
    }
  };
  const text = hint();
  return text === undefined || error.syscall !== "perf_event_open" ||
      error.code === "ESRCH"
    ? error
    : new OsError(`${error.message}; ${text}`, {
      syscall: error.syscall,
      errno: error.errno,
      code: error.code,
      cause: error,
    });
}

/** @returns Most samples a second that the kernel allows. */
export function maxSampleRate(): number {
  return readNumber("perf_event_max_sample_rate") ?? Infinity;
}

/** @returns Most addresses of a call chain that the kernel allows. */
export function maxStackDepth(): number {
  return readNumber("perf_event_max_stack") ?? DEFAULT_MAX_STACK;
}

const DEFAULT_MAX_STACK = 127;

function paranoidLevel(): number {
  return readNumber("perf_event_paranoid") ?? 2;
}

function readNumber(name: string): number | undefined {
  const text = readProcText(`/proc/sys/kernel/${name}`);
  return text === undefined ? undefined : Number(text);
}
