import { describeOffset } from "./check_probes.ts";
import type { Evidence, Finding } from "./finding.ts";
import type { FindingId } from "./finding_table.ts";
import { makeFinding } from "./make_finding.ts";
import type { TraceFacts } from "./trace_facts.ts";

/** Difference to other clocks that explains a wrong date. */
const CLOCK_PROBLEM_MS = 300_000;
/** No device that runs this lives before it. */
const EARLIEST_MS: number = Date.parse("2025-01-01T00:00:00Z");

/** What {@linkcode checkTls} needs beside the trace. */
export interface CheckTlsOptions {
  /** Path of the trace. */
  readonly path: string;
  /** By how much other clocks are ahead. */
  readonly offset:
    | { readonly offsetMs: number; readonly witnesses: string }
    | undefined;
  /** Evidence that large packets get lost. */
  readonly largeLost: Evidence | undefined;
}

/**
 * Looks at a request that ended in TLS.
 *
 * @param facts What its trace tells.
 * @param options Clocks, and what was captured.
 * @returns What is wrong.
 */
export function checkTls(
  facts: TraceFacts,
  options: CheckTlsOptions,
): Finding[] {
  const { host, error } = facts;
  const tunnel = facts.tunnels.at(-1);
  const { path, largeLost } = options;
  const leaf = tunnel?.peerCerts[0];
  const top = tunnel?.peerCerts.at(-1);
  const evidence = [{ path, detail: error }];
  // Some TLS libraries call an expired certificate one that cannot be verified.
  const isOutdated = /unknown authority/.test(error) && isOutside(facts);
  if (isOutdated || /expired|not yet valid|before|after \d{4}/.test(error)) {
    return checkDates(facts, options);
  }
  const make = (id: FindingId, title: string): Finding[] => [
    makeFinding(id, { subject: host, title, evidence }),
  ];
  if (/unknown authority|self.signed|issuer|verify the first/i.test(error)) {
    const issuer = top === undefined
      ? "an authority"
      : `"${top.issuer || top.subject}"`;
    if (leaf !== undefined) {
      evidence.push({
        path,
        detail: `certificate of "${leaf.subject}" by "${leaf.issuer}"`,
      });
    }
    return make(
      "tls-unknown-authority",
      `the certificate for ${host} is of ${issuer}, whom the device does not know`,
    );
  }
  if (/valid for|not valid for any|does ?n.t match|altname/i.test(error)) {
    return make(
      "tls-wrong-name",
      `the server for ${host} shows a certificate for other names: ${
        error.replace(/^.*x509: /, "")
      }`,
    );
  }
  if (/timeout|deadline|cancel/i.test(error)) {
    if (largeLost !== undefined) {
      return [
        makeFinding("mtu-black-hole", {
          title:
            `large packets get lost on the way to ${host}, small ones pass`,
          evidence: [...evidence, largeLost],
        }),
      ];
    }
    return make("tls-stalled", `the TLS handshake with ${host} does not end`);
  }
  return make("tls-failed", `the TLS handshake with ${host} failed: ${error}`);
}

/** A wrong date is the certificate's fault, or the clock's. */
function checkDates(
  facts: TraceFacts,
  options: CheckTlsOptions,
): Finding[] {
  const { host, error, beganAtMs, tunnels } = facts;
  const { path, offset } = options;
  const certs = tunnels.at(-1)?.peerCerts ?? [];
  const dates = certs.map((cert) => ({
    cert,
    from: momentOf(cert.notBefore),
    to: momentOf(cert.notAfter),
  }));
  const isEarly =
    dates.some(({ from }) =>
      from !== undefined && beganAtMs !== undefined && beganAtMs < from
    ) || /is before/.test(error);
  const evidence: Evidence[] = [
    { path, detail: error },
    ...dates.map(({ cert, from, to }) => ({
      path,
      detail: `"${cert.subject}" is valid from ${textOf(from)} to ${
        textOf(to)
      }`,
    })),
  ];
  const findings: Finding[] = [
    makeFinding(isEarly ? "tls-not-yet-valid" : "tls-expired", {
      subject: host,
      title: isEarly
        ? `the certificate of ${host} is not valid yet, by the device's clock (${
          textOf(beganAtMs)
        })`
        : `the certificate of ${host} has expired${
          dates[0]?.to === undefined ? "" : `, on ${textOf(dates[0].to)}`
        }`,
      evidence,
    }),
  ];
  if (beganAtMs === undefined) return findings;
  if (offset !== undefined && Math.abs(offset.offsetMs) >= CLOCK_PROBLEM_MS) {
    const right = beganAtMs + offset.offsetMs;
    const wouldHold = dates.every(({ from, to }) =>
      (from === undefined || right >= from) && (to === undefined || right <= to)
    );
    if (wouldHold) {
      findings.push(makeFinding("clock-wrong", {
        title: `the device's clock is ${
          describeOffset(offset.offsetMs)
        } of ${offset.witnesses}`,
        evidence,
      }));
    }
  } else if (offset === undefined && beganAtMs < EARLIEST_MS) {
    findings.push(makeFinding("clock-wrong", {
      title: `the device's clock says ${textOf(beganAtMs)}, which is long ago`,
      evidence,
    }));
  }
  return findings;
}

/** Whether the leaf is not valid at the time of the trace. */
function isOutside({ tunnels, beganAtMs }: TraceFacts): boolean {
  const leaf = tunnels.at(-1)?.peerCerts[0];
  if (leaf === undefined || leaf.isCa || beganAtMs === undefined) return false;
  const from = momentOf(leaf.notBefore);
  const to = momentOf(leaf.notAfter);
  return (from !== undefined && beganAtMs < from) ||
    (to !== undefined && beganAtMs > to);
}

function momentOf(
  time: { readonly type: string; readonly text?: string },
): number | undefined {
  const ms = time.text === undefined ? NaN : Date.parse(time.text);
  return Number.isNaN(ms) ? undefined : ms;
}

function textOf(ms: number | undefined): string {
  if (ms === undefined) return "an unknown date";
  return new Date(ms).toISOString().slice(0, 16).replace("T", " ");
}
