import { profileSections } from "../../../formats/profile_report.ts";
import { ProfileReporter } from "../../../profile/profile_reporter.ts";
import type { TraceReporter } from "../../../profile/trace_reporter.ts";
import type { LivePerfCounts } from "../../../tracehandler/live_perf_source.ts";
import type { Console } from "../../console.ts";
import { renderReport } from "../../render_report.ts";

const CLEAR_SCREEN = "\x1b[H\x1b[J";

/** What a {@linkcode LiveTop} shows. */
export interface LiveTopOptions {
  /** Who is sampled. */
  readonly subject: string;
  /** How often it is shown anew, in milliseconds. */
  readonly intervalMs: number;
}

/** Shows the hottest functions of the last moments, again and again. */
export class LiveTop implements AsyncDisposable {
  readonly #console: Console;
  readonly #options: LiveTopOptions;
  readonly #reporter = new ProfileReporter({ timed: false });
  #shownAt: number;
  #shown: Promise<void> = Promise.resolve();

  /**
   * @param console Where to show it.
   * @param options What and how often.
   */
  constructor(console: Console, options: LiveTopOptions) {
    this.#console = console;
    this.#options = options;
    this.#shownAt = console.now();
  }

  /** Takes the samples. */
  get reporter(): TraceReporter {
    return this.#reporter;
  }

  /** @param counts What was sampled so far; shown when it is time. */
  update(counts: LivePerfCounts): void {
    const now = this.#console.now();
    if (now - this.#shownAt < this.#options.intervalMs) return;
    this.#shownAt = now;
    const text = this.#render(counts);
    this.#shown = this.#shown.then(() => this.#show(text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#shown;
  }

  #render({ samples, lost }: LivePerfCounts): string {
    const { subject } = this.#options;
    const title = `${subject}: ${samples} samples${
      lost === 0 ? "" : `, ${lost} lost`
    }`;
    return renderReport(
      { title, sections: profileSections(this.#reporter.take()) },
      { columns: this.#console.stdoutIsTerminal ? this.#console.columns : 0 },
    );
  }

  async #show(text: string): Promise<void> {
    const { stdoutIsTerminal } = this.#console;
    await this.#console.print(
      stdoutIsTerminal ? `${CLEAR_SCREEN}${text}` : `${text}\n`,
    );
    await this.#console.flush();
  }
}
