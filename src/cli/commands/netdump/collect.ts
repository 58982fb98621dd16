import { toJsonText } from "../../../base/json_text.ts";
import { checkNetdump } from "../../../netdump/check/check_archive.ts";
import { renderFindings } from "../../../netdump/check/render_findings.ts";
import {
  REASON_SCARCE,
  REASON_SKIPPED,
} from "../../../netdump/collect/linux_collector.ts";
import { checkTopic } from "../../../netdump/dump_name.ts";
import { loadNetdump } from "../../../netdump/netdump_archive.ts";
import { readFileStream } from "../../../platform/file_source.ts";
import { enterNetworkNamespace } from "../../../platform/network_namespace.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { UsageError } from "../../usage_error.ts";
import { readGathering, summarizeRedactions } from "./collect_options.ts";

/**
 * Gathers a dump and publishes it.
 *
 * @param context Arguments and the outside.
 * @returns The exit code; with `--check`, 1 when something is wrong.
 */
export async function run(context: CommandContext): Promise<number> {
  const { console, options, signal } = context;
  const namespace = options["netns"] as string | undefined;
  if (namespace !== undefined) enter(namespace);
  const wanted = options["topic"] as string | undefined;
  if (wanted !== undefined) checkUsage(() => checkTopic(wanted));
  const gathering = await readGathering(context);
  await using progress = console.progress("Looking at the network");
  const targets = await gathering.request(signal);
  const isOk = targets.every((target) => target.isOk);
  const topic = wanted ??
    (targets.length === 0 ? "device" : isOk ? "device-ok" : "device-fail");
  const dump = await gathering.publish(topic, targets, signal);
  await progress[Symbol.asyncDispose]();

  for (const { request, error } of targets) {
    console.note(
      `${request.target}: ${error === "" ? "answered" : `failed: ${error}`}`,
    );
  }
  for (const limit of gathering.limits) console.note(limit);
  tellAbsent(context, dump.absent);
  const taken = summarizeRedactions(dump.redactions);
  if (taken !== "") console.note(`taken out: ${taken}`);
  if (options["json"] === true) {
    await console.print(toJsonText({
      path: dump.path,
      topic,
      isOk,
      entries: dump.entries,
      absent: dump.absent,
      redactions: dump.redactions,
      requests: targets.map(({ request, error }) => ({
        target: request.target,
        result: request.result,
        error,
      })),
    }));
  } else await console.print(dump.path);
  if (signal.aborted) {
    console.note("interrupted: the dump has what was gathered until then");
    return EXIT_CODE.interrupted;
  }
  return options["check"] === true
    ? await tellFindings(context, dump.path)
    : EXIT_CODE.done;
}

async function tellFindings(
  { console, options }: CommandContext,
  path: string,
): Promise<number> {
  const archive = await loadNetdump(readFileStream(path));
  const findings = checkNetdump(archive);
  if (options["json"] === true) {
    for (const finding of findings) await console.print(toJsonText(finding));
  } else await console.print(`\n${renderFindings(path, findings)}`);
  return findings.some(({ severity }) => severity !== "note")
    ? EXIT_CODE.failed
    : EXIT_CODE.done;
}

function tellAbsent(
  { console }: CommandContext,
  absent: readonly { readonly name: string; readonly reason: string }[],
): void {
  const scarce = absent.filter(({ reason }) => reason === REASON_SCARCE);
  if (scarce.length > 0) {
    console.warn(
      `little space is left in the folder of dumps: without ${
        scarce.map(({ name }) => name.replace(/^linux\//, "")).join(", ")
      }`,
    );
  }
  const others = absent.filter(({ reason }) =>
    reason !== REASON_SCARCE && reason !== REASON_SKIPPED
  );
  if (others.length === 0) return;
  if (!console.verbose) {
    console.note(
      `${others.length} things could not be had; --verbose or the manifest tells which`,
    );
    return;
  }
  for (const { name, reason } of others) {
    console.note(`not there: ${name}: ${reason}`);
  }
}

/** All threads of pools that are made from now on are in the namespace too. */
function enter(namespace: string): void {
  try {
    enterNetworkNamespace(namespace);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new UsageError(error.message, `"ip netns" lists those with a name`);
    }
    throw error;
  }
}

function checkUsage(check: () => void): void {
  try {
    check();
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}
