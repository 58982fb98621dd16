import { parseIpAddress } from "../codec/ip_address.ts";
import { openLibc } from "./libc.ts";
import type { Libc } from "./libc.ts";
import { AF_INET, AF_INET6, encodeSocketAddress } from "./socket_address.ts";

const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0x80000;
const MSG_DONTWAIT = 0x40;
const IPPROTO_ICMP = 1;
const IPPROTO_ICMPV6 = 58;
const IPPROTO_IP = 0;
const IPPROTO_IPV6 = 41;
const IP_MTU_DISCOVER = 10;
const IP_MTU = 14;
const IPV6_MTU_DISCOVER = 23;
const IPV6_MTU = 24;
const IPV6_DONTFRAG = 62;
/** Sends with "do not fragment", whatever the kernel knows of the path. */
const PMTUDISC_PROBE = 3;
const ECHO_REQUEST = 8;
const ECHO_REPLY = 0;
const ECHO_REQUEST_V6 = 128;
const ECHO_REPLY_V6 = 129;
const ICMP_HEADER_BYTES = 8;
const EAGAIN = 11;
const EMSGSIZE = 90;

/** What {@linkcode EchoSocket.send} became. */
export type EchoSendResult = "sent" | "too large" | "unreachable";

/** An answer to an echo request. */
export interface EchoReply {
  /** Number that was sent. */
  readonly sequence: number;
  /** Bytes of the whole IP packet that came back. */
  readonly packetBytes: number;
}

/** How an {@linkcode EchoSocket} is opened. */
export interface EchoSocketOptions {
  /** Number of the interface, which addresses of a link need. @default {0} */
  readonly scopeId?: number | undefined;
}

/**
 * Sends ICMP echo requests to one address and receives the answers. Packets
 * are never fragmented on the way. Nothing waits here: receive until there is
 * nothing.
 */
export class EchoSocket implements Disposable {
  readonly #libc: Libc;
  readonly #isIpv6: boolean;
  readonly #isRaw: boolean;
  readonly #id: number;
  readonly #buffer = new Uint8Array(65_536);
  #fd: number;

