import type { BulkType } from "./heap_type_name.ts";

/** What the runtime says of a type, with the module that has it. */
export interface HeapEventType extends BulkType {
  /** Id of the module, 0n for none. */
  readonly moduleId: bigint;
}

/** A static variable that refers to an object. */
export interface StaticRoot {
  /** Index of the type among {@linkcode HeapEvents.typeIds}. */
  readonly type: number;
  readonly fieldName: string;
  readonly isThreadStatic: boolean;
  /** Index of the object. */
  readonly object: number;
}

/** A managed object that COM code refers to. */
export interface ComRoot {
  readonly type: number;
  /** Index of the COM side. */
  readonly wrapper: number;
  /** Index of the managed object. */
  readonly object: number;
}

/** Names of the groups that roots are in, below the groups that have them. */
export const ROOT_GROUP = {
  locals: "[local vars]",
  com: "[COM/WinRT Objects]",
  finalizer: "[finalizer Handles]",
  pinning: "[pinning Handles]",
  strong: "[strong Handles]",
  other: "[other Handles]",
  dependent: "[Dependent Handles]",
} as const;

/** Name of a group of roots. */
export type RootGroup = typeof ROOT_GROUP[keyof typeof ROOT_GROUP];

/** What the events of a heap dump say, before types have names. Objects are indexes in order of first mention. */
export interface HeapEvents {
  readonly is64Bit: boolean;
  readonly objectCount: number;
  /** @param object Index of an object. @returns Its address. */
  addressOf(object: number): bigint;
  /** By described object: its index. */
  readonly objects: Int32Array;
  /** By described object: index of its type. */
  readonly objectTypes: Int32Array;
  /** By described object: bytes. */
  readonly objectSizes: Int32Array;
  /** By described object: number of its references in {@linkcode HeapEvents.references}. */
  readonly referenceCounts: Int32Array;
  /** Objects that are referred to, -1 for none, one object after the other. */
  readonly references: Int32Array;
  /** How many of the described objects have references that can be told apart. */
  readonly sureObjects: number;
  /** How many of the references are surely in place. */
  readonly sureReferences: number;
  /** By index of a type: its id. */
  typeIdOf(type: number): bigint;
  /** By id. */
  readonly types: ReadonlyMap<bigint, HeapEventType>;
  /** Paths of modules by id. */
  readonly modules: ReadonlyMap<bigint, string>;
  /** Objects by the group of roots that refers to them. */
  readonly roots: ReadonlyMap<RootGroup, Int32Array>;
  readonly statics: readonly StaticRoot[];
  readonly comRoots: readonly ComRoot[];
  /** COM sides by the object that wraps them. */
  readonly comObjects: ReadonlyMap<number, number>;
}
