import { TruncatedError } from "../../base/errors.ts";
import type { UnixNs } from "../../base/time.ts";
import { unixNsFromMs } from "../../base/time.ts";
import type {
  FrameConverter,
  ProcessMeta,
  RawTrace,
  RawTraceSource,
  SamplingFacts,
  TraceClock,
} from "../../profile/raw_trace.ts";
import { collectNettrace, pumpNettrace } from "../collect_nettrace.ts";
import type { DiagnosticClient } from "../ipc/diagnostic_client.ts";
import {
  DiagnosticError,
  ServerNotAvailableError,
} from "../ipc/diagnostic_error.ts";
import type { Session } from "../ipc/session.ts";
import type { ProcessInfo } from "../ipc/types.ts";
import type { NettraceHeader } from "../nettrace/types.ts";
import { PROVIDER_NAME } from "../provider_name_table.ts";
import type { FrameNameOptions } from "../symbols/name_method.ts";
import { LiveNames } from "./live_names.ts";
import { StackTraces } from "./stack_traces.ts";

/** Loader, JIT and NGen: the events that name code when it is loaded. */
const CODE_KEYWORDS = 0x38n;
/** Traces that may wait for the names of their frames. */
const MAX_WAITING = 524_288;
/** Lists of code are asked for at most a twentieth of the time, within these bounds. */
const NAMING_PAUSE_FACTOR = 20;
const MIN_NAMING_PAUSE_MS = 1_000;
const MAX_NAMING_PAUSE_MS = 10_000;
/** A process that is about to end refuses sessions before its stream ends. */
const ENDING_MS = 500;
const FIRST_PAUSE_MS = 5;
const LAST_PAUSE_MS = 500;
/** So many loads make a new list worth while, which forgets what was unloaded. */
const MAX_LOADED = 262_144;

/** How a {@linkcode StackWatcher} watches. */
export interface StackWatcherOptions extends FrameNameOptions {
  /** Ends the watch in order: what came is still delivered. */
  readonly stop?: AbortSignal | undefined;
  /** Buffer within the process in MB. @default {256} */
  readonly bufferSizeMb?: number | undefined;
  /** Most traces that wait for names; beyond it the oldest are dropped. @default {524288} */
  readonly maxWaiting?: number | undefined;
  /** Least ms between two lists of code that the runtime is asked for. @default {20 times as long as the last one took, from 1000 to 10000} */
  readonly namingIntervalMs?: number | undefined;
  /** Called when the session runs. */
  readonly onStart?: (() => Promise<void> | void) | undefined;
  /** Gets remarks on what did not work and was survived. */
  readonly onNote?: ((text: string) => void) | undefined;
}

/** What a {@linkcode StackWatcher} did so far. */
export interface StackWatcherCounters {
  /** Traces that were taken. */
  readonly traces: number;
  /** Traces that were dropped because too many waited for names. */
  readonly droppedTraces: number;
  /** Events that the runtime dropped because its buffer was full. */
  readonly lostEvents: number;
  /** Lists of code that the runtime gave. */
  readonly codeLists: number;
}

/** Traces that came together. */
interface Batch {
  readonly traces: RawTrace[];
  readonly number: number;
  /** Generation of the names by which a frame has none. */
  unknownAt: number | undefined;
}

/**
 * Watches where the managed threads of a running process are: a source of raw
 * traces that does not end before the process does or it is stopped.
 *
 * Names of code come with the stream as it is loaded; what was loaded before,
 * or came precompiled, is asked for when a stack refers to it, by a session that
 * ends at once. Traces wait for that.
 *
 * @example Where a process is, for ten seconds
 * ```ts ignore
 * import { DiagnosticClient, StackWatcher } from "@tracedeck/tracedeck/eventpipe";
 * import { profileTraces } from "@tracedeck/tracedeck/tracehandler";
 *
 * const { profile } = await profileTraces(
 *   new StackWatcher(DiagnosticClient.forPid(1234), {
 *     stop: AbortSignal.timeout(10_000),
 *   }),
 *   { timed: false },
 * );
 * ```
 */
export class StackWatcher implements RawTraceSource {
  readonly #client: DiagnosticClient;
  readonly #options: StackWatcherOptions;
  readonly #names: LiveNames;
  readonly #traces: StackTraces;
  readonly #queue: Batch[] = [];
  #waiting = 0;
  #batchNumber = 0;
  /** Last batch for which all was done to name it. */
  #namedUpTo = 0;
  #naming: Promise<void> | undefined;
  #namedAtMs = -Infinity;
  #namingPauseMs = 0;
  readonly #ended = Promise.withResolvers<void>();
  readonly #leaving = new AbortController();
  #hasEnded = false;
  #failure: unknown;
  #wake = Promise.withResolvers<void>();
  #startNs: UnixNs | undefined;
  #process: ProcessMeta | undefined;
  #traceCount = 0;
  #droppedTraces = 0;
  #lostEvents = 0;
  #codeLists = 0;

