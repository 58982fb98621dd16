import { sampleStacks } from "../../../eventpipe/sample_stacks.ts";
import { profileSections } from "../../../formats/profile_report.ts";
import { ServerNotAvailableError } from "../../../eventpipe/ipc/diagnostic_error.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { renderReport } from "../../render_report.ts";
import { openTarget } from "./target_options.ts";

const CLEAR_SCREEN = "\x1b[H\x1b[J";

/**
 * Shows hot methods until it is stopped or the process ends.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { options, console, signal } = context;
  await using target = await openTarget(context);
  const rounds = options["rounds"] as number | undefined ?? Infinity;
  for (let round = 0; round < rounds && !signal.aborted; round++) {
    try {
      const profile = await sampleStacks(target.client, {
        durationMs: options["interval"] as number / 1e6,
        stop: signal,
      });
      const sections = profileSections(profile, {
        top: options["top"] as number,
        sort: options["sort"] as "exclusive" | "inclusive",
      });
      const text = renderReport({ title: target.name, sections }, {
        columns: console.stdoutIsTerminal ? console.columns : 0,
      });
      await console.print(
        console.stdoutIsTerminal ? `${CLEAR_SCREEN}${text}` : text,
      );
      await console.flush();
    } catch (error) {
      // A process that ends while it is watched is no failure.
      if (round === 0 || !(error instanceof ServerNotAvailableError)) {
        throw error;
      }
      console.note("the process has ended");
      break;
    }
  }
  return EXIT_CODE.done;
}
