import { architectureOf } from "./architecture.ts";
import { errnoText } from "./derive_event.ts";
import {
  containerIdOf,
  contextOf,
  exitOf,
  payloadOf,
  sysnoOf,
  timeNsOf,
} from "./event_fields.ts";
import { messageTypes } from "./message_schema.ts";
import { syscallName } from "./syscalls.ts";
import type { Architecture, Phase, TraceEvent } from "./types.ts";

/**
 * Which events are wanted. All conditions must hold; of several values of one
 * condition any. An event that lacks what a condition asks for does not match.
 */
export interface EventFilter {
  /** Types: `MESSAGE_SYSCALL_OPEN`, the message's name `Open`, or a number. */
  readonly types?: readonly string[] | undefined;
  /** System calls: names, or numbers. */
  readonly syscalls?: readonly string[] | undefined;
  /** Entering or leaving a system call. */
  readonly phase?: Phase | undefined;
  /** Beginnings of container ids. */
  readonly containers?: readonly string[] | undefined;
  /** Process ids. */
  readonly pids?: readonly number[] | undefined;
  /** Thread ids. */
  readonly tids?: readonly number[] | undefined;
  /** Names of processes. */
  readonly comms?: readonly string[] | undefined;
  /** Patterns of paths with `*`, `**` and `?`, for any path of an event. */
  readonly paths?: readonly string[] | undefined;
  /** Names or numbers of errors; `any` stands for all. */
  readonly errnos?: readonly string[] | undefined;
  /** Not before this Unix time in ns. */
  readonly sinceNs?: bigint | undefined;
  /** Before this Unix time in ns. */
  readonly untilNs?: bigint | undefined;
  /** Not before this position. */
  readonly fromSeq?: number | undefined;
  /** Not after this position. */
  readonly toSeq?: number | undefined;
}

/**
 * Decides whether an event is wanted.
 *
 * @param event The event.
 * @param architecture Of the sandbox, for names of system calls; without it the
 * event itself must tell.
 * @returns True when all conditions hold.
 */
export type EventPredicate = (
  event: TraceEvent,
  architecture?: Architecture | undefined,
) => boolean;

const PATH_FIELDS = ["pathname", "fd_path", "binary_path", "mapped_path"];

/**
 * Makes a predicate of a filter.
 *
 * @param filter The conditions.
 * @returns The predicate.
 * @throws {RangeError} When a type is unknown.
 *
 * @example Failed calls that name a file below /etc
 * ```ts
 * import { compileEventFilter } from "../../src/tracereplay/event_filter.ts";
 * import { decodeMessage } from "../../src/tracereplay/message_decoder.ts";
 * import { encodeMessage } from "../../src/tracereplay/message_encoder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const isWanted = compileEventFilter({ errnos: ["any"], paths: ["/etc/**"] });
 * const packet = encodeMessage("Open", {
 *   exit: { errorno: 2n },
 *   pathname: "/etc/app/x",
 * });
 * assertEquals(isWanted(decodeMessage(packet)), true);
 * ```
 */
export function compileEventFilter(filter: EventFilter): EventPredicate {
  const tests: EventPredicate[] = [];
  const { fromSeq, toSeq, phase, sinceNs, untilNs } = filter;
  if (fromSeq !== undefined) tests.push(({ seq }) => seq >= fromSeq);
  if (toSeq !== undefined) tests.push(({ seq }) => seq <= toSeq);
  if (isGiven(filter.types)) {
    const ids = new Set(filter.types.map(parseType));
    tests.push((event) => event.type !== "malformed" && ids.has(event.typeId));
  }
  if (phase !== undefined) {
    tests.push((event) => event.type === "decoded" && event.phase === phase);
  }
  if (isGiven(filter.syscalls)) tests.push(syscallTest(filter.syscalls));
  if (isGiven(filter.containers)) {
    const starts = filter.containers;
    tests.push((event) => {
      const id = containerIdOf(event);
      return id !== undefined && starts.some((start) => id.startsWith(start));
    });
  }
  if (isGiven(filter.pids)) {
    const pids = new Set<number | undefined>(filter.pids);
    tests.push((event) => pids.has(contextOf(event)?.thread_group_id));
  }
  if (isGiven(filter.tids)) {
    const tids = new Set<number | undefined>(filter.tids);
    tests.push((event) => tids.has(contextOf(event)?.thread_id));
  }
  if (isGiven(filter.comms)) {
    const comms = new Set<string | undefined>(filter.comms);
    tests.push((event) => comms.has(contextOf(event)?.process_name));
  }
  if (isGiven(filter.paths)) tests.push(pathTest(filter.paths));
  if (isGiven(filter.errnos)) tests.push(errnoTest(filter.errnos));
  if (sinceNs !== undefined || untilNs !== undefined) {
    tests.push((event) => {
      const time = timeNsOf(event);
      return time !== undefined && (sinceNs === undefined || time >= sinceNs) &&
        (untilNs === undefined || time < untilNs);
    });
  }
  return (event, architecture) =>
    tests.every((test) => test(event, architecture));
}

function isGiven<T>(values: readonly T[] | undefined): values is readonly T[] {
  return values !== undefined && values.length > 0;
}

function parseType(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  const wanted = text.toLowerCase();
  const found = messageTypes().find(([, { name, message }]) =>
    name.toLowerCase() === wanted || message.toLowerCase() === wanted ||
    name.toLowerCase() === `message_${wanted}`
  );
  if (found === undefined) {
    throw new RangeError(
      `Cannot filter by type "${text}": no message has this name, expected one such as Open, MESSAGE_SYSCALL_OPEN or 7`,
    );
  }
  return found[0];
}

function syscallTest(syscalls: readonly string[]): EventPredicate {
  const names = new Set<string | undefined>(syscalls);
  return (event, architecture) => {
    const sysno = sysnoOf(event);
    if (sysno === undefined) return false;
    if (names.has(String(sysno))) return true;
    const known = architecture ?? architectureOf(event);
    return known !== undefined && names.has(syscallName(known, sysno));
  };
}

function pathTest(patterns: readonly string[]): EventPredicate {
  const expressions = patterns.map(globToRegExp);
  return (event) => {
    const payload = payloadOf(event);
    return payload !== undefined && PATH_FIELDS.some((field) => {
      const path = payload[field];
      return typeof path === "string" &&
        expressions.some((expression) => expression.test(path));
    });
  };
}

function errnoTest(errnos: readonly string[]): EventPredicate {
  const wanted = new Set(errnos.map((errno) => errno.toUpperCase()));
  return (event) => {
    const errorno = exitOf(event)?.errorno;
    return errorno !== undefined &&
      (wanted.has("ANY") || wanted.has(errnoText(errorno)) ||
        wanted.has(String(errorno)));
  };
}

/** `*` and `?` stay within a part of the path, `**` does not. */
function globToRegExp(pattern: string): RegExp {
  const source = pattern.replace(
    /\*\*|\*|\?|[.+^${}()|[\]\\]/g,
    (part) => {
      if (part === "**") return ".*";
      if (part === "*") return "[^/]*";
      return part === "?" ? "[^/]" : `\\${part}`;
    },
  );
  return new RegExp(`^${source}$`, "su");
}
