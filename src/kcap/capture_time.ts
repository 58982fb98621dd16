import type { UnixNs } from "../base/time.ts";
import { decodeAscii, decodeBytes, equalBytes } from "./_text_cache.ts";

/** The instant that stands for "not known" in captures. */
export const ZERO_TIME = "0001-01-01T00:00:00Z";
/** {@linkcode ZERO_TIME} in Unix nanoseconds. */
export const ZERO_TIME_NS: UnixNs = -62_135_596_800_000_000_000n as UnixNs;

const RFC3339_REGEXP =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(Z|([+-])(\d{2}):(\d{2}))$/;

/** Of days that every month has. */
const PLAIN_UTC_REGEXP =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{0,8}[1-9]Z$/;

/** Length of `YYYY-MM-DDThh:mm:ss`. */
const SECOND_LENGTH = 19;
/** Where the digits of a fraction begin. */
const FRACTION_AT = 20;
/** Length of `+hh:mm`. */
const ZONE_BYTES = 6;
const LETTER_Z = 0x5a;
/** Not a value of two bytes. */
const NO_ZONE = 0x10000;
/** Upper halves of instants are below, so that one more fits. */
const MAX_HIGH_NS = 2 ** 31 - 1;
/** By number of digits. */
const NS_OF_LAST_DIGIT = [0, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 100, 10, 1];

/** An RFC 3339 text in its parts. */
export interface CaptureTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** Digits behind the point, without trailing zeros. */
  readonly fraction: string;
  /** Seconds east of UTC; `undefined` for `Z`. */
  readonly zoneSeconds: number | undefined;
  /** The instant. */
  readonly timeNs: UnixNs;
}

/**
 * Takes an RFC 3339 text apart.
 *
 * @param text Up to nine fraction digits, `Z` or a numeric offset.
 * @returns Its parts, or `undefined` when it is something else.
 */
export function parseCaptureTime(text: string): CaptureTime | undefined {
  const match = RFC3339_REGEXP.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(
    Number,
  ) as [number, number, number, number, number, number];
  const zoneSeconds = match[8] === "Z"
    ? undefined
    : (match[9] === "-" ? -1 : 1) *
      (Number(match[10]) * 3600 + Number(match[11]) * 60);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (
    date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day ||
    hour > 23 || minute > 59 || second > 59 ||
    Number(match[10] ?? 0) > 23 || Number(match[11] ?? 0) > 59
  ) return undefined;
  date.setUTCHours(hour, minute, second);
  const fraction = match[7] ?? "";
  const seconds = date.getTime() / 1000 - (zoneSeconds ?? 0);
  return {
    year,
    month,
    day,
    hour,
    minute,
    second,
    fraction: fraction.replace(/0+$/, ""),
    zoneSeconds,
    timeNs: (BigInt(seconds) * 1_000_000_000n +
      BigInt(fraction.padEnd(9, "0"))) as UnixNs,
  };
}

/**
 * Renders an RFC 3339 text as Go prints a time:
 * `2006-01-02 15:04:05.999999999 -0700 MST`.
 *
 * @param text RFC 3339.
 * @returns Go's text, or the text itself when it is no time.
 */
export function formatGoTime(text: string): string {
  // As nearly all are: a fraction without trailing zeros, and UTC.
  if (PLAIN_UTC_REGEXP.test(text)) {
    return `${text.slice(0, 10)} ${text.slice(11, -1)} +0000 UTC`;
  }
  const time = parseCaptureTime(text);
  if (time === undefined) return text;
  const fraction = time.fraction === "" ? "" : `.${time.fraction}`;
  const zone = time.zoneSeconds === undefined
    ? "+0000 UTC"
    : `${goZone(time.zoneSeconds)} ${goZone(time.zoneSeconds)}`;
  return `${text.slice(0, 10)} ${
    text.slice(11, SECOND_LENGTH)
  }${fraction} ${zone}`;
}

function goZone(zoneSeconds: number): string {
  const minutes = Math.abs(zoneSeconds) / 60;
  const pad = (value: number) => String(value).padStart(2, "0");
  return `${zoneSeconds < 0 ? "-" : "+"}${pad(Math.floor(minutes / 60))}${
    pad(minutes % 60)
  }`;
}

