import type { OsError } from "../base/errors.ts";
import { HEADER_BYTES } from "./message_decoder.ts";
import { encodePacket, encodePayload, typeIdOf } from "./message_encoder.ts";
import { RemoteSink } from "./remote_sink.ts";
import { ReplayPacer } from "./replay_pacer.ts";
import type { RemoteSinkConfig } from "./sink_config.ts";
import { openTraceSender } from "./trace_sender.ts";

/** Events between two looks at the clock and the signal. */
const BURST = 256;
const DEFAULT_MESSAGE_BYTES = 100;
const UNKNOWN_TYPE = 0xffff;

/** What {@linkcode runLoad} does. */
export interface RunLoadOptions {
  /** Where to, and the rules of the sink. */
  readonly sink: RemoteSinkConfig;
  /** Sandboxes side by side. @default {1} */
  readonly clients?: number | undefined;
  /** Events per sandbox. @default {Infinity} */
  readonly messages?: number | undefined;
  /** How long to go on, in ms. @default {Infinity} */
  readonly timeMs?: number | undefined;
  /** Size of a message in bytes, header included, from 8. @default {100} */
  readonly messageBytes?: number | undefined;
  /** Events per second and sandbox. @default {as fast as possible} */
  readonly rate?: number | undefined;
  /** Whether to wait for room, rather than drop. @default {false} */
  readonly waits?: boolean | undefined;
  /** Ends it early. */
  readonly signal?: AbortSignal | undefined;
}

/** What came of a load. */
export interface LoadResult {
  /** Events that were sent. */
  readonly sent: number;
  /** Events that were dropped. */
  readonly dropped: number;
  /** Attempts beyond the first ones. */
  readonly retries: number;
  /** Bytes that were sent. */
  readonly bytes: number;
  /** From the first event to the last, in ms. */
  readonly elapsedMs: number;
  /** Why events were dropped other than for want of room. */
  readonly error: string | undefined;
}

/**
 * Sends synthetic events to a monitoring process from any number of sandboxes,
 * and counts what is lost by the rules of gVisor's sink.
 *
 * @param options Sandboxes, events, pace.
 * @returns Counts.
 * @throws {OsError} When nobody listens, or the server has gone while it was waited for.
 */
export async function runLoad(options: RunLoadOptions): Promise<LoadResult> {
  const { clients = 1 } = options;
  const sources = await Promise.all(
    Array.from({ length: clients }, (_, index) => connect(options, index)),
  );
  const startMs = performance.now();
  try {
    await Promise.all(sources.map((source) => emitAll(source, options)));
    const elapsedMs = performance.now() - startMs;
    const sum = (of: (source: Source) => number) =>
      sources.reduce((total, source) => total + of(source), 0);
    const messageBytes = options.messageBytes ?? DEFAULT_MESSAGE_BYTES;
    const sent = sum((source) => source.sent());
    return {
      sent,
      dropped: sum((source) => source.dropped()),
      retries: sum((source) => source.retries()),
      bytes: sent * messageBytes,
      elapsedMs,
      error: sources.map((source) => source.error()).find((error) =>
        error !== undefined
      ),
    };
  } finally {
    await Promise.all(sources.map((source) => source.close()));
  }
}

/** One synthetic sandbox. */
interface Source {
  /** Gives a promise only where it has to wait. */
  emit(): void | Promise<void>;
  sent(): number;
  dropped(): number;
  retries(): number;
  error(): string | undefined;
  close(): Promise<void>;
}

async function connect(
  options: RunLoadOptions,
  index: number,
): Promise<Source> {
  const { sink, waits = false, signal } = options;
  const packet = makePacket(
    options.messageBytes ?? DEFAULT_MESSAGE_BYTES,
    index,
  );
  if (waits) {
    const sender = await openTraceSender(sink.endpoint, {
      serverVersion: "known",
      largest: { name: "a message", sizeBytes: packet.length },
      signal,
    });
    let sent = 0;
    return {
      emit() {
        sent++;
        if (!sender.trySend(packet)) return sender.send(packet);
      },
      sent: () => sent,
      dropped: () => 0,
      retries: () => 0,
      error: () => undefined,
      close: () => sender.close(),
    };
  }
  const remote = await RemoteSink.connect(sink, { signal });
  return {
    emit: () => void remote.emitPacket(packet),
    sent: () => remote.sent,
    dropped: () => remote.dropped,
    retries: () => remote.retries,
    error: () => describe(remote.lastError),
    close: () => remote.close(),
  };
}

function describe(error: OsError | undefined): string | undefined {
  return error?.message;
}

async function emitAll(
  source: Source,
  options: RunLoadOptions,
): Promise<void> {
  const { messages = Infinity, timeMs = Infinity, rate, signal } = options;
  const pacer = rate === undefined ? undefined : new ReplayPacer({ rate });
  const deadline = performance.now() + timeMs;
  for (let count = 0; count < messages; count++) {
    if (count % BURST === 0) {
      // The others and the signal have their turn.
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (signal?.aborted === true || performance.now() >= deadline) return;
    }
    if (pacer !== undefined) {
      await pacer.wait(undefined, signal);
      if (performance.now() >= deadline) return;
    }
    const waiting = source.emit();
    if (waiting !== undefined) await waiting;
  }
}

/** An `openat` event as large as wanted. */
function makePacket(
  sizeBytes: number,
  index: number,
): Uint8Array<ArrayBuffer> {
  const base = {
    "context_data": {
      "time_ns": BigInt(Date.now()) * 1_000_000n,
      "thread_id": 1,
      "container_id": `bench${index}`,
    },
    sysno: 257n,
    fd: -100n,
  };
  const bare = encodePayload("Open", base);
  const missing = sizeBytes - HEADER_BYTES - bare.length;
  // A path costs its tag and its length, which takes up to three bytes.
  for (let path = Math.max(0, missing - 4); path <= missing; path++) {
    const payload = encodePayload("Open", {
      ...base,
      pathname: "/".padEnd(path, "x").slice(0, path),
    });
    if (payload.length + HEADER_BYTES === sizeBytes) {
      return encodePacket(typeIdOf("Open"), payload);
    }
  }
  // Too small for all that: an event without fields, or a type that nobody knows.
  const filler = new Uint8Array(Math.max(0, sizeBytes - HEADER_BYTES));
  return encodePacket(
    filler.length === 0 ? typeIdOf("TaskExit") : UNKNOWN_TYPE,
    filler,
  );
}
