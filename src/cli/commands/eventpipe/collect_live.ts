import { StackWatcher } from "../../../eventpipe/live/stack_watcher.ts";
import type { StackWatcherCounters } from "../../../eventpipe/live/stack_watcher.ts";
import { DecodeStats } from "../../../base/decode_stats.ts";
import { OTLP_KEY } from "../../../profile/otlp_key_table.ts";
import type { ExportCounters } from "../../../tracehandler/export_queue.ts";
import { parseOtlpEndpoint } from "../../../tracehandler/otlp_endpoint.ts";
import type { OtlpEndpoint } from "../../../tracehandler/otlp_endpoint.ts";
import { readOtlpEnvironment } from "../../../tracehandler/otlp_environment.ts";
import type { OtlpEnvironment } from "../../../tracehandler/otlp_environment.ts";
import { OtlpExporter } from "../../../tracehandler/otlp_exporter.ts";
import { profilePeriods } from "../../../tracehandler/profile_periods.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { UsageError } from "../../usage_error.ts";
import {
  listenForStop,
  resumeTarget,
  sayChild,
  sayHowToStop,
} from "./running_target.ts";
import { openTarget } from "./target_options.ts";
import { parseTraceDuration } from "./trace_duration.ts";

/** The same words are said at most this often. */
const REPEAT_MS = 60_000;

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
  const { endpoint, environment } = readSink(context, sink);
  const duration = options["duration"] as string | undefined;
  const durationMs = duration === undefined
    ? undefined
    : parseTraceDuration(duration);
  const settings = await readCertificates(environment);
  await using target = await openTarget(context);
  const { entrypointAssembly } = await target.client.processInfo({ signal });
  await using enter = listenForStop(context);
  const stop = new AbortController();
  const end = () => stop.abort();
  const say = seldom(context);
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
      log: say,
      message: {
        resourceAttributes: {
          [OTLP_KEY.serviceName]: entrypointAssembly || target.name,
          ...environment.resourceAttributes,
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
  if (hasSamples && counters.sent === 0) return EXIT_CODE.failed;
  return lost ? EXIT_CODE.damaged : EXIT_CODE.done;
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
    [exported.failed, "profiles were refused or given up"],
    [exported.droppedQueue, "profiles were dropped because the queue was full"],
    [exported.droppedSize, "profiles were too large"],
    [exported.rejected, "profiles were rejected by the collector"],
    ...stats.entries().filter(({ severity }) => severity === "data_loss").map((
      { count, name },
    ) => [count, name.replaceAll("_", " ")] as const),
  ];
  let hasLosses = false;
  for (const [count, what] of losses) {
    if (count === 0) continue;
    hasLosses = true;
    console.warn(`${count} ${what}`);
  }
  return hasLosses;
}

interface Sink {
  readonly endpoint: OtlpEndpoint;
  readonly environment: OtlpEnvironment;
}

function readSink({ console }: CommandContext, text: string): Sink {
  const match = /^otlp(?:=(.*))?$/s.exec(text);
  if (match === null) {
    throw new UsageError(
      `Cannot use "${text}" for --live: expected otlp=URL`,
      "for example --live otlp=http://localhost:4318",
    );
  }
  try {
    const environment = readOtlpEnvironment((name) => console.env(name));
    const endpoint = match[1] === undefined
      ? environment.endpoint
      : parseOtlpEndpoint(match[1], { protocol: environment.protocol });
    if (endpoint !== undefined) return { endpoint, environment };
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(error.message);
    throw error;
  }
  throw new UsageError(
    "Cannot tell where to send to: --live has no URL and OTEL_EXPORTER_OTLP_ENDPOINT is not set",
    "for example --live otlp=http://localhost:4318",
  );
}

async function readCertificates(environment: OtlpEnvironment) {
  const read = async (path: string | undefined) =>
    path === undefined ? undefined : await Deno.readTextFile(path);
  const certificate = await read(environment.certificate);
  return {
    headers: environment.headers,
    gzip: environment.gzip,
    timeoutMs: environment.timeoutMs,
    caCertificates: certificate === undefined ? undefined : [certificate],
    clientCertificate: await read(environment.clientCertificate),
    clientKey: await read(environment.clientKey),
  };
}

/** A collector that does not answer is worth a word now and then, not at every attempt. */
function seldom({ console }: CommandContext): (text: string) => void {
  const saidAtMs = new Map<string, number>();
  return (text) => {
    const kind = text.replaceAll(/\d+/g, "");
    const now = console.now();
    if (now - (saidAtMs.get(kind) ?? -Infinity) < REPEAT_MS) return;
    if (saidAtMs.size >= 100) saidAtMs.clear();
    saidAtMs.set(kind, now);
    console.warn(text);
  };
}
