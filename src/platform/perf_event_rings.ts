import { openLibc } from "./libc.ts";
import type { Libc } from "./libc.ts";
import { POLL_EVENTS, POLLFD_LAYOUT } from "./poll_events_table.ts";

// First page of the mapping: u64 data_head at 1024, data_tail 1032, data_offset
// 1040, data_size 1048. A record: u32 type, u16 misc, u16 size with the header.
const HEAD_AT = 1024 / 8;
const TAIL_AT = 1032 / 8;
const RECORD_HEADER_BYTES = 8;
const MAX_RECORD_BYTES = 65_536;
const SYSCALL_NUMBERS: Partial<Record<typeof Deno.build.arch, bigint>> = {
  "x86_64": 298n,
  aarch64: 241n,
};
const FLAG_CGROUP = 4n;
const FLAG_CLOSE_ON_EXEC = 8n;
const IOCTL_ENABLE = 0x2400n;
const IOCTL_DISABLE = 0x2401n;
const IOCTL_SET_OUTPUT = 0x2405n;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;
const EPERM = 1;
const ENOMEM = 12;
const O_CLOEXEC = 0o2000000;

/** A record in a ring; valid until the callback returns. */
export interface PerfRingRecord {
  /** What holds it. */
  view: DataView;
  bytes: Uint8Array;
  /** Offset of its header. */
  at: number;
  /** Its size with the header. */
  size: number;
  /** Its kind. */
  type: number;
  /** Its flags. */
  misc: number;
}

/** Whom an event counts, and on which processor. */
export interface PerfEventPlace {
  /** Thread or process; 0 is the calling thread, -1 everybody. */
  readonly pid: number;
  /** Processor. */
  readonly cpu: number;
  /** Folder of a control group that is counted in place of a process. */
  readonly cgroup?: string | undefined;
}

interface Ring {
  readonly fd: number;
  readonly address: bigint;
  readonly sizeBytes: bigint;
  /** Words of the first page. */
  readonly control: BigUint64Array;
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/**
 * Records of the kernel's events: one ring in shared memory for each processor,
 * into which all events on it write (`perf_event_open`).
 */
export class PerfEventRings implements Disposable {
  readonly #libc: Libc;
  readonly #syscall: bigint;
  readonly #attr: Uint8Array<ArrayBuffer>;
  readonly #pageBytes: number;
  readonly #fds: number[] = [];
  readonly #rings = new Map<number, Ring>();
  readonly #scratch = new Uint8Array(MAX_RECORD_BYTES);
  readonly #scratchView = new DataView(this.#scratch.buffer);
  readonly #record: PerfRingRecord;
  #polled = new Uint8Array(0);
  #ringPages: number;

  /**
   * @param attr The event, `struct perf_event_attr`.
   * @param ringPages Pages of each ring, a power of two.
   * @throws {Deno.errors.NotSupported} When this system is not Linux, or its processor is not known.
   * @throws {Deno.errors.NotCapable} When FFI is not permitted.
   */
  constructor(attr: Uint8Array<ArrayBuffer>, ringPages: number) {
    const number = SYSCALL_NUMBERS[Deno.build.arch];
    if (Deno.build.os !== "linux" || number === undefined) {
      throw new Deno.errors.NotSupported(
        `Cannot sample stacks: ${Deno.build.os} on ${Deno.build.arch} has no perf_event_open`,
      );
    }
    if (ringPages < 1 || (ringPages & (ringPages - 1)) !== 0) {
      throw new RangeError(
        `Cannot use option "ringPages": value is ${ringPages}, expected a power of two`,
      );
    }
    this.#syscall = number;
    this.#attr = attr;
    this.#ringPages = ringPages;
    this.#libc = openLibc();
    this.#pageBytes = this.#libc.symbols.getpagesize();
    this.#record = {
      view: this.#scratchView,
      bytes: this.#scratch,
      at: 0,
      size: 0,
      type: 0,
      misc: 0,
    };
  }

  /** Pages of each ring; fewer than asked for where memory may not be locked. */
  get ringPages(): number {
    return this.#ringPages;
  }

  /** Bytes of a page. */
  get pageBytes(): number {
    return this.#pageBytes;
  }

  /** Events that are open. */
  get eventCount(): number {
    return this.#fds.length;
  }

