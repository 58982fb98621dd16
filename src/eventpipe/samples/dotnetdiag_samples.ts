import { ProfileBuilder } from "../../profile/profile_builder.ts";
import type { Profile } from "../../profile/types.ts";
import type { EventCollector, EventHandler } from "../event_collector.ts";
import { NettraceClock } from "../nettrace/nettrace_time.ts";
import type {
  NettraceEvent,
  NettraceHeader,
  NettraceMetadata,
} from "../nettrace/types.ts";
import { PROVIDER_NAME } from "../provider_name_table.ts";
import type { DotnetdiagSymbols } from "../symbols/dotnetdiag_symbols.ts";
import { RawStacks } from "../symbols/raw_stacks.ts";

const EXTERNAL = 1;
const MANAGED = 2;

/** Options of {@linkcode DotnetdiagSamples}. */
export interface DotnetdiagSamplesOptions {
  /** Whether time that began outside managed code is left out. @default {false} */
  readonly managedOnly?: boolean | undefined;
}

/** Times of the last samples of a thread in ns; `external` is negative while the thread runs managed code. */
interface ThreadTimes {
  external: number;
  managed: number;
}

/**
 * Time by stack as dotnetdiag reckons it: the time since the sample before is
 * charged to the stack of the present one, sequence point by sequence point;
 * what follows the last sequence point does not count.
 */
export class DotnetdiagSamples implements EventCollector {
  readonly #symbols: DotnetdiagSymbols;
  readonly #stacks: RawStacks;
  readonly #managedOnly: boolean;
  readonly #threads = new Map<number, ThreadTimes>();
  /** Time in ns by node of the stack, -1 for no stack. */
  readonly #values = new Map<number, number>();
  #clock: NettraceClock | undefined;
  #isBlocked = true;

  /** Samples since the last sequence point, as columns. */
  #times: number[] = [];
  #threadIds: number[] = [];
  #types: number[] = [];
  #nodes: number[] = [];
  #latest = -1;
  /** Whether samples came in order of time, as they do when one thread takes them all. */
  #isOrdered = true;

  /**
   * @param symbols Names the addresses; must read the same stream.
   * @param options Kinds of code.
   */
  constructor(
    symbols: DotnetdiagSymbols,
    options: DotnetdiagSamplesOptions = {},
  ) {
    this.#symbols = symbols;
    this.#stacks = new RawStacks(symbols);
    this.#managedOnly = options.managedOnly ?? false;
  }

  onHeader(header: NettraceHeader): void {
    this.#clock = new NettraceClock(header);
    this.#isBlocked = header.version >= 4;
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    return metadata.providerName === PROVIDER_NAME.sampleProfiler &&
        metadata.eventId === 0
      ? (event) => this.#take(event)
      : undefined;
  }

  onSequencePoint(): void {
    this.#process();
    this.#stacks.clearIds();
  }

  /**
   * Makes the profile; call it at the end of the stream.
   *
   * @returns A profile of one number, `wall` in nanoseconds.
   */
  build(): Profile {
    // Streams before version 4 have no sequence points, and dotnetdiag does not read them.
    if (!this.#isBlocked) this.#process();
    const builder = new ProfileBuilder({
      valueTypes: [{ type: "wall", unit: "nanoseconds" }],
    });
    const names = this.#symbols.names();
    const stacks = this.#stacks;
    const stackOf = new Int32Array(stacks.length);
    for (let node = 0; node < stacks.length; node++) {
      const prefix = stacks.prefix(node);
      const name = names[stacks.address(node)]!;
      stackOf[node] = builder.internStack(
        prefix < 0 ? -1 : stackOf[prefix]!,
        builder.internFrame({
          function: builder.internFunction({ name }),
          kind: "dotnet",
        }),
      );
    }
    for (const [node, value] of this.#values) {
      builder.addSample(node < 0 ? -1 : stackOf[node]!, -1, [value]);
    }
    return builder.build();
  }

  #take(event: NettraceEvent): void {
    const { time } = event;
    if (time < 0 || event.payloadLength < 4) return;
    if (time < this.#latest) this.#isOrdered = false;
    this.#latest = time;
    this.#times.push(time);
    this.#threadIds.push(event.threadId);
    this.#types.push(event.view.getInt32(event.payloadStart, true));
    this.#nodes.push(this.#stacks.nodeOf(event));
  }

  #process(): void {
    const times = this.#times;
    if (this.#isOrdered) {
      for (let at = 0; at < times.length; at++) this.#add(at);
    } else {
      const order = Int32Array.from(times, (_, index) => index);
      order.sort((a, b) => times[a]! - times[b]! || a - b);
      for (const at of order) this.#add(at);
    }
    times.length = 0;
    this.#threadIds.length = 0;
    this.#types.length = 0;
    this.#nodes.length = 0;
    this.#latest = -1;
    this.#isOrdered = true;
  }

  #add(at: number): void {
    const type = this.#types[at]!;
    if (type !== MANAGED && type !== EXTERNAL) return;
    const threadId = this.#threadIds[at]!;
    const node = this.#nodes[at]!;
    const now = this.#clock!.wholeTickNs(this.#times[at]!);
    let thread = this.#threads.get(threadId);
    if (thread === undefined) {
      this.#threads.set(threadId, thread = { external: 0, managed: 0 });
    }
    const { external, managed } = thread;
    if (type === MANAGED) {
      if (external > 0) this.#addExternal(node, now, external);
      else this.#addManaged(node, now, managed);
      if (external === 0) thread.external = -1;
      else if (external > 0) thread.external = -now;
      thread.managed = now;
    } else {
      if (external < 0) this.#addManaged(node, now, managed);
      else this.#addExternal(node, now, external);
      thread.external = now;
    }
  }

  #addManaged(node: number, now: number, last: number): void {
    if (last > 0) this.#charge(node, now - last);
  }

  #addExternal(node: number, now: number, last: number): void {
    if (last > 0 && !this.#managedOnly) this.#charge(node, now - last);
  }

  #charge(node: number, ns: number): void {
    this.#values.set(node, (this.#values.get(node) ?? 0) + ns);
  }
}
