import { formatUnixNs, unixNsFromMs } from "../../base/time.ts";
import { parseIpAddress } from "../../codec/ip_address.ts";
import type { DecodedCertificate } from "./certificate_decoder.ts";
import { codeOf, RequestError } from "./request_error.ts";
import { findTlsAlert } from "./tls_table.ts";

/** What Go puts in front of every failure to verify a certificate. */
export const VERIFY_PREFIX = "tls: failed to verify certificate: ";

const UNKNOWN_AUTHORITY_CODES: ReadonlySet<string> = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** What is known where a certificate is refused. */
export interface VerifyFailureContext {
  /** Name or address that was asked for. */
  readonly host: string;
  /** The chain as sent, as far as it is known. */
  readonly chain: readonly DecodedCertificate[];
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * Words why a certificate was refused.
 *
 * @param reason Code or message of the TLS library.
 * @param context Certificates, host, time.
 * @returns Go's words, with their prefix.
 */
export function wordVerifyFailure(
  reason: string,
  context: VerifyFailureContext,
): string {
  return `${VERIFY_PREFIX}x509: ${wordReason(reason, context)}`;
}

/**
 * Words an error of a TLS stream after its handshake.
 *
 * @param error The error.
 * @returns An alert of the peer, what the socket below said, or the library's own words.
 */
export function wordTlsError(error: Error): RequestError {
  if (error instanceof RequestError) return error;
  const code = codeOf(error);
  const alert = findTlsAlert(error.message) ?? findTlsAlert(code ?? "");
  if (alert !== undefined) {
    return new RequestError(`remote error: tls: ${alert}`, {
      phase: "tls",
      code,
      cause: error,
    });
  }
  return new RequestError(`tls: ${error.message}`, {
    phase: "tls",
    code,
    cause: error,
  });
}

function wordReason(
  reason: string,
  { host, chain, nowMs }: VerifyFailureContext,
): string {
  // Go looks at the dates of the leaf first; the runtime does not always tell them.
  const side = wrongSide(chain[0], nowMs);
  if (side !== undefined) return wordDates(chain, nowMs, side);
  // A certificate that signed itself is refused as an authority's by some runtimes.
  const isSelfSigned = /CaUsedAsEndEntity/.test(reason) &&
    chain[0] !== undefined && chain[0].subject === chain[0].issuer;
  const isUnknown = UNKNOWN_AUTHORITY_CODES.has(reason) ||
    /UnknownIssuer/.test(reason) || isSelfSigned;
  if (isUnknown) return "certificate signed by unknown authority";
  if (/CERT_HAS_EXPIRED|Expired/i.test(reason)) {
    return wordDates(chain, nowMs, "after");
  }
  if (/CERT_NOT_YET_VALID|NotValidYet/i.test(reason)) {
    return wordDates(chain, nowMs, "before");
  }
  const isName = reason === "ERR_TLS_CERT_ALTNAME_INVALID" ||
    /not valid for name|NotValidForName/i.test(reason);
  return isName ? wordName(chain[0], host) : reason;
}

function wrongSide(
  leaf: DecodedCertificate | undefined,
  nowMs: number,
): "after" | "before" | undefined {
  if (leaf === undefined) return undefined;
  const now = formatUnixNs(unixNsFromMs(nowMs), 0);
  const { notAfter, notBefore } = leaf;
  if (notAfter.type === "absolute" && now > notAfter.text) return "after";
  if (notBefore.type === "absolute" && now < notBefore.text) return "before";
  return undefined;
}

function wordDates(
  chain: readonly DecodedCertificate[],
  nowMs: number,
  side: "after" | "before",
): string {
  const now = formatUnixNs(unixNsFromMs(nowMs), 0);
  const bounds = chain.map((each) =>
    side === "after" ? each.notAfter : each.notBefore
  ).flatMap((time) => time.type === "absolute" ? [time.text] : []);
  const broken = bounds.find((bound) =>
    side === "after" ? now > bound : now < bound
  );
  return `certificate has expired or is not yet valid: current time ${now} is ${side} ${
    broken ?? bounds[0] ?? "the date of the certificate"
  }`;
}

function wordName(leaf: DecodedCertificate | undefined, host: string): string {
  const dnsNames = leaf?.dnsNames ?? [];
  const ipAddresses = leaf?.ipAddresses ?? [];
  if (parseIpAddress(host) !== undefined) {
    return ipAddresses.length === 0
      ? `cannot validate certificate for ${host} because it doesn't contain any IP SANs`
      : `certificate is valid for ${ipAddresses.join(", ")}, not ${host}`;
  }
  if (dnsNames.length === 0) {
    return leaf?.subject.includes("CN=") && ipAddresses.length === 0
      ? "certificate relies on legacy Common Name field, use SANs instead"
      : `certificate is not valid for any names, but wanted to match ${host}`;
  }
  return `certificate is valid for ${dnsNames.join(", ")}, not ${host}`;
}
