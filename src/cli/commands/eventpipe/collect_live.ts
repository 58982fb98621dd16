import { UnsupportedCommandError } from "../../../eventpipe/ipc/diagnostic_error.ts";
import { StackWatcher } from "../../../eventpipe/live/stack_watcher.ts";
import type { StackWatcherCounters } from "../../../eventpipe/live/stack_watcher.ts";
import { DecodeStats } from "../../../base/decode_stats.ts";
import { OTLP_KEY } from "../../../profile/otlp_key_table.ts";
import type { ExportCounters } from "../../../tracehandler/export_queue.ts";
import { OtlpExporter } from "../../../tracehandler/otlp_exporter.ts";
import { profilePeriods } from "../../../tracehandler/profile_periods.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { saySeldom } from "../../say_seldom.ts";
import { UsageError } from "../../usage_error.ts";
import { sayExportLosses } from "../profile/export_stats.ts";
import { readOtlpSettings } from "../profile/otlp_options.ts";
import type { OtlpSettings } from "../profile/otlp_options.ts";
import {
  listenForStop,
  resumeTarget,
  sayChild,
  sayHowToStop,
} from "./running_target.ts";
import { openTarget } from "./target_options.ts";
import type { Target } from "./target_options.ts";
import { parseTraceDuration } from "./trace_duration.ts";

/**
 * Keeps sending profiles of a process to a collector, until Ctrl-C, the
 * duration or the end of the process.
 *
 * @param context Arguments and the outside.
 * @param sink Where to send to: `otlp=URL`, or `otlp` for what the environment says.
 * @returns The exit code: 3 when something was lost, 1 when nothing could be sent.
 */
export async function collectLive(
  context: CommandContext,
  sink: string,
): Promise<number> {
  const { options, console, signal } = context;
  const { endpoint, exporter: settings } = await readSink(context, sink);
  const duration = options["duration"] as string | undefined;
  const durationMs = duration === undefined
    ? undefined
    : parseTraceDuration(duration);
  await using target = await openTarget(context);
  const serviceName = await askAssembly(context, target) || target.name;
  await using enter = listenForStop(context);
  const stop = new AbortController();
  const end = () => stop.abort();
  const say = saySeldom(console);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const watcher = new StackWatcher(target.client, {
    stop: stop.signal,
    bufferSizeMb: options["buffersize"] as number,
    onNote: say,
    async onStart() {
      console.note(`Process     : ${target.pid ?? "?"} ${target.name}`);
      console.note(`Sending to  : ${endpoint.url} (${endpoint.protocol})`);
      sayHowToStop(context, enter);
      if (durationMs !== undefined) timer = setTimeout(end, durationMs);
      await resumeTarget(context, target);
    },
  });
  const stats = new DecodeStats();
  let hasSamples = false;
  let counters: ExportCounters;
  for (const each of [signal, enter.signal]) {
    each.addEventListener("abort", end);
    if (each.aborted) end();
  }
  try {
    const exporter = new OtlpExporter(endpoint, {
      ...settings,
      message: {
        ...settings.message,
        resourceAttributes: {
          [OTLP_KEY.serviceName]: serviceName,
          ...settings.message?.resourceAttributes,
        },
      },
    });
    {
      await using _exporter = exporter;
      await using progress = console.progress(`Profiling ${target.name}`, {
        unit: "samples",
      });
      const profiles = profilePeriods(watcher, {
        periodMs: options["live-period"] as number / 1e6,
        timed: false,
        stats,
      });
      for await (const profile of profiles) {
        if (profile.samples.length > 0) hasSamples = true;
        exporter.export(profile);
        progress.update(
          watcher.counters.traces,
          `${exporter.counters.sent} profiles sent`,
        );
      }
      if (exporter.pending > 0) console.note("sending what is left");
    }
    counters = exporter.counters;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
  if (!hasSamples) console.note("no thread was sampled");
  const lost = sayLosses(context, watcher.counters, counters, stats);
  console.note(
    `sent ${counters.sent} profiles of ${watcher.counters.traces} samples`,
  );
  if (!stop.signal.aborted) console.note("the process has ended");
  await sayChild(context, target);
  if (hasSamples && counters.sent === 0) {
    console.error(`Cannot send to ${endpoint.url}: no profile was taken`);
    return EXIT_CODE.failed;
  }
  return lost ? EXIT_CODE.damaged : EXIT_CODE.done;
}

async function askAssembly(
  { signal }: CommandContext,
  { client }: Target,
): Promise<string | undefined> {
  try {
    return (await client.processInfo({ signal })).entrypointAssembly;
  } catch (error) {
    // .NET Core 3.1 tells nothing of its process.
    if (error instanceof UnsupportedCommandError) return undefined;
    throw error;
  }
}

function sayLosses(
  { console }: CommandContext,
  { droppedTraces, lostEvents }: StackWatcherCounters,
  exported: ExportCounters,
  stats: DecodeStats,
): boolean {
  const losses: readonly (readonly [number, string])[] = [
    [lostEvents, "events were dropped by the runtime, its buffer was full"],
    [droppedTraces, "samples were dropped while methods were being named"],
    ...stats.entries().filter(({ severity }) => severity === "data_loss").map((
      { count, name },
    ) => [count, name.replaceAll("_", " ")] as const),
  ];
  let hasLosses = sayExportLosses(exported, (text) => console.warn(text));
  for (const [count, what] of losses) {
    if (count === 0) continue;
    hasLosses = true;
    console.warn(`${count} ${what}`);
  }
  return hasLosses;
}

/** The settings of the exporter, with the address that `--live` gives. */
async function readSink(
  context: CommandContext,
  text: string,
): Promise<OtlpSettings> {
  const match = /^otlp(?:=(.*))?$/s.exec(text);
  if (match === null) {
    throw new UsageError(
      `Cannot use "${text}" for --live: expected otlp=URL`,
      "for example --live otlp=http://localhost:4318",
    );
  }
  return await readOtlpSettings({
    ...context,
    options: { ...context.options, endpoint: match[1] },
  });
}
