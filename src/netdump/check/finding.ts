import type { FindingId } from "./finding_table.ts";

/** How bad a finding is: `note` is no fault. */
export type FindingSeverity = "problem" | "warning" | "note";

/** Where a finding can be seen. */
export interface Evidence {
  /** Path below the top folder. */
  readonly path: string;
  /** What is there. */
  readonly detail: string;
}

/** Something that is wrong with a device's network, or worth knowing. */
export interface Finding {
  /** What it is, for programs. */
  readonly id: FindingId;
  /** How bad it is. */
  readonly severity: FindingSeverity;
  /** What it concerns: an interface, a server, a target; empty for the device. */
  readonly subject: string;
  /** What is wrong, in one sentence without a full stop. */
  readonly title: string;
  /** What to do. */
  readonly hint: string;
  /** Where it can be seen. */
  readonly evidence: readonly Evidence[];
  /** Finding that explains this one, where there is one. */
  readonly explainedBy?: FindingId | undefined;
}
