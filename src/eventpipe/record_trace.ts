import { shareStream } from "./event_collector.ts";
import { EventStop } from "./event_stop.ts";
import type { StoppingEvent } from "./event_stop.ts";
import type { DiagnosticClient } from "./ipc/diagnostic_client.ts";
import { ServerNotAvailableError } from "./ipc/diagnostic_error.ts";
import type { Session } from "./ipc/session.ts";
import type { CollectTracingConfig } from "./ipc/types.ts";
import { NettraceDecoder } from "./nettrace/nettrace_decoder.ts";
import { startTrace } from "./start_trace.ts";
import type { StartTraceOptions } from "./start_trace.ts";

/** How long a target is waited for when what it sends cannot be kept. */
const DISCARD_MS = 5_000;

/** Where a part of a trace goes. */
export interface TracePart {
  /** Keeps bytes. */
  write(bytes: Uint8Array): Promise<void>;
  /** All that will come has come. */
  close(): Promise<void>;
}

/** What became of a part of a trace. */
export interface RecordedPart {
  /** Position among the parts, from 0. */
  readonly index: number;
  /** Bytes that were kept. */
  readonly sizeBytes: number;
  /** Events in it. */
  readonly eventCount: number;
  /** Events that the runtime dropped, as far as their numbers tell. */
  readonly lostEventCount: number;
  /** Whether it has its end; otherwise the target ended or the recording was broken off. */
  readonly isComplete: boolean;
  /** Why it cannot be decoded, where it cannot. */
  readonly problem: string | undefined;
}

/** What a recording is doing, for progress. */
export interface RecordingState {
  /** Bytes of all parts. */
  readonly sizeBytes: number;
  /** Number of parts that were begun. */
  readonly parts: number;
  /** Whether the end was asked for, and what names stacks is on its way. */
  readonly isStopping: boolean;
}

/** How {@linkcode recordTrace} records. */
export interface RecordTraceOptions
  extends Pick<StartTraceOptions, "retry" | "onNote"> {
  /** Opens the place of a part, when its session is there. */
  readonly openPart: (index: number) => Promise<TracePart>;
  /** Ends the recording in order: the rest of the stream is still kept. */
  readonly stop?: AbortSignal | undefined;
  /** Gives up before the first session runs; without effect later. */
  readonly signal?: AbortSignal | undefined;
  /** After how long to end it, in ms. */
  readonly durationMs?: number | undefined;
  /** Event that ends it. */
  readonly stoppingEvent?: StoppingEvent | undefined;
  /** From which size on to go on in a further part. */
  readonly splitBytes?: number | undefined;
  /** After which time in ms to go on in a further part. */
  readonly splitMs?: number | undefined;
  /** Called when the first session runs. */
  readonly onStart?: (() => Promise<void> | void) | undefined;
  /** Called with each piece that was kept, and when the end is asked for. */
  readonly onProgress?: ((state: RecordingState) => void) | undefined;
}

/** What was recorded. */
export interface RecordedTrace {
  /** The parts, at least one. */
  readonly parts: readonly RecordedPart[];
  /** What ended it. */
  readonly endedBy: "signal" | "duration" | "event" | "target";
}

/**
 * Records the events of a process, byte for byte as its runtime sends them.
 *
 * A recording in parts has a session of its own for each, so that every part
 * has what it needs to be read by itself. The next one runs before the last one
 * ends: no event is missing between them, and those of the moment in which both
 * run are in both.
 *
 * @param client The runtime.
 * @param config Providers and buffer.
 * @param options Where to, and when to end.
 * @returns What was recorded.
 * @throws {DiagnosticError} When no session can be started.
 * @throws {Error} What a part threw; the target is not left recording.
 */
export async function recordTrace(
  client: DiagnosticClient,
  config: CollectTracingConfig,
  options: RecordTraceOptions,
): Promise<RecordedTrace> {
  const recording = new Recording(client, config, options);
  return await recording.run();
}

class Recording {
  readonly #client: DiagnosticClient;
  readonly #config: CollectTracingConfig;
  readonly #options: RecordTraceOptions;
  readonly #ended = Promise.withResolvers<RecordedTrace["endedBy"]>();
  #sizeBytes = 0;
  #parts = 0;
  #isStopping = false;

  constructor(
    client: DiagnosticClient,
    config: CollectTracingConfig,
    options: RecordTraceOptions,
  ) {
    this.#client = client;
    this.#config = config;
    this.#options = options;
  }

