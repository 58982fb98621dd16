import { FormatError, LimitError } from "../base/errors.ts";
import type { UnixNs } from "../base/time.ts";
import type { TimelineEvent } from "../timeline/types.ts";
import { decodeCapture } from "./merge_captures.ts";
import type { NetdumpArchive } from "./netdump_archive.ts";
import { decodeNetworkTrace } from "./nettrace_decoder.ts";
import { traceToTimeline } from "./nettrace_timeline.ts";
import { decodePacket, summarizePacket } from "./packet_decoder.ts";
import { parseCaptureName } from "./traced_net_request.ts";

/** Which records {@linkcode netdumpToTimeline} gives. */
export interface NetdumpTimelineOptions {
  /** Only those of this request. */
  readonly request?: string | undefined;
}

/**
 * Turns the requests of a dump into records of a timeline: what their traces
 * tell, and every captured packet.
 *
 * @param archive The dump.
 * @param options Which request.
 * @returns Records in order of time; those without a time come last. Each has
 * the name of its request.
 */
export function netdumpToTimeline(
  archive: NetdumpArchive,
  options: NetdumpTimelineOptions = {},
): TimelineEvent[] {
  const events: TimelineEvent[] = [];
  for (const request of archive.requestNames) {
    if (options.request !== undefined && request !== options.request) continue;
    for (const { name, content } of archive.filesIn(`requests/${request}`)) {
      const fileName = name.split("/").at(-1)!;
      const capture = parseCaptureName(fileName);
      if (fileName === "nettrace.json") {
        events.push(...traceEvents(request, content));
      } else if (capture !== undefined) {
        events.push(...packetEvents(request, capture.interfaceName, content));
      }
    }
  }
  return events.sort(byTime);
}

function traceEvents(request: string, content: Uint8Array): TimelineEvent[] {
  try {
    const trace = decodeNetworkTrace(content, { lenient: true });
    return traceToTimeline(trace).map((event) => ({
      ...event,
      relativeNs: undefined,
      fields: { request, ...event.fields },
    }));
  } catch (error) {
    // A broken trace does not hide the packets.
    if (error instanceof FormatError || error instanceof LimitError) return [];
    throw error;
  }
}

function packetEvents(
  request: string,
  interfaceName: string,
  content: Uint8Array,
): TimelineEvent[] {
  const { header, packets } = decodeCapture(content);
  return packets.map(({ timestamp, data, originalLength }) => {
    const packet = decodePacket(data, header?.linkType ?? 1, originalLength);
    return {
      type: "event",
      timestamp,
      relativeNs: undefined,
      provider: "packet",
      name: packet?.type ?? "cut",
      fields: {
        request,
        interface: interfaceName,
        length: originalLength,
        summary: summarizePacket(packet),
      },
    };
  });
}

function byTime(a: TimelineEvent, b: TimelineEvent): number {
  const never = (1n << 63n) as UnixNs;
  const [left, right] = [a.timestamp ?? never, b.timestamp ?? never];
  return left < right ? -1 : left > right ? 1 : 0;
}
