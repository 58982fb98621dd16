/** First line of a sample in the text of `perf script`. */
export interface PerfScriptHead {
  readonly comm: string;
  /** Process; the same as the thread where the line has one number only. */
  readonly pid: number;
  readonly tid: number;
  /** Processor, -1 where it is not told. */
  readonly cpu: number;
  /** When, in ns, where it is told. */
  readonly timeNs: bigint | undefined;
  /** Events since the last sample, 1 where it is not told. */
  readonly period: number;
  /** Name of the event with its modifiers, empty where it is not told. */
  readonly event: string;
  /** What follows the event. */
  readonly rest: string;
}

/** A frame in the text of `perf script`. */
export interface PerfScriptFrame {
  readonly address: bigint;
  /** Function without its offset, empty where unknown. */
  readonly symbol: string;
  /** Mapped file, empty where it is not told. */
  readonly module: string;
  readonly isInlined: boolean;
}

// comm pid[/tid] [cpu] [mode] seconds.fraction: [period] event: [rest]
const HEAD_REGEXP =
  /^\s*(\S.*?)\s+(-?\d+)(?:\/(-?\d+))?\s+(?:\[(\d+)\]\s+)?(?:[A-Za-z]{1,4}\s+)?(\d+)\.(\d{6}|\d{9}):\s*(?:(\d+)\s+)?(?:(PERF_RECORD_\w+).*|(\S+):(?:\s+(.*))?)?$/;
// The same without time, which must then tell an event.
const TIMELESS_REGEXP =
  /^(\S.*?)\s+(-?\d+)(?:\/(-?\d+))?\s+(?:\[(\d+)\]\s+)?(?:(\d+)\s+)?([^\s:]+(?::\S*)?):\s*$/;
const FRAME_REGEXP = /^\s+(?:0x)?([0-9a-f]{1,16})(?:\s+(.*))?$/;
const OFFSET_REGEXP = /\+0x[0-9a-f]+$/;
/** First lines are short; what looks for their parts takes the square of their length. */
const MAX_HEAD_CHARACTERS = 4096;
const UNKNOWN = "[unknown]";
const INLINED = "inlined";

/**
 * @param line A line.
 * @returns What it says of a sample, or `undefined` where it is no first line of one.
 */
export function parsePerfScriptHead(line: string): PerfScriptHead | undefined {
  if (line.length > MAX_HEAD_CHARACTERS) return undefined;
  const match = HEAD_REGEXP.exec(line);
  if (match !== null) {
    const [, comm, first, second, cpu, seconds, fraction, period] = match;
    const [record, event, rest] = match.slice(8);
    return headOf(comm!, first!, second, cpu, {
      timeNs: BigInt(seconds!) * 1_000_000_000n +
        BigInt(fraction!.padEnd(9, "0")),
      period,
      event: record ?? event,
      rest,
    });
  }
  const timeless = TIMELESS_REGEXP.exec(line);
  if (timeless === null) return undefined;
  const [, comm, first, second, cpu, period, event] = timeless;
  return headOf(comm!, first!, second, cpu, {
    timeNs: undefined,
    period,
    event,
    rest: undefined,
  });
}

function headOf(
  comm: string,
  first: string,
  second: string | undefined,
  cpu: string | undefined,
  { timeNs, period = "1", event = "", rest = "" }: {
    readonly timeNs: bigint | undefined;
    readonly period: string | undefined;
    readonly event: string | undefined;
    readonly rest: string | undefined;
  },
): PerfScriptHead {
  return {
    comm,
    pid: Number(first),
    tid: Number(second ?? first),
    cpu: cpu === undefined ? -1 : Number(cpu),
    timeNs,
    period: Number(period),
    event,
    rest,
  };
}

/**
 * @param line A line that begins with blanks.
 * @returns The frame, or `undefined` where it is none.
 */
export function parsePerfScriptFrame(
  line: string,
): PerfScriptFrame | undefined {
  const match = FRAME_REGEXP.exec(line);
  if (match === null) return undefined;
  const { name, module } = splitModule((match[2] ?? "").trimEnd());
  const isInlined = module === INLINED;
  const symbol = name.replace(OFFSET_REGEXP, "");
  return {
    address: BigInt(`0x${match[1]}`),
    symbol: symbol === UNKNOWN ? "" : symbol,
    module: isInlined || module === UNKNOWN ? "" : module,
    isInlined,
  };
}

/** The module is the last group in parentheses; both may hold more of them. */
function splitModule(text: string): { name: string; module: string } {
  if (!text.endsWith(")")) return { name: text, module: "" };
  let depth = 0;
  let start = -1;
  for (let at = text.length - 1; at >= 0; at--) {
    const character = text[at];
    if (character === ")") depth++;
    else if (character === "(") depth--;
    if (depth <= 0 && (at === 0 || text[at - 1] === " ")) {
      start = character === "(" ? at : -1;
      break;
    }
  }
  if (start < 0) start = text.lastIndexOf(" (") + 1;
  if (text[start] !== "(") return { name: text, module: "" };
  return {
    name: text.slice(0, start).trimEnd(),
    module: text.slice(start + 1, -1),
  };
}
