import type { ValueType } from "./types.ts";

/** What a field is declared as; decides its value where an event has none. */
export type DeclaredType =
  | "String"
  | "Bool"
  | "Int8"
  | "Int16"
  | "Int64"
  | "Uint8"
  | "Uint16"
  | "Uint32"
  | "Uint64"
  | "PID"
  | "Address"
  | "Enum"
  | "Flags"
  | "Flags64"
  | "IP"
  | "Time"
  | "Slice"
  | "Map"
  | "Object";

/** What may stand in brackets behind a field. */
export interface FieldArgument {
  readonly isRequired: boolean;
  /** A regular expression that the whole argument must match. */
  readonly pattern: string;
}

/** Why a field should not be used any more. */
export interface FieldDeprecation {
  /** Release since which it is deprecated. */
  readonly since: string;
  /** Field to use instead. */
  readonly use: string;
}

/** A field of the filter language. */
export interface FieldSpec {
  readonly name: string;
  readonly declared: DeclaredType;
  /** Kind of value that it gives. */
  readonly type: ValueType;
  readonly description: string;
  readonly argument: FieldArgument | undefined;
  readonly deprecated: FieldDeprecation | undefined;
}

type Row = readonly [
  name: string,
  declared: DeclaredType,
  type: ValueType,
  description: string,
  argument?: FieldArgument,
];

const PARAMETER_NAME: FieldArgument = {
  isRequired: true,
  pattern: "[a-z0-9_]+",
};
const KEY: FieldArgument = { isRequired: false, pattern: "[a-zA-Z0-9_]+" };
const INDEX: FieldArgument = { isRequired: false, pattern: "[0-9]+" };

const EVENT: readonly Row[] = [
  ["seq", "Uint64", "u64", "sequence number of the event"],
  ["pid", "Uint32", "u32", "process that produced the event"],
  ["tid", "Uint32", "u32", "thread that produced the event"],
  ["cpu", "Uint8", "u8", "logical processor on which the event was produced"],
  ["name", "String", "string", "name of the event, such as CreateFile"],
  ["category", "String", "string", "category of the event, such as registry"],
  ["desc", "String", "string", "description that the writer stored"],
  ["host", "String", "string", "machine that captured the event"],
  ["time", "Time", "string", "time of day as text, 15:04:05"],
  ["time.h", "Time", "u8", "hour, 0 to 23"],
  ["time.m", "Time", "u8", "minute, 0 to 59"],
  ["time.s", "Time", "u8", "second, 0 to 59"],
  ["time.ns", "Int64", "i64", "nanoseconds since 1970"],
  ["date", "Time", "string", "date as text, 2006-01-02"],
  ["date.d", "Time", "u8", "day of the month, 1 to 31"],
  ["date.m", "Time", "u8", "month, 1 to 12"],
  ["date.y", "Uint32", "u32", "year"],
  ["date.tz", "String", "string", "time zone, UTC or empty"],
  ["date.week", "Uint8", "u8", "ISO week of the year, 1 to 53"],
  ["date.weekday", "String", "string", "day of the week, such as Monday"],
  ["nparams", "Int8", "u64", "number of parameters"],
  ["arg", "Object", "any", "a parameter by name", PARAMETER_NAME],
];

const SYSCALL: readonly Row[] = [
  [
    "evt.is_direct_syscall",
    "Bool",
    "bool",
    "whether a system call was made directly; captures do not store it",
  ],
  [
    "evt.is_indirect_syscall",
    "Bool",
    "bool",
    "whether a system call was made indirectly; captures do not store it",
  ],
];

