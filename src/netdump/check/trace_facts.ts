import { parseIpAddress, splitHostPort } from "../../codec/ip_address.ts";
import { traceTimeToMs } from "../nettrace_time.ts";
import type {
  NetworkTrace,
  TraceDnsQuery,
  TraceHttpRequest,
  TraceTcpConn,
  TraceTlsTunnel,
} from "../nettrace_types.ts";

/** How far a request came. */
export type TracePhase = "dns" | "tcp" | "proxy" | "tls" | "http" | "done";

/** A question to a name server and what became of it. */
export interface TraceLookup {
  /** Address of the server. */
  readonly server: string;
  /** Absolute, with a dot at the end. */
  readonly name: string;
  readonly type: string;
  /** Code of the reply; empty where there was none. */
  readonly rcode: string;
  readonly addresses: readonly string[];
}

/** What a trace tells of the run that it is about. */
export interface TraceFacts {
  /** The last hop of the request, where there was one. */
  readonly request: TraceHttpRequest | undefined;
  /** URL or address that was asked for. */
  readonly target: string;
  /** Host of the target, or the proxy's where one is used. */
  readonly dialHost: string;
  readonly dialPort: number;
  /** Host in the URL. */
  readonly host: string;
  /** The proxy, empty where there is none. */
  readonly proxy: string;
  /** What stopped the run; empty where nothing did. */
  readonly error: string;
  readonly phase: TracePhase;
  readonly lookups: readonly TraceLookup[];
  /** Attempts to connect, those of the resolver left out. */
  readonly attempts: readonly TraceTcpConn[];
  readonly tunnels: readonly TraceTlsTunnel[];
  /** Time from the request to the first byte of the answer, without what came before. */
  readonly firstByteMs: number | undefined;
  /** Moment when the trace began, in ms since 1970. */
  readonly beganAtMs: number | undefined;
}

/**
 * Finds out from a trace how far its request came.
 *
 * @param trace The trace.
 * @returns What it tells.
 */
export function readTraceFacts(trace: NetworkTrace): TraceFacts {
  const request = trace.httpRequests.at(-1);
  const lastDial = trace.dials.at(-1);
  const attempts = trace.tcpConns.filter(({ fromResolver }) => !fromResolver);
  const tunnels = trace.tlsTunnels;
  const url = parseUrl(request?.reqUrl ?? "");
  const dialled = splitHostPort(lastDial?.dstAddress ?? "", 0);
  const error = request?.reqError || tunnels.at(-1)?.handshakeErr ||
    lastDial?.dialErr || "";
  const proxy = request?.networkProxy ?? "";
  return {
    request,
    target: request?.reqUrl || lastDial?.dstAddress || trace.description,
    dialHost: dialled?.host ?? url?.hostname ?? "",
    dialPort: dialled?.port ?? 0,
    host: url?.hostname ?? dialled?.host ?? "",
    proxy,
    error,
    phase: phaseOf(trace, attempts, error, proxy, url),
    lookups: lookupsOf(trace),
    attempts,
    tunnels,
    firstByteMs: firstByte(trace, request),
    beganAtMs: trace.traceBeginAt.type === "absolute"
      ? Date.parse(trace.traceBeginAt.text)
      : undefined,
  };
}

function phaseOf(
  trace: NetworkTrace,
  attempts: readonly TraceTcpConn[],
  error: string,
  proxy: string,
  url: URL | undefined,
): TracePhase {
  const request = trace.httpRequests.at(-1);
  if ((request?.respStatusCode ?? 0) > 0 && error === "") return "done";
  if (error === "" && request === undefined) return "done";
  const lastDial = trace.dials.at(-1);
  const ofDial = attempts.filter(({ fromDial }) =>
    fromDial === lastDial?.traceId
  );
  const mine = ofDial.length > 0 ? ofDial : attempts;
  if (!mine.some(({ connected }) => connected)) {
    if (/\blookup\b|no such host/.test(error)) return "dns";
    return mine.length > 0 || /^(proxyconnect tcp: )?dial tcp \S/.test(error)
      ? "tcp"
      : "dns";
  }
  const isSecure = url?.protocol === "https:";
  const last = trace.tlsTunnels.at(-1);
  const isDone = last !== undefined && last.handshakeErr === "" &&
    last.handshakeEndAt.type !== "undefined";
  if (isSecure && !isDone) {
    if (proxy !== "" && last === undefined) return "proxy";
    return "tls";
  }
  return "http";
}

function lookupsOf(trace: NetworkTrace): TraceLookup[] {
  const servers = new Map(
    [...trace.tcpConns, ...trace.udpConns].map(({ traceId, addrTuple }) => [
      traceId,
      addrTuple.dstIp,
    ]),
  );
  return trace.dnsQueries.flatMap((query) =>
    lookupsOfQuery(query, servers.get(query.connection) ?? "")
  );
}

function lookupsOfQuery(query: TraceDnsQuery, server: string): TraceLookup[] {
  return query.dnsQueryMsgs.flatMap(({ id, questions }) =>
    questions.map(({ name, type }) => {
      const reply = query.dnsReplyMsgs.find((message) => message.id === id) ??
        query.dnsReplyMsgs[0];
      const addresses = (reply?.answers ?? [])
        .map(({ resolvedVal }) => resolvedVal)
        .filter((value) => parseIpAddress(value) !== undefined);
      return { server, name, type, rcode: reply?.rCode ?? "", addresses };
    })
  );
}

function firstByte(
  trace: NetworkTrace,
  request: TraceHttpRequest | undefined,
): number | undefined {
  if (request === undefined) return undefined;
  const at = (time: Parameters<typeof traceTimeToMs>[0]) =>
    traceTimeToMs(time, trace.traceBeginAt);
  const end = at(request.respRecvAt);
  const conn = trace.tcpConns.find(({ traceId }) =>
    traceId === request.tcpConn
  );
  const tunnel = trace.tlsTunnels.find(({ traceId }) =>
    traceId === request.tlsTunnel
  );
  const starts = [
    at(request.reqSentAt),
    conn && at(conn.handshakeEndAt),
    tunnel && at(tunnel.handshakeEndAt),
  ].filter((ms) => ms !== undefined);
  if (end === undefined || starts.length === 0) return undefined;
  return Math.max(0, end - Math.max(...starts));
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
