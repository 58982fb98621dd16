import { decodeNetworkTrace } from "../../../src/netdump/nettrace_decoder.ts";
import type { NetworkTrace } from "../../../src/netdump/nettrace_types.ts";

/** Members of records as they stand in JSON. */
export type RawRecord = Readonly<Record<string, unknown>>;

/**
 * Makes a trace of a few members; what is not given is empty.
 *
 * @param lists Records by their list.
 * @returns The trace, which began at the start of 2026.
 */
export function makeTrace(
  lists: Readonly<Record<string, readonly RawRecord[]>>,
): NetworkTrace {
  return decodeNetworkTrace(
    JSON.stringify({
      description: "made",
      traceBeginAt: "2026-01-01T00:00:00Z",
      traceEndAt: "+9000ms",
      ...lists,
    }),
    { strict: true },
  );
}

/** @param members What differs from a GET that got its answer. @returns A request. */
export function makeRequest(members: RawRecord = {}): RawRecord {
  return {
    traceID: "r1",
    protoMajor: 1,
    protoMinor: 1,
    reqMethod: "GET",
    reqURL: "https://a.test/",
    reqSentAt: "+10ms",
    ...members,
  };
}
