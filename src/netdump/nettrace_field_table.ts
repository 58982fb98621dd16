import type { TraceListName } from "./nettrace_types.ts";

/** Kind of a member's value; the number kinds are integers of that width. */
export type TraceFieldKind =
  | "time"
  | "string"
  | "bool"
  | "u16"
  | "u32"
  | "u64"
  | "u8"
  | "int"
  | "strings"
  | "object"
  | "list";

/** One member of an object of a network trace. */
export interface TraceField {
  /** Key in JSON. */
  readonly key: string;
  /** Name in the model. */
  readonly name: string;
  readonly kind: TraceFieldKind;
  /** Whether the key is absent when the value is empty. */
  readonly omit: boolean;
  /** Members of the object, or of the list's objects. */
  readonly of?: readonly TraceField[] | undefined;
}

function field(
  key: string,
  name: string,
  kind: TraceFieldKind,
  of?: readonly TraceField[],
): TraceField {
  return { key, name, kind, omit: false, of };
}

function omittable(
  key: string,
  name: string,
  kind: TraceFieldKind,
  of?: readonly TraceField[],
): TraceField {
  return { key, name, kind, omit: true, of };
}

const ADDR_TUPLE: readonly TraceField[] = [
  field("srcIP", "srcIp", "string"),
  field("srcPort", "srcPort", "u16"),
  field("dstIP", "dstIp", "string"),
  field("dstPort", "dstPort", "u16"),
];

const CONNTRACK: readonly TraceField[] = [
  field("capturedAt", "capturedAt", "time"),
  field("status", "status", "string"),
  omittable("tcpState", "tcpState", "string"),
  field("mark", "mark", "u32"),
  field("addrOrig", "addrOrig", "object", ADDR_TUPLE),
  field("addrReply", "addrReply", "object", ADDR_TUPLE),
  field("packetsSent", "packetsSent", "u64"),
  field("packetsRecv", "packetsRecv", "u64"),
  field("bytesSent", "bytesSent", "u64"),
  field("bytesRecv", "bytesRecv", "u64"),
];

const SOCKET_TRACE: readonly TraceField[] = [
  field("socketOps", "socketOps", "list", [
    field("type", "type", "string"),
    field("callAt", "callAt", "time"),
    field("returnAt", "returnAt", "time"),
    omittable("returnErr", "returnErr", "string"),
    omittable("remoteAddr", "remoteAddr", "string"),
    field("dataLen", "dataLen", "u32"),
  ]),
];

const DIAL: readonly TraceField[] = [
  field("traceID", "traceId", "string"),
  field("dialBeginAt", "dialBeginAt", "time"),
  field("dialEndAt", "dialEndAt", "time"),
  omittable("dialErr", "dialErr", "string"),
  field("ctxCloseAt", "ctxCloseAt", "time"),
  field("dstAddress", "dstAddress", "string"),
  omittable("resolverDials", "resolverDials", "list", [
    field("dialBeginAt", "dialBeginAt", "time"),
    field("dialEndAt", "dialEndAt", "time"),
    omittable("dialErr", "dialErr", "string"),
    field("nameserver", "nameserver", "string"),
    omittable("establishedConn", "establishedConn", "string"),
  ]),
  omittable("skippedNameservers", "skippedNameservers", "strings"),
  omittable("sourceIP", "sourceIp", "string"),
  omittable("establishedConn", "establishedConn", "string"),
];

const TCP_CONN: readonly TraceField[] = [
  field("traceID", "traceId", "string"),
  field("fromDial", "fromDial", "string"),
  omittable("fromResolver", "fromResolver", "bool"),
  field("handshakeBeginAt", "handshakeBeginAt", "time"),
  field("handshakeEndAt", "handshakeEndAt", "time"),
  field("connected", "connected", "bool"),
  field("connCloseAt", "connCloseAt", "time"),
  field("addrTuple", "addrTuple", "object", ADDR_TUPLE),
  field("reused", "reused", "bool"),
  field("totalSentBytes", "totalSentBytes", "u64"),
  field("totalRecvBytes", "totalRecvBytes", "u64"),
  omittable("conntrack", "conntrack", "object", CONNTRACK),
  omittable("socketTrace", "socketTrace", "object", SOCKET_TRACE),
];

const UDP_CONN: readonly TraceField[] = [
  field("traceID", "traceId", "string"),
  field("fromDial", "fromDial", "string"),
  omittable("fromResolver", "fromResolver", "bool"),
  field("socketCreateAt", "socketCreateAt", "time"),
  field("connCloseAt", "connCloseAt", "time"),
  field("addrTuple", "addrTuple", "object", ADDR_TUPLE),
  field("totalSentBytes", "totalSentBytes", "u64"),
  field("totalRecvBytes", "totalRecvBytes", "u64"),
  omittable("conntrack", "conntrack", "object", CONNTRACK),
  omittable("socketTrace", "socketTrace", "object", SOCKET_TRACE),
];

