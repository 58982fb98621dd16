import { FormatError } from "../../base/errors.ts";
import { parseUnixNs } from "../../base/time.ts";
import { formatIpAddress } from "../../codec/ip_address.ts";
import { UNDEFINED_TIME } from "../nettrace_types.ts";
import type { TracePeerCert, TraceTime } from "../nettrace_types.ts";
import { decodeOid, DER_TAG, readDer } from "./_der_reader.ts";
import type { DerElement } from "./_der_reader.ts";
import { formatDistinguishedName } from "./distinguished_name_decoder.ts";

const OID_BASIC_CONSTRAINTS = "2.5.29.19";
const OID_ALTERNATIVE_NAMES = "2.5.29.17";
const TAG_VERSION = 0xa0;
const TAG_EXTENSIONS = 0xa3;
const TAG_DNS_NAME = 0x82;
const TAG_IP_ADDRESS = 0x87;
/** Text in the place of what cannot be read. */
const UNREADABLE = "<unreadable>";

/** What a certificate says, as far as it can be read. */
export interface DecodedCertificate extends TracePeerCert {
  /** Names of hosts for which it is valid. */
  readonly dnsNames: readonly string[];
  /** Addresses for which it is valid. */
  readonly ipAddresses: readonly string[];
}

/**
 * Reads an X.509 certificate. Parts that are malformed are told as such, the
 * others are still read.
 *
 * @param der The certificate in DER.
 * @returns What it says.
 * @throws {FormatError} When it is no certificate at all.
 *
 * @example Dates and names
 * ```ts ignore
 * const { subject, notAfter } = decodeCertificate(socket.getPeerCertificate().raw);
 * ```
 */
export function decodeCertificate(der: Uint8Array): DecodedCertificate {
  const [certificate] = readDer(der);
  const [body] = certificate === undefined ? [] : readDer(certificate.content);
  if (body?.tag !== DER_TAG.sequence) {
    throw new FormatError(
      "Cannot read certificate at byte 0: it is no sequence",
      { format: "X.509", offset: 0 },
    );
  }
  const fields = readDer(body.content);
  // version (explicit, optional), serial number, algorithm, issuer, validity, subject, key, …
  const at = fields[0]?.tag === TAG_VERSION ? 1 : 0;
  const validity = attempt(() => readDer(fields[at + 3]!.content), []);
  const extensions = attempt(() => readExtensions(fields), new Map());
  const names = attempt(
    () => readAlternativeNames(extensions.get(OID_ALTERNATIVE_NAMES)),
    { dnsNames: [], ipAddresses: [] },
  );
  return {
    issuer: attempt(() => formatDistinguishedName(fields[at + 2]!), UNREADABLE),
    subject: attempt(
      () => formatDistinguishedName(fields[at + 4]!),
      UNREADABLE,
    ),
    notBefore: readTime(validity[0]),
    notAfter: readTime(validity[1]),
    isCa: attempt(() => readIsCa(extensions.get(OID_BASIC_CONSTRAINTS)), false),
    ...names,
  };
}

/** @param certificate A certificate that was read. @returns What of it stands in a trace. */
export function toPeerCert(certificate: DecodedCertificate): TracePeerCert {
  const { subject, issuer, notBefore, notAfter, isCa } = certificate;
  return { subject, issuer, notBefore, notAfter, isCa };
}

function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    // A part that is not there is undefined, one that is malformed a FormatError.
    if (error instanceof FormatError || error instanceof TypeError) {
      return otherwise;
    }
    throw error;
  }
}

function readExtensions(
  fields: readonly DerElement[],
): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  const wrapper = fields.find(({ tag }) => tag === TAG_EXTENSIONS);
  const [list] = wrapper === undefined ? [] : readDer(wrapper.content);
  for (const extension of list === undefined ? [] : readDer(list.content)) {
    const [type, ...rest] = readDer(extension.content);
    const value = rest.at(-1);
    if (type?.tag === DER_TAG.oid && value?.tag === DER_TAG.octetString) {
      found.set(decodeOid(type.content), value.content);
    }
  }
  return found;
}

function readIsCa(constraints: Uint8Array | undefined): boolean {
  if (constraints === undefined) return false;
  const [sequence] = readDer(constraints);
  const [first] = sequence === undefined ? [] : readDer(sequence.content);
  return first?.tag === DER_TAG.boolean && first.content[0] !== 0;
}

function readAlternativeNames(
  bytes: Uint8Array | undefined,
): Pick<DecodedCertificate, "dnsNames" | "ipAddresses"> {
  const dnsNames: string[] = [];
  const ipAddresses: string[] = [];
  const [sequence] = bytes === undefined ? [] : readDer(bytes);
  for (const name of sequence === undefined ? [] : readDer(sequence.content)) {
    if (name.tag === TAG_DNS_NAME) {
      dnsNames.push(new TextDecoder().decode(name.content));
    }
    const isAddress = name.content.length === 4 || name.content.length === 16;
    if (name.tag === TAG_IP_ADDRESS && isAddress) {
      ipAddresses.push(formatIpAddress(name.content));
    }
  }
  return { dnsNames, ipAddresses };
}

/** `YYMMDDhhmmssZ`, years from 50 are those of the last century, or `YYYYMMDDhhmmssZ`. */
function readTime(element: DerElement | undefined): TraceTime {
  if (element === undefined) return UNDEFINED_TIME;
  const text = new TextDecoder().decode(element.content);
  const isShort = element.tag === DER_TAG.utcTime;
  const match =
    (isShort
      ? /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/
      : /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/).exec(text);
  if (match === null) return UNDEFINED_TIME;
  const [, year = "", month, day, hour, minute, second] = match;
  const century = !isShort ? "" : Number(year) >= 50 ? "19" : "20";
  const moment =
    `${century}${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
  try {
    parseUnixNs(moment);
    return { type: "absolute", text: moment };
  } catch {
    return UNDEFINED_TIME;
  }
}
