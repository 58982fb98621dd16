import { OsError } from "../base/errors.ts";
import { openLibc } from "./libc.ts";
import type { Libc } from "./libc.ts";
import type { NetworkInterfaceState } from "./network_interface.ts";
import { BLOCK_LAYOUT, PACKET_HEADER_LAYOUT } from "./packet_ring_table.ts";
import { POLL_EVENTS } from "./poll_events_table.ts";
import type { Poller } from "./poller.ts";

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0x80000;
const ETH_P_ALL = 3;
const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const SOL_PACKET = 263;
const PACKET_ADD_MEMBERSHIP = 1;
const PACKET_RX_RING = 5;
const PACKET_STATISTICS = 6;
const PACKET_VERSION = 10;
const TPACKET_V3 = 2;
const PACKET_MR_PROMISC = 1;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;
const STATUS_USER = 1;
const FRAME_ALIGNMENT = 16;
/** Room for what stands before the bytes of a packet. */
const FRAME_HEADER_BYTES = 64;
const MAX_FILTER_INSTRUCTIONS = 4096;

/** How a {@linkcode PacketSocket} captures. */
export interface PacketSocketOptions {
  /** Classic BPF program, 8 bytes per instruction; it also cuts packets. */
  readonly filter: Uint8Array<ArrayBuffer>;
  /** Whether packets come without the header of the link, from which the kernel makes only the protocol known. @default {false} */
  readonly cooked?: boolean | undefined;
  /** Whether packets for others are taken too. @default {true} */
  readonly promiscuous?: boolean | undefined;
  /** Size of a block of the ring in bytes, a power of two of pages. @default {262144} */
  readonly blockBytes?: number | undefined;
  /** Blocks of the ring. @default {32} */
  readonly blockCount?: number | undefined;
  /** After how long a block that is not full is handed over, in milliseconds. @default {50} */
  readonly retireMs?: number | undefined;
}

/** A packet in a block of the ring; valid until the callback returns. */
export interface RingPacket {
  /** The block that holds it. */
  bytes: Uint8Array;
  /** Where its bytes begin. */
  offset: number;
  /** Bytes that were captured. */
  capturedLength: number;
  /** Bytes that it had. */
  originalLength: number;
  /** Unix time. */
  seconds: number;
  nanoseconds: number;
  /** VLAN tag that the kernel took off: TPID and TCI; TPID 0 when there was none. */
  vlanTpid: number;
  vlanTci: number;
  /** 0 to us, 1 broadcast, 2 multicast, 3 to others, 4 sent by us. */
  direction: number;
  /** EtherType. */
  protocol: number;
  /** Hardware type of the interface. */
  hardwareType: number;
  /** Bytes of the sender's hardware address, at `addressOffset` of the block. */
  addressLength: number;
  addressOffset: number;
}

/** What the kernel counted since it was asked last. */
export interface PacketStatistics {
  /** Packets that passed the filter, those dropped included. */
  readonly packets: number;
  /** Packets that found no room in the ring. */
  readonly drops: number;
}

/**
 * Captures the packets of one interface through a ring in memory that the
 * kernel fills (AF_PACKET, TPACKET_V3).
 */
export class PacketSocket implements Disposable {
  /** The interface. */
  readonly state: NetworkInterfaceState;
  readonly #libc: Libc;
  readonly #blockBytes: number;
  readonly #blockCount: number;
  readonly #header = new Uint8Array(BLOCK_LAYOUT.headerBytes);
  readonly #headerView = new DataView(this.#header.buffer);
  readonly #release = new Uint8Array(4);
  readonly #block: Uint8Array<ArrayBuffer>;
  readonly #blockView: DataView;
  readonly #packet: RingPacket;
  #fd: number;
  #ring = 0n;
  #next = 0;

