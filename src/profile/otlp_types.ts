/** Layout of samples: up to OTLP 1.9, or from 1.10 on. */
export type OtlpLayout = "1.9" | "1.10";

/** A value of any type. `none` is a value that was written without one. */
export type OtlpAnyValue =
  | { readonly type: "none" }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "int"; readonly value: bigint }
  | { readonly type: "double"; readonly value: number }
  | { readonly type: "array"; readonly value: readonly OtlpAnyValue[] }
  | { readonly type: "kvlist"; readonly value: readonly OtlpKeyValue[] }
  | { readonly type: "bytes"; readonly value: Uint8Array }
  | { readonly type: "strindex"; readonly value: number };

/** An attribute of a resource or a scope. */
export interface OtlpKeyValue {
  /** Name, empty where `keyStrindex` is used. */
  readonly key: string;
  /** Index of the name among the strings, 0 where `key` is used. */
  readonly keyStrindex: number;
  readonly value: OtlpAnyValue | undefined;
}

/** What is measured: two indexes among the strings. */
export interface OtlpValueType {
  readonly typeStrindex: number;
  readonly unitStrindex: number;
}

/** Samples of equal stack, attributes and link. */
export interface OtlpSample {
  readonly stackIndex: number;
  readonly attributeIndices: readonly number[];
  /** 0 where there is none. */
  readonly linkIndex: number;
  /** One per timestamp, or one sum, or none where each timestamp counts 1. */
  readonly values: BigInt64Array;
  /** In ns since 1970. */
  readonly timestampsUnixNano: BigUint64Array;
}

/** Samples of one kind. */
export interface OtlpProfile {
  readonly sampleType: OtlpValueType | undefined;
  readonly samples: readonly OtlpSample[];
  readonly timeUnixNano: bigint;
  readonly durationNano: bigint;
  readonly periodType: OtlpValueType | undefined;
  readonly period: bigint;
  /** 16 bytes, or empty. */
  readonly profileId: Uint8Array;
  readonly droppedAttributesCount: number;
  readonly originalPayloadFormat: string;
  readonly originalPayload: Uint8Array;
  readonly attributeIndices: readonly number[];
}

/** Which program made the profiles. */
export interface OtlpScope {
  readonly name: string;
  readonly version: string;
  readonly attributes: readonly OtlpKeyValue[];
  readonly droppedAttributesCount: number;
}

/** Profiles that one program made. */
export interface OtlpScopeProfiles {
  readonly scope: OtlpScope | undefined;
  readonly profiles: readonly OtlpProfile[];
  readonly schemaUrl: string;
}

/** Profiles of one process, container or host. */
export interface OtlpResourceProfiles {
  readonly attributes: readonly OtlpKeyValue[];
  readonly droppedAttributesCount: number;
  readonly scopeProfiles: readonly OtlpScopeProfiles[];
  readonly schemaUrl: string;
}

/** A mapped file. */
export interface OtlpMapping {
  readonly memoryStart: bigint;
  readonly memoryLimit: bigint;
  readonly fileOffset: bigint;
  readonly filenameStrindex: number;
  readonly attributeIndices: readonly number[];
}

/** A line of a {@linkcode OtlpLocation}. */
export interface OtlpLine {
  readonly functionIndex: number;
  readonly line: bigint;
  readonly column: bigint;
}

/** A place in code. */
export interface OtlpLocation {
  readonly mappingIndex: number;
  readonly address: bigint;
  /** The innermost inlined function first. */
  readonly lines: readonly OtlpLine[];
  readonly attributeIndices: readonly number[];
}

/** A function. */
export interface OtlpFunction {
  readonly nameStrindex: number;
  readonly systemNameStrindex: number;
  readonly filenameStrindex: number;
  readonly startLine: bigint;
}

/** What a sample was taken for. */
export interface OtlpLink {
  /** 16 bytes, or none. */
  readonly traceId: Uint8Array;
  /** 8 bytes, or none. */
  readonly spanId: Uint8Array;
}

/** An attribute of samples, mappings and locations. */
export interface OtlpAttribute {
  readonly keyStrindex: number;
  readonly value: OtlpAnyValue | undefined;
  readonly unitStrindex: number;
}

/** Tables that all profiles of a message share; entry 0 of each stands for nothing. */
export interface OtlpDictionary {
  readonly mappingTable: readonly OtlpMapping[];
  readonly locationTable: readonly OtlpLocation[];
  readonly functionTable: readonly OtlpFunction[];
  readonly linkTable: readonly OtlpLink[];
  readonly stringTable: readonly string[];
  readonly attributeTable: readonly OtlpAttribute[];
  /** Indexes of locations, leaf first. */
  readonly stackTable: readonly (readonly number[])[];
}

/** A whole message: a request to a collector, or a file. */
export interface OtlpProfiles {
  readonly resourceProfiles: readonly OtlpResourceProfiles[];
  readonly dictionary: OtlpDictionary;
}
