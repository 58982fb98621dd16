import type { Report, ReportCell, ReportSection } from "../base/report.ts";
import { checkNetdump } from "./check/check_archive.ts";
import type { Finding } from "./check/finding.ts";
import { FormatError, LimitError } from "../base/errors.ts";
import type { NetdumpArchive } from "./netdump_archive.ts";
import { decodeNetworkTrace } from "./nettrace_decoder.ts";
import { stageRequests } from "./nettrace_stages.ts";
import type { NetworkTrace } from "./nettrace_types.ts";
import { readArchiveState } from "./state/archive_state.ts";
import type { NetworkState } from "./state/types.ts";

/**
 * Tells what a dump shows: what was wrong, the requests, and the network as it
 * was.
 *
 * @param archive The dump.
 * @returns The report.
 */
export function reportNetdump(archive: NetdumpArchive): Report {
  const state = readArchiveState(archive);
  return {
    title: archive.tops[0] || "Network dump",
    sections: [
      findingTable(checkNetdump(archive)),
      requestTable(archive),
      linkTable(state),
      routeTable(state),
      neighbourTable(state),
    ],
  };
}

/**
 * Makes a table of findings.
 *
 * @param findings Findings in order.
 * @returns The table.
 */
export function findingTable(findings: readonly Finding[]): ReportSection {
  return {
    type: "table",
    key: "findings",
    title: "Findings, causes first",
    columns: [
      { key: "severity", title: "severity" },
      { key: "id", title: "finding" },
      { key: "title", title: "what" },
      { key: "evidence", title: "seen in" },
    ],
    rows: findings.map(({ severity, id, title, evidence }) => [
      severity,
      id,
      title,
      evidence[0]?.path,
    ]),
  };
}

/**
 * Makes a table of the requests of a dump.
 *
 * @param archive The dump.
 * @returns The table.
 */
export function requestTable(archive: NetdumpArchive): ReportSection {
  return {
    type: "table",
    key: "requests",
    title: "Requests",
    columns: [
      { key: "name", title: "request" },
      { key: "target", title: "what" },
      { key: "result", title: "result" },
      { key: "totalNs", title: "total", unit: "ns" },
      { key: "captures", title: "captures" },
    ],
    rows: archive.requestNames.flatMap((name): ReportCell[][] => {
      const captures = archive.filesIn(`requests/${name}`)
        .map((entry) => entry.name.split("/").at(-1)!)
        .filter((fileName) => fileName.endsWith(".pcap")).join(", ");
      const trace = readRequestTrace(archive, name);
      const staged = trace === undefined ? [] : stageRequests(trace);
      if (staged.length === 0) return [[name, "", "", undefined, captures]];
      return staged.map(({ request, beginMs, endMs }) => [
        name,
        `${request.reqMethod} ${request.reqUrl}`,
        request.reqError || String(request.respStatusCode),
        (endMs - beginMs) * 1e6,
        captures,
      ]);
    }),
  };
}

/**
 * Reads the trace of a request.
 *
 * @param archive The dump.
 * @param request Name of the request.
 * @returns The trace, as far as it can be read; `undefined` when there is none.
 */
export function readRequestTrace(
  archive: NetdumpArchive,
  request: string,
): NetworkTrace | undefined {
  const entry = archive.entry(`requests/${request}/nettrace.json`);
  if (entry?.type !== "file") return undefined;
  try {
    return decodeNetworkTrace(entry.content, {
      name: entry.name,
      lenient: true,
    });
  } catch (error) {
    if (error instanceof FormatError || error instanceof LimitError) {
      return undefined;
    }
    throw error;
  }
}

function linkTable({ links }: NetworkState): ReportSection {
  return {
    type: "table",
    key: "interfaces",
    title: "Interfaces",
    columns: [
      { key: "name", title: "interface" },
      { key: "state", title: "state" },
      { key: "mtu", title: "mtu", unit: "count" },
      { key: "addresses", title: "addresses" },
    ],
    rows: links.map(({ name, isUp, hasCarrier, mtu, addresses }) => [
      name,
      isUp ? (hasCarrier ? "up" : "no carrier") : "down",
      mtu,
      addresses.map(({ ip, prefixLength }) => `${ip}/${prefixLength}`)
        .join(", "),
    ]),
  };
}

function routeTable({ routes }: NetworkState): ReportSection {
  const shown = routes.filter(({ table }) => table !== "local");
  return {
    type: "table",
    key: "routes",
    title: "Routes",
    columns: [
      { key: "table", title: "table" },
      { key: "destination", title: "to" },
      { key: "via", title: "via" },
      { key: "metric", title: "metric", unit: "count" },
    ],
    rows: shown.map(({ table, destination, type, hops, metric }) => [
      table,
      type === "unicast" ? destination : `${type} ${destination}`,
      hops.map(({ gateway, device }) => `${gateway} ${device}`.trim())
        .join(", "),
      metric,
    ]),
  };
}

function neighbourTable({ neighbours }: NetworkState): ReportSection {
  return {
    type: "table",
    key: "neighbours",
    title: "Neighbours",
    columns: [
      { key: "ip", title: "address" },
      { key: "device", title: "interface" },
      { key: "state", title: "state" },
      { key: "mac", title: "hardware" },
    ],
    rows: neighbours.map(({ ip, device, state, mac }) => [
      ip,
      device,
      state,
      mac,
    ]),
  };
}
