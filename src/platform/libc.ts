import { OsError } from "../base/errors.ts";
import { LINUX_ERRNO_NAMES } from "../base/linux_errno_table.ts";
import { DARWIN_ERRNO_NAMES } from "./darwin_errno_table.ts";

/**
 * The functions of the C library that tracedeck calls, with the names of their
 * parameters in C. Sizes come back as `i32`, since none exceeds it and `isize`
 * would be a bigint. `usize` arguments must be bigints: with numbers a call
 * takes more than twice as long.
 */
export const LIBC_SYMBOLS = {
  /** Where `errno` of the calling thread is: glibc and musl. */
  errnoLocation: {
    name: "__errno_location",
    parameters: [],
    result: "usize",
    optional: true,
  },
  /** Where `errno` of the calling thread is: libSystem. */
  errnoLocationDarwin: {
    name: "__error",
    parameters: [],
    result: "usize",
    optional: true,
  },
  /** Reads memory; unlike `Deno.UnsafePointerView` it works under `--allow-ffi=PATH`. */
  copyFrom: {
    name: "memcpy",
    parameters: ["buffer", /* dest */ "usize", /* src */ "usize" /* n */],
    result: "pointer",
  },
  /** With `n` of 0: gives the address of `dest`. */
  addressOf: {
    name: "memcpy",
    parameters: ["buffer", /* dest */ "buffer", /* src */ "usize" /* n */],
    result: "usize",
  },
  /** Writes to memory given by its address. */
  copyTo: {
    name: "memcpy",
    parameters: ["usize", /* dest */ "buffer", /* src */ "usize" /* n */],
    result: "pointer",
  },
  mmap: {
    parameters: [
      "usize", // addr
      "usize", // length
      "i32", // prot
      "i32", // flags
      "i32", // fd
      "i64", // offset
    ],
    result: "usize",
  },
  munmap: {
    parameters: ["usize", /* addr */ "usize" /* length */],
    result: "i32",
  },
  /** Only with requests that take a pointer; the function is variadic in C. */
  ioctl: {
    parameters: ["i32", /* fd */ "usize", /* request */ "buffer" /* argp */],
    result: "i32",
  },
  /** Index of a network interface, 0 when there is none of that name. */
  interfaceIndex: {
    name: "if_nametoindex",
    parameters: ["buffer" /* ifname */],
    result: "u32",
  },
  getsockname: {
    parameters: ["i32", /* fd */ "buffer", /* addr */ "buffer" /* addrlen */],
    result: "i32",
  },
  socket: {
    parameters: ["i32", /* domain */ "i32", /* type */ "i32" /* protocol */],
    result: "i32",
  },
  bind: {
    parameters: ["i32", /* fd */ "buffer", /* addr */ "u32" /* addrlen */],
    result: "i32",
  },
  connect: {
    parameters: ["i32", /* fd */ "buffer", /* addr */ "u32" /* addrlen */],
    result: "i32",
  },
  shutdown: {
    parameters: ["i32", /* sockfd */ "i32" /* how */],
    result: "i32",
  },
  listen: {
    parameters: ["i32", /* fd */ "i32" /* backlog */],
    result: "i32",
  },
  accept4: {
    parameters: [
      "i32", // fd
      "pointer", // addr
      "pointer", // addrlen
      "i32", // flags
    ],
    result: "i32",
    optional: true,
  },
  recv: {
    parameters: [
      "i32", // fd
      "buffer", // buf
      "usize", // len
      "i32", // flags
    ],
    result: "i32",
  },
  /** `recv` into memory given by its address, so that no view has to be made. */
  recvAt: {
    name: "recv",
    parameters: [
      "i32", // fd
      "usize", // buf
      "usize", // len
      "i32", // flags
    ],
    result: "i32",
  },
  send: {
    parameters: [
      "i32", // fd
      "buffer", // buf
      "usize", // len
      "i32", // flags
    ],
    result: "i32",
  },
  sendmsg: {
    parameters: ["i32", /* fd */ "buffer", /* msg */ "i32" /* flags */],
    result: "i32",
  },
  setsockopt: {
    parameters: [
      "i32", // fd
      "i32", // level
      "i32", // optname
      "buffer", // optval
      "u32", // optlen
    ],
    result: "i32",
  },
  getsockopt: {
    parameters: [
      "i32", // fd
      "i32", // level
      "i32", // optname
      "buffer", // optval
      "buffer", // optlen
    ],
    result: "i32",
  },
  /** On a thread of its own; `errno` is not to be had afterwards. */
  pollAsync: {
    name: "poll",
    parameters: ["buffer", /* fds */ "usize", /* nfds */ "i32" /* timeout */],
    result: "i32",
    nonblocking: true,
  },
  poll: {
    parameters: ["buffer", /* fds */ "usize", /* nfds */ "i32" /* timeout */],
    result: "i32",
  },
  eventfd: {
    parameters: ["u32", /* initval */ "i32" /* flags */],
    result: "i32",
    optional: true,
  },
  read: {
    parameters: ["i32", /* fd */ "buffer", /* buf */ "usize" /* count */],
    result: "i32",
  },
  write: {
    parameters: ["i32", /* fd */ "buffer", /* buf */ "usize" /* count */],
    result: "i32",
  },
  /** Only with flags that need no mode. */
  open: {
    parameters: ["buffer", /* pathname */ "i32" /* flags */],
    result: "i32",
  },
  close: {
    parameters: ["i32" /* fd */],
    result: "i32",
  },
  /** Process group that may read from a terminal. */
  tcgetpgrp: {
    parameters: ["i32" /* fd */],
    result: "i32",
  },
  /** Process group of this process. */
  getpgrp: {
    parameters: [],
    result: "i32",
  },
  /** Moves the calling thread into a namespace. */
  setns: {
    parameters: ["i32", /* fd */ "i32" /* nstype */],
    result: "i32",
    optional: true,
  },
  /** Opens an event of the kernel; the number of the call depends on the processor. */
  perfEventOpen: {
    name: "syscall",
    parameters: [
      "i64", // number
      "buffer", // attr
      "i32", // pid
      "i32", // cpu
      "i32", // group_fd
      "usize", // flags
    ],
    result: "i32",
    optional: true,
  },
  /** Only with requests that take a number; the function is variadic in C. */
  ioctlNumber: {
    name: "ioctl",
    parameters: ["i32", /* fd */ "usize", /* request */ "usize" /* arg */],
    result: "i32",
  },
  getpagesize: { parameters: [], result: "i32" },
  clockGettime: {
    name: "clock_gettime",
    parameters: ["i32", /* clockid */ "buffer" /* tp */],
    result: "i32",
  },
  /** State of the kernel's clock; with modes of 0 it only reads. */
  adjtimex: {
    parameters: ["buffer" /* buf */],
    result: "i32",
    optional: true,
  },
} as const;

