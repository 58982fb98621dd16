const ascii = new TextDecoder("latin1");

const NETPERF_HEAD = "\x14\0\0\0!FastSerialization.1\x04\x04\x01";
/** Bytes before the name of the first object's type: versions and length. */
const TYPE_NAME_AT = NETPERF_HEAD.length + 12;

/**
 * Tells whether a stream is a `.nettrace` or `.netperf` stream. A `.gcdump` file,
 * which begins with the same serialization header, is not.
 *
 * @param head The first bytes of the stream, 64 or more if there are as many.
 * @returns Whether they begin such a stream; a shorter head is judged as far as
 * it reaches, but never on fewer than 8 bytes.
 *
 * @example
 * ```ts
 * import { sniffNettrace } from "@tracedeck/tracedeck/eventpipe";
 * import { assertEquals } from "@std/assert";
 *
 * const head = Uint8Array.fromHex("4e657474726163651400000021466173");
 * assertEquals(sniffNettrace(head), true);
 * assertEquals(sniffNettrace(new Uint8Array(64)), false);
 * ```
 */
export function sniffNettrace(head: Uint8Array): boolean {
  if (head.length < 8) return false;
  const text = ascii.decode(head.subarray(0, 64));
  if (text.startsWith("Nettrace")) {
    const next = text.slice(8, 12);
    return "\x14\0\0\0".startsWith(next) || "\0\0\0\0".startsWith(next);
  }
  const type = text.slice(TYPE_NAME_AT);
  return NETPERF_HEAD.startsWith(text.slice(0, NETPERF_HEAD.length)) &&
    ("Trace".startsWith(type.slice(0, 5)) ||
      "Microsoft.DotNet.Runtime".startsWith(type.slice(0, 24)));
}