/**
 * Turns the timestamps of a capture into instants. Neighbouring events mostly
 * share their second and always their zone, so only the fraction is looked at
 * in most of them.
 */
export class CaptureClock {
  // Two sessions feed a capture, each at its own second.
  readonly #seconds: readonly [KnownSecond, KnownSecond] = [
    new KnownSecond(),
    new KnownSecond(),
  ];
  #older: 0 | 1 = 0;
  readonly #sum = new DataView(new ArrayBuffer(8));

  /** Text of what was read last. */
  text = "";

  /**
   * Reads a timestamp and leaves its text in {@linkcode CaptureClock.text}.
   *
   * @param bytes Where an RFC 3339 text lies.
   * @param view The same bytes.
   * @param start First byte.
   * @param end First byte behind it.
   * @returns The instant, or `undefined` when the text is no time.
   */
  read(
    bytes: Uint8Array,
    view: DataView,
    start: number,
    end: number,
  ): UnixNs | undefined {
    const isUtc = bytes[end - 1] === LETTER_Z;
    const fractionEnd = isUtc ? end - 1 : end - ZONE_BYTES;
    const fraction = readFraction(bytes, start + FRACTION_AT, fractionEnd);
    if (fraction === undefined) {
      this.text = decodeBytes(bytes, start, end);
      return parseCaptureTime(this.text)?.timeNs;
    }
    const zoneTail = isUtc ? LETTER_Z : view.getInt32(end - 4);
    const zoneHead = isUtc ? 0 : view.getInt16(end - ZONE_BYTES);
    for (let index = 0; index < 2; index++) {
      const known = this.#seconds[index]!;
      if (
        zoneTail === known.zoneTail && zoneHead === known.zoneHead &&
        equalBytes(view, start, known.bytes, 0, FRACTION_AT)
      ) {
        this.#older = index === 0 ? 1 : 0;
        this.text = known.text + decodeAscii(bytes, start + FRACTION_AT, end);
        return this.#instant(known, fraction);
      }
    }
    this.text = decodeBytes(bytes, start, end);
    const time = parseCaptureTime(this.text);
    if (time === undefined) return undefined;
    const secondNs = time.timeNs - BigInt(fraction);
    const highNs = Number(secondNs >> 32n);
    // Years before 1678 and after 2261 do not fit.
    if (Math.abs(highNs) >= MAX_HIGH_NS) return time.timeNs;
    const known = this.#seconds[this.#older];
    this.#older = this.#older === 0 ? 1 : 0;
    for (let at = 0; at < FRACTION_AT; at++) {
      known.bytes.setUint8(at, bytes[start + at]!);
    }
    known.text = this.text.slice(0, FRACTION_AT);
    known.zoneTail = zoneTail;
    known.zoneHead = zoneHead;
    known.highNs = highNs;
    known.lowNs = Number(secondNs & 0xffff_ffffn);
    return time.timeNs;
  }

  /** Adds up in halves: sums of 64-bit integers cost an object each. */
  #instant(known: KnownSecond, fraction: number): UnixNs {
    const low = known.lowNs + fraction;
    this.#sum.setUint32(0, low, true);
    this.#sum.setInt32(4, known.highNs + (low > 0xffff_ffff ? 1 : 0), true);
    return this.#sum.getBigInt64(0, true) as UnixNs;
  }
}

/** A second that timestamps share. */
class KnownSecond {
  /** `YYYY-MM-DDThh:mm:ss.`, as bytes and as text. */
  readonly bytes: DataView = new DataView(new ArrayBuffer(FRACTION_AT));
  text = "";
  /** Zone: `Z`, or the last four bytes of `+hh:mm` and the two before, at first some that are none. */
  zoneTail = 0;
  zoneHead = NO_ZONE;
  /** The two halves of its instant. */
  highNs = 0;
  lowNs = 0;
}

/** Nanoseconds of one to nine digits, `undefined` where they are something else. */
function readFraction(
  bytes: Uint8Array,
  start: number,
  end: number,
): number | undefined {
  const digits = end - start;
  if (digits < 1 || digits > 9) return undefined;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value * NS_OF_LAST_DIGIT[digits]!;
}
