import { escapeForTerminal } from "../base/terminal_text.ts";
import { joinHostPort } from "../codec/ip_address.ts";
import { diagnoseTrace } from "./diagnose_trace.ts";
import { stageRequests } from "./nettrace_stages.ts";
import type { StagedRequest, StageSpan } from "./nettrace_stages.ts";
import { tlsCipherSuiteName } from "./tracer/tls_table.ts";
import type {
  NetworkTrace,
  TraceDnsQuery,
  TraceTcpConn,
  TraceTlsTunnel,
  TraceUdpConn,
} from "./nettrace_types.ts";

/** How {@linkcode renderWaterfall} lays out. */
export interface RenderWaterfallOptions {
  /** Width in columns, 60 at least. @default {80} */
  readonly columns?: number | undefined;
}

const MIN_COLUMNS = 60;
/** Columns of names and numbers beside the bars. */
const LABEL_COLUMNS = 34;
const MAX_ADDRESSES = 8;

/**
 * Draws the requests of a trace as bars over time, with the sockets, names and
 * certificates behind them.
 *
 * @param trace The trace.
 * @param options Width.
 * @returns Lines without control characters, without a line break at the end.
 */
export function renderWaterfall(
  trace: NetworkTrace,
  options: RenderWaterfallOptions = {},
): string {
  const columns = Math.max(options.columns ?? 80, MIN_COLUMNS);
  const requests = stageRequests(trace);
  const lines: string[] = [];
  for (const [index, staged] of requests.entries()) {
    if (index > 0) lines.push("");
    lines.push(...renderRequest(trace, staged, columns));
  }
  if (requests.length === 0) lines.push("no HTTP requests in this trace");
  const findings = diagnoseTrace(trace);
  if (findings.length > 0) {
    lines.push("");
    for (const { severity, cause, hint } of findings) {
      lines.push(`${severity}: ${cause}`, `  hint: ${hint}`);
    }
  }
  return lines.map(escapeForTerminal).join("\n");
}

function renderRequest(
  trace: NetworkTrace,
  staged: StagedRequest,
  columns: number,
): string[] {
  const { request, conn, dial, stages } = staged;
  const result = request.reqError === ""
    ? `${request.respStatusCode} HTTP/${request.protoMajor}.${request.protoMinor}`
    : request.reqError;
  const lines = [
    `${request.reqMethod} ${request.reqUrl}`,
    `  ${result}${
      request.respStatusCode === 0
        ? ""
        : `, ${request.respContentLen} bytes of body`
    }${request.networkProxy === "" ? "" : `, through ${request.networkProxy}`}`,
  ];
  const total = Math.max(staged.endMs - staged.beginMs, 1);
  const width = columns - LABEL_COLUMNS;
  for (const span of stages) {
    lines.push(renderBar(span, staged.beginMs, total, width));
  }
  if (stages.length > 0) {
    lines.push(`  ${"total".padEnd(8)} ${toMs(total).padStart(11)}`);
  }
  for (const query of trace.dnsQueries) {
    if (dial === undefined) continue;
    const carrier = carrierOf(trace, query);
    // EVE's batches do not fill in the dial of a query.
    const from = query.fromDial || carrier?.fromDial;
    if (from === dial.traceId) lines.push(`  ${renderQuery(query, carrier)}`);
  }
  const attempts = trace.tcpConns.filter((each) =>
    dial !== undefined && each.fromDial === dial.traceId && !each.fromResolver
  );
  for (const attempt of attempts) {
    const { srcIp, srcPort, dstIp, dstPort } = attempt.addrTuple;
    const state = attempt.connected ? "connected" : "failed";
    lines.push(
      `  tcp  ${joinHostPort(srcIp, srcPort)} -> ${
        joinHostPort(dstIp, dstPort)
      } ${state}${
        attempt.connected
          ? `, ${attempt.totalSentBytes} bytes sent, ${attempt.totalRecvBytes} received`
          : ""
      }${
        attempt.conntrack === undefined
          ? ""
          : `, conntrack ${attempt.conntrack.tcpState || "-"}`
      }`,
    );
  }
  if (dial === undefined && conn !== undefined) {
    lines.push(`  tcp  connection ${conn.traceId} used again`);
  }
  for (const id of [request.proxyTlsTunnel, request.tlsTunnel]) {
    const tunnel = trace.tlsTunnels.find(({ traceId }) =>
      id !== "" && traceId === id
    );
    if (tunnel === undefined) continue;
    const isProxy = id === request.proxyTlsTunnel;
    lines.push(...renderTunnel(tunnel, isProxy ? " of the proxy" : ""));
  }
  return lines;
}

function renderBar(
  span: StageSpan,
  beginMs: number,
  totalMs: number,
  width: number,
): string {
  const from = Math.round((span.beginMs - beginMs) / totalMs * width);
  const to = Math.round(
    (span.beginMs - beginMs + span.durationMs) / totalMs * width,
  );
  const length = Math.max(1, Math.min(to, width) - from);
  const bar = " ".repeat(Math.min(from, width - 1)) + "█".repeat(length);
  return `  ${span.stage.padEnd(8)} ${
    toMs(span.durationMs).padStart(11)
  }  ${bar}`;
}

type Carrier = TraceUdpConn | TraceTcpConn;

function carrierOf(
  trace: NetworkTrace,
  query: TraceDnsQuery,
): Carrier | undefined {
  return [...trace.udpConns, ...trace.tcpConns].find(({ traceId }) =>
    traceId === query.connection
  );
}

function renderQuery(
  query: TraceDnsQuery,
  carrier: Carrier | undefined,
): string {
  const server = carrier === undefined
    ? "?"
    : joinHostPort(carrier.addrTuple.dstIp, carrier.addrTuple.dstPort);
  const asked = query.dnsQueryMsgs.flatMap(({ questions }) =>
    questions.map(({ name, type }) => `${type} ${name}`)
  ).join(", ");
  const [first] = query.dnsReplyMsgs;
  if (first === undefined) return `dns  ${asked} @${server}: no reply`;
  const answers = query.dnsReplyMsgs.flatMap((reply) =>
    reply.answers.map(({ resolvedVal }) => resolvedVal)
  );
  const shown = answers.slice(0, MAX_ADDRESSES).join(" ");
  const truncated = first.truncated ? " (truncated)" : "";
  return `dns  ${asked} @${server}: ${first.rCode}${truncated}${
    shown === "" ? "" : ` ${shown}`
  }`;
}

function renderTunnel(tunnel: TraceTlsTunnel, whose: string): string[] {
  const name = `${tunnel.serverName}${whose}`.trim();
  const result = tunnel.handshakeErr ||
    [tlsCipherSuiteName(tunnel.cipherSuite), tunnel.negotiatedProto]
      .filter((part) => part !== "").join(", ");
  const lines = [`  tls  ${name === "" ? "" : `${name}, `}${result}`];
  for (const cert of tunnel.peerCerts) {
    const end = cert.notAfter.type === "absolute" ? cert.notAfter.text : "?";
    lines.push(
      `    cert ${cert.subject}, issuer ${cert.issuer}, until ${end}${
        cert.isCa ? ", CA" : ""
      }`,
    );
  }
  return lines;
}

function toMs(ms: number): string {
  return `${Number(ms.toFixed(1))} ms`;
}
