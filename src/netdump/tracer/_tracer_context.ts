import type {
  LiveConn,
  LiveDial,
  LiveDnsQuery,
  LiveHttpRequest,
  LiveSocketOp,
  LiveTlsTunnel,
} from "./_live_records.ts";
import type { TraceClock } from "./trace_clock.ts";
import type { TraceIdGenerator } from "./trace_id.ts";
import type { TracedStreamOptions } from "./_traced_stream.ts";
import type { TracerHost } from "./tracer_host.ts";
import type { HttpClientOptions } from "./tracer_options.ts";

/** A connection to be made. */
export interface NewConn {
  readonly protocol: "tcp" | "udp";
  readonly dial: LiveDial | undefined;
  readonly fromResolver: boolean;
  readonly address: string;
  readonly port: number;
}

/** The tracer as its parts see it. */
export interface TracerContext {
  readonly clock: TraceClock;
  readonly host: TracerHost;
  readonly client: HttpClientOptions;
  readonly nextId: TraceIdGenerator;
  readonly streamOptions: TracedStreamOptions;
  /** Says what goes on. */
  log(line: string): void;
  /** Says what whoever reads the trace must know; the same once. */
  warn(line: string): void;
  /** Begins the record of a connection. */
  newConn(conn: NewConn): LiveConn;
  /** Begins the record of a dial. */
  newDial(destination: string): LiveDial;
  addDnsQuery(query: LiveDnsQuery): void;
  addTlsTunnel(tunnel: LiveTlsTunnel): void;
  addHttpRequest(request: LiveHttpRequest): void;
  /** Records a call on a socket. */
  recordOp(conn: LiveConn, op: LiveSocketOp): void;
  /** Counts a DNS reply that does not belong to its query. */
  ignoreReply(nameserver: string): void;
}
