import { parseCaptureTime, ZERO_TIME } from "./capture_time.ts";
import { DIALECTS } from "./dialect_table.ts";
import { eventTypeOf } from "./event_type_table.ts";
import type { KcapParamType } from "./param_type_table.ts";
import type {
  KcapEvent,
  KcapPair,
  KcapProcessState,
  KcapValue,
} from "./types.ts";

/** A parameter of an event that is made by hand. */
export interface MakeParam {
  readonly name: string;
  readonly type: KcapParamType;
  readonly value: KcapValue;
}

/** What {@linkcode makeEvent} needs to know; what is left out is empty or 0. */
export interface MakeEventOptions {
  /** Provider, `8-4-4-4-12` hexadecimal digits in lower case. */
  readonly guid: string;
  /** Opcode or id within the provider, 0 to 65535. */
  readonly hookId: number;
  readonly seq?: bigint | undefined;
  readonly pid?: number | undefined;
  readonly tid?: number | undefined;
  readonly cpu?: number | undefined;
  /** Name, that of the event type by default. */
  readonly name?: string | undefined;
  /** Category, that of the event type by default. */
  readonly category?: string | undefined;
  readonly description?: string | undefined;
  readonly host?: string | undefined;
  /** RFC 3339 with the offset of the capturing machine. @default {"0001-01-01T00:00:00Z"} */
  readonly timestamp?: string | undefined;
  readonly params?: readonly MakeParam[] | undefined;
  readonly meta?: readonly KcapPair[] | undefined;
  /** State of the process that the event shows first. */
  readonly embedded?: KcapProcessState | undefined;
}

/**
 * Makes an event that was not read from a capture, to be written.
 *
 * @param options What it says.
 * @returns The event.
 * @throws {SyntaxError} When the timestamp is not RFC 3339.
 */
export function makeEvent(options: MakeEventOptions): KcapEvent {
  const { guid, hookId, timestamp = ZERO_TIME } = options;
  const eventType = eventTypeOf(guid, hookId);
  const time = parseCaptureTime(timestamp);
  if (time === undefined) {
    throw new SyntaxError(
      `Cannot make kcap event: timestamp "${timestamp}" is not RFC 3339`,
    );
  }
  const name = options.name ?? eventType.known?.name ?? "";
  const category = options.category ?? eventType.known?.category ?? "";
  return {
    type: "event",
    offset: 0,
    sizeBytes: 0,
    dialect: "E",
    seq: options.seq ?? 0n,
    pid: options.pid ?? 0,
    tid: options.tid ?? 0,
    cpu: options.cpu ?? 0,
    eventType,
    name,
    category,
    storedName: name,
    storedCategory: category,
    description: options.description ?? "",
    host: options.host ?? "",
    timestamp,
    storedTimestamp: timestamp,
    timeNs: time.timeNs,
    params: (options.params ?? []).map((param) => ({
      ...param,
      storedName: param.name,
    })),
    meta: options.meta ?? [],
    embedded: options.embedded,
    processVersion: DIALECTS.E.processVersion,
    process: undefined,
  };
}
