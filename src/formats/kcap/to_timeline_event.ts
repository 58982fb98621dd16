import { callStackOf } from "../../kcap/call_stack.ts";
import { ZERO_TIME_NS } from "../../kcap/capture_time.ts";
import { paramText } from "../../kcap/param_text.ts";
import type { KcapEvent, KcapParam } from "../../kcap/types.ts";
import { baseName } from "../../kcap/windows_path.ts";
import type { TimelineEvent } from "../../timeline/types.ts";

/** How {@linkcode toTimelineEvent} converts. */
export interface ToTimelineEventOptions {
  /** Start of the capture in Unix ns. */
  readonly startNs: bigint;
  /** Whether call stacks are wanted. */
  readonly withStacks: boolean;
}

const UNKNOWN_ID = 0xffffffff;

/**
 * @param event An event of a capture.
 * @param options Start of the capture, stacks.
 * @returns The same for the timeline: category as provider, parameters as
 * fields behind the sequence number.
 */
export function toTimelineEvent(
  event: KcapEvent,
  options: ToTimelineEventOptions,
): TimelineEvent {
  const { startNs, withStacks } = options;
  const hasTime = event.timeNs !== ZERO_TIME_NS;
  const stack = withStacks
    ? callStackOf(event).map(({ address, module, offset }) =>
      module === ""
        ? `0x${address.toString(16)}`
        : `${baseName(module)}+0x${offset.toString(16)}`
    )
    : [];
  const process = event.process?.name;
  return {
    type: "event",
    timestamp: hasTime ? event.timeNs : undefined,
    relativeNs: hasTime ? Number(event.timeNs - startNs) : undefined,
    provider: event.category,
    name: event.name,
    ...(event.pid === UNKNOWN_ID ? {} : { pid: event.pid }),
    ...(event.tid === UNKNOWN_ID ? {} : { tid: event.tid }),
    ...(process === undefined ? {} : { processName: process.toWellFormed() }),
    cpu: event.cpu,
    fields: {
      seq: event.seq,
      ...Object.fromEntries(
        event.params.map((param) => [param.name, fieldValue(param, event)]),
      ),
    },
    ...(stack.length === 0 ? {} : { stack }),
  };
}

/** Plain numbers stay numbers, all else is text or a list of texts. */
function fieldValue(param: KcapParam, event: KcapEvent): unknown {
  const { type, value } = param;
  switch (type) {
    case "Address":
    case "HexInt8":
    case "HexInt16":
    case "HexInt32":
    case "HexInt64":
    case "Enum":
    case "Status":
    case "Flags":
    case "Flags64":
      return paramText(param, event);
  }
  if (typeof value === "string") return paramText(param, event).toWellFormed();
  if (typeof value !== "object") return value;
  if (value instanceof Uint8Array) return paramText(param, event);
  return value.kind === "strings"
    ? value.items.map((item) => item.toWellFormed())
    : value.items.map((item) => item.toString(16));
}