/** Of a process and, with `ps.parent.`, of its parent. */
const PROCESS: readonly Row[] = [
  ["name", "String", "string", "name of the executable"],
  ["cmdline", "String", "string", "command line"],
  ["exe", "String", "string", "path of the executable"],
  ["cwd", "String", "string", "working directory"],
  ["sid", "String", "string", "security identifier of the user"],
  ["domain", "String", "string", "domain of the user"],
  ["username", "String", "string", "name of the user"],
  ["args", "Slice", "list", "arguments of the command line"],
  ["sessionid", "Int16", "u32", "session"],
  ["envs", "Slice", "list", "environment as KEY:VALUE, or one variable", KEY],
  [
    "handles",
    "Slice",
    "list",
    "names of handles when the process was seen first",
  ],
  ["handle.types", "Slice", "list", "kinds of these handles"],
  ["dtb", "Address", "string", "directory table base; always empty"],
  ["uuid", "Uint64", "u64", "unique id of the process, 0 where unknown"],
  ["is_wow64", "Bool", "bool", "whether it runs 32-bit code on 64-bit Windows"],
  ["is_packaged", "Bool", "bool", "whether it is of an application package"],
  ["is_protected", "Bool", "bool", "whether it is a protected process"],
  [
    "token.integrity_level",
    "String",
    "string",
    "integrity level, such as HIGH",
  ],
  ["token.elevation_type", "String", "string", "DEFAULT, FULL or LIMITED"],
  ["token.is_elevated", "Bool", "bool", "whether its token is elevated"],
];

const PROCESS_ONLY: readonly Row[] = [
  ["pid", "PID", "u32", "process id of the event"],
  ["ppid", "PID", "u32", "process id of the parent"],
  ["parent.pid", "Uint32", "u32", "process id of the parent"],
  ["modules", "Slice", "list", "paths of all loaded modules"],
  [
    "ancestor",
    "String",
    "list",
    "names of parent, grandparent and so on, or the one at an index",
    INDEX,
  ],
  ["access.mask", "String", "string", "access asked for by OpenProcess, 0x…"],
  ["access.mask.names", "Slice", "list", "rights asked for by OpenProcess"],
  ["access.status", "String", "string", "status of OpenProcess"],
  ["signature.exists", "Bool", "bool", "whether the executable is signed"],
  ["signature.trusted", "Bool", "bool", "whether the signature is trusted"],
  ["signature.serial", "String", "string", "serial number of the certificate"],
  ["signature.subject", "String", "string", "subject of the certificate"],
  ["signature.issuer", "String", "string", "issuer of the certificate"],
  ["signature.after", "Time", "time", "end of the certificate's validity"],
  ["signature.before", "Time", "time", "start of the certificate's validity"],
];

const PE: readonly Row[] = [
  ["nsections", "Uint16", "u16", "number of sections"],
  ["nsymbols", "Uint32", "u32", "number of symbols"],
  ["address.base", "String", "string", "base address of the image"],
  ["address.entrypoint", "String", "string", "address of the entry point"],
  ["symbols", "Slice", "list", "imported symbols"],
  ["imports", "Slice", "list", "imported libraries"],
  ["anomalies", "Slice", "list", "anomalies found while parsing"],
  ["company", "String", "string", "CompanyName of the version resource"],
  ["copyright", "String", "string", "LegalCopyright of the version resource"],
  [
    "description",
    "String",
    "string",
    "FileDescription of the version resource",
  ],
  ["file.name", "String", "string", "OriginalFilename of the version resource"],
  ["file.version", "String", "string", "FileVersion of the version resource"],
  ["product", "String", "string", "ProductName of the version resource"],
  [
    "product.version",
    "String",
    "string",
    "ProductVersion of the version resource",
  ],
  ["imphash", "String", "string", "import hash"],
  ["is_dotnet", "Bool", "bool", "whether it has .NET metadata"],
  [
    "is_modified",
    "Bool",
    "bool",
    "whether it was changed in memory; not stored",
  ],
  [
    "resources",
    "Map",
    "list",
    "version resource as KEY:VALUE, or one value",
    KEY,
  ],
];

