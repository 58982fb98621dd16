import { toJsonText } from "../base/json_text.ts";
import type { TimelineEvent } from "./types.ts";

const encoder = new TextEncoder();

/**
 * Writes records in the Trace Event Format that `chrome://tracing`, Perfetto
 * and speedscope open: instants (`ph` `i`), spans (`X`) and counters (`C`).
 * Times are in microseconds since the start of the capture; a record without
 * any time is left out, which no viewer could place.
 *
 * @param events Records in batches.
 * @returns The bytes, a piece per batch; memory does not grow with the number of records.
 */
export async function* writeChromiumEvents(
  events: AsyncIterable<readonly TimelineEvent[]>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield encoder.encode('{"displayTimeUnit":"ns","traceEvents":[');
  let separator = "\n";
  let startNs: bigint | undefined;
  for await (const batch of events) {
    let text = "";
    for (const event of batch) {
      const { timestamp, relativeNs } = event;
      if (relativeNs === undefined && timestamp !== undefined) {
        startNs ??= timestamp;
      }
      const ns = relativeNs ??
        (timestamp === undefined ? undefined : Number(timestamp - startNs!));
      if (ns === undefined) continue;
      text += separator + toJsonText(toTraceEvent(event, ns));
      separator = ",\n";
    }
    yield encoder.encode(text);
  }
  yield encoder.encode("\n]}\n");
}

function toTraceEvent(
  event: TimelineEvent,
  ns: number,
): Record<string, unknown> {
  const shared = {
    name: event.name,
    cat: event.provider,
    ts: ns / 1000,
    pid: event.pid ?? 0,
    tid: event.tid ?? 0,
  };
  const args = event.stack === undefined
    ? event.fields
    : { ...event.fields, stack: event.stack };
  switch (event.type) {
    case "span":
      return { ...shared, ph: "X", dur: event.durationNs / 1000, args };
    case "counter":
      // Viewers draw every argument of a counter, so nothing but the value goes in.
      return {
        ...shared,
        ph: "C",
        args: { [event.unit || "value"]: event.value },
      };
    case "event":
      return { ...shared, ph: "i", s: "t", args };
  }
}
