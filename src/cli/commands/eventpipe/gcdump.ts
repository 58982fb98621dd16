import { formatBytes } from "../../../base/byte_size.ts";
import { DecodeStats } from "../../../base/decode_stats.ts";
import { toJsonText } from "../../../base/json_text.ts";
import { encodeHeapDump } from "../../../eventpipe/gcdump/heap_dump_encoder.ts";
import { heapReport } from "../../../eventpipe/gcdump/heap_report.ts";
import type { HeapDump } from "../../../eventpipe/gcdump/types.ts";
import { takeHeapDump } from "../../../eventpipe/take_heap_dump.ts";
import type { CommandContext } from "../../command.ts";
import { renderReport, reportToJson } from "../../render_report.ts";
import { reportDamage } from "../../report_damage.ts";
import { UsageError } from "../../usage_error.ts";
import { refuseBinaryToTerminal, writeOutput } from "../../write_output.ts";
import { timeStamp } from "./collect.ts";
import { openTarget } from "./target_options.ts";

/** Texts of a heap are nobody else's business. */
const PRIVATE_MODE = 0o600;

/**
 * Takes a heap dump.
 *
 * @param context Arguments and the outside.
 * @returns The exit code: 3 when objects were lost.
 */
export async function run(context: CommandContext): Promise<number> {
  const { options, console, signal } = context;
  const asksForReport = options["report"] === true || options["json"] === true;
  if (options["output"] === "-") {
    refuseBinaryToTerminal(console, true);
    if (asksForReport) {
      throw new UsageError(
        "Cannot write the dump and a report on it to standard output at once",
      );
    }
  }
  await using target = await openTarget(context);
  const path = options["output"] as string | undefined ??
    `${timeStamp(new Date())}_${target.pid ?? target.name}.gcdump`;
  const stats = new DecodeStats();
  let dump: HeapDump;
  {
    await using progress = console.progress(`Dumping heap of ${target.name}`, {
      unit: "records",
    });
    dump = await takeHeapDump(target.client, {
      timeoutMs: options["timeout"] as number / 1e6,
      stats,
      signal,
      onNote: (text) => console.note(text),
      onProgress: (objects) => progress.update(objects),
    });
  }
  const size = await writeOutput(
    console,
    ReadableStream.from([encodeHeapDump(dump)]),
    { path, binary: true, mode: PRIVATE_MODE },
  );
  if (path !== "-") {
    console.note(
      `wrote ${path} (${formatBytes(size)}, ${countObjects(dump)} objects)`,
    );
  }
  if (asksForReport) {
    const report = {
      title: target.name,
      sections: heapReport(dump, { top: options["top"] as number }),
    };
    await console.print(
      options["json"] === true
        ? toJsonText(reportToJson(report))
        : renderReport(report, {
          columns: console.stdoutIsTerminal ? console.columns : 0,
        }),
    );
  }
  return reportDamage(console, path, stats);
}

/** Groups of roots are nodes too; they have no address. */
function countObjects({ graph }: HeapDump): number {
  return graph.addressOf.reduce(
    (count, address) => address === 0n ? count : count + 1,
    0,
  );
}
