import { join } from "node:path";
import { MessageMeter } from "./message_meter.ts";
import { makeRecordBatch } from "./record_batch.ts";
import type { RecordBatch } from "./record_batch.ts";
import { redactMessage } from "./redact_message.ts";
import type { RedactKind } from "./redact_message.ts";
import { TraceFileWriter } from "./trace_file_writer.ts";
import { TraceServer } from "./trace_server.ts";
import type {
  TraceClient,
  TraceClientEnd,
  TraceClientHandler,
  TraceServerOptions,
} from "./trace_server.ts";
import type { TraceSender } from "./trace_sender.ts";

/** Warnings about messages of one client that are given out; all are counted. */
const MAX_WARNINGS = 10;
/** How long packed messages wait at most before they are on disk. */
const GZIP_FLUSH_MS = 1000;
const DIGITS = 4;

/** What is known of a client whose messages are saved. */
export interface SavedClient {
  /** Number of the client, from 1, as in the name of its file. */
  readonly number: number;
  /** Who it is. */
  readonly client: TraceClient;
  /** Its file, the first one when it is rotated; absent when messages are only forwarded. */
  readonly path: string | undefined;
  /** Messages that were stored or forwarded. */
  readonly messages: number;
  /** Sum of their sizes in bytes. */
  readonly bytes: number;
  /** Messages without a usable header, which are stored all the same. */
  readonly malformed: number;
  /** Messages that were lost because they exceed 1 MiB. */
  readonly oversized: number;
  /** Events that the sandbox failed to send. */
  readonly dropped: number;
  /** How often the sandbox's drop counter went back. */
  readonly dropResets: number;
}

/** How a {@linkcode SaveServer} saves. */
export interface SaveServerOptions
  extends Omit<TraceServerOptions, "onClient"> {
  /** Folder of the files; made if it does not exist. `undefined` saves no files. @default {"./replay"} */
  readonly outDir?: string | undefined;
  /** Start of the files' names; the number of the client follows. @default {"client-"} */
  readonly prefix?: string | undefined;
  /** Whether existing files are passed over, rather than written over. @default {false} */
  readonly keepExisting?: boolean | undefined;
  /** Whether to pack files with gzip; their names end in `.gz`. @default {false} */
  readonly gzip?: boolean | undefined;
  /** Size in bytes from which a client goes on in a further file, `client-0001.0002`. @default {Infinity} */
  readonly rotateBytes?: number | undefined;
  /** Age in ms from which a client goes on in a further file. @default {Infinity} */
  readonly rotateMs?: number | undefined;
  /** What to take out of messages before they are stored. @default {[]} */
  readonly redact?: readonly RedactKind[] | undefined;
  /** Messages of one client after which it is closed. @default {Infinity} */
  readonly maxMessages?: number | undefined;
  /** Bytes of messages of one client after which it is closed. @default {Infinity} */
  readonly maxClientBytes?: number | undefined;
  /** Bytes of messages of all clients after which the server stops. @default {Infinity} */
  readonly maxTotalBytes?: number | undefined;
  /** Opens where the messages of a client go beside or instead of its file. */
  readonly forward?:
    | ((client: TraceClient) => TraceSender | Promise<TraceSender>)
    | undefined;
  /** Sees messages as they were stored. */
  readonly onRecords?:
    | ((client: SavedClient, batch: RecordBatch) => void | Promise<void>)
    | undefined;
  /** Called when the server listens. */
  readonly onStart?: (() => void) | undefined;
  /** Called when a client has its file. */
  readonly onOpen?: ((client: SavedClient) => void) | undefined;
  /** Called when a client has ended and its file is closed. */
  readonly onClose?: ((client: SavedClient) => void) | undefined;
}

/** Reason for which a client is closed that has reached a limit. */
class LimitReached extends Error {
  override name = "LimitReached";
}

/**
 * Saves what sandboxes send, one file per client: what gVisor's
 * `tracereplay save` does, byte for byte.
 *
 * @example Saving until a key is pressed
 * ```ts ignore
 * import { SaveServer } from "@tracedeck/tracedeck/tracereplay";
 *
 * await using server = new SaveServer("/run/events.sock", { outDir: "traces" });
 * await server.start();
 * await Deno.stdin.read(new Uint8Array(1));
 * ```
 */
export class SaveServer implements AsyncDisposable {
  readonly #endpoint: string;
  readonly #options: SaveServerOptions;
  readonly #sessions = new Set<SaveSession>();
  #server: TraceServer | undefined;
  #clients = 0;
  #bytes = 0;
  #hasLoss = false;
  #flushTimer: ReturnType<typeof setInterval> | undefined;
  #isFull = false;

  /**
   * @param endpoint Where to listen, as of `parseEndpoint`.
   * @param options How to save.
   */
  constructor(endpoint: string, options: SaveServerOptions = {}) {
    this.#endpoint = endpoint;
    this.#options = options;
  }

  /** Where it listens, with the real port once it does. */
  get endpoint(): string {
    return this.#server?.endpoint ?? this.#endpoint;
  }

