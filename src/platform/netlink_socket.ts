import { OsError } from "../base/errors.ts";
import { openLibc } from "./libc.ts";
import type { Libc } from "./libc.ts";
import { POLL_EVENTS, POLLFD_LAYOUT } from "./poll_events_table.ts";

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0x80000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const MSG_DONTWAIT = 0x40;
const MSG_TRUNC = 0x20;
const EAGAIN = 11;
const EINTR = 4;
const NLMSG_HEADER_BYTES = 16;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_DUMP = 0x300;
/** Largest answer that is read in one piece; the kernel sends dumps in pieces of at most 32 KiB. */
const RECEIVE_BYTES = 256 * 1024;
/** Kernels answer at once; this is for one that does not. */
const ANSWER_TIMEOUT_MS = 1000;

/** Netlink protocols. */
export const NETLINK_PROTOCOL = { route: 0, netfilter: 12 } as const;

/** One message of an answer. */
export interface NetlinkMessage {
  /** Type of the message; low byte is the kind, high byte the subsystem of netfilter. */
  readonly type: number;
  /** What follows the header. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

/**
 * Asks the kernel by netlink. Questions are answered at once and on this
 * thread, so every call is synchronous.
 */
export class NetlinkSocket implements Disposable {
  readonly #libc: Libc;
  readonly #buffer = new Uint8Array(RECEIVE_BYTES);
  #fd: number;
  #sequence = 1;

  /**
   * @param protocol One of {@linkcode NETLINK_PROTOCOL}.
   * @throws {OsError} When the kernel does not have it or refuses.
   * @throws {Deno.errors.NotCapable} When FFI is not permitted.
   * @throws {Deno.errors.NotSupported} When this system is not Linux.
   */
  constructor(protocol: number) {
    if (Deno.build.os !== "linux") {
      throw new Deno.errors.NotSupported(
        `Cannot open netlink socket: ${Deno.build.os} is not supported`,
      );
    }
    this.#libc = openLibc();
    const { symbols } = this.#libc;
    this.#fd = this.#libc.check(
      symbols.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol),
      "socket",
      "open netlink socket",
    );
    const size = new Uint8Array(new Uint32Array([1024 * 1024]).buffer);
    symbols.setsockopt(this.#fd, SOL_SOCKET, SO_RCVBUF, size, size.length);
  }

  /**
   * Sends a request and gathers what is answered.
   *
   * @param type Type of the message.
   * @param flags Flags; with both bits of a dump the answer is a list.
   * @param payload What follows the header.
   * @param maxMessages Messages of a dump after which the rest is passed over.
   * @returns The messages.
   * @throws {OsError} When the kernel answers with an error, its number in `errno`.
   */
  request(
    type: number,
    flags: number,
    payload: Uint8Array,
    maxMessages: number = Infinity,
  ): NetlinkMessage[] {
    const sequence = this.#sequence++;
    const message = new Uint8Array(NLMSG_HEADER_BYTES + payload.length);
    const view = new DataView(message.buffer);
    view.setUint32(0, message.length, true);
    view.setUint16(4, type, true);
    view.setUint16(6, flags, true);
    view.setUint32(8, sequence, true);
    message.set(payload, NLMSG_HEADER_BYTES);
    const libc = this.#libc;
    libc.check(
      libc.symbols.send(this.#open(), message, BigInt(message.length), 0),
      "send",
      "ask by netlink",
    );
    const isDump = (flags & NLM_F_DUMP) === NLM_F_DUMP;
    const answers: NetlinkMessage[] = [];
    while (true) {
      const isLast = this.#readAnswer(sequence, (answer) => {
        if (answers.length < maxMessages) answers.push(answer);
      });
      if (isLast || (!isDump && answers.length > 0)) return answers;
    }
  }

  /** Closes the socket. */
  close(): void {
    if (this.#fd < 0) return;
    this.#libc.symbols.close(this.#fd);
    this.#fd = -1;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #open(): number {
    if (this.#fd < 0) {
      throw new Error("Cannot ask by netlink: socket is closed");
    }
    return this.#fd;
  }

  /** @returns Whether the answer is complete. */
  #readAnswer(
    sequence: number,
    onMessage: (message: NetlinkMessage) => void,
  ): boolean {
    const bytes = this.#receive();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    while (at + NLMSG_HEADER_BYTES <= bytes.length) {
      const length = view.getUint32(at, true);
      if (length < NLMSG_HEADER_BYTES || at + length > bytes.length) break;
      const type = view.getUint16(at + 4, true);
      const isOurs = view.getUint32(at + 8, true) === sequence;
      const payload = bytes.slice(at + NLMSG_HEADER_BYTES, at + length);
      at += (length + 3) & ~3;
      // What is left of a question that was given up.
      if (!isOurs) continue;
      if (type === NLMSG_DONE) return true;
      if (type === NLMSG_ERROR) {
        const errno = payload.length < 4
          ? 0
          : -new DataView(payload.buffer).getInt32(0, true);
        if (errno === 0) return true;
        throw this.#libc.errorOf("netlink", errno, "ask by netlink");
      }
      onMessage({ type, payload });
    }
    return false;
  }

  #receive(): Uint8Array<ArrayBuffer> {
    const libc = this.#libc;
    const deadline = performance.now() + ANSWER_TIMEOUT_MS;
    while (true) {
      const size = libc.symbols.recv(
        this.#open(),
        this.#buffer,
        BigInt(RECEIVE_BYTES),
        MSG_DONTWAIT | MSG_TRUNC,
      );
      if (size >= 0) {
        return this.#buffer.subarray(0, Math.min(size, RECEIVE_BYTES));
      }
      const errno = libc.errno();
      if (errno !== EAGAIN && errno !== EINTR) {
        throw libc.errorOf("recv", errno, "ask by netlink");
      }
      const left = Math.ceil(deadline - performance.now());
      if (left <= 0) {
        throw new OsError("Cannot ask by netlink: kernel does not answer", {
          syscall: "recv",
          errno,
          code: "EAGAIN",
        });
      }
      this.#wait(left);
    }
  }

  #wait(timeoutMs: number): void {
    const pollFd = new Uint8Array(POLLFD_LAYOUT.size);
    const view = new DataView(pollFd.buffer);
    view.setInt32(POLLFD_LAYOUT.fd, this.#fd, true);
    view.setInt16(POLLFD_LAYOUT.events, POLL_EVENTS.in, true);
    this.#libc.symbols.poll(pollFd, 1n, timeoutMs);
  }
}
