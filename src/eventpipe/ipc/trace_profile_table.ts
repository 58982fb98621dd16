import { PROVIDER_NAME } from "../provider_name_table.ts";
import { formatArguments } from "./provider_text.ts";
import type { ParsedProvider } from "./provider_text.ts";

/** What to do when a runtime does not know the command that a preset needs. */
export type RundownRetry = "none" | "keepRundown" | "dropRundown";

/** A named choice of providers. */
export interface TraceProfile {
  readonly name: string;
  /** For people. */
  readonly summary: string;
  readonly providers: readonly ParsedProvider[];
  /** Rundown that it needs; `undefined` is the usual one. */
  readonly rundownKeyword?: bigint | undefined;
  /** What is tried with a runtime that cannot choose its rundown. */
  readonly retry?: RundownRetry | undefined;
}

const CONNECTION_FIELDS = [
  "ConnectionString",
  "Database",
  "DataSource",
  "PacketSize",
].map((name) => `Command.Connection.${name}`);

const COMMON_FIELDS = [
  "Command.Connection.ServerVersion",
  "Command.CommandTimeout",
  "Command.CommandType",
  ...CONNECTION_FIELDS,
];

const SQL_LISTENER = "SqlClientDiagnosticListener/System.Data.SqlClient.";
const EF_LISTENER =
  "Microsoft.EntityFrameworkCore/Microsoft.EntityFrameworkCore.Database.Command.";

const DATABASE_SPECS: string = [
  `${SQL_LISTENER}WriteCommandBefore@Activity1Start:-${
    [
      "Command",
      "Command.CommandText",
      "ConnectionId",
      "Operation",
      ...COMMON_FIELDS,
    ].join(";")
  }`,
  `${SQL_LISTENER}WriteCommandAfter@Activity1Stop:`,
  `${EF_LISTENER}CommandExecuting@Activity2Start:-${
    [
      "Command.CommandText",
      "Command",
      "ConnectionId",
      "IsAsync",
      "Command.Connection.ClientConnectionId",
      ...COMMON_FIELDS,
    ].join(";")
  }`,
  `${EF_LISTENER}CommandExecuted@Activity2Stop:`,
].join("\r\n");

function provider(
  name: string,
  keywords: bigint,
  level: number,
  args = "",
): ParsedProvider {
  return { name, keywords, level, arguments: args };
}

/** Presets of `collect`, with the names and providers of dotnet-trace. */
export const TRACE_PROFILES: readonly TraceProfile[] = [
  {
    name: "dotnet-common",
    summary: "garbage collections, JIT, exceptions, loader, threads: cheap",
    providers: [provider(PROVIDER_NAME.runtime, 0x10_0003_801dn, 4)],
  },
  {
    name: "dotnet-sampled-thread-time",
    summary: "stacks of all managed threads, a thousand times a second",
    providers: [provider(PROVIDER_NAME.sampleProfiler, 0xf000_0000_0000n, 4)],
  },
  {
    name: "gc-verbose",
    summary: "garbage collections and sampled allocations",
    providers: [provider(PROVIDER_NAME.runtime, 0x8003n, 5)],
  },
  {
    name: "gc-collect",
    summary: "garbage collections only, at the least cost",
    providers: [
      provider(PROVIDER_NAME.runtime, 0x1n, 4),
      provider(PROVIDER_NAME.private, 0x1n, 4),
    ],
    rundownKeyword: 0x1n,
    retry: "dropRundown",
  },
  {
    name: "database",
    summary: "commands of ADO.NET and Entity Framework",
    providers: [
      provider(PROVIDER_NAME.tasks, 0x80n, 4),
      provider(
        PROVIDER_NAME.diagnosticSource,
        0x3n,
        5,
        formatArguments([["FilterAndPayloadSpecs", DATABASE_SPECS]]),
      ),
    ],
  },
];

/** Presets that are used when nothing is asked for. */
export const DEFAULT_TRACE_PROFILES: readonly string[] = [
  "dotnet-common",
  "dotnet-sampled-thread-time",
];
