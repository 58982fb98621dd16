import { Buffer } from "node:buffer";

/** What {@linkcode makeCertificate} signs with. */
export interface CertificateAuthority {
  /** The authority's own certificate. */
  readonly certificate: string;
  readonly name: string;
  readonly keys: CryptoKeyPair;
}

/** A certificate with its key, both PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** What a certificate says. */
export interface CertificateOptions {
  /** DNS names and IPv4 addresses that it is for. */
  readonly names: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const ECDSA = { name: "ECDSA", namedCurve: "P-256" } as const;
const SHA256 = { name: "ECDSA", hash: "SHA-256" } as const;

/**
 * Makes an authority that is known to nobody.
 *
 * @param name Its common name.
 * @returns The authority, valid from ten years ago to ten years from now.
 */
export async function makeAuthority(
  name: string,
): Promise<CertificateAuthority> {
  const keys = await makeKeys();
  const year = 365 * 86_400_000;
  const certificate = await sign({
    subject: name,
    issuer: name,
    notBefore: new Date(Date.now() - 10 * year),
    notAfter: new Date(Date.now() + 10 * year),
    publicKey: keys.publicKey,
    signer: keys.privateKey,
    extensions: [
      extension("551d13", true, sequence(tlv(0x01, [0xff]))),
      extension("551d0f", true, tlv(0x03, [1, 0x06])),
    ],
  });
  return { name, keys, certificate };
}

/**
 * Makes a certificate for a server.
 *
 * @param authority Who signs it.
 * @param options Names and time of validity.
 * @returns Certificate and private key.
 */
export async function makeCertificate(
  authority: CertificateAuthority,
  options: CertificateOptions,
): Promise<Certificate> {
  const keys = await makeKeys();
  const certificate = await sign({
    subject: options.names[0]!,
    issuer: authority.name,
    notBefore: options.notBefore,
    notAfter: options.notAfter,
    publicKey: keys.publicKey,
    signer: authority.keys.privateKey,
    extensions: [
      extension(
        "551d11",
        false,
        sequence(
          ...options.names.map((name) =>
            /^[\d.]+$/.test(name)
              ? tlv(0x87, name.split(".").map(Number))
              : tlv(0x82, utf8(name))
          ),
        ),
      ),
    ],
  });
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { certificate, key: pem("PRIVATE KEY", new Uint8Array(key)) };
}

function makeKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ECDSA, true, ["sign", "verify"]);
}

async function sign(fields: {
  readonly subject: string;
  readonly issuer: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKey: CryptoKey;
  readonly signer: CryptoKey;
  readonly extensions: readonly Uint8Array[];
}): Promise<string> {
  const algorithm = sequence(tlv(0x06, hex("2a8648ce3d040302")));
  const body = sequence(
    tlv(0xa0, tlv(0x02, [2])),
    tlv(0x02, [1, ...crypto.getRandomValues(new Uint8Array(15))]),
    algorithm,
    commonName(fields.issuer),
    sequence(time(fields.notBefore), time(fields.notAfter)),
    commonName(fields.subject),
    new Uint8Array(await crypto.subtle.exportKey("spki", fields.publicKey)),
    tlv(0xa3, sequence(...fields.extensions)),
  );
  const raw = new Uint8Array(
    await crypto.subtle.sign(SHA256, fields.signer, body),
  );
  const signature = sequence(
    unsigned(raw.subarray(0, 32)),
    unsigned(raw.subarray(32)),
  );
  return pem(
    "CERTIFICATE",
    sequence(body, algorithm, tlv(0x03, [0, ...signature])),
  );
}

function commonName(name: string): Uint8Array {
  const attribute = sequence(tlv(0x06, hex("550403")), tlv(0x0c, utf8(name)));
  return sequence(tlv(0x31, attribute));
}

function extension(
  oid: string,
  critical: boolean,
  value: Uint8Array,
): Uint8Array {
  return sequence(
    tlv(0x06, hex(oid)),
    ...(critical ? [tlv(0x01, [0xff])] : []),
    tlv(0x04, value),
  );
}

function time(date: Date): Uint8Array {
  const text = date.toISOString().replace(/[-T:]|\.\d+/g, "");
  return tlv(0x18, utf8(text));
}

function unsigned(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = bytes.subarray(Math.max(0, first));
  return tlv(0x02, digits[0]! >= 0x80 ? [0, ...digits] : digits);
}

function sequence(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return tlv(0x30, Buffer.concat(parts));
}

function tlv(
  tag: number,
  value: Uint8Array | readonly number[],
): Uint8Array<ArrayBuffer> {
  const { length } = value;
  const size = length < 0x80
    ? [length]
    : length < 0x100
    ? [0x81, length]
    : [0x82, length >> 8, length & 0xff];
  return new Uint8Array([tag, ...size, ...value]);
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function hex(text: string): Uint8Array {
  return Uint8Array.fromHex(text);
}

function pem(label: string, der: Uint8Array): string {
  const lines = der.toBase64().match(/.{1,64}/g)!.join("\n");
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
