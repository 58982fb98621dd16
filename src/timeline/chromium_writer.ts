import { toJsonText } from "../base/json_text.ts";
import type { UnixNs } from "../base/time.ts";
import type { TimelineEvent, TimelineSpan } from "./types.ts";

const encoder = new TextEncoder();
/** Threads whose open spans are remembered; beyond, spans of further ones are asynchronous. */
const MAX_TRACKS = 65_536;

/**
 * Writes records in the Trace Event Format that `chrome://tracing`, Perfetto
 * and speedscope open: instants (`ph` `i`), spans, counters (`C`), and names of
 * processes and threads (`M`) when they are first met.
 *
 * A span of a thread is a slice (`X`); viewers need the slices of a thread to
 * lie within each other, so one that only overlaps the one before, or has no
 * thread, is asynchronous (`b`, `e`) and gets a track of its own.
 *
 * Times are in microseconds since the start of the capture; captures that were
 * merged share the first one's. A record without any time is left out, which
 * no viewer could place.
 *
 * @param events Records in batches.
 * @returns The bytes, a piece per batch; memory grows with the number of threads alone.
 */
export async function* writeChromiumEvents(
  events: AsyncIterable<readonly TimelineEvent[]>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield encoder.encode('{"displayTimeUnit":"ns","traceEvents":[');
  const writer = new TraceEvents();
  for await (const batch of events) {
    for (const event of batch) writer.add(event);
    yield encoder.encode(writer.take());
  }
  yield encoder.encode("\n]}\n");
}

class TraceEvents {
  #text = "";
  #separator = "\n";
  #startTime: UnixNs | undefined;
  #asyncId = 0;
  readonly #processNames = new Map<number, string>();
  readonly #threadNames = new Map<string, string>();
  /** Ends of the open slices of each thread, outermost first. */
  readonly #openSlices = new Map<string, number[]>();

  take(): string {
    const text = this.#text;
    this.#text = "";
    return text;
  }

  add(event: TimelineEvent): void {
    const ns = this.#placeOf(event);
    if (ns === undefined) return;
    this.#addNames(event);
    const { name, provider, pid = 0, tid = 0, fields, stack } = event;
    const shared = { name, cat: provider, ts: ns / 1000, pid, tid };
    const args = stack === undefined ? fields : { ...fields, stack };
    switch (event.type) {
      case "span":
        this.#addSpan(event, ns, { ...shared, args });
        break;
      case "counter":
        // Viewers draw every argument of a counter, so nothing but the value goes in.
        this.#put({
          ...shared,
          ph: "C",
          args: { [event.unit || "value"]: event.value },
        });
        break;
      case "event": {
        const scope = event.tid !== undefined
          ? "t"
          : event.pid !== undefined
          ? "p"
          : "g";
        this.#put({ ...shared, ph: "i", s: scope, args });
      }
    }
  }

  /** Nanoseconds since the start; wall time counts first, since merged captures share it. */
  #placeOf({ timestamp, relativeNs }: TimelineEvent): number | undefined {
    if (timestamp === undefined) return relativeNs;
    this.#startTime ??= (timestamp -
      BigInt(Math.round(relativeNs ?? 0))) as UnixNs;
    return Number(timestamp - this.#startTime);
  }

  #addNames(
    { pid = 0, tid = 0, processName, threadName }: TimelineEvent,
  ): void {
    if (processName && this.#processNames.get(pid) !== processName) {
      this.#processNames.set(pid, processName);
      this.#put({
        ph: "M",
        name: "process_name",
        pid,
        tid,
        args: { name: processName },
      });
    }
    const thread = `${pid}/${tid}`;
    if (threadName && this.#threadNames.get(thread) !== threadName) {
      this.#threadNames.set(thread, threadName);
      this.#put({
        ph: "M",
        name: "thread_name",
        pid,
        tid,
        args: { name: threadName },
      });
    }
  }

  #addSpan(
    { pid, tid, durationNs }: TimelineSpan,
    ns: number,
    shared: { readonly ts: number; readonly args: unknown },
  ): void {
    if (tid !== undefined && this.#fitsTrack(`${pid}/${tid}`, ns, durationNs)) {
      this.#put({ ...shared, ph: "X", dur: durationNs / 1000 });
      return;
    }
    const id = ++this.#asyncId;
    const { args, ...end } = shared;
    this.#put({ ...end, ph: "b", id, args });
    this.#put({ ...end, ph: "e", id, ts: (ns + durationNs) / 1000 });
  }

  /** Whether a span lies within or behind the open slices of its thread; then it is one of them. */
  #fitsTrack(track: string, start: number, durationNs: number): boolean {
    let ends = this.#openSlices.get(track);
    if (ends === undefined) {
      if (this.#openSlices.size >= MAX_TRACKS) return false;
      ends = [];
      this.#openSlices.set(track, ends);
    }
    while (ends.length > 0 && ends.at(-1)! <= start) ends.pop();
    const end = start + durationNs;
    if (ends.length > 0 && end > ends.at(-1)!) return false;
    ends.push(end);
    return true;
  }

  #put(event: Record<string, unknown>): void {
    this.#text += this.#separator + toJsonText(event);
    this.#separator = ",\n";
  }
}
