import type { CapturedInterface } from "../capture/captured_interface.ts";
import type { TraceRecords } from "../nettrace_types.ts";
import type { ClockSource } from "./trace_clock.ts";
import type { TraceIdGenerator } from "./trace_id.ts";
import type { TracerHost } from "./tracer_host.ts";

/** What of HTTP headers goes into a trace. */
export type HeaderDetail = "none" | "names" | "lengths" | "values";

/** Decides which name servers are asked. */
export type NameserverFilter = (
  ip: string,
  port: number,
) => string | undefined;

/** Chooses a proxy for a URL. */
export type ProxyChooser = (url: URL) => URL | string | undefined;

/** How TLS is spoken. */
export interface TlsOptions {
  /** Certificates in PEM to trust instead of the system's. */
  readonly caCertificates?: readonly string[] | undefined;
  /** Client certificate chain in PEM. */
  readonly certificate?: string | undefined;
  /** Key of the client certificate in PEM. */
  readonly privateKey?: string | undefined;
  /** Name to ask for and to check instead of the URL's. */
  readonly serverName?: string | undefined;
  /** Lowest version. @default {"TLSv1.2"} */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3" | undefined;
  /** Whether certificates are not checked. @default {false} */
  readonly insecure?: boolean | undefined;
}

/** How requests are made. Times are milliseconds, 0 means no limit. */
export interface HttpClientOptions {
  /** Whether HTTP/2 is offered. @default {false} */
  readonly preferHttp2?: boolean | undefined;
  /** Address to send from: TCP, and the resolver unless the name server is a loopback address. */
  readonly sourceIp?: string | undefined;
  /** Gives a reason to leave a name server out. */
  readonly skipNameserver?: NameserverFilter | undefined;
  /** Name servers as `ip:port` instead of the system's, asked in this order. */
  readonly nameservers?: readonly string[] | undefined;
  /** Proxy as URL (`http`, `https`, `socks5`), or a function that chooses one. */
  readonly proxy?: string | ProxyChooser | undefined;
  /** TLS with servers, and with proxies unless {@linkcode HttpClientOptions.proxyTls} is given. */
  readonly tls?: TlsOptions | undefined;
  /** TLS with proxies. */
  readonly proxyTls?: TlsOptions | undefined;
  /** Whole request, redirects and body included. @default {0} */
  readonly requestTimeoutMs?: number | undefined;
  /** One dial, shared by the addresses tried. @default {0} */
  readonly tcpHandshakeTimeoutMs?: number | undefined;
  /** Interval of TCP keep-alive; below 0 is off. @default {15000} */
  readonly tcpKeepAliveMs?: number | undefined;
  /** One TLS handshake. @default {0} */
  readonly tlsHandshakeTimeoutMs?: number | undefined;
  /** From the end of the request to the headers of the response. @default {0} */
  readonly responseHeaderTimeoutMs?: number | undefined;
  /** How long to wait for `100 Continue` before the body is sent anyway; 0 sends it at once. @default {0} */
  readonly expectContinueTimeoutMs?: number | undefined;
  /** How long an idle connection is kept. @default {0} */
  readonly idleConnTimeoutMs?: number | undefined;
  /** Whether each request gets a connection of its own. @default {false} */
  readonly disableKeepAlive?: boolean | undefined;
  /** Whether gzip is neither asked for nor taken off. @default {false} */
  readonly disableCompression?: boolean | undefined;
  /** Idle connections kept in all; 0 is no limit. @default {0} */
  readonly maxIdleConns?: number | undefined;
  /** Idle connections kept per host. @default {2} */
  readonly maxIdleConnsPerHost?: number | undefined;
  /** Connections per host at a time; 0 is no limit. @default {0} */
  readonly maxConnsPerHost?: number | undefined;
  /** Redirects that are followed. @default {10} */
  readonly maxRedirects?: number | undefined;
  /** Largest header of a response in bytes. @default {1048576} */
  readonly maxHeaderBytes?: number | undefined;
}

