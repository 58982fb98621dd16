import { parseUnixNs } from "../../../base/time.ts";
import type { OptionSpec, OptionValues } from "../../../formats/option_spec.ts";
import { parseEndpoint } from "../../../tracereplay/endpoint.ts";
import { compileEventFilter } from "../../../tracereplay/event_filter.ts";
import type { EventPredicate } from "../../../tracereplay/event_filter.ts";
import { REDACT_KINDS } from "../../../tracereplay/redact_message.ts";
import type { RedactKind } from "../../../tracereplay/redact_message.ts";
import type { Phase } from "../../../tracereplay/types.ts";
import { UsageError } from "../../usage_error.ts";

/** `--endpoint` of the commands that listen or connect. */
export const ENDPOINT_OPTION: OptionSpec = {
  name: "endpoint",
  type: "string",
  valueName: "ENDPOINT",
  help:
    "socket: PATH or @NAME as gVisor speaks it, unix-stream:PATH, tcp:HOST:PORT",
};

/** Options of the commands that listen. */
export const SERVER_OPTIONS: readonly OptionSpec[] = [
  {
    name: "max-clients",
    type: "number",
    min: 1,
    default: 1024,
    help: "clients at a time; those beyond are turned away at once",
  },
  {
    name: "handshake-timeout",
    type: "duration",
    min: 1e6,
    valueName: "TIME",
    help: "how long a client may take to shake hands, 5s if not given",
  },
  {
    name: "socket-mode",
    type: "string",
    valueName: "OCTAL",
    default: "600",
    help:
      "permission bits of the socket: 666 lets sandboxes of any user connect",
  },
  {
    name: "force",
    type: "boolean",
    help:
      "replace a socket that somebody listens on; accept a folder in which everybody can replace it",
  },
  {
    name: "allow-remote",
    type: "boolean",
    help: "permit a TCP address that other machines reach",
  },
];

/** What {@linkcode serverOptions} gives. */
export interface ServerOptionValues {
  readonly maxClients: number;
  readonly handshakeTimeoutMs: number | undefined;
  readonly socketMode: number;
  readonly force: boolean;
  readonly allowRemote: boolean;
}

/**
 * Reads {@linkcode SERVER_OPTIONS}.
 *
 * @param options Values of the options.
 * @returns What the library takes.
 * @throws {UsageError} When a value makes no sense.
 */
export function serverOptions(options: OptionValues): ServerOptionValues {
  const mode = options["socket-mode"] as string;
  if (!/^[0-7]{3,4}$/.test(mode)) {
    throw new UsageError(
      `Cannot use "${mode}" for --socket-mode: expected an octal number such as 660`,
    );
  }
  const timeoutNs = options["handshake-timeout"] as number | undefined;
  return {
    maxClients: options["max-clients"] as number,
    handshakeTimeoutMs: timeoutNs === undefined ? undefined : timeoutNs / 1e6,
    socketMode: parseInt(mode, 8),
    force: options["force"] === true,
    allowRemote: options["allow-remote"] === true,
  };
}

/** `--arch` of the commands that name system calls. */
export const ARCH_OPTION: OptionSpec = {
  name: "arch",
  type: "string",
  choices: ["auto", "amd64", "arm64"],
  default: "auto",
  help:
    "architecture of the sandbox, on which the names of system calls depend",
};

/** `--redact` of the commands that pass messages on. */
export const REDACT_OPTION: OptionSpec = {
  name: "redact",
  type: "list",
  choices: [...REDACT_KINDS],
  help: "take arguments or environments of programs out of messages",
};

/**
 * Reads {@linkcode REDACT_OPTION}.
 *
 * @param options Values of the options.
 * @returns What is to be taken out.
 */
export function redactKinds(options: OptionValues): readonly RedactKind[] {
  return (options["redact"] ?? []) as readonly RedactKind[];
}

