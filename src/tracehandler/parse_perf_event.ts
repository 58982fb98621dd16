import { PERF_TYPE, perfEventName } from "./perf_event_table.ts";

const RAW_TYPE = 4;
const NUMBERED = 16;
const CLOCKS = ["cpu-clock", "task-clock"];
/** Other names of events. */
const ALIASES: Readonly<Record<string, string>> = {
  "cpu-cycles": "cycles",
  "branch-instructions": "branches",
  "idle-cycles-frontend": "stalled-cycles-frontend",
  "idle-cycles-backend": "stalled-cycles-backend",
  "faults": "page-faults",
  "cs": "context-switches",
  "migrations": "cpu-migrations",
};

/** An event that can be sampled. */
export interface PerfEventChoice {
  /** Its name, without modifiers. */
  readonly name: string;
  /** Kind of event: 0 hardware, 1 software, 4 a processor's own. */
  readonly type: number;
  /** Which one of its kind. */
  readonly config: bigint;
  /** Whether it counts nanoseconds. */
  readonly isClock: boolean;
  /** Whether only programs are sampled: modifier `u`. */
  readonly userOnly: boolean;
  /** Whether only the kernel is sampled: modifier `k`. */
  readonly kernelOnly: boolean;
}

/**
 * Reads the name of an event as perf has it.
 *
 * @param text A name such as `cpu-clock`, `cycles:u`, or `r` with the number of
 * a processor's own event.
 * @returns The event.
 * @throws {SyntaxError} When there is no such event.
 *
 * @example Cycles of programs
 * ```ts
 * import { parsePerfEvent } from "@tracedeck/tracedeck/tracehandler";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parsePerfEvent("cycles:u").userOnly, true);
 * ```
 */
export function parsePerfEvent(text: string): PerfEventChoice {
  const [, word, modifiers = ""] = /^([^:]+)(?::([a-zA-Z]*))?$/.exec(text) ??
    [];
  const name = ALIASES[word ?? ""] ?? word ?? "";
  const unknownModifier = modifiers.replace(/[ukpPH]/g, "");
  if (unknownModifier !== "") {
    throw new SyntaxError(
      `Cannot sample event "${text}": modifier "${unknownModifier}" is unknown, known are u and k`,
    );
  }
  const isUser = modifiers.includes("u");
  const isKernel = modifiers.includes("k");
  const rest = {
    name,
    isClock: CLOCKS.includes(name),
    userOnly: isUser && !isKernel,
    kernelOnly: isKernel && !isUser,
  };
  const raw = /^r([0-9a-fA-F]{1,16})$/.exec(name)?.[1];
  if (raw !== undefined) {
    return { ...rest, type: RAW_TYPE, config: BigInt(`0x${raw}`) };
  }
  for (const type of [PERF_TYPE.software, PERF_TYPE.hardware]) {
    for (let config = 0n; config < NUMBERED; config++) {
      if (perfEventName(type, config) === name) {
        return { ...rest, type, config };
      }
    }
  }
  throw new SyntaxError(
    `Cannot sample event "${text}": events are ${
      perfEventChoices().join(", ")
    }`,
  );
}

/** @returns Names of the events that every kernel knows; not all machines count all. */
export function perfEventChoices(): readonly string[] {
  const names: string[] = [];
  for (const type of [PERF_TYPE.software, PERF_TYPE.hardware]) {
    for (let config = 0n; config < NUMBERED; config++) {
      const name = perfEventName(type, config);
      // What has no name of its own is named by its number.
      if (!name.includes(":")) names.push(name);
    }
  }
  return names;
}
