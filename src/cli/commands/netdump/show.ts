import { DecodeStats } from "../../../base/decode_stats.ts";
import { toJsonText } from "../../../base/json_text.ts";
import type { ReportSection } from "../../../base/report.ts";
import { escapeForTerminal } from "../../../base/terminal_text.ts";
import { formatUnixNs, unixNsFromMs } from "../../../base/time.ts";
import { readPcap } from "../../../container/pcap.ts";
import { loadNetdump } from "../../../netdump/netdump_archive.ts";
import type { NetdumpArchive } from "../../../netdump/netdump_archive.ts";
import {
  decodePacket,
  summarizePacket,
} from "../../../netdump/packet_decoder.ts";
import { readNetdump } from "../../../netdump/read_netdump.ts";
import type {
  NetdumpEntry,
  NetdumpFile,
} from "../../../netdump/read_netdump.ts";
import { searchNetdump } from "../../../netdump/search_netdump.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { renderReport } from "../../render_report.ts";
import { reportDamage } from "../../report_damage.ts";
import { UsageError } from "../../usage_error.ts";
import { countDamage, openArchive } from "./archive_options.ts";
import type { ArchiveInput } from "./archive_options.ts";

/**
 * Shows an archive.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { console, options, positionals } = context;
  const [archivePath, path] = positionals;
  const text = options["grep"] as string | undefined;
  if (text !== undefined && path !== undefined) {
    throw new UsageError("Cannot look for text in one entry: it searches all");
  }
  if (text === "") throw new UsageError("Cannot look for nothing");
  const input = await openArchive(archivePath!, context);
  let exitCode: number = EXIT_CODE.done;
  try {
    if (text !== undefined) exitCode = await search(input, text, context);
    else if (path !== undefined) await showEntry(input, path, context);
    else await showArchive(input, context);
  } catch (error) {
    countDamage(error, input.stats);
  }
  const damage = reportDamage(console, input.name, input.stats, {
    accept: options["accept-damage"] === true,
  });
  return damage === EXIT_CODE.done ? exitCode : damage;
}

async function search(
  input: ArchiveInput,
  text: string,
  { console, options }: CommandContext,
): Promise<number> {
  let hits = 0;
  for await (const hit of searchNetdump(input.open(), text, input.options)) {
    hits++;
    const { name, occurrence, line } = hit;
    const place = occurrence === 1 ? name : `${name}#${occurrence}`;
    await console.print(
      options["json"] === true
        ? toJsonText(hit)
        : escapeForTerminal(`${place}:${line}: ${hit.text}`),
    );
  }
  if (hits > 0) return EXIT_CODE.done;
  console.note(`nothing holds "${text}"`);
  return EXIT_CODE.failed;
}

async function showEntry(
  input: ArchiveInput,
  path: string,
  context: CommandContext,
): Promise<void> {
  const [, name, number] = /^(.*?)(?:#(\d+))?$/s.exec(path)!;
  const isWanted = (entry: NetdumpEntry) =>
    entry.type === "file" && (entry.name === name || entry.path === name);
  let wanted = number === undefined ? undefined : Number(number);
  if (wanted === undefined && input.canReopen) {
    // The last of several is shown, and which that is shows at the end only.
    const silent = { ...input.options, stats: new DecodeStats() };
    for await (const entry of readNetdump(input.open(), silent)) {
      if (isWanted(entry)) wanted = entry.occurrence;
    }
  }
  let last: NetdumpFile | undefined;
  for await (const entry of readNetdump(input.open(), input.options)) {
    if (!isWanted(entry)) continue;
    if (entry.occurrence === wanted) {
      await printContent(entry.name, entry.content, context);
      return;
    }
    if (wanted !== undefined) continue;
    const parts: Uint8Array[] = [];
    for await (const bytes of entry.content) parts.push(bytes.slice());
    last = { ...entry, content: ReadableStream.from(parts) };
  }
  if (last === undefined) {
    throw new UsageError(
      `Cannot show ${path}: the archive has no such file`,
      `"tracedeck netdump show ${input.name}" lists what it has`,
    );
  }
  await printContent(last.name, last.content, context);
}

async function printContent(
  name: string,
  content: AsyncIterable<Uint8Array>,
  { console, options }: CommandContext,
): Promise<void> {
  if (options["raw"] === true) {
    for await (const bytes of content) await console.write(bytes.slice());
    return;
  }
  if (name.endsWith(".pcap")) {
    await printPackets(content, console, options["json"] === true);
    return;
  }
  if (options["json"] === true) {
    throw new UsageError(
      `Cannot show ${name} as JSON: it is no capture`,
      "--raw gives its bytes",
    );
  }
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of content) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop()!;
    for (const line of lines) await console.print(escapeLine(line));
  }
  rest += decoder.decode();
  if (rest !== "") await console.print(escapeLine(rest));
}

/** Tabs lay out tables and do no harm. */
function escapeLine(line: string): string {
  return line.replace(/\r$/, "").split("\t").map(escapeForTerminal).join("\t");
}

