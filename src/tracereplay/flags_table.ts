import type { Architecture } from "./types.ts";

/** Names of bits, largest values of several bits first. */
export type FlagTable = readonly (readonly [name: string, bits: bigint])[];

/** Access modes of `open`: the two lowest bits. */
export const ACCESS_MODES: readonly string[] = [
  "O_RDONLY",
  "O_WRONLY",
  "O_RDWR",
  "O_ACCMODE",
];

const DIRECTORY: Readonly<Record<Architecture, bigint>> = {
  amd64: 0x10000n,
  arm64: 0x4000n,
};

/**
 * Flags of `open`, which differ between architectures.
 *
 * @param architecture Of the sandbox; without it, bits that differ stay numbers.
 * @returns The table.
 */
export function openFlags(architecture: Architecture | undefined): FlagTable {
  return architecture === undefined
    ? OPEN_FLAGS_COMMON
    : OPEN_FLAGS[architecture];
}

const OPEN_FLAGS_COMMON: FlagTable = [
  ["O_SYNC", 0x101000n],
  ["O_CREAT", 0x40n],
  ["O_EXCL", 0x80n],
  ["O_NOCTTY", 0x100n],
  ["O_TRUNC", 0x200n],
  ["O_APPEND", 0x400n],
  ["O_NONBLOCK", 0x800n],
  ["O_DSYNC", 0x1000n],
  ["O_ASYNC", 0x2000n],
  ["O_NOATIME", 0x40000n],
  ["O_CLOEXEC", 0x80000n],
  ["O_PATH", 0x200000n],
];

const OPEN_FLAGS: Readonly<Record<Architecture, FlagTable>> = {
  amd64: [
    ["O_TMPFILE", 0x400000n | DIRECTORY.amd64],
    ...OPEN_FLAGS_COMMON,
    ["O_DIRECT", 0x4000n],
    ["O_LARGEFILE", 0x8000n],
    ["O_DIRECTORY", DIRECTORY.amd64],
    ["O_NOFOLLOW", 0x20000n],
  ],
  arm64: [
    ["O_TMPFILE", 0x400000n | DIRECTORY.arm64],
    ...OPEN_FLAGS_COMMON,
    ["O_DIRECTORY", DIRECTORY.arm64],
    ["O_NOFOLLOW", 0x8000n],
    ["O_DIRECT", 0x10000n],
    ["O_LARGEFILE", 0x20000n],
  ],
};

/** `PROT_…` of `mmap`. */
export const PROT_FLAGS: FlagTable = [
  ["PROT_READ", 1n],
  ["PROT_WRITE", 2n],
  ["PROT_EXEC", 4n],
];

/** `MAP_…` of `mmap`. */
export const MAP_FLAGS: FlagTable = [
  ["MAP_SHARED_VALIDATE", 3n],
  ["MAP_SHARED", 1n],
  ["MAP_PRIVATE", 2n],
  ["MAP_FIXED", 0x10n],
  ["MAP_ANONYMOUS", 0x20n],
  ["MAP_GROWSDOWN", 0x100n],
  ["MAP_LOCKED", 0x2000n],
  ["MAP_NORESERVE", 0x4000n],
  ["MAP_POPULATE", 0x8000n],
  ["MAP_STACK", 0x20000n],
  ["MAP_FIXED_NOREPLACE", 0x100000n],
];

/** `CLONE_…` of `clone`, without the signal in the lowest byte. */
export const CLONE_FLAGS: FlagTable = [
  ["CLONE_VM", 0x100n],
  ["CLONE_FS", 0x200n],
  ["CLONE_FILES", 0x400n],
  ["CLONE_SIGHAND", 0x800n],
  ["CLONE_PIDFD", 0x1000n],
  ["CLONE_PTRACE", 0x2000n],
  ["CLONE_VFORK", 0x4000n],
  ["CLONE_PARENT", 0x8000n],
  ["CLONE_THREAD", 0x10000n],
  ["CLONE_NEWNS", 0x20000n],
  ["CLONE_SYSVSEM", 0x40000n],
  ["CLONE_SETTLS", 0x80000n],
  ["CLONE_PARENT_SETTID", 0x100000n],
  ["CLONE_CHILD_CLEARTID", 0x200000n],
  ["CLONE_DETACHED", 0x400000n],
  ["CLONE_UNTRACED", 0x800000n],
  ["CLONE_CHILD_SETTID", 0x1000000n],
  ["CLONE_NEWCGROUP", 0x2000000n],
  ["CLONE_NEWUTS", 0x4000000n],
  ["CLONE_NEWIPC", 0x8000000n],
  ["CLONE_NEWUSER", 0x10000000n],
  ["CLONE_NEWPID", 0x20000000n],
  ["CLONE_NEWNET", 0x40000000n],
  ["CLONE_IO", 0x80000000n],
  ["CLONE_CLEAR_SIGHAND", 0x100000000n],
  ["CLONE_INTO_CGROUP", 0x200000000n],
];

