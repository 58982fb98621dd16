import type { DecodeStats } from "../../base/decode_stats.ts";
import { FormatError, LimitError } from "../../base/errors.ts";
import { checkCaptures } from "./check_captures.ts";
import { readCaptureFacts } from "./capture_facts.ts";
import type { CheckContext, CheckedRequest } from "./check_context.ts";
import { checkLinks } from "./check_links.ts";
import { checkProbes } from "./check_probes.ts";
import { checkRoutes } from "./check_routes.ts";
import { checkTraces } from "./check_traces.ts";
import { parseDumpName } from "../dump_name.ts";
import type { NetdumpArchive } from "../netdump_archive.ts";
import { decodeNetworkTrace } from "../nettrace_decoder.ts";
import type { NetworkTrace } from "../nettrace_types.ts";
import { parseProbes, PROBES_NAME } from "../probe/probes_json.ts";
import { readArchiveState } from "../state/archive_state.ts";
import { parseEvePorts } from "../state/eve_ports.ts";
import { parseCaptureName } from "../traced_net_request.ts";
import type { Finding } from "./finding.ts";
import { makeFinding } from "./make_finding.ts";
import { orderFindings } from "./order_findings.ts";

/** How {@linkcode checkNetdump} looks. */
export interface CheckNetdumpOptions {
  /** What was counted while the archive was read. */
  readonly stats?: DecodeStats | undefined;
}

/**
 * Finds out from a dump what was wrong with a device's network.
 *
 * @param archive The dump, ours or EVE's.
 * @param options What is known of its health.
 * @returns Findings in the order in which they should be looked at, notes last.
 *
 * @example A dump in which nothing is wrong
 * ```ts
 * import { checkNetdump, loadNetdump, NetDumper } from "@tracedeck/tracedeck/netdump";
 * import { assertEquals } from "@std/assert";
 *
 * const directory = await Deno.makeTempDir();
 * const path = await new NetDumper({ directory }).publish("empty");
 * const archive = await loadNetdump((await Deno.open(path)).readable);
 * const problems = checkNetdump(archive).filter(({ severity }) => severity !== "note");
 * assertEquals(problems, []);
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export function checkNetdump(
  archive: NetdumpArchive,
  options: CheckNetdumpOptions = {},
): Finding[] {
  const findings: Finding[] = [];
  const context: CheckContext = {
    archive,
    state: readArchiveState(archive),
    ports: parseEvePorts(archive.text("eve/dns.json") ?? ""),
    probes: parseProbes(archive.text(PROBES_NAME) ?? ""),
    requests: archive.requestNames.map((name) =>
      readRequest(archive, name, findings)
    ),
  };
  findings.push(
    ...checkHealth(archive, options.stats),
    ...checkLinks(context),
    ...checkRoutes(context),
    ...checkProbes(context),
    ...checkTraces(context),
    ...checkCaptures(context),
    ...checkClockState(context),
  );
  return orderFindings(findings);
}

function readRequest(
  archive: NetdumpArchive,
  name: string,
  findings: Finding[],
): CheckedRequest {
  const folder = `requests/${name}`;
  const path = `${folder}/nettrace.json`;
  const captures = archive.filesIn(folder)
    .filter(({ name }) => parseCaptureName(name.split("/").at(-1)!))
    .map(({ name, content }) => readCaptureFacts(name, content));
  for (const { path, fault } of captures) {
    if (fault !== undefined) findings.push(damaged(path, fault));
  }
  const entry = archive.entry(path);
  let trace: NetworkTrace | undefined;
  if (entry !== undefined) {
    try {
      trace = decodeNetworkTrace(entry.content, { name: path, lenient: true });
    } catch (error) {
      const isOurs = error instanceof FormatError ||
        error instanceof LimitError;
      if (!isOurs) throw error;
      findings.push(damaged(path, error.message));
    }
  }
  return { name, path, trace, captures };
}

function damaged(path: string, detail: string): Finding {
  return makeFinding("archive-damaged", {
    severity: "warning",
    subject: path,
    title: `${path} is damaged`,
    evidence: [{ path, detail }],
  });
}

function checkHealth(
  archive: NetdumpArchive,
  stats: DecodeStats | undefined,
): Finding[] {
  const findings: Finding[] = [];
  const losses =
    stats?.entries().filter(({ severity }) =>
      severity === "error" || severity === "data_loss"
    ) ?? [];
  if (losses.length > 0) {
    findings.push(makeFinding("archive-damaged", {
      severity: "warning",
      title: "the archive is damaged or cut",
      evidence: losses.map(({ name, firstDetail }) => ({
        path: "",
        detail: firstDetail ?? name,
      })),
    }));
  }
  for (const { name, isCut } of archive.entries) {
    if (!isCut || losses.length > 0) continue;
    findings.push(makeFinding("archive-damaged", {
      severity: "note",
      subject: name,
      title: `${name} is too long: only its beginning was looked at`,
      evidence: [{ path: name, detail: "longer than what is kept in memory" }],
    }));
  }
  for (const { path, state } of archive.mismatches()) {
    // What a cut took away is told already.
    if (losses.length > 0 && state === "missing") continue;
    findings.push(makeFinding("archive-mismatch", {
      subject: path,
      title: `${path} is ${
        state === "missing"
          ? "in the manifest, but not in the archive"
          : state === "extra"
          ? "in the archive, but not in the manifest"
          : "not what the manifest says it is"
      }`,
      evidence: [{ path, detail: state }],
    }));
  }
  if (archive.manifestFault !== undefined) {
    findings.push(damaged("manifest.json", archive.manifestFault));
  }
  const { tops } = archive;
  const isUsual = tops.length === 1 && parseDumpName(tops[0]!) !== undefined;
  if (!isUsual) {
    findings.push(makeFinding("archive-layout", {
      severity: "warning",
      title: tops.length === 1
        ? `the top folder "${tops[0]}" is not named as dumps are`
        : `the archive has ${tops.length} top folders`,
      evidence: tops.slice(0, 5).map((path) => ({
        path,
        detail: "top folder",
      })),
    }));
  }
  return findings;
}

function checkClockState({ state, archive }: CheckContext): Finding[] {
  const isSynchronized = state.clock?.isSynchronized ??
    archive.manifest?.clockSynchronized;
  if (isSynchronized !== false) return [];
  return [
    makeFinding("clock-unsynchronized", {
      severity: "note",
      title: "nothing keeps the device's clock right",
      evidence: [{
        path: state.sources["clock"] ?? "manifest.json",
        detail: "the kernel holds the clock to be unsynchronized",
      }],
    }),
  ];
}
