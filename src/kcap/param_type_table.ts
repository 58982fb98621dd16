/** Names of parameter types, Fibratus' own. */
export type KcapParamType =
  | "Null"
  | "UnicodeString"
  | "AnsiString"
  | "Int8"
  | "Uint8"
  | "Int16"
  | "Uint16"
  | "Int32"
  | "Uint32"
  | "Int64"
  | "Uint64"
  | "Float"
  | "Double"
  | "Bool"
  | "Binary"
  | "GUID"
  | "Pointer"
  | "SID"
  | "PID"
  | "TID"
  | "WbemSID"
  | "HexInt8"
  | "HexInt16"
  | "HexInt32"
  | "HexInt64"
  | "Port"
  | "IP"
  | "IPv4"
  | "IPv6"
  | "Time"
  | "Slice"
  | "Enum"
  | "Map"
  | "Object"
  | "DOSPath"
  | "Path"
  | "Status"
  | "Key"
  | "Flags"
  | "Flags64"
  | "Address"
  | "HandleType";

/** How the value of a parameter is laid out. */
export const WIRE = {
  /** Never written: the rest of the record cannot be read. */
  none: 0,
  /** u16 byte count, then text. */
  text: 1,
  i8: 2,
  u8: 3,
  i16: 4,
  u16: 5,
  i32: 6,
  u32: 7,
  i64: 8,
  u64: 9,
  f32: 10,
  f64: 11,
  /** One byte; true only if it is 1. */
  bool: 12,
  /** u32 byte count, then bytes. */
  blob: 13,
  ipv4: 14,
  ipv6: 15,
  /** u8 kind, u16 count, then elements. */
  slice: 16,
} as const;

/** One of {@linkcode WIRE}. */
export type WireKind = typeof WIRE[keyof typeof WIRE];

/** Which of the two lists of type ids a capture uses: before or since 2023-10-28. */
export type ParamList = "old" | "new";

const COMMON: readonly KcapParamType[] = [
  "Null",
  "UnicodeString",
  "AnsiString",
  "Int8",
  "Uint8",
  "Int16",
  "Uint16",
  "Int32",
  "Uint32",
  "Int64",
  "Uint64",
  "Float",
  "Double",
  "Bool",
  "Binary",
  "GUID",
  "Pointer",
  "SID",
  "PID",
  "TID",
  "WbemSID",
];

/** Only in the old list: every id behind them moved down when they went. */
const HEX: readonly KcapParamType[] = [
  "HexInt8",
  "HexInt16",
  "HexInt32",
  "HexInt64",
];

const TAIL: readonly KcapParamType[] = [
  "Port",
  "IP",
  "IPv4",
  "IPv6",
  "Time",
  "Slice",
  "Enum",
  "Map",
  "Object",
  "DOSPath",
  "Path",
  "Status",
  "Key",
  "Flags",
  "Flags64",
  "Address",
  "HandleType",
];

/** Type names by id. */
export const PARAM_TYPES: Readonly<
  Record<ParamList, readonly KcapParamType[]>
> = {
  old: [...COMMON, ...HEX, ...TAIL],
  new: [...COMMON, ...TAIL],
};

const WIRE_BY_TYPE: Readonly<Partial<Record<KcapParamType, WireKind>>> = {
  UnicodeString: WIRE.text,
  AnsiString: WIRE.text,
  Int8: WIRE.i8,
  Uint8: WIRE.u8,
  Int16: WIRE.i16,
  Uint16: WIRE.u16,
  Int32: WIRE.i32,
  Uint32: WIRE.u32,
  Int64: WIRE.i64,
  Uint64: WIRE.u64,
  // Fibratus mixes the two up on both sides, and no event has ever carried
  // either: the natural widths are used.
  Float: WIRE.f32,
  Double: WIRE.f64,
  Bool: WIRE.bool,
  Binary: WIRE.blob,
  SID: WIRE.blob,
  PID: WIRE.u32,
  TID: WIRE.u32,
  WbemSID: WIRE.blob,
  HexInt8: WIRE.u8,
  HexInt16: WIRE.u16,
  HexInt32: WIRE.u32,
  HexInt64: WIRE.u64,
  Port: WIRE.u16,
  IPv4: WIRE.ipv4,
  IPv6: WIRE.ipv6,
  Time: WIRE.text,
  Slice: WIRE.slice,
  Enum: WIRE.u32,
  Path: WIRE.text,
  Status: WIRE.u32,
  Flags: WIRE.u32,
  Flags64: WIRE.u64,
  Address: WIRE.u64,
};

/** Major 1 had fewer types, narrower enums and account names for identifiers. */
const MAJOR_1_WIRE: Readonly<Partial<Record<KcapParamType, WireKind>>> = {
  Binary: WIRE.none,
  SID: WIRE.text,
  WbemSID: WIRE.text,
  Enum: WIRE.u8,
  Path: WIRE.none,
  Status: WIRE.none,
  Flags: WIRE.none,
  Flags64: WIRE.none,
  Address: WIRE.none,
};

/** How parameters are stored in one family of dialects. */
export interface ParamLayout {
  /** Type names by id. */
  readonly types: readonly KcapParamType[];
  /** {@linkcode WIRE} kinds by id. */
  readonly wires: Uint8Array;
  /** Ids by type name. */
  readonly ids: ReadonlyMap<KcapParamType, number>;
}

function layoutOf(
  types: readonly KcapParamType[],
  overrides: Readonly<Partial<Record<KcapParamType, WireKind>>>,
): ParamLayout {
  return {
    types,
    wires: Uint8Array.from(
      types,
      (type) => overrides[type] ?? WIRE_BY_TYPE[type] ?? WIRE.none,
    ),
    ids: new Map(types.map((type, id) => [type, id])),
  };
}

/** Layout of major 1. */
export const MAJOR_1_PARAMS: ParamLayout = layoutOf(
  PARAM_TYPES.old,
  MAJOR_1_WIRE,
);
/** Layout of the first builds of major 2. */
export const OLD_PARAMS: ParamLayout = layoutOf(PARAM_TYPES.old, {});
/** Layout since 2023-10-28. */
export const NEW_PARAMS: ParamLayout = layoutOf(PARAM_TYPES.new, {});
