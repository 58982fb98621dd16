import { redactUrl } from "../nettrace_redact_url.ts";
import type {
  TraceConntrack,
  TraceDial,
  TraceDnsQuery,
  TraceHeaderField,
  TraceHttpRequest,
  TraceSocketTrace,
  TraceTcpConn,
  TraceTlsTunnel,
  TraceUdpConn,
} from "../nettrace_types.ts";
import type {
  LiveConn,
  LiveDial,
  LiveDnsQuery,
  LiveHttpRequest,
  LiveTlsTunnel,
} from "./_live_records.ts";
import type { TraceClock } from "./trace_clock.ts";
import type { HeaderDetail } from "./tracer_options.ts";

/** Text of an address that is not known. */
const NO_ADDRESS = "<nil>";

/** Stands in the place of a value that is nobody else's business. */
const REDACTED = "REDACTED";

const encoder = new TextEncoder();

/** What of a record is told. */
export interface RecordDetail {
  readonly sockets: boolean;
  readonly headers: HeaderDetail;
  readonly excludeHeader: (name: string) => boolean;
  readonly redactUrls: boolean;
  readonly keepSecrets: boolean;
}

/** Fields whose values let others act in somebody's name. */
const SECRET_FIELDS: ReadonlySet<string> = new Set([
  "authorization",
  "cookie",
  "proxy-authorization",
  "set-cookie",
]);
/** Fields whose values are URLs. */
const URL_FIELDS: ReadonlySet<string> = new Set([
  "content-location",
  "location",
  "referer",
]);

/** Makes records of a trace from records in the making. */
export class RecordBuilder {
  readonly #clock: TraceClock;
  readonly #detail: RecordDetail;

  constructor(clock: TraceClock, detail: RecordDetail) {
    this.#clock = clock;
    this.#detail = detail;
  }

  dial(live: LiveDial): TraceDial {
    const clock = this.#clock;
    return {
      traceId: live.traceId,
      dialBeginAt: clock.timeOf(live.beginAt),
      dialEndAt: clock.timeOf(live.endAt),
      dialErr: live.error,
      ctxCloseAt: clock.timeOf(live.scopeEndAt),
      dstAddress: live.destination,
      resolverDials: live.resolverDials
        .filter(({ endAt }) => endAt !== undefined)
        .toSorted((a, b) => a.endAt! - b.endAt!)
        .map((each) => ({
          dialBeginAt: clock.timeOf(each.beginAt),
          dialEndAt: clock.timeOf(each.endAt),
          dialErr: each.error,
          nameserver: each.nameserver,
          establishedConn: each.conn?.traceId ?? "",
        })),
      skippedNameservers: [...live.skippedNameservers],
      sourceIp: live.sourceIp,
      establishedConn: live.conn?.traceId ?? "",
    };
  }

  tcpConn(live: LiveConn): TraceTcpConn {
    return {
      traceId: live.traceId,
      fromDial: live.dial?.traceId ?? "",
      fromResolver: live.fromResolver,
      handshakeBeginAt: this.#clock.timeOf(live.beginAt),
      handshakeEndAt: this.#clock.timeOf(live.endAt),
      connected: live.connected,
      connCloseAt: this.#clock.timeOf(live.closeAt),
      addrTuple: addrTuple(live),
      reused: live.reused,
      totalSentBytes: BigInt(live.sentBytes),
      totalRecvBytes: BigInt(live.receivedBytes),
      conntrack: this.#conntrack(live),
      socketTrace: this.#socketTrace(live),
    };
  }

  udpConn(live: LiveConn): TraceUdpConn {
    return {
      traceId: live.traceId,
      fromDial: live.dial?.traceId ?? "",
      fromResolver: live.fromResolver,
      socketCreateAt: this.#clock.timeOf(live.beginAt),
      connCloseAt: this.#clock.timeOf(live.closeAt),
      addrTuple: addrTuple(live),
      totalSentBytes: BigInt(live.sentBytes),
      totalRecvBytes: BigInt(live.receivedBytes),
      conntrack: this.#conntrack(live),
      socketTrace: this.#socketTrace(live),
    };
  }

