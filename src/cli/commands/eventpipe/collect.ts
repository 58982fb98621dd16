import { formatBytes } from "../../../base/byte_size.ts";
import { DecodeStats } from "../../../base/decode_stats.ts";
import { recordTrace } from "../../../eventpipe/record_trace.ts";
import type {
  RecordedTrace,
  TracePart,
} from "../../../eventpipe/record_trace.ts";
import { convertInputs, findTarget } from "../../../formats/plan_conversion.ts";
import type { TargetEntry } from "../../../formats/types.ts";
import { createGrowingFile } from "../../../platform/growing_file.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { UsageError } from "../../usage_error.ts";
import { openFile } from "../../verbs/open_file.ts";
import { refuseBinaryToTerminal, writeOutput } from "../../write_output.ts";
import { OTLP_OPTIONS } from "../profile/otlp_options.ts";
import { LIVE_PERIOD } from "./collect_command.ts";
import { listTraceProfiles } from "./list_trace_profiles.ts";
import { sayProviders } from "./say_providers.ts";
import {
  listenForStop,
  resumeTarget,
  sayChild,
  sayHowToStop,
} from "./running_target.ts";
import { openTarget } from "./target_options.ts";
import { formatTraceDuration, parseTraceDuration } from "./trace_duration.ts";
import { readStoppingEvent, readTraceRequest } from "./trace_request.ts";

/** What a trace tells of a process is for who recorded it. */
const PRIVATE_MODE = 0o600;

/**
 * Records a trace.
 *
 * @param context Arguments and the outside.
 * @returns The exit code: 3 when events were dropped or the trace has no end.
 */
export async function run(context: CommandContext): Promise<number> {
  const { options, console, signal } = context;
  if (options["list-profiles"] === true) {
    return await listTraceProfiles(context);
  }
  const live = options["live"] as string | undefined;
  if (live !== undefined) {
    const { collectLive } = await import("./collect_live.ts");
    return await collectLive(context, live);
  }
  refuseLiveOptions(context);
  const request = await readTraceRequest(options);
  const tracepoint = options["user-events"] as string | undefined;
  if (tracepoint !== undefined) {
    const { collectUserEvents } = await import("./collect_user_events.ts");
    return await collectUserEvents(context, tracepoint, request.plan);
  }
  const { plan, config } = request;
  const stoppingEvent = readStoppingEvent(options);
  const duration = options["duration"] as string | undefined;
  const durationMs = duration === undefined
    ? undefined
    : parseTraceDuration(duration);
  const targets = readFormats(context);
  const toStdout = options["output"] === "-";
  const [wanted] = targets;
  if (toStdout) refuseBinaryToTerminal(console, wanted?.binary ?? true);
  const isSplit = options["split-size"] !== undefined ||
    options["split-time"] !== undefined;
  if (toStdout && (isSplit || targets.length > 1)) {
    throw new UsageError(
      "Cannot write several files to standard output: name one format, and do not split",
    );
  }

  await using stack = new AsyncDisposableStack();
  // Only what is made of the trace goes to standard output.
  const aside = toStdout && wanted !== undefined
    ? await makeTemporaryFile(stack)
    : undefined;
  await using target = await openTarget(context);
  await using enter = listenForStop(context);
  const output = options["output"] as string | undefined ??
    `${target.name}_${timeStamp(new Date())}.nettrace`;
  sayProviders(context, plan);
  const paths: string[] = [];
  let trace: RecordedTrace;
  {
    await using progress = console.progress(`Recording ${target.name}`);
    let isStopping = false;
    trace = await recordTrace(target.client, config, {
      retry: plan.retry,
      onNote: (text) => console.note(text),
      openPart: async (index) => {
        if (toStdout && aside === undefined) return stdoutPart(context);
        const path = aside ?? (isSplit ? partPath(output, index) : output);
        const part = await filePart(path);
        paths.push(path);
        return part;
      },
      stop: AbortSignal.any([signal, enter.signal]),
      signal,
      durationMs,
      stoppingEvent,
      splitBytes: options["split-size"] as number | undefined,
      splitMs: toMs(options["split-time"] as number | undefined),
      async onStart() {
        console.note(`Process     : ${target.pid ?? "?"} ${target.name}`);
        console.note(`Output File : ${output}`);
        if (durationMs !== undefined) {
          console.note(`Duration    : ${formatTraceDuration(durationMs)}`);
        }
        sayHowToStop(context, enter);
        await resumeTarget(context, target);
      },
      onProgress(state) {
        if (state.isStopping && !isStopping) {
          isStopping = true;
          console.note(
            "stopping the trace; the process names its methods, which may take minutes",
          );
        }
        progress.update(
          state.sizeBytes,
          state.isStopping ? "stopping" : undefined,
        );
      },
    });
  }
  await console.flush();
  const code = sayResult(context, trace, aside === undefined ? paths : []);
  await sayChild(context, target);
  for (const format of targets) {
    for (const path of paths) {
      await convert(context, path, format, toStdout ? "-" : undefined);
    }
  }
  return code;
}

