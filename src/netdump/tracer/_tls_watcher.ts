import { TLS_ALERTS } from "./tls_table.ts";

const ALERT = 21;
const HANDSHAKE = 22;
const CHANGE_CIPHER_SPEC = 20;
const APPLICATION_DATA = 23;
const SERVER_HELLO = 2;
const CERTIFICATE = 11;
const RECORD_HEADER_BYTES = 5;
/** What TLS 1.2 sends in the clear, a long chain included. */
const MAX_BYTES = 256 * 1024;
/** Cipher suite behind version, random and the length of the session id. */
const SESSION_ID_OFFSET = RECORD_HEADER_BYTES + 4 + 2 + 32;

/**
 * Looks at the first bytes that a TLS server sends, which are in the clear:
 * cipher suite, certificates up to TLS 1.2, early alerts, and answers that are
 * no TLS at all.
 */
export class TlsWatcher {
  #chunks: Uint8Array[] = [];
  #size = 0;

  /** @param chunk What came in. */
  push(chunk: Uint8Array): void {
    if (this.#size >= MAX_BYTES) return;
    // The stream below may use its buffer again.
    const part = chunk.slice(0, MAX_BYTES - this.#size);
    this.#chunks.push(part);
    this.#size += part.length;
  }

  /** Bytes that came. */
  get size(): number {
    return this.#size;
  }

  /** Whether more came than is looked at. */
  get isFull(): boolean {
    return this.#size >= MAX_BYTES;
  }

  /** IANA number of the cipher suite that the server chose, 0 when it is not known. */
  get cipherSuite(): number {
    const bytes = this.#bytes();
    const isHello = bytes[0] === HANDSHAKE &&
      bytes[RECORD_HEADER_BYTES] === SERVER_HELLO;
    const at = SESSION_ID_OFFSET + 1 + (bytes[SESSION_ID_OFFSET] ?? 0);
    return isHello && at + 2 <= bytes.length
      ? bytes[at]! << 8 | bytes[at + 1]!
      : 0;
  }

  /** Certificates in DER as the server sent them, leaf first; empty from TLS 1.3 on. */
  get certificates(): readonly Uint8Array[] {
    const messages = readHandshake(this.#bytes());
    for (let at = 0; at + 4 <= messages.length;) {
      const end = at + 4 + readU24(messages, at + 1);
      if (messages[at] === CERTIFICATE && end <= messages.length) {
        return readCertificates(messages.subarray(at + 4, end));
      }
      at = end;
    }
    return [];
  }

  /** Go's name of an alert that came instead of an answer. */
  get alert(): string | undefined {
    const bytes = this.#bytes();
    const isAlert = bytes[0] === ALERT && bytes.length >= 7 &&
      bytes[3] === 0 && bytes[4] === 2;
    return isAlert ? TLS_ALERTS[bytes[6]!] ?? `alert(${bytes[6]})` : undefined;
  }

  /** What the server speaks when it does not speak TLS. */
  get foreign(): "http" | "other" | undefined {
    const bytes = this.#bytes();
    if (bytes.length === 0) return undefined;
    const type = bytes[0]!;
    if (type >= CHANGE_CIPHER_SPEC && type <= APPLICATION_DATA) {
      return undefined;
    }
    const text = new TextDecoder("latin1").decode(bytes.subarray(0, 5));
    return "HTTP/".startsWith(text.slice(0, 5)) ? "http" : "other";
  }

  #bytes(): Uint8Array {
    if (this.#chunks.length > 1) {
      const joined = new Uint8Array(this.#size);
      let at = 0;
      for (const chunk of this.#chunks) {
        joined.set(chunk, at);
        at += chunk.length;
      }
      this.#chunks = [joined];
    }
    return this.#chunks[0] ?? new Uint8Array(0);
  }
}

/** Contents of the records up to the first that is no handshake, from which on all is encrypted. */
function readHandshake(bytes: Uint8Array): Uint8Array {
  const messages = new Uint8Array(bytes.length);
  let size = 0;
  for (let at = 0; at + RECORD_HEADER_BYTES <= bytes.length;) {
    if (bytes[at] !== HANDSHAKE) break;
    const from = at + RECORD_HEADER_BYTES;
    const end = from + (bytes[at + 3]! << 8 | bytes[at + 4]!);
    const content = bytes.subarray(from, end);
    messages.set(content, size);
    size += content.length;
    at = end;
  }
  return messages.subarray(0, size);
}

/** Each behind its length, all behind theirs. */
function readCertificates(message: Uint8Array): Uint8Array[] {
  const certificates: Uint8Array[] = [];
  for (let at = 3; at + 3 <= message.length;) {
    const end = at + 3 + readU24(message, at);
    if (end > message.length) break;
    certificates.push(message.subarray(at + 3, end));
    at = end;
  }
  return certificates;
}

function readU24(bytes: Uint8Array, at: number): number {
  return bytes[at]! << 16 | bytes[at + 1]! << 8 | bytes[at + 2]!;
}
