import { ROOT_GROUP } from "./_heap_events.ts";
import type { HeapEvents, RootGroup } from "./_heap_events.ts";
import { heapTypeName, sizeClassSuffix } from "./heap_type_name.ts";
import { UNDEFINED_TYPE } from "./types.ts";
import type { HeapGraph, HeapType } from "./types.ts";

const ROOT_NAME = "[.NET Roots]";
const OTHER_ROOTS_NAME = "[other roots]";
const STATICS_NAME = "[static vars]";
const THREAD_STATICS_NAME = "[thread static vars]";
/** Bytes of a COM object's wrapper that are not on the managed heap. */
const RUNTIME_CALLABLE_BYTES = 1000;
const COM_CALLABLE_BYTES = 200;

/** A graph, and how many of its objects are only referred to. */
export interface BuiltHeapGraph {
  readonly graph: HeapGraph;
  readonly undefinedCount: number;
}

/** A group of roots. */
interface Group {
  readonly name: string;
  /** Groups within. */
  readonly groups: number[];
  /** Objects within. */
  readonly objects: Int32Array | number[];
}

/**
 * Makes a graph of what the events of a heap dump say.
 *
 * @param events What they say.
 * @returns The graph: groups of roots first, then objects.
 */
export function buildHeapGraph(events: HeapEvents): BuiltHeapGraph {
  const types = new GraphTypes(events);
  const groups = collectGroups(events, types);
  const { objectCount } = events;
  const offset = groups.length;
  const nodeCount = offset + objectCount;
  const typeOf = new Int32Array(nodeCount);
  const sizeOf = new Int32Array(nodeCount);
  const addressOf = new BigUint64Array(nodeCount);
  for (let object = 0; object < objectCount; object++) {
    addressOf[offset + object] = events.addressOf(object);
  }
  groups.forEach(({ name }, group) => {
    typeOf[group] = types.named(name, undefined, 0);
  });

  const { objects, objectTypes, objectSizes, comObjects, comRoots } = events;
  let undefinedCount = objectCount;
  const isDefined = new Uint8Array(objectCount);
  const define = (object: number, type: number, size: number) => {
    undefinedCount--;
    isDefined[object] = 1;
    typeOf[offset + object] = type;
    sizeOf[offset + object] = size;
  };
  for (const { type, wrapper } of comRoots) {
    if (isDefined[wrapper] !== 0) continue;
    const address = events.addressOf(wrapper).toString(16);
    const name = `[CCW 0x${address} for type ${types.nameOf(type)}]`;
    define(
      wrapper,
      types.named(name, undefined, COM_CALLABLE_BYTES),
      COM_CALLABLE_BYTES,
    );
  }
  // An object that is described twice keeps what came first.
  const owners = new Int32Array(objects.length).fill(-1);
  for (let index = 0; index < objects.length; index++) {
    const object = objects[index]!;
    if (isDefined[object] !== 0) continue;
    const size = objectSizes[index]!;
    const inHeap = comObjects.has(object)
      ? size + RUNTIME_CALLABLE_BYTES
      : size;
    define(object, types.of(objectTypes[index]!, size, inHeap), inHeap);
    owners[index] = object;
  }

  const links = new Links(nodeCount);
  for (const isCounting of [true, false]) {
    const add = isCounting
      ? (from: number, _to: number) => links.count(from)
      : (from: number, to: number) => links.add(from, to);
    groups.forEach(({ groups: inner, objects: rooted }, group) => {
      for (const each of inner) add(group, each);
      for (const object of rooted) add(group, offset + object);
    });
    for (const { wrapper, object } of comRoots) {
      add(offset + wrapper, offset + object);
    }
    eachReference(
      events,
      owners,
      (from, to) => add(offset + from, offset + to),
    );
    for (const [object, wrapped] of comObjects) {
      add(offset + object, offset + wrapped);
    }
    if (isCounting) links.reserve();
  }
  return {
    graph: {
      is64Bit: events.is64Bit,
      totalSize: sizeOf.reduce((sum, size) => sum + size, 0),
      root: 0,
      types: types.list,
      nodeCount,
      typeOf,
      sizeOf,
      addressOf,
      childStart: links.start,
      children: links.targets,
    },
    undefinedCount,
  };
}

/** Goes through the references of all objects as far as they are surely theirs. */
function eachReference(
  events: HeapEvents,
  owners: Int32Array,
  take: (from: number, to: number) => void,
): void {
  const { referenceCounts, references, sureObjects } = events;
  const end = Math.min(references.length, events.sureReferences);
  let at = 0;
  for (let index = 0; index < owners.length && index < sureObjects; index++) {
    const next = at + referenceCounts[index]!;
    if (next > end) return;
    const owner = owners[index]!;
    for (; at < next; at++) {
      const target = references[at]!;
      if (owner >= 0 && target >= 0) take(owner, target);
    }
  }
}

