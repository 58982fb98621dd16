import { OsError } from "../../base/errors.ts";
import type { LiveCapture } from "../capture/packet_capture.ts";
import { PacketMatcher } from "../capture/packet_matcher.ts";
import type { MatchedConnection } from "../capture/packet_matcher.ts";
import { relativeTime } from "../nettrace_time.ts";
import type { NetworkTrace } from "../nettrace_types.ts";
import type { ConntrackTable } from "./conntrack_source.ts";
import { Dialer } from "./_dialer.ts";
import { HttpClient } from "./_http_client.ts";
import type { LiveConn, LiveDial } from "./_live_records.ts";
import { decodeCertificatePem } from "./pem.ts";
import { RecordBuilder } from "./_record_builder.ts";
import { emptyRecords, TraceRecorder } from "./_trace_recorder.ts";
import type { TracerContext } from "./_tracer_context.ts";
import { SYSTEM_CLOCK, TraceClock } from "./trace_clock.ts";
import { nextCounterId, nextShortUuid } from "./trace_id.ts";
import type { TraceIdGenerator } from "./trace_id.ts";
import type { TracedRequestOptions, TracedResponse } from "./traced_request.ts";
import { SYSTEM_HOST } from "./tracer_host.ts";
import type { NetworkTracerOptions, TraceCapture } from "./tracer_options.ts";

const TICK_MS = 1000;
const DEFAULT_MAX_SOCKET_OPS = 10_000;
/** How often connection tracking is asked for attempts and for connections. */
const CONNTRACK_ATTEMPT_MS = 5000;
const CONNTRACK_CONN_MS = 20_000;

/** What a tracer has gathered. */
export interface TraceResult {
  /** The trace; without records when they are handed out in batches. */
  readonly trace: NetworkTrace;
  /** Packets that were captured beside it. */
  readonly captures: readonly TraceCapture[];
  /** Records that bounded memory has dropped. */
  readonly droppedRecords: number;
  /** Calls on sockets that were counted only. */
  readonly omittedSocketOps: number;
  /** DNS replies that did not belong to their query. */
  readonly ignoredDnsReplies: number;
  /** What could not be recorded, for people. */
  readonly warnings: readonly string[];
}

/**
 * An HTTP client that records all it does: name lookups, connections, TLS
 * handshakes, requests.
 *
 * @example Tracing a request
 * ```ts
 * import { NetworkTracer } from "@tracedeck/tracedeck/netdump";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = Deno.serve(
 *   { hostname: "127.0.0.1", port: 0, onListen() {} },
 *   () => new Response("pong"),
 * );
 * await using tracer = new NetworkTracer({ trace: { httpRequests: true } });
 * const response = await tracer.request(`http://127.0.0.1:${server.addr.port}/`);
 * assertEquals(await response.drain(), 4);
 * const { trace } = await tracer.getTrace("ping");
 * assertEquals(trace.httpRequests[0]?.respStatusCode, 200);
 * ```
 */
export class NetworkTracer implements AsyncDisposable {
  /** Name of the session. */
  readonly sessionId: string;
  readonly #options: NetworkTracerOptions;
  readonly #clock: TraceClock;
  readonly #recorder: TraceRecorder;
  readonly #client: HttpClient;
  readonly #conntrack: ConntrackTable | undefined;
  readonly #capture: LiveCapture | undefined;
  readonly #tick: ReturnType<typeof setInterval>;
  #ignoredReplies = 0;
  #conntrackFailure: string | undefined;
  readonly #remarks = new Set<string>();
  #isClosed = false;

