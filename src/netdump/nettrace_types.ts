/**
 * A moment in a network trace: whole milliseconds since the trace began, a
 * moment of its own (RFC 3339, kept as text so that all its digits survive), or
 * none.
 */
export type TraceTime =
  | { readonly type: "relative"; readonly ms: number }
  | { readonly type: "absolute"; readonly text: string }
  | { readonly type: "undefined" };

/** No moment. */
export const UNDEFINED_TIME: TraceTime = { type: "undefined" };

/** Members that this version does not know, by key; kept when a trace is rewritten. */
export type TraceExtra = Readonly<Record<string, unknown>>;

/** What every object of a network trace may have. */
export interface TraceObject {
  /** Members that this version does not know. */
  readonly extra?: TraceExtra | undefined;
}

/** Where a connection runs. Unknown addresses are the text `<nil>`. */
export interface TraceAddrTuple extends TraceObject {
  readonly srcIp: string;
  readonly srcPort: number;
  readonly dstIp: string;
  readonly dstPort: number;
}

/** One socket opened to one name server. */
export interface TraceResolverDial extends TraceObject {
  readonly dialBeginAt: TraceTime;
  readonly dialEndAt: TraceTime;
  readonly dialErr: string;
  /** `ip:port`. */
  readonly nameserver: string;
  /** Trace id of a UDP or TCP connection, empty when there is none. */
  readonly establishedConn: string;
}

/** One attempt to get a TCP connection to `host:port`. */
export interface TraceDial extends TraceObject {
  readonly traceId: string;
  readonly dialBeginAt: TraceTime;
  readonly dialEndAt: TraceTime;
  readonly dialErr: string;
  /** When the caller's cancellation scope ended; normal after every request. */
  readonly ctxCloseAt: TraceTime;
  /** As asked for: name or address; of the proxy when one is used. */
  readonly dstAddress: string;
  /** In order of completion. */
  readonly resolverDials: readonly TraceResolverDial[];
  /** Name servers that a filter refused. */
  readonly skippedNameservers: readonly string[];
  /** Configured source address, empty when there is none. */
  readonly sourceIp: string;
  /** Trace id of the connection, empty when the dial failed. */
  readonly establishedConn: string;
}

/** One call on a socket. */
export interface TraceSocketOp extends TraceObject {
  /** `read`, `write`, `read-from`, `write-to`, `unrecognized-op`, or what the trace says. */
  readonly type: string;
  readonly callAt: TraceTime;
  readonly returnAt: TraceTime;
  readonly returnErr: string;
  readonly remoteAddr: string;
  /** Bytes moved. */
  readonly dataLen: number;
}

/** The calls on one socket. */
export interface TraceSocketTrace extends TraceObject {
  readonly socketOps: readonly TraceSocketOp[];
}

/** What the kernel's connection tracking knew of a connection. */
export interface TraceConntrack extends TraceObject {
  readonly capturedAt: TraceTime;
  /** Flags joined with `|`; their order is arbitrary and kept. */
  readonly status: string;
  /** Empty for other protocols than TCP. */
  readonly tcpState: string;
  readonly mark: number;
  readonly addrOrig: TraceAddrTuple;
  readonly addrReply: TraceAddrTuple;
  /** Counted on the level of IP; 0 when the kernel does not count. */
  readonly packetsSent: bigint;
  readonly packetsRecv: bigint;
  readonly bytesSent: bigint;
  readonly bytesRecv: bigint;
}

/** One TCP connection, or a failed attempt to make one. */
export interface TraceTcpConn extends TraceObject {
  readonly traceId: string;
  /** Trace id of the dial. */
  readonly fromDial: string;
  /** Whether it carries DNS. */
  readonly fromResolver: boolean;
  readonly handshakeBeginAt: TraceTime;
  readonly handshakeEndAt: TraceTime;
  readonly connected: boolean;
  readonly connCloseAt: TraceTime;
  readonly addrTuple: TraceAddrTuple;
  /** Whether it was open before the trace began. */
  readonly reused: boolean;
  /** Payload of TCP, so TLS records where TLS is spoken. */
  readonly totalSentBytes: bigint;
  readonly totalRecvBytes: bigint;
  readonly conntrack: TraceConntrack | undefined;
  readonly socketTrace: TraceSocketTrace | undefined;
}

/** One connected UDP socket. */
export interface TraceUdpConn extends TraceObject {
  readonly traceId: string;
  readonly fromDial: string;
  readonly fromResolver: boolean;
  readonly socketCreateAt: TraceTime;
  readonly connCloseAt: TraceTime;
  readonly addrTuple: TraceAddrTuple;
  readonly totalSentBytes: bigint;
  readonly totalRecvBytes: bigint;
  readonly conntrack: TraceConntrack | undefined;
  readonly socketTrace: TraceSocketTrace | undefined;
}

/** What a DNS query asks. */
export interface TraceDnsQuestion extends TraceObject {
  /** Absolute, with a dot at the end. */
  readonly name: string;
  readonly type: string;
  readonly class: number;
}

