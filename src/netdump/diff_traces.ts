import type { Report, ReportSection } from "../base/report.ts";
import { diagnoseTrace } from "./diagnose_trace.ts";
import { REQUEST_STAGES, stageRequests } from "./nettrace_stages.ts";
import type { StagedRequest } from "./nettrace_stages.ts";
import type { NetworkTrace } from "./nettrace_types.ts";

const NS_PER_MS = 1e6;

/**
 * Compares two traces, of a good run and of a bad one: requests are matched by
 * method and URL in their order.
 *
 * @param before The first trace.
 * @param after The second trace.
 * @returns Differences in results, times, names, certificates and findings.
 */
export function diffTraces(before: NetworkTrace, after: NetworkTrace): Report {
  return {
    title: "Network traces compared",
    sections: [
      diffRequests(before, after),
      diffAnswers(before, after),
      diffCertificates(before, after),
      diffFindings(before, after),
    ],
  };
}

function diffRequests(
  before: NetworkTrace,
  after: NetworkTrace,
): ReportSection {
  const rows = pairs(
    keyed(stageRequests(before)),
    keyed(stageRequests(after)),
  ).map(([key, a, b]) => {
    const stages = REQUEST_STAGES.map((stage) => {
      const from = spent(a, stage);
      const to = spent(b, stage);
      return from === undefined && to === undefined
        ? undefined
        : ((to ?? 0) - (from ?? 0)) * NS_PER_MS;
    });
    return [key.replace(/ #1$/, ""), resultOf(a), resultOf(b), ...stages];
  });
  return {
    type: "table",
    key: "requests",
    title: "Requests: result, and how much longer each step took",
    columns: [
      { key: "request", title: "request" },
      { key: "before", title: "before" },
      { key: "after", title: "after" },
      ...REQUEST_STAGES.map((stage) => ({
        key: `${stage}Ns`,
        title: stage,
        unit: "ns" as const,
      })),
    ],
    rows,
  };
}

function diffAnswers(before: NetworkTrace, after: NetworkTrace): ReportSection {
  const rows = pairs(answersOf(before), answersOf(after))
    .filter(([, a, b]) => a !== b)
    .map(([name, a, b]) => [name, a ?? "not asked", b ?? "not asked"]);
  return {
    type: "table",
    key: "dns",
    title: "Names that were answered differently",
    columns: [
      { key: "question", title: "question" },
      { key: "before", title: "before" },
      { key: "after", title: "after" },
    ],
    rows,
  };
}

function diffCertificates(
  before: NetworkTrace,
  after: NetworkTrace,
): ReportSection {
  const rows = pairs(certificatesOf(before), certificatesOf(after))
    .filter(([, a, b]) => a !== b)
    .map(([host, a, b]) => [host, a ?? "no handshake", b ?? "no handshake"]);
  return {
    type: "table",
    key: "certificates",
    title: "Certificates that differ",
    columns: [
      { key: "host", title: "host" },
      { key: "before", title: "before" },
      { key: "after", title: "after" },
    ],
    rows,
  };
}

function diffFindings(
  before: NetworkTrace,
  after: NetworkTrace,
): ReportSection {
  const known = new Set(diagnoseTrace(before).map(({ code }) => code));
  const fresh = diagnoseTrace(after);
  const codes = new Set(fresh.map(({ code }) => code));
  const gone = diagnoseTrace(before).filter(({ code }) => !codes.has(code));
  return {
    type: "table",
    key: "findings",
    title: "Findings that came or went",
    columns: [
      { key: "change", title: "change" },
      { key: "code", title: "finding" },
      { key: "cause", title: "cause" },
    ],
    rows: [
      ...fresh.filter(({ code }) => !known.has(code))
        .map(({ code, cause }) => ["new", code, cause]),
      ...gone.map(({ code, cause }) => ["gone", code, cause]),
    ],
  };
}

/** Requests by method and URL, and by their number where they repeat. */
function keyed(
  requests: readonly StagedRequest[],
): Map<string, StagedRequest> {
  const counts = new Map<string, number>();
  return new Map(requests.map((staged) => {
    const { reqMethod, reqUrl } = staged.request;
    const name = `${reqMethod} ${reqUrl}`;
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return [`${name} #${count}`, staged];
  }));
}

function pairs<T>(
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
): (readonly [string, T | undefined, T | undefined])[] {
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys].map((key) => [key, before.get(key), after.get(key)]);
}

function spent(
  staged: StagedRequest | undefined,
  stage: string,
): number | undefined {
  return staged?.stages.find((each) => each.stage === stage)?.durationMs;
}

function resultOf(staged: StagedRequest | undefined): string {
  if (staged === undefined) return "not made";
  const { reqError, respStatusCode } = staged.request;
  return reqError === "" ? String(respStatusCode) : reqError;
}

function answersOf(trace: NetworkTrace): Map<string, string> {
  const answers = new Map<string, string>();
  for (const query of trace.dnsQueries) {
    const [question] = query.dnsQueryMsgs.flatMap((each) => each.questions);
    if (question === undefined) continue;
    const reply = query.dnsReplyMsgs.at(-1);
    const values = (reply?.answers ?? []).map(({ resolvedVal }) => resolvedVal)
      .sort().join(" ");
    answers.set(
      `${question.type} ${question.name}`,
      reply === undefined ? "no reply" : `${reply.rCode} ${values}`.trimEnd(),
    );
  }
  return answers;
}

function certificatesOf(trace: NetworkTrace): Map<string, string> {
  const found = new Map<string, string>();
  for (const { request } of stageRequests(trace)) {
    const tunnel = trace.tlsTunnels.find(({ traceId }) =>
      request.tlsTunnel !== "" && traceId === request.tlsTunnel
    );
    const [leaf] = tunnel?.peerCerts ?? [];
    const host = URL.parse(request.reqUrl)?.host ?? request.reqUrl;
    if (leaf !== undefined) {
      found.set(host, `${leaf.subject}, issuer ${leaf.issuer}`);
    }
  }
  return found;
}
