import { assertEquals, assertThrows } from "@std/assert";
import { FormatError } from "../../../src/base/errors.ts";
import { decodeCertificate } from "../../../src/netdump/tracer/certificate_decoder.ts";
import { findTlsAlert } from "../../../src/netdump/tracer/tls_table.ts";
import {
  wordTlsError,
  wordVerifyFailure,
} from "../../../src/netdump/tracer/tls_errors.ts";
import { requirePeers } from "../../support/peers.ts";
import { testWith } from "../../support/requirement.ts";

/** Lets openssl sign itself a certificate. */
async function makeCertificate(...args: string[]): Promise<Uint8Array> {
  const { code, stdout, stderr } = await new Deno.Command("openssl", {
    args: [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-keyout",
      "/dev/null",
      "-outform",
      "DER",
      "-utf8",
      ...args,
    ],
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  return stdout;
}

for (
  const [subject, expected] of [
    [
      "/C=CZ/L=Brno/O=Example, Inc./OU=Edge/CN=controller.example.net",
      "CN=controller.example.net,OU=Edge,O=Example\\, Inc.,L=Brno,C=CZ",
    ],
    ["/OU=a/OU=b/CN=first/CN=last", "CN=last,OU=a+OU=b"],
    [
      '/O= padded /CN=#a"b\\\\c<d>e;f',
      'CN=\\#a\\"b\\\\c\\<d\\>e\\;f,O=\\ padded\\ ',
    ],
    [
      "/serialNumber=7/ST=Moravia/street=Main/postalCode=60200",
      "SERIALNUMBER=7,POSTALCODE=60200,STREET=Main,ST=Moravia",
    ],
    ["/CN=Žluťoučký kůň", "CN=Žluťoučký kůň"],
    [
      "/CN=x/emailAddress=a@b.c/UID=u",
      "CN=x,0.9.2342.19200300.100.1.1=#130175,1.2.840.113549.1.9.1=#0c056140622e63",
    ],
  ] as const
) {
  testWith(`decodeCertificate writes the name ${expected}`, [
    requirePeers("openssl"),
  ], async () => {
    const { subject: own, issuer } = decodeCertificate(
      await makeCertificate("-subj", subject),
    );
    assertEquals(own, expected);
    assertEquals(issuer, expected);
  });
}

testWith(
  "decodeCertificate reads dates, names and whether it is an authority",
  [
    requirePeers("openssl"),
  ],
  async () => {
    const der = await makeCertificate(
      "-subj",
      "/CN=x",
      "-days",
      "20000",
      "-set_serial",
      "1",
      "-addext",
      "subjectAltName=DNS:a.test,DNS:*.b.test,IP:10.0.0.1,IP:fd00::1,email:x@y.z",
    );
    const certificate = decodeCertificate(der);
    assertEquals(certificate.dnsNames, ["a.test", "*.b.test"]);
    assertEquals(certificate.ipAddresses, ["10.0.0.1", "fd00::1"]);
    assertEquals(certificate.isCa, true);
    // After 2049 dates have four digits of the year.
    const { notAfter } = certificate;
    assertEquals(
      notAfter.type === "absolute" && notAfter.text.slice(0, 3),
      "208",
    );
    const leaf = decodeCertificate(
      await makeCertificate(
        "-subj",
        "/CN=x",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
      ),
    );
    assertEquals(leaf.isCa, false);
  },
);

testWith("decodeCertificate reads what it can of a damaged certificate", [
  requirePeers("openssl"),
], async () => {
  const der = await makeCertificate("-subj", "/CN=x");
  for (let length = 0; length < der.length; length++) {
    tryDecode(der.slice(0, length));
  }
  let seed = 3;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % below;
  };
  for (let round = 0; round < 10_000; round++) {
    const bytes = der.slice();
    bytes[random(bytes.length)] = random(256);
    tryDecode(bytes);
  }
  assertThrows(() => decodeCertificate(new Uint8Array([1, 1, 0])), FormatError);
});

function tryDecode(der: Uint8Array): void {
  try {
    decodeCertificate(der);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
  }
}

Deno.test("findTlsAlert knows alerts by the words of libraries", () => {
  assertEquals(
    findTlsAlert("received fatal alert: UnknownCA"),
    "unknown certificate authority",
  );
  assertEquals(
    findTlsAlert("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"),
    "protocol version not supported",
  );
  assertEquals(findTlsAlert("unknown ca"), undefined);
  assertEquals(findTlsAlert("an alert of no name"), undefined);
});

Deno.test("wordVerifyFailure says what Go says", () => {
  const context = { host: "a.test", chain: [], nowMs: 0 };
  const word = (reason: string) => wordVerifyFailure(reason, context);
  const prefix = "tls: failed to verify certificate: x509: ";
  assertEquals(
    word("UnknownIssuer"),
    `${prefix}certificate signed by unknown authority`,
  );
  assertEquals(
    word("CERT_NOT_YET_VALID"),
    `${prefix}certificate has expired or is not yet valid: current time 1970-01-01T00:00:00Z is before the date of the certificate`,
  );
  assertEquals(
    word("ERR_TLS_CERT_ALTNAME_INVALID"),
    `${prefix}certificate is not valid for any names, but wanted to match a.test`,
  );
  assertEquals(
    wordVerifyFailure("ERR_TLS_CERT_ALTNAME_INVALID", {
      ...context,
      host: "10.0.0.1",
    }),
    `${prefix}cannot validate certificate for 10.0.0.1 because it doesn't contain any IP SANs`,
  );
  assertEquals(word("CERT_REVOKED"), `${prefix}CERT_REVOKED`);
  assertEquals(wordTlsError(new Error("boom")).reason, "tls: boom");
});
