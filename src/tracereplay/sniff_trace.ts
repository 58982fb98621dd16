import { TRACE_FILE_SIGNATURE } from "./trace_file_decoder.ts";

const NDJSON_REGEXP = /^\s*\{\s*"seq"\s*:\s*\d+\s*,\s*"(?:type|error)"\s*:/;
const ascii = new TextDecoder("latin1");

/**
 * Tells whether a stream begins as a trace file of gVisor does.
 *
 * @param head Its first bytes, 16 or more.
 * @returns True when the signature is there.
 */
export function sniffTrace(head: Uint8Array): boolean {
  const { length } = TRACE_FILE_SIGNATURE;
  return head.length >= length &&
    ascii.decode(head.subarray(0, length)) === TRACE_FILE_SIGNATURE;
}

/**
 * Tells whether a stream begins as events of gVisor do that were written as
 * JSON lines by `renderJson`.
 *
 * @param head Its first bytes, 64 or more.
 * @returns True when the first line begins so.
 */
export function sniffTraceNdjson(head: Uint8Array): boolean {
  return NDJSON_REGEXP.test(ascii.decode(head.subarray(0, 64)));
}
