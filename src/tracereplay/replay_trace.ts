import { OsError } from "../base/errors.ts";
import { parseEndpoint } from "./endpoint.ts";
import { timeNsOf } from "./event_fields.ts";
import type { EventPredicate } from "./event_filter.ts";
import { decodeMessage } from "./message_decoder.ts";
import { setDropped } from "./message_encoder.ts";
import { readTraceBatches } from "./read_trace_file.ts";
import { RemoteSink } from "./remote_sink.ts";
import { ReplayPacer } from "./replay_pacer.ts";
import type { ReplayPace } from "./replay_pacer.ts";
import type { RemoteSinkConfig } from "./sink_config.ts";
import { TraceFileDecoder } from "./trace_file_decoder.ts";
import type { TraceRecord } from "./trace_file_decoder.ts";
import { openTraceSender } from "./trace_sender.ts";
import type { OpenTraceSenderOptions } from "./trace_sender.ts";

/** A trace file that is to be replayed. */
export interface ReplaySource {
  /** Name for messages. */
  readonly name: string;
  /** Opens the file from its start. */
  open(): AsyncIterable<Uint8Array>;
  /** Whether it can be opened once only, as standard input; then it is not checked before. @default {false} */
  readonly isStream?: boolean | undefined;
}

/** How {@linkcode replayTrace} replays. */
export interface ReplayTraceOptions extends
  ReplayPace,
  Pick<
    OpenTraceSenderOptions,
    "serverVersion" | "onWarning" | "signal" | "stdout"
  > {
  /** Chooses messages. */
  readonly isWanted?: EventPredicate | undefined;
  /** How often the file is sent over one connection. @default {1} */
  readonly loop?: number | undefined;
  /** How many connections send it side by side. @default {1} */
  readonly clients?: number | undefined;
  /** Whether drop counters are set to 0. @default {false} */
  readonly zeroDropped?: boolean | undefined;
  /** Whether a file of version 0 is sent; its handshake is empty. @default {false} */
  readonly force?: boolean | undefined;
  /** Sends and drops as gVisor's sink does, rather than wait for room. */
  readonly sink?: Omit<RemoteSinkConfig, "endpoint"> | undefined;
  /** Called when a connection has shaken hands. */
  readonly onHandshake?: (() => void) | undefined;
  /** Called for every message that was sent. */
  readonly onSent?: ((total: number) => void) | undefined;
}

/** What {@linkcode replayTrace} did. */
export interface ReplayResult {
  /** Messages that were sent, over all connections. */
  readonly sent: number;
  /** Sum of their sizes in bytes. */
  readonly bytes: number;
  /** Messages without any bytes, which were left out: they look like the end. */
  readonly skipped: number;
  /** Messages that were dropped by the rules of the sink. */
  readonly dropped: number;
}

/** What there is to know of a trace file before it is sent. */
export interface TraceExtent {
  /** Version that it tells. */
  readonly version: number;
  /** Number of messages. */
  readonly records: number;
  /** Position of the largest message, 0 when there is none. */
  readonly largestSeq: number;
  /** Size of the largest message in bytes. */
  readonly largestBytes: number;
}

/**
 * Reads a trace file from end to end without looking into the messages.
 *
 * @param source The file.
 * @param signal Ends it.
 * @returns Version, number and sizes.
 * @throws {FormatError} When it is not a trace file or ends inside a record.
 * @throws {LimitError} When a record exceeds 1 MiB.
 */
export async function measureTrace(
  source: AsyncIterable<Uint8Array> | Uint8Array,
  signal?: AbortSignal,
): Promise<TraceExtent> {
  const extent = { version: 0, records: 0, largestSeq: 0, largestBytes: 0 };
  const decoder = new TraceFileDecoder({
    onConfig: (config) => extent.version = config.version,
    onSize(seq, sizeBytes) {
      extent.records = seq;
      if (sizeBytes <= extent.largestBytes) return;
      extent.largestSeq = seq;
      extent.largestBytes = sizeBytes;
    },
  });
  for await (const chunk of source instanceof Uint8Array ? [source] : source) {
    signal?.throwIfAborted();
    decoder.push(chunk);
  }
  decoder.finish();
  return extent;
}