const THREAD: readonly Row[] = [
  ["prio", "Int8", "u8", "base priority"],
  ["io.prio", "Int8", "u8", "I/O priority"],
  ["page.prio", "Int8", "u8", "page priority"],
  ["kstack.base", "Address", "string", "base of the kernel stack, hexadecimal"],
  [
    "kstack.limit",
    "Address",
    "string",
    "limit of the kernel stack, hexadecimal",
  ],
  ["ustack.base", "Address", "string", "base of the user stack, hexadecimal"],
  ["ustack.limit", "Address", "string", "limit of the user stack, hexadecimal"],
  ["start_address", "Address", "string", "first instruction, hexadecimal"],
  ["teb_address", "Address", "string", "thread environment block, hexadecimal"],
  ["start_address.symbol", "String", "string", "symbol at the start address"],
  ["start_address.module", "String", "string", "module of the start address"],
  ["pid", "Uint32", "u32", "process in which the thread is"],
  ["access.mask", "String", "string", "access asked for by OpenThread, 0x…"],
  ["access.mask.names", "Slice", "list", "rights asked for by OpenThread"],
  ["access.status", "String", "string", "status of OpenThread"],
  ["callstack.summary", "String", "string", "modules of the call stack, a|b|c"],
  [
    "callstack.kernel_summary",
    "String",
    "string",
    "modules of its kernel frames",
  ],
  ["callstack.detail", "String", "string", "addresses with their modules"],
  [
    "callstack.modules",
    "Slice",
    "list",
    "module of each frame, or of one",
    INDEX,
  ],
  [
    "callstack.symbols",
    "Slice",
    "list",
    "symbol of each frame, or of one",
    INDEX,
  ],
  ["callstack.addresses", "Slice", "list", "return addresses, hexadecimal"],
  ["callstack.protections", "Slice", "list", "page protections; not stored"],
  [
    "callstack.callsite_leading_assembly",
    "Slice",
    "list",
    "code before the call sites; not stored",
  ],
  [
    "callstack.callsite_trailing_assembly",
    "Slice",
    "list",
    "code behind the call sites; not stored",
  ],
  [
    "callstack.allocation_sizes",
    "Slice",
    "u64list",
    "private page sizes; not stored",
  ],
  [
    "callstack.is_unbacked",
    "Bool",
    "bool",
    "whether a user frame lies in no known module",
  ],
  [
    "callstack.final_user_module.name",
    "String",
    "string",
    "module of the innermost user frame",
  ],
  [
    "callstack.final_user_module.path",
    "String",
    "string",
    "path of that module",
  ],
  [
    "callstack.final_user_symbol.name",
    "String",
    "string",
    "symbol of the innermost user frame; not stored",
  ],
  [
    "callstack.final_kernel_module.name",
    "String",
    "string",
    "module of the innermost kernel frame",
  ],
  [
    "callstack.final_kernel_module.path",
    "String",
    "string",
    "path of that module",
  ],
  [
    "callstack.final_kernel_symbol.name",
    "String",
    "string",
    "symbol of the innermost kernel frame; not stored",
  ],
  [
    "callstack.final_user_module.signature.exists",
    "Bool",
    "bool",
    "whether that module is signed",
  ],
  [
    "callstack.final_user_module.signature.trusted",
    "Bool",
    "bool",
    "whether its signature is Microsoft's",
  ],
  [
    "callstack.final_user_module.signature.issuer",
    "String",
    "string",
    "issuer of its certificate; not stored",
  ],
  [
    "callstack.final_user_module.signature.subject",
    "String",
    "string",
    "subject of its certificate; not stored",
  ],
];

