/** Which events of a provider pass, after keywords and level. */
export interface EventFilter {
  /** Whether `eventIds` are the only ones that pass; otherwise all others do. */
  readonly enable: boolean;
  /** Ids of events. */
  readonly eventIds: readonly number[];
}

/** Tracepoints that a `user_events` session writes a provider's events to. */
export interface TracepointConfig {
  /** Tracepoint of events that are in no set, `null` for none. */
  readonly defaultName: string | null;
  /** Tracepoints of certain events; an id is in one set at most. */
  readonly sets: readonly TracepointSet[];
}

/** Events that go to one tracepoint. */
export interface TracepointSet {
  /** Name of the tracepoint. */
  readonly name: string;
  /** Ids of events, at least one. */
  readonly eventIds: readonly number[];
}

/** A provider of events that a session turns on. */
export interface ProviderConfig {
  /** Name of the provider. */
  readonly name: string;
  /** Which groups of events; -1n is all. @default {0xF00000000000n} */
  readonly keywords?: bigint | undefined;
  /** 0 always, 1 critical, 2 error, 3 warning, 4 informational, 5 verbose. */
  readonly level: number;
  /** Arguments `key=value` joined by `;`; `null` is sent as absent, which means the same. @default {""} */
  readonly arguments?: string | null | undefined;
  /** Which events pass; needs .NET 10. @default {all} */
  readonly eventFilter?: EventFilter | undefined;
  /** Where a `userEvents` session writes. */
  readonly tracepoints?: TracepointConfig | undefined;
}

/** What the runtime does when a session's buffer is full. */
export type BufferingMode = "drop" | "block";

/** What a session is started with. */
export interface CollectTracingConfig {
  /** Providers, at least one. */
  readonly providers: readonly ProviderConfig[];
  /** Size of the target's buffer in MB, 1 to 2^32 - 1. @default {256} */
  readonly bufferSizeMb?: number | undefined;
  /** 0 NetPerf, 1 NetTrace. @default {1} */
  readonly format?: number | undefined;
  /** What is told at the end so that stacks get names; 0n for nothing. @default {0x80020139n} */
  readonly rundownKeyword?: bigint | undefined;
  /** Whether events carry stacks. @default {true} */
  readonly stackwalk?: boolean | undefined;
  /** What happens when the buffer is full; `block` holds the target's threads and needs .NET 11. @default {"drop"} */
  readonly bufferingMode?: BufferingMode | undefined;
  /** Whether events come in a stream or go to the kernel (Linux, .NET 10). @default {"stream"} */
  readonly sessionType?: "stream" | "userEvents" | undefined;
}

type CompleteConfig = {
  readonly [Key in keyof CollectTracingConfig]-?: Exclude<
    CollectTracingConfig[Key],
    undefined
  >;
};

/** A session as it is asked for on the wire. */
export interface CollectTracingPayload extends CompleteConfig {
  /** Version of the command, 1 to 6. */
  readonly version: 1 | 2 | 3 | 4 | 5 | 6;
}

/** What a dump contains. */
export type DumpType = "mini" | "heap" | "triage" | "full";

/** Everything that can be asked of a runtime. */
export type DiagnosticRequest =
  | ({ readonly type: "collectTracing" } & CollectTracingPayload)
  | StopTracingPayload
  | {
    readonly type: "generateCoreDump";
    readonly version: 1 | 2 | 3;
    /** Path in the target's file system. */
    readonly path: string;
    /** 1 mini, 2 with heap, 3 triage, 4 full. */
    readonly dumpType: number;
    /** 1 logging, 2 verbose logging, 4 crash report. */
    readonly flags: number;
  }
  | {
    readonly type: "attachProfiler";
    /** How long the runtime waits for the profiler, in ms. */
    readonly timeoutMs: number;
    /** Class id of the profiler. */
    readonly profilerId: string;
    readonly path: string;
    readonly clientData: Uint8Array;
  }
  | {
    readonly type: "startupProfiler";
    readonly profilerId: string;
    readonly path: string;
  }
  | { readonly type: "processInfo"; readonly version: 1 | 2 | 3 }
  | { readonly type: "resumeRuntime" }
  | { readonly type: "processEnvironment" }
  | {
    readonly type: "setEnvironmentVariable";
    readonly name: string;
    /** `null` deletes the variable. */
    readonly value: string | null;
  }
  | {
    readonly type: "enablePerfMap";
    /** 0 none, 1 all, 2 jitdump, 3 perf map. */
    readonly perfMapType: number;
  }
  | { readonly type: "disablePerfMap" }
  | { readonly type: "applyStartupHook"; readonly path: string };

/** Asks for the end of a session. */
export interface StopTracingPayload {
  readonly type: "stopTracing";
  /** Id that the start of the session gave. */
  readonly sessionId: bigint;
}

/** Answer to the start and to the end of a session. */
export interface CollectTracingResponse {
  /** Id of the session, never 0n. */
  readonly sessionId: bigint;
}

/** An answer that something failed. */
export interface ErrorResponse {
  /** Why, see `HRESULT`. */
  readonly hresult: number;
  /** The target's own words, where it gives some. */
  readonly message: string | undefined;
}

/** What a runtime tells of its process. */
export interface ProcessInfo {
  /** Process id as the target itself sees it. */
  readonly processId: bigint;
  /** Identifies the runtime for as long as it runs. */
  readonly runtimeCookie: string;
  readonly commandLine: string;
  /** `Windows`, `Linux`, `macOS`, `Unknown`. */
  readonly os: string;
  /** `x86`, `x64`, `arm32`, `arm64`, others. */
  readonly arch: string;
  /** Name of the assembly that has `Main`; absent before .NET 6. */
  readonly entrypointAssembly: string | undefined;
  /** Version of the runtime; absent before .NET 6. */
  readonly clrVersion: string | undefined;
  /** Portable runtime id such as `linux-x64`; absent before .NET 8. */
  readonly portableRid: string | undefined;
}

/** With what a runtime introduces itself on a reverse connection. */
export interface Advertise {
  /** Identifies the runtime for as long as it runs. */
  readonly runtimeCookie: string;
  /** Process id as the target itself sees it. */
  readonly processId: bigint;
}
