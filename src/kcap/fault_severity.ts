import type { Severity } from "../base/decode_stats.ts";
import type { KcapFaultKind } from "./types.ts";

/** Name and severity under which a kind of fault is counted. */
export interface FaultStat {
  readonly name: string;
  readonly severity: Severity;
}

const STATS: Readonly<Record<KcapFaultKind, FaultStat>> = {
  event: { name: "kcap_event_unreadable", severity: "data_loss" },
  handle: { name: "kcap_handle_unreadable", severity: "data_loss" },
  section: { name: "kcap_section_unknown", severity: "data_loss" },
  truncated: { name: "kcap_truncated", severity: "data_loss" },
  unclosed: { name: "kcap_not_closed", severity: "data_loss" },
  trailing: { name: "kcap_trailing_data", severity: "error" },
  // The event itself is whole.
  state: { name: "kcap_state_unknown", severity: "notice" },
};

/**
 * @param kind Kind of a fault.
 * @returns How it is counted in `DecodeStats`.
 */
export function faultStat(kind: KcapFaultKind): FaultStat {
  return STATS[kind];
}
