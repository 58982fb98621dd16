import type { UnixNs } from "../base/time.ts";
import type { KcapDialectName } from "./dialect_table.ts";
import type { KcapEventType } from "./event_type_table.ts";
import type { KcapParamType } from "./param_type_table.ts";

/** The first 18 bytes of a capture. */
export interface KcapHeader {
  /** Byte order of the machine that captured. */
  readonly littleEndian: boolean;
  /** 2 today, 1 before Fibratus 2.0.0. */
  readonly major: number;
  /** 0, or 1 in Fibratus 1.10.0. */
  readonly minor: number;
  /** Reserved; always 0 so far. */
  readonly flags: bigint;
}

/** What is known of a kernel object beyond its name. */
export type KcapHandleMeta =
  | {
    readonly type: "alpc";
    readonly flags: number;
    readonly sequence: number;
    readonly context: bigint;
  }
  | {
    readonly type: "mutant";
    readonly count: number;
    readonly isAbandoned: boolean;
  }
  | { readonly type: "file"; readonly isDirectory: boolean }
  | { readonly type: "unknown" }
  | { readonly type: "none" };

/** One handle of a handle snapshot. */
export interface KcapHandle {
  /** Value of the handle in its process. */
  readonly id: bigint;
  /** Address of the kernel object. */
  readonly object: bigint;
  /** Process that owns the handle. */
  readonly pid: number;
  /** Kind of kernel object: `File`, `Key`, `Event` … */
  readonly kind: string;
  /** Name of the object, empty where it has none. */
  readonly name: string;
  /** Details of the kind. */
  readonly meta: KcapHandleMeta;
}

/** A key with its text. */
export interface KcapPair {
  readonly key: string;
  readonly value: string;
}

/** A section of an executable. */
export interface KcapPeSection {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Bits per byte, 0 to 8. */
  readonly entropy: number;
  /** MD5 of the content in hexadecimal. */
  readonly md5: string;
}

/** The certificate that an executable was signed with. */
export interface KcapCertificate {
  /** RFC 3339. */
  readonly notBefore: string;
  /** RFC 3339. */
  readonly notAfter: string;
  readonly serial: string;
  readonly subject: string;
  readonly issuer: string;
}

/** What the writer found in the executable of a process. */
export interface KcapPe {
  readonly sectionCount: number;
  readonly symbolCount: number;
  /** Hexadecimal text, with or without `0x`. */
  readonly imageBase: string;
  /** Hexadecimal text, with or without `0x`. */
  readonly entryPoint: string;
  /** RFC 3339. */
  readonly linkTime: string;
  readonly sections: readonly KcapPeSection[];
  readonly symbols: readonly string[];
  readonly imports: readonly string[];
  /** Version resources in the order of the file. */
  readonly resources: readonly KcapPair[];
  /** False where the file is older than the field. */
  readonly isSigned: boolean;
  readonly isTrusted: boolean;
  readonly certificate: KcapCertificate | undefined;
  readonly isDriver: boolean;
  readonly isDll: boolean;
  readonly isExecutable: boolean;
  readonly isDotnet: boolean;
  readonly importHash: string;
  readonly anomalies: readonly string[];
}

/** State of a process as it is embedded in the event that shows it first. */
export interface KcapProcessState {
  readonly pid: number;
  readonly ppid: number;
  readonly name: string;
  readonly cmdline: string;
  readonly exe: string;
  readonly cwd: string;
  /** `S-1-…`; an account name in captures of Fibratus 1.x. */
  readonly sid: string;
  readonly args: readonly string[];
  readonly sessionId: number;
  /** Environment in the order of the file. */
  readonly envs: readonly KcapPair[];
  readonly handles: readonly KcapHandle[];
  readonly pe: KcapPe | undefined;
  /** RFC 3339, `undefined` where the file is older than the field. */
  readonly startTime: string | undefined;
  /** 0n where unknown. */
  readonly uuid: bigint;
  readonly username: string;
  readonly domain: string;
  readonly isWow64: boolean;
  readonly isPackaged: boolean;
  readonly isProtected: boolean;
  /** Version of the process section, 1 to 4. */
  readonly version: number;
  /** Version of the PE section, 1 or 2. */
  readonly peVersion: number;
}

/** Value of a parameter of type `Slice`. */
export type KcapSlice =
  | { readonly kind: "strings"; readonly items: readonly string[] }
  | { readonly kind: "addresses"; readonly items: readonly bigint[] };

/**
 * Value of a parameter: text; numbers up to 32 bits and floats as `number`,
 * 64 bits as `bigint`; binary data, security identifiers and network addresses
 * (4 or 16 bytes, network order) as bytes.
 *
 * Text that is not valid UTF-8 in the file has each offending byte as the lone
 * surrogate U+DC00 + byte, so that it can be written again unchanged;
 * `toWellFormed()` makes it fit to be shown.
 */
export type KcapValue =
  | string
  | number
  | bigint
  | boolean
  | Uint8Array
  | KcapSlice;

/** One parameter of an event. */
export interface KcapParam {
  /** Today's name, or the stored one when legacy names are kept. */
  readonly name: string;
  /** Name in the file. */
  readonly storedName: string;
  /** Type in the file. */
  readonly type: KcapParamType;
  /** The value. */
  readonly value: KcapValue;
}

