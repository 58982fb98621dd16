import { joinHostPort } from "../codec/ip_address.ts";
import { traceTimeToMs } from "./nettrace_time.ts";
import type {
  NetworkTrace,
  TraceDial,
  TraceHttpRequest,
  TraceTcpConn,
  TraceTime,
  TraceTlsTunnel,
} from "./nettrace_types.ts";

/** Steps of a request, in their order. */
export const REQUEST_STAGES = [
  "dns",
  "connect",
  "proxy",
  "tls",
  "wait",
  "body",
] as const;

/** A step of a request: `proxy` is all that is said to a proxy, its TLS included. */
export type RequestStage = typeof REQUEST_STAGES[number];

/** When a step began and how long it took. */
export interface StageSpan {
  readonly stage: RequestStage;
  /** Milliseconds since the trace began. */
  readonly beginMs: number;
  /** Milliseconds. */
  readonly durationMs: number;
}

/** A request with its steps. */
export interface StagedRequest {
  readonly request: TraceHttpRequest;
  /** The dial that was made for it, if there was one. */
  readonly dial: TraceDial | undefined;
  /** Its connection. */
  readonly conn: TraceTcpConn | undefined;
  /** Steps that happened, in their order. */
  readonly stages: readonly StageSpan[];
  /** Milliseconds since the trace began. */
  readonly beginMs: number;
  /** End of the last step that is known. */
  readonly endMs: number;
}

/**
 * Takes the requests of a trace apart into steps.
 *
 * @param trace The trace.
 * @returns Its requests in order of their start.
 */
export function stageRequests(trace: NetworkTrace): readonly StagedRequest[] {
  const stager = new Stager(trace);
  return trace.httpRequests
    .map((request) => stager.stage(request))
    .sort((a, b) => a.beginMs - b.beginMs);
}

class Stager {
  readonly #trace: NetworkTrace;
  readonly #conns: ReadonlyMap<string, TraceTcpConn>;
  readonly #attempts: ReadonlyMap<string, readonly TraceTcpConn[]>;
  readonly #tunnels: ReadonlyMap<string, TraceTlsTunnel>;
  /** Times at which requests were sent, by connection. */
  readonly #sentAt: ReadonlyMap<string, readonly TraceHttpRequest[]>;
  /** Dials that no request has taken yet. */
  readonly #dialsById: ReadonlyMap<string, TraceDial[]>;
  readonly #dialsByDestination: ReadonlyMap<string, TraceDial[]>;

