import { openLibc } from "./libc.ts";
import type { Libc } from "./libc.ts";
import { POLL_EVENTS, POLLFD_LAYOUT } from "./poll_events_table.ts";

const EFD_CLOEXEC = 0x80000;
const EFD_NONBLOCK = 0x800;
const MAX_TIMEOUT_MS = 0x7fff_ffff;

/**
 * Microtasks to let pass before the next poll, so that all who were just woken
 * have read and wait again: then one poll serves them all. It is a matter of
 * speed alone; whoever comes later interrupts the poll.
 */
const SETTLE_TICKS = 4;

/** How long {@linkcode Poller.wait} waits. */
export interface WaitOptions {
  /** Gives up after this many milliseconds. @default {Infinity} */
  readonly timeoutMs?: number | undefined;
  /** Ends the waiting; the promise is rejected with its reason. */
  readonly signal?: AbortSignal | undefined;
}

interface Waiter {
  readonly fd: number;
  readonly events: number;
  readonly deadline: number;
  readonly settle: (revents: number) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Waits for any number of file descriptors with one pending `poll(2)` on one
 * other thread. Built for descriptors that Deno does not know: sockets of
 * unusual type, `perf_event_open`.
 *
 * @example Waiting for a descriptor
 * ```ts ignore
 * await using poller = new Poller();
 * const revents = await poller.wait(fd, POLL_EVENTS.in, { timeoutMs: 1000 });
 * if (revents === 0) console.log("nothing came");
 * ```
 */
export class Poller implements AsyncDisposable {
  readonly #libc: Libc;
  readonly #wakeFd: number;
  readonly #waiters = new Set<Waiter>();
  readonly #one = new Uint8Array(new BigUint64Array([1n]).buffer);
  #users = 1;
  #isScheduled = false;
  #isPolling = false;
  #isWoken = false;
  #isClosed = false;
  #polling: Promise<void> = Promise.resolve();

  /**
   * @throws {Deno.errors.NotCapable} When FFI is not permitted.
   * @throws {Deno.errors.NotSupported} When this system has no `eventfd`.
   */
  constructor() {
    this.#libc = openLibc();
    this.#wakeFd = this.#libc.check(
      this.#libc.linuxSymbol("eventfd")(0, EFD_CLOEXEC | EFD_NONBLOCK),
      "eventfd",
    );
  }

  /**
   * Waits until a descriptor is ready.
   *
   * @param fd The descriptor; it must be non-blocking.
   * @param events Bits of {@linkcode POLL_EVENTS}.
   * @param options Time limit and signal.
   * @returns The bits that are set, 0 when the time is up or {@linkcode Poller.forget} was called.
   */
  wait(
    fd: number,
    events: number,
    options: WaitOptions = {},
  ): Promise<number> {
    const { timeoutMs = Infinity, signal } = options;
    if (this.#isClosed) return Promise.resolve(0);
    if (signal?.aborted) return Promise.reject(signal.reason);
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const waiter: Waiter = {
      fd,
      events,
      deadline: performance.now() + timeoutMs,
      settle(revents) {
        signal?.removeEventListener("abort", onAbort);
        resolve(revents);
      },
      fail(error) {
        signal?.removeEventListener("abort", onAbort);
        reject(error);
      },
    };
    const onAbort = () => {
      this.#waiters.delete(waiter);
      this.#wake();
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#waiters.add(waiter);
    this.#schedule();
    return promise;
  }

  /**
   * Ends all waiting for a descriptor. To be called before it is closed: a
   * pending poll keeps the file behind it open.
   *
   * @param fd The descriptor.
   */
  forget(fd: number): void {
    for (const waiter of this.#waiters) {
      if (waiter.fd !== fd) continue;
      this.#waiters.delete(waiter);
      waiter.settle(0);
    }
    this.#wake();
  }

  /** Says that one more will call {@linkcode Poller.close}. */
  retain(): void {
    this.#users++;
  }

  /** Closes the poller, when all who hold it have called this; waits for the pending poll. */
  async close(): Promise<void> {
    if (this.#users > 0) this.#users--;
    if (this.#users > 0 || this.#isClosed) return;
    this.#isClosed = true;
    for (const waiter of this.#waiters) waiter.settle(0);
    this.#waiters.clear();
    this.#wake();
    await this.#polling;
    this.#libc.symbols.close(this.#wakeFd);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #schedule(): void {
    if (this.#isPolling) return this.#wake();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#polling = this.#run();
  }

  #wake(): void {
    if (!this.#isPolling || this.#isWoken) return;
    this.#isWoken = true;
    this.#libc.symbols.write(this.#wakeFd, this.#one, 8n);
  }

  async #run(): Promise<void> {
    try {
      while (!this.#isClosed && this.#waiters.size > 0) {
        for (let tick = 0; tick < SETTLE_TICKS; tick++) await undefined;
        if (this.#isClosed || this.#waiters.size === 0) break;
        await this.#turn();
      }
    } catch (error) {
      for (const waiter of this.#waiters) waiter.fail(error);
      this.#waiters.clear();
    } finally {
      this.#isScheduled = false;
    }
  }

  async #turn(): Promise<void> {
    const waiters = [...this.#waiters];
    // Fresh each time: the kernel writes to it on another thread.
    const fds = new DataView(
      new ArrayBuffer((waiters.length + 1) * POLLFD_LAYOUT.size),
    );
    let deadline = Infinity;
    setPollFd(fds, 0, this.#wakeFd, POLL_EVENTS.in);
    for (const [index, waiter] of waiters.entries()) {
      setPollFd(fds, index + 1, waiter.fd, waiter.events);
      if (waiter.deadline < deadline) deadline = waiter.deadline;
    }
    this.#isPolling = true;
    let ready: number;
    try {
      ready = await this.#libc.symbols.pollAsync(
        new Uint8Array(fds.buffer),
        BigInt(waiters.length + 1),
        toTimeoutMs(deadline),
      );
    } finally {
      this.#isPolling = false;
    }
    if (this.#isWoken) {
      this.#isWoken = false;
      this.#libc.symbols.read(this.#wakeFd, new Uint8Array(8), 8n);
    }
    if (ready < 0) {
      // A signal, or more descriptors than allowed: asked again in sync, the
      // call tells which.
      this.#libc.check(
        this.#libc.symbols.poll(
          new Uint8Array(fds.buffer),
          BigInt(waiters.length + 1),
          0,
        ),
        "poll",
        `wait for ${waiters.length} descriptors`,
      );
    }
    this.#dispatch(fds, waiters);
  }

  #dispatch(fds: DataView, waiters: readonly Waiter[]): void {
    const now = performance.now();
    for (const [index, waiter] of waiters.entries()) {
      if (!this.#waiters.has(waiter)) continue;
      const revents = fds.getInt16(
        (index + 1) * POLLFD_LAYOUT.size + POLLFD_LAYOUT.revents,
        true,
      );
      if (revents === 0 && now < waiter.deadline) continue;
      this.#waiters.delete(waiter);
      waiter.settle(revents);
    }
  }
}

function setPollFd(
  fds: DataView,
  index: number,
  fd: number,
  events: number,
): void {
  const at = index * POLLFD_LAYOUT.size;
  fds.setInt32(at + POLLFD_LAYOUT.fd, fd, true);
  fds.setInt16(at + POLLFD_LAYOUT.events, events, true);
}

function toTimeoutMs(deadline: number): number {
  if (deadline === Infinity) return -1;
  const left = Math.ceil(deadline - performance.now());
  return Math.min(MAX_TIMEOUT_MS, Math.max(0, left));
}
