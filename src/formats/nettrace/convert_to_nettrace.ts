import { displayName } from "../../eventpipe/nettrace/display_name.ts";
import type { NettraceClock } from "../../eventpipe/nettrace/nettrace_time.ts";
import type { NettraceEventRecord } from "../../eventpipe/nettrace/types.ts";
import { writeNettrace } from "../../eventpipe/nettrace/write_nettrace.ts";
import type { TimelineEvent } from "../../timeline/types.ts";
import type { ByteStream, ConvertRequest } from "../types.ts";

/**
 * Writes traces as one trace: of a selection, merged, of another version.
 *
 * @param request Inputs, options, selection.
 * @returns The bytes.
 */
export async function* convertToNettrace(request: ConvertRequest): ByteStream {
  const { inputs, options, selection, stats, signal } = request;
  const isWanted = selection?.events;
  const version = options["nettrace-version"] as string | undefined;
  yield* writeNettrace(inputs.map((input) => input.open()), {
    version: version === undefined ? undefined : version === "6" ? 6 : 4,
    filter: isWanted === undefined
      ? undefined
      : (event, clock) => isWanted(outlineOf(event, clock)),
    keepSymbols: options["drop-symbols"] !== true,
    limits: inputs[0]?.limits,
    stats,
    inputStats: inputs.map((input) => input.stats),
    signal,
  });
}

/** What a selection of records looks at. */
function outlineOf(
  event: NettraceEventRecord,
  clock: NettraceClock,
): TimelineEvent {
  const { metadata, threadId, processId } = event;
  return {
    type: "event",
    timestamp: clock.unixNs(event.time),
    relativeNs: clock.ns(event.time),
    provider: metadata.providerName,
    name: displayName(metadata, event.opcode),
    pid: processId,
    tid: threadId < 0 ? undefined : threadId,
    fields: {},
  };
}
