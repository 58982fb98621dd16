import { escapeForTerminal } from "../base/terminal_text.ts";
import { formatUnixNs } from "../base/time.ts";
import type { UnixNs } from "../base/time.ts";
import { architectureOf } from "./architecture.ts";
import { deriveEvent, errnoText } from "./derive_event.ts";
import type { DerivedValues } from "./derive_event.ts";
import {
  containerIdOf,
  contextOf,
  exitOf,
  sysnoOf,
  timeNsOf,
} from "./event_fields.ts";
import { fieldsOf } from "./message_schema.ts";
import type { FieldSpec } from "./message_schema.ts";
import { formatSockaddr } from "./sockaddr_decoder.ts";
import type { Sockaddr } from "./sockaddr_decoder.ts";
import { syscallName } from "./syscalls.ts";
import type {
  AnyMessage,
  Architecture,
  DecodedEvent,
  FieldValue,
  MessageName,
  PayloadName,
  TraceEvent,
} from "./types.ts";

/** How {@linkcode renderPretty} and {@linkcode renderTableRow} render. */
export interface RenderPrettyOptions {
  /** Of the sandbox: names system calls and flags. */
  readonly architecture?: Architecture | undefined;
  /** How long the call took in ns, for the end of a call. */
  readonly durationNs?: bigint | undefined;
  /** Characters of a string that are shown. @default {256} */
  readonly maxString?: number | undefined;
}

const CONTAINER_CHARACTERS = 12;
const BYTES_SHOWN = 32;

const SENTRY_NAMES: Readonly<Partial<Record<PayloadName, string>>> = {
  Start: "container_start",
  CloneInfo: "task_clone",
  ExecveInfo: "task_exec",
  ExitNotifyParentInfo: "exit_notify_parent",
  TaskExit: "task_exit",
  MmapInfo: "task_mmap",
};

/**
 * Renders an event for people, much as strace does: time, container and thread,
 * name of the process, the call with its arguments in words, and its result.
 * Control characters from the capture are escaped.
 *
 * @param event The event.
 * @param options Architecture, duration, length of strings.
 * @returns One line, without a line break. Never throws.
 *
 * @example A failed call
 * ```ts
 * import { renderPretty } from "../../src/tracereplay/render_pretty.ts";
 * import { decodeMessage } from "../../src/tracereplay/message_decoder.ts";
 * import { encodeMessage } from "../../src/tracereplay/message_encoder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const packet = encodeMessage("Open", {
 *   context_data: { thread_id: 7, process_name: "cat" },
 *   exit: { errorno: 2n },
 *   sysno: 257n,
 *   fd: -100n,
 *   pathname: "/x",
 * });
 * assertEquals(
 *   renderPretty(decodeMessage(packet)),
 *   `[7] cat openat(fd=AT_FDCWD, pathname="/x", flags=O_RDONLY) = -1 ENOENT`,
 * );
 * ```
 */
export function renderPretty(
  event: TraceEvent,
  options: RenderPrettyOptions = {},
): string {
  if (event.type !== "decoded") return renderDamaged(event);
  const { process_name: comm, thread_id: tid } = contextOf(event) ?? {};
  const container = shortContainer(event);
  const thread = tid === undefined ? "" : `[${tid}]`;
  const time = timeNsOf(event);
  const { name, args, result } = describeEvent(event, options);
  return [
    time === undefined ? "" : formatUnixNs(time as UnixNs),
    `${container}${thread}`,
    comm === undefined ? "" : escapeForTerminal(comm),
    `${name}(${args})`,
    result,
  ].filter((word) => word !== "").join(" ");
}

const COLUMNS: readonly (readonly [title: string, width: number])[] = [
  ["SEQ", 8],
  ["TIME", 18],
  ["CONTAINER", CONTAINER_CHARACTERS],
  ["PID", 7],
  ["TID", 7],
  ["COMMAND", 16],
  ["EVENT", 20],
  ["RESULT", 20],
  ["ARGUMENTS", 0],
];

/**
 * Renders the heading of the rows of {@linkcode renderTableRow}.
 *
 * @returns One line, without a line break.
 */
export function renderTableHeading(): string {
  return toRow(COLUMNS.map(([title]) => title));
}

/**
 * Renders an event as one row of a table with columns of fixed width.
 *
 * @param event The event.
 * @param options As of {@linkcode renderPretty}.
 * @returns One line, without a line break. Never throws.
 */
export function renderTableRow(
  event: TraceEvent,
  options: RenderPrettyOptions = {},
): string {
  if (event.type !== "decoded") {
    return toRow([`${event.seq}`, "", "", "", "", "", renderDamaged(event)]);
  }
  const context = contextOf(event) ?? {};
  const time = timeNsOf(event);
  const { name, args, result } = describeEvent(event, options);
  return toRow([
    `${event.seq}`,
    // The day is the same for most of a trace.
    time === undefined ? "" : formatUnixNs(time as UnixNs).slice(11, 29),
    shortContainer(event),
    `${context.thread_group_id ?? ""}`,
    `${context.thread_id ?? ""}`,
    escapeForTerminal(context.process_name ?? ""),
    name,
    result.replace(/^= /, ""),
    args,
  ]);
}

function toRow(cells: readonly string[]): string {
  return cells.map((cell, index) => cell.padEnd(COLUMNS[index]![1])).join(" ")
    .trimEnd();
}

function renderDamaged(event: Exclude<TraceEvent, DecodedEvent>): string {
  if (event.type === "malformed") {
    return `malformed message ${event.seq}: ${event.error}`;
  }
  const hex = shortHex(event.payloadBytes);
  return event.error === undefined
    ? `${event.typeName}(payload=${hex})`
    : `${event.typeName}(payload=${hex}) ${event.error}`;
}