  /**
   * @param options Client, what is recorded, system.
   * @throws {Error} When connection tracking is wanted and cannot be asked.
   * @throws {RangeError} When an option is out of range.
   * @throws {FormatError} When a certificate to trust is none.
   */
  constructor(options: NetworkTracerOptions = {}) {
    const { trace = {}, host = SYSTEM_HOST } = options;
    checkCertificates(options);
    this.#options = options;
    this.#clock = new TraceClock(options.clock ?? SYSTEM_CLOCK);
    this.sessionId = options.sessionId ??
      makeSessionId(this.#clock.wall());
    const nextId = idGenerator(trace.traceIds ?? "counter");
    // The tracer itself takes the first id, as upstream does.
    nextId();
    this.#recorder = new TraceRecorder({
      memory: trace.memory ?? { type: "unbounded" },
      nextId,
      builder: new RecordBuilder(this.#clock, {
        sockets: trace.sockets ?? false,
        headers: trace.headers ?? "none",
        excludeHeader: trace.excludeHeader ?? (() => false),
        redactUrls: trace.redactUrls ?? false,
        keepSecrets: trace.keepSecrets ?? false,
      }),
      onLeave: (conns) => this.#refreshConntrack(conns, true),
    });
    using stack = new DisposableStack();
    this.#conntrack = trace.conntrack === true
      ? stack.use(host.openConntrack())
      : undefined;
    this.#capture = trace.capture === undefined ? undefined : host.openCapture({
      interfaces: trace.capture.interfaces,
      snapLength: trace.capture.snapLength,
      totalSizeLimit: trace.capture.totalSizeLimit,
      withoutTcpPayload: trace.capture.tcpWithoutPayload,
      matcher: () => this.#matcher(),
    });
    for (const { interfaceName, error } of this.#capture?.problems ?? []) {
      this.#log(`no capture on interface ${interfaceName}: ${error.message}`);
    }
    const context = this.#context(nextId);
    this.#client = new HttpClient(context, new Dialer(context));
    this.#tick = setInterval(() => this.#housekeep(), TICK_MS);
    Deno.unrefTimer(this.#tick as unknown as number);
    stack.move();
  }

  /** Interfaces on which nothing is captured though it was asked for, with the reasons. */
  get captureProblems(): LiveCapture["problems"] {
    return this.#capture?.problems ?? [];
  }

  /**
   * Makes a request; redirects are followed.
   *
   * @param url URL of HTTP.
   * @param options Method, header, body, limits.
   * @returns The response; its body must be read or cancelled.
   * @throws {RequestError} When it fails; `reason` has the words of the trace.
   * @throws {TypeError} When URL, method or header are invalid.
   */
  async request(
    url: string | URL,
    options: TracedRequestOptions = {},
  ): Promise<TracedResponse> {
    if (this.#isClosed) {
      throw new Error("Cannot make request: tracer is closed");
    }
    return await this.#client.request(url, options);
  }

  /** Closes connections that wait for further requests. */
  closeIdle(): void {
    this.#client.closeIdle();
  }

  /**
   * Gives what was recorded so far. Nothing is forgotten: a later call gives it
   * again, with what came since.
   *
   * @param description Free text.
   * @returns Trace and captures; in batch mode everything was handed out when this resolves.
   * @throws {Error} What the receiver of a batch threw.
   */
  async getTrace(description: string): Promise<TraceResult> {
    const { memory, sockets } = this.#options.trace ?? {};
    await this.#capture?.settle();
    this.#refreshConntrack(this.#recorder.conns, true);
    const captures = this.#capture?.captures() ?? [];
    const omittedSocketOps = sockets !== true
      ? 0
      : this.#recorder.conns.reduce((sum, conn) => sum + conn.omittedOps, 0);
    const isBatch = memory?.type === "batch";
    const records = isBatch ? emptyRecords() : this.#recorder.records();
    const endAt = this.#clock.timeOf(this.#clock.now());
    if (isBatch) await this.#recorder.flush();
    return {
      trace: {
        description,
        traceBeginAt: this.#clock.beginAt,
        traceEndAt: endAt.type === "relative" ? endAt : relativeTime(0),
        uuid: this.sessionId,
        ...records,
      },
      captures,
      droppedRecords: this.#recorder.dropped,
      omittedSocketOps,
      ignoredDnsReplies: this.#ignoredReplies,
      warnings: this.#warnings(),
    };
  }

  /**
   * Begins a new trace: forgets everything but connections that are open, whose
   * earlier times become absolute.
   */
  clearTrace(): void {
    this.#clock.restart();
    this.#recorder.clear();
    this.#capture?.clear();
    this.#ignoredReplies = 0;
  }

  /**
   * Gives up what is running and closes everything.
   *
   * @throws {Error} What the receiver of a batch threw.
   */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#tick);
    this.#client.close();
    try {
      const { memory } = this.#options.trace ?? {};
      const isLast = memory?.type === "batch" &&
        memory.finalFlushOnClose === true;
      if (isLast) await this.#recorder.flush();
      else await this.#recorder.settle();
    } finally {
      await this.#capture?.close();
      this.#conntrack?.[Symbol.dispose]();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #context(nextId: TraceIdGenerator): TracerContext {
    const { client = {}, trace = {}, host = SYSTEM_HOST } = this.#options;
    const clock = this.#clock;
    const recorder = this.#recorder;
    const maxOps = trace.sockets === true
      ? trace.maxSocketOps ?? DEFAULT_MAX_SOCKET_OPS
      : 0;
    return {
      clock,
      host,
      client,
      nextId,
      streamOptions: { clock, maxOps },
      log: (line) => this.#log(line),
      warn: (line) => {
        this.#remarks.add(line);
        this.#log(line);
      },
      newConn: ({ protocol, dial, fromResolver, address, port }) => {
        const conn: LiveConn = {
          protocol,
          traceId: "",
          dial,
          fromResolver,
          beginAt: clock.now(),
          endAt: undefined,
          connected: false,
          closeAt: undefined,
          sourceAddress: undefined,
          sourcePort: 0,
          address,
          port,
          reused: false,
          isFinished: false,
          sentBytes: 0,
          receivedBytes: 0,
          conntrack: undefined,
          conntrackAskedAt: undefined,
          failure: "",
          ops: [],
          omittedOps: 0,
        };
        recorder.add("conns", conn);
        return conn;
      },
      newDial: (destination) => {
        const dial: LiveDial = {
          traceId: nextId(),
          beginAt: clock.now(),
          endAt: undefined,
          error: "",
          scopeEndAt: undefined,
          destination,
          resolverDials: [],
          skippedNameservers: [],
          sourceIp: client.sourceIp ?? "",
          conn: undefined,
        };
        recorder.add("dials", dial);
        return dial;
      },
      addDnsQuery: (query) => {
        if (trace.dnsQueries === true) recorder.add("dnsQueries", query);
      },
      addTlsTunnel: (tunnel) => {
        if (trace.httpRequests === true) recorder.add("tlsTunnels", tunnel);
      },
      addHttpRequest: (request) => {
        if (trace.httpRequests === true) recorder.add("httpRequests", request);
      },
      recordOp: (conn, op) => {
        if (conn.ops.length < maxOps) conn.ops.push(op);
        else conn.omittedOps++;
      },
      ignoreReply: (nameserver) => {
        this.#ignoredReplies++;
        this.#log(
          `ignored a DNS reply of ${nameserver}: id or question differ`,
        );
      },
    };
  }

  #housekeep(): void {
    this.#recorder.assignIds();
    this.#refreshConntrack(this.#recorder.conns, false);
    // While a socket has no address yet, packets wait for it.
    const isComplete = this.#recorder.conns.every((conn) =>
      conn.endAt !== undefined
    );
    if (isComplete) this.#capture?.filter();
    this.#recorder.drain();
  }

  #refreshConntrack(conns: readonly LiveConn[], isForced: boolean): void {
    const table = this.#conntrack;
    if (table === undefined || this.#conntrackFailure !== undefined) return;
    for (const conn of conns) {
      const now = this.#clock.now();
      const age = now - (conn.conntrackAskedAt ?? -Infinity);
      const limit = conn.connected ? CONNTRACK_CONN_MS : CONNTRACK_ATTEMPT_MS;
      if (!isForced && age < limit) continue;
      conn.conntrackAskedAt = now;
      try {
        this.#lookup(table, conn, now);
      } catch (error) {
        if (!(error instanceof OsError)) throw error;
        // It will not answer the next time either.
        this.#conntrackFailure =
          `connection tracking is given up: ${error.message}`;
        this.#log(this.#conntrackFailure);
        return;
      }
    }
  }

  #warnings(): string[] {
    const unreadable = this.#conntrack?.unreadable ?? 0;
    return [
      ...this.#remarks,
      ...(this.#conntrackFailure === undefined ? [] : [this.#conntrackFailure]),
      ...(unreadable === 0 ? [] : [
        `${unreadable} answers of connection tracking have a layout that is not known`,
      ]),
    ];
  }

  #lookup(table: ConntrackTable, conn: LiveConn, now: number): void {
    const entry = table.lookup({
      protocol: conn.protocol,
      source: conn.sourceAddress === undefined
        ? undefined
        : { address: conn.sourceAddress, port: conn.sourcePort },
      destination: { address: conn.address, port: conn.port },
    });
    // An entry that is gone leaves the one that was seen before.
    if (entry === undefined) return;
    const { protocol: _, ...rest } = entry;
    conn.conntrack = { capturedAt: now, entry: rest };
    if (conn.sourceAddress === undefined) {
      conn.sourceAddress = rest.addrOrig.srcIp;
      conn.sourcePort = rest.addrOrig.srcPort;
    }
  }

  #matcher(): PacketMatcher {
    const { capture } = this.#options.trace ?? {};
    return new PacketMatcher({
      connections: this.#recorder.conns.map(toMatched),
      includeArp: capture?.includeArp,
      includeIcmp: capture?.includeIcmp,
    });
  }

  #log(line: string): void {
    this.#options.trace?.log?.(line);
  }
}

