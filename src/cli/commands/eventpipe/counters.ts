import { escapeForTerminal } from "../../../base/terminal_text.ts";
import type { UnixNs } from "../../../base/time.ts";
import {
  COUNTERS_CSV_HEADER,
  COUNTERS_JSON_TAIL,
  formatCounterCsv,
  formatCounterJson,
  formatCountersJsonHead,
} from "../../../eventpipe/counters/counter_text.ts";
import {
  counterRows,
  joinTags,
} from "../../../eventpipe/counters/counter_rows.ts";
import { parseCounterList } from "../../../eventpipe/ipc/counter_request.ts";
import type { CounterChoice } from "../../../eventpipe/ipc/counter_request.ts";
import { watchCounters } from "../../../eventpipe/watch_counters.ts";
import type { CounterBatch } from "../../../eventpipe/watch_counters.ts";
import { createGrowingFile } from "../../../platform/growing_file.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { UsageError } from "../../usage_error.ts";
import { resumeTarget } from "./running_target.ts";
import { openTarget } from "./target_options.ts";
import type { Target } from "./target_options.ts";
import { parseTraceDuration } from "./trace_duration.ts";

const DEFAULT_COUNTERS = "System.Runtime";
const CLEAR_SCREEN = "\x1b[H\x1b[J";
const LEAST_NAME_COLUMNS = 40;
/** Longer names push their own number aside, not those of all others. */
const MOST_NAME_COLUMNS = 100;
const NUMBER_COLUMNS = 18;
/** Notes that mean that values are missing. */
const LOSS_NOTES = new Set([
  "error",
  "timeSeriesLimitReached",
  "histogramLimitReached",
  "observableInstrumentCallbackError",
  "multipleSessionsNotSupported",
  "multipleSessionsConfiguredIncorrectly",
]);

