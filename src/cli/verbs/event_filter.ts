import type { OptionSpec, OptionValues } from "../../formats/option_spec.ts";
import { parseDurationNs } from "../../base/duration.ts";
import { compilePattern } from "../../base/text_pattern.ts";
import { parseUnixNs } from "../../base/time.ts";
import type { TimelineEvent } from "../../timeline/types.ts";
import { UsageError } from "../usage_error.ts";

/** Options that choose records of a timeline. */
export const EVENT_FILTER_OPTIONS: readonly OptionSpec[] = [
  {
    name: "provider",
    type: "list",
    valueName: "PATTERN",
    help:
      "only records of these providers; * stands for any text, case does not matter",
  },
  {
    name: "name",
    type: "list",
    valueName: "PATTERN",
    help:
      "only records of these names; * stands for any text, case does not matter",
  },
  {
    name: "pid",
    type: "list",
    valueName: "PID",
    help: "only records of these processes",
  },
  {
    name: "tid",
    type: "list",
    valueName: "TID",
    help: "only records of these threads",
  },
  {
    name: "since",
    type: "string",
    valueName: "TIME",
    help:
      "only records from this moment on: ISO 8601, or an offset from the start such as 1.5s",
  },
  {
    name: "until",
    type: "string",
    valueName: "TIME",
    help:
      "only records before this moment: ISO 8601, or an offset from the start such as 2m",
  },
];

/** Whether a record is wanted. */
export type EventFilter = (event: TimelineEvent) => boolean;

/**
 * Compiles {@linkcode EVENT_FILTER_OPTIONS}.
 *
 * @param options Values of the options.
 * @returns The filter; `undefined` when everything is wanted.
 * @throws {UsageError} When a value is malformed.
 */
export function compileEventFilter(
  options: OptionValues,
): EventFilter | undefined {
  const tests: EventFilter[] = [];
  const provider = patternTest(options["provider"]);
  if (provider !== undefined) tests.push((event) => provider(event.provider));
  const name = patternTest(options["name"]);
  if (name !== undefined) tests.push((event) => name(event.name));
  const pids = parseIds(options["pid"], "pid");
  if (pids !== undefined) {
    tests.push((event) => event.pid !== undefined && pids.has(event.pid));
  }
  const tids = parseIds(options["tid"], "tid");
  if (tids !== undefined) {
    tests.push((event) => event.tid !== undefined && tids.has(event.tid));
  }
  const since = timeTest(
    options["since"],
    "since",
    (time, bound) => time >= bound,
  );
  if (since !== undefined) tests.push(since);
  const until = timeTest(
    options["until"],
    "until",
    (time, bound) => time < bound,
  );
  if (until !== undefined) tests.push(until);
  if (tests.length === 0) return undefined;
  return (event) => tests.every((test) => test(event));
}

function patternTest(
  value: OptionValues[string],
): ((text: string) => boolean) | undefined {
  if (value === undefined) return undefined;
  const patterns = (value as readonly string[]).map(compilePattern);
  return (text) => patterns.some((matches) => matches(text));
}

/**
 * Reads the values of an option that names processes or threads.
 *
 * @param value Numbers, one each or joined by commas.
 * @param name Name of the option.
 * @returns The numbers; `undefined` where the option is not given.
 * @throws {UsageError} When one is not a number.
 */
export function parseIds(
  value: OptionValues[string],
  name: string,
): ReadonlySet<number> | undefined {
  if (value === undefined) return undefined;
  const ids = (value as readonly string[]).flatMap((text) => text.split(","));
  return new Set(ids.map((text) => {
    if (!/^\d+$/.test(text)) {
      throw new UsageError(
        `Cannot use "${text}" for --${name}: expected a number`,
      );
    }
    return Number(text);
  }));
}

function timeTest(
  value: OptionValues[string],
  name: string,
  compare: (time: number | bigint, bound: number | bigint) => boolean,
): EventFilter | undefined {
  if (value === undefined) return undefined;
  const text = value as string;
  try {
    if (/^\d{4}-/.test(text)) {
      const bound = parseUnixNs(text);
      return ({ timestamp }) =>
        timestamp !== undefined && compare(timestamp, bound);
    }
    const bound = parseDurationNs(text.replace(/^\+/, ""));
    return ({ relativeNs }) =>
      relativeNs !== undefined && compare(relativeNs, bound);
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new UsageError(`Option --${name}: ${error.message}`);
    }
    throw error;
  }
}
