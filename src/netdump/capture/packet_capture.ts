import type { PacketSocket, RingPacket } from "../../platform/packet_socket.ts";
import { Poller } from "../../platform/poller.ts";
import type {
  CapturedInterface,
  CapturedPacket,
} from "./captured_interface.ts";
import { checkSnapLength, openInterfaceSocket } from "./_interface_socket.ts";
import type { LinkType } from "./link_type_table.ts";
import type { PacketMatcher } from "./packet_matcher.ts";
import { addedBytes, copyPacket, isLoopbackCopy } from "./_ring_packet.ts";

/** How packets are captured. */
export interface PacketCaptureOptions {
  /** Interfaces; one that cannot be opened is left out and told in `problems`. */
  readonly interfaces: readonly string[];
  /** Bytes kept of each packet, 64 to 262144; 0 takes the default. @default {1518} */
  readonly snapLength?: number | undefined;
  /** Bytes of packets kept per interface; 0 takes the default. @default {1048576} */
  readonly totalSizeLimit?: number | undefined;
  /** Whether TCP segments with payload are left out. @default {false} */
  readonly withoutTcpPayload?: boolean | undefined;
  /** Whether packets for other machines are taken too. @default {true} */
  readonly promiscuous?: boolean | undefined;
  /**
   * Tells which packets are wanted; asked when packets are filtered, which
   * also happens when too many wait. Without it all are.
   */
  readonly matcher?: (() => PacketMatcher) | undefined;
  /** Bytes of packets that wait to be filtered, per interface. @default {16777216} */
  readonly maxQueuedBytes?: number | undefined;
}

/** An interface on which nothing is captured. */
export interface CaptureProblem {
  readonly interfaceName: string;
  /** Why it could not be opened, or why its capture ended. */
  readonly error: Error;
}

/** A running capture. */
export interface LiveCapture extends AsyncDisposable {
  /** Interfaces that are captured on. */
  readonly interfaces: readonly string[];
  /** Interfaces that are not. */
  readonly problems: readonly CaptureProblem[];
  /** Keeps of the packets that wait those that are wanted by now. */
  filter(): void;
  /** Forgets all packets. */
  clear(): void;
  /**
   * Waits until packets that have arrived are out of the kernel.
   *
   * @param ms How long. @default {250}
   */
  settle(ms?: number): Promise<void>;
  /**
   * Filters and gives what was kept.
   *
   * @returns One capture per interface on which any packet arrived.
   */
  captures(): readonly CapturedInterface[];
  /** Ends the capture; what was kept can still be taken. */
  close(): Promise<void>;
}

const DEFAULT_TOTAL_SIZE = 1024 * 1024;
const DEFAULT_QUEUED_BYTES = 16 * 1024 * 1024;
const POLL_MS = 1000;
/** Blocks that are read before others get a turn. */
const BLOCKS_PER_TURN = 4;
const SETTLE_MS = 250;

/**
 * Captures packets on interfaces, at once.
 *
 * @param options Interfaces, limits, filter.
 * @returns The capture, even if no interface could be opened: see `problems`.
 * @throws {RangeError} When an option is out of range.
 *
 * @example Capturing beside other work
 * ```ts ignore
 * await using capture = openPacketCapture({ interfaces: ["eth0"] });
 * await fetch("http://192.0.2.1/");
 * await capture.settle();
 * console.log(capture.captures().map(({ packets }) => packets.length));
 * ```
 */
export function openPacketCapture(
  options: PacketCaptureOptions,
): LiveCapture {
  return new RingCapture(options);
}

class RingCapture implements LiveCapture {
  readonly interfaces: readonly string[];
  readonly #problems: CaptureProblem[] = [];
  readonly #captures: InterfaceCapture[] = [];
  readonly #poller: Poller | undefined;
  readonly #running: Promise<unknown>;
  readonly #matcher: (() => PacketMatcher) | undefined;
  #isClosed = false;

