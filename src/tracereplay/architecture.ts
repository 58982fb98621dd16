import { sysnoOf } from "./event_fields.ts";
import { SCHEMATIZED_SYSCALLS } from "./schematized_syscall_table.ts";
import type { Architecture, PayloadName, TraceEvent } from "./types.ts";

/** The architectures that gVisor runs on. */
export const ARCHITECTURES = ["amd64", "arm64"] as const;

let decisive: ReadonlyMap<string, Architecture> | undefined;

/**
 * Tells an architecture from one event. Nothing in a stream says which one a
 * sandbox has, but for each message with named arguments the two have no
 * number in common.
 *
 * @param event Any event.
 * @returns The architecture, `undefined` when this event does not decide it.
 *
 * @example `openat` is 257 on amd64 alone
 * ```ts
 * import { architectureOf } from "../../src/tracereplay/architecture.ts";
 * import { decodeMessage } from "../../src/tracereplay/message_decoder.ts";
 * import { encodeMessage } from "../../src/tracereplay/message_encoder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const packet = encodeMessage("Open", { sysno: 257n });
 * assertEquals(architectureOf(decodeMessage(packet)), "amd64");
 * ```
 */
export function architectureOf(event: TraceEvent): Architecture | undefined {
  const sysno = sysnoOf(event);
  if (sysno === undefined || event.type !== "decoded") return undefined;
  decisive ??= indexNumbers();
  return decisive.get(keyOf(event.message, sysno));
}

function indexNumbers(): ReadonlyMap<string, Architecture> {
  const index = new Map<string, Architecture>();
  for (const schema of SCHEMATIZED_SYSCALLS) {
    for (const architecture of ARCHITECTURES) {
      const sysno = schema[architecture];
      if (sysno === undefined) continue;
      index.set(keyOf(schema.message, sysno), architecture);
    }
  }
  return index;
}

function keyOf(message: PayloadName, sysno: number | bigint): string {
  return `${message} ${sysno}`;
}
