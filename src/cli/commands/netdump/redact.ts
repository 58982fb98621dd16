import { toJsonText } from "../../../base/json_text.ts";
import { loadNetdump } from "../../../netdump/netdump_archive.ts";
import { createRedactor } from "../../../netdump/redact/create_redactor.ts";
import {
  readPseudonyms,
  writePseudonyms,
} from "../../../netdump/redact/pseudonym_file.ts";
import { redactNetdump } from "../../../netdump/redact/redact_netdump.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { reportDamage } from "../../report_damage.ts";
import { UsageError } from "../../usage_error.ts";
import { refuseBinaryToTerminal, writeOutput } from "../../write_output.ts";
import { openArchive } from "./archive_options.ts";
import { summarizeRedactions } from "./collect_options.ts";

/**
 * Redacts an archive.
 *
 * @param context Arguments and the outside.
 * @returns The exit code; 3 also when entries were left out.
 */
export async function run(context: CommandContext): Promise<number> {
  const { console, options, positionals } = context;
  const level = options["level"] as "standard" | "strict";
  const path = (options["output"] as string | undefined) ??
    outputFor(positionals[0]!);
  const isStdout = path === "-";
  if (isStdout) {
    refuseBinaryToTerminal(console, true);
    if (options["json"] === true) {
      throw new UsageError("Cannot write archive and report to one output");
    }
  }
  const table = options["pseudonyms"] as string | undefined;
  const tablePath = table ?? (isStdout ? undefined : `${path}.pseudonyms.json`);
  if (level === "strict" && tablePath === undefined) {
    throw new UsageError(
      "Cannot redact strictly to standard output without a table of pseudonyms",
      "name one with --pseudonyms FILE",
    );
  }
  const input = await openArchive(positionals[0]!, context);
  const archive = await loadNetdump(input.open(), input.options);
  const pseudonyms = level === "strict"
    ? await readPseudonyms(tablePath!)
    : undefined;
  const redacted = redactNetdump(
    archive,
    createRedactor(level, { pseudonyms })!,
  );
  await writeOutput(console, redacted.archive, {
    path,
    binary: true,
    mode: 0o600,
  });
  if (pseudonyms !== undefined) await writePseudonyms(tablePath!, pseudonyms);
  for (const name of redacted.leftOut) console.warn(`left out ${name}`);
  if (options["json"] === true) {
    for (const redaction of redacted.redactions) {
      await console.print(toJsonText(redaction));
    }
  }
  const taken = summarizeRedactions(redacted.redactions);
  console.note(`taken out: ${taken === "" ? "nothing" : taken}`);
  if (!isStdout) console.note(`wrote ${path}`);
  const accept = options["accept-damage"] === true;
  const damage = reportDamage(console, input.name, input.stats, { accept });
  return redacted.leftOut.length > 0 && !accept ? EXIT_CODE.damaged : damage;
}

function outputFor(path: string): string {
  if (path === "-") return "-";
  const stem = path.replace(/\.(tgz|tar\.gz|tar)$/, "");
  return `${stem}-redacted.tgz`;
}
