import { toJsonText } from "../../base/json_text.ts";
import { unixNsFromMs } from "../../base/time.ts";
import { checkNetdump } from "../../netdump/check/check_archive.ts";
import { diffNetdumps } from "../../netdump/diff_netdumps.ts";
import { mergeCaptures } from "../../netdump/merge_captures.ts";
import { loadNetdump } from "../../netdump/netdump_archive.ts";
import type { NetdumpArchive } from "../../netdump/netdump_archive.ts";
import { netdumpToTimeline } from "../../netdump/netdump_timeline.ts";
import { encodeNetworkTrace } from "../../netdump/nettrace_encoder.ts";
import type { NetworkTraceForm } from "../../netdump/nettrace_encoder.ts";
import { encodeHar } from "../../netdump/nettrace_har_encoder.ts";
import {
  findingTable,
  readRequestTrace,
  reportNetdump,
  requestTable,
} from "../../netdump/report_netdump.ts";
import type { OptionValues } from "../option_spec.ts";
import type {
  ConvertRequest,
  Format,
  FormatInfo,
  FormatInput,
} from "../types.ts";

const BATCH = 512;
const encoder = new TextEncoder();

/** Reads network dumps. */
export const netdumpFormat: Format = {
  async info(input) {
    return describe(await load(input), input);
  },

  async *events(input, options) {
    const events = netdumpToTimeline(await load(input), {
      request: options["request"] as string | undefined,
    });
    for (let at = 0; at < events.length; at += BATCH) {
      yield events.slice(at, at + BATCH);
    }
  },

  async report(input) {
    return reportNetdump(await load(input));
  },

  async diff(before, after) {
    return diffNetdumps(await load(before), await load(after));
  },

  converters: {
    pcap: { convert: convertToPcap },
    har: { convert: convertToHar },
    "network-trace": { convert: convertToTrace },
  },
};

function load(input: FormatInput): Promise<NetdumpArchive> {
  const { stats, signal, limits } = input;
  return loadNetdump(input.open(), { stats, signal, limits });
}

function describe(archive: NetdumpArchive, input: FormatInput): FormatInfo {
  const { manifest, dumpName, entries } = archive;
  const times = entries.filter(({ type }) => type === "file")
    .map(({ mtime }) => mtime);
  const absent = manifest?.entries.filter(({ skippedReason }) =>
    skippedReason !== undefined
  ).length;
  return {
    version: manifest === undefined ? undefined : `${manifest.schema}`,
    writer: manifest === undefined
      ? "EVE, or another tool without a manifest"
      : `${manifest.tool.name} ${manifest.tool.version}`,
    startTime: dumpName && unixNsFromMs(dumpName.time.getTime()),
    endTime: dumpName && times.length > 0
      ? unixNsFromMs(
        Math.max(dumpName.time.getTime(), ...times.map((time) => time * 1000)),
      )
      : undefined,
    sections: [
      {
        type: "facts",
        key: "dump",
        title: "Dump",
        facts: [
          { key: "topic", title: "topic", value: dumpName?.topic },
          {
            key: "sequence",
            title: "number",
            unit: "count",
            value: manifest?.sequence,
          },
          { key: "host", title: "host", value: manifest?.hostHash },
          {
            key: "redaction",
            title: "redaction",
            value: manifest?.redaction,
          },
          {
            key: "entries",
            title: "entries",
            unit: "count",
            value: entries.length,
          },
          {
            key: "absent",
            title: "not to be had",
            unit: "count",
            value: absent,
          },
        ],
      },
      requestTable(archive),
      findingTable(checkNetdump(archive, { stats: input.stats })),
    ],
    next: [
      "netdump check FILE",
      "netdump show FILE",
      ...(archive.requestNames.length > 0
        ? ["convert FILE -o packets.pcap", "events FILE"]
        : []),
    ],
  };
}

async function* convertToPcap(
  request: ConvertRequest,
): AsyncGenerator<Uint8Array> {
  const captures = [];
  for (const input of request.inputs) {
    const archive = await load(input);
    for (const name of chosenRequests(archive, request.options)) {
      captures.push(
        ...archive.filesIn(`requests/${name}`)
          .filter((entry) => entry.name.endsWith(".pcap"))
          .map((entry) => ({ name: entry.name, content: entry.content })),
      );
    }
  }
  if (captures.length === 0) {
    throw new RangeError("Cannot convert to pcap: there are no captures");
  }
  yield* mergeCaptures(captures);
}

async function* convertToHar(
  request: ConvertRequest,
): AsyncGenerator<Uint8Array> {
  let first: { log: { entries: unknown[] } } | undefined;
  for (const input of request.inputs) {
    const archive = await load(input);
    for (const name of chosenRequests(archive, request.options)) {
      const trace = readRequestTrace(archive, name);
      if (trace === undefined) continue;
      const har = JSON.parse(encodeHar(trace)) as typeof first & object;
      if (first === undefined) first = har;
      else first.log.entries.push(...har.log.entries);
    }
  }
  if (first === undefined) {
    throw new RangeError("Cannot convert to HAR: there are no traces");
  }
  yield encoder.encode(`${toJsonText(first, 2)}\n`);
}

async function* convertToTrace(
  request: ConvertRequest,
): AsyncGenerator<Uint8Array> {
  const [input, ...others] = request.inputs;
  if (input === undefined || others.length > 0) {
    throw new RangeError(
      "Cannot merge network traces: their ids and times are each their own",
    );
  }
  const archive = await load(input);
  const names = chosenRequests(archive, request.options).filter((name) =>
    readRequestTrace(archive, name) !== undefined
  );
  const [name, ...more] = names;
  if (name === undefined || more.length > 0) {
    throw new RangeError(
      name === undefined
        ? "Cannot convert to a network trace: there is none"
        : `Cannot convert to one network trace: requests with one are ${
          names.join(", ")
        }; choose with --request`,
    );
  }
  const form = (request.options["trace-form"] ?? "export") as NetworkTraceForm;
  yield encoder.encode(
    encodeNetworkTrace(readRequestTrace(archive, name)!, { form }),
  );
}

function chosenRequests(
  archive: NetdumpArchive,
  options: OptionValues,
): readonly string[] {
  const wanted = options["request"] as string | undefined;
  if (wanted === undefined) return archive.requestNames;
  if (archive.requestNames.includes(wanted)) return [wanted];
  throw new RangeError(
    `Cannot find request "${wanted}": requests are ${
      archive.requestNames.join(", ") || "none"
    }`,
  );
}
