/** Kinds of probes. */
export type ProbeKind =
  | "gateway"
  | "path"
  | "connect"
  | "dns"
  | "ntp"
  | "http-date"
  | "captive-portal";

/** A value that a probe tells. */
export type ProbeDetail = string | number | boolean | readonly string[];

/** What a probe found out. */
export interface ProbeResult {
  /** What was tried. */
  readonly probe: ProbeKind;
  /** Address, name or URL that it was tried with. */
  readonly target: string;
  /** `skipped` where it could not be tried. */
  readonly outcome: "ok" | "fail" | "skipped";
  /** How far it came: `arp`, `icmp`, `udp`, `tcp`, `http`. */
  readonly phase: string;
  /** Why it failed or was skipped, in one word; empty where all is well. */
  readonly cause: string;
  /** What to do; empty where there is nothing. */
  readonly hint: string;
  /** How long it took. */
  readonly durationMs: number;
  /** Numbers and names. */
  readonly details: Readonly<Record<string, ProbeDetail>>;
}
