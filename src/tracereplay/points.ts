import { messageTypes } from "./message_schema.ts";
import type { MessageTypeEntry } from "./message_schema.ts";
import { SCHEMATIZED_SYSCALLS } from "./schematized_syscall_table.ts";
import type { Architecture, PayloadName, Phase } from "./types.ts";

/** Fields of the context block by their name in a configuration. */
export const CONTEXT_FIELDS: readonly string[] = [
  "time",
  "thread_id",
  "task_start_time",
  "group_id",
  "thread_group_start_time",
  "container_id",
  "credentials",
  "cwd",
  "process_name",
  "parent_thread_group_id",
  "is_exec_session",
];

/** The highest system call number that has raw points. */
export const MAX_TRACED_SYSNO = 441;

/** A place at which gVisor can fire an event. */
export interface TracePoint {
  /** Its name, for example `syscall/openat/exit`. */
  readonly name: string;
  /** Number inside of gVisor; never on the wire. */
  readonly id: number;
  /** Number of the message type of its events. */
  readonly typeId: number;
  /** Name of the message type of its events. */
  readonly typeName: string;
  /** Fields of the event that have to be asked for. */
  readonly optionalFields: readonly string[];
  /** Fields of the context block that can be asked for. */
  readonly contextFields: readonly string[];
  /** First weekly release with this type of message, as a number: 20220510. */
  readonly since: number;
}

interface SentryPoint {
  readonly name: string;
  readonly id: number;
  readonly message: PayloadName;
  readonly optionalFields?: readonly string[];
  readonly withoutFields?: readonly string[];
}

const SENTRY_POINTS: readonly SentryPoint[] = [
  {
    name: "container/start",
    id: 1,
    message: "Start",
    optionalFields: ["env"],
  },
  { name: "sentry/clone", id: 0, message: "CloneInfo" },
  {
    name: "sentry/execve",
    id: 2,
    message: "ExecveInfo",
    optionalFields: [
      "binary_info",
      "binary_sha256",
      "binary_sha1",
      "fd_info",
      "pipe_proc_info",
    ],
  },
  {
    name: "sentry/exit_notify_parent",
    id: 3,
    message: "ExitNotifyParentInfo",
    withoutFields: ["cwd", "is_exec_session"],
  },
  { name: "sentry/mmap", id: 5, message: "MmapInfo" },
  { name: "sentry/task_exit", id: 4, message: "TaskExit" },
];

const PHASES: readonly (readonly [Phase, number])[] = [
  ["enter", 0],
  ["exit", 1],
];

/** The first id of a system call's four points: named and raw, enter and exit. */
function firstId(sysno: number): number {
  return 6 + sysno * 4;
}

const lists = new Map<Architecture, readonly TracePoint[]>();

/**
 * Lists all trace points of an architecture, without asking a `runsc`.
 *
 * @param architecture The architecture.
 * @returns The points, sorted by name as `runsc trace metadata` does.
 *
 * @example Counting them
 * ```ts
 * import { listPoints } from "../../src/tracereplay/points.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(listPoints("amd64").length, 998);
 * assertEquals(listPoints("arm64").length, 980);
 * ```
 */
export function listPoints(architecture: Architecture): readonly TracePoint[] {
  let points = lists.get(architecture);
  if (points === undefined) {
    points = makePoints(architecture);
    lists.set(architecture, points);
  }
  return points;
}

function makePoints(architecture: Architecture): readonly TracePoint[] {
  const types = new Map<PayloadName, readonly [number, MessageTypeEntry]>(
    messageTypes().map((entry) => [entry[1].message, entry]),
  );
  const points: TracePoint[] = [];

  function add(
    name: string,
    id: number,
    message: PayloadName,
    optionalFields: readonly string[] = [],
    contextFields: readonly string[] = CONTEXT_FIELDS,
  ): void {
    const [typeId, { name: typeName, since }] = types.get(message)!;
    points.push({
      name,
      id,
      typeId,
      typeName,
      optionalFields,
      contextFields,
      since,
    });
  }

  for (const point of SENTRY_POINTS) {
    const { name, id, message, optionalFields, withoutFields = [] } = point;
    add(
      name,
      id,
      message,
      optionalFields,
      CONTEXT_FIELDS.filter((field) => !withoutFields.includes(field)),
    );
  }
  for (const schema of SCHEMATIZED_SYSCALLS) {
    const sysno = schema[architecture];
    if (sysno === undefined) continue;
    for (const [phase, offset] of PHASES) {
      add(
        `syscall/${schema.name}/${phase}`,
        firstId(sysno) + offset,
        schema.message,
        schema.optionalFields,
      );
    }
  }
  for (let sysno = 0; sysno <= MAX_TRACED_SYSNO; sysno++) {
    for (const [phase, offset] of PHASES) {
      add(
        `syscall/sysno/${sysno}/${phase}`,
        firstId(sysno) + 2 + offset,
        "Syscall",
      );
    }
  }
  return points.sort((a, b) => a.name < b.name ? -1 : 1);
}

/**
 * Renders a point as `runsc trace metadata` does.
 *
 * @param point The point.
 * @returns One line.
 */
export function renderPoint(point: TracePoint): string {
  return `Name: ${point.name}, optional fields: [${
    point.optionalFields.join("|")
  }], context fields: [${point.contextFields.join("|")}]`;
}
