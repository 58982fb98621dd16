import type { Finding, FindingSeverity } from "./finding.ts";
import { FINDING_IDS, FINDING_TABLE } from "./finding_table.ts";
import type { FindingId } from "./finding_table.ts";

/** Most pieces of evidence of one finding. */
const MAX_EVIDENCE = 50;
const SEVERITIES: readonly FindingSeverity[] = ["problem", "warning", "note"];

/**
 * Brings findings into the order in which they should be looked at: causes
 * before what follows from them, problems before warnings before notes.
 *
 * @param findings Findings in any order; equal ones are merged.
 * @returns The findings, those that others explain marked.
 */
export function orderFindings(findings: readonly Finding[]): Finding[] {
  const merged = mergeEqual(findings);
  // There can be very many findings, but only of so many kinds.
  const kinds = new Map(
    merged.map(({ id, severity }) => [`${id} ${severity}`, { id, severity }]),
  );
  const marked = merged.map((finding) => {
    // A warning explains warnings only.
    const cause = kinds.values().find(({ id, severity }) =>
      explains(id, finding.id) &&
      (severity === "problem" ||
        (severity === "warning" && finding.severity === "warning"))
    );
    return cause === undefined
      ? finding
      : { ...finding, explainedBy: cause.id };
  });
  const place = (finding: Finding): number[] => [
    finding.severity === "note" ? 1 : 0,
    finding.explainedBy === undefined ? 0 : 1,
    SEVERITIES.indexOf(finding.severity),
    FINDING_IDS.indexOf(finding.id),
  ];
  return marked
    .map((finding) => ({ finding, place: place(finding) }))
    .sort((a, b) => {
      const at = a.place.findIndex((value, index) => value !== b.place[index]);
      return at < 0 ? 0 : a.place[at]! - b.place[at]!;
    })
    .map(({ finding }) => finding);
}

function explains(cause: FindingId, id: FindingId): boolean {
  const { explains = [] } = FINDING_TABLE[cause];
  return cause !== id && explains.includes(id);
}

/** Two requests to one target fail alike: one finding, evidence of both. */
function mergeEqual(findings: readonly Finding[]): Finding[] {
  const merged = new Map<string, Finding>();
  for (const finding of findings) {
    const key = `${finding.id}\n${finding.subject}`;
    const same = merged.get(key);
    if (same === undefined) {
      merged.set(key, finding);
      continue;
    }
    const isWorse = SEVERITIES.indexOf(finding.severity) <
      SEVERITIES.indexOf(same.severity);
    const evidence = [...same.evidence];
    for (const item of finding.evidence) {
      const isKnown = evidence.some(({ path, detail }) =>
        path === item.path && detail === item.detail
      );
      if (!isKnown && evidence.length < MAX_EVIDENCE) evidence.push(item);
    }
    merged.set(key, {
      ...same,
      ...(isWorse ? { severity: finding.severity } : {}),
      evidence,
    });
  }
  return [...merged.values()];
}
