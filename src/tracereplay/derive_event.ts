import { joinHostPort } from "../codec/ip_address.ts";
import { LINUX_ERRNO_NAMES } from "../base/linux_errno_table.ts";
import { formatUnixNs } from "../base/time.ts";
import type { UnixNs } from "../base/time.ts";
import {
  ACCESS_MODES,
  CLONE_FLAGS,
  DESCRIPTOR_FLAGS,
  flagNames,
  MAP_FLAGS,
  openFlags,
  PROT_FLAGS,
  PTRACE_REQUESTS,
  RESOURCES,
  SIGNALS,
  SOCK_FLAGS,
  SOCKET_TYPES,
} from "./flags_table.ts";
import {
  ADDRESS_FAMILIES,
  decodeSockaddr,
  formatIp,
} from "./sockaddr_decoder.ts";
import type {
  Architecture,
  DecodedEvent,
  FieldValueOf,
  Message,
} from "./types.ts";

/** What follows from the fields of an event, by the name of the field. */
export type DerivedValues = Readonly<Record<string, unknown>>;

const AT_FDCWD = -100n;
const UNLIMITED = 2n ** 64n - 1n;
const FILE_TYPES: Readonly<Record<number, string>> = {
  0o010000: "pipe",
  0o020000: "character device",
  0o040000: "folder",
  0o060000: "block device",
  0o100000: "file",
  0o120000: "symbolic link",
  0o140000: "socket",
};

/**
 * Works out what the numbers of an event mean: names of flags, errors and
 * constants, socket addresses, the outcome of a process.
 *
 * @param event A decoded event.
 * @param architecture Of the sandbox, on which some flags depend.
 * @returns Values by name of the field, plus `time`, `errno`; what says nothing
 * is left out. Never throws.
 *
 * @example A failed `openat`
 * ```ts
 * import { deriveEvent } from "../../src/tracereplay/derive_event.ts";
 * import { decodeMessage } from "../../src/tracereplay/message_decoder.ts";
 * import { encodeMessage } from "../../src/tracereplay/message_encoder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const event = decodeMessage(encodeMessage("Open", {
 *   exit: { errorno: 2n },
 *   sysno: 257n,
 *   fd: -100n,
 *   flags: 0x80000,
 * }));
 * if (event.type === "decoded") {
 *   assertEquals(deriveEvent(event, "amd64"), {
 *     errno: "ENOENT",
 *     fd: "AT_FDCWD",
 *     flags: ["O_RDONLY", "O_CLOEXEC"],
 *   });
 * }
 * ```
 */
export function deriveEvent(
  event: DecodedEvent,
  architecture: Architecture | undefined,
): DerivedValues {
  return {
    ...deriveCommon(event.payload as CommonFields),
    ...deriveSpecific(event, architecture),
  };
}

interface CommonFields {
  readonly "context_data"?: Message<"ContextData">;
  readonly exit?: Message<"Exit">;
  readonly fd?: bigint | number;
  readonly address?: Uint8Array;
}

function deriveCommon(payload: CommonFields): DerivedValues {
  const { time_ns: timeNs } = payload.context_data ?? {};
  const errorno = payload.exit?.errorno;
  return {
    ...(timeNs === undefined ? {} : { time: formatUnixNs(timeNs as UnixNs) }),
    ...(errorno === undefined ? {} : { errno: errnoText(errorno) }),
    ...(payload.fd !== undefined && BigInt(payload.fd) === AT_FDCWD
      ? { fd: "AT_FDCWD" }
      : {}),
    ...(payload.address === undefined
      ? {}
      : { address: decodeSockaddr(payload.address) }),
  };
}

function deriveSpecific(
  event: DecodedEvent,
  architecture: Architecture | undefined,
): DerivedValues {
  switch (event.message) {
    case "CloneInfo":
    case "Clone":
      return map(event.payload.flags, "flags", cloneFlags);
    case "ExecveInfo":
      return deriveExecve(event.payload);
    case "ExitNotifyParentInfo":
    case "TaskExit":
      return {
        "exit_status": decodeWaitStatus(event.payload.exit_status ?? 0),
      };
    case "MmapInfo":
      return {
        ...map(event.payload.mapped_mode, "mapped_mode", formatMode),
        ...map(event.payload.mapped_ctime, "mapped_ctime", formatTimespec),
      };
    case "Open": {
      const flags = event.payload.flags ?? 0;
      return {
        flags: [
          ACCESS_MODES[flags & 3]!,
          ...flagNames(BigInt(flags) & ~3n, openFlags(architecture)),
        ],
        ...map(event.payload.mode, "mode", formatMode),
      };
    }
    case "Socket":
    case "SocketPair":
      return {
        domain: familyText(event.payload.domain ?? 0),
        type: socketType(event.payload.type ?? 0),
      };
    case "Accept":
      return map(
        event.payload.flags,
        "flags",
        (flags) => flagNames(flags, SOCK_FLAGS),
      );
    case "Listen":
      return {
        "socket_family": familyText(event.payload.socket_family ?? 0),
        "socket_type": socketType(event.payload.socket_type ?? 0),
      };
    case "Pipe":
    case "Dup":
    case "Signalfd":
    case "InotifyInit":
    case "TimerfdCreate":
      return map(
        event.payload.flags as number | undefined,
        "flags",
        (flags) => flagNames(flags, DESCRIPTOR_FLAGS),
      );
    case "Mmap":
      return {
        prot: event.payload.prot === undefined
          ? ["PROT_NONE"]
          : flagNames(event.payload.prot, PROT_FLAGS),
        ...map(
          event.payload.flags,
          "flags",
          (flags) => flagNames(flags, MAP_FLAGS),
        ),
      };
    case "Ptrace": {
      const request = event.payload.request ?? 0n;
      return { request: PTRACE_REQUESTS[Number(request)] ?? `${request}` };
    }
    case "Prlimit": {
      const resource = event.payload.resource ?? 0n;
      return {
        resource: RESOURCES[Number(resource)] ?? `${resource}`,
        ...map(event.payload.new_limit, "new_limit", formatLimit),
        ...map(event.payload.old_limit, "old_limit", formatLimit),
      };
    }
    default:
      return {};
  }
}

