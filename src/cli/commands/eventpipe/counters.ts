import { escapeForTerminal } from "../../../base/terminal_text.ts";
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
import { openTarget } from "./target_options.ts";
import type { Target } from "./target_options.ts";
import { parseTraceDuration } from "./trace_duration.ts";

const DEFAULT_COUNTERS = "System.Runtime";
const CLEAR_SCREEN = "\x1b[H\x1b[J";
const NAME_COLUMNS = 60;
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
    async onStart() {
      if (durationMs !== undefined) timer = setTimeout(end, durationMs);
      if (target.launched !== undefined) await target.client.resumeRuntime();
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
      await write(
        `{ "TargetProcess": ${
          JSON.stringify(target.name)
        }, "StartTime": "", "Events": [`,
      );
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
  const lines: string[] = [];
  const providers = Map.groupBy(shown.values(), ({ provider }) => provider);
  for (const [provider, values] of providers) {
    lines.push(`[${escapeForTerminal(provider)}]`);
    for (const { name, value, delta } of values) {
      const change = options["showDeltas"] === true && delta !== undefined
        ? numberText(delta).padStart(20)
        : "";
      lines.push(
        `    ${escapeForTerminal(name).padEnd(NAME_COLUMNS)}${
          numberText(value).padStart(20)
        }${change}`,
      );
    }
  }
  const screen = console.stdoutIsTerminal ? CLEAR_SCREEN : "";
  await console.print(`${screen}${lines.join("\n")}`);
  await console.flush();
}

/** As dotnet-counters has it: large numbers are abbreviated. */
function numberText(value: number): string {
  if (Math.abs(value) >= 1e8) return value.toExponential(4);
  return value.toLocaleString("en-US", { maximumFractionDigits: 3 });
}
