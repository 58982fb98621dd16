import { PROVIDER_NAME } from "../provider_name_table.ts";
import { formatArguments } from "./provider_text.ts";
import type { CollectTracingConfig } from "./types.ts";

const PREFIX_REGEXP = /^EventCounters\\/i;
const LEVEL = 4;
/** Keyword of the metrics' source for values over time. */
const TIME_SERIES = 0x2n;

/** Counters of one source that are wanted. */
export interface CounterChoice {
  /** Event source, or meter. */
  readonly provider: string;
  /** Names of counters; empty is all. */
  readonly counters: readonly string[];
  /** Whether event counters alone are meant. */
  readonly eventCountersOnly: boolean;
}

/**
 * Reads a list of counters, `Provider,Provider[counter,counter]`; the prefix
 * `EventCounters\` asks for event counters alone.
 *
 * @param text The list.
 * @returns The choices in order, one for each provider.
 * @throws {SyntaxError} When the list has another form.
 */
export function parseCounterList(text: string): CounterChoice[] {
  const choices = new Map<string, CounterChoice>();
  for (const part of splitList(text)) {
    const choice = parseChoice(part);
    const key = choice.provider.toLowerCase();
    const before = choices.get(key);
    if (before === undefined) {
      choices.set(key, choice);
      continue;
    }
    if (before.eventCountersOnly !== choice.eventCountersOnly) {
      throw new SyntaxError(
        `Cannot read counters: "${choice.provider}" is given with and without the prefix EventCounters\\`,
      );
    }
    const isAll = before.counters.length === 0 || choice.counters.length === 0;
    choices.set(key, {
      ...before,
      counters: isAll
        ? []
        : [...new Set([...before.counters, ...choice.counters])],
    });
  }
  return [...choices.values()];
}

function splitList(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "[") depth++;
    if (text[at] === "]") depth--;
    if (text[at] !== "," || depth > 0) continue;
    parts.push(text.slice(start, at));
    start = at + 1;
  }
  parts.push(text.slice(start));
  return parts;
}

function parseChoice(text: string): CounterChoice {
  const trimmed = text.trim();
  const match = /^([^[\]]*)(?:\[([^[\]]*)\])?$/.exec(trimmed);
  if (match === null) {
    throw new SyntaxError(
      `Cannot read counters "${trimmed}": expected PROVIDER or PROVIDER[COUNTER,COUNTER]`,
    );
  }
  const [, name = "", list] = match;
  const provider = name.trim().replace(PREFIX_REGEXP, "");
  if (provider === "") {
    throw new SyntaxError(
      `Cannot read counters "${trimmed}": name of the provider is empty`,
    );
  }
  return {
    provider,
    counters: (list ?? "").split(",").map((each) => each.trim())
      .filter((each) => each !== ""),
    eventCountersOnly: PREFIX_REGEXP.test(name.trim()),
  };
}

/** How counters are asked for. */
export interface CounterSessionOptions {
  /** Seconds between two values, at least 1. */
  readonly intervalSec: number;
  /** Session of the metrics: `SHARED`, or a GUID before .NET 8. */
  readonly sessionId: string;
  /** A GUID of ours. */
  readonly clientId: string;
  /** Most series of a metric by tags. @default {1000} */
  readonly maxTimeSeries?: number | undefined;
  /** Most histograms. @default {10} */
  readonly maxHistograms?: number | undefined;
}

/**
 * Plans the session that delivers counters.
 *
 * @param choices What is wanted.
 * @param options Interval, limits.
 * @returns Configuration of the session.
 */
export function planCounters(
  choices: readonly CounterChoice[],
  options: CounterSessionOptions,
): CollectTracingConfig {
  const { intervalSec, maxTimeSeries = 1000, maxHistograms = 10 } = options;
  const providers = choices.map(({ provider }) => ({
    name: provider,
    keywords: 0n,
    level: LEVEL,
    arguments: formatArguments([[
      "EventCounterIntervalSec",
      String(intervalSec),
    ]]),
  }));
  const metrics = choices.filter((each) => !each.eventCountersOnly)
    .flatMap(({ provider, counters }) =>
      counters.length === 0
        ? [provider]
        : counters.map((counter) => `${provider}\\${counter}`)
    );
  if (metrics.length > 0) {
    providers.push({
      name: PROVIDER_NAME.metrics,
      keywords: TIME_SERIES,
      level: LEVEL,
      arguments: formatArguments([
        ["SessionId", options.sessionId],
        ["Metrics", metrics.join(",")],
        ["RefreshInterval", String(intervalSec)],
        ["MaxTimeSeries", String(maxTimeSeries)],
        ["MaxHistograms", String(maxHistograms)],
        ["ClientId", options.clientId],
      ]),
    });
  }
  return { providers, rundownKeyword: 0n };
}

/**
 * Tells whether a value is one that was asked for: a source may have more than
 * the counters that are wanted.
 *
 * @param choices What is wanted.
 * @returns A test of a provider and the name of a counter.
 */
export function counterFilter(
  choices: readonly CounterChoice[],
): (provider: string, name: string) => boolean {
  const byProvider = new Map(
    choices.map(({ provider, counters }) =>
      [provider.toLowerCase(), new Set(counters)] as const
    ),
  );
  return (provider, name) => {
    const counters = byProvider.get(provider.toLowerCase());
    return counters !== undefined &&
      (counters.size === 0 || counters.has(name));
  };
}