/** Bits that may be or-ed into the type of a socket, and flags of `accept4`. */
export const SOCK_FLAGS: FlagTable = [
  ["SOCK_NONBLOCK", 0x800n],
  ["SOCK_CLOEXEC", 0x80000n],
];

/** Flags of calls that take only `O_CLOEXEC` and `O_NONBLOCK`. */
export const DESCRIPTOR_FLAGS: FlagTable = [
  ["O_NONBLOCK", 0x800n],
  ["O_DIRECT", 0x4000n],
  ["O_CLOEXEC", 0x80000n],
];

/** Types of sockets: the low four bits. */
export const SOCKET_TYPES: Readonly<Record<number, string>> = {
  1: "SOCK_STREAM",
  2: "SOCK_DGRAM",
  3: "SOCK_RAW",
  4: "SOCK_RDM",
  5: "SOCK_SEQPACKET",
  10: "SOCK_PACKET",
};

/** Requests of `ptrace`. */
export const PTRACE_REQUESTS: Readonly<Record<number, string>> = {
  0: "PTRACE_TRACEME",
  1: "PTRACE_PEEKTEXT",
  2: "PTRACE_PEEKDATA",
  3: "PTRACE_PEEKUSR",
  4: "PTRACE_POKETEXT",
  5: "PTRACE_POKEDATA",
  6: "PTRACE_POKEUSR",
  7: "PTRACE_CONT",
  8: "PTRACE_KILL",
  9: "PTRACE_SINGLESTEP",
  12: "PTRACE_GETREGS",
  13: "PTRACE_SETREGS",
  16: "PTRACE_ATTACH",
  17: "PTRACE_DETACH",
  24: "PTRACE_SYSCALL",
  0x4200: "PTRACE_SETOPTIONS",
  0x4201: "PTRACE_GETEVENTMSG",
  0x4202: "PTRACE_GETSIGINFO",
  0x4203: "PTRACE_SETSIGINFO",
  0x4204: "PTRACE_GETREGSET",
  0x4205: "PTRACE_SETREGSET",
  0x4206: "PTRACE_SEIZE",
  0x4207: "PTRACE_INTERRUPT",
  0x4208: "PTRACE_LISTEN",
};

/** Resources of `prlimit64`. */
export const RESOURCES: readonly string[] = [
  "RLIMIT_CPU",
  "RLIMIT_FSIZE",
  "RLIMIT_DATA",
  "RLIMIT_STACK",
  "RLIMIT_CORE",
  "RLIMIT_RSS",
  "RLIMIT_NPROC",
  "RLIMIT_NOFILE",
  "RLIMIT_MEMLOCK",
  "RLIMIT_AS",
  "RLIMIT_LOCKS",
  "RLIMIT_SIGPENDING",
  "RLIMIT_MSGQUEUE",
  "RLIMIT_NICE",
  "RLIMIT_RTPRIO",
  "RLIMIT_RTTIME",
];

/** Signals of Linux by number, on both architectures. */
export const SIGNALS: readonly string[] = [
  "0",
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGILL",
  "SIGTRAP",
  "SIGABRT",
  "SIGBUS",
  "SIGFPE",
  "SIGKILL",
  "SIGUSR1",
  "SIGSEGV",
  "SIGUSR2",
  "SIGPIPE",
  "SIGALRM",
  "SIGTERM",
  "SIGSTKFLT",
  "SIGCHLD",
  "SIGCONT",
  "SIGSTOP",
  "SIGTSTP",
  "SIGTTIN",
  "SIGTTOU",
  "SIGURG",
  "SIGXCPU",
  "SIGXFSZ",
  "SIGVTALRM",
  "SIGPROF",
  "SIGWINCH",
  "SIGIO",
  "SIGPWR",
  "SIGSYS",
];

/**
 * Takes a number of bits apart.
 *
 * @param value The bits; a number has 32 of them.
 * @param table Their names.
 * @returns Names of the bits that are set; what has no name follows in hexadecimal.
 */
export function flagNames(
  value: bigint | number,
  table: FlagTable,
): readonly string[] {
  let rest = typeof value === "number"
    ? BigInt.asUintN(32, BigInt(value))
    : value;
  const names: string[] = [];
  for (const [name, bits] of table) {
    if ((rest & bits) !== bits) continue;
    names.push(name);
    rest &= ~bits;
  }
  if (rest !== 0n) names.push(`0x${BigInt.asUintN(64, rest).toString(16)}`);
  return names;
}