/** With `module.` and with `dll.`. */
const LIBRARY: readonly Row[] = [
  ["path", "String", "string", "path"],
  ["path.stem", "String", "string", "path without its extension"],
  ["name", "String", "string", "file name"],
  ["base", "Address", "string", "base address, hexadecimal"],
  ["size", "Uint32", "u64", "bytes in memory"],
  ["pid", "Uint32", "u32", "process into which it is loaded"],
  ["signature.type", "String", "string", "kind of signature, such as EMBEDDED"],
  [
    "signature.level",
    "String",
    "string",
    "level of signature, such as WINDOWS",
  ],
  ["signature.subject", "String", "string", "subject of the certificate"],
  ["signature.issuer", "String", "string", "issuer of the certificate"],
  ["signature.serial", "String", "string", "serial number of the certificate"],
  ["signature.after", "Time", "time", "end of the certificate's validity"],
  ["signature.before", "Time", "time", "start of the certificate's validity"],
  [
    "signature.exists",
    "Bool",
    "bool",
    "whether its level says that it is signed",
  ],
  ["signature.trusted", "Bool", "bool", "whether its level is Microsoft's"],
  ["pe.is_dotnet", "Bool", "bool", "whether it has .NET metadata; not stored"],
];

const MODULE_ONLY: readonly Row[] = [
  ["default_address", "Address", "string", "preferred address, hexadecimal"],
  ["checksum", "Uint32", "u32", "checksum of the image"],
  ["is_dll", "Bool", "bool", "whether its name ends with .dll"],
  ["is_driver", "Bool", "bool", "whether its name ends with .sys"],
  ["is_exec", "Bool", "bool", "whether its name ends with .exe"],
];

const FILE: readonly Row[] = [
  ["path", "String", "string", "path"],
  ["path.stem", "String", "string", "path without its extension"],
  ["name", "String", "string", "file name"],
  ["extension", "String", "string", "extension with its dot"],
  ["offset", "Uint64", "u64", "position of the read, write or view"],
  ["view.size", "Uint64", "u64", "bytes of the mapped view"],
  ["io.size", "Uint32", "u32", "bytes read or written"],
  ["share_mode", "String", "string", "sharing asked for, such as READ|WRITE"],
  ["operation", "String", "string", "disposition, such as CREATE or OPEN"],
  ["type", "String", "string", "kind of file, such as Directory"],
  ["info_class", "Enum", "string", "class of file information"],
  ["view.type", "Enum", "string", "kind of the mapped section"],
  ["attributes", "Slice", "list", "attributes, such as HIDDEN"],
  ["object", "Uint64", "u64", "address of the file object"],
  ["key", "Uint64", "u64", "key of the file object"],
  ["status", "String", "string", "status of CreateFile"],
  ["view.base", "Address", "string", "address of the view, hexadecimal"],
  ["view.protection", "String", "string", "protection of the view"],
  ["is_dll", "Bool", "bool", "whether a file ending with .dll was created"],
  ["is_driver", "Bool", "bool", "whether a file ending with .sys was created"],
  ["is_exec", "Bool", "bool", "whether a file ending with .exe was created"],
  ["pid", "PID", "u32", "process in which the file is mapped"],
  ["info.allocation_size", "Uint64", "u64", "new allocation size"],
  ["info.eof_size", "Uint64", "u64", "new size"],
  [
    "info.is_disposition_delete_file",
    "Bool",
    "bool",
    "whether the file is to be deleted when it is closed",
  ],
];

const REGISTRY: readonly Row[] = [
  ["path", "String", "string", "path of the key or value"],
  ["key.name", "String", "string", "name of the key"],
  ["value", "String", "string", "name of the value that RegSetValue sets"],
  ["kcb", "Address", "string", "address of the key control block, hexadecimal"],
  ["value.type", "String", "string", "type of the value, such as REG_DWORD"],
  ["data", "Object", "any", "data of the value"],
  ["status", "String", "string", "status of the operation"],
];

const NET: readonly Row[] = [
  ["dip", "IP", "ip", "destination address"],
  ["sip", "IP", "ip", "source address"],
  ["dport", "Uint16", "u16", "destination port"],
  ["sport", "Uint16", "u16", "source port"],
  ["dport.name", "String", "string", "service at the destination port"],
  ["sport.name", "String", "string", "service at the source port"],
  ["l4.proto", "String", "string", "TCP or UDP"],
  ["size", "Uint32", "u32", "bytes sent or received"],
  ["dip.names", "Slice", "list", "names of the destination, where stored"],
  ["sip.names", "Slice", "list", "names of the source, where stored"],
];