/** Options that choose messages. */
export const TRACE_FILTER_OPTIONS: readonly OptionSpec[] = [
  {
    name: "type",
    type: "list",
    valueName: "TYPE",
    help: "only messages of this type: Open, MESSAGE_SYSCALL_OPEN or 7",
  },
  {
    name: "syscall",
    type: "list",
    valueName: "NAME",
    help: "only this system call, by name or number",
  },
  {
    name: "phase",
    type: "string",
    choices: ["enter", "exit"],
    help: "only the beginnings, or only the ends of system calls",
  },
  {
    name: "container",
    type: "list",
    valueName: "ID",
    help: "only containers with an id that begins so",
  },
  {
    name: "pid",
    type: "list",
    valueName: "PID",
    help: "only this process",
  },
  {
    name: "tid",
    type: "list",
    valueName: "TID",
    help: "only this thread",
  },
  {
    name: "comm",
    type: "list",
    valueName: "NAME",
    help: "only processes of this name",
  },
  {
    name: "path",
    type: "list",
    valueName: "GLOB",
    help:
      "only messages with a path that matches; * stays in a folder, ** does not",
  },
  {
    name: "errno",
    type: "list",
    valueName: "NAME",
    help: "only calls that failed so: ENOENT, 2, or any",
  },
  {
    name: "since",
    type: "string",
    valueName: "TIME",
    help: "not before this moment, ISO 8601",
  },
  {
    name: "until",
    type: "string",
    valueName: "TIME",
    help: "before this moment, ISO 8601",
  },
  {
    name: "from",
    type: "number",
    min: 1,
    help: "not before this position",
  },
  { name: "to", type: "number", min: 1, help: "not after this position" },
];

/**
 * Reads {@linkcode TRACE_FILTER_OPTIONS}.
 *
 * @param options Values of the options.
 * @returns The filter, `undefined` when everything is wanted.
 * @throws {UsageError} When a value makes no sense.
 */
export function traceFilter(options: OptionValues): EventPredicate | undefined {
  const isGiven = TRACE_FILTER_OPTIONS.some(({ name }) =>
    options[name] !== undefined
  );
  if (!isGiven) return undefined;
  try {
    return compileEventFilter({
      types: list(options, "type"),
      syscalls: list(options, "syscall"),
      phase: options["phase"] as Phase | undefined,
      containers: list(options, "container"),
      pids: numbers(options, "pid"),
      tids: numbers(options, "tid"),
      comms: list(options, "comm"),
      paths: list(options, "path"),
      errnos: list(options, "errno"),
      sinceNs: moment(options, "since"),
      untilNs: moment(options, "until"),
      fromSeq: options["from"] as number | undefined,
      toSeq: options["to"] as number | undefined,
    });
  } catch (error) {
    if (error instanceof RangeError || error instanceof SyntaxError) {
      throw new UsageError(error.message);
    }
    throw error;
  }
}

/**
 * Reads an option that must be given.
 *
 * @param options Values of the options.
 * @param name Its name.
 * @returns Its value.
 * @throws {UsageError} When it is not given.
 */
export function requiredOption(options: OptionValues, name: string): string {
  const value = options[name];
  if (typeof value !== "string") {
    throw new UsageError(`Option --${name} is required`);
  }
  return value;
}

/**
 * Reads an endpoint that must be given.
 *
 * @param options Values of the options.
 * @returns The endpoint as typed.
 * @throws {UsageError} When it is not given or makes no sense.
 */
export function endpointOption(options: OptionValues): string {
  const endpoint = requiredOption(options, "endpoint");
  try {
    parseEndpoint(endpoint);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
  return endpoint;
}

function list(
  options: OptionValues,
  name: string,
): readonly string[] | undefined {
  const values = options[name] as readonly string[] | undefined;
  return values?.flatMap((value) => value.split(","));
}

function numbers(
  options: OptionValues,
  name: string,
): readonly number[] | undefined {
  return list(options, name)?.map((text) => {
    if (!/^\d+$/.test(text)) {
      throw new UsageError(
        `Cannot use "${text}" for --${name}: expected a number`,
      );
    }
    return Number(text);
  });
}

function moment(options: OptionValues, name: string): bigint | undefined {
  const text = options[name] as string | undefined;
  return text === undefined ? undefined : parseUnixNs(text);
}