/** A DNS query as sent. */
export interface TraceDnsQueryMsg extends TraceObject {
  readonly sentAt: TraceTime;
  readonly id: number;
  readonly recursionDesired: boolean;
  readonly truncated: boolean;
  /** Bytes, without the length prefix of DNS over TCP. */
  readonly size: number;
  readonly questions: readonly TraceDnsQuestion[];
  /** Class of the OPT record, 0 when there is none. */
  readonly optUdpPayloadSize: number;
}

/** One record of a DNS reply. */
export interface TraceDnsAnswer extends TraceObject {
  readonly name: string;
  readonly type: string;
  readonly class: number;
  /** Seconds. */
  readonly ttl: number;
  /** Address or target name. */
  readonly resolvedVal: string;
}

/** A DNS reply as received. */
export interface TraceDnsReplyMsg extends TraceObject {
  readonly recvAt: TraceTime;
  readonly id: number;
  readonly authoritative: boolean;
  readonly recursionAvailable: boolean;
  readonly truncated: boolean;
  readonly size: number;
  readonly rCode: string;
  /** A, AAAA, CNAME, NS, PTR and MX only. */
  readonly answers: readonly TraceDnsAnswer[];
}

/** All messages on one socket of the resolver. */
export interface TraceDnsQuery extends TraceObject {
  readonly traceId: string;
  readonly fromDial: string;
  /** Trace id of the connection that carried them. */
  readonly connection: string;
  readonly dnsQueryMsgs: readonly TraceDnsQueryMsg[];
  readonly dnsReplyMsgs: readonly TraceDnsReplyMsg[];
}

/** A certificate of the peer. */
export interface TracePeerCert extends TraceObject {
  readonly subject: string;
  readonly issuer: string;
  readonly notBefore: TraceTime;
  readonly notAfter: TraceTime;
  readonly isCa: boolean;
}

/** One TLS handshake. */
export interface TraceTlsTunnel extends TraceObject {
  readonly traceId: string;
  readonly tcpConn: string;
  readonly handshakeBeginAt: TraceTime;
  readonly handshakeEndAt: TraceTime;
  readonly handshakeErr: string;
  readonly didResume: boolean;
  /** As sent, leaf first. */
  readonly peerCerts: readonly TracePeerCert[];
  /** IANA number, 0 on failure. */
  readonly cipherSuite: number;
  /** Result of ALPN. */
  readonly negotiatedProto: string;
  readonly serverName: string;
}

/** One value of an HTTP header; how much is told depends on the tracer's options. */
export interface TraceHeaderField extends TraceObject {
  readonly fieldName: string;
  readonly fieldVal: string;
  /** Length of the value in bytes. */
  readonly fieldValLen: number;
}

/** One round trip of HTTP; every hop of a redirect is one. */
export interface TraceHttpRequest extends TraceObject {
  readonly traceId: string;
  readonly tcpConn: string;
  readonly tlsTunnel: string;
  readonly proxyTlsTunnel: string;
  readonly protoMajor: number;
  readonly protoMinor: number;
  /** URL of the proxy. */
  readonly networkProxy: string;
  /** When the round trip started, which is before DNS. */
  readonly reqSentAt: TraceTime;
  readonly reqMethod: string;
  readonly reqUrl: string;
  readonly reqHeader: readonly TraceHeaderField[];
  readonly reqContentLen: bigint;
  readonly reqError: string;
  /** When the headers of the response were in. */
  readonly respRecvAt: TraceTime;
  /** 0 when there is no response. */
  readonly respStatusCode: number;
  readonly respHeader: readonly TraceHeaderField[];
  /** Bytes of the body that were read, decoded. */
  readonly respContentLen: bigint;
}

/** Names of the six lists of a trace, in the order of the plain form. */
export const TRACE_LISTS = [
  "dials",
  "tcpConns",
  "udpConns",
  "dnsQueries",
  "tlsTunnels",
  "httpRequests",
] as const;

/** Name of one of the lists of a trace. */
export type TraceListName = typeof TRACE_LISTS[number];

/** What a trace says of itself. */
export interface TraceHeader {
  readonly description: string;
  readonly traceBeginAt: TraceTime;
  readonly traceEndAt: TraceTime;
  /** Session id; only the plain form of newer traces has one. */
  readonly uuid: string | undefined;
}

/** The six lists of a trace. */
export interface TraceRecords {
  readonly dials: readonly TraceDial[];
  readonly tcpConns: readonly TraceTcpConn[];
  readonly udpConns: readonly TraceUdpConn[];
  readonly dnsQueries: readonly TraceDnsQuery[];
  readonly tlsTunnels: readonly TraceTlsTunnel[];
  readonly httpRequests: readonly TraceHttpRequest[];
}

/**
 * A trace of one client's HTTP requests, with every name lookup, connection
 * and TLS handshake that they needed. Records refer to each other by trace id;
 * an id may point nowhere.
 */
export interface NetworkTrace extends TraceHeader, TraceRecords, TraceObject {}

/** Kind of record in each list. */
export type TraceRecord = TraceRecords[TraceListName][number];