const HANDLE: readonly Row[] = [
  ["id", "Uint16", "u32", "value of the handle"],
  ["object", "Address", "u64", "address of the kernel object, a number"],
  ["name", "String", "string", "name of the kernel object"],
  ["type", "String", "string", "kind of the kernel object"],
];

const MEMORY: readonly Row[] = [
  ["address", "Address", "u64", "address of the region, a number"],
  ["size", "Uint64", "u64", "bytes of the region"],
  ["alloc", "Flags", "string", "kind of allocation, such as COMMIT|RESERVE"],
  ["type", "Enum", "string", "kind of pages: IMAGE, MAPPED or PRIVATE"],
  ["protection", "Flags", "string", "protection, such as READWRITE"],
  ["protection.mask", "Enum", "string", "protection in short, such as RWX"],
];

const DNS: readonly Row[] = [
  ["name", "String", "string", "name asked for"],
  ["rr", "String", "string", "type of record, such as AAAA"],
  ["options", "Flags64", "list", "options of the query"],
  ["rcode", "String", "string", "response code, such as NXDOMAIN"],
  ["answers", "Slice", "list", "answers of the response"],
];

const THREADPOOL: readonly Row[] = [
  ["id", "Address", "string", "pool, hexadecimal"],
  ["task.id", "Address", "string", "task, hexadecimal"],
  ["callback.address", "Address", "string", "callback, hexadecimal"],
  [
    "callback.context",
    "Address",
    "string",
    "context of the callback, hexadecimal",
  ],
  [
    "callback.context.rip",
    "Address",
    "string",
    "instruction pointer in the context, hexadecimal",
  ],
  ["subprocess_tag", "Address", "string", "service of the thread, hexadecimal"],
  ["timer.subqueue", "Address", "string", "queue of the timer, hexadecimal"],
  ["timer.address", "Address", "string", "timer, hexadecimal"],
  ["callback.symbol", "String", "string", "symbol of the callback"],
  ["callback.module", "String", "string", "module of the callback"],
  ["callback.context.rip.symbol", "String", "string", "symbol of that pointer"],
  ["callback.context.rip.module", "String", "string", "module of that pointer"],
  ["timer.duetime", "Uint64", "u64", "due time of the timer"],
  ["timer.period", "Uint32", "u32", "period of the timer in milliseconds"],
  ["timer.window", "Uint32", "u32", "tolerance of the timer in milliseconds"],
  ["timer.is_absolute", "Bool", "bool", "whether the due time is absolute"],
];

/** Only as parameters of 2.x captures. */
const PE_KIND: readonly Row[] = [
  ["is_dll", "Bool", "bool", "whether the file is a library"],
  ["is_driver", "Bool", "bool", "whether the file is a driver"],
  ["is_exec", "Bool", "bool", "whether the file is an executable"],
];

/** Deprecated names by family: old, new, release. */
const RENAMED: readonly (readonly [string, string, string])[] = [
  ["ps.comm", "ps.cmdline", "1.10.0"],
  ["ps.parent.comm", "ps.parent.cmdline", "1.10.0"],
  ["thread.entrypoint", "thread.start_address", "2.3.0"],
  ["file.share.mask", "file.share_mode", "3.1.0"],
  ...[
    "path",
    "name",
    "checksum",
    "size",
    "pid",
    "signature.type",
    "signature.level",
    "is_dll",
    "is_driver",
    "is_exec",
  ].map((name) => [`image.${name}`, `module.${name}`, "3.0.0"] as const),
  ["image.base.address", "module.base", "3.0.0"],
  ["image.default.address", "module.default_address", "3.0.0"],
  ["image.is_dotnet", "module.pe.is_dotnet", "3.0.0"],
  ...["serial", "subject", "issuer", "after", "before"].flatMap((name) =>
    [
      [`image.cert.${name}`, `module.signature.${name}`, "3.0.0"],
      [`pe.cert.${name}`, `ps.signature.${name}`, "3.0.0"],
    ] as const
  ),
  ["pe.is_signed", "ps.signature.exists", "3.0.0"],
  ["pe.is_trusted", "ps.signature.trusted", "3.0.0"],
  ...PE.map(([name]) => [`pe.${name}`, `ps.pe.${name}`, "3.0.0"] as const),
  ...EVENT.map(([name]) => [`kevt.${name}`, `evt.${name}`, "3.0.0"] as const),
];