  /** Clients that are being saved. */
  get clients(): readonly SavedClient[] {
    return [...this.#sessions];
  }

  /** Whether messages were lost: too large, or not to be written. */
  get hasLoss(): boolean {
    return this.#hasLoss;
  }

  /** Resolves when the server has stopped and all files are closed. */
  get finished(): Promise<void> {
    return this.#server?.finished ?? Promise.resolve();
  }

  /**
   * Makes the folder and starts to listen.
   *
   * @throws {Error} As of `TraceServer.listen`.
   */
  async start(): Promise<void> {
    const { outDir = "./replay", gzip = false, onStart } = this.#options;
    if (this.#savesFiles) {
      await Deno.mkdir(outDir, { recursive: true, mode: 0o755 });
    }
    this.#server = await TraceServer.listen(this.#endpoint, {
      ...this.#options,
      onClient: (client) => this.newClient(client),
    });
    if (gzip) {
      this.#flushTimer = setInterval(() => this.#flush(), GZIP_FLUSH_MS);
    }
    onStart?.();
  }

  /**
   * Opens the file of a further client, as the server does for every sandbox
   * that has shaken hands.
   *
   * @param client The client.
   * @returns What takes its messages.
   * @throws {Error} When its file cannot be made.
   */
  newClient(client: TraceClient): TraceClientHandler {
    const session = new SaveSession(this.#options, {
      client,
      nextNumber: () => ++this.#clients,
      savesFiles: this.#savesFiles,
      onBytes: (bytes) => this.#count(bytes),
      onLoss: () => this.#hasLoss = true,
      onEnd: () => this.#sessions.delete(session),
    });
    this.#sessions.add(session);
    this.#options.onOpen?.(session);
    return session;
  }

  /** Stops to listen, stores what clients have sent already, closes all files. */
  async close(): Promise<void> {
    clearInterval(this.#flushTimer);
    await this.#server?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #savesFiles(): boolean {
    return this.#options.forward === undefined ||
      this.#options.outDir !== undefined;
  }

  #count(bytes: number): void {
    const { maxTotalBytes = Infinity, onWarning } = this.#options;
    this.#bytes += bytes;
    if (this.#bytes < maxTotalBytes || this.#isFull) return;
    this.#isFull = true;
    onWarning?.(`stopping: ${this.#bytes} bytes of messages are saved`);
    void this.close();
  }

  #flush(): void {
    for (const session of this.#sessions) session.flush();
  }
}

/** What a session needs of its server. */
interface SessionHost {
  readonly client: TraceClient;
  readonly nextNumber: () => number;
  readonly savesFiles: boolean;
  readonly onBytes: (bytes: number) => void;
  readonly onLoss: () => void;
  readonly onEnd: () => void;
}

class SaveSession implements TraceClientHandler, SavedClient {
  readonly client: TraceClient;
  readonly number: number;
  readonly #options: SaveServerOptions;
  readonly #host: SessionHost;
  readonly #meter: MessageMeter;
  readonly #basePath: string;
  #writer: TraceFileWriter | undefined;
  #sender: Promise<TraceSender> | undefined;
  #part = 1;
  #openedMs = performance.now();
  #oversized = 0;
  #warnings = 0;