/** The callable functions of {@linkcode LIBC_SYMBOLS}. */
export type LibcSymbols = Deno.StaticForeignLibraryInterface<
  typeof LIBC_SYMBOLS
>;

let opened: Libc | undefined;

/**
 * Opens the C library of this process; nothing is opened before the first call,
 * and later calls give the same library.
 *
 * @returns The library.
 * @throws {Deno.errors.NotCapable} When FFI is not permitted.
 * @throws {Deno.errors.NotSupported} When there is no C library that can be opened.
 */
export function openLibc(): Libc {
  opened ??= new Libc(loadLibrary(), () => opened = undefined);
  return opened;
}

/**
 * Uses the C library for a moment: it is closed again, unless somebody had
 * opened it before.
 *
 * @param use What to do with it; must be done when it returns.
 * @returns What that returned.
 * @throws {Deno.errors.NotCapable} When FFI is not permitted.
 * @throws {Deno.errors.NotSupported} When there is no C library that can be opened.
 */
export function borrowLibc<T>(use: (libc: Libc) => T): T {
  const isMine = opened === undefined;
  const libc = openLibc();
  try {
    return use(libc);
  } finally {
    if (isMine) libc.close();
  }
}

/** The C library; see {@linkcode openLibc}. */
export class Libc implements Disposable {
  #library: Deno.DynamicLibrary<typeof LIBC_SYMBOLS> | undefined;
  readonly #onClose: () => void;
  readonly #errno = new Int32Array(1);
  readonly #errnoBytes = new Uint8Array(this.#errno.buffer);

  /**
   * @param library The opened library.
   * @param onClose Called once, when it is closed.
   */
  constructor(
    library: Deno.DynamicLibrary<typeof LIBC_SYMBOLS>,
    onClose: () => void,
  ) {
    this.#library = library;
    this.#onClose = onClose;
  }

  /**
   * The functions. Hold on to what this gives no longer than the library is
   * open: Deno does not refuse a call into a library that was closed.
   *
   * @throws {Error} When the library is closed.
   */
  get symbols(): LibcSymbols {
    if (this.#library === undefined) {
      throw new Error("Cannot call the C library: library is closed");
    }
    return this.#library.symbols;
  }

  /**
   * Gives a function that only Linux has.
   *
   * @param name Its name in {@linkcode LIBC_SYMBOLS}.
   * @returns The function.
   * @throws {Deno.errors.NotSupported} When this system does not have it.
   */
  linuxSymbol<K extends keyof LibcSymbols>(
    name: K,
  ): NonNullable<LibcSymbols[K]> {
    const symbol = this.symbols[name];
    if (symbol === null) {
      throw new Deno.errors.NotSupported(
        `Cannot call ${name}: the C library of ${Deno.build.os} does not have it`,
      );
    }
    return symbol as NonNullable<LibcSymbols[K]>;
  }