/** Runtimes pass over certificates that they cannot read, and some then wait for ever. */
function checkCertificates({ client = {} }: NetworkTracerOptions): void {
  for (const tls of [client.tls, client.proxyTls]) {
    for (const pem of tls?.caCertificates ?? []) decodeCertificatePem(pem);
    if (tls?.certificate !== undefined) decodeCertificatePem(tls.certificate);
  }
}

/** Behind a translation of addresses packets have those of the reply. */
function toMatched(conn: LiveConn): MatchedConnection {
  const { protocol } = conn;
  const reply = conn.conntrack?.entry.addrReply;
  if (reply !== undefined) {
    return {
      protocol,
      source: { address: reply.dstIp, port: reply.dstPort },
      destination: { address: reply.srcIp, port: reply.srcPort },
    };
  }
  return {
    protocol,
    source: conn.sourceAddress === undefined
      ? undefined
      : { address: conn.sourceAddress, port: conn.sourcePort },
    destination: { address: conn.address, port: conn.port },
  };
}

function idGenerator(
  kind: "counter" | "uuid" | TraceIdGenerator,
): TraceIdGenerator {
  if (typeof kind === "function") return kind;
  return kind === "uuid" ? nextShortUuid : nextCounterId;
}

/** Local time and a UUID, as EVE names its sessions. */
function makeSessionId(wallMs: number): string {
  const local = new Date(wallMs);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${local.getFullYear()}${two(local.getMonth() + 1)}${
    two(local.getDate())
  }`;
  const time = `${two(local.getHours())}${two(local.getMinutes())}${
    two(local.getSeconds())
  }`;
  return `${day}-${time}-${crypto.randomUUID()}`;
}
