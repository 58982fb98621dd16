import { toJsonText } from "../../../base/json_text.ts";
import { escapeForTerminal } from "../../../base/terminal_text.ts";
import { checkConfig } from "../../../tracereplay/check_config.ts";
import type { ConfigReport } from "../../../tracereplay/check_config.ts";
import type { ConfigFinding } from "../../../tracereplay/config_findings.ts";
import type { Architecture } from "../../../tracereplay/types.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { UsageError } from "../../usage_error.ts";
import { readConfigText } from "./read_config_text.ts";

/**
 * Checks session configurations.
 *
 * @param context Arguments and the outside.
 * @returns 1 when one has errors.
 */
export async function run(context: CommandContext): Promise<number> {
  const { options, positionals, console } = context;
  const arch = options["arch"] as Architecture | "both";
  const architectures = arch === "both" ? undefined : [arch];
  const release = parseRelease(options["release"] as string | undefined);
  let exitCode: number = EXIT_CODE.done;
  for (const path of positionals) {
    const text = await readConfigText(path, context);
    const report = checkConfig(text, { architectures, release });
    if (!report.isValid) exitCode = EXIT_CODE.failed;
    if (options["json"] === true) {
      await console.print(toJsonText({ file: path, ...report }));
    } else {
      for (const line of reportLines(path, report)) await console.print(line);
    }
  }
  return exitCode;
}

function reportLines(path: string, report: ConfigReport): string[] {
  const counts = new Map<string, number>();
  for (const { severity } of report.findings) {
    counts.set(severity, (counts.get(severity) ?? 0) + 1);
  }
  const found = ["error", "warning", "hint"].flatMap((severity) => {
    const count = counts.get(severity) ?? 0;
    return count === 0 ? [] : [`${count} ${severity}${count > 1 ? "s" : ""}`];
  });
  return [
    ...report.findings.map((finding) =>
      escapeForTerminal(`${path}: ${findingLine(finding)}`)
    ),
    escapeForTerminal(
      `${path}: ${report.isValid ? "valid" : "not valid"}, ${
        plural(report.points, "point")
      }, ${plural(report.sinks, "sink")}${
        found.length === 0 ? "" : `; ${found.join(", ")}`
      }`,
    ),
  ];
}

function findingLine(finding: ConfigFinding): string {
  const { severity, path, message, architectures, suggestion } = finding;
  const where = architectures === undefined
    ? ""
    : ` on ${architectures.join(", ")}`;
  const hint = suggestion === undefined ? "" : ` (${suggestion})`;
  return `${severity}: ${path}: ${message}${where}${hint}`;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

function parseRelease(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const match = /^(?:release-)?(\d{8})(?:\.\d+)?$/.exec(text);
  if (match === null) {
    throw new UsageError(
      `Cannot use "${text}" for --release: expected YYYYMMDD`,
    );
  }
  return Number(match[1]);
}
