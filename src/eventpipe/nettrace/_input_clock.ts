import { floorDiv } from "../../base/time.ts";
import type { EncodableHeader } from "./_stream_writer.ts";
import type { NettraceEventRecord, NettraceHeader } from "./types.ts";

/** What the output says about the trace, and its wall time. */
export type MergedHeader = EncodableHeader & Pick<NettraceHeader, "syncTime">;

const NS_PER_SECOND = 1_000_000_000n;
/** Wall times of one clock may differ by that: they are exact to 1 ms, and clocks are set. */
const MAX_DISAGREEMENT_NS = 2_000_000_000n;

/**
 * @param headers Headers of the inputs.
 * @returns Ticks per second that hold all times: theirs, or nanoseconds where they differ.
 */
export function mergedFrequency(headers: readonly NettraceHeader[]): bigint {
  const [first] = headers;
  return headers.every(({ frequency }) => frequency === first!.frequency)
    ? first!.frequency
    : NS_PER_SECOND;
}

/** Puts the times of one input on the clock of the output. */
export class InputClock {
  /** What to add, where frequencies are equal. */
  readonly #shift: number | undefined;
  readonly #frequency: bigint;
  readonly #targetFrequency: bigint;
  /** Ticks of the output between its sync tick and the input's. */
  readonly #offset: bigint;

  constructor(header: NettraceHeader, target: MergedHeader) {
    this.#frequency = header.frequency;
    this.#targetFrequency = target.frequency;
    this.#offset = offsetOf(header, target);
    this.#shift = header.frequency === target.frequency
      ? Number(this.#offset)
      : undefined;
  }

  /** @returns Ticks since the sync tick of the output. */
  convert({ time }: Pick<NettraceEventRecord, "time">): number {
    return this.#shift !== undefined ? time + this.#shift : Number(
      this.#offset +
        floorDiv(BigInt(time) * this.#targetFrequency, this.#frequency),
    );
  }
}

function offsetOf(header: NettraceHeader, target: MergedHeader): bigint {
  const { frequency } = target;
  const before = target.syncTime;
  const after = header.syncTime;
  if (header.frequency === frequency) {
    const ticks = header.syncTicks - target.syncTicks;
    if (before === undefined || after === undefined) return ticks;
    const disagreement = floorDiv(ticks * NS_PER_SECOND, frequency) -
      (after - before);
    const size = disagreement < 0n ? -disagreement : disagreement;
    if (size <= MAX_DISAGREEMENT_NS) return ticks;
  }
  return before === undefined || after === undefined
    ? 0n
    : floorDiv((after - before) * frequency, NS_PER_SECOND);
}
