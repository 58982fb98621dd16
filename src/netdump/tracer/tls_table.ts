/** IANA numbers of the cipher suites that runtimes negotiate, by their names. */
export const TLS_CIPHER_SUITES: Readonly<Record<string, number>> = {
  TLS_AES_128_GCM_SHA256: 4865,
  TLS_AES_256_GCM_SHA384: 4866,
  TLS_CHACHA20_POLY1305_SHA256: 4867,
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 49195,
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 49196,
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 49199,
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 49200,
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 52392,
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 52393,
};

/**
 * @param number IANA number of a cipher suite.
 * @returns Its name; the number with `cipher` in front where it has none here.
 */
export function tlsCipherSuiteName(number: number): string {
  const known = Object.entries(TLS_CIPHER_SUITES)
    .find(([, each]) => each === number);
  return known?.[0] ?? `cipher ${number}`;
}

/** Alerts of TLS, by number, in Go's words. */
export const TLS_ALERTS: Readonly<Record<number, string>> = {
  0: "close notify",
  10: "unexpected message",
  20: "bad record MAC",
  21: "decryption failed",
  22: "record overflow",
  30: "decompression failure",
  40: "handshake failure",
  42: "bad certificate",
  43: "unsupported certificate",
  44: "revoked certificate",
  45: "expired certificate",
  46: "unknown certificate",
  47: "illegal parameter",
  48: "unknown certificate authority",
  49: "access denied",
  50: "error decoding message",
  51: "error decrypting message",
  60: "export restriction",
  70: "protocol version not supported",
  71: "insufficient security level",
  80: "internal error",
  86: "inappropriate fallback",
  90: "user canceled",
  100: "no renegotiation",
  109: "missing extension",
  110: "unsupported extension",
  111: "certificate unobtainable",
  112: "unrecognized name",
  113: "bad certificate status response",
  114: "bad certificate hash value",
  115: "unknown PSK identity",
  116: "certificate required",
  120: "no application protocol",
};

/** Alerts by the names that TLS libraries have for them in their errors. */
const ALERTS_BY_NAME: Readonly<Record<string, number>> = {
  unexpectedmessage: 10,
  badrecordmac: 20,
  handshakefailure: 40,
  badcertificate: 42,
  unsupportedcertificate: 43,
  certificaterevoked: 44,
  certificateexpired: 45,
  certificateunknown: 46,
  illegalparameter: 47,
  unknownca: 48,
  accessdenied: 49,
  decodeerror: 50,
  decrypterror: 51,
  protocolversion: 70,
  insufficientsecurity: 71,
  internalerror: 80,
  missingextension: 109,
  unsupportedextension: 110,
  unrecognizedname: 112,
  unrecognisedname: 112,
  certificaterequired: 116,
  noapplicationprotocol: 120,
};

/**
 * Finds the alert of the peer in the words of a TLS library.
 *
 * @param text Message or code of its error.
 * @returns Go's name of the alert, `undefined` when there is none.
 */
export function findTlsAlert(text: string): string | undefined {
  if (!/alert/i.test(text)) return undefined;
  const plain = text.toLowerCase().replace(/[^a-z]/g, "");
  for (const [name, number] of Object.entries(ALERTS_BY_NAME)) {
    if (plain.includes(name)) return TLS_ALERTS[number];
  }
  return undefined;
}
