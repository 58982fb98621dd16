import { formatBytes } from "../../base/byte_size.ts";
import { formatDurationNs } from "../../base/duration.ts";
import { toJsonText } from "../../base/json_text.ts";
import { formatUnixNs } from "../../base/time.ts";
import type { UnixNs } from "../../base/time.ts";
import type { FormatInfo } from "../../formats/types.ts";
import type { OpenedInput } from "../../formats/opened_input.ts";
import type { CommandContext } from "../command.ts";
import { EXIT_CODE } from "../exit_code.ts";
import { renderReport, sectionsToJson } from "../render_report.ts";
import { describeStat, reportDamage } from "../report_damage.ts";
import { checkFormatOptions } from "../verbs/format_options.ts";
import { openFile } from "../verbs/open_file.ts";

/**
 * Tells what files are. A file that cannot be read does not keep the others
 * from being told.
 *
 * @param context Arguments and the outside.
 * @returns The worst of the files' exit codes.
 */
export async function run(context: CommandContext): Promise<number> {
  const { positionals, console, signal } = context;
  let exitCode: number = EXIT_CODE.done;
  for (const [index, path] of positionals.entries()) {
    try {
      const code = await tellFile(path, context, index > 0);
      if (exitCode !== EXIT_CODE.failed) exitCode = Math.max(exitCode, code);
    } catch (error) {
      if (
        positionals.length === 1 || signal.aborted || !(error instanceof Error)
      ) throw error;
      console.error(error.message);
      exitCode = EXIT_CODE.failed;
    }
  }
  return exitCode;
}

async function tellFile(
  path: string,
  context: CommandContext,
  isNext: boolean,
): Promise<number> {
  const { console, options } = context;
  await using opened = await openFile(path, context);
  const { input, entry, format } = opened;
  checkFormatOptions(options, "info", [entry]);
  const info = await format.info(input, options);
  if (options["json"] === true) {
    await console.print(toJsonText(infoToJson(opened, info)));
  } else {
    if (isNext) await console.print("");
    await console.print(renderInfo(opened, info));
  }
  return reportDamage(console, input.name, input.stats, {
    accept: options["accept-damage"] === true,
  });
}

function renderInfo({ input, entry }: OpenedInput, info: FormatInfo): string {
  const { startTime, endTime } = info;
  const wrapped = input.wrappers.map((wrapper) => `, in ${wrapper}`).join("");
  const health = input.stats.entries();
  return renderReport({
    title: "",
    sections: [
      {
        type: "facts",
        key: "file",
        title: input.name,
        facts: [
          {
            key: "format",
            title: "format",
            value: `${entry.title}${
              info.version === undefined ? "" : ` ${info.version}`
            }${wrapped}`,
          },
          { key: "writer", title: "writer", value: info.writer },
          {
            key: "size",
            title: "size",
            value: input.sizeBytes === undefined
              ? undefined
              : formatBytes(input.sizeBytes),
          },
          { key: "start", title: "start", unit: "time", value: startTime },
          {
            key: "duration",
            title: "duration",
            value: startTime === undefined || endTime === undefined
              ? undefined
              : formatDurationNs(Number(endTime - startTime)),
          },
          {
            key: "health",
            title: "health",
            value: input.stats.hasLoss
              ? "damaged or incomplete"
              : health.length > 0
              ? "complete, with remarks"
              : "complete",
          },
        ],
      },
      ...info.sections,
      ...(health.length === 0 ? [] : [{
        type: "text" as const,
        key: "remarks",
        title: "Remarks",
        lines: health.map(describeStat),
      }]),
      ...(info.next.length === 0 ? [] : [{
        type: "text" as const,
        key: "next",
        title: "Next",
        lines: info.next.map((line) =>
          `tracedeck ${line.replace("FILE", () => shellWord(input.name))}`
        ),
      }]),
    ],
  });
}

/** A file name as a shell takes it. */
function shellWord(name: string): string {
  return /^[\w./:,=@%+-]+$/.test(name)
    ? name
    : `'${name.replaceAll("'", "'\\''")}'`;
}

function infoToJson(
  { input, entry }: OpenedInput,
  info: FormatInfo,
): Record<string, unknown> {
  const { startTime, endTime } = info;
  const time = (ns: bigint | undefined) =>
    ns === undefined ? undefined : formatUnixNs(ns as UnixNs);
  return {
    file: input.name,
    format: entry.name,
    title: entry.title,
    version: info.version,
    writer: info.writer,
    wrappers: input.wrappers,
    sizeBytes: input.sizeBytes,
    startTime: time(startTime),
    endTime: time(endTime),
    ...sectionsToJson(info.sections),
    isDamaged: input.stats.hasLoss,
    remarks: input.stats.entries(),
    next: info.next,
  };
}
