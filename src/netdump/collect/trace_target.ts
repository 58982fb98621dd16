import { captureToBytes } from "../capture/capture_history.ts";
import type { CapturedInterface } from "../capture/captured_interface.ts";
import { redactUrl } from "../nettrace_redact_url.ts";
import type { NetworkTrace } from "../nettrace_types.ts";
import type { ProbeResult } from "../probe/types.ts";
import type { PacketCapture, TracedNetRequest } from "../traced_net_request.ts";
import { NetworkTracer } from "../tracer/network_tracer.ts";
import { RequestError } from "../tracer/request_error.ts";
import type {
  HeaderDetail,
  HttpClientOptions,
  TraceOptions,
} from "../tracer/tracer_options.ts";

/** Answers from which on a target counts as failing. */
const FIRST_BAD_STATUS = 500;
/** A body is read up to here: it is only there to see that it comes. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
/** Packets of a request that failed may still be on their way. */
const SETTLE_MS = 250;

/** How {@linkcode traceTarget} makes the request. */
export interface TraceTargetOptions {
  /** Client; its time for a request is what bounds it. */
  readonly client: HttpClientOptions;
  /** Interfaces to capture on, where that is permitted. @default {[]} */
  readonly interfaces?: readonly string[] | undefined;
  /** Bytes kept per interface. @default {1048576} */
  readonly maxCaptureBytes?: number | undefined;
  /** What of headers is recorded. @default {"lengths"} */
  readonly headers?: HeaderDetail | undefined;
  /** Ends the request. */
  readonly signal?: AbortSignal | undefined;
}

/** A traced request and how it went. */
export interface TracedTarget {
  /** For the dump. */
  readonly request: TracedNetRequest;
  /** The trace. */
  readonly trace: NetworkTrace;
  /** Whether an answer came. */
  readonly isOk: boolean;
  /** What went wrong, in the words of the trace; empty where nothing did. */
  readonly error: string;
  /** What the server's clock says, where it said something. */
  readonly date: ProbeResult | undefined;
  /** What could not be done beside the request. */
  readonly notes: readonly string[];
}

/**
 * Makes a traced request for a dump, with everything that this process may
 * record: DNS, sockets, connection tracking, packets.
 *
 * @param url Where to.
 * @param options Client and limits.
 * @returns How it went; a request that fails is no error.
 * @throws {Error} When not even tracing works.
 */
export async function traceTarget(
  url: URL,
  options: TraceTargetOptions,
): Promise<TracedTarget> {
  const notes: string[] = [];
  const tracer = openTracer(options, notes);
  try {
    for (const { interfaceName, error } of tracer.captureProblems) {
      notes.push(`no capture on ${interfaceName}: ${error.message}`);
    }
    const { error, status, date } = await makeRequest(tracer, url, options);
    const hasCapture = (options.interfaces?.length ?? 0) > 0;
    if (hasCapture) {
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    }
    const shown = redactUrl(url.href, { query: false });
    const { trace, captures } = await tracer.getTrace(`GET ${shown}`);
    const isOk = error === "" && status < FIRST_BAD_STATUS;
    const result = isOk ? "ok" : "fail";
    return {
      trace,
      isOk,
      error: error || (isOk ? "" : `status ${status}`),
      date,
      notes,
      request: {
        requestName: requestName(url),
        netTrace: trace,
        packetCaptures: captures.map(toPacketCapture),
        result,
        target: shown,
      },
    };
  } finally {
    await tracer.close();
  }
}

/** Connection tracking and packets are for the privileged: others do without. */
function openTracer(
  options: TraceTargetOptions,
  notes: string[],
): NetworkTracer {
  const { client, interfaces = [], headers = "lengths" } = options;
  const trace: TraceOptions = {
    httpRequests: true,
    dnsQueries: true,
    sockets: true,
    headers,
    capture: interfaces.length === 0 ? undefined : {
      interfaces,
      totalSizeLimit: options.maxCaptureBytes,
      includeArp: true,
      includeIcmp: true,
    },
  };
  try {
    return new NetworkTracer({ client, trace: { ...trace, conntrack: true } });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    notes.push(`no connection tracking: ${reason}`);
  }
  try {
    return new NetworkTracer({ client, trace });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    notes.push(`no capture: ${reason}`);
    return new NetworkTracer({
      client,
      trace: { ...trace, capture: undefined },
    });
  }
}

async function makeRequest(
  tracer: NetworkTracer,
  url: URL,
  { signal }: TraceTargetOptions,
): Promise<{
  readonly error: string;
  readonly status: number;
  readonly date: ProbeResult | undefined;
}> {
  try {
    const response = await tracer.request(url, {
      maxBodyBytes: MAX_BODY_BYTES,
      signal,
    });
    const date = readDate(url, response.header);
    await response.drain();
    return { error: "", status: response.status, date };
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return { error: error.reason, status: 0, date: undefined };
  }
}

function readDate(
  url: URL,
  header: readonly (readonly [string, string])[],
): ProbeResult | undefined {
  const value = header.find(([name]) => name.toLowerCase() === "date")?.[1];
  const ms = Date.parse(value ?? "");
  if (Number.isNaN(ms)) return undefined;
  return {
    probe: "http-date",
    target: url.host,
    outcome: "ok",
    phase: "http",
    cause: "",
    hint: "",
    durationMs: 0,
    // Servers cut to whole seconds.
    details: { offsetMs: Math.round(ms + 500 - Date.now()) },
  };
}

/**
 * Names the request of a URL.
 *
 * @param url The URL.
 * @returns For example `https-www.example.net`; only what names of requests may hold.
 */
export function requestName(url: URL): string {
  const parts = [url.protocol.slice(0, -1), url.hostname, url.port];
  const name = parts.filter((part) => part !== "").join("-")
    .replaceAll(/[^A-Za-z0-9]+/g, (found) => found.startsWith(".") ? "." : "-")
    .replaceAll(/^[-.]+|[-.]+$/g, "");
  return name.slice(0, 90).replace(/[-.]+$/, "");
}

/**
 * Makes a captured interface ready for a dump.
 *
 * @param capture What was captured.
 * @returns It, with its packets as a pcap file.
 */
export function toPacketCapture(capture: CapturedInterface): PacketCapture {
  return {
    interfaceName: capture.interfaceName,
    content: captureToBytes(capture),
    truncated: capture.isTruncated,
    withoutPayload: capture.withoutTcpPayload,
    droppedPackets: capture.droppedPackets,
  };
}
