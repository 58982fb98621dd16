import { FormatError, LimitError } from "../../../base/errors.ts";
import { escapeForTerminal } from "../../../base/terminal_text.ts";
import { checkOtlp } from "../../../profile/check_otlp.ts";
import type { OtlpFinding } from "../../../profile/check_otlp.ts";
import type { OtlpLayout } from "../../../profile/otlp_types.ts";
import { readOtlp } from "../../../profile/read_otlp.ts";
import type { CommandContext } from "../../command.ts";
import { describeStat } from "../../report_damage.ts";
import { UsageError } from "../../usage_error.ts";
import { checkFiles, type FileVerdict } from "../../verbs/check_files.ts";
import { openFile } from "../../verbs/open_file.ts";

/** A finding with the message that it is about. */
interface PlacedFinding extends OtlpFinding {
  /** Number of the message in the file, from 0. */
  readonly messageIndex: number;
  /** Its first byte in the unpacked file, or its line where `isLine`. */
  readonly position: number;
}

/** What was found in one file. */
interface ValidationResult extends FileVerdict {
  readonly encoding: "protobuf" | "json" | undefined;
  /** Whether messages stand behind their lengths, or on lines of their own. */
  readonly isFramed: boolean;
  readonly layout: string | undefined;
  readonly messages: number;
  readonly errorCount: number;
  readonly warningCount: number;
  /** What is wrong with the file itself. */
  readonly damage: readonly string[];
  /** The first ones. */
  readonly findings: readonly PlacedFinding[];
}

/**
 * Checks files of OTLP profiles.
 *
 * @param context Arguments and the outside.
 * @returns The exit code of the worst.
 */
export function run(context: CommandContext): Promise<number> {
  return checkFiles(context, { check: validateFile, describe });
}

async function validateFile(
  path: string,
  context: CommandContext,
): Promise<ValidationResult> {
  const { options, signal } = context;
  const empty = {
    file: path,
    isOk: false,
    error: undefined,
    encoding: undefined,
    isFramed: false,
    layout: undefined,
    messages: 0,
    errorCount: 0,
    warningCount: 0,
    damage: [],
    findings: [],
  };
  try {
    await using opened = await openFile(path, {
      ...context,
      options: { ...options, from: "otlp" },
    });
    const { stats } = opened.input;
    const { messages, positions, encoding, isFramed } = await readOtlp(
      opened.input.open(),
      {
        layout: options["otlp-layout"] as OtlpLayout | "auto",
        stats,
        signal,
      },
    );
    const maxFindings = options["max-findings"] as number;
    const findings: PlacedFinding[] = [];
    let errorCount = 0;
    let warningCount = 0;
    messages.forEach((message, messageIndex) => {
      const result = checkOtlp(message, {
        maxFindings: maxFindings - findings.length,
      });
      errorCount += result.errorCount;
      warningCount += result.warningCount;
      const position = positions[messageIndex]!;
      for (const finding of result.findings) {
        findings.push({ messageIndex, position, ...finding });
      }
    });
    const isStrict = options["strict"] === true;
    return {
      file: path,
      isOk: errorCount === 0 && !stats.hasLoss &&
        !(isStrict && warningCount > 0),
      error: undefined,
      encoding,
      isFramed,
      layout: stats.get("otlp_old_layout") > 0 ? "1.8 or 1.9" : "1.10 or later",
      messages: messages.length,
      errorCount,
      warningCount,
      damage: stats.entries()
        .filter(({ severity }) =>
          severity === "data_loss" || severity === "error"
        )
        .map(describeStat),
      findings,
    };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof UsageError || !(error instanceof Error)) throw error;
    const isTold = error instanceof FormatError ||
      error instanceof LimitError || error.message.startsWith("Cannot open ");
    if (!isTold) throw error;
    return { ...empty, error: error.message };
  }
}

function* describe(result: ValidationResult): Generator<string> {
  const file = escapeForTerminal(result.file);
  if (result.error !== undefined) {
    yield `${file}: ${escapeForTerminal(result.error)}`;
    return;
  }
  const { errorCount, warningCount, encoding, isFramed, findings } = result;
  const state = errorCount + warningCount + result.damage.length === 0
    ? "ok"
    : `${plural(errorCount, "error")}, ${plural(warningCount, "warning")}`;
  yield `${file}: ${state} in ${
    plural(result.messages, "message")
  }, ${encoding}, layout of OTLP ${result.layout}`;
  for (const text of result.damage) {
    yield `  damaged: ${escapeForTerminal(text)}`;
  }
  for (const { severity, path, message, messageIndex, position } of findings) {
    const place = isFramed
      ? `message ${messageIndex} at ${
        encoding === "json" ? "line" : "byte"
      } ${position}: `
      : "";
    yield `  ${severity}: ${place}${path} ${escapeForTerminal(message)}`;
  }
  const more = errorCount + warningCount - findings.length;
  if (more > 0) yield `  ${more} more`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
