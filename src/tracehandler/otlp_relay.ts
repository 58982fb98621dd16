import { ExportQueue } from "./export_queue.ts";
import type { ExportCounters, ExportQueueOptions } from "./export_queue.ts";
import type { OtlpEndpoint } from "./otlp_endpoint.ts";
import { openOtlpTransport } from "./open_otlp_transport.ts";
import type { ReceivedOtlp } from "./otlp_server.ts";
import type { OtlpTransport, OtlpTransportOptions } from "./otlp_transport.ts";

/** How an {@linkcode OtlpRelay} works. */
export interface OtlpRelayOptions
  extends OtlpTransportOptions, ExportQueueOptions {
  /** Milliseconds that sending may take at the end. @default {5000} */
  readonly flushMs?: number | undefined;
}

/**
 * Sends on what was received: again after failures, from a queue of bounded
 * size that is emptied at the end. Messages in protobuf stay as they are, byte
 * for byte.
 */
export class OtlpRelay implements AsyncDisposable {
  readonly #transport: OtlpTransport;
  readonly #queue: ExportQueue;
  readonly #isJson: boolean;
  readonly #flushMs: number | undefined;

  /**
   * @param endpoint Where to send to.
   * @param options Transport and queue.
   */
  constructor(endpoint: OtlpEndpoint, options: OtlpRelayOptions = {}) {
    this.#transport = openOtlpTransport(endpoint, options);
    this.#queue = new ExportQueue(this.#transport, options);
    this.#isJson = endpoint.protocol === "http/json";
    this.#flushMs = options.flushMs;
  }

  /** What became of the messages so far. */
  get counters(): ExportCounters {
    return this.#queue.counters;
  }

  /** Messages that wait or are being sent. */
  get pending(): number {
    return this.#queue.pending;
  }

  /**
   * Adds a message to the queue; never waits.
   *
   * @param received The message.
   */
  push({ bytes, profiles, transport }: ReceivedOtlp): void {
    const isSame = (transport === "http/json") === this.#isJson;
    this.#queue.push({
      bytes: isSame
        ? bytes as Uint8Array<ArrayBuffer>
        : this.#transport.encode(profiles),
    });
  }

  /** Flushes and closes the connection; what could not be sent counts as failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue.flush(this.#flushMs);
    await this.#queue[Symbol.asyncDispose]();
  }
}