  /**
   * Opens an event. The first one on a processor gets a ring, the others write
   * there too.
   *
   * @param place Whom it counts.
   * @throws {OsError} When the kernel refuses; its code says why.
   */
  open(place: PerfEventPlace): void {
    const { pid, cpu, cgroup } = place;
    const libc = this.#libc;
    const folder = cgroup === undefined ? undefined : libc.check(
      libc.symbols.open(new TextEncoder().encode(`${cgroup}\0`), O_CLOEXEC),
      "open",
      `open control group ${cgroup}`,
    );
    const action = `sample ${cgroup ?? describePid(pid)} on processor ${cpu}`;
    let fd: number;
    try {
      fd = libc.check(
        libc.linuxSymbol("perfEventOpen")(
          this.#syscall,
          this.#attr,
          folder ?? pid,
          cpu,
          -1,
          FLAG_CLOSE_ON_EXEC | (folder === undefined ? 0n : FLAG_CGROUP),
        ),
        "perf_event_open",
        action,
      );
    } finally {
      if (folder !== undefined) libc.symbols.close(folder);
    }
    this.#fds.push(fd);
    const ring = this.#rings.get(cpu);
    if (ring === undefined) {
      this.#rings.set(cpu, this.#map(fd, action));
    } else {
      libc.check(
        libc.symbols.ioctlNumber(fd, IOCTL_SET_OUTPUT, BigInt(ring.fd)),
        "ioctl",
        action,
      );
    }
  }

  /** Lets the events begin to count. */
  enable(): void {
    this.#control(IOCTL_ENABLE, this.#fds);
  }

  /** Ends the counting; what was recorded can still be read. */
  disable(): void {
    this.#control(IOCTL_DISABLE, this.#fds);
  }

  /**
   * Reads what the rings hold, one after the other.
   *
   * @param onRecord Called for each record.
   * @returns Bytes that were read.
   */
  read(onRecord: (record: PerfRingRecord) => void): number {
    let total = 0;
    for (const ring of this.#rings.values()) {
      total += this.#readRing(ring, onRecord);
    }
    return total;
  }