  constructor(trace: NetworkTrace) {
    this.#trace = trace;
    const { tcpConns, tlsTunnels, dials, httpRequests } = trace;
    this.#conns = new Map(tcpConns.map((conn) => [conn.traceId, conn]));
    this.#attempts = Map.groupBy(
      tcpConns.filter(({ fromResolver }) => !fromResolver),
      ({ fromDial }) => fromDial,
    );
    this.#tunnels = new Map(
      tlsTunnels.toReversed().map((tunnel) => [tunnel.traceId, tunnel]),
    );
    this.#sentAt = Map.groupBy(httpRequests, ({ tcpConn }) => tcpConn);
    this.#dialsById = Map.groupBy(dials, ({ traceId }) => traceId);
    this.#dialsByDestination = Map.groupBy(
      dials,
      ({ dstAddress }) => dstAddress,
    );
  }

  stage(request: TraceHttpRequest): StagedRequest {
    const beginMs = this.#ms(request.reqSentAt) ?? 0;
    const conn = this.#conns.get(request.tcpConn);
    const dial = this.#dialOf(request, conn, beginMs);
    const stages: StageSpan[] = [];
    let at = beginMs;
    const add = (
      stage: RequestStage,
      from: number | undefined,
      to: number | undefined,
    ) => {
      if (from === undefined || to === undefined || to < from) return;
      stages.push({ stage, beginMs: from, durationMs: to - from });
      at = Math.max(at, to);
    };

    if (dial !== undefined) {
      const dialBegin = this.#ms(dial.dialBeginAt) ?? beginMs;
      const dialEnd = this.#ms(dial.dialEndAt);
      const attempts = this.#attempts.get(dial.traceId) ?? [];
      const begins = attempts.flatMap((each) =>
        this.#ms(each.handshakeBeginAt) ?? []
      );
      const firstAttempt = begins.length > 0 ? Math.min(...begins) : undefined;
      if (dial.resolverDials.length > 0 || firstAttempt === undefined) {
        add("dns", dialBegin, firstAttempt ?? dialEnd);
      }
      if (firstAttempt !== undefined) add("connect", firstAttempt, dialEnd);
    }

    const proxyTls = this.#tunnel(request.proxyTlsTunnel);
    const tls = this.#tunnel(request.tlsTunnel);
    if (request.networkProxy !== "" && dial?.establishedConn) {
      const end = this.#ms(tls?.handshakeBeginAt) ??
        this.#ms(proxyTls?.handshakeEndAt);
      add("proxy", at, end);
    }
    if (tls !== undefined) {
      add("tls", this.#ms(tls.handshakeBeginAt), this.#ms(tls.handshakeEndAt));
    }
    const received = this.#ms(request.respRecvAt);
    add("wait", at, received);
    const scopeEnd = this.#ms(dial?.ctxCloseAt);
    // For a redirect the scope goes on with the next hop.
    const isRedirect = request.respStatusCode >= 300 &&
      request.respStatusCode < 400;
    if (received !== undefined && !isRedirect) {
      add("body", received, scopeEnd ?? this.#lastRead(conn, received));
    }
    if (
      request.reqError !== "" && scopeEnd !== undefined &&
      received === undefined
    ) {
      const isOver = stages.some(({ stage }) => stage === "tls") ||
        (dial?.establishedConn ?? "") === "";
      if (!isOver) add("wait", at, scopeEnd);
    }
    return { request, dial, conn, stages, beginMs, endMs: at };
  }

  #dialOf(
    request: TraceHttpRequest,
    conn: TraceTcpConn | undefined,
    beginMs: number,
  ): TraceDial | undefined {
    const destination = destinationOf(request);
    const dials = conn !== undefined
      ? this.#dialsById.get(conn.fromDial)
      : destination === undefined
      ? undefined
      : this.#dialsByDestination.get(destination);
    const dial = dials?.find(({ dialBeginAt }) => {
      const dialBegin = this.#ms(dialBeginAt);
      return dialBegin !== undefined && dialBegin >= beginMs;
    });
    if (dial === undefined) return undefined;
    for (
      const list of [
        this.#dialsById.get(dial.traceId)!,
        this.#dialsByDestination.get(dial.dstAddress)!,
      ]
    ) list.splice(list.indexOf(dial), 1);
    return dial;
  }

  #tunnel(id: string): TraceTlsTunnel | undefined {
    return id === "" ? undefined : this.#tunnels.get(id);
  }

  #lastRead(conn: TraceTcpConn | undefined, after: number): number | undefined {
    const reads = (conn?.socketTrace?.socketOps ?? [])
      .filter(({ type, returnErr }) => type === "read" && returnErr === "")
      .flatMap(({ returnAt }) => this.#ms(returnAt) ?? []);
    const next = (this.#sentAt.get(conn?.traceId ?? "") ?? [])
      .flatMap(({ reqSentAt }) => this.#ms(reqSentAt) ?? [])
      .filter((ms) => ms > after);
    const limit = Math.min(Infinity, ...next);
    return reads.filter((ms) => ms >= after && ms <= limit).at(-1);
  }

  #ms(time: TraceTime | undefined): number | undefined {
    return time === undefined
      ? undefined
      : traceTimeToMs(time, this.#trace.traceBeginAt);
  }
}

/** Where the dial of a request leads: to its proxy if it has one. */
function destinationOf(request: TraceHttpRequest): string | undefined {
  const url = URL.parse(
    request.networkProxy === "" ? request.reqUrl : request.networkProxy,
  );
  if (url === null) return undefined;
  const ports: Readonly<Record<string, number>> = {
    "http:": 80,
    "https:": 443,
    "socks5:": 1080,
  };
  const port = url.port === "" ? ports[url.protocol] ?? 0 : Number(url.port);
  return joinHostPort(url.hostname.replace(/^\[|\]$/g, ""), port);
}