  constructor(options: PacketCaptureOptions) {
    const snapLength = checkSnapLength(options.snapLength);
    const { withoutTcpPayload = false, promiscuous = true } = options;
    const totalSizeLimit = options.totalSizeLimit || DEFAULT_TOTAL_SIZE;
    const { maxQueuedBytes = DEFAULT_QUEUED_BYTES } = options;
    this.#matcher = options.matcher;
    for (const name of new Set(options.interfaces)) {
      try {
        const opened = openInterfaceSocket(name, {
          snapLength,
          withoutTcpPayload,
          promiscuous,
          blockCount: 32,
        });
        this.#captures.push(
          new InterfaceCapture(opened.socket, {
            linkType: opened.linkType,
            snapLength,
            totalSizeLimit,
            withoutTcpPayload,
            maxQueuedBytes,
            onFull: () => this.filter(),
          }),
        );
      } catch (error) {
        this.#problems.push({ interfaceName: name, error: error as Error });
      }
    }
    this.interfaces = this.#captures.map(({ name }) => name);
    this.#poller = this.#captures.length > 0 ? new Poller() : undefined;
    this.#running = Promise.all(
      this.#captures.map((capture) => this.#run(capture)),
    );
  }

  get problems(): readonly CaptureProblem[] {
    return this.#problems;
  }

  filter(): void {
    const matcher = this.#matcher?.();
    for (const capture of this.#captures) capture.filter(matcher);
  }

  clear(): void {
    for (const capture of this.#captures) {
      capture.read(Infinity);
      capture.clear();
    }
  }

  async settle(ms: number = SETTLE_MS): Promise<void> {
    if (this.#captures.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, ms));
  }

  captures(): readonly CapturedInterface[] {
    for (const capture of this.#captures) capture.read(Infinity);
    this.filter();
    return this.#captures.flatMap((capture) => {
      const captured = capture.captured();
      return captured === undefined ? [] : [captured];
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const capture of this.#captures) capture.end(this.#poller!);
    await this.#running;
    await this.#poller?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #run(capture: InterfaceCapture): Promise<void> {
    try {
      while (!this.#isClosed) {
        await capture.wait(this.#poller!);
        capture.read(BLOCKS_PER_TURN);
        // Lets timers and other sockets have their turn.
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    } catch (error) {
      // An interface that is removed ends its own capture only.
      this.#problems.push({
        interfaceName: capture.name,
        error: error as Error,
      });
    }
  }
}

interface InterfaceCaptureOptions {
  readonly linkType: LinkType;
  readonly snapLength: number;
  readonly totalSizeLimit: number;
  readonly withoutTcpPayload: boolean;
  readonly maxQueuedBytes: number;
  readonly onFull: () => void;
}

class InterfaceCapture {
  readonly name: string;
  readonly #socket: PacketSocket;
  readonly #options: InterfaceCaptureOptions;
  readonly #onPacket: (packet: RingPacket) => void;
  #queue: CapturedPacket[] = [];
  #queuedBytes = 0;
  #kept: CapturedPacket[] = [];
  #keptBytes = 0;
  #drops = 0;
  #isTruncated = false;
  #hasSeenPackets = false;

  constructor(socket: PacketSocket, options: InterfaceCaptureOptions) {
    this.name = socket.state.name;
    this.#socket = socket;
    this.#options = options;
    this.#onPacket = (packet) => this.#add(packet);
  }

  async wait(poller: Poller): Promise<void> {
    await this.#socket.wait(poller, POLL_MS);
  }

  read(maxBlocks: number): void {
    this.#socket.read(this.#onPacket, maxBlocks);
  }

  filter(matcher: PacketMatcher | undefined): void {
    const queue = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    const { linkType, totalSizeLimit } = this.#options;
    for (const packet of queue) {
      if (this.#isTruncated) return;
      if (matcher !== undefined && !matcher.matches(packet.data, linkType)) {
        continue;
      }
      if (this.#keptBytes + packet.data.length > totalSizeLimit) {
        this.#isTruncated = true;
        return;
      }
      this.#keptBytes += packet.data.length;
      this.#kept.push(packet);
    }
  }

  clear(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#kept = [];
    this.#keptBytes = 0;
    this.#drops = 0;
    this.#socket.statistics();
    this.#isTruncated = false;
    this.#hasSeenPackets = false;
  }

  captured(): CapturedInterface | undefined {
    if (!this.#hasSeenPackets) return undefined;
    this.#drops += this.#socket.statistics().drops;
    const { linkType, snapLength, withoutTcpPayload } = this.#options;
    return {
      interfaceName: this.name,
      linkType,
      snapLength,
      packets: [...this.#kept],
      isTruncated: this.#isTruncated,
      withoutTcpPayload,
      droppedPackets: this.#drops,
    };
  }

  end(poller: Poller): void {
    this.read(Infinity);
    this.#drops += this.#socket.statistics().drops;
    this.#socket.forget(poller);
    this.#socket.close();
  }

  #add(packet: RingPacket): void {
    if (isLoopbackCopy(packet)) return;
    this.#hasSeenPackets = true;
    if (this.#isTruncated) return;
    const { linkType, snapLength, maxQueuedBytes } = this.#options;
    const added = addedBytes(packet, linkType);
    const length = Math.min(packet.capturedLength + added, snapLength);
    const data = new Uint8Array(length);
    copyPacket(packet, linkType, data, 0, length);
    this.#queue.push({
      timestamp: BigInt(packet.seconds) * 1_000_000_000n +
        BigInt(packet.nanoseconds),
      originalLength: packet.originalLength + added,
      data,
    });
    this.#queuedBytes += length;
    if (this.#queuedBytes > maxQueuedBytes) this.#options.onFull();
  }
}
