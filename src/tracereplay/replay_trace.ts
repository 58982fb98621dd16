import { OsError } from "../base/errors.ts";
import { parseEndpoint } from "./endpoint.ts";
import { timeNsOf } from "./event_fields.ts";
import type { EventPredicate } from "./event_filter.ts";
import { decodeMessage } from "./message_decoder.ts";
import { setDropped } from "./message_encoder.ts";
import { readTraceFile } from "./read_trace_file.ts";
import { RemoteSink } from "./remote_sink.ts";
import { ReplayPacer } from "./replay_pacer.ts";
import type { ReplayPace } from "./replay_pacer.ts";
import type { RemoteSinkConfig } from "./sink_config.ts";
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
  let version = 0;
  let records = 0;
  let largestSeq = 0;
  let largestBytes = 0;
  const options = {
    signal,
    onConfig: (config: { version: number }) => version = config.version,
  };
  for await (const { seq, bytes } of readTraceFile(source, options)) {
    records++;
    if (bytes.length > largestBytes) {
      largestSeq = seq;
      largestBytes = bytes.length;
    }
  }
  return { version, records, largestSeq, largestBytes };
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
  /** Gives false when the message was dropped. */
  send(packet: Uint8Array<ArrayBuffer>): boolean | Promise<boolean>;
  close(): Promise<void>;
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
        send: (packet) => remote.emitPacket(packet.slice()),
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
      async send(packet) {
        await sender.send(packet);
        return true;
      },
      close: () => sender.close(),
    };
  }

  async #runOnce(target: Target): Promise<void> {
    const { onWarning, signal, isWanted, zeroDropped, speed, rate } =
      this.#options;
    const pacer = new ReplayPacer({ rate, speed });
    const isPaced = rate !== undefined || speed !== undefined;
    const needsEvent = isWanted !== undefined || pacer.needsTime;
    for await (
      const record of readTraceFile(this.#source.open(), { signal })
    ) {
      let timeNs: bigint | undefined;
      if (needsEvent) {
        const event = decodeMessage(record.bytes, { seq: record.seq });
        if (isWanted?.(event) === false) continue;
        timeNs = timeNsOf(event);
      }
      if (record.bytes.length === 0) {
        this.#skipped++;
        onWarning?.(
          `message ${record.seq} has no bytes and is left out, the server would take it for the end`,
        );
        continue;
      }
      if (isPaced) await pacer.wait(timeNs, signal);
      let packet = record.bytes as Uint8Array<ArrayBuffer>;
      if (zeroDropped === true) {
        packet = packet.slice();
        setDropped(packet, 0);
      }
      await this.#send(target, record, packet);
    }
  }

  async #send(
    target: Target,
    record: TraceRecord,
    packet: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    let isSent: boolean;
    try {
      isSent = await target.send(packet);
    } catch (error) {
      throw this.#describe(error, record);
    }
    if (!isSent) {
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