  /**
   * @param address An IP address.
   * @param options Its interface.
   * @throws {TypeError} When it is no address.
   * @throws {OsError} When the system refuses, as it does to most users.
   * @throws {Deno.errors.NotCapable} When FFI is not permitted.
   * @throws {Deno.errors.NotSupported} When this system is not Linux.
   */
  constructor(address: string, options: EchoSocketOptions = {}) {
    const bytes = parseIpAddress(address);
    if (bytes === undefined) {
      throw new TypeError(`Cannot ping "${address}": it is no IP address`);
    }
    if (Deno.build.os !== "linux") {
      throw new Deno.errors.NotSupported(
        `Cannot ping ${address}: ${Deno.build.os} is not supported`,
      );
    }
    this.#libc = openLibc();
    this.#isIpv6 = bytes.length === 16;
    this.#id = Math.floor(Math.random() * 0x10000);
    const { fd, isRaw } = this.#openSocket(address);
    this.#fd = fd;
    this.#isRaw = isRaw;
    try {
      this.#setOptions();
      const target = encodeSocketAddress(bytes, 0);
      if (this.#isIpv6) {
        new DataView(target.buffer).setUint32(24, options.scopeId ?? 0, true);
      }
      this.#libc.check(
        this.#libc.symbols.connect(fd, target, target.length),
        "connect",
        `ping ${address}`,
      );
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Sends one request.
   *
   * @param sequence Number from 0 to 65535 that comes back.
   * @param packetBytes Bytes of the whole IP packet, at least 28, for IPv6 48.
   * @returns What became of it: `too large` when the interface does not take it.
   */
  send(sequence: number, packetBytes: number): EchoSendResult {
    const ipBytes = this.#isIpv6 ? 40 : 20;
    const message = new Uint8Array(
      Math.max(ICMP_HEADER_BYTES, packetBytes - ipBytes),
    );
    message.fill(0x61, ICMP_HEADER_BYTES);
    const view = new DataView(message.buffer);
    view.setUint8(0, this.#isIpv6 ? ECHO_REQUEST_V6 : ECHO_REQUEST);
    view.setUint16(4, this.#id);
    view.setUint16(6, sequence);
    // The kernel does it for the others.
    if (this.#isRaw && !this.#isIpv6) view.setUint16(2, checksum(message));
    const size = this.#libc.symbols.send(
      this.#open(),
      message,
      BigInt(message.length),
      MSG_DONTWAIT,
    );
    if (size >= 0) return "sent";
    return this.#libc.errno() === EMSGSIZE ? "too large" : "unreachable";
  }

  /** @returns The next answer that is there, `undefined` when there is none. */
  receive(): EchoReply | undefined {
    for (;;) {
      const size = this.#libc.symbols.recv(
        this.#open(),
        this.#buffer,
        BigInt(this.#buffer.length),
        MSG_DONTWAIT,
      );
      if (size < 0) {
        // Errors of earlier packets are told here, once each.
        if (this.#libc.errno() === EAGAIN) return undefined;
        continue;
      }
      const reply = this.#readReply(this.#buffer.subarray(0, size));
      if (reply !== undefined) return reply;
    }
  }

  /** @returns Bytes that the kernel thinks fit the path, as routers told it. */
  pathMtu(): number | undefined {
    const value = new Uint8Array(4);
    const length = new Uint8Array(new Uint32Array([4]).buffer);
    const [level, option] = this.#isIpv6
      ? [IPPROTO_IPV6, IPV6_MTU]
      : [IPPROTO_IP, IP_MTU];
    const result = this.#libc.symbols.getsockopt(
      this.#open(),
      level,
      option,
      value,
      length,
    );
    return result < 0
      ? undefined
      : new DataView(value.buffer).getUint32(0, true);
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
    if (this.#fd < 0) throw new Error("Cannot ping: socket is closed");
    return this.#fd;
  }

  /** Some systems let everybody ping by sockets of datagrams, root has raw ones. */
  #openSocket(address: string): { fd: number; isRaw: boolean } {
    const { socket } = this.#libc.symbols;
    const family = this.#isIpv6 ? AF_INET6 : AF_INET;
    const protocol = this.#isIpv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
    const easy = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, protocol);
    if (easy >= 0) return { fd: easy, isRaw: false };
    const raw = this.#libc.check(
      socket(family, SOCK_RAW | SOCK_CLOEXEC, protocol),
      "socket",
      `ping ${address}`,
    );
    return { fd: raw, isRaw: true };
  }

  #setOptions(): void {
    const set = (level: number, option: number, value: number): void => {
      const bytes = new Uint8Array(new Int32Array([value]).buffer);
      // Without these, large packets are cut into fragments: no reason to fail.
      this.#libc.symbols.setsockopt(this.#fd, level, option, bytes, 4);
    };
    if (this.#isIpv6) {
      set(IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_PROBE);
      set(IPPROTO_IPV6, IPV6_DONTFRAG, 1);
    } else set(IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_PROBE);
  }

  #readReply(bytes: Uint8Array): EchoReply | undefined {
    const hasIpHeader = this.#isRaw && !this.#isIpv6;
    const at = hasIpHeader ? (bytes[0]! & 0xf) * 4 : 0;
    if (bytes.length < at + ICMP_HEADER_BYTES) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const type = view.getUint8(at);
    if (type !== (this.#isIpv6 ? ECHO_REPLY_V6 : ECHO_REPLY)) return undefined;
    // Sockets of datagrams have an id of their own.
    if (this.#isRaw && view.getUint16(at + 4) !== this.#id) return undefined;
    return {
      sequence: view.getUint16(at + 6),
      packetBytes: bytes.length - at + (this.#isIpv6 ? 40 : 20),
    };
  }
}

/** The sum of the internet, of 16-bit words. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) {
    sum += bytes[at]! << 8 | (bytes[at + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}
