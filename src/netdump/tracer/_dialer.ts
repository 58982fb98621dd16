import { parseIpAddress, splitHostPort } from "../../codec/ip_address.ts";
import { delay, openScope, reasonOf, untilAborted } from "./_abort.ts";
import type { Scope } from "./_abort.ts";
import type { LiveDial } from "./_live_records.ts";
import { addressShareMs } from "./address_share.ts";
import { Resolver } from "./_resolver.ts";
import { connectTcp, dialPrefix } from "./_tcp_connect.ts";
import { TracedStream } from "./_traced_stream.ts";
import type { TracerContext } from "./_tracer_context.ts";
import { IO_TIMEOUT, RequestError } from "./request_error.ts";

/** Head start of the first family of addresses. */
const FALLBACK_DELAY_MS = 300;
const DEFAULT_KEEP_ALIVE_MS = 15_000;

/** A connection and the dial that made it. */
export interface Dialled {
  readonly stream: TracedStream;
  readonly dial: LiveDial;
}

/** Makes TCP connections to names: lookup, both families, limits of time. */
export class Dialer {
  readonly #context: TracerContext;
  readonly #resolver: Resolver;

  /** @param context The tracer. */
  constructor(context: TracerContext) {
    this.#context = context;
    this.#resolver = new Resolver(context);
  }

  /**
   * Connects to `host:port`.
   *
   * @param destination Where to.
   * @param signal Ends the dial.
   * @param onDial Receives the dial's record before anything happens.
   * @returns The connection.
   * @throws {RequestError} `dial tcp …`.
   */
  async dial(
    destination: string,
    signal: AbortSignal,
    onDial: (dial: LiveDial) => void,
  ): Promise<Dialled> {
    const { clock, client } = this.#context;
    const dial = this.#context.newDial(destination);
    onDial(dial);
    using scope = openScope(
      signal,
      client.tcpHandshakeTimeoutMs ?? 0,
      () => new RequestError(IO_TIMEOUT, { phase: "connect", isTimeout: true }),
    );
    try {
      const stream = await this.#connect(destination, dial, scope);
      dial.endAt = clock.now();
      dial.conn = stream.conn;
      return { stream, dial };
    } catch (error) {
      const failure = toFailure(error);
      // A dial that its caller gave up has no end.
      if (failure.phase !== "cancelled") dial.endAt = clock.now();
      dial.error = failure.reason;
      throw failure;
    }
  }

  async #connect(
    destination: string,
    dial: LiveDial,
    scope: Scope,
  ): Promise<TracedStream> {
    const end = splitHostPort(destination, 0);
    if (end === undefined || end.port === 0) {
      throw new RequestError(
        `dial tcp: address ${destination}: invalid port`,
        { phase: "url" },
      );
    }
    let addresses: readonly string[];
    try {
      addresses = await untilAborted(
        scope.signal,
        this.#resolver.lookup(end.host, dial, scope.signal),
      );
    } catch (error) {
      const failure = toFailure(error);
      // Time that ran out while names were looked up.
      throw failure.isTimeout && !failure.reason.startsWith("lookup ")
        ? new RequestError(`dial tcp: lookup ${end.host}: ${IO_TIMEOUT}`, {
          phase: "dns",
          isTimeout: true,
          cause: failure,
        })
        : failure.reason.startsWith("lookup ")
        ? failure.prefixed("dial tcp: ", "dns")
        : failure;
    }
    const usable = this.#matchingSource(addresses);
    if (usable.length === 0) {
      throw new RequestError(
        `dial tcp: lookup ${end.host}: no suitable address found`,
        { phase: "dns" },
      );
    }
    return await this.#race(usable, end.port, dial, scope);
  }

  /** A source address serves its own family only. */
  #matchingSource(addresses: readonly string[]): readonly string[] {
    const { sourceIp } = this.#context.client;
    if (sourceIp === undefined) return addresses;
    const length = parseIpAddress(sourceIp)?.length;
    return addresses.filter((address) =>
      parseIpAddress(address)?.length === length
    );
  }

  async #race(
    addresses: readonly string[],
    port: number,
    dial: LiveDial,
    scope: Scope,
  ): Promise<TracedStream> {
    const isIpv4 = (address: string) => !address.includes(":");
    const family = isIpv4(addresses[0]!);
    const primaries = addresses.filter((each) => isIpv4(each) === family);
    const fallbacks = addresses.filter((each) => isIpv4(each) !== family);
    const losers = new AbortController();
    const serve = (list: readonly string[]) =>
      this.#tryEach(list, port, dial, scope, losers.signal);
    const primary = serve(primaries);
    if (fallbacks.length === 0) return await primary;
    const head = new AbortController();
    primary.then(() => {}, () => head.abort());
    const fallback = (async () => {
      await delay(
        FALLBACK_DELAY_MS,
        AbortSignal.any([head.signal, losers.signal]),
      );
      if (losers.signal.aborted) {
        throw new RequestError("", { phase: "cancelled" });
      }
      return await serve(fallbacks);
    })();
    try {
      // Whoever comes second is not wanted any more.
      const winner = await Promise.any([primary, fallback]);
      losers.abort();
      for (const loser of [primary, fallback]) {
        loser.then((stream) => {
          if (stream !== winner) stream.destroy();
        }, () => {});
      }
      return winner;
    } catch (error) {
      if (!(error instanceof AggregateError)) throw error;
      throw error.errors[0];
    } finally {
      losers.abort();
    }
  }

  async #tryEach(
    addresses: readonly string[],
    port: number,
    dial: LiveDial,
    scope: Scope,
    stop: AbortSignal,
  ): Promise<TracedStream> {
    let first: unknown;
    for (const [index, address] of addresses.entries()) {
      if (index > 0 && (scope.signal.aborted || stop.aborted)) break;
      try {
        const left = addresses.length - index;
        return await this.#tryOne({ address, port, left }, dial, scope, stop);
      } catch (error) {
        first ??= error;
      }
    }
    throw first;
  }

  async #tryOne(
    target: {
      readonly address: string;
      readonly port: number;
      readonly left: number;
    },
    dial: LiveDial,
    scope: Scope,
    stop: AbortSignal,
  ): Promise<TracedStream> {
    const context = this.#context;
    const { address, port } = target;
    const { sourceIp, tcpKeepAliveMs = DEFAULT_KEEP_ALIVE_MS } = context.client;
    const conn = context.newConn({
      protocol: "tcp",
      dial,
      fromResolver: false,
      address,
      port,
    });
    using own = openScope(
      AbortSignal.any([scope.signal, stop]),
      addressShareMs(scope.deadline - performance.now(), target.left),
      () => new RequestError(IO_TIMEOUT, { phase: "connect", isTimeout: true }),
    );
    if (own.signal.aborted) {
      conn.endAt = context.clock.now();
      const reason = reasonOf(own.signal);
      throw new RequestError(
        `${dialPrefix("tcp", conn, sourceIp)}: ${
          reason.isTimeout ? IO_TIMEOUT : "operation was canceled"
        }`,
        {
          phase: reason.isTimeout ? "connect" : "cancelled",
          isTimeout: reason.isTimeout,
        },
      );
    }
    const socket = await connectTcp({
      conn,
      scope: own,
      sourceIp,
      keepAliveMs: tcpKeepAliveMs === 0
        ? DEFAULT_KEEP_ALIVE_MS
        : tcpKeepAliveMs,
      host: context.host,
      now: () => context.clock.now(),
    });
    conn.traceId = context.nextId();
    return new TracedStream(socket, conn, context.streamOptions);
  }
}

function toFailure(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  throw error;
}
