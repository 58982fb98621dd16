import { FormatError } from "../base/errors.ts";
import { DecodeStats } from "../base/decode_stats.ts";
import { collectNettrace } from "./collect_nettrace.ts";
import { HeapCollector } from "./gcdump/heap_collector.ts";
import type { HeapDump } from "./gcdump/types.ts";
import type { DiagnosticClient } from "./ipc/diagnostic_client.ts";
import { isUnknownCommand } from "./ipc/diagnostic_error.ts";
import type { Session } from "./ipc/session.ts";
import type { CollectTracingConfig } from "./ipc/types.ts";
import type { EventCollector } from "./event_collector.ts";
import { ProcessFacts } from "./process_facts.ts";
import { PROVIDER_NAME } from "./provider_name_table.ts";

/** GC, Type, GCHeapDump, GCHeapCollect, GCHeapAndTypeNames. */
const HEAP_KEYWORDS = 0x198_0001n;
const BUFFER_MB = 1024;
const VERBOSE = 5;
const FLUSH_MS = 5_000;
/** A process without a managed heap never begins. */
const BEGIN_MS = 5_000;
const DEFAULT_TIMEOUT_MS = 30_000;
const LOOK_MS = 50;
/** How long a process that is late may take to end the session. */
const END_MS = 1_000;

/** How {@linkcode takeHeapDump} takes. */
export interface TakeHeapDumpOptions {
  /** After how many ms without a complete walk, or without a byte of what follows it, to end. @default {30000} */
  readonly timeoutMs?: number | undefined;
  /** Collects what is missing. */
  readonly stats?: DecodeStats | undefined;
  /** Gets remarks. */
  readonly onNote?: ((text: string) => void) | undefined;
  /** Gets the number of objects that have come. */
  readonly onProgress?: ((objects: number) => void) | undefined;
  /** Gives up. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Takes a heap dump of a running process: it makes a full collection and lists
 * its objects meanwhile. Since .NET 11 the process waits when we are slow, so
 * nothing is lost; before, what is lost is counted.
 *
 * @param client The runtime.
 * @param options Time limit, and where to count.
 * @returns The dump.
 * @throws {DiagnosticError} When no session can be started.
 * @throws {DOMException} A `TimeoutError` when there is no complete walk in time.
 */
export async function takeHeapDump(
  client: DiagnosticClient,
  options: TakeHeapDumpOptions = {},
): Promise<HeapDump> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, signal, onNote, onProgress } =
    options;
  const stats = options.stats ?? new DecodeStats();
  await flushTypes(client, signal);
  const config: CollectTracingConfig = {
    bufferSizeMb: BUFFER_MB,
    providers: [{
      name: PROVIDER_NAME.runtime,
      keywords: HEAP_KEYWORDS,
      level: VERBOSE,
    }],
  };
  await using session = await startHeapSession(client, config, onNote, signal);
  const onAbort = () => session.close();
  const heap = new HeapCollector();
  const facts = new ProcessFacts();
  const start = performance.now();
  let lastMs = start;
  const source = async function* () {
    for await (const bytes of session.stream) {
      lastMs = performance.now();
      yield bytes;
    }
  };
  let state: "complete" | "late" | "absent" | undefined;
  let endTimer: ReturnType<typeof setTimeout> | undefined;
  const timer = setInterval(() => {
    onProgress?.(heap.objectCount);
    if (state === "complete" && performance.now() - lastMs > timeoutMs) {
      // The objects are there; what is missing are names of modules.
      onAbort();
    }
    if (state !== undefined) return;
    const elapsed = performance.now() - start;
    if (heap.phase === "complete") state = "complete";
    else if (elapsed > timeoutMs) state = "late";
    else if (heap.phase === "waiting" && elapsed > BEGIN_MS) state = "absent";
    if (state === undefined) return;
    void session.stop().catch(() => {});
    // A process that stands still never ends it.
    if (state !== "complete") endTimer = setTimeout(onAbort, END_MS);
  }, LOOK_MS);
  signal?.addEventListener("abort", onAbort);
  try {
    await collectNettrace(source(), [heap, facts], {
      stats,
      salvage: true,
    });
  } catch (error) {
    // Of what was broken off there is nothing more to say.
    const isBrokenOff = signal?.aborted === true ||
      state !== undefined && state !== "complete";
    if (!(isBrokenOff && error instanceof FormatError)) throw error;
  } finally {
    clearInterval(timer);
    clearTimeout(endTimer);
    signal?.removeEventListener("abort", onAbort);
  }
  signal?.throwIfAborted();
  const dump = heap.phase === "waiting" ? undefined : heap.finish(stats);
  if (dump === undefined || state === "late") {
    throw new DOMException(
      `Cannot take a heap dump: ${
        state === undefined
          ? "the process ended before its objects came"
          : heap.phase === "waiting"
          ? `no collection began within ${
            Math.min(BEGIN_MS, timeoutMs) / 1000
          } s`
          : `the collection did not end within ${timeoutMs / 1000} s`
      }`,
      "TimeoutError",
    );
  }
  const { programName } = facts;
  return programName === "" ? dump : { ...dump, processName: programName };
}

async function startHeapSession(
  client: DiagnosticClient,
  config: CollectTracingConfig,
  onNote: ((text: string) => void) | undefined,
  signal: AbortSignal | undefined,
): Promise<Session> {
  try {
    return await client.collectTracing(
      { ...config, bufferingMode: "block" },
      { signal },
    );
  } catch (error) {
    if (!isUnknownCommand(error)) throw error;
    onNote?.(
      "the runtime cannot wait for a slow reader (it needs .NET 11): objects of a very large heap may be lost, which is told then",
    );
    return await client.collectTracing(config, { signal });
  }
}

/** Types that were told to an earlier session are told again after this. */
async function flushTypes(
  client: DiagnosticClient,
  signal: AbortSignal | undefined,
): Promise<void> {
  await using session = await client.collectTracing({
    bufferSizeMb: BUFFER_MB,
    rundownKeyword: 0n,
    providers: [{ name: PROVIDER_NAME.sampleProfiler, level: 4 }],
  }, { signal });
  const close = () => session.close();
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const stop = () => {
    void session.stop().catch(() => {});
    timers.add(setTimeout(close, END_MS));
  };
  timers.add(setTimeout(stop, FLUSH_MS));
  signal?.addEventListener("abort", close);
  let hasBegun = false;
  const onEvent = () => {
    if (!hasBegun) stop();
    hasBegun = true;
  };
  const first: EventCollector = { handlerOf: () => onEvent };
  try {
    await collectNettrace(session.stream, [first]);
  } catch (error) {
    // Nothing is wanted of this stream but its beginning.
    if (!(error instanceof FormatError)) throw error;
  } finally {
    for (const timer of timers) clearTimeout(timer);
    signal?.removeEventListener("abort", close);
  }
  signal?.throwIfAborted();
}
