import type { UnixNs } from "../base/time.ts";
import { joinHostPort } from "../codec/ip_address.ts";
import type { TimelineEvent } from "../timeline/types.ts";
import { traceTimeToMs, traceTimeToUnixNs } from "./nettrace_time.ts";
import type {
  NetworkTrace,
  TraceTcpConn,
  TraceTime,
  TraceUdpConn,
} from "./nettrace_types.ts";

const PROVIDER = "nettrace";
const NS_PER_MS = 1e6;

/**
 * Turns a network trace into records of a timeline: what took time becomes a
 * span, calls on sockets and DNS messages become events.
 *
 * @param trace The trace.
 * @returns Records in order of time; those without a time come last.
 */
export function traceToTimeline(trace: NetworkTrace): TimelineEvent[] {
  return new TimelineMaker(trace).make();
}

class TimelineMaker {
  readonly #trace: NetworkTrace;
  readonly #events: TimelineEvent[] = [];

  constructor(trace: NetworkTrace) {
    this.#trace = trace;
  }

  make(): TimelineEvent[] {
    const trace = this.#trace;
    for (const request of trace.httpRequests) {
      this.#span("http", request.reqSentAt, request.respRecvAt, {
        traceID: request.traceId,
        method: request.reqMethod,
        url: request.reqUrl,
        status: request.respStatusCode,
        error: request.reqError || undefined,
        sentBytes: request.reqContentLen,
        receivedBytes: request.respContentLen,
        proxy: request.networkProxy || undefined,
        tcpConn: request.tcpConn,
      });
    }
    for (const dial of trace.dials) {
      this.#span("dial", dial.dialBeginAt, dial.dialEndAt, {
        traceID: dial.traceId,
        destination: dial.dstAddress,
        error: dial.dialErr || undefined,
        conn: dial.establishedConn,
      });
    }
    for (const conn of trace.tcpConns) {
      this.#span("tcp", conn.handshakeBeginAt, conn.handshakeEndAt, {
        traceID: conn.traceId,
        fromDial: conn.fromDial,
        ...endsOf(conn),
        connected: conn.connected,
      });
      this.#socket(conn);
    }
    for (const conn of trace.udpConns) {
      this.#span("udp", conn.socketCreateAt, conn.connCloseAt, {
        traceID: conn.traceId,
        fromDial: conn.fromDial,
        ...endsOf(conn),
      });
      this.#socket(conn);
    }
    for (const query of trace.dnsQueries) this.#dns(query);
    for (const tunnel of trace.tlsTunnels) {
      this.#span("tls", tunnel.handshakeBeginAt, tunnel.handshakeEndAt, {
        traceID: tunnel.traceId,
        tcpConn: tunnel.tcpConn,
        serverName: tunnel.serverName,
        cipherSuite: tunnel.cipherSuite,
        protocol: tunnel.negotiatedProto || undefined,
        error: tunnel.handshakeErr || undefined,
        subject: tunnel.peerCerts[0]?.subject,
        issuer: tunnel.peerCerts[0]?.issuer,
      });
    }
    return this.#events.sort((a, b) =>
      (a.relativeNs ?? Infinity) - (b.relativeNs ?? Infinity)
    );
  }

  #dns(query: NetworkTrace["dnsQueries"][number]): void {
    const own = { traceID: query.traceId, connection: query.connection };
    for (const msg of query.dnsQueryMsgs) {
      this.#instant("dns-query", msg.sentAt, {
        ...own,
        id: msg.id,
        size: msg.size,
        questions: msg.questions.map(({ name, type }) => `${type} ${name}`),
      });
    }
    for (const msg of query.dnsReplyMsgs) {
      this.#instant("dns-reply", msg.recvAt, {
        ...own,
        id: msg.id,
        size: msg.size,
        rCode: msg.rCode,
        truncated: msg.truncated,
        answers: msg.answers.map(({ name, type, resolvedVal }) =>
          `${type} ${name} ${resolvedVal}`
        ),
      });
    }
  }

  #socket(conn: TraceTcpConn | TraceUdpConn): void {
    for (const op of conn.socketTrace?.socketOps ?? []) {
      this.#span(`socket-${op.type}`, op.callAt, op.returnAt, {
        conn: conn.traceId,
        bytes: op.dataLen,
        error: op.returnErr || undefined,
        remote: op.remoteAddr || undefined,
      });
    }
  }

  #span(
    name: string,
    begin: TraceTime,
    end: TraceTime,
    fields: Readonly<Record<string, unknown>>,
  ): void {
    const { traceBeginAt } = this.#trace;
    const from = traceTimeToMs(begin, traceBeginAt);
    const to = traceTimeToMs(end, traceBeginAt);
    if (from === undefined || to === undefined) {
      this.#instant(name, begin, fields);
      return;
    }
    this.#events.push({
      type: "span",
      ...this.#base(name, begin, fields),
      durationNs: Math.max(0, to - from) * NS_PER_MS,
    });
  }

  #instant(
    name: string,
    time: TraceTime,
    fields: Readonly<Record<string, unknown>>,
  ): void {
    this.#events.push({ type: "event", ...this.#base(name, time, fields) });
  }

  #base(
    name: string,
    time: TraceTime,
    fields: Readonly<Record<string, unknown>>,
  ) {
    const { traceBeginAt } = this.#trace;
    const ms = traceTimeToMs(time, traceBeginAt);
    return {
      timestamp: traceTimeToUnixNs(time, traceBeginAt) as UnixNs | undefined,
      relativeNs: ms === undefined ? undefined : ms * NS_PER_MS,
      provider: PROVIDER,
      name,
      fields: Object.fromEntries(
        Object.entries(fields).filter(([, value]) => value !== undefined),
      ),
    };
  }
}

function endsOf(
  { addrTuple, totalSentBytes, totalRecvBytes }: TraceTcpConn | TraceUdpConn,
): Record<string, unknown> {
  const { srcIp, srcPort, dstIp, dstPort } = addrTuple;
  return {
    source: joinHostPort(srcIp, srcPort),
    destination: joinHostPort(dstIp, dstPort),
    sentBytes: totalSentBytes,
    receivedBytes: totalRecvBytes,
  };
}