function collectGroups(events: HeapEvents, types: GraphTypes): Group[] {
  const groups: Group[] = [{ name: ROOT_NAME, groups: [], objects: [] }];
  const add = (
    parent: number,
    name: string,
    objects: Int32Array | number[] = [],
  ): number => {
    const index = groups.length;
    groups.push({ name, groups: [], objects });
    groups[parent]!.groups.push(index);
    return index;
  };
  for (const isThreadStatic of [false, true]) {
    const byName = new Map<string, number[]>();
    for (const each of events.statics) {
      if (each.isThreadStatic !== isThreadStatic) continue;
      const name = `[static var ${types.nameOf(each.type)}.${each.fieldName}]`;
      const objects = byName.get(name);
      if (objects === undefined) byName.set(name, [each.object]);
      else objects.push(each.object);
    }
    if (byName.size === 0) continue;
    const parent = add(0, isThreadStatic ? THREAD_STATICS_NAME : STATICS_NAME);
    for (const [name, objects] of byName) add(parent, name, objects);
  }
  const rootsOf = (group: RootGroup) => events.roots.get(group);
  const locals = rootsOf(ROOT_GROUP.locals);
  if (locals !== undefined) add(0, ROOT_GROUP.locals, locals);
  let others: number | undefined;
  for (const name of Object.values(ROOT_GROUP)) {
    const objects = rootsOf(name);
    if (name === ROOT_GROUP.locals || objects === undefined) continue;
    others ??= add(0, OTHER_ROOTS_NAME);
    add(others, name, objects);
  }
  if (events.comRoots.length > 0) {
    add(0, ROOT_GROUP.com, events.comRoots.map(({ wrapper }) => wrapper));
  }
  return groups;
}

/** Gives types of the runtime an index in the graph. */
class GraphTypes {
  readonly list: HeapType[] = [{
    name: UNDEFINED_TYPE,
    size: 0,
    module: undefined,
  }];
  readonly #events: HeapEvents;
  readonly #byName = new Map<string, number>();
  readonly #bySize = new Map<string, number>();

  constructor(events: HeapEvents) {
    this.#events = events;
  }

  /** @param type Index among the event types. @returns Its name. */
  nameOf(type: number): string {
    const id = this.#events.typeIdOf(type);
    const known = this.#events.types.get(id);
    return known === undefined
      ? `UNKNOWN 0x${id.toString(16)}`
      : heapTypeName(known);
  }

  /** @returns Index of the type for an object of `size` bytes that is written with `writtenSize`. */
  of(type: number, size: number, writtenSize: number): number {
    const suffix = sizeClassSuffix(size);
    const key = `${type}${suffix}`;
    const known = this.#bySize.get(key);
    if (known !== undefined) return known;
    const index = this.named(
      `${this.nameOf(type)}${suffix}`,
      this.#moduleOf(type),
      writtenSize,
    );
    this.#bySize.set(key, index);
    return index;
  }

  /** @returns Index of the type with that name; `size` is that of its first object. */
  named(name: string, module: string | undefined, size: number): number {
    const key = `${module ?? ""}!${name}`;
    let index = this.#byName.get(key);
    if (index === undefined) {
      index = this.list.length;
      this.list.push({ name, size, module });
      this.#byName.set(key, index);
    }
    return index;
  }

  #moduleOf(type: number): string | undefined {
    const known = this.#events.types.get(this.#events.typeIdOf(type));
    if (known === undefined) return undefined;
    const { moduleId } = known;
    return this.#events.modules.get(moduleId) ??
      `Module(0x${moduleId.toString(16)})`;
  }
}

/** References of all nodes in two passes: counting, then filling. */
class Links {
  readonly start: Uint32Array<ArrayBuffer>;
  targets: Int32Array<ArrayBuffer> = new Int32Array(0);
  readonly #next: Uint32Array<ArrayBuffer>;

  constructor(nodeCount: number) {
    this.start = new Uint32Array(nodeCount + 1);
    this.#next = new Uint32Array(nodeCount);
  }

  count(from: number): void {
    this.start[from + 1]!++;
  }

  reserve(): void {
    for (let node = 0; node < this.#next.length; node++) {
      this.#next[node] = this.start[node]!;
      this.start[node + 1]! += this.start[node]!;
    }
    this.targets = new Int32Array(this.start[this.#next.length]!);
  }

  add(from: number, to: number): void {
    this.targets[this.#next[from]!++] = to;
  }
}
