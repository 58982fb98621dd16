import type { Report, ReportSection } from "../base/report.ts";
import { joinHostPort } from "../codec/ip_address.ts";
import { diagnoseTrace } from "./diagnose_trace.ts";
import { REQUEST_STAGES, stageRequests } from "./nettrace_stages.ts";
import type { StagedRequest } from "./nettrace_stages.ts";
import { traceTimeToMs } from "./nettrace_time.ts";
import type { NetworkTrace } from "./nettrace_types.ts";

const NS_PER_MS = 1e6;

/** How {@linkcode reportTrace} reports. */
export interface ReportTraceOptions {
  /** Requests that are shown, slowest first. @default {20} */
  readonly top?: number | undefined;
}

/**
 * Tells what a network trace shows: the slowest requests with their steps, the
 * time per step, name servers, and what is wrong.
 *
 * @param trace The trace.
 * @param options How many requests to show.
 * @returns The report.
 */
export function reportTrace(
  trace: NetworkTrace,
  options: ReportTraceOptions = {},
): Report {
  const { top = 20 } = options;
  const requests = stageRequests(trace);
  return {
    title: trace.description || "Network trace",
    sections: [
      slowestRequests(requests, top),
      stageTotals(requests),
      nameServers(trace),
      findings(trace),
    ],
  };
}

function slowestRequests(
  requests: readonly StagedRequest[],
  top: number,
): ReportSection {
  const sorted = requests.toSorted((a, b) => lengthOf(b) - lengthOf(a));
  return {
    type: "table",
    key: "requests",
    title: "Slowest requests",
    columns: [
      { key: "totalNs", title: "total", unit: "ns" },
      ...REQUEST_STAGES.map((stage) => ({
        key: `${stage}Ns`,
        title: stage,
        unit: "ns" as const,
      })),
      { key: "result", title: "result" },
      { key: "request", title: "request" },
    ],
    rows: sorted.slice(0, top).map((staged) => [
      lengthOf(staged) * NS_PER_MS,
      ...REQUEST_STAGES.map((stage) => {
        const span = staged.stages.find((each) => each.stage === stage);
        return span === undefined ? undefined : span.durationMs * NS_PER_MS;
      }),
      staged.request.reqError || String(staged.request.respStatusCode),
      `${staged.request.reqMethod} ${staged.request.reqUrl}`,
    ]),
    omittedRows: Math.max(0, sorted.length - top),
  };
}

function stageTotals(requests: readonly StagedRequest[]): ReportSection {
  return {
    type: "table",
    key: "stages",
    title: "Time per step",
    columns: [
      { key: "stage", title: "step" },
      { key: "count", title: "times", unit: "count" },
      { key: "totalNs", title: "total", unit: "ns" },
      { key: "longestNs", title: "longest", unit: "ns" },
    ],
    rows: REQUEST_STAGES.map((stage) => {
      const spans = requests.flatMap((each) =>
        each.stages.filter((span) => span.stage === stage)
      ).map(({ durationMs }) => durationMs);
      const total = spans.reduce((sum, ms) => sum + ms, 0);
      return [
        stage,
        spans.length,
        total * NS_PER_MS,
        Math.max(0, ...spans) * NS_PER_MS,
      ];
    }),
  };
}

function nameServers(trace: NetworkTrace): ReportSection {
  const conns = new Map(
    [...trace.udpConns, ...trace.tcpConns].map((conn) => [conn.traceId, conn]),
  );
  const servers = new Map<
    string,
    { queries: number; replies: number; failures: number; longest: number }
  >();
  for (const query of trace.dnsQueries) {
    const tuple = conns.get(query.connection)?.addrTuple;
    const name = tuple === undefined
      ? "unknown"
      : joinHostPort(tuple.dstIp, tuple.dstPort);
    const known = servers.get(name) ??
      { queries: 0, replies: 0, failures: 0, longest: 0 };
    known.queries += query.dnsQueryMsgs.length;
    known.replies += query.dnsReplyMsgs.length;
    known.failures += query.dnsReplyMsgs.filter(({ rCode }) =>
      rCode !== "no-error"
    ).length;
    const [sent] = query.dnsQueryMsgs;
    const [received] = query.dnsReplyMsgs;
    if (sent !== undefined && received !== undefined) {
      const from = traceTimeToMs(sent.sentAt, trace.traceBeginAt) ?? 0;
      const to = traceTimeToMs(received.recvAt, trace.traceBeginAt) ?? from;
      known.longest = Math.max(known.longest, to - from);
    }
    servers.set(name, known);
  }
  return {
    type: "table",
    key: "nameServers",
    title: "Name servers",
    columns: [
      { key: "server", title: "server" },
      { key: "queries", title: "queries", unit: "count" },
      { key: "replies", title: "replies", unit: "count" },
      { key: "failures", title: "not no-error", unit: "count" },
      { key: "longestNs", title: "longest", unit: "ns" },
    ],
    rows: [...servers].map(([name, each]) => [
      name,
      each.queries,
      each.replies,
      each.failures,
      each.longest * NS_PER_MS,
    ]),
  };
}

function findings(trace: NetworkTrace): ReportSection {
  return {
    type: "table",
    key: "findings",
    title: "Findings",
    columns: [
      { key: "severity", title: "severity" },
      { key: "phase", title: "step" },
      { key: "code", title: "finding" },
      { key: "cause", title: "cause" },
      { key: "hint", title: "hint" },
      { key: "evidence", title: "records" },
    ],
    rows: diagnoseTrace(trace).map((finding) => [
      finding.severity,
      finding.phase,
      finding.code,
      finding.cause,
      finding.hint,
      finding.evidence.join(" "),
    ]),
  };
}

function lengthOf({ beginMs, endMs }: StagedRequest): number {
  return endMs - beginMs;
}
