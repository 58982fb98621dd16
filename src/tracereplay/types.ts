import type { WireType } from "../codec/protobuf_reader.ts";
import type { MESSAGE_FIELDS } from "./message_fields_table.ts";
import type { MESSAGE_TYPES } from "./message_type_table.ts";

/** Name of any of gVisor's messages, parts of others included. */
export type MessageName = keyof typeof MESSAGE_FIELDS;

/** Name of a message that is the payload of a type of its own. */
export type PayloadName =
  (typeof MESSAGE_TYPES)[keyof typeof MESSAGE_TYPES]["message"];

/** Value of a field of the given type in {@linkcode MESSAGE_FIELDS}. */
export type FieldValueOf<T> = T extends "int32" | "uint32" ? number
  : T extends "int64" | "uint64" ? bigint
  : T extends "bool" ? boolean
  : T extends "string" ? string
  : T extends "bytes" ? Uint8Array
  : T extends "string[]" ? readonly string[]
  : T extends MessageName ? Message<T>
  : never;

/**
 * A decoded message. Fields have the names of gVisor's `.proto` files; one that
 * is absent has its default value: 0, false, empty. A message that is present
 * but empty is `{}`.
 *
 * @typeParam M Name of the message.
 */
export type Message<M extends MessageName> = {
  readonly [
    F in (typeof MESSAGE_FIELDS)[M][number] as F[1]
  ]?: FieldValueOf<F[2]>;
};

/** Value of any field. */
export type FieldValue =
  | number
  | bigint
  | boolean
  | string
  | Uint8Array
  | readonly string[]
  | AnyMessage;

/** A decoded message of any kind, by name of the field. */
export interface AnyMessage {
  readonly [field: string]: FieldValue | undefined;
}

/** A field that this version does not know, or that has an unexpected wire type. */
export interface UnknownField {
  /** Path of the message it stands in, empty for the payload itself: `context_data`. */
  readonly path: string;
  /** Its number. */
  readonly field: number;
  /** Its wire type. */
  readonly wireType: WireType;
  /** The whole field with its tag. */
  readonly bytes: Uint8Array;
}

/** Whether a system call begins or ends. */
export type Phase = "enter" | "exit";

/** Processor architecture of a sandbox. */
export type Architecture = "amd64" | "arm64";

/** What stands in front of every payload. */
export interface MessageHeader {
  /** Size of the header in bytes: 8, more in later versions. */
  readonly headerSize: number;
  /** Number of the type. */
  readonly typeId: number;
  /** How many events the sink failed to send so far, modulo 2^32. */
  readonly dropped: number;
}

/** What every event has that has a header. */
export interface EventWithHeader extends MessageHeader {
  /** Position in the file or connection, from 1. */
  readonly seq: number;
  /** Name of the type: `MESSAGE_…`, or `UNKNOWN_<n>` for one of a newer release. */
  readonly typeName: string;
  /** The whole packet. */
  readonly raw: Uint8Array;
}

/**
 * An event with a payload that was understood.
 *
 * @typeParam M Name of the payload's message.
 */
export interface DecodedEventOf<M extends PayloadName> extends EventWithHeader {
  readonly type: "decoded";
  /** Name of the payload's message, which tells its fields. */
  readonly message: M;
  /** The phase, for messages that can have an `exit` field. */
  readonly phase: Phase | undefined;
  /** The fields. */
  readonly payload: Message<M>;
  /** What was skipped, at most 1,000 fields of one event. */
  readonly unknownFields: readonly UnknownField[];
  /** How many fields were skipped. */
  readonly unknownFieldCount: number;
  /** What is odd about it, such as `invalid-utf8:pathname`. */
  readonly warnings: readonly string[];
}

/** An event with a payload that was understood; `message` tells them apart. */
export type DecodedEvent = {
  [M in PayloadName]: DecodedEventOf<M>;
}[PayloadName];

/** An event of an unknown type, or with a payload that is damaged. */
export interface OpaqueEvent extends EventWithHeader {
  readonly type: "opaque";
  /** Name of the payload's message, for a known type. */
  readonly message: PayloadName | undefined;
  /** The payload as it is. */
  readonly payloadBytes: Uint8Array;
  /** What is damaged; absent for an unknown type. */
  readonly error: string | undefined;
}

/** A packet without a usable header. */
export interface MalformedEvent {
  readonly type: "malformed";
  /** Position in the file or connection, from 1. */
  readonly seq: number;
  /** The whole packet. */
  readonly raw: Uint8Array;
  /** What is wrong with it. */
  readonly error: string;
}

/** What became of one packet. */
export type TraceEvent = DecodedEvent | OpaqueEvent | MalformedEvent;