  dnsQuery(live: LiveDnsQuery): TraceDnsQuery {
    return {
      traceId: live.traceId,
      fromDial: live.dial?.traceId ?? "",
      connection: live.conn.traceId,
      dnsQueryMsgs: live.queries.map(({ at, msg }) => ({
        sentAt: this.#clock.timeOf(at),
        ...msg,
      })),
      dnsReplyMsgs: live.replies.map(({ at, msg }) => ({
        recvAt: this.#clock.timeOf(at),
        ...msg,
      })),
    };
  }

  tlsTunnel(live: LiveTlsTunnel): TraceTlsTunnel {
    return {
      traceId: live.traceId,
      tcpConn: live.conn?.traceId ?? "",
      handshakeBeginAt: this.#clock.timeOf(live.beginAt),
      handshakeEndAt: this.#clock.timeOf(live.endAt),
      handshakeErr: live.error,
      didResume: live.didResume,
      peerCerts: live.peerCerts,
      cipherSuite: live.cipherSuite,
      negotiatedProto: live.negotiatedProto,
      serverName: live.serverName,
    };
  }

  httpRequest(live: LiveHttpRequest): TraceHttpRequest {
    const query = this.#detail.redactUrls;
    return {
      traceId: live.traceId,
      tcpConn: (live.conn ?? live.dial?.conn)?.traceId ?? "",
      tlsTunnel: live.tlsTunnel?.traceId ?? "",
      proxyTlsTunnel: live.proxyTlsTunnel?.traceId ?? "",
      protoMajor: live.protoMajor,
      protoMinor: live.protoMinor,
      networkProxy: redactUrl(live.networkProxy),
      reqSentAt: this.#clock.timeOf(live.sentAt),
      reqMethod: live.method,
      reqUrl: redactUrl(live.url, { query }),
      reqHeader: this.#headerFields(live.header),
      reqContentLen: BigInt(live.requestBytes),
      reqError: live.error,
      respRecvAt: this.#clock.timeOf(live.receivedAt),
      respStatusCode: live.status,
      respHeader: this.#headerFields(live.responseHeader),
      respContentLen: BigInt(live.responseBytes),
    };
  }

  #headerFields(
    header: readonly (readonly [string, string])[],
  ): readonly TraceHeaderField[] {
    const { headers, excludeHeader } = this.#detail;
    if (headers === "none") return [];
    return header.filter(([name]) => !excludeHeader(name)).map((
      [name, value],
    ) => ({
      fieldName: canonicalHeaderName(name),
      fieldVal: headers === "values" ? this.#redactField(name, value) : "",
      // The length stays that of the value itself.
      fieldValLen: headers === "names" ? 0 : encoder.encode(value).length,
    }));
  }

  #redactField(name: string, value: string): string {
    const key = name.toLowerCase();
    if (SECRET_FIELDS.has(key) && !this.#detail.keepSecrets) return REDACTED;
    return URL_FIELDS.has(key)
      ? redactUrl(value, { query: this.#detail.redactUrls })
      : value;
  }

  #conntrack(live: LiveConn): TraceConntrack | undefined {
    if (live.conntrack === undefined) return undefined;
    return {
      capturedAt: this.#clock.timeOf(live.conntrack.capturedAt),
      ...live.conntrack.entry,
    };
  }

  #socketTrace(live: LiveConn): TraceSocketTrace | undefined {
    if (!this.#detail.sockets || !live.connected) return undefined;
    return {
      socketOps: live.ops.map((op) => ({
        type: op.type,
        callAt: this.#clock.timeOf(op.callAt),
        returnAt: this.#clock.timeOf(op.returnAt),
        returnErr: op.error,
        remoteAddr: "",
        dataLen: op.size,
      })),
    };
  }
}

/**
 * @param name Name of a header.
 * @returns It as Go and people write it: `content-type` becomes `Content-Type`.
 */
export function canonicalHeaderName(name: string): string {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)
    ? name.toLowerCase().replace(
      /(^|-)([a-z])/g,
      (_, dash: string, letter: string) => dash + letter.toUpperCase(),
    )
    : name;
}

function addrTuple(live: LiveConn): TraceTcpConn["addrTuple"] {
  return {
    srcIp: live.sourceAddress ?? NO_ADDRESS,
    srcPort: live.sourceAddress === undefined ? 0 : live.sourcePort,
    dstIp: live.address,
    dstPort: live.port,
  };
}
