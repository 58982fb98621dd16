import type { EventHandler } from "../event_collector.ts";
import { EventPayload } from "../event_payload.ts";
import type { NettraceEvent, NettraceMetadata } from "../nettrace/types.ts";
import type { ProcessSpaces } from "../process_spaces.ts";
import { METHOD_SOURCE } from "./method_table.ts";
import type { MethodTable } from "./method_table.ts";
import type { ModuleTable } from "./module_table.ts";
import { parseSymbolMetadata } from "./symbol_metadata.ts";
import type { SymbolMetadata } from "./symbol_metadata.ts";

/** A file, or code made at run time, in the memory of a process. */
export interface UniversalMapping {
  /** Id within the stream; processes that map the same file may share it. */
  readonly id: bigint;
  /** Number of the process. */
  readonly space: number;
  /** First address. */
  readonly start: bigint;
  /** First address behind it. */
  readonly end: bigint;
  /** Index in the table of modules, -1 for code made at run time. */
  readonly module: number;
}

/** A process of a universal trace. */
export interface UniversalProcess {
  readonly space: number;
  readonly processId: number | undefined;
  /** Name of the program, empty where unknown. */
  readonly name: string;
  /** Process id as its own namespace counts. */
  readonly namespaceId: bigint;
  /** Name of the namespace, empty where there is none. */
  readonly namespaceName: string;
}

/** Files of this name hold code that the runtime compiled: they are no modules. */
const JIT_MAPPING_PREFIX = "/memfd:doublemapper";

/** Fields that the events have when the stream does not list them. */
const USUAL_FIELDS: Readonly<Record<number, readonly string[]>> = {
  0: ["NamespaceId", "*Name", "*NamespaceName"],
  1: ["NamespaceId", "*Name", "*NamespaceName"],
  3: [
    "Id",
    "StartAddress",
    "EndAddress",
    "FileOffset",
    "*FileName",
    "MetadataId",
  ],
  4: ["Id", "MappingId", "StartAddress", "EndAddress", "*Name"],
  5: ["Id", "*SymbolMetadata", "*VersionMetadata"],
};

/** Fields of one event by name. */
interface Fields {
  readonly numbers: ReadonlyMap<string, bigint>;
  readonly texts: ReadonlyMap<string, string>;
}

const encoder = new TextEncoder();

/** Reads the events of `Universal.System`: processes, what they map, and symbols. */
export class UniversalSymbols {
  /** Mappings in the order of the stream. */
  readonly mappings: UniversalMapping[] = [];
  /** Processes in the order of the stream. */
  readonly processes: UniversalProcess[] = [];
  readonly #methods: MethodTable;
  readonly #modules: ModuleTable;
  readonly #spaces: ProcessSpaces;
  readonly #metadata = new Map<bigint, SymbolMetadata>();
  readonly #awaiting = new Map<bigint, number[]>();
  readonly #spacesOfMapping = new Map<bigint, Set<number>>();
  readonly #mappingOfSymbol = new Map<number, bigint>();
  readonly #payload = new EventPayload();

  /**
   * @param methods Takes the symbols.
   * @param modules Takes the mapped files.
   * @param spaces Numbers the processes.
   */
  constructor(
    methods: MethodTable,
    modules: ModuleTable,
    spaces: ProcessSpaces,
  ) {
    this.#methods = methods;
    this.#modules = modules;
    this.#spaces = spaces;
  }

