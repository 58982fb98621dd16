import type { WireType } from "../codec/protobuf_reader.ts";
import { MESSAGE_FIELDS } from "./message_fields_table.ts";
import { MESSAGE_TYPES } from "./message_type_table.ts";
import type { MessageName, PayloadName } from "./types.ts";

/** Type of a field: a scalar, repeated strings, or a message. */
export type FieldKind =
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "bool"
  | "string"
  | "bytes"
  | "string[]"
  | "message";

/** One field of a message. */
export interface FieldSpec {
  /** Its number. */
  readonly number: number;
  /** Its name in gVisor's `.proto` files. */
  readonly name: string;
  /** Its type. */
  readonly kind: FieldKind;
  /** Name of the message, for kind `message`. */
  readonly message: MessageName | undefined;
  /** The wire type that it must have. */
  readonly wireType: WireType;
}

/** One type of message. */
export interface MessageTypeEntry {
  /** Name in gVisor's `MessageType`. */
  readonly name: string;
  /** Name of the message that is the payload. */
  readonly message: PayloadName;
  /** First weekly release that has it, as a number: 20220510. */
  readonly since: number;
}

const types: Readonly<Record<number, MessageTypeEntry>> = MESSAGE_TYPES;
const lists = new Map<MessageName, readonly FieldSpec[]>();
const byNumber = new Map<MessageName, readonly (FieldSpec | undefined)[]>();

/**
 * Finds a type of message.
 *
 * @param typeId Its number.
 * @returns The type, `undefined` for 0 and for types of newer releases.
 */
export function messageType(typeId: number): MessageTypeEntry | undefined {
  return types[typeId];
}

/**
 * Lists all types of messages.
 *
 * @returns Number and type, in ascending order.
 */
export function messageTypes(): readonly (readonly [
  number,
  MessageTypeEntry,
])[] {
  return Object.entries(types).map(([number, entry]) =>
    [Number(number), entry] as const
  );
}

/**
 * Names a type of message as it is shown.
 *
 * @param typeId Its number.
 * @returns `MESSAGE_…`, or `UNKNOWN_<n>` for a type of a newer release.
 */
export function messageTypeName(typeId: number): string {
  return types[typeId]?.name ??
    (typeId === 0 ? "MESSAGE_UNKNOWN" : `UNKNOWN_${typeId}`);
}

/**
 * Lists the fields of a message.
 *
 * @param message Its name.
 * @returns The fields, ascending by number.
 */
export function fieldsOf(message: MessageName): readonly FieldSpec[] {
  let list = lists.get(message);
  if (list === undefined) {
    list = MESSAGE_FIELDS[message].map(([number, name, type]) =>
      toSpec(number, name, type)
    );
    lists.set(message, list);
  }
  return list;
}

/**
 * Lists the fields of a message for decoding.
 *
 * @param message Its name.
 * @returns The fields, each at the index that is its number.
 */
export function fieldsByNumber(
  message: MessageName,
): readonly (FieldSpec | undefined)[] {
  let index = byNumber.get(message);
  if (index === undefined) {
    const specs: (FieldSpec | undefined)[] = [];
    for (const spec of fieldsOf(message)) specs[spec.number] = spec;
    byNumber.set(message, index = specs);
  }
  return index;
}

/**
 * Tells whether a message can have an `exit` field, which makes the difference
 * between entering and leaving a system call.
 *
 * @param message Its name.
 * @returns True for messages of system calls.
 */
export function hasPhase(message: MessageName): boolean {
  return fieldsByNumber(message)[2]?.message === "Exit";
}

function toSpec(number: number, name: string, type: string): FieldSpec {
  if (type in MESSAGE_FIELDS) {
    return {
      number,
      name,
      kind: "message",
      message: type as MessageName,
      wireType: 2,
    };
  }
  const kind = type as FieldKind;
  const isBytes = kind === "string" || kind === "bytes" || kind === "string[]";
  return { number, name, kind, message: undefined, wireType: isBytes ? 2 : 0 };
}
