/** States of TCP in connection tracking, by number. `sync-recv` is the format's own spelling. */
export const CONNTRACK_TCP_STATES: readonly string[] = [
  "none",
  "syn-sent",
  "sync-recv",
  "established",
  "fin-wait",
  "close-wait",
  "last-ack",
  "time-wait",
  "close",
  "syn-sent2",
];

/** Flags of connection tracking, by bit. */
export const CONNTRACK_STATUS_FLAGS: readonly string[] = [
  "expected",
  "seen-reply",
  "assured",
  "confirmed",
  "src-nat",
  "dst-nat",
  "seq-adjust",
  "src-nat-done",
  "dst-nat-done",
  "dying",
  "fixed-timeout",
  "template",
  "untracked",
  "helper",
  "offload",
];

/** Response codes of DNS, by number. */
export const DNS_RCODES: readonly string[] = [
  "no-error",
  "format-error",
  "server-fail",
  "non-existent-domain",
  "not-implemented",
  "query-refused",
];

/** Text of other response codes. */
export const UNRECOGNIZED_RCODE = "unrecognized-rcode";

/** Types of DNS records, by number. */
export const DNS_TYPES: Readonly<Record<number, string>> = {
  1: "A",
  2: "NS",
  5: "CNAME",
  6: "SOA",
  11: "WKS",
  12: "PTR",
  13: "HINFO",
  14: "MINFO",
  15: "MX",
  16: "TXT",
  28: "AAAA",
  33: "SRV",
  41: "OPT",
  252: "AXFR",
  255: "ALL",
};

/** Text of other record types. */
export const UNRECOGNIZED_TYPE = "unrecognized-type";

/** Kinds of socket operations. */
export const SOCKET_OP_TYPES: readonly string[] = [
  "unrecognized-op",
  "read",
  "read-from",
  "write",
  "write-to",
];

/** @param code Response code of DNS. @returns Its text. */
export function dnsRcodeText(code: number): string {
  return DNS_RCODES[code] ?? UNRECOGNIZED_RCODE;
}

/** @param type Record type of DNS. @returns Its text. */
export function dnsTypeText(type: number): string {
  return DNS_TYPES[type] ?? UNRECOGNIZED_TYPE;
}

/** @param state State of TCP in connection tracking. @returns Its text, empty for none and unknown ones. */
export function conntrackStateText(state: number): string {
  return state === 0 ? "" : CONNTRACK_TCP_STATES[state] ?? "";
}

/** @param text State as a trace has it, `syn-recv` included. @returns Its number, 0 when it is unknown. */
export function conntrackStateNumber(text: string): number {
  if (text === "syn-recv") return 2;
  return Math.max(0, CONNTRACK_TCP_STATES.indexOf(text));
}

/** @param status Flags of connection tracking. @returns Their names in the order of their bits; unknown bits are dropped. */
export function conntrackStatusText(status: number): string {
  return CONNTRACK_STATUS_FLAGS.filter((_, bit) => status & (1 << bit))
    .join("|");
}

/** @param text Flags as a trace has them, in any order. @returns The number; unknown names are dropped. */
export function conntrackStatusNumber(text: string): number {
  let status = 0;
  for (const name of text.split("|")) {
    const bit = CONNTRACK_STATUS_FLAGS.indexOf(name);
    if (bit >= 0) status |= 1 << bit;
  }
  return status;
}