  /** @param metadata A kind of event of the provider. @returns What takes it, if anything. */
  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    const usual = USUAL_FIELDS[metadata.eventId];
    if (usual === undefined) return undefined;
    const fields = metadata.fields ?? [];
    const plan = fields.length === 0 ? usual : fields.map(({ name, type }) => {
      if (type.kind === "array" && type.element.kind === "char8") {
        return `*${name}`;
      }
      return type.kind === "varuint" ? name : "";
    });
    const take = this.#takerOf(metadata.eventId);
    return (event) => {
      const read = this.#read(event, plan);
      if (read !== undefined) take.call(this, event, read);
    };
  }

  /** @param method A row of the table of methods that is a symbol. @returns Numbers of the processes that have it. */
  spacesOfSymbol(method: number): Iterable<number> {
    const id = this.#mappingOfSymbol.get(method);
    const spaces = id === undefined ? undefined : this.#spacesOfMapping.get(id);
    return spaces ?? [this.#methods.space(method)];
  }

  #takerOf(
    eventId: number,
  ): (event: NettraceEvent, fields: Fields) => void {
    switch (eventId) {
      case 3:
        return this.#addMapping;
      case 4:
        return this.#addSymbol;
      case 5:
        return this.#addMetadata;
      default:
        return this.#addProcess;
    }
  }

  #read(event: NettraceEvent, plan: readonly string[]): Fields | undefined {
    const payload = this.#payload.start(event);
    const numbers = new Map<string, bigint>();
    const texts = new Map<string, string>();
    for (const entry of plan) {
      // A field of a type that the provider does not use: nothing behind it can be found.
      if (entry === "") break;
      if (entry.startsWith("*")) texts.set(entry.slice(1), payload.utf8());
      else numbers.set(entry, payload.varuint64());
    }
    return payload.isShort ? undefined : { numbers, texts };
  }

  #addProcess(event: NettraceEvent, { numbers, texts }: Fields): void {
    this.processes.push({
      space: this.#spaces.of(event),
      processId: event.processId,
      name: texts.get("Name") ?? "",
      namespaceId: numbers.get("NamespaceId") ?? 0n,
      namespaceName: texts.get("NamespaceName") ?? "",
    });
  }

  #addMapping(event: NettraceEvent, { numbers, texts }: Fields): void {
    const id = numbers.get("Id") ?? 0n;
    const space = this.#spaces.of(event);
    const start = numbers.get("StartAddress") ?? 0n;
    const end = numbers.get("EndAddress") ?? 0n;
    const path = texts.get("FileName") ?? "";
    let spaces = this.#spacesOfMapping.get(id);
    if (spaces === undefined) {
      this.#spacesOfMapping.set(id, spaces = new Set());
    }
    spaces.add(space);
    if (path.startsWith(JIT_MAPPING_PREFIX)) {
      this.mappings.push({ id, space, start, end, module: -1 });
      return;
    }
    const module = this.#moduleOf(space, id);
    this.#modules.describe(module, {
      path,
      start,
      end,
      fileOffset: numbers.get("FileOffset") ?? 0n,
    });
    this.mappings.push({ id, space, start, end, module });
    const metadataId = numbers.get("MetadataId") ?? 0n;
    if (metadataId === 0n) return;
    const known = this.#metadata.get(metadataId);
    if (known !== undefined) {
      this.#describe(module, known);
      return;
    }
    const waiting = this.#awaiting.get(metadataId);
    if (waiting === undefined) this.#awaiting.set(metadataId, [module]);
    else waiting.push(module);
  }

  #addSymbol(event: NettraceEvent, { numbers, texts }: Fields): void {
    const mappingId = numbers.get("MappingId") ?? 0n;
    const start = numbers.get("StartAddress") ?? 0n;
    // The last byte is named, not the one behind it.
    const size = (numbers.get("EndAddress") ?? 0n) - start + 1n;
    if (size <= 0n || size > 0xffff_ffffn) return;
    const text = encoder.encode(texts.get("Name") ?? "");
    const space = this.#spaces.of(event);
    const index = this.#methods.add({
      space,
      startLow: Number(start & 0xffff_ffffn),
      startHigh: Number(start >> 32n),
      size: Number(size),
      module: this.#moduleOf(space, mappingId),
      flags: 0,
      token: 0,
      source: METHOD_SOURCE.symbol,
      text,
      textStart: 0,
      textEnd: text.length,
    });
    this.#mappingOfSymbol.set(index, mappingId);
  }

  #addMetadata(_event: NettraceEvent, { numbers, texts }: Fields): void {
    const id = numbers.get("Id") ?? 0n;
    const parsed = parseSymbolMetadata(texts.get("SymbolMetadata") ?? "");
    if (parsed === undefined) return;
    this.#metadata.set(id, parsed);
    for (const module of this.#awaiting.get(id) ?? []) {
      this.#describe(module, parsed);
    }
    this.#awaiting.delete(id);
  }

  #describe(module: number, metadata: SymbolMetadata): void {
    this.#modules.describe(
      module,
      metadata.type === "ELF" ? { buildId: metadata.buildId } : {
        pdbGuid: metadata.signature,
        pdbAge: metadata.age,
        pdbPath: metadata.name,
      },
    );
  }

  #moduleOf(space: number, mappingId: bigint): number {
    return this.#modules.indexOf(
      space,
      Number(mappingId & 0xffff_ffffn),
      Number(BigInt.asUintN(32, mappingId >> 32n)),
    );
  }
}
