import type { Evidence, Finding, FindingSeverity } from "./finding.ts";
import { FINDING_TABLE } from "./finding_table.ts";
import type { FindingId } from "./finding_table.ts";

/** What a finding says beside its kind. */
export interface FindingFields {
  /** What is wrong, in one sentence without a full stop. */
  readonly title: string;
  /** What it concerns. @default {""} */
  readonly subject?: string | undefined;
  /** How bad it is. @default {"problem"} */
  readonly severity?: FindingSeverity | undefined;
  /** What to do, where it is not what the table says. */
  readonly hint?: string | undefined;
  /** Where it can be seen. */
  readonly evidence: readonly Evidence[];
}

/**
 * Makes a finding with the hint of its kind.
 *
 * @param id What it is.
 * @param fields What it says.
 * @returns The finding.
 */
export function makeFinding(id: FindingId, fields: FindingFields): Finding {
  return {
    id,
    severity: fields.severity ?? "problem",
    subject: fields.subject ?? "",
    title: fields.title,
    hint: fields.hint ?? FINDING_TABLE[id].hint,
    evidence: fields.evidence,
  };
}
