import { ByteReader } from "../../codec/byte_reader.ts";
import { FormatError } from "../../base/errors.ts";

/** What a TLS client says in the clear at the start. */
export interface ClientHello {
  /** Name that it asks for, empty when there is none. */
  readonly serverName: string;
  /** Protocols that it offers. */
  readonly alpn: readonly string[];
  /** Highest version that it offers, for example `TLS 1.3`. */
  readonly version: string;
  /** IANA numbers of the cipher suites that it offers. */
  readonly cipherSuites: readonly number[];
}

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const EXTENSION_SERVER_NAME = 0;
const EXTENSION_ALPN = 16;
const EXTENSION_VERSIONS = 43;
const MAX_ITEMS = 256;
const VERSIONS: Readonly<Record<number, string>> = {
  0x0301: "TLS 1.0",
  0x0302: "TLS 1.1",
  0x0303: "TLS 1.2",
  0x0304: "TLS 1.3",
};

/**
 * Reads the first message of a TLS client, as far as it was captured.
 *
 * @param payload Payload of the first segment that carries any.
 * @returns What it says, `undefined` when it is no such message.
 */
export function decodeClientHello(
  payload: Uint8Array,
): ClientHello | undefined {
  if (payload[0] !== HANDSHAKE || payload[5] !== CLIENT_HELLO) return undefined;
  const reader = new ByteReader(payload, {
    littleEndian: false,
    format: "TLS",
  });
  const found = {
    serverName: "",
    alpn: [] as string[],
    version: "",
    cipherSuites: [] as number[],
  };
  try {
    // Record header, type and length of the message.
    reader.skip(9);
    found.version = versionText(reader.u16());
    reader.skip(32);
    reader.skip(reader.u8());
    const ciphers = reader.sub(reader.u16());
    while (ciphers.remaining >= 2 && found.cipherSuites.length < MAX_ITEMS) {
      const cipher = ciphers.u16();
      if (!isGrease(cipher)) found.cipherSuites.push(cipher);
    }
    reader.skip(reader.u8());
    reader.skip(2);
    while (reader.remaining >= 4) {
      const type = reader.u16();
      readExtension(type, reader.sub(reader.u16()), found);
    }
  } catch (error) {
    // A message that is cut tells what stands before the cut.
    if (!(error instanceof FormatError)) throw error;
  }
  return found;
}

function readExtension(
  type: number,
  reader: ByteReader,
  found: { serverName: string; alpn: string[]; version: string },
): void {
  const decoder = new TextDecoder();
  if (type === EXTENSION_SERVER_NAME) {
    reader.skip(2);
    const isHost = reader.u8() === 0;
    const name = decoder.decode(reader.bytes(reader.u16()));
    if (isHost) found.serverName = name;
  } else if (type === EXTENSION_ALPN) {
    reader.skip(2);
    while (reader.remaining > 0 && found.alpn.length < MAX_ITEMS) {
      found.alpn.push(decoder.decode(reader.bytes(reader.u8())));
    }
  } else if (type === EXTENSION_VERSIONS) {
    reader.skip(1);
    let highest = 0;
    while (reader.remaining >= 2) {
      const version = reader.u16();
      if (!isGrease(version)) highest = Math.max(highest, version);
    }
    if (highest > 0) found.version = versionText(highest);
  }
}

/** Values that clients mix in so that servers get used to unknown ones. */
function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a;
}

function versionText(version: number): string {
  return VERSIONS[version] ?? `0x${version.toString(16)}`;
}
