import { openLibc } from "./libc.ts";

/** Bytes in front of every packet: its size. */
const PREFIX_BYTES = 8;

/** Sizes of a {@linkcode PacketBatch}. */
export interface PacketBatchOptions {
  /** Largest packet that is taken, in bytes. @default {1048576} */
  readonly maxPacketBytes?: number | undefined;
  /** A batch is full from this many bytes on. @default {262144} */
  readonly fullBytes?: number | undefined;
}

/**
 * Packets received one after the other into one fixed buffer, each behind its
 * size as a 64-bit little-endian number. The kernel writes them to their final
 * place: nothing is copied between receiving and storing.
 *
 * One batch serves any number of connections in turn.
 */
export class PacketBatch {
  /** Largest packet that is taken, in bytes. */
  readonly maxPacketBytes: number;
  readonly #fullBytes: number;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView<ArrayBuffer>;
  readonly #address: bigint;
  #length = 0;
  #packets = 0;
  #oversized: number[] = [];

  /** @param options Sizes. */
  constructor(options: PacketBatchOptions = {}) {
    const { maxPacketBytes = 1024 * 1024, fullBytes = 256 * 1024 } = options;
    this.maxPacketBytes = maxPacketBytes;
    this.#fullBytes = fullBytes;
    this.#bytes = new Uint8Array(
      fullBytes + PREFIX_BYTES + maxPacketBytes,
    );
    this.#view = new DataView(this.#bytes.buffer);
    this.#address = openLibc().addressOf(this.#bytes);
  }

  /** The packets with their sizes, as a view that is valid until {@linkcode PacketBatch.clear}. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** How many packets there are. */
  get packets(): number {
    return this.#packets;
  }

  /** Whether no more packets are to be added before {@linkcode PacketBatch.clear}. */
  get isFull(): boolean {
    return this.#length >= this.#fullBytes;
  }

  /** Sizes of the packets that were lost because they exceed the largest size. */
  get oversized(): readonly number[] {
    return this.#oversized;
  }

  /** Address at which the next packet is to be received, with room for the largest one. */
  get nextAddress(): bigint {
    return this.#address + BigInt(this.#length + PREFIX_BYTES);
  }

  /**
   * Adds the packet that was received at {@linkcode PacketBatch.nextAddress}.
   *
   * @param sizeBytes Its real size; one that exceeds the largest is counted as lost.
   */
  commit(sizeBytes: number): void {
    if (sizeBytes > this.maxPacketBytes) {
      this.#oversized.push(sizeBytes);
      return;
    }
    this.#view.setUint32(this.#length, sizeBytes, true);
    this.#view.setUint32(this.#length + 4, 0, true);
    this.#length += PREFIX_BYTES + sizeBytes;
    this.#packets++;
  }

  /**
   * Takes the packets apart.
   *
   * @returns Each packet as a view that is valid until {@linkcode PacketBatch.clear}.
   */
  *[Symbol.iterator](): Generator<Uint8Array<ArrayBuffer>> {
    let at = 0;
    while (at < this.#length) {
      const start = at + PREFIX_BYTES;
      at = start + this.#view.getUint32(at, true);
      yield this.#bytes.subarray(start, at);
    }
  }

  /** Forgets all packets. */
  clear(): void {
    this.#length = 0;
    this.#packets = 0;
    if (this.#oversized.length > 0) this.#oversized = [];
  }
}
