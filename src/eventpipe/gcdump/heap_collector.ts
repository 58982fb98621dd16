import type { DecodeStats } from "../../base/decode_stats.ts";
import { DEFAULT_LIMITS } from "../../base/limits.ts";
import { TupleTable } from "../../profile/tuple_table.ts";
import type { EventCollector, EventHandler } from "../event_collector.ts";
import { EventPayload } from "../event_payload.ts";
import { NettraceClock } from "../nettrace/nettrace_time.ts";
import type {
  NettraceEvent,
  NettraceHeader,
  NettraceMetadata,
} from "../nettrace/types.ts";
import { PROVIDER_NAME } from "../provider_name_table.ts";
import { buildHeapGraph } from "./_build_heap_graph.ts";
import { ROOT_GROUP } from "./_heap_events.ts";
import type {
  ComRoot,
  HeapEvents,
  HeapEventType,
  RootGroup,
  StaticRoot,
} from "./_heap_events.ts";
import { IntColumn } from "./_int_column.ts";
import type { HeapDump, HeapSegment } from "./types.ts";

/** Ids of the runtime's events that a heap dump is made of. */
const EVENT = {
  gcStart: 1,
  gcEnd: 2,
  bulkType: 15,
  bulkRootEdge: 16,
  bulkDependentHandle: 17,
  bulkNode: 18,
  bulkEdge: 19,
  generationRange: 23,
  bulkComCallable: 36,
  bulkRuntimeCallable: 37,
  bulkStaticVar: 38,
  generationAwareBegin: 206,
  generationAwareEnd: 207,
} as const;

const FULL_GENERATION = 2;
const NON_CONCURRENT = 0;
const INDUCED = 1;
const MAX_OBJECT_BYTES = 0x7fff_ffff;
const UNIX_EPOCH_TICKS = 621_355_968_000_000_000n;

/** What a process says about the types of its objects. */
interface ProcessNames {
  /** By type id. */
  readonly types: Map<bigint, HeapEventType>;
  /** Paths by module id. */
  readonly modules: Map<bigint, string>;
}

/** Options of {@linkcode HeapCollector}. */
export interface HeapCollectorOptions {
  /** Most objects that are kept. @default {10000000} */
  readonly maxObjects?: number | undefined;
  /** Most references that are kept. @default {200000000} */
  readonly maxReferences?: number | undefined;
}

/** How far the events of a heap dump have come. */
export type HeapPhase = "waiting" | "running" | "complete";

/**
 * Collects a heap dump from the events that the runtime writes while a full
 * collection walks the heap. The first such collection of the first process is
 * taken.
 */
export class HeapCollector implements EventCollector {
  readonly #maxObjects: number;
  readonly #maxReferences: number;
  readonly #payload = new EventPayload();
  readonly #addresses = new TupleTable(2);
  readonly #typeIds = new TupleTable(2);
  readonly #objects = new IntColumn();
  readonly #objectTypes = new IntColumn();
  readonly #objectSizes = new IntColumn();
  readonly #referenceCounts = new IntColumn();
  readonly #references = new IntColumn();
  readonly #roots = new Map<RootGroup, IntColumn>();
  readonly #names = new Map<number, ProcessNames>();
  readonly #statics: StaticRoot[] = [];
  readonly #comRoots: ComRoot[] = [];
  readonly #comObjects = new Map<number, number>();
  readonly #segments: HeapSegment[] = [];
  #pointerSize: 4 | 8 = 8;
  #clock: NettraceClock | undefined;
  #phase: HeapPhase = "waiting";
  #processId: number | undefined;
  #collection = -1;
  #endTime = Infinity;
  #neededReferences = 0;
  #nextNodeEvent = 0;
  #nextEdgeEvent = 0;
  #sureObjects = Infinity;
  #sureReferences = Infinity;
  #omittedObjects = 0;
  #omittedReferences = 0;
  #cutEvents = 0;
  #nameCount = 0;

  /** @param options Bounds. */
  constructor(options: HeapCollectorOptions = {}) {
    this.#maxObjects = options.maxObjects ?? 10_000_000;
    this.#maxReferences = options.maxReferences ?? 200_000_000;
  }

