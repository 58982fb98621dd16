import tls from "node:tls";

/**
 * @returns Whether this runtime's `node:tls` gives all certificates, those that
 * it refuses too, and runs on any stream, which it does since Deno 2.9.
 */
export function hasFullTls(): boolean {
  return "getProtocol" in tls.TLSSocket.prototype;
}