function deriveExecve(payload: Message<"ExecveInfo">): DerivedValues {
  return {
    ...map(payload.binary_mode, "binary_mode", formatMode),
    ...map(payload.binary_sha256, "binary_sha256", (bytes) => bytes.toHex()),
    ...map(payload.binary_sha1, "binary_sha1", (bytes) => bytes.toHex()),
    ...map(payload.binary_ctime, "binary_ctime", formatTimespec),
    ...map(payload.stdin, "stdin", deriveFd),
    ...map(payload.stdout, "stdout", deriveFd),
    ...map(payload.stderr, "stderr", deriveFd),
  };
}

function deriveFd(info: Message<"FdInfo">): DerivedValues {
  const mode = info.mode ?? 0;
  return {
    ...(mode === 0 ? {} : {
      mode: formatMode(mode),
      type: FILE_TYPES[mode & 0o170000] ?? "unknown",
    }),
    ...map(info.socket?.local, "local", formatEnd),
    ...map(info.socket?.remote, "remote", formatEnd),
  };
}

/** gVisor copies the port in network order into an integer without turning it. */
function formatEnd(end: FieldValueOf<"SocketIp">): string {
  const { ip, port = 0 } = end;
  if (ip === undefined) return familyText(end.family ?? 0);
  const real = ((port & 0xff) << 8) | ((port >> 8) & 0xff);
  return joinHostPort(formatIp(ip), real);
}

/** How a process or thread ended. */
export type WaitStatus =
  | { readonly code: number }
  | {
    readonly signal: number;
    readonly name: string;
    readonly "core_dumped": boolean;
  };

/**
 * Takes a wait status apart.
 *
 * @param status As of `wait(2)`.
 * @returns Exit code, or signal with its name.
 */
export function decodeWaitStatus(status: number): WaitStatus {
  const signal = status & 0x7f;
  if (signal === 0) return { code: (status >> 8) & 0xff };
  return {
    signal,
    name: SIGNALS[signal] ?? `SIG${signal}`,
    "core_dumped": (status & 0x80) !== 0,
  };
}

/**
 * Names an error number that a system call inside of gVisor returned.
 *
 * @param errorno The number.
 * @returns For example `ENOENT`, or the number where it has no name.
 */
export function errnoText(errorno: bigint): string {
  return LINUX_ERRNO_NAMES[Number(errorno)] ?? `${errorno}`;
}

function familyText(family: number): string {
  return ADDRESS_FAMILIES[family] ?? `AF_${family}`;
}

function socketType(type: number): readonly string[] {
  const kind = type & 0xf;
  return [
    SOCKET_TYPES[kind] ?? `${kind}`,
    ...flagNames(BigInt.asUintN(32, BigInt(type)) & ~0xfn, SOCK_FLAGS),
  ];
}

function cloneFlags(flags: bigint): readonly string[] {
  const signal = Number(flags & 0xffn);
  return [
    ...flagNames(flags & ~0xffn, CLONE_FLAGS),
    ...(signal === 0 ? [] : [SIGNALS[signal] ?? `SIG${signal}`]),
  ];
}

function formatMode(mode: number): string {
  return `0${mode.toString(8)}`;
}

function formatTimespec(time: Message<"Timespec">): string {
  const { sec = 0n, nsec = 0n } = time;
  return formatUnixNs((sec * 1_000_000_000n + nsec) as UnixNs);
}

function formatLimit(limit: Message<"StructRlimit">): DerivedValues {
  const { cur = 0n, max = 0n } = limit;
  return {
    cur: cur === UNLIMITED ? "unlimited" : `${cur}`,
    max: max === UNLIMITED ? "unlimited" : `${max}`,
  };
}

/** A derived value of a field, if the field is there. */
function map<T>(
  value: T | undefined,
  name: string,
  derive: (value: T) => unknown,
): DerivedValues {
  return value === undefined ? {} : { [name]: derive(value) };
}