/** What is meant for `--live` must not be ignored silently. */
function refuseLiveOptions({ options }: CommandContext): void {
  for (const { name, default: usual } of [LIVE_PERIOD, ...OTLP_OPTIONS]) {
    if (options[name] !== undefined && options[name] !== usual) {
      throw new UsageError(`Option --${name} goes with --live`);
    }
  }
}

async function makeTemporaryFile(
  stack: AsyncDisposableStack,
): Promise<string> {
  const path = await Deno.makeTempFile({
    prefix: "tracedeck-",
    suffix: ".nettrace",
  });
  stack.defer(() => Deno.remove(path));
  return path;
}

function stdoutPart({ console }: CommandContext): TracePart {
  return {
    async write(bytes) {
      await console.write(bytes);
      await console.flush();
    },
    async close() {},
  };
}

/** A full disk ends the trace; what is in the file stays. */
async function filePart(path: string): Promise<TracePart> {
  const file = await createGrowingFile(path);
  return {
    async write(bytes) {
      try {
        await file.write(bytes);
      } catch (error) {
        const { message } = error as Error;
        throw new Error(
          `${message}; the trace was ended and what is written is kept`,
          { cause: error },
        );
      }
    },
    close: () => file.close(),
  };
}

function sayResult(
  { console }: CommandContext,
  { parts, endedBy }: RecordedTrace,
  paths: readonly string[],
): number {
  let code: number = EXIT_CODE.done;
  for (const part of parts) {
    const path = paths[part.index] ?? "standard output";
    console.note(
      `wrote ${path} (${
        formatBytes(part.sizeBytes)
      }, ${part.eventCount} events)`,
    );
    if (part.lostEventCount > 0) {
      console.warn(
        `${path}: the runtime dropped ${part.lostEventCount} events, its buffer was full; see --buffersize`,
      );
      code = EXIT_CODE.damaged;
    }
    if (part.problem !== undefined) {
      console.warn(`${path}: ${part.problem}`);
      code = EXIT_CODE.damaged;
    } else if (!part.isComplete) {
      console.warn(
        `${path}: ${
          endedBy === "target"
            ? "the process exited, the trace may be incomplete"
            : "the trace has no end"
        }`,
      );
      code = EXIT_CODE.damaged;
    }
  }
  if (endedBy === "target") console.note("the process has ended");
  return code;
}

function readFormats({ options }: CommandContext): TargetEntry[] {
  const names = (options["format"] as readonly string[] | undefined) ?? [];
  return names.flatMap((text) => text.split(","))
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "nettrace")
    .map((name) => {
      try {
        return findTarget(name);
      } catch (error) {
        if (error instanceof RangeError) throw new UsageError(error.message);
        throw error;
      }
    });
}

async function convert(
  context: CommandContext,
  path: string,
  target: TargetEntry,
  named: string | undefined,
): Promise<void> {
  const { console } = context;
  const output = named ??
    `${path.replace(/\.nettrace$/, "")}${target.extensions[0]}`;
  // Ctrl-C ended the recording, not what is made of it.
  const { signal } = new AbortController();
  const stats = new DecodeStats();
  await using opened = await openFile(path, {
    ...context,
    options: {},
    signal,
  });
  const stream = await convertInputs([opened], {
    target,
    options: {},
    outputName: named === undefined ? output.split(/[\\/]/).at(-1) : undefined,
    stats,
    signal,
  });
  const size = await writeOutput(console, stream, {
    path: output,
    binary: target.binary,
    mode: PRIVATE_MODE,
  });
  console.note(
    `wrote ${named === undefined ? output : "standard output"} (${
      formatBytes(size)
    }, ${target.title})`,
  );
}

function partPath(output: string, index: number): string {
  const number = String(index).padStart(3, "0");
  return `${output.replace(/\.nettrace$/, "")}.${number}.nettrace`;
}

function toMs(ns: number | undefined): number | undefined {
  return ns === undefined ? undefined : ns / 1e6;
}

/**
 * @param time A moment.
 * @returns `yyyyMMdd_HHmmss` in local time, for names of files.
 */
export function timeStamp(time: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${time.getFullYear()}${two(time.getMonth() + 1)}${
    two(time.getDate())
  }_${two(time.getHours())}${two(time.getMinutes())}${two(time.getSeconds())}`;
}