  /** How far the events have come. */
  get phase(): HeapPhase {
    return this.#phase;
  }

  /** Objects described so far. */
  get objectCount(): number {
    return this.#objects.length;
  }

  /** Number of the collection, -1 before it began. */
  get collection(): number {
    return this.#collection;
  }

  onHeader(header: NettraceHeader): void {
    this.#pointerSize = header.pointerSize;
    this.#clock = new NettraceClock(header);
    this.#processId = header.version < 6 ? header.processId : undefined;
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    const { providerName, eventId } = metadata;
    if (providerName === PROVIDER_NAME.rundown) {
      return eventId === 153 || eventId === 154
        ? (event) => this.#onModule(event)
        : undefined;
    }
    if (providerName !== PROVIDER_NAME.runtime) return undefined;
    const inDump = (take: EventHandler): EventHandler => (event) => {
      if (this.#isInDump(event)) take(event);
    };
    switch (eventId) {
      case EVENT.gcStart:
        return (event) => this.#onStart(event);
      case EVENT.gcEnd:
        return (event) => this.#onEnd(event, this.#payload.start(event).u32());
      case EVENT.generationAwareBegin:
        return (event) => this.#begin(event, this.#payload.start(event).u32());
      case EVENT.generationAwareEnd:
        return (event) => this.#onEnd(event, this.#collection);
      case EVENT.bulkType:
        return (event) => this.#onTypes(event);
      case EVENT.bulkRootEdge:
        return inDump((event) => this.#onRoots(event));
      case EVENT.bulkDependentHandle:
        return inDump((event) => this.#onDependentHandles(event));
      case EVENT.bulkNode:
        return inDump((event) => this.#onObjects(event));
      case EVENT.bulkEdge:
        return inDump((event) => this.#onReferences(event));
      case EVENT.generationRange:
        return inDump((event) => this.#onRange(event));
      case EVENT.bulkComCallable:
        return inDump((event) => this.#onComCallable(event));
      case EVENT.bulkRuntimeCallable:
        return inDump((event) => this.#onRuntimeCallable(event));
      case EVENT.bulkStaticVar:
        return inDump((event) => this.#onStatics(event));
      case 152:
      case 153:
        return (event) => this.#onModule(event);
      default:
        return undefined;
    }
  }

  /**
   * Makes the dump; call it at the end of the stream.
   *
   * @param stats Counts what is missing.
   * @returns The dump, without names that only other collectors know;
   * `undefined` when the stream has none.
   */
  finish(stats: DecodeStats): HeapDump | undefined {
    if (this.#objects.length === 0) return undefined;
    this.#countLosses(stats);
    const { graph, undefinedCount } = buildHeapGraph(this.#events());
    if (undefinedCount > 0) {
      stats.count("heap_objects_undescribed", "notice", {
        amount: undefinedCount,
        detail: "objects that are referred to and not described",
      });
    }
    const unixNs = Number.isFinite(this.#endTime)
      ? this.#clock?.unixNs(this.#endTime)
      : undefined;
    const sizeBytes = this.#segments.reduce(
      (sum, { start, end }) => sum + Number(end - start),
      0,
    );
    return {
      graph,
      averageCountMultiplier: 1,
      averageSizeMultiplier: 1,
      countMultipliers: new Float32Array(0),
      hasJavaScript: false,
      heap: { sizeBytes, segments: this.#segments },
      interop: undefined,
      log: undefined,
      collectionTicks: unixNs === undefined
        ? 0n
        : UNIX_EPOCH_TICKS + unixNs / 100n,
      machineName: undefined,
      processName: undefined,
      processId: this.#processId ?? 0,
      commitBytes: 0,
      workingSetBytes: 0,
      creationTool: "tracedeck",
    };
  }

  #events(): HeapEvents {
    const long = (table: TupleTable, index: number) =>
      BigInt(table.at(index, 1) >>> 0) << 32n |
      BigInt(table.at(index, 0) >>> 0);
    return {
      is64Bit: this.#pointerSize === 8,
      objectCount: this.#addresses.length,
      addressOf: (object) => long(this.#addresses, object),
      objects: this.#objects.view(),
      objectTypes: this.#objectTypes.view(),
      objectSizes: this.#objectSizes.view(),
      referenceCounts: this.#referenceCounts.view(),
      references: this.#references.view(),
      sureObjects: this.#sureObjects,
      sureReferences: this.#sureReferences,
      typeIdOf: (type) => long(this.#typeIds, type),
      ...this.#namesOf(this.#processId),
      roots: new Map(
        Array.from(this.#roots, ([group, objects]) => [group, objects.view()]),
      ),
      statics: this.#statics,
      comRoots: this.#comRoots,
      comObjects: this.#comObjects,
    };
  }

  #countLosses(stats: DecodeStats): void {
    const count = (name: string, amount: number, detail: string) => {
      if (amount > 0) stats.count(name, "data_loss", { amount, detail });
    };
    if (this.#phase === "running") {
      count(
        "heap_dump_incomplete",
        1,
        "the stream shows the start of a heap dump but not its completion",
      );
    }
    count(
      "heap_references_missing",
      Math.max(0, this.#neededReferences - this.#references.length),
      "not enough edge data",
    );
    if (
      Number.isFinite(this.#sureObjects) ||
      Number.isFinite(this.#sureReferences)
    ) {
      count(
        "heap_events_missing",
        1,
        "events in the middle of the dump are missing: objects behind them have no references",
      );
    }
    count(
      "heap_objects_omitted",
      this.#omittedObjects,
      `more than ${this.#maxObjects} objects`,
    );
    count(
      "heap_references_omitted",
      this.#omittedReferences,
      `more than ${this.#maxReferences} references`,
    );
    count(
      "heap_event_cut",
      this.#cutEvents,
      "an event ends before the entries that it announces",
    );
  }

  #isInDump(event: NettraceEvent): boolean {
    // Threads are not in order with each other: what belongs to the dump may follow its end.
    return (this.#phase === "running" ||
      this.#phase === "complete" && event.time <= this.#endTime) &&
      this.#isOwn(event);
  }

  #isOwn(event: NettraceEvent): boolean {
    return event.processId === undefined || this.#processId === undefined ||
      event.processId === this.#processId;
  }

  #onStart(event: NettraceEvent): void {
    const payload = this.#payload.start(event);
    const number = payload.u32();
    const generation = payload.u32();
    const reason = payload.u32();
    const type = payload.u32();
    if (
      event.version > 0 && !payload.isShort && generation === FULL_GENERATION &&
      type === NON_CONCURRENT && reason === INDUCED
    ) {
      this.#begin(event, number);
    }
  }

  #begin(event: NettraceEvent, number: number): void {
    if (this.#phase !== "waiting") return;
    this.#phase = "running";
    this.#collection = number;
    this.#processId = event.processId ?? this.#processId;
  }

  #onEnd(event: NettraceEvent, number: number): void {
    if (
      this.#phase !== "running" || number !== this.#collection ||
      !this.#isOwn(event)
    ) return;
    if (this.#objects.length === 0 && this.#references.length === 0) {
      // Somebody asked for a collection, not for a dump.
      this.#phase = "waiting";
      this.#roots.clear();
      this.#statics.length = 0;
      return;
    }
    this.#phase = "complete";
    this.#endTime = event.time;
  }

  #object(payload: EventPayload): number {
    const low = payload.u32();
    const high = this.#pointerSize === 8 ? payload.u32() : 0;
    return low === 0 && high === 0
      ? -1
      : this.#addresses.intern2(low | 0, high | 0);
  }

  /** An object's address in an event that has 64 bits for it on all machines. */
  #wideObject(payload: EventPayload): number {
    const low = payload.u32();
    const high = payload.u32();
    return low === 0 && high === 0
      ? -1
      : this.#addresses.intern2(low | 0, high | 0);
  }

  #type(payload: EventPayload): number {
    const low = payload.u32();
    return this.#typeIds.intern2(low | 0, payload.u32() | 0);
  }

  /** Reads the entries of an event that has a count in front of them. */
  #each(
    payload: EventPayload,
    count: number,
    entryBytes: number,
    read: () => void,
  ): boolean {
    for (let index = 0; index < count; index++) {
      if (payload.remaining < entryBytes) {
        this.#cutEvents++;
        return false;
      }
      read();
    }
    return true;
  }

  /** Types and modules are named before it is known which process is wanted. */
  #namesOf(processId: number | undefined): ProcessNames {
    const key = processId ?? -1;
    let names = this.#names.get(key);
    if (names === undefined) {
      this.#names.set(key, names = { types: new Map(), modules: new Map() });
    }
    return names;
  }

  #hasRoomForName(): boolean {
    return this.#nameCount++ < DEFAULT_LIMITS.maxTableEntries;
  }

  #onTypes(event: NettraceEvent): void {
    const { types } = this.#namesOf(event.processId ?? this.#processId);
    const payload = this.#payload.start(event);
    const count = payload.u32();
    payload.skip(2);
    this.#each(payload, count, 31, () => {
      const id = payload.u64();
      const moduleId = payload.u64();
      const nameId = payload.u32();
      const flags = payload.u32();
      payload.skip(1);
      const name = payload.utf16z();
      payload.skip(payload.u32() * 8);
      if (types.has(id) || this.#hasRoomForName()) {
        types.set(id, { name, nameId, flags, moduleId });
      }
    });
  }

  #onModule(event: NettraceEvent): void {
    const { modules } = this.#namesOf(event.processId ?? this.#processId);
    const payload = this.#payload.start(event);
    const id = payload.u64();
    payload.skip(16);
    const path = payload.utf16z();
    if (path !== "" && !modules.has(id) && this.#hasRoomForName()) {
      modules.set(id, path);
    }
  }

  #onRoots(event: NettraceEvent): void {
    const payload = this.#payload.start(event);
    payload.skip(4);
    const count = payload.u32();
    payload.skip(2);
    this.#each(payload, count, this.#pointerSize * 2 + 5, () => {
      const object = this.#object(payload);
      const kind = payload.u8();
      const flags = payload.u32();
      payload.skip(this.#pointerSize);
      const group = rootGroup(kind, flags);
      if (group !== undefined) this.#addRoot(group, object);
    });
  }

  #onDependentHandles(event: NettraceEvent): void {
    const payload = this.#payload.start(event);
    payload.skip(4);
    const count = payload.u32();
    payload.skip(2);
    this.#each(payload, count, this.#pointerSize * 3, () => {
      const key = this.#object(payload);
      const value = this.#object(payload);
      payload.skip(this.#pointerSize);
      // The key keeps the value alive; without key there is no value.
      if (key >= 0) this.#addRoot(ROOT_GROUP.dependent, value);
    });
  }

  #addRoot(group: RootGroup, object: number): void {
    if (object < 0) return;
    let objects = this.#roots.get(group);
    if (objects === undefined) {
      this.#roots.set(group, objects = new IntColumn());
    }
    if (objects.length < this.#maxReferences) objects.push(object);
  }

  #onObjects(event: NettraceEvent): void {
    const payload = this.#payload.start(event);
    const index = payload.u32();
    if (index !== this.#nextNodeEvent) this.#loseObjects();
    this.#nextNodeEvent = index + 1;
    const count = payload.u32();
    payload.skip(2);
    const isWhole = this.#each(payload, count, this.#pointerSize + 24, () => {
      if (this.#objects.length >= this.#maxObjects) {
        payload.skip(this.#pointerSize + 24);
        this.#omittedObjects++;
        return;
      }
      const object = this.#object(payload);
      const bytes = payload.u64AsNumber();
      const type = this.#type(payload);
      const references = payload.u64AsNumber();
      if (object < 0) return;
      this.#objects.push(object);
      this.#objectTypes.push(type);
      this.#objectSizes.push(Math.min(bytes, MAX_OBJECT_BYTES));
      this.#referenceCounts.push(Math.min(references, MAX_OBJECT_BYTES));
      this.#neededReferences += references;
    });
    if (!isWhole) this.#loseObjects();
  }

  #onReferences(event: NettraceEvent): void {
    const payload = this.#payload.start(event);
    const index = payload.u32();
    if (index !== this.#nextEdgeEvent) this.#loseReferences();
    this.#nextEdgeEvent = index + 1;
    const count = payload.u32();
    payload.skip(2);
    const isFull = this.#objects.length >= this.#maxObjects;
    const isWhole = this.#each(payload, count, this.#pointerSize + 4, () => {
      if (isFull && this.#references.length >= this.#neededReferences) {
        payload.skip(this.#pointerSize + 4);
        return;
      }
      if (this.#references.length >= this.#maxReferences) {
        payload.skip(this.#pointerSize + 4);
        this.#omittedReferences++;
        return;
      }
      const object = this.#object(payload);
      payload.skip(4);
      this.#references.push(object);
    });
    if (!isWhole) this.#loseReferences();
  }

  #loseObjects(): void {
    this.#sureObjects = Math.min(this.#sureObjects, this.#objects.length);
  }

  #loseReferences(): void {
    this.#sureReferences = Math.min(
      this.#sureReferences,
      this.#references.length,
    );
  }

  #onRange(event: NettraceEvent): void {
    // The same ranges come before the walk, when they are about to change.
    if (this.#objects.length === 0) return;
    const payload = this.#payload.start(event);
    const generation = payload.u8();
    const start = payload.pointer(this.#pointerSize);
    const used = payload.u64();
    if (payload.isShort || generation > 4 || this.#segments.length >= 100_000) {
      return;
    }
    const end = BigInt.asUintN(64, start + used);
    this.#segments.push({
      start,
      end,
      generationEnds: Array.from(
        { length: 5 },
        (_, index) => index === generation ? end : 0n,
      ),
    });
  }

  #onComCallable(event: NettraceEvent): void {
    const payload = this.#payload.start(event);
    const count = payload.u32();
    payload.skip(2);
    this.#each(payload, count, 44, () => {
      payload.skip(8);
      const object = this.#wideObject(payload);
      const type = this.#type(payload);
      const wrapper = this.#wideObject(payload);
      payload.skip(12);
      if (
        wrapper >= 0 && object >= 0 &&
        this.#comRoots.length < DEFAULT_LIMITS.maxTableEntries
      ) {
        this.#comRoots.push({ type, wrapper, object });
      }
    });
  }

  #onRuntimeCallable(event: NettraceEvent): void {
    const payload = this.#payload.start(event);
    const count = payload.u32();
    payload.skip(2);
    this.#each(payload, count, 40, () => {
      const object = this.#wideObject(payload);
      payload.skip(8);
      const wrapped = this.#wideObject(payload);
      payload.skip(16);
      if (
        object >= 0 && wrapped >= 0 &&
        this.#comObjects.size < DEFAULT_LIMITS.maxTableEntries
      ) {
        this.#comObjects.set(object, wrapped);
      }
    });
  }

  #onStatics(event: NettraceEvent): void {
    const payload = this.#payload.start(event);
    const count = payload.u32();
    payload.skip(10);
    this.#each(payload, count, 30, () => {
      payload.skip(8);
      const object = this.#wideObject(payload);
      const type = this.#type(payload);
      const flags = payload.u32();
      const fieldName = payload.utf16z();
      if (
        object >= 0 && this.#statics.length < DEFAULT_LIMITS.maxTableEntries
      ) {
        this.#statics.push({
          type,
          fieldName,
          isThreadStatic: (flags & 1) !== 0,
          object,
        });
      }
    });
  }
}

/** Group that a root is in, `undefined` for one that keeps nothing alive. */
function rootGroup(kind: number, flags: number): RootGroup | undefined {
  const PINNING = 1;
  const WEAK = 2;
  const REF_COUNTED = 8;
  if ((flags & WEAK) !== 0) return undefined;
  if (kind === 0) return ROOT_GROUP.locals;
  if ((flags & REF_COUNTED) !== 0) return ROOT_GROUP.com;
  if (kind === 1) return ROOT_GROUP.finalizer;
  if (kind !== 2) return ROOT_GROUP.other;
  return (flags & PINNING) !== 0 ? ROOT_GROUP.pinning : ROOT_GROUP.strong;
}
