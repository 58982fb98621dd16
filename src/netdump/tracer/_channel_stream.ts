import type { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import type { ByteChannel } from "./_byte_channel.ts";

/** A channel as a stream of Node, for TLS inside of a tunnel. */
export class ChannelStream extends Duplex {
  readonly #channel: ByteChannel;
  readonly #watchers = new Set<(chunk: Uint8Array) => void>();
  #isReading = false;

  /** @param channel The tunnel; nobody else may use it any more. */
  constructor(channel: ByteChannel) {
    super({ allowHalfOpen: true });
    this.#channel = channel;
    channel.stream.on("close", () => this.destroy());
  }

  /**
   * Lets someone see what comes in, before anyone else does.
   *
   * @param onChunk Called for each chunk.
   * @returns Ends it.
   */
  watch(onChunk: (chunk: Uint8Array) => void): () => void {
    this.#watchers.add(onChunk);
    return () => this.#watchers.delete(onChunk);
  }

  override _read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#channel.read().then((chunk) => {
      this.#isReading = false;
      if (chunk === undefined) {
        this.push(null);
        return;
      }
      for (const watch of this.#watchers) watch(chunk);
      this.push(chunk);
    }, (error) => this.destroy(error));
  }

  override _write(
    chunk: Buffer,
    _encoding: string,
    done: (error?: Error | null) => void,
  ): void {
    this.#channel.write(chunk).then(() => done(), done);
  }

  override _destroy(
    error: Error | null,
    done: (error?: Error | null) => void,
  ): void {
    this.#channel.close();
    done(error);
  }
}
