/** What is known of an event type. */
export interface EventTypeInfo {
  /** Today's name. */
  readonly name: string;
  /** Today's category. */
  readonly category: string;
  /** Whether it only carries state: never delivered on replay, never counted. */
  readonly isState: boolean;
}

/** Provider and hook id of an event. */
export interface KcapEventType {
  /** Provider, lower case, `8-4-4-4-12`. */
  readonly guid: string;
  /** Opcode or id within the provider. */
  readonly hookId: number;
  /** Provider and hook id as 36 hexadecimal digits. */
  readonly hex: string;
  /** What is known of it. */
  readonly known: EventTypeInfo | undefined;
}

/** Providers by short name. */
export const PROVIDERS = {
  process: "3d6fa8d0-fe05-11d0-9dda-00c04fd7ba7c",
  thread: "3d6fa8d1-fe05-11d0-9dda-00c04fd7ba7c",
  module: "2cb15d1d-5fc1-11d2-abe1-00a0c911f518",
  file: "90cbdc39-4a3e-11d1-84f4-0000f80464e3",
  registry: "ae53722e-c863-11d2-8659-00c04fa321a1",
  tcp: "9a280ac0-c8e0-11d1-84e2-00c04fb998a2",
  udp: "bf3a50c5-a9c9-4988-a005-2df0b7c80f80",
  handle: "89497f50-effe-4440-8cf2-ce6b1cdcaca7",
  memory: "3d6fa8d3-fe05-11d0-9dda-00c04fd7ba7c",
  audit: "e02a841c-75a3-4fa7-afc8-ae09cf9b7f23",
  dns: "1c95126e-7eea-49a9-a3fe-a378b03ddb4d",
  threadpool: "c861d0e2-a2c1-4d36-9f9c-970bab943a12",
  kernelProcess: "22fb2cd6-0e7b-422b-a0c7-2fad1fd0e716",
  kernelRegistry: "70eb4f03-c1de-4f73-a051-33d13d5413bd",
  stack: "def2fe46-7bd6-4b80-bd94-f57fe20d0ce3",
  // Fibratus 1.x stored these two with groups of both protocols mixed.
  oldSend: "9a280ac0-a9c9-11d1-84e2-00c04fb998a2",
  oldReceive: "bf3a50c5-c8e0-4988-a005-2dc0b7c80f80",
} as const;

type Row = readonly [
  provider: keyof typeof PROVIDERS,
  hookIds: readonly number[],
  name: string,
  category: string,
  isState?: "state",
];

const ROWS: readonly Row[] = [
  ["process", [1], "CreateProcess", "process"],
  ["process", [2], "TerminateProcess", "process"],
  ["process", [3], "ProcessRundown", "process", "state"],
  ["kernelProcess", [1], "CreateProcess", "process", "state"],
  ["kernelProcess", [15], "ProcessRundown", "process", "state"],
  ["audit", [5], "OpenProcess", "process"],
  ["thread", [1], "CreateThread", "thread"],
  ["thread", [2], "TerminateThread", "thread"],
  ["thread", [3], "ThreadRundown", "thread", "state"],
  ["audit", [4], "SetThreadContext", "thread"],
  ["audit", [6], "OpenThread", "thread"],
  ["stack", [32], "StackWalk", "thread"],
  ["module", [10], "LoadModule", "module"],
  ["module", [2], "UnloadModule", "module"],
  ["module", [3], "ModuleRundown", "module", "state"],
  ["kernelProcess", [5], "LoadModule", "module", "state"],
  ["file", [64], "CreateFile", "file"],
  ["file", [66], "CloseFile", "file"],
  ["file", [67], "ReadFile", "file"],
  ["file", [68], "WriteFile", "file"],
  ["file", [69], "SetFileInformation", "file"],
  ["file", [70], "DeleteFile", "file"],
  ["file", [71], "RenameFile", "file"],
  ["file", [72], "EnumDirectory", "file"],
  ["file", [37], "MapViewFile", "file"],
  ["file", [38], "UnmapViewFile", "file"],
  ["file", [36], "FileRundown", "file", "state"],
  ["file", [39], "MapFileRundown", "file", "state"],
  ["file", [65], "ReleaseFile", "file", "state"],
  ["file", [76], "FileOpEnd", "file", "state"],
  ["registry", [10], "RegCreateKey", "registry"],
  ["registry", [11], "RegOpenKey", "registry"],
  ["registry", [12], "RegDeleteKey", "registry"],
  ["registry", [13], "RegQueryKey", "registry"],
  ["registry", [14], "RegSetValue", "registry"],
  ["registry", [15], "RegDeleteValue", "registry"],
  ["registry", [16], "RegQueryValue", "registry"],
  ["registry", [27], "RegCloseKey", "registry"],
  ["registry", [22], "RegCreateKCB", "registry", "state"],
  ["registry", [25], "RegKCBRundown", "registry", "state"],
  ["registry", [23], "RegDeleteKCB", "registry", "state"],
  ["kernelRegistry", [36], "RegSetValue", "registry", "state"],
  ["tcp", [15, 31, 46], "Accept", "net"],
  ["tcp", [12, 28, 40], "Connect", "net"],
  ["tcp", [13, 29, 42], "Disconnect", "net"],
  ["tcp", [16, 32, 47], "Reconnect", "net"],
  ["tcp", [14, 30, 44], "Retransmit", "net"],
  ["tcp", [10, 26], "Send", "net"],
  ["tcp", [11, 27], "Recv", "net"],
  ["udp", [10, 26], "Send", "net"],
  ["udp", [11, 27], "Recv", "net"],
  ["oldSend", [72], "Send", "net"],
  ["oldReceive", [75], "Recv", "net"],
  ["dns", [3006], "QueryDns", "net"],
  ["dns", [3008], "ReplyDns", "net"],
  ["handle", [32], "CreateHandle", "handle"],
  ["handle", [33], "CloseHandle", "handle"],
  ["handle", [34], "DuplicateHandle", "handle"],
  ["memory", [98], "VirtualAlloc", "mem"],
  ["memory", [99], "VirtualFree", "mem"],
  ["audit", [3], "CreateSymbolicLinkObject", "object"],
  ["threadpool", [32], "SubmitThreadpoolWork", "threadpool"],
  ["threadpool", [34], "SubmitThreadpoolCallback", "threadpool"],
  ["threadpool", [44], "SetThreadpoolTimer", "threadpool"],
];

/** Known event types by 36 hexadecimal digits. */
export const EVENT_TYPES: ReadonlyMap<string, EventTypeInfo> = new Map(
  ROWS.flatMap(([provider, hookIds, name, category, state]) =>
    hookIds.map((hookId): [string, EventTypeInfo] => [
      eventTypeHex(PROVIDERS[provider], hookId),
      { name, category, isState: state !== undefined },
    ])
  ),
);

/**
 * Describes an event type.
 *
 * @param guid Provider, `8-4-4-4-12` hexadecimal digits in lower case.
 * @param hookId 0 to 65535.
 * @returns The type with what is known of it.
 */
export function eventTypeOf(guid: string, hookId: number): KcapEventType {
  const hex = eventTypeHex(guid, hookId);
  return { guid, hookId, hex, known: EVENT_TYPES.get(hex) };
}

function eventTypeHex(guid: string, hookId: number): string {
  return guid.replaceAll("-", "") + hookId.toString(16).padStart(4, "0");
}
