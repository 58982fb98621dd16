import type { Duplex } from "node:stream";
import type { LiveConn, LiveTlsTunnel } from "./_live_records.ts";
import type { TlsOptions } from "./tracer_options.ts";

/** A stream whose incoming bytes can be seen. */
export interface WatchedStream extends Duplex {
  watch(onChunk: (chunk: Uint8Array) => void): () => void;
}

/** A handshake to make. */
export interface TlsRequest {
  /** What it runs on. */
  readonly transport: WatchedStream;
  /** Record of the connection below. */
  readonly conn: LiveConn;
  /** Name or address of the server. */
  readonly host: string;
  readonly options: TlsOptions;
  /** Protocols to offer, none for no ALPN. */
  readonly alpn: readonly string[];
  readonly signal: AbortSignal;
  /** Receives the record at once. */
  readonly onTunnel: (tunnel: LiveTlsTunnel) => void;
  /** Makes the transport anew for as long as it is used. */
  readonly reopen: <T>(
    use: (transport: WatchedStream) => Promise<T>,
  ) => Promise<T>;
}

/** A tunnel that stands. */
export interface TlsTunnelStream {
  readonly stream: Duplex;
  /** Result of ALPN, empty when there is none. */
  readonly protocol: string;
}

/** What a runtime's TLS gives beside the stream. */
export interface TlsResult extends TlsTunnelStream {
  readonly chain: readonly Uint8Array[];
  readonly cipherSuite: number;
  readonly didResume: boolean;
  /** Why the certificate is not good, in the library's words. */
  readonly verifyFailure: string | undefined;
}