/**
 * Replays a trace file to a monitoring process, as gVisor's `tracereplay replay`
 * does: byte for byte, one packet per message. The file is checked as a whole
 * before the server sees a connection.
 *
 * @param source The file.
 * @param endpoint Where to, as of `parseEndpoint`.
 * @param options Choice of messages, pace, connections.
 * @returns What was sent.
 * @throws {FormatError} When the file is damaged.
 * @throws {OsError} When nobody listens, or the server has gone.
 * @throws {LimitError} When a message exceeds what the socket can take.
 *
 * @example Replaying a file twice as fast as it was recorded
 * ```ts ignore
 * import { replayTrace } from "@tracedeck/tracedeck/tracereplay";
 *
 * const file = "client-0001";
 * const { sent } = await replayTrace({
 *   name: file,
 *   open: () => Deno.openSync(file).readable,
 * }, "/run/events.sock", { speed: 2 });
 * console.log(sent);
 * ```
 */
export async function replayTrace(
  source: ReplaySource,
  endpoint: string,
  options: ReplayTraceOptions = {},
): Promise<ReplayResult> {
  const { clients = 1, loop = 1, force = false, signal } = options;
  checkCount("clients", clients);
  checkCount("loop", loop);
  if (source.isStream === true && (clients > 1 || loop > 1)) {
    throw new RangeError(
      `Cannot replay ${source.name} several times: it can be read once only`,
    );
  }
  const extent = source.isStream === true
    ? undefined
    : await measureTrace(source.open(), signal);
  if (extent?.version === 0 && !force) {
    throw new RangeError(
      `Cannot replay ${source.name}: its version is 0, which gives an empty handshake`,
    );
  }
  const replay = new Replay(source, endpoint, extent, options);
  await Promise.all(
    Array.from({ length: clients }, () => replay.runClient()),
  );
  return replay.result;
}

/** Somewhere the messages of one connection go. */
interface Target {
  /**
   * Sends a message, and gives a promise only where it has to wait: most
   * messages fit at once, and a promise for each would cost more than they do.
   */
  send(packet: Uint8Array<ArrayBuffer>): Sent | Promise<Sent>;
  flush(): Promise<void>;
  close(): Promise<void>;
}

type Sent = "sent" | "dropped";

interface ChosenMessage {
  readonly packet: Uint8Array<ArrayBuffer>;
  readonly timeNs: bigint | undefined;
}

class Replay {
  readonly #source: ReplaySource;
  readonly #endpoint: string;
  readonly #extent: TraceExtent | undefined;
  readonly #options: ReplayTraceOptions;
  #sent = 0;
  #bytes = 0;
  #skipped = 0;
  #dropped = 0;

  constructor(
    source: ReplaySource,
    endpoint: string,
    extent: TraceExtent | undefined,
    options: ReplayTraceOptions,
  ) {
    this.#source = source;
    this.#endpoint = endpoint;
    this.#extent = extent;
    this.#options = options;
  }

  get result(): ReplayResult {
    return {
      sent: this.#sent,
      bytes: this.#bytes,
      skipped: this.#skipped,
      dropped: this.#dropped,
    };
  }

  async runClient(): Promise<void> {
    const { loop = 1, onHandshake } = this.#options;
    const target = await this.#connect();
    try {
      onHandshake?.();
      for (let round = 0; round < loop; round++) await this.#runOnce(target);
    } finally {
      await target.close();
    }
  }

