/** Nanoseconds since 1970-01-01T00:00:00Z. */
export type UnixNs = bigint & { readonly __brand: "UnixNs" };
/** 100 ns units since 1601-01-01T00:00:00Z (Windows FILETIME). */
export type Filetime = bigint & { readonly __brand: "Filetime" };
/** Ticks of a performance counter; their frequency travels beside them. */
export type QpcTicks = bigint & { readonly __brand: "QpcTicks" };
/** Nanoseconds of a monotonic clock with an unspecified start (`CLOCK_MONOTONIC`). */
export type MonotonicNs = bigint & { readonly __brand: "MonotonicNs" };
/** Nanoseconds of the kernel's monotonic clock as captured with a stack trace. */
export type KTime = bigint & { readonly __brand: "KTime" };

const NS_PER_MS = 1_000_000n;
const NS_PER_SECOND = 1_000_000_000n;
/** 1970-01-01 in FILETIME units. */
const FILETIME_OF_UNIX_EPOCH = 116_444_736_000_000_000n;

/** @param ms Milliseconds since 1970, fractions are cut. @returns The same instant. */
export function unixNsFromMs(ms: number): UnixNs {
  return (BigInt(Math.trunc(ms)) * NS_PER_MS) as UnixNs;
}

/** @param ns An instant. @returns Milliseconds since 1970, rounded down. */
export function unixMsFromNs(ns: UnixNs): number {
  return Number(floorDiv(ns, NS_PER_MS));
}

/** @param filetime An instant. @returns The same instant, exactly. */
export function unixNsFromFiletime(filetime: Filetime): UnixNs {
  return ((filetime - FILETIME_OF_UNIX_EPOCH) * 100n) as UnixNs;
}

/** @param ns An instant. @returns The same instant, rounded down to 100 ns. */
export function filetimeFromUnixNs(ns: UnixNs): Filetime {
  return (floorDiv(ns, 100n) + FILETIME_OF_UNIX_EPOCH) as Filetime;
}

/** What {@linkcode unixNsFromTicks} needs to know of a performance counter. */
export interface TickClock {
  /** Tick value at {@linkcode TickClock.syncTime}. */
  readonly syncTicks: QpcTicks;
  /** Wall time of the sync tick. */
  readonly syncTime: UnixNs;
  /** Ticks per second, above 0. */
  readonly frequency: bigint;
}

/**
 * @param ticks Value of the counter.
 * @param clock Sync point and frequency of the counter.
 * @returns Wall time, rounded down to 1 ns.
 */
export function unixNsFromTicks(ticks: QpcTicks, clock: TickClock): UnixNs {
  return (clock.syncTime +
    floorDiv(
      (ticks - clock.syncTicks) * NS_PER_SECOND,
      clock.frequency,
    )) as UnixNs;
}

/** Fraction digits of {@linkcode formatUnixNs}. */
export type FractionDigits = 0 | 3 | 6 | 7 | 9;

/**
 * Renders an instant as ISO 8601 in UTC.
 *
 * @param ns The instant.
 * @param digits Digits after the decimal point; the rest is cut.
 * @returns Text such as `2021-06-09T09:48:25.902000000Z`. Instants that a
 * calendar of years -271821 to 275760 cannot hold are given as
 * `<nanoseconds>ns`.
 */
export function formatUnixNs(ns: UnixNs, digits: FractionDigits = 9): string {
  const rest = ns - lastSecond.startNs;
  if (rest < 0n || rest >= NS_PER_SECOND) {
    const startNs = floorDiv(ns, NS_PER_SECOND) * NS_PER_SECOND;
    const date = new Date(Number(startNs / NS_PER_MS));
    if (Number.isNaN(date.getTime())) return `${ns}ns`;
    lastSecond = { startNs, text: date.toISOString().slice(0, -5) };
  }
  const { startNs, text } = lastSecond;
  if (digits === 0) return `${text}Z`;
  const fraction = String(Number(ns - startNs)).padStart(9, "0");
  return `${text}.${digits === 9 ? fraction : fraction.slice(0, digits)}Z`;
}

/** Records come in order of time: most are of the same second as the one before. */
let lastSecond = { startNs: 0n, text: "1970-01-01T00:00:00" };

const ISO_REGEXP =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:[.,](\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * Reads an ISO 8601 instant with up to nine fraction digits. Without an offset
 * it is taken as UTC, so the result does not depend on the machine.
 *
 * @param text For example `2021-06-09T09:48:25.902Z` or `2021-06-09`.
 * @returns The instant.
 * @throws {SyntaxError} When the text is not such an instant.
 */
export function parseUnixNs(text: string): UnixNs {
  const match = ISO_REGEXP.exec(text.trim());
  if (match !== null) {
    const [, day, time = "00:00", fraction = "", zone = "Z"] = match;
    const offset = zone === "Z" ? "Z" : `${zone.slice(0, 3)}:${zone.slice(-2)}`;
    const ms = Date.parse(
      `${day}T${time.length === 5 ? `${time}:00` : time}${offset}`,
    );
    if (!Number.isNaN(ms)) {
      return (BigInt(ms) * NS_PER_MS +
        BigInt(fraction.padEnd(9, "0"))) as UnixNs;
    }
  }
  throw new SyntaxError(
    `Cannot read time "${text}": expected ISO 8601 such as 2026-01-31T12:34:56.789Z`,
  );
}

/**
 * Division that rounds toward negative infinity, as time before an epoch needs.
 *
 * @param dividend Any integer.
 * @param divisor An integer above 0.
 * @returns The quotient.
 */
export function floorDiv(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend % divisor < 0n ? quotient - 1n : quotient;
}
