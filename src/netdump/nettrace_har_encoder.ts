import { toJsonText } from "../base/json_text.ts";
import { formatUnixNs } from "../base/time.ts";
import { VERSION } from "../base/version.ts";
import { stageRequests } from "./nettrace_stages.ts";
import type { RequestStage, StagedRequest } from "./nettrace_stages.ts";
import { traceTimeToUnixNs } from "./nettrace_time.ts";
import type {
  NetworkTrace,
  TraceHeaderField,
  TraceTime,
} from "./nettrace_types.ts";

/** In HAR a step that did not happen. */
const NONE = -1;
const EPOCH: TraceTime = { type: "absolute", text: "1970-01-01T00:00:00Z" };

/**
 * Writes a trace as an HTTP archive (HAR 1.2). Values of headers that the trace
 * does not hold are empty.
 *
 * @param trace The trace.
 * @returns JSON.
 */
export function encodeHar(trace: NetworkTrace): string {
  const requests = stageRequests(trace);
  return toJsonText({
    log: {
      version: "1.2",
      creator: { name: "tracedeck", version: VERSION },
      comment: trace.description,
      pages: [],
      entries: requests.map((staged) => toEntry(trace, staged)),
    },
  }, 2) + "\n";
}

function toEntry(trace: NetworkTrace, staged: StagedRequest): object {
  const { request, conn } = staged;
  const begin = trace.traceBeginAt.type === "absolute"
    ? trace.traceBeginAt
    : EPOCH;
  const started = traceTimeToUnixNs(request.reqSentAt, begin) ??
    traceTimeToUnixNs(begin, begin)!;
  const proto = `HTTP/${request.protoMajor}.${request.protoMinor}`;
  const time = Math.max(0, staged.endMs - staged.beginMs);
  return {
    startedDateTime: formatUnixNs(started, 3),
    time,
    request: {
      method: request.reqMethod,
      url: request.reqUrl,
      httpVersion: proto,
      cookies: [],
      headers: request.reqHeader.map(toHeader),
      queryString: queryOf(request.reqUrl),
      headersSize: NONE,
      bodySize: Number(request.reqContentLen),
    },
    response: {
      status: request.respStatusCode,
      statusText: "",
      httpVersion: proto,
      cookies: [],
      headers: request.respHeader.map(toHeader),
      content: {
        size: Number(request.respContentLen),
        mimeType: valueOf(request.respHeader, "content-type") ?? "",
      },
      redirectURL: valueOf(request.respHeader, "location") ?? "",
      headersSize: NONE,
      bodySize: NONE,
      ...(request.reqError === "" ? {} : { _error: request.reqError }),
    },
    cache: {},
    timings: toTimings(staged, time),
    ...(conn === undefined ? {} : {
      serverIPAddress: conn.addrTuple.dstIp,
      connection: conn.traceId,
    }),
    ...(request.networkProxy === "" ? {} : { _proxy: request.networkProxy }),
    _traceID: request.traceId,
  };
}

/**
 * HAR counts TLS as part of connecting, and tells it apart as well. Its times
 * add up to that of the request: what belongs to no step was waiting for one.
 */
function toTimings(staged: StagedRequest, time: number): object {
  const spent = (stage: RequestStage) =>
    staged.stages.find((each) => each.stage === stage)?.durationMs;
  const connect = spent("connect");
  const tls = spent("tls");
  const proxy = spent("proxy");
  const hasConnect = connect !== undefined || tls !== undefined;
  const known = {
    dns: spent("dns") ?? NONE,
    connect: hasConnect ? (connect ?? 0) + (proxy ?? 0) + (tls ?? 0) : NONE,
    send: 0,
    wait: spent("wait") ?? 0,
    receive: spent("body") ?? 0,
  };
  const sum = Object.values(known).filter((ms) => ms !== NONE)
    .reduce((total, ms) => total + ms, 0);
  return {
    blocked: time > sum ? time - sum : NONE,
    ...known,
    ssl: tls ?? NONE,
  };
}

function toHeader({ fieldName, fieldVal }: TraceHeaderField): object {
  return { name: fieldName, value: fieldVal };
}

function valueOf(
  header: readonly TraceHeaderField[],
  name: string,
): string | undefined {
  return header.find(({ fieldName }) => fieldName.toLowerCase() === name)
    ?.fieldVal;
}

function queryOf(url: string): object[] {
  const parsed = URL.parse(url);
  return parsed === null
    ? []
    : [...parsed.searchParams].map(([name, value]) => ({ name, value }));
}