  constructor(options: SaveServerOptions, host: SessionHost) {
    this.client = host.client;
    this.#options = options;
    this.#host = host;
    this.#meter = new MessageMeter(({ seq, reason }) =>
      this.#warn(`message ${seq}: ${reason}`)
    );
    if (host.savesFiles) {
      const { number, writer } = this.#openFirst();
      this.number = number;
      this.#writer = writer;
      this.#basePath = writer.path;
    } else {
      this.number = host.nextNumber();
      this.#basePath = "";
    }
    const { forward } = options;
    if (forward !== undefined) {
      this.#sender = Promise.resolve().then(() => forward(host.client));
      // Reported with the first message, or at the end.
      this.#sender.catch(() => {});
    }
  }

  get path(): string | undefined {
    return this.#basePath || undefined;
  }

  get messages(): number {
    return this.#meter.messages;
  }

  get bytes(): number {
    return this.#meter.bytes;
  }

  get malformed(): number {
    return this.#meter.malformed;
  }

  get oversized(): number {
    return this.#oversized;
  }

  get dropped(): number {
    return this.#meter.dropped;
  }

  get dropResets(): number {
    return this.#meter.dropResets;
  }

  onRecords(received: RecordBatch): void | Promise<void> {
    const wanted = this.#cut(received);
    const batch = this.#redact(wanted);
    this.#rotate();
    this.#store(batch);
    const { onRecords } = this.#options;
    if (this.#sender !== undefined) return this.#passOn(this.#sender, batch);
    const seen = onRecords?.(this, batch);
    if (seen === undefined) return this.#checkLimits();
    return seen.then(() => this.#checkLimits());
  }

  #store(batch: RecordBatch): void {
    const before = this.#writer?.fileBytes ?? 0;
    let stored: Uint8Array = batch.bytes;
    try {
      this.#writer?.write(batch);
    } catch (error) {
      // Of a disk that is full some messages got their place.
      stored = stored.subarray(0, (this.#writer?.fileBytes ?? 0) - before);
      throw error;
    } finally {
      const bytes = this.#meter.bytes;
      this.#meter.addRecords(stored);
      this.#host.onBytes(this.#meter.bytes - bytes);
    }
  }

  onOversized(sizeBytes: number): void {
    this.#oversized++;
    this.#host.onLoss();
    this.#warn(
      `message of ${sizeBytes} bytes is lost, at most 1048576 are possible`,
    );
  }

  async onEnd({ error }: TraceClientEnd): Promise<void> {
    const { onWarning, onClose } = this.#options;
    const failures: unknown[] = [];
    if (error instanceof LimitReached) onWarning?.(error.message);
    else if (error !== undefined) failures.push(error);
    try {
      this.#writer?.close();
    } catch (error) {
      failures.push(error);
    }
    try {
      await (await this.#sender)?.close();
    } catch (error) {
      if (!failures.includes(error)) failures.push(error);
    }
    for (const failure of failures) {
      this.#host.onLoss();
      const message = failure instanceof Error ? failure.message : failure;
      onWarning?.(`${this.#name}: ${message}`);
    }
    if (this.#warnings > MAX_WARNINGS) {
      onWarning?.(
        `${this.#name}: ${
          this.#warnings - MAX_WARNINGS
        } more warnings were left out`,
      );
    }
    this.#host.onEnd();
    onClose?.(this);
  }

  flush(): void {
    try {
      this.#writer?.flush();
    } catch (error) {
      this.#host.onLoss();
      this.#warn(error instanceof Error ? error.message : String(error));
    }
  }

  get #name(): string {
    return `${this.#basePath || `client ${this.number}`}`;
  }

  async #passOn(
    sender: Promise<TraceSender>,
    batch: RecordBatch,
  ): Promise<void> {
    await (await sender).sendRecords(batch);
    await this.#options.onRecords?.(this, batch);
    this.#checkLimits();
  }

  #checkLimits(): void {
    const { maxMessages = Infinity, maxClientBytes = Infinity } = this.#options;
    if (this.messages >= maxMessages) {
      throw new LimitReached(
        `${this.#name}: closed after ${this.messages} messages, as asked for`,
      );
    }
    if (this.bytes >= maxClientBytes) {
      throw new LimitReached(
        `${this.#name}: closed after ${this.bytes} bytes, as asked for`,
      );
    }
  }

  /** Leaves out what is beyond the limits of the client. */
  #cut(batch: RecordBatch): RecordBatch {
    const { maxMessages = Infinity, maxClientBytes = Infinity } = this.#options;
    const isWithin = this.messages + batch.packets <= maxMessages &&
      this.bytes + batch.bytes.length <= maxClientBytes;
    if (isWithin) return batch;
    let { messages, bytes } = this;
    const kept: Uint8Array[] = [];
    for (const packet of batch) {
      if (messages >= maxMessages || bytes >= maxClientBytes) break;
      messages++;
      bytes += packet.length;
      kept.push(packet);
    }
    return makeRecordBatch(kept);
  }

  #redact(batch: RecordBatch): RecordBatch {
    const { redact = [] } = this.#options;
    if (redact.length === 0) return batch;
    return makeRecordBatch(
      Array.from(batch, (packet) => redactMessage(packet, redact)),
    );
  }

  #openFirst(): { number: number; writer: TraceFileWriter } {
    const {
      outDir = "./replay",
      prefix = "client-",
      keepExisting = false,
      gzip = false,
    } = this.#options;
    while (true) {
      const number = this.#host.nextNumber();
      const name = `${prefix}${String(number).padStart(DIGITS, "0")}`;
      const path = join(outDir, `${name}${gzip ? ".gz" : ""}`);
      try {
        const writer = new TraceFileWriter(path, {
          createNew: keepExisting,
          gzip,
        });
        return { number, writer };
      } catch (error) {
        if (!(error instanceof Deno.errors.AlreadyExists)) {
          const reason = error instanceof Error
            ? error.message.replace(`Cannot write "${path}": `, "")
            : error;
          throw new Error(
            `Cannot save ${this.#host.client.name} to "${path}": ${reason}`,
            { cause: error },
          );
        }
      }
    }
  }

  #rotate(): void {
    const writer = this.#writer;
    const { rotateBytes = Infinity, rotateMs = Infinity, gzip = false } =
      this.#options;
    if (writer === undefined || this.#meter.messages === 0) return;
    const isOld = performance.now() - this.#openedMs >= rotateMs;
    if (writer.fileBytes < rotateBytes && !isOld) return;
    writer.close();
    this.#part++;
    const base = gzip ? this.#basePath.slice(0, -3) : this.#basePath;
    const part = String(this.#part).padStart(DIGITS, "0");
    this.#writer = new TraceFileWriter(
      `${base}.${part}${gzip ? ".gz" : ""}`,
      { gzip },
    );
    this.#openedMs = performance.now();
  }

  #warn(text: string): void {
    this.#warnings++;
    if (this.#warnings > MAX_WARNINGS) return;
    this.#options.onWarning?.(`${this.#name}: ${text}`);
  }
}