const DNS_QUERY: readonly TraceField[] = [
  field("traceID", "traceId", "string"),
  field("fromDial", "fromDial", "string"),
  field("connection", "connection", "string"),
  field("dnsQueryMsgs", "dnsQueryMsgs", "list", [
    field("sentAt", "sentAt", "time"),
    field("id", "id", "u16"),
    field("recursionDesired", "recursionDesired", "bool"),
    field("truncated", "truncated", "bool"),
    field("size", "size", "u32"),
    field("questions", "questions", "list", [
      field("name", "name", "string"),
      field("type", "type", "string"),
      field("class", "class", "u16"),
    ]),
    omittable("optUDPPayloadSize", "optUdpPayloadSize", "u16"),
  ]),
  field("dnsReplyMsgs", "dnsReplyMsgs", "list", [
    field("recvAt", "recvAt", "time"),
    field("id", "id", "u16"),
    field("authoritative", "authoritative", "bool"),
    field("recursionAvailable", "recursionAvailable", "bool"),
    field("truncated", "truncated", "bool"),
    field("size", "size", "u32"),
    field("rCode", "rCode", "string"),
    field("answers", "answers", "list", [
      field("name", "name", "string"),
      field("type", "type", "string"),
      field("class", "class", "u16"),
      field("ttl", "ttl", "u32"),
      omittable("resolvedVal", "resolvedVal", "string"),
    ]),
  ]),
];

const TLS_TUNNEL: readonly TraceField[] = [
  field("traceID", "traceId", "string"),
  field("tcpConn", "tcpConn", "string"),
  field("handshakeBeginAt", "handshakeBeginAt", "time"),
  field("handshakeEndAt", "handshakeEndAt", "time"),
  omittable("handshakeErr", "handshakeErr", "string"),
  field("didResume", "didResume", "bool"),
  field("peerCerts", "peerCerts", "list", [
    field("subject", "subject", "string"),
    field("issuer", "issuer", "string"),
    field("notBefore", "notBefore", "time"),
    field("notAfter", "notAfter", "time"),
    field("isCA", "isCa", "bool"),
  ]),
  field("cipherSuite", "cipherSuite", "u16"),
  omittable("negotiatedProto", "negotiatedProto", "string"),
  field("serverName", "serverName", "string"),
];

const HEADER_FIELDS: readonly TraceField[] = [
  field("fieldName", "fieldName", "string"),
  omittable("fieldVal", "fieldVal", "string"),
  omittable("fieldValLen", "fieldValLen", "u32"),
];

const HTTP_REQUEST: readonly TraceField[] = [
  field("traceID", "traceId", "string"),
  field("tcpConn", "tcpConn", "string"),
  omittable("tlsTunnel", "tlsTunnel", "string"),
  omittable("proxyTLSTunnel", "proxyTlsTunnel", "string"),
  field("protoMajor", "protoMajor", "u8"),
  field("protoMinor", "protoMinor", "u8"),
  omittable("networkProxy", "networkProxy", "string"),
  field("reqSentAt", "reqSentAt", "time"),
  field("reqMethod", "reqMethod", "string"),
  field("reqURL", "reqUrl", "string"),
  omittable("reqHeader", "reqHeader", "list", HEADER_FIELDS),
  field("reqContentLen", "reqContentLen", "u64"),
  omittable("reqError", "reqError", "string"),
  field("respRecvAt", "respRecvAt", "time"),
  field("respStatusCode", "respStatusCode", "int"),
  omittable("respHeader", "respHeader", "list", HEADER_FIELDS),
  // The capital letter is the format's own.
  field("RespContentLen", "respContentLen", "u64"),
];

/** Members of the records of each list, in the order in which they are declared and written. */
export const TRACE_RECORD_FIELDS: Readonly<
  Record<TraceListName, readonly TraceField[]>
> = {
  dials: DIAL,
  tcpConns: TCP_CONN,
  udpConns: UDP_CONN,
  dnsQueries: DNS_QUERY,
  tlsTunnels: TLS_TUNNEL,
  httpRequests: HTTP_REQUEST,
};

/** Members of a trace in front of its lists, in the order in which they are written. */
export const TRACE_HEADER_FIELDS: readonly TraceField[] = [
  field("description", "description", "string"),
  field("traceBeginAt", "traceBeginAt", "time"),
  field("traceEndAt", "traceEndAt", "time"),
];
