import type { AnyMessage, Message, TraceEvent } from "./types.ts";

/**
 * Gives the fields of an event without regard to its type.
 *
 * @param event Any event.
 * @returns Its payload, `undefined` when it was not decoded.
 */
export function payloadOf(event: TraceEvent): AnyMessage | undefined {
  return event.type === "decoded" ? event.payload as AnyMessage : undefined;
}

/**
 * Gives the context block of an event.
 *
 * @param event Any event.
 * @returns The block, `undefined` when the point was not asked for one.
 */
export function contextOf(
  event: TraceEvent,
): Message<"ContextData"> | undefined {
  return payloadOf(event)?.["context_data"] as
    | Message<"ContextData">
    | undefined;
}

/**
 * Gives the result of a system call.
 *
 * @param event Any event.
 * @returns Result and error number, `undefined` unless it is the end of a call.
 */
export function exitOf(event: TraceEvent): Message<"Exit"> | undefined {
  return payloadOf(event)?.["exit"] as Message<"Exit"> | undefined;
}

/**
 * Gives the number of a system call; number 0 is not on the wire.
 *
 * @param event Any event.
 * @returns The number, `undefined` for events of other kinds.
 */
export function sysnoOf(event: TraceEvent): bigint | undefined {
  if (event.type !== "decoded" || event.phase === undefined) return undefined;
  return (payloadOf(event)?.["sysno"] as bigint | undefined) ?? 0n;
}

/**
 * Gives the container of an event.
 *
 * @param event Any event.
 * @returns The id, `undefined` when the event does not say.
 */
export function containerIdOf(event: TraceEvent): string | undefined {
  if (event.type !== "decoded") return undefined;
  if (event.message === "Start" && event.payload.id !== undefined) {
    return event.payload.id;
  }
  return contextOf(event)?.container_id;
}

/**
 * Gives the time of an event.
 *
 * @param event Any event.
 * @returns Nanoseconds since 1970, `undefined` when `time` was not collected.
 */
export function timeNsOf(event: TraceEvent): bigint | undefined {
  return contextOf(event)?.time_ns;
}
