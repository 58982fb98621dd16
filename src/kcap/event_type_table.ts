/** What an event does to the state that is recovered from a capture. */
export type StateEffect =
  | "rundownProcess"
  | "createProcess"
  | "terminateProcess"
  | "describeProcess"
  | "addThread"
  | "removeThread"
  | "rundownModule"
  | "addModule"
  | "removeModule"
  | "addMapping"
  | "removeMapping"
  | "openHandle"
  | "closeHandle";

/** What is known of an event type. */
export interface EventTypeInfo {
  /** Today's name. */
  readonly name: string;
  /** Today's category. */
  readonly category: string;
  /** Whether it only carries state: never delivered on replay, never counted. */
  readonly isState: boolean;
  /** What it does to the recovered state, where it does anything. */
  readonly effect: StateEffect | undefined;
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
  isState: "state" | "event",
  effect?: StateEffect,
];

const ROWS: readonly Row[] = [
  ["process", [1], "CreateProcess", "process", "event", "createProcess"],
  ["process", [2], "TerminateProcess", "process", "event", "terminateProcess"],
  ["process", [3], "ProcessRundown", "process", "state", "rundownProcess"],
  [
    "kernelProcess",
    [1],
    "CreateProcess",
    "process",
    "state",
    "describeProcess",
  ],
  [
    "kernelProcess",
    [15],
    "ProcessRundown",
    "process",
    "state",
    "describeProcess",
  ],
  ["audit", [5], "OpenProcess", "process", "event"],
  ["thread", [1], "CreateThread", "thread", "event", "addThread"],
  ["thread", [2], "TerminateThread", "thread", "event", "removeThread"],
  ["thread", [3], "ThreadRundown", "thread", "state", "addThread"],
  ["audit", [4], "SetThreadContext", "thread", "event"],
  ["audit", [6], "OpenThread", "thread", "event"],
  ["stack", [32], "StackWalk", "thread", "event"],
  ["module", [10], "LoadModule", "module", "event", "addModule"],
  ["module", [2], "UnloadModule", "module", "event", "removeModule"],
  ["module", [3], "ModuleRundown", "module", "state", "rundownModule"],
  ["kernelProcess", [5], "LoadModule", "module", "state"],
  ["file", [64], "CreateFile", "file", "event"],
  ["file", [66], "CloseFile", "file", "event"],
  ["file", [67], "ReadFile", "file", "event"],
  ["file", [68], "WriteFile", "file", "event"],
  ["file", [69], "SetFileInformation", "file", "event"],
  ["file", [70], "DeleteFile", "file", "event"],
  ["file", [71], "RenameFile", "file", "event"],
  ["file", [72], "EnumDirectory", "file", "event"],
  ["file", [37], "MapViewFile", "file", "event", "addMapping"],
  ["file", [38], "UnmapViewFile", "file", "event", "removeMapping"],
  ["file", [36], "FileRundown", "file", "state"],
  ["file", [39], "MapFileRundown", "file", "state", "addMapping"],
  ["file", [65], "ReleaseFile", "file", "state"],
  ["file", [76], "FileOpEnd", "file", "state"],
  ["registry", [10], "RegCreateKey", "registry", "event"],
  ["registry", [11], "RegOpenKey", "registry", "event"],
  ["registry", [12], "RegDeleteKey", "registry", "event"],
  ["registry", [13], "RegQueryKey", "registry", "event"],
  ["registry", [14], "RegSetValue", "registry", "event"],
  ["registry", [15], "RegDeleteValue", "registry", "event"],
  ["registry", [16], "RegQueryValue", "registry", "event"],
  ["registry", [27], "RegCloseKey", "registry", "event"],
  ["registry", [22], "RegCreateKCB", "registry", "state"],
  ["registry", [25], "RegKCBRundown", "registry", "state"],
  ["registry", [23], "RegDeleteKCB", "registry", "state"],
  ["kernelRegistry", [36], "RegSetValue", "registry", "state"],
  ["tcp", [15, 31, 46], "Accept", "net", "event"],
  ["tcp", [12, 28, 40], "Connect", "net", "event"],
  ["tcp", [13, 29, 42], "Disconnect", "net", "event"],
  ["tcp", [16, 32, 47], "Reconnect", "net", "event"],
  ["tcp", [14, 30, 44], "Retransmit", "net", "event"],
  ["tcp", [10, 26], "Send", "net", "event"],
  ["tcp", [11, 27], "Recv", "net", "event"],
  ["udp", [10, 26], "Send", "net", "event"],
  ["udp", [11, 27], "Recv", "net", "event"],
  ["oldSend", [72], "Send", "net", "event"],
  ["oldReceive", [75], "Recv", "net", "event"],
  ["dns", [3006], "QueryDns", "net", "event"],
  ["dns", [3008], "ReplyDns", "net", "event"],
  ["handle", [32], "CreateHandle", "handle", "event", "openHandle"],
  ["handle", [33], "CloseHandle", "handle", "event", "closeHandle"],
  ["handle", [34], "DuplicateHandle", "handle", "event"],
  ["memory", [98], "VirtualAlloc", "mem", "event"],
  ["memory", [99], "VirtualFree", "mem", "event"],
  ["audit", [3], "CreateSymbolicLinkObject", "object", "event"],
  ["threadpool", [32], "SubmitThreadpoolWork", "threadpool", "event"],
  ["threadpool", [34], "SubmitThreadpoolCallback", "threadpool", "event"],
  ["threadpool", [44], "SetThreadpoolTimer", "threadpool", "event"],
];

/** Known event types by 36 hexadecimal digits. */
export const EVENT_TYPES: ReadonlyMap<string, EventTypeInfo> = new Map(
  ROWS.flatMap(([provider, hookIds, name, category, state, effect]) =>
    hookIds.map((hookId): [string, EventTypeInfo] => [
      eventTypeHex(PROVIDERS[provider], hookId),
      { name, category, isState: state === "state", effect },
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
