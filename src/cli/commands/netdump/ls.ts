import { toJsonText } from "../../../base/json_text.ts";
import type { ReportCell, ReportColumn } from "../../../base/report.ts";
import { unixNsFromMs } from "../../../base/time.ts";
import { defaultPublishDirectory } from "../../../netdump/default_publish_directory.ts";
import { listDumps, readStoredManifest } from "../../../netdump/dump_store.ts";
import type { StoredDump } from "../../../netdump/dump_store.ts";
import type { Manifest } from "../../../netdump/manifest.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { renderReport } from "../../render_report.ts";

const COLUMNS: readonly ReportColumn[] = [
  { key: "file", title: "file" },
  { key: "topic", title: "topic" },
  { key: "time", title: "time", unit: "time" },
  { key: "size", title: "size", unit: "bytes" },
];
const LONG_COLUMNS: readonly ReportColumn[] = [
  ...COLUMNS,
  { key: "sequence", title: "number", unit: "count" },
  { key: "requests", title: "requests" },
  { key: "redaction", title: "redaction" },
];

/**
 * Lists published dumps.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { console, options } = context;
  const directory = (options["directory"] as string | undefined) ??
    defaultPublishDirectory();
  const topics = options["topic"] as readonly string[] | undefined;
  const isLong = options["long"] === true;
  const isJson = options["json"] === true;
  const dumps = (await listDumps(directory)).filter(({ topic }) =>
    topics === undefined || topics.includes(topic)
  );
  const rows: ReportCell[][] = [];
  for (const dump of dumps) {
    const manifest = isLong ? await readStoredManifest(dump.path) : undefined;
    if (isJson) await console.print(toJsonText(toJson(dump, manifest)));
    else rows.push(toRow(dump, manifest));
  }
  if (isJson) return EXIT_CODE.done;
  if (dumps.length === 0) {
    console.note(`no dumps in ${directory}`);
    return EXIT_CODE.done;
  }
  await console.print(renderReport({
    title: "",
    sections: [{
      type: "table",
      key: "dumps",
      title: directory,
      columns: isLong ? LONG_COLUMNS : COLUMNS,
      rows,
    }],
  }));
  return EXIT_CODE.done;
}

function toRow(
  dump: StoredDump,
  manifest: Manifest | undefined,
): ReportCell[] {
  return [
    dump.fileName,
    dump.topic,
    unixNsFromMs(dump.time.getTime()),
    dump.sizeBytes,
    manifest?.sequence,
    manifest?.requests.map(({ name, result }) => `${name} ${result}`)
      .join(", "),
    manifest?.redaction,
  ];
}

function toJson(
  dump: StoredDump,
  manifest: Manifest | undefined,
): Record<string, unknown> {
  return {
    path: dump.path,
    topic: dump.topic,
    time: dump.time.toISOString(),
    sizeBytes: dump.sizeBytes,
    sequence: manifest?.sequence,
    requests: manifest?.requests,
    redaction: manifest?.redaction,
  };
}