  /**
   * Reads `errno`. Right only directly after a synchronous call that failed: a
   * nonblocking call sets that of another thread.
   *
   * @returns The error number of the last call.
   */
  errno(): number {
    const { errnoLocation, errnoLocationDarwin, copyFrom } = this.symbols;
    const locate = errnoLocation ?? errnoLocationDarwin;
    if (locate === null) return 0;
    copyFrom(this.#errnoBytes, locate(), 4n);
    return this.#errno[0]!;
  }

  /**
   * Finds where a buffer lies, for functions that take addresses.
   *
   * @param bytes The buffer; it must stay referenced as long as the address is used.
   * @returns Its address.
   */
  addressOf(bytes: Uint8Array<ArrayBuffer>): bigint {
    return this.symbols.addressOf(bytes, bytes, 0n);
  }

  /**
   * Checks the result of a synchronous call.
   *
   * @param result What the call returned.
   * @param syscall Name of the function, for example `bind`.
   * @param action What was to be done, for the message; `call <syscall>` by default.
   * @returns The result, if it is not negative.
   * @throws {OsError} When it is negative; directly after the call, so that `errno` is still its own.
   */
  check(result: number, syscall: string, action?: string): number {
    if (result >= 0) return result;
    throw this.errorOf(syscall, this.errno(), action);
  }

  /**
   * Makes the error for an error number that is already known.
   *
   * @param syscall Name of the function.
   * @param errno The error number.
   * @param action What was to be done; `call <syscall>` by default.
   * @returns The error.
   */
  errorOf(
    syscall: string,
    errno: number,
    action = `call ${syscall}`,
  ): OsError {
    const code = errnoName(errno);
    return new OsError(`Cannot ${action}: ${syscall} failed with ${code}`, {
      syscall,
      errno,
      code,
    });
  }

  /** Closes the library; every later use throws, and the next {@linkcode openLibc} opens it anew. */
  close(): void {
    const library = this.#library;
    if (library === undefined) return;
    this.#library = undefined;
    this.#onClose();
    library.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Names an error number of this system.
 *
 * @param errno The number.
 * @param os The system.
 * @returns For example `EPERM`, or `errno 999` where it has no name.
 */
export function errnoName(
  errno: number,
  os: typeof Deno.build.os = Deno.build.os,
): string {
  const own = os === "darwin" ? DARWIN_ERRNO_NAMES[errno] : undefined;
  return own ?? LINUX_ERRNO_NAMES[errno] ?? `errno ${errno}`;
}

/**
 * Lists the names under which the C library may be found, best first. With
 * `--allow-ffi=PATH` Deno opens exactly that path and no bare name, so the usual
 * places follow.
 *
 * @param os Operating system.
 * @param arch Processor.
 * @returns Names and paths for `Deno.dlopen`.
 */
export function libcCandidates(
  os: typeof Deno.build.os,
  arch: typeof Deno.build.arch,
): readonly string[] {
  if (os === "darwin") {
    return ["libSystem.B.dylib", "/usr/lib/libSystem.B.dylib"];
  }
  if (os !== "linux") return [];
  return [
    "libc.so.6",
    `libc.musl-${arch}.so.1`,
    `/lib/${arch}-linux-gnu/libc.so.6`,
    `/usr/lib/${arch}-linux-gnu/libc.so.6`,
    "/lib64/libc.so.6",
    "/usr/lib64/libc.so.6",
    "/usr/lib/libc.so.6",
    `/lib/ld-musl-${arch}.so.1`,
    `/usr/lib/libc.musl-${arch}.so.1`,
  ];
}

function loadLibrary(): Deno.DynamicLibrary<typeof LIBC_SYMBOLS> {
  const candidates = libcCandidates(Deno.build.os, Deno.build.arch);
  const failures: unknown[] = [];
  for (const candidate of candidates) {
    try {
      return Deno.dlopen(candidate, LIBC_SYMBOLS);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.some((error) => error instanceof Deno.errors.NotCapable)) {
    throw new Deno.errors.NotCapable(
      "Cannot open the C library: FFI is not permitted, run deno with --allow-ffi",
      { cause: failures[0] },
    );
  }
  throw new Deno.errors.NotSupported(
    candidates.length === 0
      ? `Cannot open the C library: ${Deno.build.os} is not supported, supported are linux and darwin`
      : `Cannot open the C library: tried ${
        failures.map((error, index) =>
          `${candidates[index]} (${
            error instanceof Error ? error.message : error
          })`
        ).join(", ")
      }`,
    { cause: failures[0] },
  );
}
