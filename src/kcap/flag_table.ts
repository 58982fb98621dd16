/** Bits with their names, in the order in which they are looked for. */
export type FlagTable = readonly (readonly [bits: bigint, name: string])[];

function table(
  ...rows: readonly (readonly [number, string])[]
): FlagTable {
  return rows.map(([bits, name]) => [BigInt(bits), name]);
}

const PROCESS_FLAGS = table(
  [1, "APPLICATION_ID"],
  [2, "WOW64"],
  [4, "PROTECTED"],
  [8, "PACKAGED"],
);

const CREATE_OPTIONS = table(
  [1, "DIRECTORY_FILE"],
  [2, "WRITE_THROUGH"],
  [4, "SEQUENTIAL_ONLY"],
  [8, "NO_INTERMEDIATE_BUFFERING"],
  [0x10, "SYNCHRONOUS_IO_ALERT"],
  [0x20, "SYNCHRONOUS_IO_NONALERT"],
  [0x40, "NON_DIRECTORY_FILE"],
  [0x80, "CREATE_TREE_CONNECTION"],
  [0x100, "COMPLETE_IF_OPLOCKED"],
  [0x200, "NO_EA_KNOWLEDGE"],
  [0x400, "OPEN_REMOTE_INSTANCE"],
  [0x800, "RANDOM_ACCESS"],
  [0x1000, "DELETE_ON_CLOSE"],
  [0x2000, "OPEN_BY_FILE_ID"],
  [0x4000, "FOR_BACKUP_INTENT"],
  [0x8000, "NO_COMPRESSION"],
  [0x10000, "OPEN_REQUIRING_OPLOCK"],
  [0x20000, "DISALLOW_EXCLUSIVE"],
  [0x100000, "RESERVE_OPFILTER"],
  [0x200000, "OPEN_REPARSE_POINT"],
  [0x400000, "OPEN_NO_RECALL"],
  [0x800000, "OPEN_FOR_FREE_SPACE_QUERY"],
);

const ATTRIBUTES = table(
  [1, "READ_ONLY"],
  [2, "HIDDEN"],
  [4, "SYSTEM"],
  [0x10, "DIRECTORY"],
  [0x20, "ARCHIVE"],
  [0x40, "DEVICE"],
  [0x80, "NORMAL"],
  [0x100, "TEMPORARY"],
  [0x200, "SPARSE"],
  [0x400, "JUNCTION"],
  [0x800, "COMPRESSED"],
  [0x1000, "OFFLINE"],
  [0x2000, "UNINDEXED"],
  [0x4000, "ENCRYPTED"],
  [0x8000, "STREAM"],
  [0x10000, "VIRTUAL"],
  [0x20000, "NO_SCRUB"],
  [0x40000, "RECALL_OPEN"],
  [0x400000, "RECALL_ACCESS"],
  [0x80000, "PINNED"],
  [0x100000, "UNPINNED"],
);

const SHARE_MASK = table(
  [0, "DENY"],
  [1, "READ"],
  [2, "WRITE"],
  [4, "DELETE"],
);

const ALLOC_TYPE = table(
  [0x1000, "COMMIT"],
  [0x2000, "RESERVE"],
  [0x80000, "RESET"],
  [0x1000000, "RESET_UNDO"],
  [0x400000, "PHYSICAL"],
  [0x20000000, "LARGE_PAGES"],
  [0x100000, "TOP_DOWN"],
  [0x8000, "RELEASE"],
  [0x4000, "DECOMMIT"],
  [0x200000, "WRITE_WATCH"],
);

const PAGE_PROTECTION = table(
  [0, "NONE"],
  [0x10, "EXECUTE"],
  [0x20, "EXECUTE_READ"],
  [0x40, "EXECUTE_READWRITE"],
  [0x80, "EXECUTE_WRITECOPY"],
  [1, "NOACCESS"],
  [2, "READONLY"],
  [4, "READWRITE"],
  [8, "WRITECOPY"],
  [0x40000000, "TARGETS_INVALID"],
  [0x40000000, "TARGETS_NO_UPDATE"],
  [0x100, "GUARD"],
  [0x200, "NOCACHE"],
  [0x400, "WRITECOMBINE"],
);

const VIEW_PROTECTION = table(
  [0x60000, "EXECUTE_READWRITE"],
  [0x70000, "EXECUTE_WRITECOPY"],
  [0x80000, "NOCACHE"],
  [0x90000, "WRITECOMBINE"],
  [0x10000, "READONLY"],
  [0x20000, "EXECUTE"],
  [0x30000, "EXECUTE_READ"],
  [0x40000, "READWRITE"],
  [0x50000, "WRITECOPY"],
);