  /**
   * @param client The runtime.
   * @param options When to end, bounds, names.
   */
  constructor(client: DiagnosticClient, options: StackWatcherOptions = {}) {
    this.#client = client;
    this.#options = options;
    this.#names = new LiveNames(options);
    this.#traces = new StackTraces((header) =>
      client.pid ?? header.processId ?? 0
    );
  }

  get facts(): SamplingFacts {
    const wall = { type: "wall", unit: "nanoseconds" };
    return {
      periodType: wall,
      period: this.#traces.periodNs,
      valueType: wall,
    };
  }

  readonly clock: TraceClock = {
    isWallClock: true,
    unixNs: (ktime) => (this.#startNs! + ktime) as UnixNs,
  };

  get converter(): FrameConverter {
    return this.#names;
  }

  /** What was done so far. */
  get counters(): StackWatcherCounters {
    return {
      traces: this.#traceCount,
      droppedTraces: this.#droppedTraces,
      lostEvents: this.#lostEvents,
      codeLists: this.#codeLists,
    };
  }

  processOf(): ProcessMeta | undefined {
    return this.#process;
  }

  /**
   * Starts to watch; once.
   *
   * @returns Traces as they come, named ones first.
   * @throws {DiagnosticError} When no session can be started.
   */
  async *batches(): AsyncGenerator<readonly RawTrace[]> {
    const { stop, bufferSizeMb, onStart } = this.#options;
    await using session = await this.#client.collectTracing({
      providers: [
        { name: PROVIDER_NAME.sampleProfiler, level: 4 },
        { name: PROVIDER_NAME.runtime, keywords: CODE_KEYWORDS, level: 5 },
      ],
      rundownKeyword: 0n,
      bufferSizeMb,
    });
    const end = () => void this.#stop(session);
    stop?.addEventListener("abort", end);
    if (stop?.aborted === true) end();
    const reading = this.#read(session);
    try {
      await onStart?.();
      this.#process = await this.#askProcess();
      for (;;) {
        const batch = this.#nextBatch();
        if (batch !== undefined) {
          yield batch.traces;
          continue;
        }
        if (this.#hasEnded && this.#queue.length === 0) break;
        await this.#somethingNew();
      }
      if (this.#failure !== undefined) throw this.#failure;
    } finally {
      stop?.removeEventListener("abort", end);
      this.#leaving.abort();
      session.close();
      await reading;
      await this.#naming;
    }
  }

  /** Shortly after its start a process does not know its assembly. */
  async #askProcess(): Promise<ProcessMeta | undefined> {
    let pauseMs = FIRST_PAUSE_MS;
    try {
      for (;;) {
        const info = await this.#client.processInfo();
        const isEarly = info.entrypointAssembly === "" &&
          pauseMs <= LAST_PAUSE_MS && !this.#hasEnded;
        if (!isEarly) return describe(info);
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
        pauseMs *= 2;
      }
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      return undefined;
    }
  }

  /** Never rejects: what goes wrong ends the batches. */
  async #read(session: Session): Promise<void> {
    const head = {
      handlerOf: () => undefined,
      onHeader: ({ syncTime }: NettraceHeader) => {
        this.#startNs = syncTime ?? unixNsFromMs(Date.now());
      },
      onLoss: ({ count }: { readonly count: number }) => {
        this.#lostEvents += count;
      },
    };
    try {
      const pieces = pumpNettrace(session.stream, [
        head,
        this.#names,
        this.#traces,
      ]);
      for await (const _ of pieces) this.#gather();
      this.#traces.finish();
      this.#gather();
    } catch (error) {
      // A process that ends at once, or is stopped at once, has sent nothing.
      if (!(error instanceof TruncatedError)) this.#failure = error;
    }
    this.#hasEnded = true;
    this.#ended.resolve();
    this.#wake.resolve();
  }

  #gather(): void {
    const { maxWaiting = MAX_WAITING } = this.#options;
    this.#names.update();
    const traces = this.#traces.take();
    if (traces.length === 0) return;
    this.#traceCount += traces.length;
    this.#queue.push({
      traces,
      number: ++this.#batchNumber,
      unknownAt: undefined,
    });
    this.#waiting += traces.length;
    while (this.#waiting > maxWaiting && this.#queue.length > 1) {
      const { length } = this.#queue.shift()!.traces;
      this.#waiting -= length;
      this.#droppedTraces += length;
    }
    this.#wake.resolve();
  }

  /** The oldest batch, if its frames have names or cannot have any. */
  #nextBatch(): Batch | undefined {
    const [batch] = this.#queue;
    if (batch === undefined) return undefined;
    if (batch.number > this.#namedUpTo) {
      const { generation, loadedCount } = this.#names;
      if (batch.unknownAt !== generation) {
        batch.unknownAt = this.#unknownOf(batch).size > 0
          ? generation
          : undefined;
      }
      if (loadedCount > MAX_LOADED) this.#nameCode();
      if (batch.unknownAt !== undefined) {
        this.#nameCode();
        return undefined;
      }
    }
    this.#queue.shift();
    this.#waiting -= batch.traces.length;
    return batch;
  }

  #unknownOf({ traces }: Batch): Set<bigint> {
    const unknown = new Set<bigint>();
    const seen = new Set<Uint32Array>();
    for (const { frameData } of traces) {
      if (seen.has(frameData)) continue;
      seen.add(frameData);
      for (const address of this.#names.unknownIn(frameData)) {
        unknown.add(address);
      }
    }
    return unknown;
  }

  /** Waits for traces, the end, or the moment at which names may be asked for. */
  async #somethingNew(): Promise<void> {
    const waitMs = this.#queue.length === 0 || this.#naming !== undefined
      ? undefined
      : this.#pauseMs();
    const timer = waitMs === undefined
      ? undefined
      : setTimeout(() => this.#wake.resolve(), waitMs);
    await this.#wake.promise;
    clearTimeout(timer);
    this.#wake = Promise.withResolvers();
  }

  #pauseMs(): number {
    const { namingIntervalMs = this.#namingPauseMs } = this.#options;
    if (this.#hasEnded) return 0;
    return Math.max(this.#namedAtMs + namingIntervalMs - performance.now(), 0);
  }

  #nameCode(): void {
    if (this.#naming !== undefined || this.#pauseMs() > 0) return;
    const upTo = this.#batchNumber;
    const startMs = performance.now();
    this.#naming = this.#askForNames().then((isComplete) => {
      if (isComplete) {
        for (const batch of this.#queue) {
          if (batch.number <= upTo) this.#names.giveUp(this.#unknownOf(batch));
        }
      }
      this.#namedUpTo = upTo;
      this.#namedAtMs = performance.now();
      this.#namingPauseMs = Math.min(
        Math.max(
          NAMING_PAUSE_FACTOR * (this.#namedAtMs - startMs),
          MIN_NAMING_PAUSE_MS,
        ),
        MAX_NAMING_PAUSE_MS,
      );
      this.#naming = undefined;
      this.#wake.resolve();
    });
  }

  /** Never rejects: a stream that cannot be ended in order is left. */
  async #stop(session: Session): Promise<void> {
    try {
      await session.stop();
    } catch (error) {
      // A process that has ended is seen by the end of its stream.
      await this.#endOrPause();
      if (this.#hasEnded) return;
      const text = error instanceof Error ? error.message : String(error);
      this.#options.onNote?.(text);
      session.close();
    }
  }

  /** Whether the process ends by itself. */
  async #isEnding(): Promise<boolean> {
    await this.#endOrPause();
    return this.#hasEnded && this.#options.stop?.aborted !== true;
  }

  async #endOrPause(): Promise<void> {
    const pause = Promise.withResolvers<void>();
    const timer = setTimeout(pause.resolve, ENDING_MS);
    await Promise.race([this.#ended.promise, pause.promise]);
    clearTimeout(timer);
  }

  /** Lets the runtime list all its code: a session that ends at once. Never rejects. */
  async #askForNames(): Promise<boolean> {
    const list = this.#names.beginList();
    let isComplete = false;
    try {
      await using session = await this.#client.collectTracing({
        providers: [{ name: PROVIDER_NAME.runtime, keywords: 0n, level: 0 }],
      }, { signal: this.#leaving.signal });
      const stopped = session.stop({ signal: this.#leaving.signal });
      stopped.catch(() => session.close());
      await collectNettrace(session.stream, [list]);
      await stopped;
      isComplete = list.isRundownComplete;
      if (isComplete) this.#codeLists++;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      // A process that has ended names nothing, which needs no words.
      const hasGone = this.#leaving.signal.aborted ||
        error instanceof ServerNotAvailableError || await this.#isEnding();
      if (!hasGone) {
        this.#options.onNote?.(`methods were not named: ${error.message}`);
      }
    } finally {
      this.#names.endList(isComplete);
    }
    return isComplete;
  }
}

function describe(
  { entrypointAssembly, commandLine }: ProcessInfo,
): ProcessMeta {
  const [, quoted, bare = ""] = /^(?:"([^"]*)"|(\S*))/.exec(commandLine) ?? [];
  const program = quoted ?? bare;
  return {
    name: entrypointAssembly || program.replace(/^.*[/\\]/s, ""),
    executablePath: program,
    containerId: "",
  };
}
