import { DecodeStats } from "../../../base/decode_stats.ts";
import { whyEmpty } from "../../../formats/note_empty_profile.ts";
import type { Selection } from "../../../formats/selection.ts";
import { splitProfile } from "../../../profile/split_profile.ts";
import type { Profile } from "../../../profile/types.ts";
import { OtlpExporter } from "../../../tracehandler/otlp_exporter.ts";
import { profileTraces } from "../../../tracehandler/profile_traces.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { reportDamage } from "../../report_damage.ts";
import { UsageError } from "../../usage_error.ts";
import type { OpenedFile } from "../../verbs/open_file.ts";
import { compileSelection } from "../../verbs/profile_filter.ts";
import { renderExportStats, sayExportLosses } from "./export_stats.ts";
import { isUrl, openProfileInput } from "./open_profile_input.ts";
import { type OtlpSettings, readOtlpSettings } from "./otlp_options.ts";

/**
 * Sends profiles to a collector.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { options, console, signal, positionals } = context;
  const settings = await readOtlpSettings(context);
  const job = new ExportJob(context, settings, compileSelection(options));
  const repeatNs = options["repeat"] as number | undefined;
  if (repeatNs !== undefined && !positionals.every(isUrl)) {
    throw new UsageError(
      "Option --repeat is for addresses only",
      "a file is sent once",
    );
  }
  try {
    if (repeatNs === undefined) {
      for (const path of positionals) await job.send(path);
    } else await job.sendRepeatedly(positionals, repeatNs / 1e6);
  } catch (error) {
    // What was lost is told all the same.
    if (!signal.aborted) throw error;
  } finally {
    await job[Symbol.asyncDispose]();
  }
  const { counters } = job;
  const stats = options["stats"] as "json" | "prometheus" | undefined;
  if (stats !== undefined) {
    await console.print(renderExportStats(counters, stats));
  }
  const hasLosses = sayExportLosses(counters, (text) => console.warn(text));
  console.note(
    `sent ${counters.sent} of ${job.pushed} profiles to ${settings.endpoint.url}; they have ${job.samples} samples`,
  );
  if (repeatNs === undefined) signal.throwIfAborted();
  if (job.pushed > 0 && counters.sent === 0) {
    console.error(
      `Cannot send to ${settings.endpoint.url}: ${
        job.lastRemark ?? "it was not reached"
      }`,
    );
    return EXIT_CODE.failed;
  }
  return hasLosses ? EXIT_CODE.damaged : job.exitCode;
}

/** Sends inputs one after the other through one exporter. */
class ExportJob implements AsyncDisposable {
  /** Profiles that were handed to the exporter. */
  pushed = 0;
  /** Samples in them. */
  samples = 0;
  /** What the exporter said last. */
  lastRemark: string | undefined;
  exitCode: number = EXIT_CODE.done;
  readonly #context: CommandContext;
  readonly #selection: Selection;
  readonly #exporter: OtlpExporter;
  readonly #endpoint: string;
  readonly #losses = new DecodeStats();

  constructor(
    context: CommandContext,
    { endpoint, exporter }: OtlpSettings,
    selection: Selection,
  ) {
    this.#context = context;
    this.#selection = selection;
    this.#endpoint = endpoint.url;
    this.#exporter = new OtlpExporter(endpoint, {
      ...exporter,
      message: { ...exporter.message, stats: this.#losses },
      log: (text) => {
        this.lastRemark = text;
        exporter.log?.(text);
      },
    });
  }

  get counters(): OtlpExporter["counters"] {
    return this.#exporter.counters;
  }

  /** Sends an input; returns when it was sent or given up. */
  async send(path: string): Promise<void> {
    const { signal, options } = this.#context;
    const { profile, code } = await this.#read(path);
    this.exitCode = Math.max(this.exitCode, code);
    const intervalNs = options["interval"] as number | undefined;
    const parts = intervalNs === undefined
      ? [profile]
      : splitProfile(profile, intervalNs);
    for (const part of parts) {
      signal.throwIfAborted();
      this.#push(part);
      // A file can wait: nothing of it need be dropped.
      await this.#drain();
    }
  }

  /** Gets addresses until it is stopped; what cannot be got is tried again. */
  async sendRepeatedly(
    urls: readonly string[],
    pauseMs: number,
  ): Promise<void> {
    const { signal, console } = this.#context;
    while (!signal.aborted) {
      for (const url of urls) {
        try {
          const { profile } = await this.#read(url);
          this.#push(profile);
        } catch (error) {
          if (signal.aborted) return;
          this.exitCode = EXIT_CODE.damaged;
          console.warn(error instanceof Error ? error.message : String(error));
        }
      }
      await pause(pauseMs, signal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#exporter.pending > 0) {
      this.#context.console.note("sending what is left");
    }
    await this.#exporter[Symbol.asyncDispose]();
    this.exitCode = Math.max(
      this.exitCode,
      reportDamage(this.#context.console, "OTLP", this.#losses),
    );
  }

  async #read(
    path: string,
  ): Promise<{ readonly profile: Profile; readonly code: number }> {
    const { console, options } = this.#context;
    await using opened = await openProfileInput(path, this.#context);
    const whole = await readProfile(opened, this.#context);
    const profile = this.#selection.profile?.(whole) ?? whole;
    if (profile.samples.length === 0) {
      const why = whyEmpty(profile);
      console.warn(`${path}: no samples${why === undefined ? "" : `: ${why}`}`);
    }
    const code = reportDamage(console, path, opened.input.stats, {
      accept: options["accept-damage"] === true,
    });
    return { profile, code };
  }

  #push(profile: Profile): void {
    const { length } = profile.samples;
    if (length === 0) return;
    this.pushed++;
    this.samples += length;
    this.#exporter.export(profile);
  }

  async #drain(): Promise<void> {
    const { console, signal, options } = this.#context;
    await using _progress = console.progress(`Sending to ${this.#endpoint}`);
    // Each message is given up by itself; until then it is waited for.
    const most = 2 * (options["give-up"] as number) / 1e6 + 60_000;
    const interrupted = Promise.withResolvers<void>();
    const end = () => interrupted.resolve();
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    await Promise.race([this.#exporter.flush(most), interrupted.promise]);
    signal.removeEventListener("abort", end);
  }
}

/** Stacks one by one through the trace handler where the format has them so. */
async function readProfile(
  { format, input, entry }: OpenedFile,
  { signal }: CommandContext,
): Promise<Profile> {
  const { stats } = input;
  if (format.traces !== undefined) {
    const source = await format.traces(input, {});
    const { profile } = await profileTraces(source, { stats, signal });
    if (profile.samples.length > 0 || input.path === undefined) return profile;
  }
  if (format.profile === undefined) {
    throw new Error(
      `Cannot export ${input.name}: ${entry.title} has no stacks`,
    );
  }
  return await format.profile(input, {}, { timed: true });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = () => {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    resolve();
  };
  const timer = setTimeout(end, ms);
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  return promise;
}