/** One event of a capture, state-only ones included. */
export interface KcapEvent {
  readonly type: "event";
  /** Where its section header is, in bytes of the decompressed stream; 0 for events that come from elsewhere. */
  readonly offset: number;
  /** Bytes of the event without its section header. */
  readonly sizeBytes: number;
  /** Layout that it was read in. */
  readonly dialect: KcapDialectName;
  /** Sequence number; not monotonic in real captures. */
  readonly seq: bigint;
  /** 4294967295 where unknown. */
  readonly pid: number;
  readonly tid: number;
  readonly cpu: number;
  /** Provider and hook id. */
  readonly eventType: KcapEventType;
  /** Today's name, or the stored one when legacy names are kept. */
  readonly name: string;
  /** Today's category, or the stored one when legacy names are kept. */
  readonly category: string;
  /** Name in the file. */
  readonly storedName: string;
  /** Category in the file. */
  readonly storedCategory: string;
  readonly description: string;
  /** Machine that captured. */
  readonly host: string;
  /** RFC 3339 with the machine's offset; the zero time where the file has something else. */
  readonly timestamp: string;
  /** Timestamp text in the file. */
  readonly storedTimestamp: string;
  /** The same instant. */
  readonly timeNs: UnixNs;
  /** In the order of the file. */
  readonly params: readonly KcapParam[];
  /** In the order of the file. */
  readonly meta: readonly KcapPair[];
  /** Process state in the event itself. */
  readonly embedded: KcapProcessState | undefined;
  /** Version in the event's process section header. */
  readonly processVersion: number;
  /**
   * The process that the event belongs to: from the event itself or, when it
   * comes out of a reader, recovered. It lives: its lists and links change as
   * further events are read.
   */
  readonly process: KcapProcess | undefined;
}

/** What kind of fault was survived. */
export type KcapFaultKind =
  | "event"
  | "handle"
  | "section"
  | "state"
  | "truncated"
  | "unclosed"
  | "trailing";

/** A fault that reading survived. */
export interface KcapFault {
  readonly type: "fault";
  readonly kind: KcapFaultKind;
  /** Bytes of the decompressed stream. */
  readonly offset: number;
  /** What is wrong, in Fibratus' words where it has some. */
  readonly message: string;
}

/** What reading a capture gives, in the order of the file. */
export type KcapItem = KcapEvent | KcapFault;

/** A thread of a process. */
export interface KcapThread {
  readonly tid: number;
  readonly startAddress: bigint;
  readonly userStackBase: bigint;
  readonly userStackLimit: bigint;
  readonly kernelStackBase: bigint;
  readonly kernelStackLimit: bigint;
  readonly basePriority: number;
  readonly ioPriority: number;
  readonly pagePriority: number;
}

/** A module (executable, library, driver) that is mapped into a process. */
export interface KcapModule {
  readonly path: string;
  readonly size: bigint;
  readonly checksum: number;
  readonly timestamp: number;
  readonly base: bigint;
  readonly defaultBase: bigint;
  readonly signatureLevel: number;
  readonly signatureType: number;
}

/** A file or section that is mapped into a process. */
export interface KcapMapping {
  readonly base: bigint;
  readonly size: bigint;
  /** As the event has it. */
  readonly protection: number;
  readonly sectionType: number;
  readonly path: string;
}

/** A process as it is known at some point of the capture. */
export interface KcapProcess {
  readonly pid: number;
  readonly ppid: number;
  readonly name: string;
  readonly cmdline: string;
  readonly exe: string;
  readonly cwd: string;
  readonly sid: string;
  readonly args: readonly string[];
  readonly sessionId: number;
  readonly envs: readonly KcapPair[];
  /** Handles of the snapshot that is embedded in its first event. */
  readonly handles: readonly KcapHandle[];
  readonly pe: KcapPe | undefined;
  /** RFC 3339, where known. */
  readonly startTime: string | undefined;
  /** 0n where unknown. */
  readonly uuid: bigint;
  readonly username: string;
  readonly domain: string;
  readonly isWow64: boolean;
  readonly isPackaged: boolean;
  readonly isProtected: boolean;
  /** `HIGH`, `SYSTEM` …, empty where unknown. */
  readonly integrityLevel: string;
  /** `DEFAULT`, `FULL`, `LIMITED`, empty where unknown. */
  readonly elevationType: string;
  readonly isElevated: boolean;
  /** Fixed when the process was created; gone when the parent ended first. */
  readonly parent: KcapProcess | undefined;
  /** By thread id. */
  readonly threads: ReadonlyMap<number, KcapThread>;
  /** By base address. */
  readonly modules: ReadonlyMap<bigint, KcapModule>;
  /** By base address. */
  readonly mappings: ReadonlyMap<bigint, KcapMapping>;
}

/** A kernel object that some process has open. */
export interface KcapOpenHandle {
  readonly object: bigint;
  /** Kind of kernel object. */
  readonly kind: string;
  readonly name: string;
  /** Value of the handle, where known. */
  readonly id: bigint;
  /** Process that opened it. */
  readonly pid: number;
  /** Details, where the snapshot has them. */
  readonly meta: KcapHandleMeta | undefined;
}