/**
 * Watches or records counters.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { options, positionals, console, signal } = context;
  const [verb = ""] = positionals;
  if (verb !== "monitor" && verb !== "collect") {
    throw new UsageError(
      `Cannot use "${verb}" with counters: choices are monitor, collect`,
    );
  }
  const choices = readChoices(context);
  const duration = options["duration"] as string | undefined;
  const stop = new AbortController();
  const end = () => stop.abort();
  const durationMs = duration === undefined
    ? undefined
    : parseTraceDuration(duration);
  await using target = await openTarget(context);
  let timer: ReturnType<typeof setTimeout> | undefined;
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  let hasLoss = false;
  const batches = watchCounters(target.client, choices, {
    intervalSec: options["refresh-interval"] as number,
    maxHistograms: options["maxHistograms"] as number,
    maxTimeSeries: options["maxTimeSeries"] as number,
    stop: stop.signal,
    signal,
    async onStart() {
      if (durationMs !== undefined) timer = setTimeout(end, durationMs);
      await resumeTarget(context, target);
    },
    onNote({ kind, message }) {
      if (!LOSS_NOTES.has(kind)) return;
      hasLoss = true;
      console.warn(
        `${kind.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}${
          message === "" ? "" : `: ${message}`
        }`,
      );
    },
  });
  try {
    if (verb === "monitor") await monitor(context, batches);
    else await collect(context, target, batches);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
  if (!stop.signal.aborted) console.note("the process has ended");
  return hasLoss ? EXIT_CODE.damaged : EXIT_CODE.done;
}

function readChoices({ options }: CommandContext): CounterChoice[] {
  const texts = options["counters"] as readonly string[] | undefined;
  try {
    return parseCounterList(texts?.join(",") ?? DEFAULT_COUNTERS);
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(error.message);
    throw error;
  }
}

async function collect(
  context: CommandContext,
  target: Target,
  batches: AsyncIterable<CounterBatch>,
): Promise<void> {
  const { options, console } = context;
  const isJson = options["format"] === "json";
  const named = options["output"] as string;
  const extension = isJson ? ".json" : ".csv";
  const path = named === "-" || named.endsWith(extension)
    ? named
    : `${named}${extension}`;
  const text = {
    processName: target.name,
    utcOffsetMinutes: -new Date().getTimezoneOffset(),
    rates: options["rates"] === true,
    totals: options["totals"] === true,
  };
  const encoder = new TextEncoder();
  await using file = path === "-" ? undefined : await createGrowingFile(path);
  const write = async (piece: string) => {
    if (piece === "") return;
    if (file !== undefined) {
      await file.write(encoder.encode(piece));
      return;
    }
    await console.write(encoder.encode(piece));
    await console.flush();
  };
  if (file !== undefined) {
    console.note(`recording counters of ${target.name} to ${path}`);
  }
  // Where no value comes, no stream tells when it began.
  const startTime = BigInt(Date.now()) * 1_000_000n as UnixNs;
  let values = 0;
  let hasHead = false;
  if (!isJson) await write(COUNTERS_CSV_HEADER);
  for await (const { header, samples } of batches) {
    if (isJson) {
      const members = samples.flatMap((sample) =>
        formatCounterJson(sample, header, text)
      );
      if (!hasHead) await write(formatCountersJsonHead(header, text));
      hasHead = true;
      const joined = members.join(",\n");
      await write(values > 0 && joined !== "" ? `,\n${joined}` : joined);
      values += members.length;
    } else {
      const lines = samples.map((sample) =>
        formatCounterCsv(sample, header, text)
      ).join("");
      await write(lines);
      values += lines.split("\n").length - 1;
    }
  }
  if (isJson) {
    if (!hasHead) {
      await write(formatCountersJsonHead({ syncTime: startTime }, text));
    }
    await write(COUNTERS_JSON_TAIL);
  }
  if (file !== undefined) console.note(`wrote ${path} (${values} values)`);
}

interface ShownValue {
  readonly provider: string;
  readonly name: string;
  value: number;
  delta: number | undefined;
}

async function monitor(
  context: CommandContext,
  batches: AsyncIterable<CounterBatch>,
): Promise<void> {
  const { options } = context;
  const shown = new Map<string, ShownValue>();
  let shownAtNs = -Infinity;
  const intervalNs = (options["refresh-interval"] as number) * 1e9;
  let isFresh = false;
  for await (const { samples } of batches) {
    for (const sample of samples) {
      for (
        const row of counterRows(sample, {
          rates: options["rates"] === true,
          totals: options["totals"] === true,
        })
      ) {
        const tags = joinTags(
          sample.meterTags,
          sample.instrumentTags,
          row.tags,
        );
        const name = tags === "" ? row.display : `${row.display} [${tags}]`;
        const key = `${sample.provider}\0${name}`;
        const before = shown.get(key);
        shown.set(key, {
          provider: sample.provider,
          name,
          value: row.value,
          delta: before === undefined ? undefined : row.value - before.value,
        });
        isFresh = true;
      }
    }
    const nowNs = samples.at(-1)!.ns;
    // Values of one interval come in pieces; they are shown together.
    if (nowNs - shownAtNs < intervalNs / 2) continue;
    shownAtNs = nowNs;
    isFresh = false;
    await show(context, shown);
  }
  if (isFresh) await show(context, shown);
}

async function show(
  { console, options }: CommandContext,
  shown: ReadonlyMap<string, ShownValue>,
): Promise<void> {
  const abbreviates = options["abbreviateLargeNumbers"] !== false;
  const hasDeltas = options["showDeltas"] === true;
  const rows = Array.from(
    shown.values(),
    ({ provider, name, value, delta }) => ({
      provider: escapeForTerminal(provider),
      name: escapeForTerminal(name),
      value: numberText(value, abbreviates),
      delta: !hasDeltas || delta === undefined
        ? ""
        : numberText(delta, abbreviates),
    }),
  );
  const widest = Math.max(...rows.map(({ name }) => name.length));
  const nameColumns = Math.min(
    Math.max(widest, LEAST_NAME_COLUMNS),
    MOST_NAME_COLUMNS,
  );
  const lines: string[] = [];
  const providers = Map.groupBy(rows, ({ provider }) => provider);
  for (const [provider, values] of providers) {
    lines.push(`[${provider}]`);
    for (const { name, value, delta } of values) {
      const line = `    ${name.padEnd(nameColumns)}${
        value.padStart(NUMBER_COLUMNS)
      }`;
      lines.push(
        delta === "" ? line : `${line}${delta.padStart(NUMBER_COLUMNS)}`,
      );
    }
  }
  const screen = console.stdoutIsTerminal ? CLEAR_SCREEN : "";
  await console.print(`${screen}${lines.join("\n")}`);
  await console.flush();
}

/** As dotnet-counters has it: large numbers are abbreviated. */
function numberText(value: number, abbreviates: boolean): string {
  if (abbreviates && Math.abs(value) >= 1e8) return value.toExponential(4);
  return value.toLocaleString("en-US", { maximumFractionDigits: 3 });
}
