import { toJsonText } from "../../../base/json_text.ts";
import { CaptureHistory } from "../../../netdump/capture/capture_history.ts";
import { toPacketCapture } from "../../../netdump/collect/trace_target.ts";
import type { TracedTarget } from "../../../netdump/collect/trace_target.ts";
import { checkTopic } from "../../../netdump/dump_name.ts";
import { pruneDumps } from "../../../netdump/dump_store.ts";
import { NetDumper } from "../../../netdump/net_dumper.ts";
import { pause } from "../../../netdump/probe/pause.ts";
import type { TracedNetRequest } from "../../../netdump/traced_net_request.ts";
import { WatchSchedule } from "../../../netdump/watch_schedule.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { UsageError } from "../../usage_error.ts";
import { readGathering } from "./collect_options.ts";
import type { Gathering } from "./collect_options.ts";
import { readTraceUrl } from "./trace_options.ts";

const NS_PER_MS = 1e6;
const EVERY_NS = 60e9;

/**
 * Tries targets until it is told to stop.
 *
 * @param context Arguments and the outside.
 * @returns 0 after the checks that were asked for, 130 when interrupted.
 */
export async function run(context: CommandContext): Promise<number> {
  const { console, options, signal } = context;
  const base = options["topic"] as string;
  const topics = { ok: `${base}-ok`, fail: `${base}-fail` } as const;
  try {
    checkTopic(topics.fail);
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
  const gathering = await readGathering(context);
  if (gathering.urls.length === 0) {
    throw new UsageError(
      "Cannot watch nothing: there is no target",
      "give one with --url",
    );
  }
  const schedule = await openSchedule(context, gathering, topics);
  await using history = openHistory(context);
  const everyMs = ((options["every"] as number | undefined) ?? EVERY_NS) /
    NS_PER_MS;
  const checks = (options["checks"] as number | undefined) ?? Infinity;
  for (const limit of gathering.limits) console.note(limit);
  for (let count = 1; !signal.aborted; count++) {
    const started = performance.now();
    await check(context, { gathering, schedule, history, topics });
    if (count >= checks) return EXIT_CODE.done;
    const left = everyMs - (performance.now() - started);
    if (left > 0) await pause(left, signal);
  }
  return EXIT_CODE.interrupted;
}

interface Watch {
  readonly gathering: Gathering;
  readonly schedule: WatchSchedule;
  readonly history: CaptureHistory | undefined;
  readonly topics: { readonly ok: string; readonly fail: string };
}

async function check(context: CommandContext, watch: Watch): Promise<void> {
  const { console, options, signal } = context;
  const { gathering, schedule, history, topics } = watch;
  const targets = await gathering.request(signal);
  if (signal.aborted) return;
  const failed = targets.filter(({ isOk }) => !isOk);
  const result = failed.length === 0 ? "ok" : "fail";
  const decision = schedule.decide(result, Date.now());
  console.note(
    `${new Date().toISOString()} ${decision.reason}${
      failed.map(({ request, error }) => `; ${request.target}: ${error}`)
        .join("")
    }`,
  );
  if (decision.publish) {
    await publish(context, watch, result, targets);
    const maxBytes = options["max-bytes"] as number | undefined;
    if (maxBytes !== undefined) {
      await pruneDumps(gathering.directory, [topics.ok, topics.fail], {
        maxBytes,
      });
    }
  }
  if (result === "ok") history?.advance();
}

async function publish(
  { console, options, signal }: CommandContext,
  { gathering, history, topics }: Watch,
  result: "ok" | "fail",
  targets: readonly TracedTarget[],
): Promise<void> {
  const more: TracedNetRequest[] = [];
  let all = targets;
  if (result === "fail") {
    const probes = (options["probe"] as readonly string[] | undefined) ?? [];
    all = [
      ...targets,
      ...await gathering.request(signal, probes.map(readTraceUrl)),
    ];
    const captures = await history?.captures() ?? [];
    if (captures.length > 0) {
      more.push({
        requestName: "before-failure",
        packetCaptures: captures.map(toPacketCapture),
        result: "fail",
        target: "packets before the failure",
      });
    }
  }
  try {
    const { path } = await gathering.publish(topics[result], all, signal, more);
    await console.print(
      options["json"] === true
        ? toJsonText({ path, topic: topics[result], result })
        : path,
    );
    await console.flush();
  } catch (error) {
    // A full disk now may be empty at the next failure.
    if (!(error instanceof Error)) throw error;
    console.warn(error.message);
  }
}

async function openSchedule(
  { options }: CommandContext,
  { directory }: Gathering,
  topics: { readonly ok: string; readonly fail: string },
): Promise<WatchSchedule> {
  const ms = (name: string): number | undefined => {
    const ns = options[name] as number | undefined;
    return ns === undefined ? undefined : ns / NS_PER_MS;
  };
  const dumper = new NetDumper({ directory });
  const [ok, fail] = await Promise.all([
    dumper.lastPublishAt(topics.ok),
    dumper.lastPublishAt(topics.fail),
  ]);
  try {
    return new WatchSchedule(
      { okMs: ok?.getTime(), failMs: fail?.getTime() },
      {
        okIntervalMs: ms("interval"),
        firstBackoffMs: ms("backoff"),
        maxBackoffMs: ms("max-backoff"),
        onRecovery: options["recovery"] !== false,
      },
    );
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

function openHistory({ console, options }: CommandContext):
  | CaptureHistory
  | undefined {
  const interfaces = options["history"] as readonly string[] | undefined;
  if (interfaces === undefined) return undefined;
  const history = new CaptureHistory({
    interfaces,
    maxBytes: options["history-limit"] as number,
  });
  for (const { interfaceName, error } of history.problems) {
    console.warn(`no packets of ${interfaceName}: ${error.message}`);
  }
  return history;
}
