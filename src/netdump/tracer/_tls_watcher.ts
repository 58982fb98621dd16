import { TLS_ALERTS } from "./tls_table.ts";

const ALERT = 21;
const HANDSHAKE = 22;
const CHANGE_CIPHER_SPEC = 20;
const APPLICATION_DATA = 23;
const SERVER_HELLO = 2;
const RECORD_HEADER_BYTES = 5;
/** The ServerHello is in the first record; nothing behind it is looked at. */
const MAX_BYTES = 4096;
/** Cipher suite behind version, random and the length of the session id. */
const SESSION_ID_OFFSET = RECORD_HEADER_BYTES + 4 + 2 + 32;

/**
 * Looks at the first bytes that a TLS server sends, which are in the clear:
 * cipher suite, early alerts, and answers that are no TLS at all.
 */
export class TlsWatcher {
  #bytes = new Uint8Array(0);

  /** @param chunk What came in. */
  push(chunk: Uint8Array): void {
    if (this.#bytes.length >= MAX_BYTES) return;
    const joined = new Uint8Array(
      Math.min(this.#bytes.length + chunk.length, MAX_BYTES),
    );
    joined.set(this.#bytes);
    joined.set(
      chunk.subarray(0, joined.length - this.#bytes.length),
      this.#bytes.length,
    );
    this.#bytes = joined;
  }

  /** Whether anything came. */
  get hasData(): boolean {
    return this.#bytes.length > 0;
  }

  /** IANA number of the cipher suite that the server chose, 0 when it is not known. */
  get cipherSuite(): number {
    const bytes = this.#bytes;
    const isHello = bytes[0] === HANDSHAKE &&
      bytes[RECORD_HEADER_BYTES] === SERVER_HELLO;
    const at = SESSION_ID_OFFSET + 1 + (bytes[SESSION_ID_OFFSET] ?? 0);
    return isHello && at + 2 <= bytes.length
      ? bytes[at]! << 8 | bytes[at + 1]!
      : 0;
  }

  /** Go's name of an alert that came instead of an answer. */
  get alert(): string | undefined {
    const bytes = this.#bytes;
    const isAlert = bytes[0] === ALERT && bytes.length >= 7 &&
      bytes[3] === 0 && bytes[4] === 2;
    return isAlert ? TLS_ALERTS[bytes[6]!] ?? `alert(${bytes[6]})` : undefined;
  }

  /** What the server speaks when it does not speak TLS. */
  get foreign(): "http" | "other" | undefined {
    const bytes = this.#bytes;
    if (bytes.length === 0) return undefined;
    const type = bytes[0]!;
    if (type >= CHANGE_CIPHER_SPEC && type <= APPLICATION_DATA) {
      return undefined;
    }
    const text = new TextDecoder("latin1").decode(bytes.subarray(0, 5));
    return "HTTP/".startsWith(text.slice(0, 5)) ? "http" : "other";
  }
}
