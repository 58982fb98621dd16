import { nearestWord } from "../base/nearest.ts";
import { CONTEXT_FIELDS, listPoints } from "./points.ts";
import type { TracePoint } from "./points.ts";
import type { Architecture } from "./types.ts";

/** A purpose for which a session is generated. */
export interface ConfigPreset {
  /** Name as typed. */
  readonly name: string;
  /** One line on what it is for. */
  readonly summary: string;
  /** Patterns of points; `*` stands for any text without a slash. */
  readonly points: readonly string[];
}

/** Purposes that have a list of points ready. */
export const CONFIG_PRESETS: readonly ConfigPreset[] = [
  {
    name: "process",
    summary: "who started what: containers, processes, their ends",
    points: ["container/start", "sentry/*"],
  },
  {
    name: "files",
    summary: "processes, and which files they open, and where they go",
    points: [
      "container/start",
      "sentry/execve",
      "sentry/task_exit",
      "syscall/open/*",
      "syscall/openat/*",
      "syscall/creat/*",
      "syscall/close/*",
      "syscall/chdir/*",
      "syscall/fchdir/*",
      "syscall/chroot/*",
      "syscall/inotify_*/*",
    ],
  },
  {
    name: "network",
    summary: "processes, and whom they talk to",
    points: [
      "container/start",
      "sentry/execve",
      "sentry/task_exit",
      "syscall/socket/*",
      "syscall/socketpair/*",
      "syscall/connect/*",
      "syscall/bind/*",
      "syscall/listen/*",
      "syscall/accept/*",
      "syscall/accept4/*",
    ],
  },
  {
    name: "security",
    summary:
      "processes, network, change of identity, tracing, executable memory",
    points: [
      "container/start",
      "sentry/*",
      "syscall/execve/*",
      "syscall/execveat/*",
      "syscall/connect/*",
      "syscall/bind/*",
      "syscall/listen/*",
      "syscall/accept/*",
      "syscall/accept4/*",
      "syscall/chroot/*",
      "syscall/ptrace/*",
      "syscall/set*/*",
      "syscall/prlimit64/*",
    ],
  },
  {
    name: "all",
    summary: "every point with named arguments; slows the workload down",
    points: ["container/start", "sentry/*", "syscall/*/*"],
  },
];

/** What {@linkcode generateConfig} puts into a session. */
export interface GenerateConfigOptions {
  /** Names or patterns of points; `*` stands for any text without a slash. */
  readonly points: readonly string[];
  /** Path of the socket of the sink `remote`; without it the sink is `null`. */
  readonly endpoint?: string | undefined;
  /** Context fields that every point gets as far as it has them. @default {those that tell when, where and who} */
  readonly contextFields?: readonly string[] | undefined;
  /** Optional fields that every point gets as far as it has them; `all` stands for all. @default {["fd_path"]} */
  readonly optionalFields?: readonly string[] | undefined;
  /** For which architectures points are looked up. @default {both} */
  readonly architectures?: readonly Architecture[] | undefined;
  /** Attempts after the first one when the socket is full. */
  readonly retries?: number | undefined;
  /** Wait before the first further attempt, as Go writes durations: `25us`. */
  readonly backoff?: string | undefined;
  /** Longest wait: `10ms`. */
  readonly backoffMax?: string | undefined;
  /** Whether points that a `runsc` does not have are skipped. @default {true} */
  readonly ignoreMissing?: boolean | undefined;
  /** Whether the container runs, untraced, when nobody listens. @default {false} */
  readonly ignoreSetupError?: boolean | undefined;
  /** `pod-init` puts `trace_session` around it. @default {"pod-init"} */
  readonly form?: "pod-init" | "session" | undefined;
}

/** Context fields that a generated session asks for where nothing else is said. */
export const DEFAULT_CONTEXT_FIELDS: readonly string[] = [
  "time",
  "thread_id",
  "group_id",
  "thread_group_start_time",
  "container_id",
  "process_name",
];

