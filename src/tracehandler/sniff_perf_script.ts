import {
  parsePerfScriptFrame,
  parsePerfScriptHead,
} from "./_perf_script_lines.ts";

const HEADER_REGEXP = /^# (captured on|cmdline|perf version)\s*:/;
const MAX_LINE_CHARACTERS = 1024;

/**
 * Tells whether text is what `perf script` makes of a recording.
 *
 * @param head First bytes of a stream.
 * @returns True when the first line that is no comment begins a sample with its
 * time and a stack or event follows, or when its comments are those of `perf script --header`.
 */
export function sniffPerfScript(head: Uint8Array): boolean {
  if (head.includes(0)) return false;
  const lines = decoder.decode(head).split("\n");
  // The last one may be cut, unless there is nothing else.
  if (lines.length > 1) lines.pop();
  let first: string | undefined;
  for (const line of lines) {
    if (HEADER_REGEXP.test(line)) return true;
    if (line.trim() === "" || line.startsWith("#")) continue;
    if (line.length > MAX_LINE_CHARACTERS) return false;
    if (first !== undefined) {
      return parsePerfScriptFrame(line) !== undefined ||
        parsePerfScriptHead(line)?.timeNs !== undefined;
    }
    const sample = parsePerfScriptHead(line);
    if (sample?.timeNs === undefined || sample.event === "") return false;
    if (sample.event.startsWith("PERF_RECORD_")) return true;
    first = line;
  }
  return first !== undefined;
}

const decoder = new TextDecoder();