  /**
   * Waits until a ring has filled as far as the event's watermark says. Nothing
   * may be closed before it has ended.
   *
   * @param timeoutMs Longest wait in milliseconds.
   */
  async wait(timeoutMs: number): Promise<void> {
    const fds = this.#pollFds([...this.#rings.values()].map(({ fd }) => fd));
    const view = new DataView(fds.buffer);
    let live = 0;
    for (let at = 0; at < fds.length; at += POLLFD_LAYOUT.size) {
      // An event whose threads have ended is always ready.
      if (hasEnded(this.#polled, at)) view.setInt32(at, -1, true);
      else live++;
    }
    const ready = await this.#libc.symbols.pollAsync(
      fds,
      BigInt(fds.length / POLLFD_LAYOUT.size),
      Math.ceil(timeoutMs),
    );
    if (ready > 0 && live > 0) {
      for (let at = 0; at < fds.length; at += POLLFD_LAYOUT.size) {
        if (hasEnded(this.#polled, at)) {
          view.setInt16(
            at + POLLFD_LAYOUT.revents,
            POLL_EVENTS.hangUp,
            true,
          );
        }
      }
      this.#polled = fds;
    }
  }

  /** @returns Whether everybody who is counted has ended. */
  allEnded(): boolean {
    if (this.#fds.length === 0) return false;
    const fds = this.#pollFds(this.#fds);
    const count = fds.length / POLLFD_LAYOUT.size;
    const ready = this.#libc.symbols.poll(fds, BigInt(count), 0);
    if (ready < count) return false;
    for (let at = 0; at < fds.length; at += POLLFD_LAYOUT.size) {
      if (!hasEnded(fds, at)) return false;
    }
    return true;
  }

  /**
   * Asks how many records found no room. The event's read format must be that
   * of lost records.
   *
   * @returns How many, `undefined` where the kernel does not tell.
   */
  lostCount(): number | undefined {
    // u64 value, u64 lost.
    const counts = new BigUint64Array(2);
    const bytes = new Uint8Array(counts.buffer);
    let lost = 0n;
    for (const fd of this.#fds) {
      const size = this.#libc.symbols.read(fd, bytes, BigInt(bytes.length));
      // An event of a thread that has failed or ended reads as nothing.
      if (size === bytes.length) lost += counts[1]!;
      else if (size > 0) return undefined;
    }
    return Number(lost);
  }

  /** Closes the events. */
  close(): void {
    const { symbols } = this.#libc;
    const rings = [...this.#rings.values()];
    this.#rings.clear();
    for (const { address, sizeBytes } of rings) {
      symbols.munmap(address, sizeBytes);
    }
    for (const fd of this.#fds.splice(0)) symbols.close(fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #map(fd: number, action: string): Ring {
    const libc = this.#libc;
    while (true) {
      const sizeBytes = BigInt((1 + this.#ringPages) * this.#pageBytes);
      const address = libc.symbols.mmap(
        0n,
        sizeBytes,
        PROT_READ_WRITE,
        MAP_SHARED,
        fd,
        0n,
      );
      if (BigInt.asUintN(64, address) !== MAP_FAILED) {
        return this.#ringOf(fd, address, sizeBytes);
      }
      const errno = libc.errno();
      // Programs without privilege may lock a little memory only.
      if ((errno !== EPERM && errno !== ENOMEM) || this.#ringPages === 1) {
        throw libc.errorOf("mmap", errno, action);
      }
      this.#ringPages /= 2;
    }
  }

  #ringOf(fd: number, address: bigint, sizeBytes: bigint): Ring {
    const pointer = Deno.UnsafePointer.create(address);
    if (pointer === null) {
      throw new TypeError("Cannot map ring: its address is 0");
    }
    const memory = Deno.UnsafePointerView.getArrayBuffer(
      pointer,
      Number(sizeBytes),
    );
    return {
      fd,
      address,
      sizeBytes,
      control: new BigUint64Array(memory, 0, this.#pageBytes / 8),
      bytes: new Uint8Array(memory, this.#pageBytes),
      view: new DataView(memory, this.#pageBytes),
    };
  }

  #readRing(
    ring: Ring,
    onRecord: (record: PerfRingRecord) => void,
  ): number {
    const { control, bytes, view } = ring;
    const head = Atomics.load(control, HEAD_AT);
    const tail = control[TAIL_AT]!;
    const total = Number(head - tail);
    if (total === 0) return 0;
    const length = bytes.length;
    const start = Number(tail & BigInt(length - 1));
    const record = this.#record;
    try {
      for (let done = 0; done + RECORD_HEADER_BYTES <= total;) {
        const at = (start + done) & (length - 1);
        // Records are multiples of 8 bytes, so that a header lies in one piece.
        const size = view.getUint16(at + 6, true);
        if (size < RECORD_HEADER_BYTES || done + size > total) break;
        record.type = view.getUint32(at, true);
        record.misc = view.getUint16(at + 4, true);
        record.size = size;
        if (at + size <= length) {
          record.bytes = bytes;
          record.view = view;
          record.at = at;
        } else {
          this.#scratch.set(bytes.subarray(at));
          this.#scratch.set(
            bytes.subarray(0, size - (length - at)),
            length - at,
          );
          record.bytes = this.#scratch;
          record.view = this.#scratchView;
          record.at = 0;
        }
        onRecord(record);
        done += size;
      }
    } finally {
      Atomics.store(control, TAIL_AT, head);
    }
    return total;
  }

  #control(request: bigint, fds: readonly number[]): void {
    for (const fd of fds) {
      this.#libc.check(
        this.#libc.symbols.ioctlNumber(fd, request, 0n),
        "ioctl",
        request === IOCTL_ENABLE ? "start sampling" : "stop sampling",
      );
    }
  }

  /** Fresh each time: the kernel writes to it on another thread. */
  #pollFds(fds: readonly number[]): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(fds.length * POLLFD_LAYOUT.size);
    const view = new DataView(bytes.buffer);
    for (const [index, fd] of fds.entries()) {
      const at = index * POLLFD_LAYOUT.size;
      view.setInt32(at + POLLFD_LAYOUT.fd, fd, true);
      view.setInt16(at + POLLFD_LAYOUT.events, POLL_EVENTS.in, true);
    }
    return bytes;
  }
}

function describePid(pid: number): string {
  if (pid < 0) return "all processes";
  return pid === 0 ? "a new program" : `thread ${pid}`;
}

function hasEnded(polled: Uint8Array, at: number): boolean {
  // Flags lie in the low byte, and the upper one is never set.
  return ((polled[at + POLLFD_LAYOUT.revents] ?? 0) & POLL_EVENTS.hangUp) !== 0;
}