/**
 * Generates the configuration of a session, ready for `runsc`.
 *
 * @param options What to put into it.
 * @returns A JSON object.
 * @throws {RangeError} When a point or field does not exist.
 *
 * @example Who started what
 * ```ts
 * import { generateConfig } from "../../src/tracereplay/generate_config.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const config = generateConfig({
 *   points: ["container/start"],
 *   contextFields: ["time"],
 *   endpoint: "/run/events.sock",
 *   form: "session",
 * });
 * assertEquals(config["points"], [{
 *   name: "container/start",
 *   context_fields: ["time"],
 * }]);
 * ```
 */
export function generateConfig(
  options: GenerateConfigOptions,
): Record<string, unknown> {
  const {
    contextFields = DEFAULT_CONTEXT_FIELDS,
    optionalFields = ["fd_path"],
    architectures = ["amd64", "arm64"],
    ignoreMissing = true,
    form = "pod-init",
  } = options;
  const known = allPoints(architectures);
  checkFields("context", contextFields, CONTEXT_FIELDS);
  checkFields("optional", optionalFields, [
    "all",
    ...new Set(known.flatMap((point) => point.optionalFields)),
  ]);
  const session = {
    name: "Default",
    "ignore_missing": ignoreMissing,
    points: selectPoints(options.points, known).map((point) =>
      toJson(point, contextFields, optionalFields)
    ),
    sinks: [makeSink(options)],
  };
  return form === "session" ? session : { "trace_session": session };
}

/**
 * Makes the sink of a session.
 *
 * @param options Endpoint, attempts and waits.
 * @returns The sink `remote`, or `null` when there is no endpoint.
 */
export function makeSink(
  options: Omit<GenerateConfigOptions, "points">,
): Record<string, unknown> {
  const { endpoint, retries, backoff, backoffMax, ignoreSetupError } = options;
  if (endpoint === undefined) return { name: "null" };
  return {
    name: "remote",
    config: {
      endpoint,
      ...(retries === undefined ? {} : { retries }),
      ...(backoff === undefined ? {} : { backoff }),
      ...(backoffMax === undefined ? {} : { "backoff_max": backoffMax }),
    },
    ...(ignoreSetupError === true ? { "ignore_setup_error": true } : {}),
  };
}

function allPoints(
  architectures: readonly Architecture[],
): readonly TracePoint[] {
  const points = new Map<string, TracePoint>();
  for (const architecture of architectures) {
    for (const point of listPoints(architecture)) points.set(point.name, point);
  }
  return [...points.values()].sort((a, b) => a.name < b.name ? -1 : 1);
}

function selectPoints(
  patterns: readonly string[],
  known: readonly TracePoint[],
): readonly TracePoint[] {
  const selected = new Set<TracePoint>();
  for (const pattern of patterns) {
    const expression = new RegExp(
      `^${
        pattern.split("*").map((part) =>
          part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")
        ).join("[^/]*")
      }$`,
    );
    const found = known.filter(({ name }) => expression.test(name));
    if (found.length === 0) {
      const near = nearestWord(pattern, known.map(({ name }) => name));
      throw new RangeError(
        `Cannot generate configuration: no point is called "${pattern}"${
          near === undefined ? "" : `, nearest is "${near}"`
        }`,
      );
    }
    for (const point of found) selected.add(point);
  }
  return [...selected].sort((a, b) => a.name < b.name ? -1 : 1);
}

function toJson(
  point: TracePoint,
  contextFields: readonly string[],
  optionalFields: readonly string[],
): Record<string, unknown> {
  const context = point.contextFields.filter((field) =>
    contextFields.includes(field)
  );
  const optional = point.optionalFields.filter((field) =>
    optionalFields.includes("all") || optionalFields.includes(field)
  );
  return {
    name: point.name,
    ...(optional.length === 0 ? {} : { "optional_fields": optional }),
    ...(context.length === 0 ? {} : { "context_fields": context }),
  };
}

function checkFields(
  kind: "context" | "optional",
  fields: readonly string[],
  known: readonly string[],
): void {
  for (const field of fields) {
    if (known.includes(field)) continue;
    throw new RangeError(
      `Cannot generate configuration: no ${kind} field is called "${field}", there are ${
        known.join(", ")
      }`,
    );
  }
}
