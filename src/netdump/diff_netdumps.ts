import type { Report, ReportCell, ReportSection } from "../base/report.ts";
import { checkNetdump } from "./check/check_archive.ts";
import { diffTraces } from "./diff_traces.ts";
import type { NetdumpArchive } from "./netdump_archive.ts";
import { readRequestTrace } from "./report_netdump.ts";
import { readArchiveState } from "./state/archive_state.ts";
import type { NetworkState } from "./state/types.ts";

/** Requests whose traces are compared step by step. */
const MAX_REQUESTS = 8;

/**
 * Compares two dumps, of a good moment and of a bad one: what is wrong in one
 * of them only, how the network differs, and the requests that both made.
 *
 * @param before The first dump.
 * @param after The second dump.
 * @returns The differences; what is equal is left out.
 */
export function diffNetdumps(
  before: NetdumpArchive,
  after: NetdumpArchive,
): Report {
  const [from, to] = [readArchiveState(before), readArchiveState(after)];
  return {
    title: "Network dumps compared",
    sections: [
      diffFindings(before, after),
      table("interfaces", "Interfaces", linkFacts(from), linkFacts(to)),
      table("routes", "Routes and rules", routeFacts(from), routeFacts(to)),
      table("names", "Name lookup", nameFacts(from), nameFacts(to)),
      table(
        "neighbours",
        "Neighbours",
        neighbourFacts(from),
        neighbourFacts(to),
      ),
      diffFiles(before, after),
      ...diffRequests(before, after),
    ],
  };
}

type Facts = ReadonlyMap<string, string>;

function diffFindings(
  before: NetdumpArchive,
  after: NetdumpArchive,
): ReportSection {
  const facts = (archive: NetdumpArchive): Facts =>
    new Map(
      checkNetdump(archive).map(({ id, subject, severity, title }) => [
        subject === "" ? id : `${id} ${subject}`,
        `${severity}: ${title}`,
      ]),
    );
  return table("findings", "Findings", facts(before), facts(after));
}

function table(
  key: string,
  title: string,
  before: Facts,
  after: Facts,
): ReportSection {
  const rows: ReportCell[][] = [];
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const [from, to] = [before.get(name), after.get(name)];
    if (from !== to) rows.push([name, from, to]);
  }
  return {
    type: "table",
    key,
    title,
    columns: [
      { key: "what", title: "what" },
      { key: "before", title: "before" },
      { key: "after", title: "after" },
    ],
    rows,
  };
}

function linkFacts({ links }: NetworkState): Facts {
  return new Map(links.flatMap((link) => {
    const { name, isUp, hasCarrier, mtu, addresses } = link;
    const state = isUp ? (hasCarrier ? "up" : "no carrier") : "down";
    return [
      [name, `${state}, mtu ${mtu}`] as const,
      [
        `${name} addresses`,
        addresses.map(({ ip, prefixLength }) => `${ip}/${prefixLength}`)
          .sort().join(" "),
      ] as const,
    ];
  }));
}

function routeFacts({ routes, rules }: NetworkState): Facts {
  const facts = new Map<string, string>();
  for (const { family, table, destination, type, hops, metric } of routes) {
    if (table === "local") continue;
    const name = `IPv${family} ${table} ${destination} metric ${metric}`;
    const way = hops.map(({ gateway, device }) => `${gateway} ${device}`.trim())
      .join(", ");
    facts.set(name, type === "unicast" ? way : `${type} ${way}`.trim());
  }
  for (const { family, priority, selector, action, table } of rules) {
    facts.set(
      `IPv${family} rule ${priority} ${selector}`,
      `${action} ${table}`.trim(),
    );
  }
  return facts;
}

function nameFacts({ resolver }: NetworkState): Facts {
  if (resolver === undefined) return new Map();
  return new Map([
    ["name servers", resolver.servers.join(" ")],
    ["search list", resolver.search.join(" ")],
  ]);
}

function neighbourFacts({ neighbours }: NetworkState): Facts {
  // Reachable, stale and delayed are one and the same a moment later.
  return new Map(neighbours.map(({ ip, device, state, mac }) => [
    `${ip} ${device}`,
    state === "incomplete" || state === "failed" ? state : mac,
  ]));
}

function diffFiles(
  before: NetdumpArchive,
  after: NetdumpArchive,
): ReportSection {
  const facts = (archive: NetdumpArchive): Facts =>
    new Map(
      archive.entries.filter(({ type, name }) =>
        type === "file" && !name.startsWith("requests/")
      ).map(({ name }) => [name, "there"]),
    );
  return table(
    "files",
    "Files in one of them only",
    facts(before),
    facts(after),
  );
}

function diffRequests(
  before: NetdumpArchive,
  after: NetdumpArchive,
): ReportSection[] {
  const others = new Set(after.requestNames);
  const common = before.requestNames.filter((name) => others.has(name));
  const sections = common.slice(0, MAX_REQUESTS).flatMap((name, index) => {
    const from = readRequestTrace(before, name);
    const to = readRequestTrace(after, name);
    if (from === undefined || to === undefined) return [];
    return diffTraces(from, to).sections.map((section) => ({
      ...section,
      key: `${section.key}${index + 1}`,
      title: `${name}: ${section.title}`,
    }));
  });
  const names = (archive: NetdumpArchive): Facts =>
    new Map(archive.requestNames.map((name) => [name, "there"]));
  return [
    table(
      "requestsOfOne",
      "Requests in one of them only",
      names(before),
      names(after),
    ),
    ...sections,
  ];
}
