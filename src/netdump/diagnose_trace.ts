import { traceTimeToMs } from "./nettrace_time.ts";
import { stageRequests } from "./nettrace_stages.ts";
import type { StagedRequest } from "./nettrace_stages.ts";
import type {
  NetworkTrace,
  TraceHttpRequest,
  TraceTcpConn,
  TraceTlsTunnel,
} from "./nettrace_types.ts";

/** Step in which something is wrong. */
export type FindingPhase =
  | "dns"
  | "connect"
  | "proxy"
  | "tls"
  | "http"
  | "timeout"
  | "client";

/** Something that a trace tells to be wrong. */
export interface TraceFinding {
  /** Stable name in kebab case. */
  readonly code: string;
  readonly phase: FindingPhase;
  /** Whether a request failed of it. */
  readonly severity: "problem" | "remark";
  /** What was found, for people. */
  readonly cause: string;
  /** What to look at next. */
  readonly hint: string;
  /** Trace ids of the records that show it. */
  readonly evidence: readonly string[];
}

interface Rule {
  readonly match: RegExp;
  readonly code: string;
  readonly phase: FindingPhase;
  readonly hint: string;
}

const PROXY_PREFIX_REGEXP = /^proxyconnect tcp: /;
const TIMEOUT_IN_TLS_HINT =
  "large packets may be lost on the way: check the MTU";
/** Redirects after which clients give up by default. */
const MAX_REDIRECTS = 10;

/** What errors of requests mean, most specific first. */
const RULES: readonly Rule[] = [
  {
    match: /^proxyconnect tcp: .*(x509|tls: |TLS handshake|HTTPS client)/,
    code: "proxy-tls",
    phase: "proxy",
    hint: "",
  },
  {
    match: PROXY_PREFIX_REGEXP,
    code: "proxy-unreachable",
    phase: "proxy",
    hint: "check name, port and state of the proxy",
  },
  {
    match: /^socks connect /,
    code: "proxy-refused",
    phase: "proxy",
    hint: "check the rules and the login of the SOCKS proxy",
  },
  {
    match: /lookup .*: no such host$/,
    code: "dns-no-such-host",
    phase: "dns",
    hint:
      "check the spelling of the name, and whether this network's name servers know it",
  },
  {
    match: /lookup .*: (read udp .*: )?i\/o timeout$/,
    code: "dns-silent",
    phase: "dns",
    hint:
      "check that the name server is reachable and that port 53 is not filtered",
  },
  {
    match:
      /lookup .*: (server misbehaving|lame referral|invalid DNS response)$/,
    code: "dns-misbehaving",
    phase: "dns",
    hint: "ask another name server and compare",
  },
  {
    match: /lookup /,
    code: "dns-failed",
    phase: "dns",
    hint: "check the name servers of this network",
  },
  {
    match: /^dial tcp .*: i\/o timeout$/,
    code: "connect-timeout",
    phase: "connect",
    hint:
      "a firewall drops packets, or nobody is at that address: look into the capture whether a reply came",
  },
  {
    match: /connect: connection refused$/,
    code: "connect-refused",
    phase: "connect",
    hint: "the host is there, but nothing listens on that port",
  },
  {
    match: /connect: (no route to host|host is down)$/,
    code: "connect-no-host",
    phase: "connect",
    hint:
      "neighbour resolution failed or a router refused: check address, mask and gateway",
  },
  {
    match: /connect: network is unreachable$/,
    code: "connect-no-route",
    phase: "connect",
    hint:
      "there is no route: check the default route and the address of the interface",
  },
  {
    match: /bind: cannot assign requested address$/,
    code: "source-address-missing",
    phase: "connect",
    hint: "the source address is not one of this machine's",
  },
  {
    match: /certificate signed by unknown authority/,
    code: "tls-unknown-authority",
    phase: "tls",
    hint:
      "a proxy intercepts TLS, or a certificate authority is not installed: see the issuer",
  },
  {
    match:
      /certificate is (valid for|not valid for)|cannot validate certificate|legacy Common Name/,
    code: "tls-wrong-name",
    phase: "tls",
    hint: "another server answers, or the name is not in the certificate",
  },
  {
    match: /certificate has expired or is not yet valid/,
    code: "tls-dates",
    phase: "tls",
    hint: "compare the clock of this device with the dates of the certificate",
  },
  {
    match:
      /server gave HTTP response to HTTPS client|does not look like a TLS handshake/,
    code: "tls-not-spoken",
    phase: "tls",
    hint: "the port does not speak TLS: check scheme and port",
  },
  {
    match: /remote error: tls: /,
    code: "tls-refused",
    phase: "tls",
    hint: "the server refuses: version, cipher, name or client certificate",
  },
  {
    match: /TLS handshake timeout/,
    code: "tls-timeout",
    phase: "tls",
    hint: TIMEOUT_IN_TLS_HINT,
  },
  {
    match: /x509|tls:/,
    code: "tls-failed",
    phase: "tls",
    hint: "see the handshake",
  },
  {
    match:
      /timeout awaiting response headers|context deadline exceeded|request canceled/,
    code: "response-timeout",
    phase: "timeout",
    hint: "the server took the request and did not answer in time",
  },
  {
    match: /connection reset by peer|broken pipe|EOF/,
    code: "connection-broken",
    phase: "http",
    hint: "server or something in between closed the connection",
  },
  {
    match: /^context canceled$/,
    code: "cancelled",
    phase: "client",
    hint: "the request was given up by its caller",
  },
  {
    match: /malformed (HTTP response|MIME header|chunked encoding)|^gzip: /,
    code: "http-malformed",
    phase: "http",
    hint:
      "whoever answers does not speak HTTP as it should: check port and what is in between",
  },
  {
    match: /response headers exceeded|line exceeds|response body exceeds/,
    code: "http-too-large",
    phase: "http",
    hint: "the response is larger than this client takes",
  },
  {
    match: /unsupported protocol scheme|failed to parse Location/,
    code: "redirect-invalid",
    phase: "http",
    hint: "the server redirects to where no HTTP is spoken",
  },
];

