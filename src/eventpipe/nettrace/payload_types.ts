import type { NettraceField, NettraceFieldType } from "./types.ts";

/** Type of a payload field, of a stream's own declaration or of a table. */
export type PayloadType =
  | Exclude<NettraceFieldType, { readonly element: NettraceFieldType }>
  | {
    readonly kind: "array" | "relLoc" | "dataLoc";
    readonly element: PayloadType;
  }
  | {
    readonly kind: "fixedArray";
    readonly element: PayloadType;
    readonly count: number;
  }
  /** An address of the traced process. */
  | { readonly kind: "pointer" }
  /** UTF-8 up to a zero byte. */
  | { readonly kind: "utf8z" }
  /** As many elements as an earlier field says. */
  | {
    readonly kind: "countedArray";
    readonly element: PayloadType;
    readonly countField: string;
  }
  /** Members in order, as a table has them. */
  | { readonly kind: "struct"; readonly fields: readonly PayloadField[] };

/** Names of a number's values. */
export interface ValueMap {
  /** Name, unique within a provider. */
  readonly name: string;
  /** Whether values are bits that may be set together. */
  readonly isFlags: boolean;
  /** Name by value. */
  readonly values: ReadonlyMap<number, string>;
  /** Bits of a bit set that are an enumeration by themselves; 0 has no name there. */
  readonly parts?:
    | readonly {
      readonly mask: number;
      readonly values: ReadonlyMap<number, string>;
    }[]
    | undefined;
}

/** A payload field. */
export interface PayloadField extends Omit<NettraceField, "type"> {
  /** Type. */
  readonly type: PayloadType;
  /** Names of its values, where there are some. */
  readonly map?: ValueMap | undefined;
}

/** What the payload of one kind of event looks like. */
export interface PayloadSchema {
  /**
   * Where the fields come from: the stream's own declaration, a table of
   * well-known events, or nowhere. In the last case payloads stay bytes.
   */
  readonly source: "stream" | "table" | "unknown";
  /** Fields in order. */
  readonly fields: readonly PayloadField[];
}

/** What is wrong with a field of one payload. */
export interface PayloadFault {
  /** Name of the field. */
  readonly field: string;
  /**
   * `missing`: the payload ends before it, and so before all that follow.
   * `damaged`: it exceeds the payload. `unterminated`: it is a text that only
   * the payload's end ends.
   */
  readonly type: "missing" | "damaged" | "unterminated";
}

/**
 * A decoded payload.
 *
 * Values: `boolean`; `number` up to 32 bits and floats; `bigint` for 64-bit
 * integers, addresses and variable-length integers; `string` for texts,
 * characters, arrays of characters, GUIDs, decimals, and points in time (ISO
 * 8601, 100 ns); `Uint8Array` for arrays of bytes; arrays; objects.
 */
export interface NettracePayload {
  /** Values in the order of the schema, as far as the payload has them. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** What is wrong with it; empty for almost every payload. */
  readonly faults: readonly PayloadFault[];
  /** Bytes behind the last field, which newer event versions append. */
  readonly extraBytes: number;
}

/** Where a payload lies; an event is one. */
export interface PayloadSource {
  /** Memory. */
  readonly bytes: Uint8Array;
  /** The same memory. */
  readonly view: DataView;
  /** Index of the first byte. */
  readonly payloadStart: number;
  /** Number of bytes. */
  readonly payloadLength: number;
}
