import type { EventCollector, EventHandler } from "../event_collector.ts";
import { EventPayload } from "../event_payload.ts";
import type { NettraceEvent, NettraceMetadata } from "../nettrace/types.ts";
import { PROVIDER_NAME } from "../provider_name_table.ts";
import { AddressTable } from "./address_table.ts";
import type { AddressIndex } from "./address_table.ts";
import { readMethodTexts } from "./method_name.ts";
import type { RawStacks } from "./raw_stacks.ts";
import { TraceEventModules } from "./traceevent_modules.ts";

const METHOD_TEXT_OFFSET = 36;
const JITTED_FLAG = 8;
const UNRESOLVED = "?!?";

/** A method that was compiled while the trace ran, for what is unresolved at its end. */
interface JittedMethod {
  readonly start: bigint;
  readonly end: bigint;
  readonly moduleId: bigint;
  readonly time: number;
  readonly name: string;
}

interface ResolvedName {
  readonly file: object;
  readonly method: string;
}

/**
 * Names addresses as TraceEvent does, while a stream goes by in order of time:
 * events that tell of the end of a method name the addresses that were met in
 * it and have no name yet; methods that were compiled while the trace ran name
 * what is left at its end.
 */
export class TraceEventSymbols implements EventCollector, AddressIndex {
  readonly #addresses = new AddressTable();
  readonly #modules = new TraceEventModules();
  readonly #payload = new EventPayload();
  readonly #names: (ResolvedName | undefined)[] = [];
  readonly #jitted: JittedMethod[] = [];
  readonly #jittedStarts = new Set<bigint>();
  /** Addresses without a name, sorted by value when `#isSorted`. */
  #unresolved: number[] = [];
  #isSorted = true;
  #known = 0;
  #stacks: RawStacks | undefined;

  /** @param stacks Stacks that are made of these addresses. */
  serve(stacks: RawStacks): void {
    this.#stacks = stacks;
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    const { providerName, eventId } = metadata;
    if (providerName === PROVIDER_NAME.runtime) {
      switch (eventId) {
        case 143:
          return (event) => this.#onLoad(event);
        case 144:
          return (event) => this.#onEnd(event);
        case 152:
          return (event) => this.#onModule(event, false);
        case 153:
          return (event) => this.#onModule(event, true);
      }
    } else if (providerName === PROVIDER_NAME.rundown) {
      switch (eventId) {
        case 143:
          return (event) => this.#onLoad(event);
        case 144:
          return (event) => this.#onEnd(event);
        case 153:
        case 154:
          return (event) => this.#onModule(event, false);
      }
    }
    return undefined;
  }

  intern(
    _space: number,
    _isLeaf: boolean,
    low: number,
    high: number,
  ): number {
    const index = this.#addresses.intern(0, false, low, high);
    if (index === this.#known) {
      this.#known++;
      this.#unresolved.push(index);
      this.#isSorted = false;
    }
    return index;
  }

  /** Names what is left; call it at the end of the stream. */
  finish(): void {
    for (const { start, end, moduleId, time, name } of this.#jitted) {
      this.#resolve(start, end, () => ({
        file: this.#modules.use(moduleId, time),
        method: name,
      }));
    }
  }

  /** @param address Index of an address. @returns `module!method`, `?!?` without a name. */
  nameOf(address: number): string {
    const name = this.#names[address];
    return name === undefined
      ? UNRESOLVED
      : `${this.#modules.nameOf(name.file)}!${name.method}`;
  }

  #onLoad(event: NettraceEvent): void {
    const payload = this.#payload.start(event);
    if (payload.remaining < METHOD_TEXT_OFFSET) return;
    payload.skip(8);
    const moduleId = payload.u64();
    const start = payload.u64();
    const size = payload.i32();
    payload.skip(4);
    if ((payload.u32() & JITTED_FLAG) === 0) return;
    if (!this.#jittedStarts.has(start)) {
      this.#jittedStarts.add(start);
      this.#modules.use(moduleId, event.time);
    }
    this.#jitted.push({
      start,
      end: start + BigInt(size),
      moduleId,
      time: event.time,
      name: methodName(event),
    });
  }

  #onEnd(event: NettraceEvent): void {
    const { view, payloadStart, payloadLength } = event;
    if (payloadLength < METHOD_TEXT_OFFSET) return;
    const start = view.getBigUint64(payloadStart + 16, true);
    const end = start + BigInt(view.getInt32(payloadStart + 24, true));
    const isAny = this.#resolve(start, end, () => ({
      file: this.#modules.use(
        view.getBigUint64(payloadStart + 8, true),
        event.time,
      ),
      method: methodName(event),
    }));
    if (!isAny) return;
    // The same addresses met later may mean other code.
    this.#addresses.retire(
      0,
      Number(start & 0xffff_ffffn),
      Number(start >> 32n),
      Number(end - start),
      0,
    );
    this.#stacks?.forget();
  }

  #onModule(event: NettraceEvent, isUnload: boolean): void {
    const payload = this.#payload.start(event);
    const moduleId = payload.u64();
    payload.skip(16);
    if (payload.isShort) return;
    const ilPath = payload.utf16z();
    const nativePath = payload.utf16z();
    this.#modules.describe(
      moduleId,
      event.time,
      ilPath,
      nativePath,
      isUnload,
    );
  }

  /** Names the nameless addresses of a range. @returns Whether there was any. */
  #resolve(start: bigint, end: bigint, make: () => ResolvedName): boolean {
    const addresses = this.#addresses;
    if (!this.#isSorted) {
      const values = this.#unresolved.map((index) => ({
        index,
        value: addresses.value(index),
      }));
      values.sort((a, b) =>
        a.value < b.value ? -1 : a.value > b.value ? 1 : a.index - b.index
      );
      this.#unresolved = values.map(({ index }) => index);
      this.#isSorted = true;
    }
    const from = this.#lowerBound(start);
    let to = from;
    while (
      to < this.#unresolved.length &&
      addresses.value(this.#unresolved[to]!) < end
    ) to++;
    if (to === from) return false;
    const name = make();
    for (const index of this.#unresolved.splice(from, to - from)) {
      this.#names[index] = name;
    }
    return true;
  }

  #lowerBound(value: bigint): number {
    const low = Number(value & 0xffff_ffffn);
    const high = Number(value >> 32n);
    let from = 0;
    let to = this.#unresolved.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const index = this.#unresolved[middle]!;
      const otherHigh = this.#addresses.high(index);
      const isBefore = otherHigh !== high
        ? otherHigh < high
        : this.#addresses.low(index) < low;
      if (isBefore) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

function methodName(event: NettraceEvent): string {
  const { namespace, name, signature } = readMethodTexts(
    event.payload().subarray(METHOD_TEXT_OFFSET),
  );
  const open = signature.indexOf("(");
  return `${namespace}.${name}${open < 0 ? "" : signature.slice(open)}`;
}