const DNS_OPTIONS = table(
  [0, "STANDARD"],
  [1, "ACCEPT_TRUNCATED_RESPONSE"],
  [2, "USE_TCP_ONLY"],
  [4, "NO_RECURSION"],
  [8, "BYPASS_CACHE"],
  [0x10, "NO_WIRE_QUERY"],
  [0x20, "NO_LOCAL_NAME"],
  [0x80, "NO_NETBT"],
  [0x100, "WIRE_ONLY"],
  [0x200, "RETURN_MESSAGE"],
  [0x400, "MULTICAST_ONLY"],
  [0x800, "NO_MULTICAST"],
  [0x1000, "TREAT_AS_FQDN"],
  [0x2000, "ADDRCONFIG"],
  [0x4000, "DUAL_ADDR"],
  [0x20000, "MULTICAST_WAIT"],
  [0x40000, "MULTICAST_VERIFY"],
  [0x100000, "DONT_RESET_TTL_VALUES"],
  [0x200000, "DISABLE_IDN_ENCODING"],
  [0x800000, "APPEND_MULTILABEL"],
);

const PROCESS_ACCESS = table(
  [0x1fffff, "ALL_ACCESS"],
  [0x10000, "DELETE"],
  [0x20000, "READ_CONTROL"],
  [0x100000, "SYNCHRONIZE"],
  [0x40000, "WRITE_DAC"],
  [0x80000, "WRITE_OWNER"],
  [0x80000000, "GENERIC_READ"],
  [0x1000000, "ACCESS_SYSTEM_SECURITY"],
  [1, "TERMINATE"],
  [2, "CREATE_THREAD"],
  [8, "VM_OPERATION"],
  [0x10, "VM_READ"],
  [0x20, "VM_WRITE"],
  [0x40, "DUP_HANDLE"],
  [0x80, "CREATE_PROCESS"],
  [0x100, "SET_QUOTA"],
  [0x200, "SET_INFORMATION"],
  [0x400, "QUERY_INFORMATION"],
  [0x800, "SUSPEND_RESUME"],
  [0x1000, "QUERY_LIMITED_INFORMATION"],
);

const THREAD_ACCESS = table(
  [0x1fffff, "ALL_ACCESS"],
  [0x10000, "DELETE"],
  [0x20000, "READ_CONTROL"],
  [0x100000, "SYNCHRONIZE"],
  [0x40000, "WRITE_DAC"],
  [0x80000, "WRITE_OWNER"],
  [1, "TERMINATE"],
  [2, "SUSPEND_THREAD"],
  [8, "GET_CONTEXT"],
  [0x10, "SET_CONTEXT"],
  [0x20, "SET_INFORMATION"],
  [0x40, "QUERY_INFORMATION"],
  [0x80, "SET_THREAD_TOKEN"],
  [0x100, "IMPERSONATE"],
  [0x200, "DIRECT_IMPERSONATION"],
  [0x400, "SET_LIMITED_INFORMATION"],
  [0x800, "QUERY_LIMITED_INFORMATION"],
);

const GENERIC_ACCESS = table(
  [0x10000, "DELETE"],
  [0x20000, "READ_CONTROL"],
  [0x40000, "WRITE_DAC"],
  [0x80000, "WRITE_OWNER"],
  [0x100000, "SYNCHRONIZE"],
  [0xf0000, "STANDARD_RIGHTS_REQUIRED"],
  [0x1f0000, "STANDARD_RIGHTS_ALL"],
  [0x1000000, "ACCESS_SYSTEM_SECURITY"],
  [0x2000000, "MAXIMUM_ALLOWED"],
  [0x80000000, "GENERIC_READ"],
  [0x40000000, "GENERIC_WRITE"],
  [0x20000000, "GENERIC_EXECUTE"],
  [0x10000000, "GENERIC_ALL"],
);

/**
 * Finds the flags that a parameter stands for. A capture stores numbers only;
 * the name of the parameter and the event tell which flags they are.
 *
 * @param param Today's name of the parameter.
 * @param event Today's name of the event.
 * @param category Today's category of the event.
 * @returns The flags, `undefined` when the parameter has none.
 */
export function flagsOf(
  param: string,
  event: string,
  category: string,
): FlagTable | undefined {
  switch (param) {
    case "flags":
      return category === "process" ? PROCESS_FLAGS : undefined;
    case "create_options":
      return CREATE_OPTIONS;
    case "attributes":
      return ATTRIBUTES;
    case "share_mask":
      return SHARE_MASK;
    case "alloc_type":
      return ALLOC_TYPE;
    case "protection":
      return event === "VirtualAlloc" || event === "VirtualFree"
        ? PAGE_PROTECTION
        : VIEW_PROTECTION;
    case "options":
      return DNS_OPTIONS;
    case "desired_access":
      if (event === "OpenProcess") return PROCESS_ACCESS;
      return event === "CreateSymbolicLinkObject"
        ? GENERIC_ACCESS
        : THREAD_ACCESS;
    default:
      return undefined;
  }
}

/**
 * Takes a number apart into flags. A flag that is found is taken out before
 * the next is looked for; a flag without bits stands for the number 0 only.
 *
 * @param value The number.
 * @param flags In the order in which they are looked for.
 * @returns Names of the flags found.
 */
export function flagNames(
  value: number | bigint,
  flags: FlagTable,
): readonly string[] {
  const names: string[] = [];
  const all = BigInt(value);
  let rest = all;
  for (const [bits, name] of flags) {
    const isFound = bits === 0n ? all === 0n : (rest & bits) === bits;
    if (!isFound) continue;
    names.push(name);
    rest &= ~bits;
  }
  return names;
}
