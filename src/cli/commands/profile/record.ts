import { formatBytes } from "../../../base/byte_size.ts";
import { DecodeStats } from "../../../base/decode_stats.ts";
import { noteEmptyProfile } from "../../../formats/note_empty_profile.ts";
import {
  type LaunchedProgram,
  launchProgram,
} from "../../../platform/launched_program.ts";
import { rootProfile } from "../../../profile/root_profile.ts";
import type { Profile } from "../../../profile/types.ts";
import type { LivePerfCounts } from "../../../tracehandler/live_perf_source.ts";
import {
  type RecordedProfile,
  recordProfile,
} from "../../../tracehandler/record_profile.ts";
import type { CommandContext } from "../../command.ts";
import { reportDamage } from "../../report_damage.ts";
import { writeOutput } from "../../write_output.ts";
import { LiveTop } from "./live_top.ts";
import { MetricTotals } from "./metric_totals.ts";
import { readRecordOutput, type RecordOutput } from "./record_output.ts";
import { readRecordPlan } from "./record_plan.ts";

/** Time that a program which was started here gets to end by itself. */
const GRACE_MS = 1000;

/**
 * Records a profile.
 *
 * @param context Arguments and the outside.
 * @returns The exit code: 3 when samples were lost.
 */
export async function run(context: CommandContext): Promise<number> {
  const { options, passthrough, console } = context;
  const plan = readRecordPlan(options, passthrough.length > 0);
  const output = await readRecordOutput(context, plan.target);
  const stats = new DecodeStats();
  const metrics = new MetricTotals();
  let program: LaunchedProgram | undefined;
  let recorded: RecordedProfile;
  {
    await using progress = console.progress(`Recording ${output.subject}`, {
      unit: "samples",
    });
    const topIntervalMs = options["top-interval"] as number / 1e6;
    await using top = options["top"] === true
      ? new LiveTop(console, {
        subject: output.subject,
        intervalMs: topIntervalMs,
      })
      : undefined;
    recorded = await recordProfile({
      ...plan,
      launch: passthrough.length === 0
        ? undefined
        : () =>
          program = launchProgram(passthrough, {
            output: output.path === "-" ? Deno.stderr.writable : undefined,
          }),
      stop: context.signal,
      timed: output.writer.timed === true && options["times"] !== false,
      reporter: top?.reporter,
      // What is shown would be old.
      roundMs: top === undefined ? undefined : Math.min(topIntervalMs / 2, 500),
      metrics,
      stats,
      onNote: (text) => console.note(text),
      onProgress(counts) {
        if (top !== undefined) top.update(counts);
        else progress.update(counts.samples, describeLoss(counts));
      },
    });
    progress.update(recorded.counts.samples, describeLoss(recorded.counts));
  }
  await program?.end(GRACE_MS);
  await write(context, output, recorded, stats);
  const form = options["stats"] as "json" | "prometheus" | undefined;
  if (form !== undefined) await console.print(metrics.render(form));
  await sayProgram(context, program);
  return sayResult(context, output, recorded, stats);
}

async function write(
  { console, options }: CommandContext,
  { path, target, writer }: RecordOutput,
  { profile }: RecordedProfile,
  stats: DecodeStats,
): Promise<void> {
  noteEmptyProfile(profile, stats);
  const isFile = path !== "-";
  const roots = options["root"] as readonly string[] | undefined ??
    (writer.threadless === true && hasManyProcesses(profile)
      ? ["process"]
      : []);
  const rooted = roots.filter((root) =>
    root === "process" || root === "thread"
  );
  const stream = writer.writeProfile!(rootProfile(profile, rooted), {
    options,
    outputName: isFile ? path.split(/[\\/]/).at(-1) : undefined,
    stats,
    // Ctrl-C ended the recording, not what is made of it.
    signal: new AbortController().signal,
  });
  const size = await writeOutput(console, stream, {
    path,
    binary: target.binary,
  });
  if (isFile) {
    console.note(`wrote ${path} (${formatBytes(size)}, ${target.title})`);
  }
}

function hasManyProcesses({ threads }: Profile): boolean {
  return new Set(threads.map(({ processName }) => processName)).size > 1;
}

function sayResult(
  { console, passthrough }: CommandContext,
  { subject }: RecordOutput,
  { counts, durationMs, event, endedBy }: RecordedProfile,
  stats: DecodeStats,
): number {
  if (endedBy === "target" && passthrough.length === 0) {
    console.note(`${subject} has ended`);
  }
  console.note(
    `${counts.samples} samples of ${event.name} in ${
      (durationMs / 1000).toFixed(1)
    } s, ${counts.lost} lost`,
  );
  if (counts.lost > 0) {
    stats.count("samples_lost", "data_loss", {
      amount: counts.lost,
      detail: "the ring was full; use a larger --ring-pages, or a lower --freq",
    });
  }
  if (counts.throttled > 0) {
    console.warn(
      `the kernel slowed sampling down ${counts.throttled} times; see kernel.perf_event_max_sample_rate and kernel.perf_cpu_time_max_percent`,
    );
  }
  if (counts.truncated > 0) {
    console.note(
      `${counts.truncated} stacks were deeper than the limit and are cut; see --max-stack and kernel.perf_event_max_stack`,
    );
  }
  return reportDamage(console, subject, stats);
}

/** How a program ended that was started here. */
async function sayProgram(
  { console }: CommandContext,
  program: LaunchedProgram | undefined,
): Promise<void> {
  if (program?.hasEnded !== true) return;
  const { success, code, signal } = await program.status;
  if (success) return;
  console.note(
    signal === null
      ? `the program ended with exit code ${code}`
      : `the program was ended by ${signal}`,
  );
}

function describeLoss({ lost }: LivePerfCounts): string {
  return lost === 0 ? "none lost" : `${lost} lost`;
}
