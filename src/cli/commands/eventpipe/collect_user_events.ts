import type { UserEventsConfig } from "../../../eventpipe/ipc/user_events_session.ts";
import type { TracePlan } from "../../../eventpipe/ipc/trace_plan.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { UsageError } from "../../usage_error.ts";
import {
  listenForStop,
  resumeTarget,
  sayChild,
  sayHowToStop,
} from "./running_target.ts";
import { sayProviders } from "./say_providers.ts";
import { openTarget } from "./target_options.ts";
import { parseTraceDuration } from "./trace_duration.ts";

/** What the kernel takes as the name of a tracepoint. */
const NAME_REGEXP = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Lets a process write its events to a tracepoint of the kernel, until Enter,
 * Ctrl-C, the duration or the end of the process.
 *
 * @param context Arguments and the outside.
 * @param name Name of the tracepoint.
 * @param plan What is traced.
 * @returns The exit code.
 */
export async function collectUserEvents(
  context: CommandContext,
  name: string,
  plan: TracePlan,
): Promise<number> {
  const { options, console, signal } = context;
  if (!NAME_REGEXP.test(name)) {
    throw new UsageError(
      `Cannot use "${name}" as a tracepoint: expected letters, digits and _`,
    );
  }
  const duration = options["duration"] as string | undefined;
  const durationMs = duration === undefined
    ? undefined
    : parseTraceDuration(duration);
  const config: UserEventsConfig = {
    providers: plan.providers.map((provider) => ({
      ...provider,
      tracepoints: { defaultName: name, sets: [] },
    })),
    rundownKeyword: plan.rundownKeyword,
  };
  await using target = await openTarget(context);
  sayProviders(context, plan);
  await using session = await target.client.startUserEvents(config, { signal });
  await using enter = listenForStop(context);
  console.note(`Process     : ${target.pid ?? "?"} ${target.name}`);
  console.note(`Tracepoint  : user_events:${name}`);
  console.note(`record it with: perf record -a -e user_events:${name}`);
  sayHowToStop(context, enter);
  await resumeTarget(context, target);
  const stopped = Promise.withResolvers<"stop">();
  const end = () => stopped.resolve("stop");
  for (const each of [signal, enter.signal]) {
    each.addEventListener("abort", end);
    if (each.aborted) end();
  }
  const timer = durationMs === undefined
    ? undefined
    : setTimeout(end, durationMs);
  const endedBy = await Promise.race([
    stopped.promise,
    session.ended.then(() => "target" as const),
  ]);
  clearTimeout(timer);
  signal.removeEventListener("abort", end);
  if (endedBy === "stop") await session.stop();
  console.note(
    endedBy === "stop" ? "the session has ended" : "the process has ended",
  );
  await sayChild(context, target);
  return EXIT_CODE.done;
}
