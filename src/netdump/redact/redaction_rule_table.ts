/** What is put in the place of something. */
export const REDACTED = "[redacted]";

/** Something to take out of text. */
export interface RedactionRule {
  /** What it is, for the report. */
  readonly kind: string;
  /** Finds it; global. */
  readonly pattern: RegExp;
  /** What becomes of a find: the match and its groups; the match itself is no find. */
  readonly replace: (match: string, ...groups: string[]) => string;
}

// All repetitions that a match can begin within are bounded: text of strangers
// must not take a time that grows with its square.

/** Pattern of the names of parameters, members and variables that hold secrets. */
export const SECRET_NAME: string = String
  .raw`(?:[a-z0-9_.-]{0,64}(?:passw(?:or)?d|passphrase|passwd|secret(?!_interval)|fastopen_key|api[_-]?key|apikey|access[_-]?key|auth[_-]?key|private[_-]?key|preshared[_-]?key|credential|[_-]token|token[_-])[a-z0-9_.-]{0,64}|token|psk|wpa[_-]?psk|pin|puk|sig|signature|auth|session(?:id)?)`;
/** Pattern of the names of headers whose values are secrets. */
export const SECRET_HEADER: string = String
  .raw`(?:authorization|proxy-authorization|cookie|set-cookie|x-api-key|x-auth-token|x-amz-security-token|x-csrf-token)`;

/** Rules of the standard level, in the order in which they are applied. */
export const STANDARD_RULES: readonly RedactionRule[] = [
  {
    kind: "private key",
    pattern:
      /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?(?:-----END \1-----|$)/g,
    replace: (_, label) => `-----BEGIN ${label}-----${REDACTED}`,
  },
  {
    kind: "url credentials",
    pattern: /\b([a-z][a-z0-9+.-]{1,20}:\/\/)([^\s/@"'<>\\]+)@/gi,
    replace: (match, scheme, user) =>
      user === REDACTED ? match : `${scheme}${REDACTED}@`,
  },
  {
    kind: "url secret",
    pattern: new RegExp(
      String.raw`([?&;](?:${SECRET_NAME}|key|code)=)([^&\s"'<>\\#]+)`,
      "gi",
    ),
    replace: (match, name, value) =>
      value === REDACTED ? match : `${name}${REDACTED}`,
  },
  {
    // A field of a header in a network trace, in either order of its members.
    kind: "header",
    pattern: new RegExp(
      String
        .raw`("fieldName"\s*:\s*"${SECRET_HEADER}"\s*,\s*"fieldVal"\s*:\s*")((?:[^"\\]|\\.)*)(")`,
      "gi",
    ),
    replace: keepEnds,
  },
  {
    kind: "header",
    pattern: new RegExp(
      String
        .raw`("fieldVal"\s*:\s*")((?:[^"\\]|\\.)*)("\s*,\s*"fieldName"\s*:\s*"${SECRET_HEADER}")`,
      "gi",
    ),
    replace: keepEnds,
  },
  {
    kind: "header",
    pattern: new RegExp(
      String
        .raw`^([ \t]{0,64}[<>*]?[ \t]{0,64}${SECRET_HEADER}[ \t]{0,64}:[ \t]{0,64})([^\s][^\r\n]*)`,
      "gim",
    ),
    replace: (match, name, value) =>
      value === REDACTED ? match : `${name}${REDACTED}`,
  },
  {
    kind: "subscriber id",
    pattern:
      /("(?:IMEI|IMSI|ICCID|EID|MSISDN)"\s*:\s*")([0-9A-Fa-f]{8,})([0-9A-Fa-f]{4}")/gi,
    replace: (_, name, hidden, rest) =>
      `${name}${"*".repeat(hidden!.length)}${rest}`,
  },
  {
    kind: "subscriber id",
    pattern:
      /\b((?:imei|imsi|iccid|equipment id)['"]?\s*[:=]\s*['"]?)(\d{8,16})(\d{4})\b/gi,
    replace: (_, name, hidden, rest) =>
      `${name}${"*".repeat(hidden!.length)}${rest}`,
  },
  {
    // A member of JSON, of any kind of secret.
    kind: "secret",
    pattern: new RegExp(
      String.raw`("${SECRET_NAME}"\s*:\s*")((?:[^"\\]|\\.)+)(")`,
      "gi",
    ),
    replace: keepEnds,
  },
  {
    kind: "wireless credential",
    pattern:
      /("(?:Identity|WifiPassword|Crypto)"\s*:\s*")((?:[^"\\]|\\.)+)(")/g,
    replace: keepEnds,
  },
  {
    // "--password=x", "--token x" of a process.
    kind: "command line secret",
    pattern: new RegExp(
      String.raw`(\s--?${SECRET_NAME}(?:=|\s{1,64}))(?!-)([^\s"',\]]+)`,
      "gi",
    ),
    replace: (match, name, value) =>
      value === REDACTED ? match : `${name}${REDACTED}`,
  },
  {
    // "PASSWORD=x" of an environment, "psk=x" of a configuration.
    kind: "secret",
    pattern: new RegExp(
      String
        .raw`(\b${SECRET_NAME}\s{0,64}=\s{0,64})("[^"\r\n]*"|'[^'\r\n]*'|[^\s"',&;]+)`,
      "gi",
    ),
    replace: (match, name, value) =>
      value === REDACTED ? match : `${name}${REDACTED}`,
  },
  {
    kind: "wireguard key",
    pattern:
      /((?:private|preshared)[ -]?key\s*[:=]\s*)([A-Za-z0-9+/]{42}[A-Za-z0-9+/=]{2})/gi,
    replace: (_, name) => `${name}${REDACTED}`,
  },
  {
    kind: "token",
    pattern: /\b(bearer\s+)([A-Za-z0-9._~+/-]{8,}=*)/gi,
    replace: (_, name) => `${name}${REDACTED}`,
  },
  {
    kind: "token",
    pattern: /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g,
    replace: () => REDACTED,
  },
  {
    kind: "token",
    pattern:
      /\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{20,}|xox[abprs]-[A-Za-z0-9-]{10,}|glpat-[A-Za-z0-9_-]{16,})\b/g,
    replace: () => REDACTED,
  },
];

function keepEnds(
  match: string,
  before?: string,
  value?: string,
  after?: string,
): string {
  return value === REDACTED ? match : `${before}${REDACTED}${after}`;
}