interface Description {
  readonly name: string;
  readonly args: string;
  readonly result: string;
}

function describeEvent(
  event: DecodedEvent,
  options: RenderPrettyOptions,
): Description {
  const { maxString = 256, durationNs } = options;
  const architecture = options.architecture ?? architectureOf(event);
  const derived = deriveEvent(event, architecture);
  const sysno = sysnoOf(event);
  const result = event.phase === "enter" ? "…" : resultText(event);
  return {
    name: sysno === undefined
      ? SENTRY_NAMES[event.message] ?? event.message
      : eventName(event, architecture, sysno),
    args: argumentTexts(event, derived, maxString).join(", "),
    result: durationNs === undefined
      ? result
      : `${result} <${formatSeconds(durationNs)}>`,
  };
}

function eventName(
  event: DecodedEvent,
  architecture: Architecture | undefined,
  sysno: bigint,
): string {
  const name = architecture === undefined
    ? undefined
    : syscallName(architecture, sysno);
  if (name !== undefined) return name;
  return event.message === "Syscall"
    ? `sys_${sysno}`
    : event.message.toLowerCase();
}

function resultText(event: DecodedEvent): string {
  const exit = exitOf(event);
  if (exit === undefined) return "";
  const { result = 0n, errorno } = exit;
  if (errorno !== undefined) return `= -1 ${errnoText(errorno)}`;
  const isAddress = event.message === "Mmap" || result > 0xffff_ffffn;
  return isAddress
    ? `= 0x${BigInt.asUintN(64, result).toString(16)}`
    : `= ${result}`;
}

function formatSeconds(ns: bigint): string {
  return `${ns / 1_000_000_000n}.${
    String(ns % 1_000_000_000n).padStart(9, "0")
  }`;
}

const HIDDEN_FIELDS = new Set(["context_data", "exit", "sysno", "fd_path"]);
/** `fchdir` on either architecture: gVisor reads a pathname that it does not have. */
const FCHDIR_NUMBERS: readonly bigint[] = [81n, 50n];

function argumentTexts(
  event: DecodedEvent,
  derived: DerivedValues,
  maxString: number,
): string[] {
  const payload = event.payload as AnyMessage;
  const fdPath = payload["fd_path"];
  const isFchdir = event.message === "Chdir" &&
    FCHDIR_NUMBERS.includes(event.payload.sysno ?? 0n);
  const texts: string[] = [];
  for (const spec of fieldsOf(event.message)) {
    const { name } = spec;
    if (HIDDEN_FIELDS.has(name)) continue;
    if (isFchdir && name === "pathname") continue;
    const isDescriptor = name === "fd" || name === "old_fd";
    // Descriptor 0 is not on the wire, and yet it is an argument; of execve it is none.
    const standIn = isDescriptor && event.message !== "Execve" ? 0 : undefined;
    const value = payload[name] ?? standIn;
    const meaning = derived[name];
    if (value === undefined && meaning === undefined) continue;
    const text = meaning === undefined
      ? valueText(spec, value!, maxString)
      : meaningText(meaning, maxString);
    const path = isDescriptor && typeof fdPath === "string"
      ? `<${shorten(escapeForTerminal(fdPath), maxString)}>`
      : "";
    texts.push(`${name}=${text}${path}`);
  }
  return texts;
}

function valueText(
  spec: FieldSpec,
  value: FieldValue,
  maxString: number,
): string {
  if (typeof value === "string") return quote(value, maxString);
  if (value instanceof Uint8Array) return shortHex(value);
  if (Array.isArray(value)) {
    return `[${
      value.map((element) => quote(String(element), maxString)).join(", ")
    }]`;
  }
  return spec.message === undefined
    ? String(value)
    : `{${
      nestedTexts(spec.message, value as AnyMessage, maxString).join(", ")
    }}`;
}

/** Unlike in arguments, the context of another process is shown. */
function nestedTexts(
  message: MessageName,
  payload: AnyMessage,
  maxString: number,
): string[] {
  return fieldsOf(message).flatMap((spec) => {
    const value = payload[spec.name];
    return value === undefined
      ? []
      : [`${spec.name}=${valueText(spec, value, maxString)}`];
  });
}

function meaningText(meaning: unknown, maxString: number): string {
  if (Array.isArray(meaning)) return meaning.join("|");
  if (typeof meaning !== "object" || meaning === null) return String(meaning);
  if ("family" in meaning) {
    return shorten(
      escapeForTerminal(formatSockaddr(meaning as Sockaddr)),
      maxString,
    );
  }
  return `{${
    Object.entries(meaning).map(([key, value]) => `${key}=${value}`).join(", ")
  }}`;
}

function quote(text: string, maxString: number): string {
  const safe = escapeForTerminal(
    text.slice(0, maxString).replaceAll("\\", "\\\\").replaceAll('"', '\\"'),
  );
  return text.length > maxString ? `"${safe}"…` : `"${safe}"`;
}

function shorten(text: string, maxString: number): string {
  return text.length > maxString ? `${text.slice(0, maxString)}…` : text;
}

function shortHex(bytes: Uint8Array): string {
  const hex = bytes.subarray(0, BYTES_SHOWN).toHex();
  return bytes.length > BYTES_SHOWN ? `0x${hex}…` : `0x${hex}`;
}

function shortContainer(event: TraceEvent): string {
  return escapeForTerminal(
    (containerIdOf(event) ?? "").slice(0, CONTAINER_CHARACTERS),
  );
}
