import {
  MAJOR_1_PARAMS,
  NEW_PARAMS,
  OLD_PARAMS,
  type ParamLayout,
} from "./param_type_table.ts";

/**
 * The layouts that captures come in:
 * `A` Fibratus 1.x; `B` development builds of 2.0; `C` 2.0.0 and `C2` the
 * builds after it; `D` 2.2.x; `E` 2.3.0 and later.
 */
export type KcapDialectName = "A" | "B" | "C" | "C2" | "D" | "E";

/** One layout of captures. */
export interface KcapDialect {
  readonly name: KcapDialectName;
  /** Releases that write it. */
  readonly writers: string;
  /** Major version of the file. */
  readonly major: number;
  /** Version of event sections. */
  readonly sectionVersion: 1 | 2;
  /** Bytes of an event type: the hook id has one byte or two. */
  readonly typeBytes: 17 | 18;
  /** Parameter ids and encodings. */
  readonly params: ParamLayout;
  /** Version of process sections that its newest writer makes. */
  readonly processVersion: number;
  /** Version of PE sections that its newest writer makes. */
  readonly peVersion: number;
}

/** All layouts by name. */
export const DIALECTS: Readonly<Record<KcapDialectName, KcapDialect>> = {
  A: {
    name: "A",
    writers: "Fibratus 1.0.0 to 1.10.0",
    major: 1,
    sectionVersion: 1,
    typeBytes: 17,
    params: MAJOR_1_PARAMS,
    processVersion: 2,
    peVersion: 1,
  },
  B: {
    name: "B",
    writers: "Fibratus builds of May to July 2023",
    major: 2,
    sectionVersion: 1,
    typeBytes: 17,
    params: OLD_PARAMS,
    processVersion: 3,
    peVersion: 1,
  },
  C: {
    name: "C",
    writers: "Fibratus 2.0.0",
    major: 2,
    sectionVersion: 1,
    typeBytes: 18,
    params: OLD_PARAMS,
    processVersion: 3,
    peVersion: 2,
  },
  C2: {
    name: "C2",
    writers: "Fibratus builds of October 2023 to January 2024",
    major: 2,
    sectionVersion: 1,
    typeBytes: 18,
    params: NEW_PARAMS,
    processVersion: 3,
    peVersion: 2,
  },
  D: {
    name: "D",
    writers: "Fibratus 2.2.0 and 2.2.1",
    major: 2,
    sectionVersion: 2,
    typeBytes: 18,
    params: NEW_PARAMS,
    processVersion: 3,
    peVersion: 2,
  },
  E: {
    name: "E",
    writers: "Fibratus 2.3.0 and later",
    major: 2,
    sectionVersion: 2,
    typeBytes: 18,
    params: NEW_PARAMS,
    processVersion: 4,
    peVersion: 2,
  },
};
