import { traceTimeToMs } from "./nettrace_time.ts";
import { TRACE_LISTS } from "./nettrace_types.ts";
import type { NetworkTrace, TraceTime } from "./nettrace_types.ts";

/** Something odd in the records of a trace; all of it can be normal in bounded and batch modes. */
export interface TraceOddity {
  readonly kind: "dangling-id" | "duplicate-id" | "missing-id" | "time-order";
  /** Where, for example `tcpConns[3].fromDial`. */
  readonly path: string;
  /** What is odd, for people. */
  readonly detail: string;
}

/** Most oddities that are told. */
const MAX_ODDITIES = 1000;

/**
 * Checks that the records of a trace fit together.
 *
 * @param trace The trace.
 * @returns What is odd, at most 1000 of them.
 */
export function checkTrace(trace: NetworkTrace): readonly TraceOddity[] {
  const found: TraceOddity[] = [];
  const add = (oddity: TraceOddity) => {
    if (found.length < MAX_ODDITIES) found.push(oddity);
  };
  const ids = new Set<string>();
  for (const list of TRACE_LISTS) {
    for (const [index, { traceId }] of trace[list].entries()) {
      const path = `${list}[${index}].traceID`;
      if (traceId === "") {
        add({ kind: "missing-id", path, detail: "record has no trace id" });
      } else if (ids.has(traceId)) {
        add({
          kind: "duplicate-id",
          path,
          detail: `trace id ${traceId} is there already`,
        });
      }
      ids.add(traceId);
    }
  }
  checkReferences(trace, ids, add);
  checkTimes(trace, add);
  return found;
}

function checkReferences(
  trace: NetworkTrace,
  ids: ReadonlySet<string>,
  add: (oddity: TraceOddity) => void,
): void {
  const refer = (path: string, id: string) => {
    if (id === "" || ids.has(id)) return;
    add({ kind: "dangling-id", path, detail: `no record has trace id ${id}` });
  };
  for (const [index, dial] of trace.dials.entries()) {
    const path = `dials[${index}]`;
    refer(`${path}.establishedConn`, dial.establishedConn);
    for (const [at, each] of dial.resolverDials.entries()) {
      refer(
        `${path}.resolverDials[${at}].establishedConn`,
        each.establishedConn,
      );
    }
  }
  for (const list of ["tcpConns", "udpConns", "dnsQueries"] as const) {
    for (const [index, record] of trace[list].entries()) {
      refer(`${list}[${index}].fromDial`, record.fromDial);
    }
  }
  for (const [index, query] of trace.dnsQueries.entries()) {
    refer(`dnsQueries[${index}].connection`, query.connection);
  }
  for (const [index, tunnel] of trace.tlsTunnels.entries()) {
    refer(`tlsTunnels[${index}].tcpConn`, tunnel.tcpConn);
  }
  for (const [index, request] of trace.httpRequests.entries()) {
    const path = `httpRequests[${index}]`;
    refer(`${path}.tcpConn`, request.tcpConn);
    refer(`${path}.tlsTunnel`, request.tlsTunnel);
    refer(`${path}.proxyTLSTunnel`, request.proxyTlsTunnel);
  }
}

function checkTimes(
  trace: NetworkTrace,
  add: (oddity: TraceOddity) => void,
): void {
  const ms = (time: TraceTime) => traceTimeToMs(time, trace.traceBeginAt);
  const order = (path: string, begin: TraceTime, end: TraceTime) => {
    const from = ms(begin);
    const to = ms(end);
    if (from === undefined || to === undefined || to >= from) return;
    add({
      kind: "time-order",
      path,
      detail: `ends ${from - to} ms before it begins`,
    });
  };
  for (const [index, dial] of trace.dials.entries()) {
    order(`dials[${index}].dialEndAt`, dial.dialBeginAt, dial.dialEndAt);
  }
  for (const [index, conn] of trace.tcpConns.entries()) {
    const path = `tcpConns[${index}]`;
    order(`${path}.handshakeEndAt`, conn.handshakeBeginAt, conn.handshakeEndAt);
    order(`${path}.connCloseAt`, conn.handshakeEndAt, conn.connCloseAt);
    for (const [at, op] of (conn.socketTrace?.socketOps ?? []).entries()) {
      order(
        `${path}.socketTrace.socketOps[${at}].returnAt`,
        op.callAt,
        op.returnAt,
      );
    }
  }
  for (const [index, conn] of trace.udpConns.entries()) {
    order(
      `udpConns[${index}].connCloseAt`,
      conn.socketCreateAt,
      conn.connCloseAt,
    );
  }
  for (const [index, tunnel] of trace.tlsTunnels.entries()) {
    order(
      `tlsTunnels[${index}].handshakeEndAt`,
      tunnel.handshakeBeginAt,
      tunnel.handshakeEndAt,
    );
  }
  for (const [index, request] of trace.httpRequests.entries()) {
    order(
      `httpRequests[${index}].respRecvAt`,
      request.reqSentAt,
      request.respRecvAt,
    );
  }
}