  async run(): Promise<RecordedTrace> {
    const { stop, durationMs, onStart, splitMs } = this.#options;
    let current = await this.#begin();
    const tasks = [current];
    const onStop = () => this.#ended.resolve("signal");
    if (stop?.aborted === true) onStop();
    stop?.addEventListener("abort", onStop);
    const timer = durationMs === undefined
      ? undefined
      : setTimeout(() => this.#ended.resolve("duration"), durationMs);
    try {
      await onStart?.();
      let endedBy: RecordedTrace["endedBy"] | undefined;
      while (endedBy === undefined) {
        const pause = waitFor(splitMs);
        const part = current;
        const next = await Promise.race([
          this.#ended.promise,
          part.done.then(() => "target" as const),
          part.isFull.then(() => "full" as const),
          pause.promise.then(() => "full" as const),
        ]);
        pause.cancel();
        if (next !== "full") {
          endedBy = next;
          break;
        }
        try {
          current = await this.#begin();
        } catch (error) {
          // A target that has just ended is no failure of the recording.
          if (!(error instanceof ServerNotAvailableError)) throw error;
          endedBy = "target";
          break;
        }
        tasks.push(current);
        // The old part ends beside the new one.
        part.end();
      }
      this.#isStopping = true;
      this.#report();
      current.end();
      const parts = await Promise.all(tasks.map(({ done }) => done));
      return { parts, endedBy };
    } catch (error) {
      for (const task of tasks) task.end();
      await Promise.allSettled(tasks.map(({ done }) => done));
      throw error;
    } finally {
      clearTimeout(timer);
      stop?.removeEventListener("abort", onStop);
    }
  }

  async #begin(): Promise<
    { end: () => void; done: Promise<RecordedPart>; isFull: Promise<void> }
  > {
    const index = this.#parts;
    const { retry, onNote, signal } = this.#options;
    const session = await startTrace(this.#client, this.#config, {
      retry,
      onNote,
      // What is recorded already is not given up because no more comes.
      signal: index === 0 ? signal : undefined,
    });
    let part: TracePart;
    try {
      part = await this.#options.openPart(index);
    } catch (error) {
      await discard(session);
      throw error;
    }
    this.#parts++;
    const full = Promise.withResolvers<void>();
    let stopped: Promise<void> | undefined;
    const done = this.#keep(session, part, index, full.resolve);
    done.catch(() => {});
    return {
      done: done.finally(() => stopped),
      isFull: full.promise,
      end: () => {
        if (stopped !== undefined || session.hasEnded) return;
        // A target that ended before is seen by the end of its stream.
        stopped = session.stop().catch(() => {});
      },
    };
  }

  async #keep(
    session: Session,
    part: TracePart,
    index: number,
    onFull: () => void,
  ): Promise<RecordedPart> {
    const { splitBytes = Infinity } = this.#options;
    const watch = this.#watch();
    let sizeBytes = 0;
    await using _session = session;
    try {
      for await (const bytes of session.stream) {
        await part.write(bytes);
        sizeBytes += bytes.length;
        this.#sizeBytes += bytes.length;
        watch.push(bytes);
        if (sizeBytes >= splitBytes) onFull();
        this.#report();
      }
    } catch (error) {
      await discard(session);
      await part.close().catch(() => {});
      throw error;
    }
    await part.close();
    return { index, sizeBytes, ...watch.finish() };
  }

  /** Follows the stream for its end, its losses, and the event that ends it. */
  #watch(): {
    push: (bytes: Uint8Array) => void;
    finish: () => Omit<RecordedPart, "index" | "sizeBytes">;
  } {
    const { stoppingEvent } = this.#options;
    const collectors = stoppingEvent === undefined ? [] : [
      new EventStop(stoppingEvent, () => this.#ended.resolve("event")),
    ];
    const { sink, wants } = shareStream(collectors);
    const decoder = new NettraceDecoder(sink, { wants });
    let problem: string | undefined;
    // The bytes are kept whatever they are.
    const attempt = (work: () => void) => {
      if (problem !== undefined) return;
      try {
        work();
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
      }
    };
    return {
      push: (bytes) => attempt(() => decoder.push(bytes)),
      finish: () => {
        let isComplete = false;
        attempt(() => isComplete = decoder.finish().type === "complete");
        return {
          eventCount: decoder.eventCount,
          lostEventCount: decoder.lostEventCount,
          isComplete,
          problem,
        };
      },
    };
  }

  #report(): void {
    this.#options.onProgress?.({
      sizeBytes: this.#sizeBytes,
      parts: this.#parts,
      isStopping: this.#isStopping,
    });
  }
}

/** Ends a session of which nothing more can be kept, so that the target is not left recording. */
async function discard(session: Session): Promise<void> {
  const limit = waitFor(DISCARD_MS);
  const stopped = session.stop().catch(() => {});
  await Promise.race([stopped, limit.promise]);
  limit.cancel();
  session.close();
}

function waitFor(
  ms: number | undefined,
): { promise: Promise<void>; cancel: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
  return { promise, cancel: () => clearTimeout(timer) };
}