/** What running out of time means before the request was out, and after the answer began. */
const TIMEOUT_IN_TLS: Omit<Rule, "match"> = {
  code: "tls-timeout",
  phase: "tls",
  hint: TIMEOUT_IN_TLS_HINT,
};
const TIMEOUT_IN_BODY: Omit<Rule, "match"> = {
  code: "body-timeout",
  phase: "timeout",
  hint: "the answer came, but its body too slowly or not to its end",
};

/**
 * Tells what is wrong in a trace, for people and for scripts.
 *
 * @param trace The trace.
 * @returns Findings, those of requests that failed first.
 */
export function diagnoseTrace(trace: NetworkTrace): readonly TraceFinding[] {
  const problems: TraceFinding[] = [];
  for (const staged of stageRequests(trace)) {
    const finding = diagnoseRequest(staged, trace);
    if (finding !== undefined) problems.push(finding);
  }
  return [...problems, ...redirectLoops(trace), ...remarks(trace)];
}

/** The record of a redirect says nothing of a client that has had enough of them. */
function redirectLoops(trace: NetworkTrace): TraceFinding[] {
  const found: TraceFinding[] = [];
  let run: StagedRequest[] = [];
  const end = () => {
    if (isOneRequest(run, trace)) {
      const { reqMethod, reqUrl } = run[0]!.request;
      found.push({
        code: "redirect-loop",
        phase: "http",
        severity: "problem",
        cause:
          `${reqMethod} ${reqUrl}: ${run.length} redirects one after the other`,
        hint: "follow the redirects one by one",
        evidence: run.map(({ request }) => request.traceId),
      });
    }
    run = [];
  };
  for (const staged of stageRequests(trace)) {
    if (isRedirect(staged.request)) run.push(staged);
    else end();
  }
  end();
  return found;
}

/** Requests that a caller makes one by one end the scope of the first dial before the last begins. */
function isOneRequest(
  run: readonly StagedRequest[],
  trace: NetworkTrace,
): boolean {
  const [first] = run;
  const last = run.at(-1);
  if (run.length <= MAX_REDIRECTS || !first || !last) return false;
  const scopeEnd = first.dial === undefined
    ? undefined
    : traceTimeToMs(first.dial.ctxCloseAt, trace.traceBeginAt);
  return scopeEnd === undefined || scopeEnd >= last.beginMs;
}

function isRedirect({ respStatusCode, reqError }: TraceHttpRequest): boolean {
  return reqError === "" && respStatusCode > 300 && respStatusCode < 309 &&
    respStatusCode !== 304;
}

function diagnoseRequest(
  staged: StagedRequest,
  trace: NetworkTrace,
): TraceFinding | undefined {
  const { request } = staged;
  const evidence = evidenceOf(staged);
  if (request.reqError === "") {
    if (request.respStatusCode < 400) return undefined;
    const isServer = request.respStatusCode >= 500;
    return {
      code: isServer ? "http-server-error" : "http-refused",
      phase: "http",
      severity: "problem",
      cause:
        `${request.reqMethod} ${request.reqUrl}: status ${request.respStatusCode}`,
      hint: isServer
        ? "the server, or a gateway in front of it, fails"
        : "the server refuses: address, login or method",
      evidence,
    };
  }
  const rule = ruleOf(staged, trace);
  const isTunnel = request.networkProxy !== "" && rule === undefined;
  return {
    code: rule?.code ?? (isTunnel ? "proxy-refused" : "request-failed"),
    phase: rule?.phase ?? (isTunnel ? "proxy" : "http"),
    severity: "problem",
    cause: `${request.reqMethod} ${request.reqUrl}: ${request.reqError}${
      detailOf(rule?.code, request, trace)
    }`,
    hint: rule?.hint ??
      (isTunnel ? "the proxy refuses the tunnel" : "see the error"),
    evidence,
  };
}