  async #connect(): Promise<Target> {
    const { sink, serverVersion, onWarning, signal, stdout } = this.#options;
    if (sink !== undefined) {
      const remote = await RemoteSink.connect({
        ...sink,
        endpoint: seqpacketPath(this.#endpoint),
      }, { signal });
      return {
        send: (packet) =>
          remote.emitPacket(packet.slice()) ? "sent" : "dropped",
        flush: () => Promise.resolve(),
        close: () => remote.close(),
      };
    }
    const sender = await openTraceSender(this.#endpoint, {
      version: this.#extent?.version,
      largest: this.#extent === undefined ? undefined : {
        name: `message ${this.#extent.largestSeq} of ${this.#source.name}`,
        sizeBytes: this.#extent.largestBytes,
      },
      serverVersion,
      onWarning,
      signal,
      stdout,
    });
    return {
      send: (packet) =>
        sender.trySend(packet)
          ? "sent"
          : sender.send(packet).then(() => "sent"),
      flush: () => sender.flush(),
      close: () => sender.close(),
    };
  }

  async #runOnce(target: Target): Promise<void> {
    const { signal, speed, rate } = this.#options;
    const pacer = rate === undefined && speed === undefined
      ? undefined
      : new ReplayPacer({ rate, speed });
    const source = this.#source.open();
    for await (const records of readTraceBatches(source, { signal })) {
      for (const record of records) {
        const chosen = this.#choose(record, pacer);
        if (chosen === undefined) continue;
        if (pacer !== undefined) await pacer.wait(chosen.timeNs, signal);
        try {
          const sent = target.send(chosen.packet);
          this.#count(
            typeof sent === "string" ? sent : await sent,
            chosen.packet,
          );
          if (pacer !== undefined) await target.flush();
        } catch (error) {
          throw this.#describe(error, record);
        }
      }
      await target.flush();
    }
  }

  /** Decides whether a message is sent, and as what. */
  #choose(
    record: TraceRecord,
    pacer: ReplayPacer | undefined,
  ): ChosenMessage | undefined {
    const { onWarning, isWanted, zeroDropped } = this.#options;
    let timeNs: bigint | undefined;
    if (isWanted !== undefined || pacer?.needsTime === true) {
      const event = decodeMessage(record.bytes, { seq: record.seq });
      if (isWanted?.(event) === false) return undefined;
      timeNs = timeNsOf(event);
    }
    if (record.bytes.length === 0) {
      this.#skipped++;
      onWarning?.(
        `message ${record.seq} has no bytes and is left out, the server would take it for the end`,
      );
      return undefined;
    }
    const packet = record.bytes as Uint8Array<ArrayBuffer>;
    if (zeroDropped !== true) return { packet, timeNs };
    const copy = packet.slice();
    setDropped(copy, 0);
    return { packet: copy, timeNs };
  }

  #count(sent: Sent, packet: Uint8Array): void {
    if (sent === "dropped") {
      this.#dropped++;
      return;
    }
    this.#sent++;
    this.#bytes += packet.length;
    this.#options.onSent?.(this.#sent);
  }

  #describe(error: unknown, record: TraceRecord): unknown {
    const hasLeft = error instanceof OsError &&
      (error.code === "EPIPE" || error.code === "ECONNRESET");
    if (!hasLeft) return error;
    const total = this.#extent?.records;
    return new OsError(
      `Cannot replay ${this.#source.name}: connection closed by the server after message ${
        record.seq - 1
      }${total === undefined ? "" : ` of ${total}`}`,
      {
        syscall: error.syscall,
        errno: error.errno,
        code: error.code,
        cause: error,
      },
    );
  }
}

function seqpacketPath(endpoint: string): string {
  const target = parseEndpoint(endpoint);
  if (target.type === "seqpacket") return target.path;
  throw new RangeError(
    `Cannot drop as a sink does at "${endpoint}": only a SOCK_SEQPACKET socket can be full`,
  );
}

function checkCount(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new RangeError(
    `Cannot replay: ${name} is ${value}, expected an integer of 1 or more`,
  );
}