  /**
   * Opens the socket; packets are captured from now on.
   *
   * @param state The interface, as of `readInterfaceState`.
   * @param options Filter and ring.
   * @throws {OsError} When the kernel refuses; `EPERM` when the right to capture is missing.
   * @throws {Deno.errors.NotCapable} When FFI is not permitted.
   */
  constructor(state: NetworkInterfaceState, options: PacketSocketOptions) {
    const {
      filter,
      cooked = false,
      promiscuous = true,
      blockBytes = 256 * 1024,
      blockCount = 32,
      retireMs = 50,
    } = options;
    const isPowerOfTwo = (blockBytes & (blockBytes - 1)) === 0;
    if (!isPowerOfTwo || blockBytes < 4096) {
      throw new RangeError(
        `Cannot use option "blockBytes": value is ${blockBytes}, expected a power of two from 4096`,
      );
    }
    this.state = state;
    this.#blockBytes = blockBytes;
    this.#blockCount = blockCount;
    this.#block = new Uint8Array(blockBytes);
    this.#blockView = new DataView(this.#block.buffer);
    this.#packet = {
      bytes: this.#block,
      offset: 0,
      capturedLength: 0,
      originalLength: 0,
      seconds: 0,
      nanoseconds: 0,
      vlanTpid: 0,
      vlanTci: 0,
      direction: 0,
      protocol: 0,
      hardwareType: 0,
      addressLength: 0,
      addressOffset: 0,
    };
    const libc = this.#libc = openLibc();
    const action = `capture on interface "${state.name}"`;
    this.#fd = libc.check(
      // Without a protocol nothing arrives before the filter is in place.
      libc.symbols.socket(
        AF_PACKET,
        (cooked ? SOCK_DGRAM : SOCK_RAW) | SOCK_CLOEXEC,
        0,
      ),
      "socket",
      action,
    );
    try {
      this.#setUp(filter, retireMs, promiscuous, action);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Waits until there is a block to read.
   *
   * @param poller Waits for many descriptors at a time.
   * @param timeoutMs Longest wait.
   * @param signal Ends the waiting.
   */
  async wait(
    poller: Poller,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<void> {
    if (this.#fd < 0 || this.#isReady()) return;
    await poller.wait(this.#fd, POLL_EVENTS.in, {
      timeoutMs,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /**
   * Reads the blocks that are ready.
   *
   * @param onPacket Called for each packet.
   * @param maxBlocks Blocks after which it pauses, so that others get a turn.
   * @returns How many blocks were read.
   */
  read(onPacket: (packet: RingPacket) => void, maxBlocks: number): number {
    let blocks = 0;
    while (blocks < maxBlocks && this.#fd >= 0 && this.#isReady()) {
      const address = this.#ring + BigInt(this.#next * this.#blockBytes);
      const length = Math.min(
        this.#headerView.getUint32(BLOCK_LAYOUT.length, true),
        this.#blockBytes,
      );
      const count = this.#headerView.getUint32(BLOCK_LAYOUT.packets, true);
      const first = this.#headerView.getUint32(BLOCK_LAYOUT.firstOffset, true);
      this.#libc.symbols.copyFrom(this.#block, address, BigInt(length));
      // Copied, so the kernel can have the block back before it is looked at.
      this.#libc.symbols.copyTo(
        address + BigInt(BLOCK_LAYOUT.status),
        this.#release,
        4n,
      );
      this.#next = (this.#next + 1) % this.#blockCount;
      blocks++;
      this.#walk(first, count, length, onPacket);
    }
    return blocks;
  }

  /**
   * Asks for the kernel's counts, which begins them anew.
   *
   * @returns Counts since the last call.
   */
  statistics(): PacketStatistics {
    if (this.#fd < 0) return { packets: 0, drops: 0 };
    const counts = new Uint8Array(12);
    const length = new Uint8Array(new Uint32Array([counts.length]).buffer);
    this.#libc.check(
      this.#libc.symbols.getsockopt(
        this.#fd,
        SOL_PACKET,
        PACKET_STATISTICS,
        counts,
        length,
      ),
      "getsockopt",
    );
    const view = new DataView(counts.buffer);
    return {
      packets: view.getUint32(0, true),
      drops: view.getUint32(4, true),
    };
  }

  /**
   * Ends the waiting of {@linkcode PacketSocket.wait}; to be called before the socket is closed.
   *
   * @param poller The poller that was given to it.
   */
  forget(poller: Poller): void {
    if (this.#fd >= 0) poller.forget(this.#fd);
  }

  /** Ends the capture. */
  close(): void {
    const { symbols } = this.#libc;
    if (this.#ring !== 0n) {
      symbols.munmap(this.#ring, BigInt(this.#blockBytes * this.#blockCount));
      this.#ring = 0n;
    }
    if (this.#fd >= 0) {
      symbols.close(this.#fd);
      this.#fd = -1;
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #setUp(
    filter: Uint8Array<ArrayBuffer>,
    retireMs: number,
    promiscuous: boolean,
    action: string,
  ): void {
    const libc = this.#libc;
    const set = (level: number, name: number, value: Uint8Array<ArrayBuffer>) =>
      libc.check(
        libc.symbols.setsockopt(this.#fd, level, name, value, value.length),
        "setsockopt",
        action,
      );
    const count = filter.length / 8;
    if (!Number.isInteger(count) || count > MAX_FILTER_INSTRUCTIONS) {
      throw new RangeError(
        `Cannot use option "filter": it has ${filter.length} bytes, expected 8 per instruction`,
      );
    }
    // struct sock_fprog: u16 count, 6 bytes padding, pointer.
    const program = new DataView(new ArrayBuffer(16));
    program.setUint16(0, count, true);
    program.setBigUint64(8, libc.addressOf(filter), true);
    set(SOL_SOCKET, SO_ATTACH_FILTER, new Uint8Array(program.buffer));
    set(SOL_PACKET, PACKET_VERSION, u32s(TPACKET_V3));
    const frameBytes = Math.min(
      this.#blockBytes,
      Math.ceil((FRAME_HEADER_BYTES + 2048) / FRAME_ALIGNMENT) *
        FRAME_ALIGNMENT,
    );
    const framesPerBlock = Math.floor(this.#blockBytes / frameBytes);
    set(
      SOL_PACKET,
      PACKET_RX_RING,
      u32s(
        this.#blockBytes,
        this.#blockCount,
        frameBytes,
        framesPerBlock * this.#blockCount,
        retireMs,
        0,
        0,
      ),
    );
    const size = BigInt(this.#blockBytes * this.#blockCount);
    const ring = libc.symbols.mmap(
      0n,
      size,
      PROT_READ_WRITE,
      MAP_SHARED,
      this.#fd,
      0n,
    );
    if (BigInt.asUintN(64, ring) === MAP_FAILED) {
      throw libc.errorOf("mmap", libc.errno(), action);
    }
    this.#ring = ring;
    if (promiscuous) {
      const membership = new DataView(new ArrayBuffer(16));
      membership.setInt32(0, this.state.index, true);
      membership.setUint16(4, PACKET_MR_PROMISC, true);
      set(
        SOL_PACKET,
        PACKET_ADD_MEMBERSHIP,
        new Uint8Array(membership.buffer),
      );
    }
    // struct sockaddr_ll: family, protocol in network order, interface.
    const address = new DataView(new ArrayBuffer(20));
    address.setUint16(0, AF_PACKET, true);
    address.setUint16(2, ETH_P_ALL);
    address.setInt32(4, this.state.index, true);
    libc.check(
      libc.symbols.bind(this.#fd, new Uint8Array(address.buffer), 20),
      "bind",
      action,
    );
  }

  #isReady(): boolean {
    const address = this.#ring + BigInt(this.#next * this.#blockBytes);
    this.#libc.symbols.copyFrom(
      this.#header,
      address,
      BigInt(BLOCK_LAYOUT.headerBytes),
    );
    return (this.#headerView.getUint32(BLOCK_LAYOUT.status, true) &
      STATUS_USER) !== 0;
  }

  #walk(
    first: number,
    count: number,
    length: number,
    onPacket: (packet: RingPacket) => void,
  ): void {
    const layout = PACKET_HEADER_LAYOUT;
    const view = this.#blockView;
    const packet = this.#packet;
    let at = first;
    for (let left = count; left > 0; left--) {
      if (at + layout.bytes > length) {
        throw new OsError(
          `Cannot read ring of interface "${this.state.name}": packet at byte ${at} lies outside of its block`,
          { syscall: "mmap", errno: 0, code: "EBADMSG" },
        );
      }
      packet.seconds = view.getUint32(at + layout.seconds, true);
      packet.nanoseconds = view.getUint32(at + layout.nanoseconds, true);
      packet.offset = at + view.getUint16(at + layout.macOffset, true);
      packet.capturedLength = Math.min(
        view.getUint32(at + layout.captured, true),
        length - packet.offset,
      );
      packet.originalLength = view.getUint32(at + layout.original, true);
      const status = view.getUint32(at + layout.status, true);
      const hasTag = (status & layout.statusVlan) !== 0;
      packet.vlanTci = hasTag ? view.getUint32(at + layout.vlanTci, true) : 0;
      packet.vlanTpid = !hasTag
        ? 0
        : (status & layout.statusVlanTpid) !== 0
        ? view.getUint16(at + layout.vlanTpid, true)
        : layout.defaultTpid;
      packet.protocol = view.getUint16(at + layout.protocol);
      packet.hardwareType = view.getUint16(at + layout.hardwareType, true);
      packet.direction = view.getUint8(at + layout.packetType);
      packet.addressLength = view.getUint8(at + layout.addressLength);
      packet.addressOffset = at + layout.address;
      onPacket(packet);
      const next = view.getUint32(at + layout.next, true);
      if (next === 0) break;
      at += next;
    }
  }
}

function u32s(...values: number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Uint32Array(values).buffer);
}