function ruleOf(
  { request }: StagedRequest,
  trace: NetworkTrace,
): Omit<Rule, "match"> | undefined {
  const find = (text: string) => RULES.find(({ match }) => match.test(text));
  const rule = find(request.reqError);
  if (rule?.code === "proxy-tls") {
    const inner = find(request.reqError.replace(PROXY_PREFIX_REGEXP, ""));
    return { ...rule, hint: inner?.hint ?? "see the handshake" };
  }
  if (rule?.code !== "response-timeout") return rule;
  if (request.respStatusCode !== 0) return TIMEOUT_IN_BODY;
  const tunnel = tunnelOf(request, trace);
  return tunnel !== undefined && tunnel.handshakeErr !== ""
    ? TIMEOUT_IN_TLS
    : rule;
}

function tunnelOf(
  request: TraceHttpRequest,
  trace: NetworkTrace,
): TraceTlsTunnel | undefined {
  return trace.tlsTunnels.find(({ traceId }) =>
    traceId !== "" &&
    (traceId === request.tlsTunnel || traceId === request.proxyTlsTunnel)
  );
}

function detailOf(
  code: string | undefined,
  request: TraceHttpRequest,
  trace: NetworkTrace,
): string {
  if (!/^(proxy-)?tls/.test(code ?? "")) return "";
  const last = tunnelOf(request, trace)?.peerCerts.at(-1);
  return last === undefined ? "" : ` (issuer ${last.issuer})`;
}

function evidenceOf({ request, dial, conn }: StagedRequest): string[] {
  return [
    request.traceId,
    dial?.traceId ?? "",
    conn?.traceId ?? "",
    request.tlsTunnel,
    request.proxyTlsTunnel,
  ].filter((id) => id !== "");
}

function remarks(trace: NetworkTrace): TraceFinding[] {
  const found: TraceFinding[] = [];
  const remark = (
    code: string,
    phase: FindingPhase,
    cause: string,
    hint: string,
    evidence: readonly string[],
  ) => {
    found.push({ code, phase, severity: "remark", cause, hint, evidence });
  };

  const silent = trace.dnsQueries.filter((query) =>
    query.dnsQueryMsgs.length > 0 && query.dnsReplyMsgs.length === 0
  );
  if (silent.length > 0) {
    remark(
      "dns-no-reply",
      "dns",
      `${silent.length} of ${trace.dnsQueries.length} DNS queries got no reply`,
      "a name server is down or filtered: see which one",
      silent.map(({ traceId }) => traceId),
    );
  }
  const unanswered = trace.tcpConns.filter(isUnansweredSyn);
  if (unanswered.length > 0) {
    remark(
      "syn-unanswered",
      "connect",
      `SYN without any reply to ${
        [...new Set(unanswered.map(({ addrTuple }) => addrTuple.dstIp))]
          .join(", ")
      }`,
      "packets leave and none comes back: a firewall, or no way back",
      unanswered.map(({ traceId }) => traceId),
    );
  }
  const isIpv6 = (conn: TraceTcpConn) => conn.addrTuple.dstIp.includes(":");
  const tried = trace.tcpConns.filter(({ fromResolver }) => !fromResolver);
  const bad6 = tried.filter((conn) => isIpv6(conn) && !conn.connected);
  const isOnly6 = bad6.length > 0 &&
    tried.some((conn) => !isIpv6(conn) && conn.connected) &&
    !tried.some((conn) => isIpv6(conn) && conn.connected);
  if (isOnly6) {
    remark(
      "ipv6-broken",
      "connect",
      "connections over IPv6 fail while IPv4 works",
      "IPv6 addresses are given out, but the way is broken",
      bad6.map(({ traceId }) => traceId),
    );
  }
  const translated = trace.tcpConns.filter(({ conntrack }) =>
    conntrack !== undefined &&
    (conntrack.addrReply.dstIp !== conntrack.addrOrig.srcIp ||
      conntrack.addrReply.srcIp !== conntrack.addrOrig.dstIp)
  );
  if (translated.length > 0) {
    remark(
      "nat-seen",
      "connect",
      "addresses are translated on this machine",
      "compare addrOrig with addrReply",
      translated.map(({ traceId }) => traceId),
    );
  }
  return found;
}

function isUnansweredSyn({ connected, conntrack }: TraceTcpConn): boolean {
  return !connected && conntrack !== undefined &&
    conntrack.packetsSent > 0n && conntrack.packetsRecv === 0n;
}