function prefixed(prefix: string, rows: readonly Row[]): FieldSpec[] {
  return rows.map(([name, declared, type, description, argument]) => ({
    name: prefix + name,
    declared,
    type,
    description,
    argument,
    deprecated: undefined,
  }));
}

function parentRows(): FieldSpec[] {
  return prefixed("ps.parent.", PROCESS).map((spec) => ({
    ...spec,
    description: `${spec.description}, of the parent`,
  }));
}

function fieldSpecs(): ReadonlyMap<string, FieldSpec> {
  const specs = new Map<string, FieldSpec>();
  for (
    const spec of [
      ...prefixed("evt.", EVENT),
      ...prefixed("", SYSCALL),
      ...prefixed("ps.", PROCESS_ONLY),
      ...prefixed("ps.", PROCESS),
      ...parentRows(),
      ...prefixed("ps.pe.", PE),
      ...prefixed("thread.", THREAD),
      ...prefixed("module.", LIBRARY),
      ...prefixed("module.", MODULE_ONLY),
      ...prefixed("dll.", LIBRARY),
      ...prefixed("file.", FILE),
      ...prefixed("registry.", REGISTRY),
      ...prefixed("net.", NET),
      ...prefixed("handle.", HANDLE),
      ...prefixed("mem.", MEMORY),
      ...prefixed("dns.", DNS),
      ...prefixed("threadpool.", THREADPOOL),
    ]
  ) specs.set(spec.name, spec);
  for (const spec of prefixed("pe.", PE_KIND)) {
    const use = spec.name.replace("pe.", "file.");
    specs.set(spec.name, { ...spec, deprecated: { since: "2.0.0", use } });
  }
  for (const [name, use, since] of RENAMED) {
    const spec = specs.get(use)!;
    specs.set(name, { ...spec, name, deprecated: { since, use } });
  }
  return specs;
}

/** All fields by name, deprecated ones included. */
export const FIELDS: ReadonlyMap<string, FieldSpec> = fieldSpecs();

/** What `foreach` can go through beside list fields, with the attributes of an element. */
export const PSEUDO_FIELDS: ReadonlyMap<string, readonly string[]> = new Map([
  ["ps._ancestors", [
    "name",
    "pid",
    "cmdline",
    "exe",
    "args",
    "cwd",
    "sid",
    "sessionid",
    "username",
    "domain",
    "token.integrity_level",
    "token.is_elevated",
    "token.elevation_type",
  ]],
  ["ps._modules", ["path", "name", "address", "size", "checksum"]],
  ["ps._threads", [
    "tid",
    "start_address",
    "user_stack_base",
    "user_stack_limit",
    "kernel_stack_base",
    "kernel_stack_limit",
  ]],
  ["ps._mmaps", ["address", "type", "size", "protection", "path"]],
  ["ps.pe._sections", ["name", "size", "entropy", "md5"]],
  ["pe._sections", ["name", "size", "entropy", "md5"]],
  ["thread._callstack", [
    "address",
    "offset",
    "symbol",
    "module",
    "allocation_size",
    "protection",
    "is_unbacked",
    "callsite_leading_assembly",
    "callsite_trailing_assembly",
    "module.signature.exists",
    "module.signature.trusted",
    "module.signature.issuer",
    "module.signature.subject",
  ]],
]);
