/** Name of the first type of a graph: that of nodes which are only referred to. */
export const UNDEFINED_TYPE = "UNDEFINED";

/** A type of objects, or a group of roots. */
export interface HeapType {
  /** Name; `undefined` where the file leaves it to symbol files. */
  readonly name: string | undefined;
  /** Path of the module, `undefined` where unknown. */
  readonly module: string | undefined;
  /** Size of its first object in bytes, -1 where it has none. */
  readonly size: number;
}

/**
 * Objects of a heap and what they refer to, as columns. Groups of roots are
 * nodes of size 0 with a type of their own.
 */
export interface HeapGraph {
  /** Whether addresses have 64 bits. */
  readonly is64Bit: boolean;
  /** Sum of all sizes in bytes. */
  readonly totalSize: number;
  /** Index of the node from which all that lives is reached. */
  readonly root: number;
  readonly types: readonly HeapType[];
  readonly nodeCount: number;
  /** By node: index into {@linkcode HeapGraph.types}. */
  readonly typeOf: Int32Array;
  /** By node: bytes. */
  readonly sizeOf: Int32Array;
  /** By node: address, 0n for groups of roots. */
  readonly addressOf: BigUint64Array;
  /** By node: where its references begin in {@linkcode HeapGraph.children}; one entry more than nodes. */
  readonly childStart: Uint32Array;
  /** Nodes that are referred to. */
  readonly children: Int32Array;
  /** By node: its place in the file that it was read from, so that the same file can be written again. */
  readonly offsetOf?: Uint32Array | undefined;
}

/** A part of the managed heap. */
export interface HeapSegment {
  readonly start: bigint;
  readonly end: bigint;
  /** Ends of the generations from 0 up within it, 0n where it has none of one: four in old files, else five. */
  readonly generationEnds: readonly bigint[];
}

/** What is known of the managed heap as a whole. */
export interface HeapInfo {
  /** Bytes of all segments. */
  readonly sizeBytes: number;
  readonly segments: readonly HeapSegment[];
}

/** A COM object that managed code refers to. */
export interface RuntimeCallableWrapper {
  /** Node of the wrapper. */
  readonly node: number;
  readonly refCount: number;
  readonly unknownAddress: bigint;
  readonly jupiterAddress: bigint;
  readonly virtualTableAddress: bigint;
  /** Index of its first entry in {@linkcode HeapInterop.interfaces}. */
  readonly firstInterface: number;
  readonly interfaceCount: number;
}

/** A managed object that COM code refers to. */
export interface ComCallableWrapper {
  /** Node of the object. */
  readonly node: number;
  readonly refCount: number;
  readonly unknownAddress: bigint;
  readonly handleAddress: bigint;
  /** Index of its first entry in {@linkcode HeapInterop.interfaces}. */
  readonly firstInterface: number;
  readonly interfaceCount: number;
}

/** An interface of a COM object. */
export interface ComInterface {
  /** Whether it belongs to a runtime callable wrapper. */
  readonly isRuntimeCallable: boolean;
  /** Index of the wrapper in its list. */
  readonly owner: number;
  /** Index into {@linkcode HeapGraph.types}. */
  readonly type: number;
  readonly address: bigint;
  readonly virtualTableAddress: bigint;
  readonly firstFunctionAddress: bigint;
}

/** A library of the process. */
export interface NativeModule {
  readonly baseAddress: bigint;
  readonly fileSize: number;
  /** Time stamp of the image in seconds since 1970. */
  readonly timeStamp: number;
  readonly fileName: string;
}

/** Facts about COM objects. */
export interface HeapInterop {
  readonly runtimeCallable: readonly RuntimeCallableWrapper[];
  readonly comCallable: readonly ComCallableWrapper[];
  readonly interfaces: readonly ComInterface[];
  readonly modules: readonly NativeModule[];
}

/** A heap at one moment, with what is known of its process. */
export interface HeapDump {
  readonly graph: HeapGraph;
  /** By how much counts were reduced when objects were sampled, 1 for none. */
  readonly averageCountMultiplier: number;
  /** By how much sizes were reduced when objects were sampled, 1 for none. */
  readonly averageSizeMultiplier: number;
  /** By type: by how much counts were reduced; empty for none. */
  readonly countMultipliers: Float32Array;
  /** Whether the process had a JavaScript heap. */
  readonly hasJavaScript: boolean;
  /** The managed heap, where known. */
  readonly heap: HeapInfo | undefined;
  /** Facts about COM objects, where known. */
  readonly interop: HeapInterop | undefined;
  /** What the tool that made it had to say. */
  readonly log: string | undefined;
  /** Time of the dump in 100 ns since the year 1 of the machine's own time zone; 0n where unknown. */
  readonly collectionTicks: bigint;
  readonly machineName: string | undefined;
  readonly processName: string | undefined;
  readonly processId: number;
  /** Bytes that the process had committed, 0 where unknown. */
  readonly commitBytes: number;
  /** Bytes of its working set, 0 where unknown. */
  readonly workingSetBytes: number;
  /** What made it, where known. */
  readonly creationTool: string | undefined;
}