/** Which packets are captured beside a trace. */
export interface TraceCaptureOptions {
  /** Interfaces to capture on. */
  readonly interfaces: readonly string[];
  /** Bytes kept of each packet; 0 takes the default. @default {1518} */
  readonly snapLength?: number | undefined;
  /** Bytes kept per interface; 0 takes the default. @default {1048576} */
  readonly totalSizeLimit?: number | undefined;
  /** Whether all ICMP and ICMPv6 is kept. @default {false} */
  readonly includeIcmp?: boolean | undefined;
  /** Whether all ARP is kept. @default {false} */
  readonly includeArp?: boolean | undefined;
  /** Whether TCP segments with payload are left out. @default {false} */
  readonly tcpWithoutPayload?: boolean | undefined;
}

/** Records on their way out of a tracer; each is whole, and a later one of the same id replaces an earlier one. */
export type TraceBatch = TraceRecords;

/** What becomes of records while a tracer runs. */
export type TraceMemory =
  /** All are kept. */
  | { readonly type: "unbounded" }
  /** The newest of each list are kept; what is dropped is counted. */
  | {
    readonly type: "bounded";
    /** Records per list. @default {1000} */
    readonly maxRecords?: number | undefined;
  }
  /** They are handed out in batches. */
  | {
    readonly type: "batch";
    /** Finished records of a list that make a batch. @default {1000} */
    readonly threshold?: number | undefined;
    /** Takes a batch; calls may overlap. An error of it makes the next `getTrace` or `close` fail. */
    readonly onBatch: (batch: TraceBatch) => void | Promise<void>;
    /** Whether `close` hands out the rest. @default {false} */
    readonly finalFlushOnClose?: boolean | undefined;
  };

/** What is recorded. */
export interface TraceOptions {
  /** Receives what goes on inside, one line at a time. */
  readonly log?: ((line: string) => void) | undefined;
  /** Whether connection tracking is asked; creation fails where it cannot be. @default {false} */
  readonly conntrack?: boolean | undefined;
  /** Whether the calls on sockets are recorded. @default {false} */
  readonly sockets?: boolean | undefined;
  /** Calls kept per socket; more are counted only. @default {10000} */
  readonly maxSocketOps?: number | undefined;
  /** Whether DNS messages are recorded. @default {false} */
  readonly dnsQueries?: boolean | undefined;
  /** Whether HTTP requests and TLS handshakes are recorded. @default {false} */
  readonly httpRequests?: boolean | undefined;
  /** What of headers is recorded. @default {"none"} */
  readonly headers?: HeaderDetail | undefined;
  /** Leaves a header out, by its name. */
  readonly excludeHeader?: ((name: string) => boolean) | undefined;
  /** Whether queries of URLs are replaced; credentials in URLs always are. @default {false} */
  readonly redactUrls?: boolean | undefined;
  /** Whether values of `Authorization`, `Cookie` and their like are recorded as they are. @default {false} */
  readonly keepSecrets?: boolean | undefined;
  /** Packets to capture. */
  readonly capture?: TraceCaptureOptions | undefined;
  /** What becomes of records. @default {{ type: "unbounded" }} */
  readonly memory?: TraceMemory | undefined;
  /** Makes trace ids; `counter` counts in the process. @default {"counter"} */
  readonly traceIds?: "counter" | "uuid" | TraceIdGenerator | undefined;
}

/** How a tracer is made. */
export interface NetworkTracerOptions {
  /** Name of the session. @default local time and a UUID */
  readonly sessionId?: string | undefined;
  /** How requests are made. */
  readonly client?: HttpClientOptions | undefined;
  /** What is recorded. */
  readonly trace?: TraceOptions | undefined;
  /** Clocks. @default those of the process */
  readonly clock?: ClockSource | undefined;
  /** The system around. @default this machine */
  readonly host?: TracerHost | undefined;
}

/** One capture of a trace. */
export type TraceCapture = CapturedInterface;
