import { deriveEvent } from "./derive_event.ts";
import { sysnoOf } from "./event_fields.ts";
import { fieldsOf } from "./message_schema.ts";
import { syscallName } from "./syscalls.ts";
import type {
  AnyMessage,
  Architecture,
  FieldValue,
  MessageName,
  TraceEvent,
} from "./types.ts";

/** What {@linkcode renderJson} adds to an event. */
export interface RenderJsonOptions {
  /** Of the sandbox: names system calls. Without it they stay numbers. */
  readonly architecture?: Architecture | undefined;
  /** Whether to add `derived`: names of flags and errors, addresses. @default {false} */
  readonly derive?: boolean | undefined;
  /**
   * How 64-bit integers are written: `exact` as decimal strings, `unsafe` as
   * numbers where a double holds them exactly.
   *
   * @default {"exact"}
   */
  readonly numbers?: "exact" | "unsafe" | undefined;
  /** Whether to add `raw_hex`, the whole packet. @default {false} */
  readonly raw?: boolean | undefined;
}

/**
 * Renders an event as one JSON object: names of fields as in gVisor's `.proto`
 * files, 64-bit integers as decimal strings, bytes as base64, default values
 * left out.
 *
 * @param event The event.
 * @param options What to add.
 * @returns One line, without a line break.
 *
 * @example An event of an unknown type
 * ```ts
 * import { renderJson } from "../../src/tracereplay/render_json.ts";
 * import { decodeMessage } from "../../src/tracereplay/message_decoder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const event = decodeMessage(Uint8Array.fromHex("08002700000000000801"));
 * assertEquals(
 *   renderJson(event),
 *   `{"seq":1,"type":"UNKNOWN_39","type_id":39,"header_size":8,"dropped":0,` +
 *     `"payload_hex":"0801"}`,
 * );
 * ```
 */
export function renderJson(
  event: TraceEvent,
  options: RenderJsonOptions = {},
): string {
  return JSON.stringify(toJsonObject(event, options));
}

/**
 * Makes the object that {@linkcode renderJson} writes.
 *
 * @param event The event.
 * @param options What to add.
 * @returns An object that JSON can hold.
 */
export function toJsonObject(
  event: TraceEvent,
  options: RenderJsonOptions = {},
): Record<string, unknown> {
  const { architecture, derive = false, numbers = "exact" } = options;
  if (event.type === "malformed") {
    return {
      seq: event.seq,
      error: event.error,
      "raw_hex": event.raw.toHex(),
    };
  }
  const object: Record<string, unknown> = {
    seq: event.seq,
    type: event.typeName,
    "type_id": event.typeId,
    "header_size": event.headerSize,
    dropped: event.dropped,
  };
  if (event.message !== undefined) object["message"] = event.message;
  if (event.type === "opaque") {
    object["payload_hex"] = event.payloadBytes.toHex();
    if (event.error !== undefined) object["error"] = event.error;
  } else {
    if (event.phase !== undefined) object["phase"] = event.phase;
    object["payload"] = toJsonPayload(
      event.message,
      event.payload as AnyMessage,
      numbers === "unsafe",
    );
    if (event.warnings.length > 0) object["warnings"] = event.warnings;
    if (event.unknownFieldCount > 0) {
      object["unknown_fields"] = event.unknownFieldCount;
      object["unknown"] = event.unknownFields.map((field) => ({
        ...(field.path === "" ? {} : { path: field.path }),
        field: field.field,
        hex: field.bytes.toHex(),
      }));
    }
    const sysno = sysnoOf(event);
    if (sysno !== undefined && architecture !== undefined) {
      object["syscall"] = syscallName(architecture, sysno) ?? `sys_${sysno}`;
    }
    if (derive) object["derived"] = deriveEvent(event, architecture);
  }
  if (options.raw === true) object["raw_hex"] = event.raw.toHex();
  return object;
}

/**
 * Turns a payload into what JSON can hold, fields ascending by number.
 *
 * @param message Name of the message.
 * @param payload The fields.
 * @param unsafeNumbers Whether 64-bit integers that a double holds exactly become numbers.
 * @returns The object.
 */
export function toJsonPayload(
  message: MessageName,
  payload: AnyMessage,
  unsafeNumbers: boolean,
): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const spec of fieldsOf(message)) {
    const value = payload[spec.name];
    if (value === undefined) continue;
    object[spec.name] = spec.message === undefined
      ? toJsonScalar(value, unsafeNumbers)
      : toJsonPayload(spec.message, value as AnyMessage, unsafeNumbers);
  }
  return object;
}

function toJsonScalar(value: FieldValue, unsafeNumbers: boolean): unknown {
  if (value instanceof Uint8Array) return value.toBase64();
  if (typeof value !== "bigint") return value;
  const number = Number(value);
  return unsafeNumbers && Number.isSafeInteger(number) ? number : `${value}`;
}