async function printPackets(
  source: AsyncIterable<Uint8Array>,
  console: CommandContext["console"],
  isJson: boolean,
): Promise<void> {
  let linkType = 1;
  const packets = readPcap(source, {
    onHeader: (header) => linkType = header.linkType,
  });
  for await (const { timestamp, data, originalLength } of packets) {
    const decoded = decodePacket(data, linkType, originalLength);
    const summary = summarizePacket(decoded);
    const time = formatUnixNs(timestamp, 6);
    await console.print(
      isJson
        ? toJsonText({
          time,
          length: originalLength,
          captured: data.length,
          summary,
          ...decoded,
        })
        : `${time} ${escapeForTerminal(summary)}`,
    );
  }
}

async function showArchive(
  input: ArchiveInput,
  { console, options }: CommandContext,
): Promise<void> {
  const archive = await loadNetdump(input.open(), input.options);
  if (options["json"] === true) {
    for (const { content: _, isCut: __, ...entry } of archive.entries) {
      await console.print(toJsonText(entry));
    }
  } else {
    await console.print(
      renderReport({ title: "", sections: archiveSections(archive, input) }),
    );
  }
  for (const { path, unsafeReason } of archive.entries) {
    if (unsafeReason === undefined) continue;
    console.warn(`${path}: ${unsafeReason}; extract leaves it out`);
  }
}

function archiveSections(
  archive: NetdumpArchive,
  input: ArchiveInput,
): ReportSection[] {
  const { manifest, dumpName } = archive;
  const sections: ReportSection[] = [{
    type: "facts",
    key: "archive",
    title: input.name,
    facts: [
      { key: "topic", title: "topic", value: dumpName?.topic },
      {
        key: "time",
        title: "time",
        unit: "time",
        value: dumpName && unixNsFromMs(dumpName.time.getTime()),
      },
      {
        key: "writer",
        title: "writer",
        value: manifest === undefined
          ? "no manifest, as of EVE"
          : `${manifest.tool.name} ${manifest.tool.version}`,
      },
      {
        key: "redaction",
        title: "redaction",
        value: manifest?.redaction,
      },
    ],
  }, {
    type: "table",
    key: "entries",
    title: "Entries",
    columns: [
      { key: "path", title: "path" },
      { key: "size", title: "size", unit: "bytes" },
      { key: "mode", title: "mode" },
      { key: "time", title: "time", unit: "time" },
    ],
    rows: archive.entries.map((entry) => [
      nameOf(entry),
      entry.type === "directory" ? undefined : entry.size,
      (entry.mode & 0o7777).toString(8).padStart(4, "0"),
      unixNsFromMs(entry.mtime * 1000),
    ]),
  }];
  const absent =
    manifest?.entries.filter((entry) => entry.skippedReason !== undefined) ??
      [];
  if (absent.length > 0) {
    sections.push({
      type: "table",
      key: "absent",
      title: "Not in it",
      columns: [
        { key: "path", title: "path" },
        { key: "reason", title: "reason" },
      ],
      rows: absent.map(({ path, skippedReason }) => [path, skippedReason]),
    });
  }
  const notes = manifest?.notes ?? [];
  if (notes.length > 0) {
    sections.push({ type: "text", key: "notes", title: "Notes", lines: notes });
  }
  return sections;
}

function nameOf(
  { path, name, top, type, occurrence }: NetdumpArchive["entries"][number],
): string {
  const shown = name === "" || top === "" ? path : name;
  const slash = type === "directory" ? "/" : "";
  return `${shown}${slash}${
    occurrence > 1 && type === "file" ? `#${occurrence}` : ""
  }`;
}
