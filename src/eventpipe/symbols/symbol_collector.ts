import { DEFAULT_LIMITS } from "../../base/limits.ts";
import { EventPayload } from "../event_payload.ts";
import type { EventCollector, EventHandler } from "../event_collector.ts";
import type {
  NettraceEvent,
  NettraceHeader,
  NettraceMetadata,
} from "../nettrace/types.ts";
import { ProcessSpaces } from "../process_spaces.ts";
import { PROVIDER_NAME } from "../provider_name_table.ts";
import { AddressTable } from "./address_table.ts";
import { LiveCode } from "./live_code.ts";
import { METHOD_SOURCE, MethodTable } from "./method_table.ts";
import type { MethodRow } from "./method_table.ts";
import { ModuleTable } from "./module_table.ts";
import { RawStacks } from "./raw_stacks.ts";
import { UniversalSymbols } from "./universal_symbols.ts";

/** Bytes before the texts in the verbose method events. */
const METHOD_TEXT_OFFSET = 36;

/** Options of {@linkcode SymbolCollector}. */
export interface SymbolCollectorOptions {
  /** Most methods that are kept. @default {1048576} */
  readonly maxMethods?: number | undefined;
}

/**
 * Collects what a trace says about code: methods and modules as they are
 * loaded, unloaded and listed at the end, and the stacks that refer to them.
 * Names usually come last, so stacks are kept as addresses until the end of the
 * stream; then `resolveAddresses` gives them names.
 */
export class SymbolCollector implements EventCollector {
  /** Methods in the order of the stream. */
  readonly methods: MethodTable;
  /** Modules by index. */
  readonly modules: ModuleTable = new ModuleTable();
  /** Addresses that stacks refer to. */
  readonly addresses: AddressTable = new AddressTable();
  /** Stacks that were asked for. */
  readonly stacks: RawStacks = new RawStacks(this.addresses);
  /** Processes of the trace. */
  readonly spaces: ProcessSpaces = new ProcessSpaces();
  /** Mappings and symbols of a universal trace. */
  readonly universal: UniversalSymbols;
  readonly #payload = new EventPayload();
  readonly #live: LiveCode;
  readonly #row: MethodRow;
  #loadCount = 0;
  #rundownCount = 0;
  #isRundownComplete = false;

  /** @param options Limits. */
  constructor(options: SymbolCollectorOptions = {}) {
    const { maxMethods = DEFAULT_LIMITS.maxTableEntries } = options;
    this.methods = new MethodTable(maxMethods);
    this.universal = new UniversalSymbols(
      this.methods,
      this.modules,
      this.spaces,
    );
    this.#live = new LiveCode(this.methods);
    this.#row = {
      space: 0,
      startLow: 0,
      startHigh: 0,
      size: 0,
      module: 0,
      flags: 0,
      token: 0,
      source: 0,
      text: new Uint8Array(0),
      textStart: 0,
      textEnd: 0,
    };
  }

  /** Methods that were loaded or unloaded while the trace ran. */
  get loadCount(): number {
    return this.#loadCount;
  }

  /** Methods that the rundown listed. */
  get rundownCount(): number {
    return this.#rundownCount;
  }

  /** Whether the rundown came to its end. */
  get isRundownComplete(): boolean {
    return this.#isRundownComplete;
  }

  onHeader(header: NettraceHeader): void {
    this.spaces.onHeader(header);
  }

  onSequencePoint(): void {
    this.stacks.clearIds();
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    switch (metadata.providerName) {
      case PROVIDER_NAME.runtime:
        return this.#runtimeHandler(metadata.eventId);
      case PROVIDER_NAME.rundown:
        return this.#rundownHandler(metadata.eventId);
      case PROVIDER_NAME.universalSystem:
        return this.universal.handlerOf(metadata);
      default:
        return undefined;
    }
  }

  #runtimeHandler(eventId: number): EventHandler | undefined {
    switch (eventId) {
      case 141:
      case 143:
        return (event) => this.#addLoad(event);
      case 142:
      case 144:
        return (event) => {
          this.#loadCount++;
          this.#addMethod(event, METHOD_SOURCE.unload);
        };
      case 151:
        return (event) => this.#addModule(event, true);
      case 152:
      case 153:
        return (event) => this.#addModule(event, false);
      default:
        return undefined;
    }
  }

  #rundownHandler(eventId: number): EventHandler | undefined {
    switch (eventId) {
      case 141:
      case 143:
        return (event) => {
          this.#rundownCount++;
          this.#addMethod(event, METHOD_SOURCE.rundownStart);
        };
      case 142:
      case 144:
        return (event) => {
          this.#rundownCount++;
          this.#addMethod(event, METHOD_SOURCE.rundownEnd);
        };
      // The same id means "module load" in the runtime's own provider.
      case 151:
      case 152:
        return (event) => this.#addModule(event, true);
      case 153:
      case 154:
        return (event) => this.#addModule(event, false);
      case 146:
        return () => {
          this.#isRundownComplete = true;
        };
      default:
        return undefined;
    }
  }

  #addLoad(event: NettraceEvent): void {
    this.#loadCount++;
    const index = this.#addMethod(event, METHOD_SOURCE.load);
    if (index < 0 || !this.#live.place(index)) return;
    const { methods } = this;
    this.addresses.retire(
      methods.space(index),
      methods.startLow(index),
      methods.startHigh(index),
      methods.size(index),
      index,
    );
    this.stacks.forget();
  }

  #addMethod(event: NettraceEvent, source: number): number {
    const { view, payloadStart, payloadLength } = event;
    if (payloadLength < METHOD_TEXT_OFFSET) return -1;
    const row = this.#row;
    row.space = this.spaces.of(event);
    row.module = this.modules.indexOf(
      row.space,
      view.getUint32(payloadStart + 8, true),
      view.getUint32(payloadStart + 12, true),
    );
    row.startLow = view.getUint32(payloadStart + 16, true);
    row.startHigh = view.getUint32(payloadStart + 20, true);
    row.size = view.getUint32(payloadStart + 24, true);
    row.token = view.getUint32(payloadStart + 28, true);
    row.flags = view.getUint32(payloadStart + 32, true);
    row.source = source;
    row.text = event.bytes;
    row.textStart = payloadStart + METHOD_TEXT_OFFSET;
    const { eventId } = event.metadata;
    const hasTexts = eventId === 143 || eventId === 144;
    row.textEnd = hasTexts ? payloadStart + payloadLength : row.textStart;
    return this.methods.add(row);
  }

  #addModule(event: NettraceEvent, hasDomain: boolean): void {
    const payload = this.#payload.start(event);
    const moduleId = payload.u64();
    const assemblyId = payload.u64();
    if (hasDomain) payload.skip(8);
    const flags = payload.u32();
    payload.skip(4);
    if (payload.isShort) return;
    const path = payload.utf16z();
    const nativePath = payload.utf16z();
    payload.skip(2);
    const hasPdb = !hasDomain && event.version >= 2;
    const pdbGuid = hasPdb ? payload.guid() : "";
    const pdbAge = hasPdb ? payload.u32() : 0;
    const pdbPath = hasPdb ? payload.utf16z() : "";
    const index = this.modules.indexOf(
      this.spaces.of(event),
      Number(moduleId & 0xffff_ffffn),
      Number(moduleId >> 32n),
    );
    this.modules.describe(index, {
      path,
      nativePath,
      assemblyId,
      flags,
      pdbGuid: /^[0-]*$/.test(pdbGuid) ? "" : pdbGuid,
      pdbAge,
      pdbPath,
    });
  }
}
