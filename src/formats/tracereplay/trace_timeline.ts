import { DecodeStats } from "../../base/decode_stats.ts";
import type { UnixNs } from "../../base/time.ts";
import { architectureOf } from "../../tracereplay/architecture.ts";
import { errnoText } from "../../tracereplay/derive_event.ts";
import {
  containerIdOf,
  contextOf,
  exitOf,
  payloadOf,
  sysnoOf,
  timeNsOf,
} from "../../tracereplay/event_fields.ts";
import { SyscallPairing } from "../../tracereplay/syscall_pairing.ts";
import { syscallName } from "../../tracereplay/syscalls.ts";
import type { Architecture, TraceEvent } from "../../tracereplay/types.ts";
import type { TimelineEvent } from "../../timeline/types.ts";
import type { OptionValues } from "../option_spec.ts";
import type { FormatInput } from "../types.ts";
import type { ReadEvents } from "./read_events.ts";

const BATCH = 256;

/**
 * Reads a session as a timeline: every message is an event, and the end of a
 * system call whose beginning was seen a span.
 *
 * @param input The session.
 * @param readEvents Reads its events.
 * @param options Values of the format's options.
 * @returns Records in batches, in the order in which they were sent.
 */
export async function* traceTimeline(
  input: FormatInput,
  readEvents: ReadEvents,
  options: OptionValues,
): AsyncGenerator<readonly TimelineEvent[]> {
  const converter = new TimelineConverter(
    await findArchitecture(input, readEvents, options),
  );
  let batch: TimelineEvent[] = [];
  for await (const event of readEvents(input)) {
    batch.push(converter.convert(event));
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/**
 * Finds out for which architecture system calls are to be named.
 *
 * @param input The session; a stream is not looked at, since it can be read once.
 * @param readEvents Reads its events.
 * @param options Values of the format's options.
 * @returns The architecture, if it is known.
 */
export async function findArchitecture(
  input: FormatInput,
  readEvents: ReadEvents,
  options: OptionValues,
): Promise<Architecture | undefined> {
  const chosen = options["arch"];
  if (chosen === "amd64" || chosen === "arm64") return chosen;
  if (input.path === undefined) return undefined;
  // The same faults are not counted twice.
  const look = { ...input, open: () => input.open(), stats: new DecodeStats() };
  for await (const event of readEvents(look)) {
    const architecture = architectureOf(event);
    if (architecture !== undefined) return architecture;
  }
  return undefined;
}

/** Turns events into records of a timeline. */
export class TimelineConverter {
  readonly #pairing = new SyscallPairing();
  #architecture: Architecture | undefined;
  #firstNs: bigint | undefined;

  /** @param architecture Architecture that is known before the first event. */
  constructor(architecture: Architecture | undefined) {
    this.#architecture = architecture;
  }

  /**
   * Turns the next event into a record.
   *
   * @param event The event, in order.
   * @returns The record.
   */
  convert(event: TraceEvent): TimelineEvent {
    this.#architecture ??= architectureOf(event);
    const durationNs = this.#pairing.add(event);
    const endNs = timeNsOf(event);
    const timeNs = endNs === undefined ? undefined : endNs - (durationNs ?? 0n);
    if (timeNs !== undefined) this.#firstNs ??= timeNs;
    const context = contextOf(event);
    const record = {
      timestamp: timeNs as UnixNs | undefined,
      relativeNs: timeNs === undefined || this.#firstNs === undefined
        ? undefined
        : Number(timeNs - this.#firstNs),
      provider: providerOf(event),
      name: this.#nameOf(event),
      pid: context?.thread_group_id,
      tid: context?.thread_id,
      processName: context?.process_name,
      fields: fieldsOf(event),
    };
    return durationNs === undefined
      ? { ...record, type: "event" }
      : { ...record, type: "span", durationNs: Number(durationNs) };
  }

  #nameOf(event: TraceEvent): string {
    if (event.type === "malformed") return "malformed";
    if (event.type === "opaque") return event.typeName;
    const sysno = sysnoOf(event);
    if (sysno === undefined) return event.message;
    const name = this.#architecture === undefined
      ? undefined
      : syscallName(this.#architecture, sysno);
    return name ?? `sys_${sysno}`;
  }
}

function providerOf(event: TraceEvent): string {
  if (event.type !== "decoded") return "gvisor";
  if (event.message === "Start") return "gvisor.container";
  return event.phase === undefined ? "gvisor.sentry" : "gvisor.syscall";
}

function fieldsOf(event: TraceEvent): Record<string, unknown> {
  if (event.type !== "decoded") {
    return event.type === "opaque"
      ? { seq: event.seq, payload: event.payloadBytes, error: event.error }
      : { seq: event.seq, raw: event.raw, error: event.error };
  }
  const { context_data: _context, exit: _exit, ...own } = payloadOf(event)!;
  const container = containerIdOf(event);
  const exit = exitOf(event);
  return {
    seq: event.seq,
    ...(event.phase === undefined ? {} : { phase: event.phase }),
    ...(container === undefined ? {} : { container }),
    ...own,
    ...(exit === undefined ? {} : { result: exit.result ?? 0n }),
    ...(exit?.errorno === undefined ? {} : { errno: errnoText(exit.errorno) }),
  };
}
