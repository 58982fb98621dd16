import { toJsonText } from "../../../base/json_text.ts";
import { checkNetdump } from "../../../netdump/check/check_archive.ts";
import { renderFindings } from "../../../netdump/check/render_findings.ts";
import { loadNetdump } from "../../../netdump/netdump_archive.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { reportDamage } from "../../report_damage.ts";
import { openArchive } from "./archive_options.ts";

/**
 * Checks archives.
 *
 * @param context Arguments and the outside.
 * @returns 1 when something was wrong, 3 when an archive is damaged and nothing else.
 */
export async function run(context: CommandContext): Promise<number> {
  const { console, options, positionals } = context;
  let exitCode: number = EXIT_CODE.done;
  for (const [index, path] of positionals.entries()) {
    const input = await openArchive(path, context);
    const archive = await loadNetdump(input.open(), input.options);
    const findings = checkNetdump(archive, { stats: input.stats });
    if (options["json"] === true) {
      for (const finding of findings) {
        await console.print(toJsonText({ archive: input.name, ...finding }));
      }
    } else {
      if (index > 0) await console.print("");
      await console.print(renderFindings(input.name, findings));
    }
    const damage = reportDamage(console, input.name, input.stats);
    const isWrong = findings.some(({ severity, id }) =>
      severity !== "note" && id !== "archive-damaged"
    );
    if (isWrong) exitCode = EXIT_CODE.failed;
    else if (exitCode === EXIT_CODE.done) exitCode = damage;
  }
  return exitCode;
}
