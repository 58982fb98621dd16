/**
 * @returns Whether a server of `node:http2` sends the headers that it is given;
 * that of Deno does from 2.7 on.
 */
export function canSendHttp2Headers(): boolean {
  const [major = 0, minor = 0] = Deno.version.deno.split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 7);
}
