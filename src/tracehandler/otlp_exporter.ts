import { otlpFromProfile } from "../profile/otlp_from_profile.ts";
import type { OtlpFromProfileOptions } from "../profile/otlp_from_profile.ts";
import { selectSamples } from "../profile/select_samples.ts";
import type { Profile } from "../profile/types.ts";
import {
  DEFAULT_FLUSH_MS,
  type ExportCounters,
  ExportQueue,
  type ExportQueueOptions,
} from "./export_queue.ts";
import type { OtlpEndpoint } from "./otlp_endpoint.ts";
import { openOtlpTransport } from "./open_otlp_transport.ts";
import type {
  OtlpMessage,
  OtlpTransport,
  OtlpTransportOptions,
} from "./otlp_transport.ts";

/** How an {@linkcode OtlpExporter} works. */
export interface OtlpExporterOptions
  extends OtlpTransportOptions, ExportQueueOptions {
  /** How messages are made of profiles. */
  readonly message?: OtlpFromProfileOptions | undefined;
  /** Milliseconds that sending may take at the end. @default {5000} */
  readonly flushMs?: number | undefined;
}

/**
 * Sends profiles to a collector: packed, again after failures, from a queue of
 * bounded size that is emptied at the end.
 *
 * @example Nobody listens
 * ```ts ignore
 * import { OtlpExporter, parseOtlpEndpoint } from "@tracedeck/tracedeck/tracehandler";
 *
 * await using exporter = new OtlpExporter(
 *   parseOtlpEndpoint("http://localhost:4318"),
 * );
 * exporter.export(profile);
 * ```
 */
export class OtlpExporter implements AsyncDisposable {
  readonly #transport: OtlpTransport;
  readonly #queue: ExportQueue;
  readonly #options: OtlpExporterOptions;

  /**
   * @param endpoint Where to send to.
   * @param options Transport, queue, messages.
   */
  constructor(endpoint: OtlpEndpoint, options: OtlpExporterOptions = {}) {
    this.#options = options;
    this.#transport = openOtlpTransport(endpoint, options);
    this.#queue = new ExportQueue(this.#transport, options);
  }

  /** What became of the exports so far. */
  get counters(): ExportCounters {
    return this.#queue.counters;
  }

  /** Exports that wait or are being sent. */
  get pending(): number {
    return this.#queue.pending;
  }

  /**
   * Adds a profile to the queue; never waits. A profile without samples is not
   * sent.
   *
   * @param profile The profile.
   */
  export(profile: Profile): void {
    if (profile.samples.length === 0) return;
    this.#queue.push(this.#messageOf(profile));
  }

  /**
   * Waits until all is sent, or the time is over.
   *
   * @param deadlineMs Most milliseconds.
   * @returns Exports that are left.
   */
  flush(deadlineMs?: number): Promise<number> {
    const { flushMs = DEFAULT_FLUSH_MS } = this.#options;
    return this.#queue.flush(deadlineMs ?? flushMs);
  }

  /** Flushes and closes the connection; what could not be sent counts as failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
    await this.#queue[Symbol.asyncDispose]();
  }

  #messageOf(profile: Profile): OtlpMessage {
    const message = otlpFromProfile(profile, this.#options.message);
    return {
      bytes: this.#transport.encode(message),
      split: () => this.#split(profile),
    };
  }

  #split(profile: Profile): readonly OtlpMessage[] {
    const { length } = profile.samples;
    if (length < 2) return [];
    const half = length >> 1;
    return [
      selectSamples(profile, (row) => row < half),
      selectSamples(profile, (row) => row >= half),
    ].map((part) => this.#messageOf(part));
  }
}
