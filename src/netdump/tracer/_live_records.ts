import type { TraceConntrack, TracePeerCert } from "../nettrace_types.ts";
import type { TraceDnsQueryMsg, TraceDnsReplyMsg } from "../nettrace_types.ts";

// Records while they are made. Times are readings of the monotonic clock; what
// is not known yet is undefined. They become records of a trace when one is asked for.

/** An attempt to get a connection. */
export interface LiveDial {
  traceId: string;
  beginAt: number;
  endAt: number | undefined;
  error: string;
  scopeEndAt: number | undefined;
  readonly destination: string;
  readonly resolverDials: LiveResolverDial[];
  readonly skippedNameservers: string[];
  readonly sourceIp: string;
  conn: LiveConn | undefined;
}

/** A socket opened to a name server. */
export interface LiveResolverDial {
  beginAt: number;
  endAt: number | undefined;
  error: string;
  readonly nameserver: string;
  conn: LiveConn | undefined;
}

/** A call on a socket. */
export interface LiveSocketOp {
  readonly type: "read" | "write";
  readonly callAt: number;
  returnAt: number;
  error: string;
  size: number;
}

/** A connection, or an attempt to make one. */
export interface LiveConn {
  readonly protocol: "tcp" | "udp";
  /** Empty for attempts that failed, until a trace is asked for. */
  traceId: string;
  readonly dial: LiveDial | undefined;
  readonly fromResolver: boolean;
  beginAt: number;
  endAt: number | undefined;
  connected: boolean;
  closeAt: number | undefined;
  sourceAddress: string | undefined;
  sourcePort: number;
  readonly address: string;
  readonly port: number;
  reused: boolean;
  /** Whether it is closed because its work is done: nobody waits for more. */
  isFinished: boolean;
  sentBytes: number;
  receivedBytes: number;
  conntrack: LiveConntrack | undefined;
  /** When connection tracking was asked last. */
  conntrackAskedAt: number | undefined;
  /** How the last call on it failed, `EOF` included; kept without socket tracing too. */
  failure: string;
  ops: LiveSocketOp[];
  /** Calls beyond the limit, which are counted only. */
  omittedOps: number;
}

/** An entry of connection tracking and when it was read. */
export interface LiveConntrack {
  readonly capturedAt: number;
  readonly entry: Omit<TraceConntrack, "capturedAt">;
}

/** The DNS messages on one socket. */
export interface LiveDnsQuery {
  /** Empty until the next time records are gathered. */
  traceId: string;
  readonly dial: LiveDial | undefined;
  readonly conn: LiveConn;
  readonly queries: {
    readonly at: number;
    readonly msg: Omit<TraceDnsQueryMsg, "sentAt">;
  }[];
  readonly replies: {
    readonly at: number;
    readonly msg: Omit<TraceDnsReplyMsg, "recvAt">;
  }[];
}

/** A TLS handshake. */
export interface LiveTlsTunnel {
  traceId: string;
  conn: LiveConn | undefined;
  beginAt: number;
  endAt: number | undefined;
  error: string;
  didResume: boolean;
  peerCerts: readonly TracePeerCert[];
  cipherSuite: number;
  negotiatedProto: string;
  serverName: string;
}

/** A round trip of HTTP. */
export interface LiveHttpRequest {
  traceId: string;
  conn: LiveConn | undefined;
  /** The dial that was started for it, for its connection when none was handed over. */
  dial: LiveDial | undefined;
  tlsTunnel: LiveTlsTunnel | undefined;
  proxyTlsTunnel: LiveTlsTunnel | undefined;
  protoMajor: number;
  protoMinor: number;
  networkProxy: string;
  sentAt: number;
  readonly method: string;
  readonly url: string;
  readonly header: readonly (readonly [string, string])[];
  requestBytes: number;
  error: string;
  receivedAt: number | undefined;
  status: number;
  responseHeader: readonly (readonly [string, string])[];
  responseBytes: number;
  /** Whether the body was read to its end, or given up. */
  isDone: boolean;
}
